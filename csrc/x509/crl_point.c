/* SPDX-License-Identifier: MIT
 * crl_point.c - see crl_point.h. */
#include "x509/crl_point.h"

#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/dn.h"
#include "x509/general_name.h"

/* [n] IMPLICIT BOOLEAN DEFAULT FALSE; an encoded FALSE is taken, as in extensions */
static bool read_flag(lt_reader *r, uint32_t n, bool *flag)
{
    lt_reader content;
    if (!der_optional(r, DER_PRIMITIVE(n), &content))
        return false;
    if (content.p && (content.n != 1 || (content.p[0] != 0 && content.p[0] != 0xff)))
        return false;
    *flag = content.p && content.p[0] != 0;
    return true;
}

/* [n] IMPLICIT ReasonFlags; bit 0 is unused */
static bool read_reasons(lt_reader *r, uint32_t n, bool *present, uint32_t *reasons)
{
    lt_reader content;
    lt_bytes bits;
    uint32_t unused;
    *reasons = LT_REASONS_ALL;
    if (!der_optional(r, DER_PRIMITIVE(n), &content))
        return false;
    *present = content.p != NULL;
    if (!*present)
        return true;
    if (!der_is_bit_string(content, &bits, &unused))
        return false;
    *reasons = 0;
    for (uint32_t i = 1; i <= 8 && i / 8 < bits.n; i++)
        if (bits.p[i / 8] & 0x80U >> i % 8)
            *reasons |= 1U << i;
    return true;
}

/* [0] DistributionPointName OPTIONAL ::= CHOICE { fullName [0], nameRelativeToCRLIssuer [1] } */
static bool read_name(lt_reader *r, lt_point_name *name)
{
    lt_reader choice;
    if (!der_optional(r, DER_CONSTRUCTED(0), &choice))
        return false;
    if (!choice.p)
        return true;
    if (der_next_is(&choice, DER_CONSTRUCTED(0)))
        return der_only(choice, DER_CONSTRUCTED(0), &name->full_name)
               && lt_general_names_valid(name->full_name);
    return der_only(choice, DER_CONSTRUCTED(1), &name->relative_name)
           && name->relative_name.n > 0;
}

bool lt_crl_point_next(lt_reader *points, lt_distribution_point *point)
{
    lt_reader in = *points, body;
    lt_distribution_point out = { .has_reasons = false };
    if (!der_value(&in, DER_SEQUENCE, &body) || !read_name(&body, &out.name)
        || !read_reasons(&body, 1, &out.has_reasons, &out.reasons)
        || !der_optional(&body, DER_CONSTRUCTED(2), &out.crl_issuer)
        || (out.crl_issuer.p && !lt_general_names_valid(out.crl_issuer)) || body.n != 0)
        return false;
    *point = out;
    *points = in;
    return true;
}

bool lt_issuing_point_parse(lt_issuing_point *point, lt_bytes value)
{
    lt_reader body;
    lt_issuing_point out = { .has_reasons = false };
    if (!der_only(value, DER_SEQUENCE, &body) || body.n == 0 || !read_name(&body, &out.name)
        || !read_flag(&body, 1, &out.only_user_certs)
        || !read_flag(&body, 2, &out.only_ca_certs)
        || !read_reasons(&body, 3, &out.has_reasons, &out.reasons)
        || !read_flag(&body, 4, &out.indirect)
        || !read_flag(&body, 5, &out.only_attribute_certs) || body.n != 0
        || out.only_user_certs + out.only_ca_certs + out.only_attribute_certs > 1)
        return false;
    *point = out;
    return true;
}

bool lt_names_include_dn(lt_bytes names, lt_bytes dn)
{
    lt_general_name name;
    while (lt_general_name_next(&names, &name))
        if (name.type == LT_GN_directory_name && lt_dn_equal(name.value, dn))
            return true;
    return false;
}

enum { NAMES_MAX = 64, MADE_MAX = 1024 }; /* names of a point that are looked at; bytes */

/* GeneralNames, where a relative name has been made full. */
typedef struct {
    lt_bytes names;
    uint8_t made[MADE_MAX];
} names_in_full;

static bool make_full(names_in_full *full, const lt_point_name *point, lt_bytes issuer)
{
    lt_reader rdns;
    full->names = point->full_name;
    if (point->relative_name.n == 0)
        return true;
    if (!der_only(issuer, DER_SEQUENCE, &rdns))
        return false;
    der_writer w = der_writer_on(full->made, sizeof full->made);
    der_put_element(&w, DER_SET, point->relative_name);
    der_put(&w, rdns);
    der_put_header(&w, DER_SEQUENCE, w.end);
    der_put_header(&w, DER_CONSTRUCTED(LT_GN_directory_name), w.end);
    full->names = (lt_bytes){ w.p, (size_t)(w.end - w.p) };
    return !w.full;
}

static bool same_name(const lt_general_name *a, const lt_general_name *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == LT_GN_directory_name)
        return lt_dn_equal(a->value, b->value);
    return lt_bytes_equal(a->value, b->value);
}

bool lt_point_names_meet(const lt_point_name *a, const lt_point_name *b, lt_bytes issuer)
{
    names_in_full full_a, full_b;
    lt_general_name name_a, name_b;
    if (!make_full(&full_a, a, issuer) || !make_full(&full_b, b, issuer))
        return false;
    lt_reader ra = full_a.names;
    for (int i = 0; i < NAMES_MAX && lt_general_name_next(&ra, &name_a); i++) {
        lt_reader rb = full_b.names;
        for (int j = 0; j < NAMES_MAX && lt_general_name_next(&rb, &name_b); j++)
            if (same_name(&name_a, &name_b))
                return true;
    }
    return false;
}
