/* SPDX-License-Identifier: MIT
 * certificate_extensions.c - the extensions of a certificate as Lua has them: a list in the order
 * of the certificate, of { oid, name, critical, der, value }, that also has each by its name.
 * `value` is nil where we do not know the extension, or where it does not decode, which
 * `malformed` says. */
#include "lua/certificate.h"

#include "x509/crl_point.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/oid.h"
#include "x509/text.h"

static void set_string(lua_State *L, const char *field, const char *s)
{
    lua_pushstring(L, s);
    lua_setfield(L, -2, field);
}

static void set_integer(lua_State *L, const char *field, lua_Integer v)
{
    lua_pushinteger(L, v);
    lua_setfield(L, -2, field);
}

static void set_hex(lua_State *L, const char *field, lt_bytes b)
{
    lt_lua_push_hex(L, b);
    lua_setfield(L, -2, field);
}

static void set_oid(lua_State *L, const char *field, lt_bytes oid)
{
    lt_lua_push_oid(L, oid);
    lua_setfield(L, -2, field);
}

static void append(lua_State *L) /* t[#t + 1] = the value on top */
{
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static void push_oid_name(lua_State *L, lt_bytes oid) /* our name for it, else dotted */
{
    const char *name = lt_oid_name(oid);
    if (name)
        lua_pushstring(L, name);
    else
        lt_lua_push_oid(L, oid);
}

static bool push_general_names(lua_State *L, lt_reader names)
{
    lt_general_name name;
    lua_newtable(L);
    while (lt_general_name_next(&names, &name)) {
        lt_lua_push_general_name(L, &name, false);
        append(L);
    }
    return names.n == 0;
}

static void set_general_names(lua_State *L, const char *field, lt_bytes names)
{
    if (names.n == 0)
        return;
    push_general_names(L, names);
    lua_setfield(L, -2, field);
}

static bool alt_name(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader names;
    (void)c;
    return lt_sequence_of(value, &names) && push_general_names(L, names);
}

static bool basic_constraints(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    (void)value;
    lua_newtable(L);
    lua_pushboolean(L, c->is_ca);
    lua_setfield(L, -2, "ca");
    if (c->path_len_constraint >= 0)
        set_integer(L, "path_len_constraint", c->path_len_constraint);
    return true;
}

static void push_bits(lua_State *L, uint32_t bits, const char *const names[9])
{
    lua_newtable(L);
    for (int i = 0; i < 9; i++)
        if (bits & 1U << i) {
            lua_pushstring(L, names[i]);
            append(L);
        }
}

static bool key_usage(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    static const char *const names[9] = {
        "digital_signature", "non_repudiation", "key_encipherment",
        "data_encipherment", "key_agreement",   "key_cert_sign",
        "crl_sign",          "encipher_only",   "decipher_only",
    };
    (void)value;
    push_bits(L, c->key_usage, names);
    return true;
}

static bool ext_key_usage(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_bytes oid;
    (void)value;
    lua_newtable(L);
    for (lt_reader r = c->extended_key_usage; der_oid(&r, &oid);) {
        push_oid_name(L, oid);
        append(L);
    }
    return true;
}

static bool subject_key_identifier(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    (void)value;
    lt_lua_push_hex(L, c->subject_key_identifier);
    return true;
}

static bool authority_key_identifier(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_authority_key_identifier a;
    (void)c;
    if (!lt_authority_key_identifier_read(value, &a))
        return false;
    lua_newtable(L);
    if (a.key_identifier.p)
        set_hex(L, "key_identifier", a.key_identifier);
    set_general_names(L, "authority_cert_issuer", a.cert_issuer);
    if (a.cert_serial.n > 0) {
        lt_lua_push_serial(L, a.cert_serial);
        lua_setfield(L, -2, "authority_cert_serial_number");
    }
    return true;
}

static bool access_descriptions(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader list;
    lt_access_description a;
    (void)c;
    if (!lt_sequence_of(value, &list))
        return false;
    lua_newtable(L);
    while (lt_access_description_next(&list, &a)) {
        lua_newtable(L);
        push_oid_name(L, a.method);
        lua_setfield(L, -2, "method");
        lt_lua_push_general_name(L, &a.location, false);
        lua_setfield(L, -2, "location");
        append(L);
    }
    return list.n == 0;
}

void lt_lua_push_distribution_point(lua_State *L, const lt_distribution_point *d)
{
    static const char *const reasons[9] = {
        "unused",        "key_compromise",         "ca_compromise",    "affiliation_changed",
        "superseded",    "cessation_of_operation", "certificate_hold", "privilege_withdrawn",
        "aa_compromise",
    };
    lua_newtable(L);
    set_general_names(L, "full_name", d->name.full_name);
    if (d->name.relative_name.n > 0) {
        lt_lua_push_rdn(L, d->name.relative_name);
        lua_setfield(L, -2, "name_relative_to_crl_issuer");
    }
    if (d->has_reasons) {
        push_bits(L, d->reasons, reasons);
        lua_setfield(L, -2, "reasons");
    }
    set_general_names(L, "crl_issuer", d->crl_issuer);
}

static bool distribution_points(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader list;
    lt_distribution_point d;
    (void)c;
    if (!lt_sequence_of(value, &list))
        return false;
    lua_newtable(L);
    while (lt_crl_point_next(&list, &d)) {
        lt_lua_push_distribution_point(L, &d);
        append(L);
    }
    return list.n == 0;
}

static void set_display_text(lua_State *L, const char *field, const lt_display_text *t)
{
    if (t->tag == 0)
        return;
    lt_lua_push_text(L, t->tag, t->value);
    lua_setfield(L, -2, field);
}

static void set_user_notice(lua_State *L, const lt_user_notice *n)
{
    int32_t number;
    set_display_text(L, "explicit_text", &n->explicit_text);
    set_display_text(L, "organization", &n->organization);
    if (n->numbers.n == 0)
        return;
    lua_newtable(L);
    for (lt_reader r = n->numbers; der_small(&r, &number);) {
        lua_pushinteger(L, number);
        append(L);
    }
    lua_setfield(L, -2, "notice_numbers");
}

/* { type = "cps", uri = … }, { type = "user_notice", explicit_text = … }, { type = OID, der = … } */
static void push_qualifier(lua_State *L, const lt_policy_qualifier *q)
{
    lt_user_notice notice;
    lt_reader uri;
    const char *type = lt_oid_name(q->id);
    lua_newtable(L);
    push_oid_name(L, q->id);
    lua_setfield(L, -2, "type");
    if (type && strcmp(type, "cps") == 0 && der_only(q->qualifier, DER_IA5_STRING, &uri))
        lt_lua_set_bytes(L, "uri", uri);
    else if (type && strcmp(type, "user_notice") == 0
             && lt_user_notice_read(q->qualifier, &notice))
        set_user_notice(L, &notice);
    else
        lt_lua_set_bytes(L, "der", q->qualifier);
}

static bool push_policy(lua_State *L, const lt_policy_information *p)
{
    lt_policy_qualifier q;
    lt_reader list = p->qualifiers;
    lua_newtable(L);
    push_oid_name(L, p->policy);
    lua_setfield(L, -2, "policy");
    if (list.n == 0)
        return true;
    lua_newtable(L);
    while (lt_policy_qualifier_next(&list, &q)) {
        push_qualifier(L, &q);
        append(L);
    }
    lua_setfield(L, -2, "qualifiers");
    return list.n == 0;
}

static bool certificate_policies(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader list;
    lt_policy_information p;
    (void)c;
    if (!lt_sequence_of(value, &list))
        return false;
    lua_newtable(L);
    while (lt_policy_information_next(&list, &p)) {
        if (!push_policy(L, &p))
            return false;
        append(L);
    }
    return list.n == 0;
}

static bool policy_mappings(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader list;
    lt_policy_mapping m;
    (void)c;
    if (!lt_sequence_of(value, &list))
        return false;
    lua_newtable(L);
    while (lt_policy_mapping_next(&list, &m)) {
        lua_newtable(L);
        push_oid_name(L, m.issuer_domain_policy);
        lua_setfield(L, -2, "issuer_domain_policy");
        push_oid_name(L, m.subject_domain_policy);
        lua_setfield(L, -2, "subject_domain_policy");
        append(L);
    }
    return list.n == 0;
}

static bool policy_constraints(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    int32_t explicit_policy, mapping;
    (void)c;
    if (!lt_policy_constraints_read(value, &explicit_policy, &mapping))
        return false;
    lua_newtable(L);
    if (explicit_policy >= 0)
        set_integer(L, "require_explicit_policy", explicit_policy);
    if (mapping >= 0)
        set_integer(L, "inhibit_policy_mapping", mapping);
    return true;
}

static bool inhibit_any_policy(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    int32_t skip_certs;
    (void)c;
    if (!lt_inhibit_any_policy_read(value, &skip_certs))
        return false;
    lua_pushinteger(L, skip_certs);
    return true;
}

static bool set_subtrees(lua_State *L, const char *field, lt_reader list)
{
    lt_general_subtree s;
    if (list.n == 0)
        return true;
    lua_newtable(L);
    while (lt_general_subtree_next(&list, &s)) {
        lt_lua_push_general_name(L, &s.base, true);
        if (s.minimum > 0)
            set_integer(L, "minimum", s.minimum);
        if (s.maximum >= 0)
            set_integer(L, "maximum", s.maximum);
        append(L);
    }
    lua_setfield(L, -2, field);
    return list.n == 0;
}

static bool name_constraints(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_bytes permitted, excluded;
    (void)c;
    if (!lt_name_constraints_read(value, &permitted, &excluded))
        return false;
    lua_newtable(L);
    return set_subtrees(L, "permitted_subtrees", permitted)
           && set_subtrees(L, "excluded_subtrees", excluded);
}

static bool private_key_usage_period(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_private_key_usage_period p;
    (void)c;
    if (!lt_private_key_usage_period_read(value, &p))
        return false;
    lua_newtable(L);
    if (p.has_not_before)
        set_integer(L, "not_before", (lua_Integer)p.not_before);
    if (p.has_not_after)
        set_integer(L, "not_after", (lua_Integer)p.not_after);
    return true;
}

static bool tls_feature(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader list;
    int32_t feature;
    (void)c;
    if (!lt_sequence_of(value, &list))
        return false;
    lua_newtable(L);
    while (lt_tls_feature_next(&list, &feature)) {
        if (feature == 5 || feature == 17) /* IANA's names of TLS extensions */
            lua_pushstring(L, feature == 5 ? "status_request" : "status_request_v2");
        else
            lua_pushinteger(L, feature);
        append(L);
    }
    return list.n == 0;
}

static void push_sct(lua_State *L, const lt_sct *s)
{
    static const char *const hashes[] = { "none",   "md5",    "sha1",  "sha224",
                                          "sha256", "sha384", "sha512" };
    static const char *const signatures[] = { "anonymous", "rsa", "dsa", "ecdsa" };
    lua_newtable(L);
    set_integer(L, "version", (lua_Integer)s->version + 1);
    lt_lua_set_bytes(L, "sct", s->bytes);
    if (s->version != 0)
        return;
    set_hex(L, "log_id", s->log_id);
    set_integer(L, "timestamp", (lua_Integer)s->timestamp);
    lt_lua_push_time(L, (int64_t)(s->timestamp / 1000));
    lua_setfield(L, -2, "timestamp_text");
    set_hex(L, "extensions", s->extensions);
    set_string(L, "hash", s->hash < 7 ? hashes[s->hash] : "unknown");
    set_string(L, "signature_algorithm",
               s->signature_algorithm < 4 ? signatures[s->signature_algorithm] : "unknown");
    lt_lua_set_bytes(L, "signature", s->signature);
}

static bool signed_certificate_timestamps(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader list;
    lt_sct s;
    (void)c;
    if (!lt_sct_list_open(value, &list))
        return false;
    lua_newtable(L);
    while (lt_sct_next(&list, &s)) {
        push_sct(L, &s);
        append(L);
    }
    return list.n == 0;
}

static bool null_value(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    lt_reader null;
    (void)c;
    lua_pushboolean(L, true);
    return der_only(value, DER_NULL, &null) && null.n == 0;
}

static bool string_value(lua_State *L, lt_bytes value, const lt_certificate *c)
{
    uint32_t tag;
    lt_reader in = value, text;
    (void)c;
    if (!der_any(&in, &tag, &text) || in.n != 0 || !lt_string_valid(tag, text))
        return false;
    lt_lua_push_text(L, tag, text);
    return true;
}

/* Each pushes a value and returns true, or returns false and leaves what it likes. */
static const struct {
    const char *name;
    bool (*push)(lua_State *L, lt_bytes value, const lt_certificate *c);
} values[] = {
    { "subject_alt_name", alt_name },
    { "issuer_alt_name", alt_name },
    { "basic_constraints", basic_constraints },
    { "key_usage", key_usage },
    { "ext_key_usage", ext_key_usage },
    { "subject_key_identifier", subject_key_identifier },
    { "authority_key_identifier", authority_key_identifier },
    { "authority_info_access", access_descriptions },
    { "subject_info_access", access_descriptions },
    { "crl_distribution_points", distribution_points },
    { "freshest_crl", distribution_points },
    { "certificate_policies", certificate_policies },
    { "policy_mappings", policy_mappings },
    { "policy_constraints", policy_constraints },
    { "inhibit_any_policy", inhibit_any_policy },
    { "name_constraints", name_constraints },
    { "private_key_usage_period", private_key_usage_period },
    { "tls_feature", tls_feature },
    { "signed_certificate_timestamps", signed_certificate_timestamps },
    { "ct_poison", null_value },
    { "ocsp_nocheck", null_value },
    { "netscape_comment", string_value },
    { "microsoft_certificate_template_name", string_value },
};

static void set_value(lua_State *L, const lt_extension *x, const lt_certificate *c)
{
    const char *name = lt_oid_name(x->oid);
    int top = lua_gettop(L);
    for (size_t i = 0; name && i < sizeof values / sizeof *values; i++) {
        if (strcmp(name, values[i].name) != 0)
            continue;
        bool decoded = values[i].push(L, x->value, c);
        if (decoded)
            lua_setfield(L, top, "value");
        lua_settop(L, top);
        if (!decoded) {
            lua_pushboolean(L, true);
            lua_setfield(L, -2, "malformed");
        }
        return;
    }
}

static void push_extension(lua_State *L, const lt_certificate *c, const lt_extension *x)
{
    lua_createtable(L, 0, 6);
    set_oid(L, "oid", x->oid);
    set_string(L, "name", lt_oid_name(x->oid));
    lua_pushboolean(L, x->critical);
    lua_setfield(L, -2, "critical");
    lt_lua_set_bytes(L, "der", x->value);
    set_value(L, x, c);
}

static bool extension(lua_State *L, const lt_certificate *c, const char *name)
{
    lt_extension x;
    for (lt_reader r = c->extensions; lt_extension_next(&r, &x);) {
        const char *its = lt_oid_name(x.oid);
        if (!its || strcmp(its, name) != 0)
            continue;
        push_extension(L, c, &x);
        return true;
    }
    return false;
}

static void all_extensions(lua_State *L, const lt_certificate *c, int table)
{
    lt_extension x;
    lua_Integer i = 0;
    for (lt_reader r = c->extensions; lt_extension_next(&r, &x);) {
        const char *name = lt_oid_name(x.oid);
        lua_pushstring(L, name ? name : "");
        if (lua_rawget(L, table) == LUA_TNIL) { /* was not asked for by its name */
            lua_pop(L, 1);
            push_extension(L, c, &x);
        }
        if (name) {
            lua_pushvalue(L, -1);
            lua_setfield(L, table, name);
        }
        lua_rawseti(L, table, ++i);
    }
}

const lt_lua_lazy lt_lua_extensions = { "bearssl.extensions", extension, all_extensions };
