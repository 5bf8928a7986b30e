/* SPDX-License-Identifier: MIT
 * public_key.c - see public_key.h. */
#include "x509/public_key.h"

#include "x509/der.h"

#define OID(...)                                                                   \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

static const lt_curve curves[] = {
    { OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07), "secp256r1", 256, BR_EC_secp256r1 },
    { OID(0x2b, 0x81, 0x04, 0x00, 0x22), "secp384r1", 384, BR_EC_secp384r1 },
    { OID(0x2b, 0x81, 0x04, 0x00, 0x23), "secp521r1", 521, BR_EC_secp521r1 },
    { OID(0x2b, 0x81, 0x04, 0x00, 0x0a), "secp256k1", 256, 0 },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01), "secp192r1", 192, 0 },
    { OID(0x2b, 0x81, 0x04, 0x00, 0x21), "secp224r1", 224, 0 },
    { OID(0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07), "brainpoolP256r1", 256, 0 },
    { OID(0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b), "brainpoolP384r1", 384, 0 },
    { OID(0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d), "brainpoolP512r1", 512, 0 },
};

static const struct {
    lt_bytes oid;
    lt_key_type type;
} algorithms[] = {
    { OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01), LT_KEY_rsa },
    { OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a), LT_KEY_rsa_pss },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01), LT_KEY_ec },
    { OID(0x2b, 0x65, 0x70), LT_KEY_ed25519 },
};

const lt_curve *lt_curve_by_oid(lt_bytes oid)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (lt_bytes_equal(oid, curves[i].oid))
            return &curves[i];
    return NULL;
}

const lt_curve *lt_curve_by_id(int id)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (curves[i].id == id)
            return &curves[i];
    return NULL;
}

static size_t bit_size(lt_bytes magnitude)
{
    size_t n = magnitude.n * 8;
    for (uint32_t top = magnitude.n ? magnitude.p[0] : 0; n > 0 && !(top & 0x80); top <<= 1)
        n--;
    return n;
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017 A.1.1) */
static bool read_rsa(lt_public_key *k)
{
    lt_reader key;
    if (!der_only(k->bits, DER_SEQUENCE, &key) || !der_unsigned(&key, &k->modulus)
        || !der_unsigned(&key, &k->exponent) || key.n != 0)
        return false;
    k->size = bit_size(k->modulus);
    return k->modulus.n > 0 && k->exponent.n > 0;
}

/* RFC 5480 section 2.2: uncompressed, or compressed */
static bool point_fits(const lt_public_key *k)
{
    size_t field = (k->size + 7) / 8;
    uint32_t form = k->point.n ? k->point.p[0] : 0;
    if (form == 4)
        return k->point.n == 1 + 2 * field;
    return (form == 2 || form == 3) && k->point.n == 1 + field;
}

static bool read_ec(lt_public_key *k, lt_reader parameters)
{
    lt_bytes oid;
    k->point = k->bits;
    if (!der_next_is(&parameters, DER_OID)) /* explicit parameters: nothing that we know */
        return true;
    if (!der_oid(&parameters, &oid) || parameters.n != 0)
        return false;
    k->curve_oid = oid;
    const lt_curve *curve = lt_curve_by_oid(oid);
    if (!curve)
        return true;
    k->curve = curve->id;
    k->curve_name = curve->name;
    k->size = curve->bits;
    return point_fits(k);
}

static bool read_key(lt_public_key *k, lt_reader parameters)
{
    lt_reader null;
    switch (k->type) {
    case LT_KEY_rsa: /* NULL (RFC 3279 section 2.3.1); some leave it out */
        return (parameters.n == 0 || (der_only(parameters, DER_NULL, &null) && null.n == 0))
               && read_rsa(k);
    case LT_KEY_rsa_pss:
        return read_rsa(k);
    case LT_KEY_ec:
        return read_ec(k, parameters);
    case LT_KEY_ed25519: /* RFC 8410 section 3 */
        k->size = 256;
        return parameters.n == 0 && k->bits.n == 32;
    case LT_KEY_unknown:
        break;
    }
    return true;
}

lt_code lt_public_key_parse(lt_public_key *k, lt_bytes spki, lt_error *e)
{
    lt_reader body, algorithm;
    *k = (lt_public_key){ .type = LT_KEY_unknown };
    if (!der_only(spki, DER_SEQUENCE, &body) || !der_element(&body, DER_SEQUENCE, &k->algorithm)
        || !der_only(k->algorithm, DER_SEQUENCE, &algorithm)
        || !der_oid(&algorithm, &k->algorithm_oid))
        return lt_fail(e, LT_bad_certificate, "SubjectPublicKeyInfo.algorithm");
    if (!der_octet_bits(&body, &k->bits) || body.n != 0)
        return lt_fail(e, LT_bad_certificate, "SubjectPublicKeyInfo.subjectPublicKey");
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (lt_bytes_equal(k->algorithm_oid, algorithms[i].oid))
            k->type = algorithms[i].type;
    if (!read_key(k, algorithm))
        return lt_fail(e, LT_bad_certificate, "SubjectPublicKeyInfo");
    return LT_OK;
}

bool lt_dsa_key_parse(const lt_public_key *k, lt_dsa_key *dsa)
{
    static const uint8_t id_dsa[] = { 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1 };
    lt_reader algorithm, bits = k->bits, numbers, null;
    lt_bytes oid;
    *dsa = (lt_dsa_key){ .size = 0 };
    if (!lt_bytes_equal(k->algorithm_oid, (lt_bytes){ id_dsa, sizeof id_dsa })
        || !der_unsigned(&bits, &dsa->y) || bits.n != 0
        || !der_only(k->algorithm, DER_SEQUENCE, &algorithm) || !der_oid(&algorithm, &oid))
        return false;
    if (algorithm.n == 0 || (der_only(algorithm, DER_NULL, &null) && null.n == 0))
        return true;
    if (!der_only(algorithm, DER_SEQUENCE, &numbers) || !der_unsigned(&numbers, &dsa->p)
        || !der_unsigned(&numbers, &dsa->q) || !der_unsigned(&numbers, &dsa->g)
        || numbers.n != 0)
        return false;
    dsa->size = bit_size(dsa->p);
    return true;
}

bool lt_dsa_signature_parse(lt_bytes signature, lt_bytes *r, lt_bytes *s)
{
    lt_reader body;
    return der_only(signature, DER_SEQUENCE, &body) && der_unsigned(&body, r)
           && der_unsigned(&body, s) && body.n == 0;
}
