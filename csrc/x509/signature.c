/* SPDX-License-Identifier: MIT
 * signature.c - see signature.h. */
#include "x509/signature.h"

#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "crypto/ec.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/rsa_pss.h"
#include "crypto/rsa_public.h"
#include "x509/der.h"

#define OID(...)                                                                   \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }
#define PKCS1(n) OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n)
#define ECDSA(n) OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n)

/* HashAlgorithm of RSASSA-PSS-params (RFC 4055 section 2.1). */
static const struct digest {
    const br_hash_class *hash;
    lt_bytes oid;
} digests[] = {
    { &br_sha1_vtable, OID(0x2b, 0x0e, 0x03, 0x02, 0x1a) },
    { &br_sha224_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04) },
    { &lt_sha256_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01) },
    { &lt_sha384_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02) },
    { &lt_sha512_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03) },
};
static const lt_bytes id_mgf1 = PKCS1(0x08);

/* `hash` NULL and `type` known: parameters say, or none is needed; `type` unknown: refused, why. */
static const struct row {
    lt_bytes oid;
    lt_key_type type;
    const br_hash_class *hash;
    const char *name;
    lt_code refused;
} rows[] = {
    { PKCS1(0x0b), LT_KEY_rsa, &lt_sha256_vtable, "sha256WithRSAEncryption", LT_OK },
    { PKCS1(0x0c), LT_KEY_rsa, &lt_sha384_vtable, "sha384WithRSAEncryption", LT_OK },
    { PKCS1(0x0d), LT_KEY_rsa, &lt_sha512_vtable, "sha512WithRSAEncryption", LT_OK },
    { PKCS1(0x0e), LT_KEY_rsa, &br_sha224_vtable, "sha224WithRSAEncryption", LT_OK },
    { PKCS1(0x05), LT_KEY_rsa, &br_sha1_vtable, "sha1WithRSAEncryption", LT_OK },
    { PKCS1(0x0a), LT_KEY_rsa_pss, NULL, "id-RSASSA-PSS", LT_OK },
    { ECDSA(0x02), LT_KEY_ec, &lt_sha256_vtable, "ecdsa-with-SHA256", LT_OK },
    { ECDSA(0x03), LT_KEY_ec, &lt_sha384_vtable, "ecdsa-with-SHA384", LT_OK },
    { ECDSA(0x04), LT_KEY_ec, &lt_sha512_vtable, "ecdsa-with-SHA512", LT_OK },
    { ECDSA(0x01), LT_KEY_ec, &br_sha224_vtable, "ecdsa-with-SHA224", LT_OK },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01), LT_KEY_ec, &br_sha1_vtable,
      "ecdsa-with-SHA1", LT_OK },
    { OID(0x2b, 0x65, 0x70), LT_KEY_ed25519, NULL, "id-Ed25519", LT_OK },
    { PKCS1(0x02), LT_KEY_unknown, NULL, "md2WithRSAEncryption", LT_weak_signature },
    { PKCS1(0x04), LT_KEY_unknown, NULL, "md5WithRSAEncryption", LT_weak_signature },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03), LT_KEY_unknown, NULL, "dsa-with-sha1",
      LT_unsupported_certificate },
    { OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02), LT_KEY_unknown, NULL,
      "dsa-with-sha256", LT_unsupported_certificate },
    { OID(0x2b, 0x65, 0x71), LT_KEY_unknown, NULL, "id-Ed448", LT_unsupported_certificate },
};

static const char where[] = "signatureAlgorithm";

/* NULL, or nothing: RFC 4055 section 5 has both accepted. */
static bool null_or_absent(lt_reader parameters)
{
    lt_reader null;
    return parameters.n == 0 || (der_only(parameters, DER_NULL, &null) && null.n == 0);
}

static bool parameters_fit(const struct row *row, lt_reader parameters)
{
    if (row->type == LT_KEY_rsa)
        return null_or_absent(parameters);
    return parameters.n == 0; /* RFC 5758 section 3.2, RFC 8410 section 3 */
}

static bool read_hash(lt_reader *r, const br_hash_class **hash)
{
    lt_reader body;
    lt_bytes oid;
    if (!der_value(r, DER_SEQUENCE, &body) || !der_oid(&body, &oid) || !null_or_absent(body))
        return false;
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        if (lt_bytes_equal(oid, digests[i].oid)) {
            *hash = digests[i].hash;
            return true;
        }
    return false;
}

static bool read_mgf(lt_reader r, const br_hash_class **hash)
{
    lt_reader body;
    lt_bytes oid;
    return der_only(r, DER_SEQUENCE, &body) && der_oid(&body, &oid)
           && lt_bytes_equal(oid, id_mgf1) && read_hash(&body, hash) && body.n == 0;
}

/* RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT
 * mgf1SHA1, saltLength [2] DEFAULT 20, trailerField [3] DEFAULT 1 }; DER leaves defaults out, and
 * trailerField has no other value (RFC 4055 section 3.1). */
static bool read_pss(lt_pss_parameters *pss, lt_reader parameters)
{
    lt_reader body, hash, mgf, salt;
    int32_t salt_size = 20;
    *pss = (lt_pss_parameters){ .hash = &br_sha1_vtable, .mgf1_hash = &br_sha1_vtable };
    if (!der_only(parameters, DER_SEQUENCE, &body)
        || !der_optional(&body, DER_CONSTRUCTED(0), &hash)
        || !der_optional(&body, DER_CONSTRUCTED(1), &mgf)
        || !der_optional(&body, DER_CONSTRUCTED(2), &salt) || body.n != 0
        || (hash.p && (!read_hash(&hash, &pss->hash) || hash.n != 0))
        || (mgf.p && !read_mgf(mgf, &pss->mgf1_hash))
        || (salt.p && (!der_small(&salt, &salt_size) || salt.n != 0)))
        return false;
    pss->salt_size = (uint32_t)salt_size;
    return true;
}

/* A key bound to parameters makes signatures with these alone, or with a longer salt (RFC 4055
 * section 3.3). */
static bool pss_key_allows(const lt_public_key *key, const lt_pss_parameters *pss)
{
    lt_reader algorithm;
    lt_bytes oid;
    lt_pss_parameters bound;
    if (!der_only(key->algorithm, DER_SEQUENCE, &algorithm) || !der_oid(&algorithm, &oid))
        return false;
    if (algorithm.n == 0)
        return true;
    return read_pss(&bound, algorithm) && bound.hash == pss->hash
           && bound.mgf1_hash == pss->mgf1_hash && bound.salt_size <= pss->salt_size;
}

lt_code lt_signature_algorithm_parse(lt_signature_algorithm *a, lt_bytes algorithm, lt_error *e)
{
    lt_reader body;
    lt_bytes oid;
    *a = (lt_signature_algorithm){ .type = LT_KEY_unknown };
    if (!der_only(algorithm, DER_SEQUENCE, &body) || !der_oid(&body, &oid))
        return lt_fail(e, LT_bad_certificate, where);
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
        if (!lt_bytes_equal(oid, row->oid))
            continue;
        *a = (lt_signature_algorithm){ row->name, row->type, row->hash, { NULL, NULL, 0 } };
        if (row->refused != LT_OK)
            return lt_fail_detail(e, row->refused, where, "%s", row->name);
        if (row->type == LT_KEY_rsa_pss ? !read_pss(&a->pss, body) : !parameters_fit(row, body))
            return lt_fail_detail(e, LT_bad_certificate, where, "parameters of %s", row->name);
        if (row->type == LT_KEY_rsa_pss)
            a->hash = a->pss.hash;
        return LT_OK;
    }
    return lt_fail_detail(e, LT_unsupported_certificate, where, "unknown algorithm");
}

static lt_code wrong(lt_error *e, const lt_signature_algorithm *a)
{
    return lt_fail_detail(e, LT_bad_certificate_signature, "signatureValue", "%s", a->name);
}

static br_rsa_public_key to_bearssl(const lt_public_key *key)
{
    return (br_rsa_public_key){ /* BearSSL only reads; its pointers are not const */
                                .n = (unsigned char *)(uintptr_t)key->modulus.p,
                                .nlen = key->modulus.n,
                                .e = (unsigned char *)(uintptr_t)key->exponent.p,
                                .elen = key->exponent.n
    };
}

static lt_code check_rsa_key(const lt_public_key *key, lt_error *e)
{
    static const char spki[] = "subjectPublicKeyInfo";
    if (key->size < 1024)
        return lt_fail_detail(e, LT_weak_key, spki, "RSA of %zu bits", key->size);
    if (key->size > LT_RSA_PUBLIC_MAX_BITS)
        return lt_fail_detail(e, LT_unsupported_certificate, spki,
                              "RSA of %zu bits; at most %d can be checked", key->size,
                              LT_RSA_PUBLIC_MAX_BITS);
    if ((key->exponent.p[key->exponent.n - 1] & 1) == 0
        || (key->exponent.n == 1 && key->exponent.p[0] == 1)
        || key->exponent.n > LT_RSA_PUBLIC_MAX_EXPONENT_BITS / 8)
        return lt_fail_detail(e, LT_weak_key, spki, "RSA exponent");
    return LT_OK;
}

static lt_code verify_rsa(const lt_signature_algorithm *a, const lt_public_key *key,
                          lt_bytes digest, lt_bytes signature, lt_error *e)
{
    br_rsa_public_key pk = to_bearssl(key);
    lt_code rc = check_rsa_key(key, e);
    if (rc != LT_OK)
        return rc;
    bool ok = a->type == LT_KEY_rsa ? lt_rsa_pkcs1_verify(&pk, a->hash, digest, signature)
                                    : lt_rsa_pss_verify(&pk, a->hash, a->pss.mgf1_hash,
                                                        a->pss.salt_size, digest, signature);
    return ok ? LT_OK : wrong(e, a);
}

/* Ecdsa-Sig-Value (RFC 3279 section 2.2.3); BearSSL's own reader takes more than DER. */
static bool is_ecdsa_value(lt_bytes signature)
{
    lt_reader body;
    lt_bytes r, s;
    return der_only(signature, DER_SEQUENCE, &body) && der_unsigned(&body, &r)
           && der_unsigned(&body, &s) && body.n == 0;
}

static lt_code verify_ecdsa(const lt_signature_algorithm *a, const lt_public_key *key,
                            lt_bytes digest, lt_bytes signature, lt_error *e)
{
    if (key->curve == 0 || key->point.p[0] != 4)
        return lt_fail_detail(e, LT_unsupported_certificate, "SubjectPublicKeyInfo",
                              key->curve ? "compressed point on %s" : "curve %s",
                              key->curve_name ? key->curve_name : "without a known name");
    br_ec_public_key pk = { .curve = key->curve,
                            .q = (unsigned char *)(uintptr_t)key->point.p,
                            .qlen = key->point.n };
    if (!is_ecdsa_value(signature)
        || !lt_ecdsa_verify(NULL, digest.p, digest.n, &pk, signature.p, signature.n))
        return wrong(e, a);
    return LT_OK;
}

static lt_code verify_ed25519(const lt_signature_algorithm *a, const lt_public_key *key,
                              lt_bytes message, lt_bytes signature, lt_error *e)
{
    if (signature.n != 64 || !lt_ed25519_verify(key->bits.p, message, signature.p))
        return wrong(e, a);
    return LT_OK;
}

/* A key that says PSS makes PSS signatures alone; one that says RSA makes both (RFC 4055 section
 * 1.2). */
static bool key_fits(const lt_signature_algorithm *a, const lt_public_key *key)
{
    if (a->type == LT_KEY_rsa_pss)
        return key->type == LT_KEY_rsa
               || (key->type == LT_KEY_rsa_pss && pss_key_allows(key, &a->pss));
    return key->type == a->type;
}

lt_code lt_signature_verify(lt_bytes algorithm, const lt_public_key *key, lt_bytes message,
                            lt_bytes signature, uint32_t flags, lt_error *e)
{
    uint8_t buffer[LT_HASH_MAX];
    lt_signature_algorithm a;
    lt_code rc = lt_signature_algorithm_parse(&a, algorithm, e);
    if (rc != LT_OK)
        return rc;
    if (!(flags & LT_SIGNATURE_sha1)
        && (a.hash == &br_sha1_vtable || a.pss.mgf1_hash == &br_sha1_vtable))
        return lt_fail_detail(e, LT_weak_signature, where, "%s with SHA-1", a.name);
    if (!key_fits(&a, key))
        return lt_fail_detail(e, LT_bad_certificate_signature, where,
                              "%s, and the issuer's key is not for that", a.name);
    if (!a.hash)
        return verify_ed25519(&a, key, message, signature, e);
    lt_hash(a.hash, message, buffer);
    lt_bytes digest = { buffer, lt_hash_size(a.hash) };
    return a.type == LT_KEY_ec ? verify_ecdsa(&a, key, digest, signature, e)
                               : verify_rsa(&a, key, digest, signature, e);
}
