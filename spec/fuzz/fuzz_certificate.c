/* SPDX-License-Identifier: MIT
 * fuzz_certificate.c - libFuzzer: any bytes as a certificate in DER, and every reader of what
 * stands in one. What parses must be made of views into what was parsed. */
#include <stdlib.h>

#include "x509/certificate.h"
#include "x509/crl_point.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/extensions.h"
#include "x509/name.h"
#include "x509/oid.h"
#include "x509/public_key.h"
#include "x509/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fine)
{
    if (!fine)
        abort();
}

/* Two passes, as callers make them: the length that is announced is the length that is written. */
static void print_name(lt_bytes name)
{
    size_t n = lt_dn_text(name, NULL, 0);
    char *text = malloc(n + 1);
    check(text && lt_dn_text(name, text, n + 1) == n && strlen(text) == n);
    for (size_t i = 0; i < n; i++)
        check((uint8_t)text[i] >= 0x20 && text[i] != 0x7f);
    free(text);
}

static void read_general_names(lt_reader names)
{
    lt_general_name name;
    char text[128];
    lt_bytes oid, value;
    while (lt_general_name_next(&names, &name)) {
        lt_ip_text(name.value, text, sizeof text);
        lt_other_name(name.value, &oid, &value);
        if (name.type == LT_GN_directory_name)
            print_name(name.value);
    }
}

static void read_policies(lt_reader list)
{
    lt_policy_information policy;
    lt_policy_qualifier qualifier;
    lt_user_notice notice;
    while (lt_policy_information_next(&list, &policy))
        while (lt_policy_qualifier_next(&policy.qualifiers, &qualifier))
            lt_user_notice_read(qualifier.qualifier, &notice);
}

static void read_lists(lt_bytes value)
{
    lt_reader list, rest;
    lt_access_description access;
    lt_distribution_point point;
    lt_policy_mapping mapping;
    int32_t number;
    if (!lt_sequence_of(value, &list))
        return;
    read_general_names(list);
    read_policies(list);
    for (rest = list; lt_access_description_next(&rest, &access);)
        continue;
    for (rest = list; lt_crl_point_next(&rest, &point);)
        read_general_names(point.name.full_name);
    for (rest = list; lt_policy_mapping_next(&rest, &mapping);)
        continue;
    for (rest = list; lt_tls_feature_next(&rest, &number);)
        continue;
}

static void read_value(lt_bytes value)
{
    int32_t a, b;
    lt_bytes permitted, excluded;
    lt_general_subtree subtree;
    lt_private_key_usage_period period;
    lt_reader scts;
    lt_sct sct;
    char text[64];
    read_lists(value);
    lt_policy_constraints_read(value, &a, &b);
    lt_inhibit_any_policy_read(value, &a);
    if (lt_private_key_usage_period_read(value, &period))
        lt_time_text(period.not_after, text, sizeof text);
    if (lt_name_constraints_read(value, &permitted, &excluded))
        while (lt_general_subtree_next(&permitted, &subtree))
            continue;
    if (lt_sct_list_open(value, &scts))
        while (lt_sct_next(&scts, &sct))
            continue;
}

static void read_extensions(const lt_certificate *c)
{
    lt_extension x, found;
    char oid[256];
    lt_reader r = c->extensions;
    while (lt_extension_next(&r, &x)) {
        lt_oid_name(x.oid);
        lt_oid_text(x.oid, oid, sizeof oid);
        check(lt_certificate_extension(c, x.oid, &found) && found.value.p == x.value.p);
        read_value(x.value);
    }
    check(r.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_certificate c;
    lt_public_key key;
    lt_error e = { .code = LT_OK }, other = { .code = LT_OK };
    char text[64];
    if (lt_certificate_parse(&c, (lt_bytes){ data, size }, &e) != LT_OK) {
        check(e.code != LT_OK && e.where);
        return 0;
    }
    print_name(c.subject);
    print_name(c.issuer);
    check(lt_dn_equal(c.subject, c.subject));
    check(!lt_dn_equal(c.subject, c.issuer) || lt_dn_hash(c.subject) == lt_dn_hash(c.issuer));
    check(lt_time_text(c.not_before, text, sizeof text) == 20);
    read_extensions(&c);
    read_general_names(c.subject_alt_name);
    lt_public_key_parse(&key, c.spki, &e);
    if (lt_certificate_matches_host(&c, "www.example.com", &other) != LT_OK)
        check(other.code == LT_name_mismatch);
    return 0;
}
