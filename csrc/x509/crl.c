/* SPDX-License-Identifier: MIT
 * crl.c - see crl.h: the form of a CertificateList. */
#include "x509/crl.h"

#include <stdlib.h>

#include "x509/crl_point.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/extensions.h"
#include "x509/general_name.h"

enum { EXTENSIONS_MAX = 64 }; /* each is compared with those before it */

const char *lt_reason_name(uint32_t reason)
{
    static const char *const names[] = {
        "unspecified",     "key_compromise",         "ca_compromise",    "affiliation_changed",
        "superseded",      "cessation_of_operation", "certificate_hold", NULL,
        "remove_from_crl", "privilege_withdrawn",    "aa_compromise",
    };
    return reason < sizeof names / sizeof *names ? names[reason] : NULL;
}

/* id-ce is 2.5.29: 55 1d and one octet; 0: another OID */
static uint8_t id_ce(lt_bytes oid)
{
    return oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d ? oid.p[2] : 0;
}

static bool unsigned_only(lt_bytes value, lt_bytes *magnitude)
{
    lt_reader in = value;
    return der_unsigned(&in, magnitude) && in.n == 0;
}

static bool read_crl_number(lt_crl *crl, lt_bytes value) /* 5.2.3 */
{
    return crl->has_crl_number = unsigned_only(value, &crl->crl_number);
}

static bool read_delta_crl_indicator(lt_crl *crl, lt_bytes value) /* 5.2.4 */
{
    return crl->is_delta = unsigned_only(value, &crl->base_crl_number);
}

static bool read_issuing_distribution_point(lt_crl *crl, lt_bytes value) /* 5.2.5 */
{
    crl->has_issuing_point = true;
    crl->issuing_point_value = value;
    return lt_issuing_point_parse(&crl->issuing_point, value);
}

static bool read_authority_key_identifier(lt_crl *crl, lt_bytes value) /* 5.2.1 */
{
    lt_authority_key_identifier a;
    if (!lt_authority_key_identifier_read(value, &a))
        return false;
    crl->authority_key_identifier = a.key_identifier;
    return true;
}

static bool read_freshest_crl(lt_crl *crl, lt_bytes value) /* 5.2.6 */
{
    lt_distribution_point point;
    if (!lt_sequence_of(value, &crl->freshest_crl))
        return false;
    lt_reader points = crl->freshest_crl;
    while (lt_crl_point_next(&points, &point))
        ;
    return points.n == 0;
}

static bool read_issuer_alt_name(lt_crl *crl, lt_bytes value) /* 5.2.2 */
{
    lt_reader names;
    (void)crl;
    return der_only(value, DER_SEQUENCE, &names) && lt_general_names_valid(names);
}

static const struct {
    uint8_t id_ce;
    const char *where;
    bool (*read)(lt_crl *crl, lt_bytes value);
} known[] = {
    { 18, "issuerAltName", read_issuer_alt_name },
    { 20, "cRLNumber", read_crl_number },
    { 27, "deltaCRLIndicator", read_delta_crl_indicator },
    { 28, "issuingDistributionPoint", read_issuing_distribution_point },
    { 35, "authorityKeyIdentifier", read_authority_key_identifier },
    { 46, "freshestCRL", read_freshest_crl },
};

static lt_code read_extension(lt_crl *crl, const lt_extension *x, lt_error *e)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].id_ce == id_ce(x->oid)) {
            if (!known[i].read(crl, x->value))
                return lt_fail(e, LT_bad_crl, known[i].where);
            return LT_OK;
        }
    if (x->critical)
        crl->unknown_critical = x->oid;
    return LT_OK;
}

static lt_code read_extensions(lt_crl *crl, lt_error *e)
{
    lt_extension x, before;
    int count = 0;
    for (lt_reader r = crl->extensions; r.n > 0;) {
        const uint8_t *start = r.p;
        if (!lt_extension_next(&r, &x))
            return lt_fail(e, LT_bad_crl, "crlExtensions");
        if (++count > EXTENSIONS_MAX)
            return lt_fail_detail(e, LT_limit, "crlExtensions", "more than %d", EXTENSIONS_MAX);
        for (lt_reader b = crl->extensions; b.p != start && lt_extension_next(&b, &before);)
            if (lt_bytes_equal(before.oid, x.oid))
                return lt_fail_detail(e, LT_bad_crl, "crlExtensions",
                                      "number %d is there twice", count);
        if (read_extension(crl, &x, e) != LT_OK)
            return e->code;
    }
    return LT_OK;
}

static bool read_reason(lt_crl_entry *entry, lt_bytes value) /* 5.3.1 */
{
    lt_reader content;
    int32_t v;
    if (entry->has_reason || !der_only(value, DER_ENUMERATED, &content)
        || !der_is_small(content, &v))
        return false;
    entry->reason = (uint32_t)v;
    return entry->has_reason = true;
}

static bool read_invalidity_date(lt_crl_entry *entry, lt_bytes value) /* 5.3.2 */
{
    lt_reader content;
    return !entry->has_invalidity_date && der_only(value, DER_GENERALIZED_TIME, &content)
           && (entry->has_invalidity_date =
                   der_is_time(DER_GENERALIZED_TIME, content, &entry->invalidity_date));
}

static bool read_certificate_issuer(lt_crl_entry *entry, lt_bytes value) /* 5.3.3 */
{
    return entry->certificate_issuer.n == 0
           && der_only(value, DER_SEQUENCE, &entry->certificate_issuer)
           && lt_general_names_valid(entry->certificate_issuer);
}

static bool read_entry_extensions(lt_bytes extensions, lt_crl_entry *entry, lt_bytes *unknown)
{
    lt_extension x;
    bool ok = true;
    while (ok && extensions.n > 0) {
        if (!lt_extension_next(&extensions, &x))
            return false;
        switch (id_ce(x.oid)) {
        case 21:
            ok = read_reason(entry, x.value);
            break;
        case 24:
            ok = read_invalidity_date(entry, x.value);
            break;
        case 29:
            ok = read_certificate_issuer(entry, x.value);
            break;
        default:
            if (x.critical)
                *unknown = x.oid;
        }
    }
    return ok;
}

/* SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL } */
static bool next_entry(lt_reader *r, lt_crl_entry *entry, bool *extended, lt_bytes *unknown)
{
    lt_reader body, extensions;
    *entry = (lt_crl_entry){ .reason = LT_REASON_unspecified };
    if (!der_value(r, DER_SEQUENCE, &body) || !der_integer(&body, &entry->serial_number)
        || !der_time(&body, &entry->revocation_date))
        return false;
    *extended = body.n > 0;
    return !*extended
           || (der_only(body, DER_SEQUENCE, &extensions) && extensions.n > 0
               && read_entry_extensions(extensions, entry, unknown));
}

static lt_code count_entries(lt_crl *crl, lt_error *e)
{
    lt_crl_entry entry;
    bool extended;
    for (lt_reader r = crl->revoked_certificates; r.n > 0; crl->entry_count++)
        if (!next_entry(&r, &entry, &extended, &crl->unknown_critical)
            || (extended && crl->version == 1))
            return lt_fail_detail(e, LT_bad_crl, "revokedCertificates", "entry %zu",
                                  crl->entry_count + 1);
    return LT_OK;
}

void lt_crl_entry_at(const lt_crl *crl, size_t i, lt_crl_entry *entry)
{
    const lt_bytes all = crl->revoked_certificates;
    lt_reader r = { all.p + crl->index[i].entry, all.n - crl->index[i].entry };
    lt_crl_entry other;
    lt_bytes unknown;
    bool extended;
    next_entry(&r, entry, &extended, &unknown);
    if (crl->index[i].issuer != 0) { /* it holds from its entry on (section 5.3.3) */
        size_t at = crl->index[i].issuer - 1;
        r = (lt_reader){ all.p + at, all.n - at };
        next_entry(&r, &other, &extended, &unknown);
        entry->certificate_issuer = other.certificate_issuer;
    }
}

static void fill_index(lt_crl *crl)
{
    lt_crl_entry entry;
    lt_bytes unknown;
    bool extended;
    uint32_t issuer = 0;
    lt_reader r = crl->revoked_certificates;
    for (size_t i = 0; i < crl->entry_count; i++) {
        uint32_t at = (uint32_t)(r.p - crl->revoked_certificates.p);
        next_entry(&r, &entry, &extended, &unknown);
        if (entry.certificate_issuer.n > 0)
            issuer = at + 1;
        crl->index[i] = (lt_crl_index){ at, issuer };
    }
}

static lt_code make_index(lt_crl *crl, lt_error *e)
{
    if (count_entries(crl, e) != LT_OK)
        return e->code;
    if (crl->entry_count == 0)
        return LT_OK;
    crl->index = calloc(crl->entry_count, sizeof *crl->index);
    if (!crl->index)
        return lt_fail(e, LT_memory, "revokedCertificates");
    fill_index(crl);
    return lt_crl_sort(crl, e);
}

/* Version OPTIONAL: if present, v2 (section 5.1.2.1) */
static bool read_version(lt_reader *tbs, lt_crl *crl)
{
    int32_t v = 0;
    if (der_next_is(tbs, DER_INTEGER) && (!der_small(tbs, &v) || v != 1))
        return false;
    crl->version = (uint32_t)v + 1;
    return true;
}

static bool read_next_update(lt_reader *tbs, lt_crl *crl)
{
    crl->updates.has_next_update =
        der_next_is(tbs, DER_UTC_TIME) || der_next_is(tbs, DER_GENERALIZED_TIME);
    return !crl->updates.has_next_update || der_time(tbs, &crl->updates.next_update);
}

/* revokedCertificates: absent where there are none, not empty (section 5.1.2.6) */
static bool take_revoked_certificates(lt_reader *tbs, lt_crl *crl)
{
    return der_optional(tbs, DER_SEQUENCE, &crl->revoked_certificates)
           && (!crl->revoked_certificates.p || crl->revoked_certificates.n > 0);
}

/* [0] EXPLICIT Extensions OPTIONAL, of version 2 */
static bool take_extensions(lt_reader *tbs, lt_crl *crl)
{
    lt_reader explicit;
    return der_optional(tbs, DER_CONSTRUCTED(0), &explicit)
           && (!explicit.p
               || (crl->version == 2 && der_only(explicit, DER_SEQUENCE, &crl->extensions)
                   && crl->extensions.n > 0));
}

static lt_code read_tbs_cert_list(lt_crl *crl, lt_error *e)
{
    lt_reader tbs;
    lt_bytes algorithm;
    const char *where = NULL;
    if (!der_only(crl->tbs_cert_list, DER_SEQUENCE, &tbs))
        where = "tbsCertList";
    else if (!read_version(&tbs, crl))
        where = "tbsCertList.version";
    else if (!der_element(&tbs, DER_SEQUENCE, &algorithm)
             || !lt_bytes_equal(algorithm, crl->signature_algorithm)) /* section 5.1.1.2 */
        where = "tbsCertList.signature";
    else if (!der_element(&tbs, DER_SEQUENCE, &crl->issuer) || !lt_dn_valid(crl->issuer))
        where = "tbsCertList.issuer";
    else if (!der_time(&tbs, &crl->updates.this_update))
        where = "tbsCertList.thisUpdate";
    else if (!read_next_update(&tbs, crl))
        where = "tbsCertList.nextUpdate";
    else if (!take_revoked_certificates(&tbs, crl))
        where = "tbsCertList.revokedCertificates";
    else if (!take_extensions(&tbs, crl) || tbs.n != 0)
        where = "tbsCertList.crlExtensions";
    return where ? lt_fail(e, LT_bad_crl, where) : LT_OK;
}

lt_code lt_crl_parse(lt_crl *crl, lt_bytes der, lt_error *e)
{
    lt_reader body, algorithm;
    lt_bytes oid;
    *crl = (lt_crl){ .der = der };
    if (!der_only(der, DER_SEQUENCE, &body)
        || !der_element(&body, DER_SEQUENCE, &crl->tbs_cert_list))
        return lt_fail(e, LT_bad_crl, "CertificateList");
    if (!der_element(&body, DER_SEQUENCE, &crl->signature_algorithm)
        || !der_only(crl->signature_algorithm, DER_SEQUENCE, &algorithm)
        || !der_oid(&algorithm, &oid))
        return lt_fail(e, LT_bad_crl, "signatureAlgorithm");
    if (!der_octet_bits(&body, &crl->signature) || body.n != 0)
        return lt_fail(e, LT_bad_crl, "signatureValue");
    if (read_tbs_cert_list(crl, e) != LT_OK || read_extensions(crl, e) != LT_OK)
        return e->code;
    return make_index(crl, e);
}
