/* SPDX-License-Identifier: MIT
 * path_check.c - RFC 5280 section 6.1 over one path, from the anchor down to the leaf. See
 * path.h. */
#include "x509/path.h"

#include "x509/extensions.h"
#include "x509/name_constraints.h"
#include "x509/policy_graph.h"

enum { TLS_FEATURES_MAX = 64 }; /* in one certificate */

/* Section 6.1.4 l and m: certificates that a CA issues to itself do not count. */
static lt_code check_path_length(const lt_certificate *c, int32_t *left, bool anchor,
                                 lt_error *e)
{
    char name[LT_NAME_TEXT];
    if (!anchor && *left >= 0 && !lt_is_self_issued(c)) {
        if (*left == 0)
            return lt_fail_detail(e, LT_path_length, "basicConstraints.pathLenConstraint",
                                  "no CA may stand where %s does",
                                  lt_name_text(c->subject, name));
        --*left;
    }
    if (c->path_len_constraint >= 0 && (*left < 0 || c->path_len_constraint < *left))
        *left = c->path_len_constraint;
    return LT_OK;
}

static lt_code check_path_lengths(const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    int32_t left = -1;
    for (size_t i = path->length; i-- > 1;) {
        fault->at = i;
        if (check_path_length(&path->certificates[i]->certificate, &left, i + 1 == path->length,
                              e)
            != LT_OK)
            return e->code;
    }
    return LT_OK;
}

/* Sections 6.1.3 b and c, with the anchor's constraints too (RFC 5937). What a CA issues to itself
 * is bound by none, unless it is the leaf. */
static lt_code check_names(const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    uint32_t most = LT_NAME_COMPARISONS_MAX;
    uint32_t *left = path->comparisons ? path->comparisons : &most;
    for (size_t ca = path->length; ca-- > 1;) {
        const lt_certificate *issuer = &path->certificates[ca]->certificate;
        for (size_t i = ca; issuer->has_name_constraints && i-- > 0;) {
            const lt_certificate *c = &path->certificates[i]->certificate;
            fault->at = i;
            if ((i == 0 || !lt_is_self_issued(c))
                && lt_name_constraints_check(issuer, c, left, e) != LT_OK)
                return e->code;
        }
    }
    return LT_OK;
}

/* The numbers of TLS extensions that a certificate promises (RFC 7633); n = 0: none. False: they do
 * not decode, or are more than there can be any use for. */
static bool read_tls_features(const lt_certificate *c, lt_reader *features)
{
    static const uint8_t id_pe_tlsfeature[] = { 0x2b, 6, 1, 5, 5, 7, 1, 24 };
    lt_extension x;
    int32_t feature;
    int count = 0;
    *features = (lt_reader){ NULL, 0 };
    if (!lt_certificate_extension(c, (lt_bytes){ id_pe_tlsfeature, sizeof id_pe_tlsfeature },
                                  &x))
        return true;
    if (!lt_sequence_of(x.value, features))
        return false;
    lt_reader r = *features;
    while (lt_tls_feature_next(&r, &feature))
        count++;
    return r.n == 0 && count <= TLS_FEATURES_MAX;
}

static bool has_tls_feature(lt_reader features, int32_t wanted)
{
    int32_t feature;
    while (lt_tls_feature_next(&features, &feature))
        if (feature == wanted)
            return true;
    return false;
}

/* What a CA's certificate promises, the certificates that it issues promise too (RFC 7633 section
 * 4.2.2). */
static lt_code check_tls_features(const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    char name[LT_NAME_TEXT];
    lt_reader wanted = { NULL, 0 }, there;
    for (size_t i = path->length; i-- > 0; wanted = there) {
        const lt_certificate *c = &path->certificates[i]->certificate;
        fault->at = i;
        if (!read_tls_features(c, &there))
            return lt_fail_detail(e, LT_bad_certificate, "tlsfeature", "%s",
                                  lt_name_text(c->subject, name));
        for (int32_t feature; lt_tls_feature_next(&wanted, &feature);)
            if (!has_tls_feature(there, feature))
                return lt_fail_detail(e, LT_bad_certificate, "tlsfeature",
                                      "%s lacks the feature %d of its issuer",
                                      lt_name_text(c->subject, name), (int)feature);
    }
    return LT_OK;
}

lt_code lt_path_check(const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    fault->own = true;
    for (size_t i = path->length; i-- > 0;) {
        fault->at = i;
        if (lt_path_check_certificate(path, i, e) != LT_OK)
            return e->code;
    }
    fault->own = false;
    if (check_path_lengths(path, fault, e) != LT_OK || check_names(path, fault, e) != LT_OK
        || check_tls_features(path, fault, e) != LT_OK)
        return e->code;
    return lt_policies_check(path, fault, e);
}
