/* SPDX-License-Identifier: MIT
 * path_certificate.c - the checks of one certificate that do not depend on its neighbours. See
 * path.h. */
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/extensions.h"
#include "x509/name_constraints.h"
#include "x509/path.h"
#include "x509/signature.h"
#include "x509/text.h"

#define BYTES(...)                                                                 \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

enum { SERIAL_MAX = 20 }; /* octets, section 4.1.2.2 */

const char *lt_name_text(lt_bytes name, char out[LT_NAME_TEXT])
{
    size_t n = lt_dn_text(name, out, LT_NAME_TEXT);
    if (n == 0)
        return "(empty name)";
    if (n >= LT_NAME_TEXT) { /* cut: say so, and never in the middle of a UTF-8 sequence */
        size_t end = LT_NAME_TEXT - 4;
        while (end > 0 && ((unsigned char)out[end] & 0xc0) == 0x80)
            end--;
        memcpy(out + end, "...", 4);
    }
    return out;
}

bool lt_is_self_issued(const lt_certificate *c)
{
    return lt_dn_equal(c->subject, c->issuer);
}

static lt_code fail(const lt_certificate *c, lt_code code, const char *where, const char *what,
                    lt_error *e)
{
    char name[LT_NAME_TEXT];
    return lt_fail_detail(e, code, where, "%s: %s", lt_name_text(c->subject, name), what);
}

/* Sections 4.1.1.2, 4.1.2.1 to 4.1.2.6. */
static lt_code check_form(const lt_certificate *c, bool leaf, bool anchor, lt_error *e)
{
    if (!anchor && !lt_bytes_equal(c->signature_algorithm, c->tbs_signature))
        return fail(c, LT_bad_certificate, "signatureAlgorithm",
                    "not that of tbsCertificate.signature", e);
    if (c->version != 3 && c->extensions.n > 0)
        return fail(c, LT_bad_certificate, "tbsCertificate.version",
                    "extensions in a version before 3", e);
    if (c->version < 2 && (c->issuer_unique_id.n > 0 || c->subject_unique_id.n > 0))
        return fail(c, LT_bad_certificate, "tbsCertificate.version",
                    "unique identifiers in version 1", e);
    if (c->serial_number.n > SERIAL_MAX)
        return fail(c, LT_bad_certificate, "tbsCertificate.serialNumber", "more than 20 octets",
                    e);
    if (lt_dn_is_empty(c->issuer))
        return fail(c, LT_bad_certificate, "tbsCertificate.issuer", "is empty", e);
    if (lt_dn_is_empty(c->subject) && !(leaf && c->subject_alt_name_critical))
        return fail(c, LT_bad_certificate, "tbsCertificate.subject",
                    leaf ? "is empty, and no critical subjectAltName stands in for it"
                         : "an issuer without a name",
                    e);
    return LT_OK;
}

/* Both ends are within (section 4.1.2.5). */
static lt_code check_dates(const lt_certificate *c, const lt_path *path, bool leaf, lt_error *e)
{
    char name[LT_NAME_TEXT], date[32];
    int64_t now = path->request->time, life = c->not_after - c->not_before;
    int64_t most = path->validator->policy.max_lifetime;
    const char *subject = lt_name_text(c->subject, name);
    if (now < c->not_before || now > c->not_after) {
        bool early = now < c->not_before;
        lt_time_text(early ? c->not_before : c->not_after, date, sizeof date);
        lt_fail_detail(e, early ? LT_not_yet_valid : LT_expired, "tbsCertificate.validity",
                       "%s: not %s %s", subject, early ? "before" : "after", date);
        lt_time_text(now, date, sizeof date);
        if (early)
            lt_error_cause(e, "the clock may be wrong", "the time is %s", date);
        else
            lt_path_explain_late(path, e);
        return e->code;
    }
    if (leaf && most > 0 && life > most)
        return lt_fail_detail(e, LT_lifetime, "tbsCertificate.validity",
                              "%s: %lld days; at most %lld are allowed", subject,
                              (long long)(life / 86400), (long long)(most / 86400));
    return LT_OK;
}

static lt_code check_key(const lt_anchor *a, const lt_path *path, lt_error *e)
{
    static const char where[] = "tbsCertificate.subjectPublicKeyInfo";
    char name[LT_NAME_TEXT];
    const char *subject = lt_name_text(a->certificate.subject, name);
    const lt_policy *policy = &path->validator->policy;
    const lt_public_key *key = &a->key;
    if (lt_store_distrusts(path->validator->store, a->certificate.spki))
        return lt_fail_detail(e, LT_distrusted, where, "%s", subject);
    if ((key->type == LT_KEY_rsa || key->type == LT_KEY_rsa_pss)
        && key->size < policy->min_rsa_bits)
        return lt_fail_detail(e, LT_weak_key, where,
                              "%s: RSA of %zu bits; at least %lu are asked", subject, key->size,
                              (unsigned long)policy->min_rsa_bits);
    if (key->type == LT_KEY_ec && key->curve == 0)
        return lt_fail_detail(e, LT_unsupported_certificate, where, "%s: curve %s", subject,
                              key->curve_name ? key->curve_name : "that is not known");
    if (key->type == LT_KEY_ec && !(policy->curves >> key->curve & 1))
        return lt_fail_detail(e, LT_weak_key, where, "%s: the policy has no %s", subject,
                              key->curve_name);
    if (key->type == LT_KEY_unknown)
        return lt_fail_detail(e, LT_unsupported_certificate, where, "%s: kind of key", subject);
    return LT_OK;
}

static uint32_t hash_id(const br_hash_class *hash)
{
    return (hash->desc >> BR_HASHDESC_ID_OFF) & BR_HASHDESC_ID_MASK;
}

static lt_code check_signature_algorithm(const lt_certificate *c, const lt_path *path,
                                         lt_error *e)
{
    lt_signature_algorithm a;
    lt_code rc = lt_signature_algorithm_parse(&a, c->signature_algorithm, e);
    if (rc != LT_OK || !a.hash)
        return rc;
    uint32_t used = 1U << hash_id(a.hash);
    if (a.pss.mgf1_hash)
        used |= 1U << hash_id(a.pss.mgf1_hash);
    if (used & ~path->validator->policy.hashes)
        return fail(c, LT_weak_signature, "signatureAlgorithm", a.name, e);
    return LT_OK;
}

/* What the validator acts upon, or may pass over because it only informs (section 4.2). */
static const lt_bytes understood[] = {
    BYTES(0x55, 0x1d, 14),                                       /* subjectKeyIdentifier */
    BYTES(0x55, 0x1d, 15),                                       /* keyUsage */
    BYTES(0x55, 0x1d, 17),                                       /* subjectAltName */
    BYTES(0x55, 0x1d, 18),                                       /* issuerAltName */
    BYTES(0x55, 0x1d, 19),                                       /* basicConstraints */
    BYTES(0x55, 0x1d, 30),                                       /* nameConstraints */
    BYTES(0x55, 0x1d, 31),                                       /* cRLDistributionPoints */
    BYTES(0x55, 0x1d, 32),                                       /* certificatePolicies */
    BYTES(0x55, 0x1d, 33),                                       /* policyMappings */
    BYTES(0x55, 0x1d, 35),                                       /* authorityKeyIdentifier */
    BYTES(0x55, 0x1d, 36),                                       /* policyConstraints */
    BYTES(0x55, 0x1d, 37),                                       /* extKeyUsage */
    BYTES(0x55, 0x1d, 46),                                       /* freshestCRL */
    BYTES(0x55, 0x1d, 54),                                       /* inhibitAnyPolicy */
    BYTES(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01),       /* authorityInfoAccess */
    BYTES(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18),       /* tlsfeature */
    BYTES(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05), /* ocsp-nocheck */
};

static bool is_understood(lt_bytes oid)
{
    for (size_t i = 0; i < sizeof understood / sizeof *understood; i++)
        if (lt_bytes_equal(oid, understood[i]))
            return true;
    return false;
}

/* A critical certificatePolicies is understood if its qualifiers are (section 4.2.1.4): id-qt-cps
 * and id-qt-unotice, which oblige to nothing. The first other one; n = 0: there is none. */
static lt_bytes odd_qualifier(lt_bytes value)
{
    static const uint8_t id_qt[] = { 0x2b, 6, 1, 5, 5, 7, 2 };
    lt_reader list;
    lt_policy_information p;
    lt_policy_qualifier q;
    if (!lt_sequence_of(value, &list))
        return (lt_bytes){ NULL, 0 }; /* policy_graph.c refuses it */
    while (lt_policy_information_next(&list, &p))
        while (lt_policy_qualifier_next(&p.qualifiers, &q))
            if (q.id.n != sizeof id_qt + 1
                || !lt_bytes_equal((lt_bytes){ q.id.p, sizeof id_qt },
                                   (lt_bytes){ id_qt, sizeof id_qt })
                || q.id.p[sizeof id_qt] < 1 || q.id.p[sizeof id_qt] > 2)
                return q.id;
    return (lt_bytes){ NULL, 0 };
}

/* The object identifier in a critical extension that stops us; n = 0: there is none. */
static lt_bytes not_understood(const lt_extension *x)
{
    static const uint8_t certificate_policies[] = { 0x55, 0x1d, 32 };
    if (!is_understood(x->oid))
        return x->oid;
    if (lt_bytes_equal(x->oid, (lt_bytes){ certificate_policies, sizeof certificate_policies }))
        return odd_qualifier(x->value);
    return (lt_bytes){ NULL, 0 };
}

static lt_code check_critical_extensions(const lt_certificate *c, lt_error *e)
{
    char name[LT_NAME_TEXT], text[128];
    lt_extension x;
    for (lt_reader r = c->extensions; lt_extension_next(&r, &x);) {
        lt_bytes oid = x.critical ? not_understood(&x) : (lt_bytes){ NULL, 0 };
        if (oid.n == 0)
            continue;
        lt_oid_text(oid, text, sizeof text);
        return lt_fail_detail(e, LT_critical_extension, "tbsCertificate.extensions",
                              "%s, in %s", text, lt_name_text(c->subject, name));
    }
    return LT_OK;
}

/* Section 6.1.4 k and n. A root of version 1 is a CA because the store says so. */
static lt_code check_issuer(const lt_certificate *c, bool anchor, lt_error *e)
{
    if (c->has_basic_constraints ? !c->is_ca : !(anchor && c->version < 3))
        return fail(c, LT_not_ca, "basicConstraints",
                    c->has_basic_constraints ? "cA is FALSE" : "absent", e);
    if (c->has_key_usage && !(c->key_usage & LT_KU_key_cert_sign))
        return fail(c, LT_key_usage, "keyUsage", "no keyCertSign", e);
    return LT_OK;
}

static const lt_bytes server_auth = BYTES(0x2b, 6, 1, 5, 5, 7, 3, 1);
static const lt_bytes client_auth = BYTES(0x2b, 6, 1, 5, 5, 7, 3, 2);
static const lt_bytes any_extended_key_usage = BYTES(0x55, 0x1d, 0x25, 0x00);

static bool lists(const lt_certificate *c, lt_bytes purpose)
{
    lt_bytes oid;
    for (lt_reader r = c->extended_key_usage; der_oid(&r, &oid);)
        if (lt_bytes_equal(oid, purpose))
            return true;
    return false;
}

/* Section 4.2.1.12, and what everyone makes of it: an issuer's list bounds those below it. */
static lt_code check_purpose(const lt_certificate *c, const lt_path *path, bool leaf,
                             lt_error *e)
{
    const lt_verify_request *q = path->request;
    lt_bytes purpose = q->purpose == LT_PURPOSE_server   ? server_auth
                       : q->purpose == LT_PURPOSE_client ? client_auth
                                                         : q->purpose_oid;
    char oid[128];
    if (q->purpose == LT_PURPOSE_any || !c->has_extended_key_usage || lists(c, purpose)
        || ((!leaf || path->validator->policy.any_purpose) && lists(c, any_extended_key_usage)))
        return LT_OK;
    lt_oid_text(purpose, oid, sizeof oid);
    return fail(c, LT_extended_key_usage, "extKeyUsage",
                q->purpose == LT_PURPOSE_server   ? "no serverAuth"
                : q->purpose == LT_PURPOSE_client ? "no clientAuth"
                                                  : oid,
                e);
}

/* What TLS does with the key (RFC 5246 sections 7.4.2 and 7.4.6): any of these will do here, and
 * the engine asks for the one that its cipher suite needs. */
static lt_code check_leaf_usage(const lt_certificate *c, const lt_path *path, lt_error *e)
{
    uint32_t wanted = LT_KU_digital_signature | LT_KU_key_agreement;
    if (path->request->purpose == LT_PURPOSE_server)
        wanted |= LT_KU_key_encipherment;
    else if (path->request->purpose != LT_PURPOSE_client)
        return LT_OK;
    if (c->has_key_usage && !(c->key_usage & wanted))
        return fail(c, LT_key_usage, "keyUsage", "no digitalSignature", e);
    return LT_OK;
}

lt_code lt_path_check_certificate(const lt_path *path, size_t i, lt_error *e)
{
    const lt_anchor *a = path->certificates[i];
    const lt_certificate *c = &a->certificate;
    bool leaf = i == 0, anchor = i + 1 == path->length;
    if (check_form(c, leaf, anchor, e) != LT_OK || check_key(a, path, e) != LT_OK
        || (!anchor && check_signature_algorithm(c, path, e) != LT_OK)
        || check_dates(c, path, leaf, e) != LT_OK || check_critical_extensions(c, e) != LT_OK
        || (!leaf && check_issuer(c, anchor, e) != LT_OK)
        || check_purpose(c, path, leaf, e) != LT_OK)
        return e->code;
    return leaf ? check_leaf_usage(c, path, e) : lt_name_constraints_valid(c, e);
}
