/* SPDX-License-Identifier: MIT
 * private_key_sign.c - see private_key_sign.h. */
#include "x509/private_key_sign.h"

#include <stddef.h>

#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "crypto/ec.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/rsa_private.h"
#include "crypto/rsa_pss.h"
#include "crypto/rsa_public.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/sign.h"

/* A signature that is right modulo one prime alone, by a fault of the machine or of the key, gives away the
 * factors (D. Boneh, R. A. DeMillo, R. J. Lipton, "On the importance of checking cryptographic protocols
 * for faults", 1997): so each is verified before anyone sees it. */
static bool sign_pkcs1(const lt_private_key *key, const uint8_t *oid, lt_bytes digest,
                       uint8_t *out, size_t n)
{
    uint8_t signed_digest[LT_HASH_MAX];
    return digest.n <= sizeof signed_digest
           && lt_rsa_pkcs1_sign(oid, digest.p, digest.n, &key->rsa, out)
           && lt_rsa_pkcs1_recover(out, n, oid, digest.n, &key->rsa_public, signed_digest)
           && lt_bytes_equal(digest, (lt_bytes){ signed_digest, digest.n });
}

static bool sign_pss(const lt_private_key *key, const br_hash_class *hash, lt_bytes digest,
                     lt_random *random, uint8_t *out, size_t n)
{
    uint8_t salt[LT_HASH_MAX];
    lt_random_bytes(random, salt, digest.n);
    return lt_rsa_pss_sign(&key->rsa, hash, hash, (lt_bytes){ salt, digest.n }, digest, out)
           && lt_rsa_pss_verify(&key->rsa_public, hash, hash, digest.n, digest,
                                (lt_bytes){ out, n });
}

static size_t rsa_size(const lt_private_key *k)
{
    return (k->rsa.n_bitlen + 7) / 8;
}

static bool sign_rsa(const lt_private_key *k, lt_signature_kind kind, const br_hash_class *hash,
                     lt_bytes digest, lt_random *random, uint8_t *out)
{
    size_t n = rsa_size(k);
    if (kind == LT_SIGN_rsa_pkcs1 ? sign_pkcs1(k, lt_hash_oid(hash), digest, out, n)
                                  : sign_pss(k, hash, digest, random, out, n))
        return true;
    lt_wipe(out, n);
    return false;
}

uint32_t lt_private_key_sign_pkcs1(const unsigned char *hash_oid, const unsigned char *hash,
                                   size_t hash_size, const br_rsa_private_key *sk,
                                   unsigned char *x)
{
    const lt_private_key *k =
        (const lt_private_key *)(const void *)((const char *)sk
                                               - offsetof(lt_private_key, rsa));
    size_t n = rsa_size(k);
    if (sign_pkcs1(k, hash_oid, (lt_bytes){ hash, hash_size }, x, n))
        return 1;
    lt_wipe(x, n);
    return 0;
}

lt_code lt_private_key_sign(const lt_private_key *k, lt_signature_kind kind,
                            const br_hash_class *hash, lt_bytes message, lt_random *random,
                            uint8_t *out, size_t *n, lt_error *e)
{
    uint8_t buffer[LT_HASH_MAX];
    if (kind == LT_SIGN_ed25519) {
        lt_ed25519_sign(out, k->ed25519_seed, k->ed25519_public, message);
        *n = 64;
        return LT_OK;
    }
    lt_hash(hash, message, buffer);
    lt_bytes digest = { buffer, lt_hash_size(hash) };
    bool ok;
    if (kind == LT_SIGN_ecdsa) {
        *n = lt_ecdsa_sign(NULL, hash, digest.p, &k->ec, out);
        ok = *n > 0;
    } else {
        *n = rsa_size(k);
        ok = sign_rsa(k, kind, hash, digest, random, out);
    }
    return ok ? LT_OK : lt_fail(e, LT_internal, "private key, signature");
}

const br_hash_class *lt_private_key_hash(const lt_private_key *k)
{
    if (k->type == LT_KEY_ed25519)
        return NULL;
    if (k->type == LT_KEY_ec && k->ec.curve == BR_EC_secp384r1)
        return &lt_sha384_vtable;
    if (k->type == LT_KEY_ec && k->ec.curve == BR_EC_secp521r1)
        return &lt_sha512_vtable;
    return &lt_sha256_vtable;
}

/* --- as X.509 has it -------------------------------------------------------------------------- */

/* RFC 4055 section 5 and RFC 3279, RFC 5758 section 3.2, by the number of the hash. */
static const lt_bytes pkcs1_oids[] = {
    [br_sha1_ID] = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5),
    [br_sha224_ID] = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14),
    [br_sha256_ID] = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11),
    [br_sha384_ID] = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12),
    [br_sha512_ID] = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13),
};
static const lt_bytes ecdsa_oids[] = {
    [br_sha1_ID] = LT_OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1),
    [br_sha224_ID] = LT_OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1),
    [br_sha256_ID] = LT_OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2),
    [br_sha384_ID] = LT_OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3),
    [br_sha512_ID] = LT_OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4),
};
static const lt_bytes rsassa_pss = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10);
static const lt_bytes mgf1 = LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8);
static const lt_bytes ed25519 = LT_OID(0x2b, 0x65, 0x70);

static size_t hash_number(const br_hash_class *hash)
{
    return (hash->desc >> BR_HASHDESC_ID_OFF) & BR_HASHDESC_ID_MASK;
}

static void put_hash_algorithm(der_writer *w, const br_hash_class *hash)
{
    const uint8_t *end = w->p, *oid = lt_hash_oid(hash);
    der_put_element(w, DER_NULL, (lt_bytes){ NULL, 0 });
    der_put_element(w, DER_OID, (lt_bytes){ oid + 1, oid[0] });
    der_put_header(w, DER_SEQUENCE, end);
}

/* RSASSA-PSS-params (RFC 4055 section 3.1), written in full */
static void put_pss_parameters(der_writer *w, const br_hash_class *hash)
{
    const uint8_t *end = w->p, *field = w->p;
    der_put_small(w, DER_INTEGER, (uint32_t)lt_hash_size(hash));
    der_put_header(w, DER_CONSTRUCTED(2), field);
    field = w->p;
    put_hash_algorithm(w, hash);
    der_put_element(w, DER_OID, mgf1);
    der_put_header(w, DER_SEQUENCE, field);
    der_put_header(w, DER_CONSTRUCTED(1), field);
    field = w->p;
    put_hash_algorithm(w, hash);
    der_put_header(w, DER_CONSTRUCTED(0), field);
    der_put_header(w, DER_SEQUENCE, end);
}

static const br_hash_class *hash_of(const lt_signer *signer)
{
    return signer->hash ? signer->hash : lt_private_key_hash(signer->key);
}

void lt_signature_put_algorithm(der_writer *w, const lt_signer *signer)
{
    const uint8_t *end = w->p;
    const br_hash_class *hash = hash_of(signer);
    lt_bytes oid = ed25519;
    if (signer->key->type == LT_KEY_rsa) {
        der_put_element(w, DER_NULL, (lt_bytes){ NULL, 0 });
        oid = pkcs1_oids[hash_number(hash)];
    } else if (signer->key->type == LT_KEY_rsa_pss) {
        put_pss_parameters(w, hash);
        oid = rsassa_pss;
    } else if (signer->key->type == LT_KEY_ec) {
        oid = ecdsa_oids[hash_number(hash)];
    }
    der_put_element(w, DER_OID, oid);
    der_put_header(w, DER_SEQUENCE, end);
}

lt_code lt_signer_sign(const lt_signer *signer, lt_bytes message, uint8_t *out, size_t *n,
                       lt_error *e)
{
    static const lt_signature_kind kinds[] = { [LT_KEY_rsa] = LT_SIGN_rsa_pkcs1,
                                               [LT_KEY_rsa_pss] = LT_SIGN_rsa_pss_pss,
                                               [LT_KEY_ec] = LT_SIGN_ecdsa,
                                               [LT_KEY_ed25519] = LT_SIGN_ed25519 };
    return lt_private_key_sign(signer->key, kinds[signer->key->type], hash_of(signer), message,
                               signer->random, out, n, e);
}

typedef struct {
    lt_bytes to_be_signed, signature;
    const lt_signer *signer;
} signed_content;

static void put_signed(der_writer *w, const void *content)
{
    const signed_content *s = content;
    der_put(w, s->signature);
    der_put_octet_bits(w, w->end);
    lt_signature_put_algorithm(w, s->signer);
    der_put(w, s->to_be_signed);
    der_put_header(w, DER_SEQUENCE, w->end);
}

lt_code lt_signed_build(lt_buffer *out, lt_der_write *write, const void *content,
                        const lt_signer *signer, const char *where, lt_error *e)
{
    lt_buffer to_be_signed = { .data = NULL };
    uint8_t signature[LT_SIGNATURE_MAX];
    size_t n = 0;
    lt_code rc = lt_der_build(&to_be_signed, write, content, where, e);
    if (rc == LT_OK)
        rc = lt_signer_sign(signer, lt_buffer_bytes(&to_be_signed), signature, &n, e);
    if (rc == LT_OK) {
        const signed_content s = { lt_buffer_bytes(&to_be_signed), { signature, n }, signer };
        rc = lt_der_build(out, put_signed, &s, where, e);
    }
    lt_buffer_free(&to_be_signed);
    return rc;
}
