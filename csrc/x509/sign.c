/* SPDX-License-Identifier: MIT
 * sign.c - handshake signatures: made by an identity's key, checked by a certificate's key. See
 * sign.h. */
#include "x509/sign.h"

#include "base/secret.h"
#include "crypto/ec.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/rsa_pss.h"
#include "crypto/rsa_public.h"
#include "crypto/signature_scheme.h"
#include "x509/certificate.h"
#include "x509/dn.h"
#include "x509/identity.h"
#include "x509/known_keys.h"
#include "x509/private_key_sign.h"
#include "x509/signature.h"

enum { RSA_BITS_MIN = 2048 };

const lt_identity *lt_identity_at(const lt_identity *identities, size_t i)
{
    return &identities[i];
}

const lt_bytes *lt_identity_certificates(const lt_identity *id, size_t *count)
{
    *count = id->chain.count;
    return id->chain.certificates;
}

lt_bytes lt_identity_staple(const lt_identity *id, size_t i)
{
    if (i >= id->staple_count)
        return (lt_bytes){ NULL, 0 };
    return (lt_bytes){ id->staples[i].data, lt_buffer_size(&id->staples[i]) };
}

lt_bytes lt_identity_scts(const lt_identity *id)
{
    return (lt_bytes){ id->scts.data, lt_buffer_size(&id->scts) };
}

static bool named(lt_reader authorities, lt_bytes issuer)
{
    lt_bytes name;
    while (rd_vec(&authorities, 2, &name))
        if (lt_bytes_equal(name, issuer))
            return true;
    return false;
}

/* An empty list, or the empty name alone: BearSSL's servers have no other way to say nothing. */
static bool names_nobody(lt_bytes authorities)
{
    static const uint8_t empty_name[] = { 0, 2, 0x30, 0 };
    return authorities.n == 0
           || lt_bytes_equal(authorities, (lt_bytes){ empty_name, sizeof empty_name });
}

bool lt_identity_issued_by(const lt_identity *id, lt_bytes authorities)
{
    if (names_nobody(authorities))
        return true;
    for (size_t i = 0; i < id->chain.count; i++) {
        lt_certificate c;
        lt_error ignored = { 0 };
        if (lt_certificate_parse(&c, id->chain.certificates[i], &ignored) == LT_OK
            && named(authorities, c.issuer))
            return true;
    }
    return false;
}

bool lt_identity_is_external(const lt_identity *id)
{
    return id->external != 0;
}

bool lt_identity_is_rsa(const lt_identity *id)
{
    return id->key.type == LT_KEY_rsa || id->key.type == LT_KEY_rsa_pss;
}

uint32_t lt_identity_group(const lt_identity *id)
{
    return id->key.type == LT_KEY_ec ? (uint32_t)id->key.ec.curve : 0;
}

/* Does this kind of key make this scheme (RFC 8446 section 4.2.3)? */
static bool fits(const lt_signature_scheme *scheme, lt_key_type type, int curve, bool tls_1_3)
{
    switch (scheme->kind) {
    case LT_SIGN_rsa_pkcs1:
        return type == LT_KEY_rsa && !tls_1_3;
    case LT_SIGN_rsa_pss_rsae:
        return type == LT_KEY_rsa;
    case LT_SIGN_rsa_pss_pss:
        return type == LT_KEY_rsa_pss;
    case LT_SIGN_ecdsa:
        return type == LT_KEY_ec && (!tls_1_3 || curve == scheme->curve);
    case LT_SIGN_ed25519:
        break;
    }
    return type == LT_KEY_ed25519;
}

bool lt_identity_signs(const lt_identity *id, uint32_t scheme, bool tls_1_3)
{
    const lt_signature_scheme *s = lt_signature_scheme_by_id(scheme);
    return s && (id->key_usage & LT_KU_digital_signature) != 0
           && fits(s, id->key.type, id->key.type == LT_KEY_ec ? id->key.ec.curve : 0, tls_1_3);
}

/* ECDSA by its hash alone: the curve is that of a key which may not be in the chain. */
static bool made_by(const lt_signature_algorithm *a, const lt_signature_scheme *scheme)
{
    switch (scheme->kind) {
    case LT_SIGN_rsa_pkcs1:
        return a->type == LT_KEY_rsa && a->hash == scheme->hash;
    case LT_SIGN_rsa_pss_rsae:
    case LT_SIGN_rsa_pss_pss:
        return a->type == LT_KEY_rsa_pss && a->pss.hash == scheme->hash;
    case LT_SIGN_ecdsa:
        return a->type == LT_KEY_ec && a->hash == scheme->hash;
    case LT_SIGN_ed25519:
        break;
    }
    return a->type == LT_KEY_ed25519;
}

static bool certificate_fits(lt_bytes der, lt_reader schemes)
{
    lt_certificate c;
    lt_signature_algorithm a;
    lt_error ignored = { .code = LT_OK };
    uint32_t id;
    if (lt_certificate_parse(&c, der, &ignored) != LT_OK)
        return false;
    if (lt_bytes_equal(c.subject, c.issuer))
        return true;
    if (lt_signature_algorithm_parse(&a, c.signature_algorithm, &ignored) != LT_OK)
        return false;
    while (rd_uint(&schemes, 2, &id)) {
        const lt_signature_scheme *scheme = lt_signature_scheme_by_id(id);
        if (scheme && made_by(&a, scheme))
            return true;
    }
    return false;
}

bool lt_identity_chain_fits(const lt_identity *id, lt_bytes schemes)
{
    for (size_t i = 0; i < id->chain.count; i++)
        if (!certificate_fits(id->chain.certificates[i], schemes))
            return false;
    return true;
}

size_t lt_authorities_text(lt_bytes authorities, char *out, size_t room)
{
    char name[256];
    lt_bytes dn;
    size_t n = 0;
    out[0] = 0;
    while (rd_vec(&authorities, 2, &dn)) {
        size_t size = lt_dn_text(dn, name, sizeof name);
        if (size == 0 || size >= sizeof name || n + size + 3 > room)
            break;
        if (n > 0)
            memcpy(out + n, "; ", 2), n += 2;
        memcpy(out + n, name, size + 1);
        n += size;
    }
    return n;
}

/* --- signing -------------------------------------------------------------------------------- */

lt_code lt_identity_sign(const lt_identity *id, uint32_t scheme, lt_bytes message,
                         lt_random *random, uint8_t *out, size_t *n, lt_error *e)
{
    const lt_signature_scheme *s = lt_signature_scheme_by_id(scheme);
    return lt_private_key_sign(&id->key, s->kind, s->hash, message, random, out, n, e);
}

/* --- checking ------------------------------------------------------------------------------- */

static bool check_rsa(const lt_public_key *key, const lt_signature_scheme *scheme,
                      lt_bytes digest, lt_bytes signature)
{
    br_rsa_public_key pk = { /* BearSSL only reads; its pointers are not const */
                             .n = (unsigned char *)(uintptr_t)key->modulus.p,
                             .nlen = key->modulus.n,
                             .e = (unsigned char *)(uintptr_t)key->exponent.p,
                             .elen = key->exponent.n
    };
    return scheme->kind == LT_SIGN_rsa_pkcs1
               ? lt_rsa_pkcs1_verify(&pk, scheme->hash, digest, signature)
               : lt_rsa_pss_verify(&pk, scheme->hash, scheme->hash, digest.n, digest,
                                   signature);
}

static bool check(const lt_public_key *key, lt_known_keys *keys,
                  const lt_signature_scheme *scheme, lt_bytes message, lt_bytes signature)
{
    uint8_t buffer[LT_HASH_MAX];
    if (scheme->kind == LT_SIGN_ed25519)
        return signature.n == 64 && lt_ed25519_verify(key->bits.p, message, signature.p);
    lt_hash(scheme->hash, message, buffer);
    lt_bytes digest = { buffer, lt_hash_size(scheme->hash) };
    if (scheme->kind != LT_SIGN_ecdsa)
        return check_rsa(key, scheme, digest, signature);
    br_ec_public_key pk = { .curve = key->curve,
                            .q = (unsigned char *)(uintptr_t)key->point.p,
                            .qlen = key->point.n };
    return lt_known_keys_verify(keys, &pk, digest, signature);
}

lt_code lt_certificate_check_signature(lt_bytes certificate, lt_known_keys *keys,
                                       uint32_t scheme, bool tls_1_3, lt_bytes message,
                                       lt_bytes signature, lt_error *e)
{
    static const char where[] = "handshake signature";
    const lt_signature_scheme *s = lt_signature_scheme_by_id(scheme);
    lt_certificate c;
    lt_public_key key;
    lt_code rc = lt_certificate_parse(&c, certificate, e);
    if (rc == LT_OK)
        rc = lt_public_key_parse(&key, c.spki, e);
    if (rc != LT_OK)
        return rc;
    if (c.has_key_usage && !(c.key_usage & LT_KU_digital_signature))
        return lt_fail_detail(e, LT_key_usage, where, "the certificate may not sign");
    if (!s || !fits(s, key.type, key.curve, tls_1_3))
        return lt_fail_detail(e, LT_illegal_parameter, where, "a scheme that is not the key's");
    if ((key.type == LT_KEY_rsa || key.type == LT_KEY_rsa_pss) && key.size < RSA_BITS_MIN)
        return lt_fail_detail(e, LT_weak_key, where, "RSA of %zu bits", key.size);
    return check(&key, keys, s, message, signature) ? LT_OK
                                                    : lt_fail(e, LT_bad_signature, where);
}
