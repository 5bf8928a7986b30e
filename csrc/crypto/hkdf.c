/* SPDX-License-Identifier: MIT
 * hkdf.c - see hkdf.h. */
#include "crypto/hkdf.h"

#include "base/secret.h"

enum { STACK = 2048 }; /* that BearSSL's HMAC takes of it, with room to spare */

void lt_hmac(const br_hash_class *hash, lt_bytes key, lt_bytes data, uint8_t *out)
{
    br_hmac_key_context k;
    br_hmac_context c;
    br_hmac_key_init(&k, hash, key.p, key.n);
    br_hmac_init(&c, &k, 0);
    br_hmac_update(&c, data.p, data.n);
    br_hmac_out(&c, out);
    lt_wipe(&k, sizeof k);
    lt_wipe(&c, sizeof c);
    lt_wipe_stack(STACK);
}

void lt_hkdf_extract(const br_hash_class *hash, lt_bytes salt, lt_bytes ikm, uint8_t *prk)
{
    static const uint8_t zeros[LT_HASH_MAX];
    lt_hmac(hash, salt.n ? salt : (lt_bytes){ zeros, lt_hash_size(hash) }, ikm, prk);
}

void lt_hkdf_key_init(lt_hkdf_key *k, const br_hash_class *hash, lt_bytes prk)
{
    br_hmac_key_init(k, hash, prk.p, prk.n);
    lt_wipe_stack(STACK);
}

void lt_hkdf_expand_by(const lt_hkdf_key *k, lt_bytes info, uint8_t *out, size_t n)
{
    uint8_t t[LT_HASH_MAX];
    size_t previous = 0;
    for (uint8_t i = 1; n > 0; i++) {
        br_hmac_context c;
        br_hmac_init(&c, k, 0);
        br_hmac_update(&c, t, previous);
        br_hmac_update(&c, info.p, info.n);
        br_hmac_update(&c, &i, 1);
        previous = br_hmac_out(&c, t);
        lt_wipe(&c, sizeof c);
        size_t piece = n < previous ? n : previous;
        memcpy(out, t, piece);
        out += piece, n -= piece;
    }
    lt_wipe(t, sizeof t);
    lt_wipe_stack(STACK);
}

void lt_hkdf_expand(const br_hash_class *hash, lt_bytes prk, lt_bytes info, uint8_t *out,
                    size_t n)
{
    lt_hkdf_key k;
    br_hmac_key_init(&k, hash, prk.p, prk.n);
    lt_hkdf_expand_by(&k, info, out, n);
    lt_wipe(&k, sizeof k);
}

static size_t mac_of_seeds(const br_hmac_key_context *k, lt_bytes a, const lt_bytes seeds[3],
                           uint8_t *out)
{
    br_hmac_context c;
    br_hmac_init(&c, k, 0);
    br_hmac_update(&c, a.p, a.n);
    for (size_t i = 0; i < 3; i++)
        br_hmac_update(&c, seeds[i].p, seeds[i].n);
    size_t size = br_hmac_out(&c, out);
    lt_wipe(&c, sizeof c);
    return size;
}

void lt_p_hash(const br_hash_class *hash, lt_bytes secret, const lt_bytes seeds[3],
               uint8_t *out, size_t n)
{
    static const lt_bytes none[3];
    br_hmac_key_context k;
    uint8_t a[LT_HASH_MAX], block[LT_HASH_MAX];
    br_hmac_key_init(&k, hash, secret.p, secret.n);
    size_t size = mac_of_seeds(&k, none[0], seeds, a); /* A(1) */
    for (;;) {
        mac_of_seeds(&k, (lt_bytes){ a, size }, seeds, block);
        size_t piece = n < size ? n : size;
        memcpy(out, block, piece);
        out += piece, n -= piece;
        if (n == 0)
            break;
        mac_of_seeds(&k, (lt_bytes){ a, size }, none, a);
    }
    lt_wipe(&k, sizeof k);
    lt_wipe(a, sizeof a);
    lt_wipe(block, sizeof block);
    lt_wipe_stack(STACK);
}
