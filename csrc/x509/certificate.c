/* SPDX-License-Identifier: MIT
 * certificate.c - see certificate.h. */
#include "x509/certificate.h"

#include "x509/der.h"
#include "x509/dn.h"
#include "x509/extensions.h"
#include "x509/general_name.h"

enum {
    SERIAL_MAX = 64,      /* octets; RFC 5280 section 4.1.2.2 allows 20 */
    EXTENSIONS_MAX = 128, /* each is compared with those before it */
};

static const uint8_t any_extended_key_usage[] = { 0x55, 0x1d, 0x25, 0x00 };

static bool read_basic_constraints(lt_certificate *c, const lt_extension *x) /* 4.2.1.9 */
{
    lt_reader body;
    if (!der_only(x->value, DER_SEQUENCE, &body)
        || (der_next_is(&body, DER_BOOLEAN) && !der_boolean(&body, &c->is_ca))
        || (der_next_is(&body, DER_INTEGER) && !der_small(&body, &c->path_len_constraint)))
        return false;
    return c->has_basic_constraints = body.n == 0;
}

static bool read_key_usage(lt_certificate *c, const lt_extension *x) /* 4.2.1.3 */
{
    lt_reader in = x->value;
    lt_bytes bits;
    uint32_t unused;
    if (!der_bit_string(&in, &bits, &unused) || in.n != 0)
        return false;
    for (uint32_t i = 0; i < 9 && i / 8 < bits.n; i++)
        if (bits.p[i / 8] & 0x80U >> i % 8)
            c->key_usage |= 1U << i;
    return c->has_key_usage = true;
}

static bool read_extended_key_usage(lt_certificate *c, const lt_extension *x) /* 4.2.1.12 */
{
    lt_bytes oid;
    if (!der_only(x->value, DER_SEQUENCE, &c->extended_key_usage)
        || c->extended_key_usage.n == 0)
        return false;
    for (lt_reader r = c->extended_key_usage; r.n > 0;)
        if (!der_oid(&r, &oid))
            return false;
    return c->has_extended_key_usage = true;
}

static bool read_subject_alt_name(lt_certificate *c, const lt_extension *x) /* 4.2.1.6 */
{
    c->subject_alt_name_critical = x->critical;
    c->has_subject_alt_name = true;
    return der_only(x->value, DER_SEQUENCE, &c->subject_alt_name)
           && lt_general_names_valid(c->subject_alt_name);
}

static bool read_name_constraints(lt_certificate *c, const lt_extension *x) /* 4.2.1.10 */
{
    lt_bytes permitted, excluded;
    c->name_constraints_critical = x->critical;
    c->has_name_constraints = true;
    return lt_name_constraints_read(x->value, &permitted, &excluded);
}

static bool read_subject_key_identifier(lt_certificate *c, const lt_extension *x) /* 4.2.1.2 */
{
    return der_only(x->value, DER_OCTET_STRING, &c->subject_key_identifier);
}

static bool read_authority_key_identifier(lt_certificate *c,
                                          const lt_extension *x) /* 4.2.1.1 */
{
    lt_authority_key_identifier a;
    if (!lt_authority_key_identifier_read(x->value, &a))
        return false;
    c->authority_key_identifier = a.key_identifier;
    return true;
}

/* id-ce is 2.5.29: 55 1d and one octet */
static const struct {
    uint8_t id_ce;
    const char *where;
    bool (*read)(lt_certificate *c, const lt_extension *x);
} known[] = {
    { 14, "subjectKeyIdentifier", read_subject_key_identifier },
    { 15, "keyUsage", read_key_usage },
    { 17, "subjectAltName", read_subject_alt_name },
    { 19, "basicConstraints", read_basic_constraints },
    { 30, "nameConstraints", read_name_constraints },
    { 35, "authorityKeyIdentifier", read_authority_key_identifier },
    { 37, "extKeyUsage", read_extended_key_usage },
};

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
 * An encoded FALSE is met too often to be refused. */
bool lt_extension_next(lt_reader *extensions, lt_extension *x)
{
    lt_reader in = *extensions, body;
    lt_extension out = { .critical = false };
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_oid(&body, &out.oid)
        || (der_next_is(&body, DER_BOOLEAN) && !der_boolean(&body, &out.critical))
        || !der_only(body, DER_OCTET_STRING, &out.value))
        return false;
    *x = out;
    *extensions = in;
    return true;
}

bool lt_certificate_extension(const lt_certificate *c, lt_bytes oid, lt_extension *x)
{
    lt_extension each;
    for (lt_reader r = c->extensions; lt_extension_next(&r, &each);)
        if (lt_bytes_equal(each.oid, oid)) {
            *x = each;
            return true;
        }
    return false;
}

static lt_code read_known(lt_certificate *c, const lt_extension *x, lt_error *e)
{
    if (x->oid.n != 3 || x->oid.p[0] != 0x55 || x->oid.p[1] != 0x1d)
        return LT_OK;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].id_ce == x->oid.p[2] && !known[i].read(c, x))
            return lt_fail(e, LT_bad_certificate, known[i].where);
    return LT_OK;
}

static bool is_among(const lt_bytes *oids, size_t n, lt_bytes oid)
{
    for (size_t i = 0; i < n; i++)
        if (lt_bytes_equal(oids[i], oid))
            return true;
    return false;
}

static lt_code read_extensions(lt_certificate *c, lt_error *e)
{
    lt_bytes oids[EXTENSIONS_MAX];
    lt_extension x;
    size_t count = 0;
    for (lt_reader r = c->extensions; r.n > 0;) {
        if (!lt_extension_next(&r, &x))
            return lt_fail(e, LT_bad_certificate, "Extension");
        if (count == EXTENSIONS_MAX)
            return lt_fail_detail(e, LT_limit, "Extensions", "more than %d", EXTENSIONS_MAX);
        if (is_among(oids, count, x.oid))
            return lt_fail_detail(e, LT_bad_certificate, "Extensions",
                                  "number %zu is there twice", count + 1);
        oids[count++] = x.oid;
        if (read_known(c, &x, e) != LT_OK)
            return e->code;
    }
    return LT_OK;
}

/* [0] EXPLICIT Version DEFAULT v1 (section 4.1.2.1) */
static bool read_version(lt_reader *tbs, lt_certificate *c)
{
    lt_reader explicit;
    int32_t v = 0;
    if (!der_optional(tbs, DER_CONSTRUCTED(0), &explicit)
        || (explicit.p && (!der_small(&explicit, &v) || explicit.n != 0 || v > 2)))
        return false;
    c->version = (uint32_t)v + 1;
    return true;
}

static bool read_validity(lt_reader *tbs, lt_certificate *c)
{
    lt_reader validity;
    return der_value(tbs, DER_SEQUENCE, &validity) && der_time(&validity, &c->not_before)
           && der_time(&validity, &c->not_after) && validity.n == 0;
}

/* [n] IMPLICIT BIT STRING OPTIONAL, of version 2 and 3 (section 4.1.2.8) */
static bool read_unique_id(lt_reader *tbs, uint32_t n, const lt_certificate *c, lt_bytes *id)
{
    lt_bytes bits;
    uint32_t unused;
    return der_optional(tbs, DER_PRIMITIVE(n), id)
           && (!id->p || (c->version >= 2 && der_is_bit_string(*id, &bits, &unused)));
}

/* [3] EXPLICIT Extensions OPTIONAL, of version 3 (section 4.1.2.9) */
static bool take_extensions(lt_reader *tbs, lt_certificate *c)
{
    lt_reader explicit;
    return der_optional(tbs, DER_CONSTRUCTED(3), &explicit)
           && (!explicit.p
               || (c->version == 3 && der_only(explicit, DER_SEQUENCE, &c->extensions)
                   && c->extensions.n > 0));
}

static lt_code read_tbs_certificate(lt_certificate *c, lt_error *e)
{
    lt_reader tbs;
    const char *where = NULL;
    if (!der_only(c->tbs_certificate, DER_SEQUENCE, &tbs))
        where = "tbsCertificate";
    else if (!read_version(&tbs, c))
        where = "tbsCertificate.version";
    else if (!der_integer(&tbs, &c->serial_number) || c->serial_number.n > SERIAL_MAX)
        where = "tbsCertificate.serialNumber";
    else if (!der_element(&tbs, DER_SEQUENCE, &c->tbs_signature))
        where = "tbsCertificate.signature";
    else if (!der_element(&tbs, DER_SEQUENCE, &c->issuer) || !lt_dn_valid(c->issuer))
        where = "tbsCertificate.issuer";
    else if (!read_validity(&tbs, c))
        where = "tbsCertificate.validity";
    else if (!der_element(&tbs, DER_SEQUENCE, &c->subject)
             || !(lt_bytes_equal(c->subject, c->issuer) || lt_dn_valid(c->subject)))
        where = "tbsCertificate.subject";
    else if (!der_element(&tbs, DER_SEQUENCE, &c->spki))
        where = "tbsCertificate.subjectPublicKeyInfo";
    else if (!read_unique_id(&tbs, 1, c, &c->issuer_unique_id)
             || !read_unique_id(&tbs, 2, c, &c->subject_unique_id))
        where = "tbsCertificate.uniqueID";
    else if (!take_extensions(&tbs, c) || tbs.n != 0)
        where = "tbsCertificate.extensions";
    return where ? lt_fail(e, LT_bad_certificate, where) : LT_OK;
}

static bool is_algorithm_identifier(lt_bytes der)
{
    lt_reader body, parameters;
    lt_bytes oid;
    uint32_t tag;
    return der_only(der, DER_SEQUENCE, &body) && der_oid(&body, &oid)
           && (body.n == 0 || (der_any(&body, &tag, &parameters) && body.n == 0));
}

lt_code lt_certificate_parse(lt_certificate *c, lt_bytes der, lt_error *e)
{
    lt_reader body;
    *c = (lt_certificate){ .der = der, .path_len_constraint = -1 };
    if (!der_only(der, DER_SEQUENCE, &body))
        return lt_fail(e, LT_bad_certificate, "Certificate");
    if (!der_element(&body, DER_SEQUENCE, &c->tbs_certificate))
        return lt_fail(e, LT_bad_certificate, "tbsCertificate");
    if (!der_element(&body, DER_SEQUENCE, &c->signature_algorithm)
        || !is_algorithm_identifier(c->signature_algorithm))
        return lt_fail(e, LT_bad_certificate, "signatureAlgorithm");
    if (!der_octet_bits(&body, &c->signature) || body.n != 0)
        return lt_fail(e, LT_bad_certificate, "signatureValue");
    if (read_tbs_certificate(c, e) != LT_OK)
        return e->code;
    return read_extensions(c, e);
}

bool lt_certificate_allows_purpose(const lt_certificate *c, lt_bytes key_purpose_oid)
{
    const lt_bytes any = { any_extended_key_usage, sizeof any_extended_key_usage };
    lt_bytes oid;
    if (!c->has_extended_key_usage)
        return true;
    for (lt_reader r = c->extended_key_usage; der_oid(&r, &oid);)
        if (lt_bytes_equal(oid, key_purpose_oid) || lt_bytes_equal(oid, any))
            return true;
    return false;
}
