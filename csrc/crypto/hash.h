/* SPDX-License-Identifier: MIT
 * hash.h - the hash functions of signatures and fingerprints, found by number or name. */
#ifndef LT_CRYPTO_HASH_H
#define LT_CRYPTO_HASH_H

#include <bearssl.h>

#include "base/bytes.h"

enum { LT_HASH_MAX = 64 }; /* bytes of the longest digest */

/* br_sha1_ID to br_sha512_ID; NULL: none of them. */
const br_hash_class *lt_hash_by_id(int id);
/* "sha1", "sha224", "sha256", "sha384", "sha512"; NULL: none of them. */
const br_hash_class *lt_hash_by_name(const char *name);

static inline size_t lt_hash_size(const br_hash_class *hash)
{
    return (hash->desc >> BR_HASHDESC_OUT_OFF) & BR_HASHDESC_OUT_MASK;
}

/* Its OBJECT IDENTIFIER, one of BR_HASH_OID_, which begin with their length; NULL: it has none. */
const uint8_t *lt_hash_oid(const br_hash_class *hash);

/* The digest of all of `in`, lt_hash_size() bytes. The context is wiped. */
void lt_hash(const br_hash_class *hash, lt_bytes in, uint8_t *digest);

#endif
