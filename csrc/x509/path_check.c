/* SPDX-License-Identifier: MIT
 * path_check.c - RFC 5280 section 6.1 over one path, from the anchor down to the leaf. See
 * path.h. */
#include "x509/path.h"

#include "x509/name_constraints.h"
#include "x509/policy_graph.h"

enum { NAME_COMPARISONS_MAX = 250000 }; /* names times subtrees, in one path */

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
    uint32_t left = NAME_COMPARISONS_MAX;
    for (size_t ca = path->length; ca-- > 1;) {
        const lt_certificate *issuer = &path->certificates[ca]->certificate;
        for (size_t i = ca; issuer->has_name_constraints && i-- > 0;) {
            const lt_certificate *c = &path->certificates[i]->certificate;
            fault->at = i;
            if ((i == 0 || !lt_is_self_issued(c))
                && lt_name_constraints_check(issuer, c, &left, e) != LT_OK)
                return e->code;
        }
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
    if (check_path_lengths(path, fault, e) != LT_OK || check_names(path, fault, e) != LT_OK)
        return e->code;
    return lt_policies_check(path, fault, e);
}
