/* SPDX-License-Identifier: MIT
 * rsa_pss.c - see rsa_pss.h. Sections are RFC 8017's. */
#include "crypto/rsa_pss.h"

#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/rsa_private.h"
#include "crypto/rsa_public.h"

/* The parts of EM = maskedDB || H || 0xbc (section 9.1) in a block of the modulus's size. Where
 * the modulus has one bit more than a whole number of octets, EM is one octet shorter than it. */
struct encoded {
    uint8_t *em;    /* maskedDB */
    size_t db_size; /* of DB = PS || 0x01 || salt */
    size_t ps_size;
    uint8_t *h;
    uint8_t top; /* the bits of the first octet that EM may have */
};

static bool lay_out(struct encoded *x, uint8_t *block, size_t modulus_bits, size_t hash_size,
                    size_t salt_size)
{
    size_t bits = modulus_bits - 1, size = (bits + 7) / 8;
    if (size < hash_size + 2 || size - hash_size - 2 < salt_size)
        return false;
    x->em = block + ((modulus_bits + 7) / 8 - size);
    x->db_size = size - hash_size - 1;
    x->ps_size = x->db_size - salt_size - 1;
    x->h = x->em + x->db_size;
    x->top = (uint8_t)(0xff >> (8 * size - bits));
    return true;
}

/* Section B.2.1, added to the octets that are there */
static void mgf1_xor(uint8_t *out, size_t n, const br_hash_class *hash, lt_bytes seed)
{
    uint8_t digest[LT_HASH_MAX];
    br_hash_compat_context context;
    size_t step = lt_hash_size(hash);
    for (uint32_t counter = 0; n > 0; counter++) {
        uint8_t octets[4] = { (uint8_t)(counter >> 24), (uint8_t)(counter >> 16),
                              (uint8_t)(counter >> 8), (uint8_t)counter };
        size_t take = n < step ? n : step;
        hash->init(&context.vtable);
        hash->update(&context.vtable, seed.p, seed.n);
        hash->update(&context.vtable, octets, sizeof octets);
        hash->out(&context.vtable, digest);
        for (size_t i = 0; i < take; i++)
            out[i] ^= digest[i];
        out += take, n -= take;
    }
}

/* H = Hash(eight zero octets || mHash || salt) */
static void salted_digest(uint8_t *out, const br_hash_class *hash, lt_bytes digest,
                          lt_bytes salt)
{
    static const uint8_t zeros[8];
    br_hash_compat_context context;
    hash->init(&context.vtable);
    hash->update(&context.vtable, zeros, sizeof zeros);
    hash->update(&context.vtable, digest.p, digest.n);
    hash->update(&context.vtable, salt.p, salt.n);
    hash->out(&context.vtable, out);
}

/* Section 9.1.2, from step 5 on */
static bool verify_encoded(struct encoded *x, const br_hash_class *hash,
                           const br_hash_class *mgf1_hash, lt_bytes digest)
{
    uint8_t h[LT_HASH_MAX], wrong = 0;
    size_t hash_size = lt_hash_size(hash);
    if (x->h[hash_size] != 0xbc || (x->em[0] & ~x->top & 0xff))
        return false;
    mgf1_xor(x->em, x->db_size, mgf1_hash, (lt_bytes){ x->h, hash_size });
    x->em[0] &= x->top;
    for (size_t i = 0; i < x->ps_size; i++)
        wrong |= x->em[i];
    const uint8_t *salt = x->em + x->ps_size + 1;
    salted_digest(h, hash, digest, (lt_bytes){ salt, (size_t)(x->h - salt) });
    return wrong == 0 && x->em[x->ps_size] == 1 && lt_ct_eq(h, x->h, hash_size);
}

bool lt_rsa_pss_verify(const br_rsa_public_key *pk, const br_hash_class *hash,
                       const br_hash_class *mgf1_hash, size_t salt_size, lt_bytes digest,
                       lt_bytes signature)
{
    uint8_t block[LT_RSA_PUBLIC_MAX_BYTES];
    struct encoded x;
    size_t bits = lt_rsa_public_bits(pk);
    if (bits == 0 || signature.n > sizeof block || signature.n != (bits + 7) / 8
        || digest.n != lt_hash_size(hash)
        || !lay_out(&x, block, bits, lt_hash_size(hash), salt_size))
        return false;
    memcpy(block, signature.p, signature.n);
    if (!lt_rsa_public(block, signature.n, pk) || (x.em != block && block[0] != 0))
        return false;
    return verify_encoded(&x, hash, mgf1_hash, digest);
}

/* Section 9.1.1 */
bool lt_rsa_pss_sign(const br_rsa_private_key *sk, const br_hash_class *hash,
                     const br_hash_class *mgf1_hash, lt_bytes salt, lt_bytes digest,
                     uint8_t *out)
{
    struct encoded x;
    size_t hash_size = lt_hash_size(hash);
    if (sk->n_bitlen == 0 || digest.n != hash_size
        || !lay_out(&x, out, sk->n_bitlen, hash_size, salt.n))
        return false;
    memset(out, 0, (sk->n_bitlen + 7) / 8);
    x.em[x.ps_size] = 1;
    if (salt.n > 0)
        memcpy(x.em + x.ps_size + 1, salt.p, salt.n);
    salted_digest(x.h, hash, digest, salt);
    mgf1_xor(x.em, x.db_size, mgf1_hash, (lt_bytes){ x.h, hash_size });
    x.em[0] &= x.top;
    x.h[hash_size] = 0xbc;
    return lt_rsa_private(out, sk) == 1;
}
