/* SPDX-License-Identifier: MIT
 * store.h - trust anchors, found by subject. Files are read at once and indexed by subject; an
 * anchor is decoded when it is first needed. Judges nothing; see validator.h. */
#ifndef LT_X509_STORE_H
#define LT_X509_STORE_H

#include "base/bytes.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/public_key.h"

enum { LT_SPKI_HASH_SIZE = 32 }; /* SHA-256 */

/* Shared by configs, which it outlives; used by one thread at a time. */
typedef struct lt_store lt_store;

lt_store *lt_store_new(void);    /* NULL: out of memory */
void lt_store_hold(lt_store *s); /* one more lt_store_free is due */
void lt_store_free(lt_store *s);

/* Each adds what it finds and fails where that is nothing; a failure leaves the store as it was.
 * In a text or a file every certificate must decode; in a folder and in the system's places what
 * is no certificate is passed over. `count` (may be NULL): anchors added; those that were there
 * already do not count. */
lt_code lt_store_add_text(lt_store *s, lt_bytes pem_or_der, size_t *count, lt_error *e);
lt_code lt_store_add_path(lt_store *s, const char *file_or_folder, size_t *count, lt_error *e);
/* SSL_CERT_FILE and SSL_CERT_DIR, else the first bundle of the known places. */
lt_code lt_store_add_system(lt_store *s, size_t *count, lt_error *e);

/* The places that it looks into where the environment names none, files before folders; NULL behind the last. */
const char *lt_store_system_place(size_t i);

size_t lt_store_size(const lt_store *s);

/* The subjects; false past the end. Views that are good until the store is added to or read again. */
bool lt_store_subject(const lt_store *s, size_t i, lt_bytes *subject);

/* Reads the files again; a failure leaves the store as it was. */
lt_code lt_store_reload(lt_store *s, lt_error *e);
/* Watched: lt_store_refresh reads again what has another size, time or inode, asking the file
 * system at most once for each value of `time`. What cannot be read is kept as it was. */
void lt_store_watch(lt_store *s, bool on);
void lt_store_refresh(lt_store *s, int64_t time);
/* Counts what was added, read again, distrusted, and taken another way. */
uint32_t lt_store_generation(const lt_store *s);

/* partial_chain: a leaf that is in the store is trusted by that alone. Roots and intermediates need
 * no such word. */
void lt_store_take_leaves(lt_store *s, bool on);
bool lt_store_takes_leaves(const lt_store *s);

/* A key (SHA-256 of its SubjectPublicKeyInfo) that no path may have. */
lt_code lt_store_distrust(lt_store *s, const uint8_t spki_hash[LT_SPKI_HASH_SIZE], lt_error *e);
bool lt_store_distrusts(const lt_store *s, lt_bytes spki);

/* Signatures of CA certificates that hold, the latest few, so that each handshake need not check
 * them anew: SHA-256 of the certificate and of the key that signed it. */
bool lt_store_remembers(const lt_store *s, const uint8_t digest[32]);
void lt_store_remember(lt_store *s, const uint8_t digest[32]);

/* A certificate and its key, decoded. One that a store gave lives as long as the store, whatever
 * is read again. */
typedef struct {
    lt_certificate certificate;
    lt_public_key key;
} lt_anchor;

/* The next anchor of this subject, compared by RFC 5280 section 7.1; `cursor` is 0 at first. NULL:
 * no more, or e->code is LT_memory. */
const lt_anchor *lt_store_find(lt_store *s, lt_bytes subject, size_t *cursor, lt_error *e);

#endif
