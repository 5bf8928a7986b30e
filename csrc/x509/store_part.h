/* SPDX-License-Identifier: MIT
 * store_part.h - what a store is made of: the certificates of one file or text, as DER end to
 * end, and what the file looked like when it was read. For store.c. */
#ifndef LT_X509_STORE_PART_H
#define LT_X509_STORE_PART_H

#include "base/bytes.h"
#include "base/error.h"

typedef struct {
    char *path;        /* owned; NULL: text */
    bool folder;       /* holds nothing itself; its files are parts of their own */
    uint64_t stamp[4]; /* device, inode, size, time of change */
    uint8_t *der;      /* owned */
    size_t size;
} lt_store_part;

typedef struct {
    lt_store_part *parts; /* owned */
    size_t count, capacity;
} lt_store_parts;

/* Strict: every certificate must decode. Lenient: what is none is passed over. */
typedef enum { LT_STORE_strict, LT_STORE_lenient } lt_store_manner;

enum { LT_STORE_PARTS_MAX = 8192 }; /* files */

lt_code lt_store_parts_add_text(lt_store_parts *parts, lt_bytes pem_or_der, lt_error *e);
lt_code lt_store_parts_add_path(lt_store_parts *parts, const char *path, lt_store_manner how,
                                lt_error *e);
lt_code lt_store_parts_add_system(lt_store_parts *parts, lt_error *e);
void lt_store_parts_free(lt_store_parts *parts); /* twice is fine */

bool lt_store_part_changed(const lt_store_part *part);

/* The subject of a certificate, found without decoding the rest. */
bool lt_subject_of(lt_bytes der, lt_bytes *subject);

/* Names that lt_dn_equal calls equal have the same hash. */
uint32_t lt_subject_hash(lt_bytes name);

#endif
