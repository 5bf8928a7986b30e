/* SPDX-License-Identifier: MIT
 * rsa_pkcs1.c - see rsa_pkcs1.h. */
#include "crypto/rsa_pkcs1.h"

#include <string.h>

/* DigestInfo: an AlgorithmIdentifier with the NULL (note 1), and an OCTET STRING. Every length has
 * one octet. */
static void put_digest_info(uint8_t *t, size_t t_size, const uint8_t *oid, lt_bytes digest)
{
    const uint8_t start[] = { 0x30, (uint8_t)(t_size - 2), 0x30, (uint8_t)(oid[0] + 4), 0x06 };
    const uint8_t end[] = { 0x05, 0x00, 0x04, (uint8_t)digest.n };
    memcpy(t, start, sizeof start);
    memcpy(t + sizeof start, oid, oid[0] + 1U);
    memcpy(t + sizeof start + oid[0] + 1U, end, sizeof end);
}

bool lt_rsa_pkcs1_encode(uint8_t *em, size_t n, const uint8_t *oid, lt_bytes digest)
{
    size_t prefix = oid ? oid[0] + 10U : 0, t_size = prefix + digest.n;
    if (t_size > 2 + 127 || n < t_size + 11)
        return false;
    memset(em, 0xff, n);
    em[0] = 0, em[1] = 1, em[n - t_size - 1] = 0;
    if (oid)
        put_digest_info(em + n - t_size, t_size, oid, digest);
    memcpy(em + n - digest.n, digest.p, digest.n);
    return true;
}
