/* SPDX-License-Identifier: MIT
 * hash.c - see hash.h. */
#include "crypto/hash.h"

#include "base/secret.h"
#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"

static const struct {
    int id;
    const char *name;
    const br_hash_class *hash;
    const uint8_t *oid;
} hashes[] = {
    { br_sha1_ID, "sha1", &br_sha1_vtable, BR_HASH_OID_SHA1 },
    { br_sha224_ID, "sha224", &br_sha224_vtable, BR_HASH_OID_SHA224 },
    { br_sha256_ID, "sha256", &lt_sha256_vtable, BR_HASH_OID_SHA256 },
    { br_sha384_ID, "sha384", &lt_sha384_vtable, BR_HASH_OID_SHA384 },
    { br_sha512_ID, "sha512", &lt_sha512_vtable, BR_HASH_OID_SHA512 },
};

const br_hash_class *lt_hash_by_id(int id)
{
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (hashes[i].id == id)
            return hashes[i].hash;
    return NULL;
}

const br_hash_class *lt_hash_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (strcmp(hashes[i].name, name) == 0)
            return hashes[i].hash;
    return NULL;
}

const uint8_t *lt_hash_oid(const br_hash_class *hash)
{
    int id = (int)(hash->desc >> BR_HASHDESC_ID_OFF & BR_HASHDESC_ID_MASK);
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (hashes[i].id == id)
            return hashes[i].oid;
    return NULL;
}

void lt_hash(const br_hash_class *hash, lt_bytes in, uint8_t *digest)
{
    br_hash_compat_context context;
    hash->init(&context.vtable);
    hash->update(&context.vtable, in.p, in.n);
    hash->out(&context.vtable, digest);
    lt_wipe(&context, sizeof context);
}
