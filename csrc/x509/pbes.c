/* SPDX-License-Identifier: MIT
 * pbes.c - see pbes.h. Sections are RFC 8018's. */
#include "x509/pbes.h"

#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "crypto/cbc.h"
#include "crypto/password.h"
#include "x509/der.h"

#define OID(...)                                                                   \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }
#define RSADSI(...) OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, __VA_ARGS__)
#define AES(n) OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, n)

static const lt_bytes id_pbes2 = RSADSI(0x01, 0x05, 0x0d);
static const lt_bytes id_pbkdf2 = RSADSI(0x01, 0x05, 0x0c);
static const lt_bytes id_scrypt = OID(0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b);

static const struct {
    lt_bytes oid;
    const lt_cbc *cipher;
} ciphers[] = {
    { AES(0x02), &lt_aes_128_cbc },
    { AES(0x16), &lt_aes_192_cbc },
    { AES(0x2a), &lt_aes_256_cbc },
    { RSADSI(0x03, 0x07), &lt_des_ede3_cbc },
};

static const struct { /* section B.1.2 */
    lt_bytes oid;
    const br_hash_class *hash;
} prfs[] = {
    { RSADSI(0x02, 0x07), &br_sha1_vtable },   { RSADSI(0x02, 0x08), &br_sha224_vtable },
    { RSADSI(0x02, 0x09), &lt_sha256_vtable }, { RSADSI(0x02, 0x0a), &lt_sha384_vtable },
    { RSADSI(0x02, 0x0b), &lt_sha512_vtable },
};

struct scheme {
    lt_bytes salt;
    const br_hash_class *prf;    /* NULL: scrypt */
    uint32_t iterations;         /* PBKDF2 */
    lt_scrypt_parameters scrypt; /* scrypt */
    int32_t key_size;            /* 0: not said */
    const lt_cbc *cipher;
    lt_bytes iv;
};

static lt_code unsupported(lt_error *e, const char *where, const char *what)
{
    return lt_fail_detail(e, LT_unsupported_key, where, "%s", what);
}

static lt_code read_prf(lt_reader *r, struct scheme *s, lt_error *e)
{
    lt_reader algorithm, null;
    lt_bytes oid;
    s->prf = &br_sha1_vtable; /* DEFAULT algid-hmacWithSHA1 */
    if (r->n == 0)
        return LT_OK;
    if (!der_value(r, DER_SEQUENCE, &algorithm) || r->n != 0 || !der_oid(&algorithm, &oid)
        || (algorithm.n != 0 && (!der_only(algorithm, DER_NULL, &null) || null.n != 0)))
        return lt_fail(e, LT_bad_key, "PBKDF2-params.prf");
    for (size_t i = 0; i < sizeof prfs / sizeof *prfs; i++)
        if (lt_bytes_equal(oid, prfs[i].oid)) {
            s->prf = prfs[i].hash;
            return LT_OK;
        }
    return unsupported(e, "PBKDF2-params.prf", "HMAC with a hash other than SHA-1 and SHA-2");
}

/* PBKDF2-params ::= SEQUENCE { salt CHOICE { specified OCTET STRING, otherSource … },
 *   iterationCount INTEGER, keyLength INTEGER OPTIONAL, prf DEFAULT … } (section A.2) */
static lt_code read_pbkdf2(lt_reader parameters, struct scheme *s, lt_error *e)
{
    lt_reader r;
    int32_t iterations;
    if (!der_only(parameters, DER_SEQUENCE, &r) || !der_value(&r, DER_OCTET_STRING, &s->salt)
        || !der_small(&r, &iterations) || iterations < 1
        || (der_next_is(&r, DER_INTEGER) && !der_small(&r, &s->key_size)))
        return lt_fail(e, LT_bad_key, "PBKDF2-params");
    if (iterations > LT_PBKDF2_MAX_ITERATIONS)
        return lt_fail_detail(e, LT_limit, "PBKDF2-params.iterationCount",
                              "%ld iterations; at most %d are done", (long)iterations,
                              LT_PBKDF2_MAX_ITERATIONS);
    s->iterations = (uint32_t)iterations;
    return read_prf(&r, s, e);
}

/* scrypt-params ::= SEQUENCE { salt OCTET STRING, costParameter INTEGER, blockSize INTEGER,
 *   parallelizationParameter INTEGER, keyLength INTEGER OPTIONAL } (RFC 7914 section 7.1) */
static lt_code read_scrypt(lt_reader parameters, struct scheme *s, lt_error *e)
{
    lt_reader r;
    int32_t cost, block_size, parallelism;
    if (!der_only(parameters, DER_SEQUENCE, &r) || !der_value(&r, DER_OCTET_STRING, &s->salt)
        || !der_small(&r, &cost) || !der_small(&r, &block_size) || !der_small(&r, &parallelism)
        || (der_next_is(&r, DER_INTEGER) && !der_small(&r, &s->key_size)) || r.n != 0)
        return lt_fail(e, LT_bad_key, "scrypt-params");
    s->scrypt =
        (lt_scrypt_parameters){ (uint32_t)cost, (uint32_t)block_size, (uint32_t)parallelism };
    if (!lt_scrypt_allowed(&s->scrypt))
        return lt_fail_detail(e, LT_limit, "scrypt-params", "N %ld, r %ld, p %ld", (long)cost,
                              (long)block_size, (long)parallelism);
    return LT_OK;
}

static lt_code read_kdf(lt_reader *r, struct scheme *s, lt_error *e)
{
    lt_reader kdf;
    lt_bytes oid;
    lt_code rc;
    if (!der_value(r, DER_SEQUENCE, &kdf) || !der_oid(&kdf, &oid))
        return lt_fail(e, LT_bad_key, "PBES2-params.keyDerivationFunc");
    if (lt_bytes_equal(oid, id_pbkdf2))
        rc = read_pbkdf2(kdf, s, e);
    else if (lt_bytes_equal(oid, id_scrypt))
        rc = read_scrypt(kdf, s, e);
    else
        rc = unsupported(e, "PBES2-params.keyDerivationFunc", "neither PBKDF2 nor scrypt");
    if (rc == LT_OK && s->salt.n > LT_PBES_MAX_SALT)
        rc = lt_fail(e, LT_limit, "PBES2-params.keyDerivationFunc.salt");
    return rc;
}

static lt_code read_cipher(lt_reader *r, struct scheme *s, lt_error *e)
{
    lt_reader cipher;
    lt_bytes oid;
    if (!der_value(r, DER_SEQUENCE, &cipher) || !der_oid(&cipher, &oid))
        return lt_fail(e, LT_bad_key, "PBES2-params.encryptionScheme");
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
        if (lt_bytes_equal(oid, ciphers[i].oid))
            s->cipher = ciphers[i].cipher;
    if (!s->cipher)
        return unsupported(e, "PBES2-params.encryptionScheme",
                           "a cipher other than AES-CBC and DES-EDE3-CBC");
    if (!der_only(cipher, DER_OCTET_STRING, &s->iv) || s->iv.n != s->cipher->block_size
        || (s->key_size != 0 && (size_t)s->key_size != s->cipher->key_size))
        return lt_fail(e, LT_bad_key, "PBES2-params.encryptionScheme");
    return LT_OK;
}

/* EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier,
 *   encryptedData OCTET STRING }, PBES2-params ::= SEQUENCE { keyDerivationFunc,
 *   encryptionScheme } */
static lt_code read_scheme(lt_bytes der, struct scheme *s, lt_bytes *data, lt_error *e)
{
    lt_reader r, algorithm, parameters;
    lt_bytes oid;
    if (!der_only(der, DER_SEQUENCE, &r) || !der_value(&r, DER_SEQUENCE, &algorithm)
        || !der_value(&r, DER_OCTET_STRING, data) || r.n != 0 || !der_oid(&algorithm, &oid))
        return lt_fail(e, LT_bad_key, "EncryptedPrivateKeyInfo");
    if (!lt_bytes_equal(oid, id_pbes2))
        return unsupported(e, "EncryptedPrivateKeyInfo.encryptionAlgorithm",
                           "a scheme older than PBES2");
    if (!der_only(algorithm, DER_SEQUENCE, &parameters))
        return lt_fail(e, LT_bad_key, "PBES2-params");
    lt_code rc = read_kdf(&parameters, s, e);
    if (rc == LT_OK)
        rc = read_cipher(&parameters, s, e);
    if (rc == LT_OK && parameters.n != 0)
        rc = lt_fail(e, LT_bad_key, "PBES2-params");
    return rc;
}

/* A wrong key makes one SEQUENCE of exactly this length about once in ten million times. */
static lt_code decrypt(const lt_cbc *cipher, const uint8_t *key, const uint8_t *iv,
                       lt_bytes data, lt_buffer *out, lt_error *e)
{
    size_t start = out->end, size = data.n;
    lt_reader content;
    if (data.n == 0)
        return lt_fail_detail(e, LT_bad_key, "private key", "nothing is encrypted");
    if (!lt_buffer_add(out, data.p, data.n))
        return lt_fail(e, LT_memory, "private key");
    uint8_t *p = out->data + start;
    bool ok = lt_cbc_decrypt(cipher, key, iv, p, &size)
              && der_only((lt_bytes){ p, size }, DER_SEQUENCE, &content);
    if (!ok) {
        lt_wipe(p, data.n);
        out->end = start;
        return lt_fail(e, LT_bad_password, "private key");
    }
    out->end = start + size;
    return LT_OK;
}

lt_code lt_pbes_decrypt(lt_bytes encrypted_private_key_info, lt_bytes password, lt_buffer *out,
                        lt_error *e)
{
    struct scheme s = { .prf = NULL };
    lt_bytes data;
    uint8_t key[LT_CBC_MAX_KEY];
    lt_code rc = read_scheme(encrypted_private_key_info, &s, &data, e);
    if (rc == LT_OK && !password.p)
        rc = lt_fail(e, LT_encrypted_key, "EncryptedPrivateKeyInfo");
    if (rc != LT_OK || !s.cipher)
        return rc;
    if (s.prf)
        lt_pbkdf2(s.prf, password, s.salt, s.iterations, key, s.cipher->key_size);
    else if (!lt_scrypt(&s.scrypt, password, s.salt, key, s.cipher->key_size))
        return lt_fail(e, LT_memory, "scrypt");
    rc = decrypt(s.cipher, key, s.iv.p, data, out, e);
    lt_wipe(key, sizeof key);
    return rc;
}

static bool hex_digit(uint8_t c, uint8_t *v)
{
    if (c >= '0' && c <= '9')
        *v = (uint8_t)(c - '0');
    else if (c >= 'A' && c <= 'F')
        *v = (uint8_t)(c - 'A' + 10);
    else if (c >= 'a' && c <= 'f')
        *v = (uint8_t)(c - 'a' + 10);
    else
        return false;
    return true;
}

static bool read_iv(lt_bytes hex, size_t n, uint8_t *iv)
{
    if (hex.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t high, low;
        if (!hex_digit(hex.p[2 * i], &high) || !hex_digit(hex.p[2 * i + 1], &low))
            return false;
        iv[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const lt_cbc *cipher_by_name(lt_bytes name)
{
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        const char *known = ciphers[i].cipher->name;
        if (lt_bytes_equal(name, (lt_bytes){ (const uint8_t *)known, strlen(known) }))
            return ciphers[i].cipher;
    }
    return NULL;
}

/* "AES-128-CBC,0011…" */
static void split(lt_bytes dek_info, lt_bytes *name, lt_bytes *hex)
{
    lt_bytes all = dek_info.n > 0 ? dek_info : (lt_bytes){ (const uint8_t *)"", 0 };
    size_t comma = 0;
    while (comma < all.n && all.p[comma] != ',')
        comma++;
    size_t next = comma + (comma < all.n);
    *name = (lt_bytes){ all.p, comma };
    *hex = (lt_bytes){ all.p + next, all.n - next };
}

lt_code lt_pbes_decrypt_pem(lt_bytes dek_info, lt_bytes data, lt_bytes password, lt_buffer *out,
                            lt_error *e)
{
    uint8_t key[LT_CBC_MAX_KEY], iv[LT_CBC_MAX_BLOCK];
    lt_bytes name, hex;
    split(dek_info, &name, &hex);
    const lt_cbc *cipher = cipher_by_name(name);
    if (!cipher)
        return lt_fail_detail(e, LT_unsupported_key, "DEK-Info", "%.*s; %s",
                              (int)(name.n > 32 ? 32 : name.n), (const char *)name.p,
                              "AES-CBC and DES-EDE3-CBC are supported");
    if (!read_iv(hex, cipher->block_size, iv))
        return lt_fail(e, LT_bad_key, "DEK-Info");
    if (!password.p)
        return lt_fail(e, LT_encrypted_key, "Proc-Type");
    lt_md5_bytes_to_key(password, iv, key, cipher->key_size);
    lt_code rc = decrypt(cipher, key, iv, data, out, e);
    lt_wipe(key, sizeof key);
    return rc;
}
