/* SPDX-License-Identifier: MIT
 * extensions.c - see extensions.h. */
#include "x509/extensions.h"

#include "x509/der.h"
#include "x509/text.h"

bool lt_sequence_of(lt_bytes value, lt_reader *list)
{
    return der_only(value, DER_SEQUENCE, list) && list->n > 0;
}

bool lt_access_description_next(lt_reader *r, lt_access_description *a)
{
    lt_reader in = *r, body;
    lt_access_description out;
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_oid(&body, &out.method)
        || !lt_general_name_next(&body, &out.location) || body.n != 0)
        return false;
    *a = out;
    *r = in;
    return true;
}

bool lt_policy_information_next(lt_reader *r, lt_policy_information *p)
{
    lt_reader in = *r, body;
    lt_policy_information out = { .qualifiers = { NULL, 0 } };
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_oid(&body, &out.policy)
        || (body.n > 0 && !lt_sequence_of(body, &out.qualifiers)))
        return false;
    *p = out;
    *r = in;
    return true;
}

bool lt_policy_qualifier_next(lt_reader *r, lt_policy_qualifier *q)
{
    lt_reader in = *r, body, value;
    lt_policy_qualifier out;
    uint32_t tag;
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_oid(&body, &out.id))
        return false;
    out.qualifier = body;
    if (!der_any(&body, &tag, &value) || body.n != 0)
        return false;
    *q = out;
    *r = in;
    return true;
}

static bool read_display_text(lt_reader *r, lt_display_text *t)
{
    return der_any(r, &t->tag, &t->value) && lt_string_valid(t->tag, t->value);
}

/* UserNotice ::= SEQUENCE { noticeRef NoticeReference OPTIONAL, explicitText DisplayText OPTIONAL } */
bool lt_user_notice_read(lt_bytes qualifier, lt_user_notice *n)
{
    lt_reader body, reference;
    *n = (lt_user_notice){ .numbers = { NULL, 0 } };
    if (!der_only(qualifier, DER_SEQUENCE, &body)
        || !der_optional(&body, DER_SEQUENCE, &reference)
        || (reference.p
            && (!read_display_text(&reference, &n->organization)
                || !der_only(reference, DER_SEQUENCE, &n->numbers))))
        return false;
    return body.n == 0 || (read_display_text(&body, &n->explicit_text) && body.n == 0);
}

bool lt_policy_mapping_next(lt_reader *r, lt_policy_mapping *m)
{
    lt_reader in = *r, body;
    lt_policy_mapping out;
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_oid(&body, &out.issuer_domain_policy)
        || !der_oid(&body, &out.subject_domain_policy) || body.n != 0)
        return false;
    *m = out;
    *r = in;
    return true;
}

static bool optional_small(lt_reader *r, uint32_t tag, int32_t *v)
{
    lt_reader value;
    *v = -1;
    return der_optional(r, tag, &value) && (!value.p || der_is_small(value, v));
}

bool lt_policy_constraints_read(lt_bytes value, int32_t *require_explicit_policy,
                                int32_t *inhibit_policy_mapping)
{
    lt_reader body;
    return der_only(value, DER_SEQUENCE, &body)
           && optional_small(&body, DER_PRIMITIVE(0), require_explicit_policy)
           && optional_small(&body, DER_PRIMITIVE(1), inhibit_policy_mapping) && body.n == 0;
}

bool lt_inhibit_any_policy_read(lt_bytes value, int32_t *skip_certs)
{
    return der_small(&value, skip_certs) && value.n == 0;
}

bool lt_name_constraints_read(lt_bytes value, lt_bytes *permitted, lt_bytes *excluded)
{
    lt_reader body;
    return der_only(value, DER_SEQUENCE, &body)
           && der_optional(&body, DER_CONSTRUCTED(0), permitted)
           && der_optional(&body, DER_CONSTRUCTED(1), excluded) && body.n == 0
           && (permitted->n > 0 || excluded->n > 0);
}

bool lt_general_subtree_next(lt_reader *r, lt_general_subtree *s)
{
    lt_reader in = *r, body;
    lt_general_subtree out;
    if (!der_value(&in, DER_SEQUENCE, &body) || !lt_general_name_next(&body, &out.base)
        || !optional_small(&body, DER_PRIMITIVE(0), &out.minimum)
        || !optional_small(&body, DER_PRIMITIVE(1), &out.maximum) || body.n != 0)
        return false;
    if (out.minimum < 0) /* DEFAULT 0 */
        out.minimum = 0;
    *s = out;
    *r = in;
    return true;
}

bool lt_authority_key_identifier_read(lt_bytes value, lt_authority_key_identifier *a)
{
    lt_reader body;
    return der_only(value, DER_SEQUENCE, &body)
           && der_optional(&body, DER_PRIMITIVE(0), &a->key_identifier)
           && der_optional(&body, DER_CONSTRUCTED(1), &a->cert_issuer)
           && (!a->cert_issuer.p || lt_general_names_valid(a->cert_issuer))
           && der_optional(&body, DER_PRIMITIVE(2), &a->cert_serial)
           && (!a->cert_serial.p || der_is_integer(a->cert_serial)) && body.n == 0;
}

bool lt_private_key_usage_period_read(lt_bytes value, lt_private_key_usage_period *p)
{
    lt_reader body, from, to;
    *p = (lt_private_key_usage_period){ 0 };
    if (!der_only(value, DER_SEQUENCE, &body) || !der_optional(&body, DER_PRIMITIVE(0), &from)
        || !der_optional(&body, DER_PRIMITIVE(1), &to) || body.n != 0)
        return false;
    p->has_not_before = from.p != NULL;
    p->has_not_after = to.p != NULL;
    return (!from.p || der_is_time(DER_GENERALIZED_TIME, from, &p->not_before))
           && (!to.p || der_is_time(DER_GENERALIZED_TIME, to, &p->not_after));
}

bool lt_tls_feature_next(lt_reader *r, int32_t *feature)
{
    return der_small(r, feature);
}

bool lt_sct_list_open(lt_bytes value, lt_reader *list)
{
    lt_reader octets;
    return der_only(value, DER_OCTET_STRING, &octets) && rd_vec(&octets, 2, list)
           && octets.n == 0 && list->n > 0;
}

bool lt_sct_next(lt_reader *list, lt_sct *s)
{
    lt_reader in = *list, sct;
    lt_sct out = { .version = 0 };
    uint32_t high, low;
    if (!rd_vec(&in, 2, &sct) || sct.n == 0)
        return false;
    out.bytes = sct;
    rd_uint(&sct, 1, &out.version);
    if (out.version == 0) {
        if (!rd_take(&sct, 32, &out.log_id) || !rd_uint(&sct, 4, &high)
            || !rd_uint(&sct, 4, &low) || !rd_vec(&sct, 2, &out.extensions)
            || !rd_uint(&sct, 1, &out.hash) || !rd_uint(&sct, 1, &out.signature_algorithm)
            || !rd_vec(&sct, 2, &out.signature) || sct.n != 0)
            return false;
        out.timestamp = (uint64_t)high << 32 | low;
    }
    *s = out;
    *list = in;
    return true;
}
