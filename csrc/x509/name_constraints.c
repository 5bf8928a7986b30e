/* SPDX-License-Identifier: MIT
 * name_constraints.c - see name_constraints.h. What decides whether a name lies within a subtree
 * errs towards "no" for permitted ones and towards "yes" for excluded ones. */
#include "x509/name_constraints.h"

#include "x509/der.h"
#include "x509/dn.h"
#include "x509/extensions.h"
#include "x509/text.h"

static const char where[] = "nameConstraints";

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool same_ascii(lt_bytes a, lt_bytes b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

static lt_bytes tail(lt_bytes s, size_t from)
{
    return (lt_bytes){ s.p + from, s.n - from };
}

static bool starts_with(lt_bytes s, char c)
{
    return s.n > 0 && s.p[0] == (uint8_t)c;
}

static lt_bytes without_dot(lt_bytes host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    return host;
}

/* Does `host` end in ".domain"? */
static bool below(lt_bytes host, lt_bytes domain)
{
    return host.n > domain.n && host.p[host.n - domain.n - 1] == '.'
           && same_ascii(tail(host, host.n - domain.n), domain);
}

/* The base itself and what is below it; with a dot in front, as many write it, only the latter. An
 * empty base has everything. */
static bool dns_within(lt_bytes name, lt_bytes base)
{
    name = without_dot(name), base = without_dot(base);
    if (base.n == 0)
        return true;
    if (starts_with(base, '.'))
        return below(name, tail(base, 1));
    return same_ascii(name, base) || below(name, base);
}

/* A wildcard stands for names of which one may lie within the subtree: *.a and b.a. */
static bool dns_touches(lt_bytes name, lt_bytes base)
{
    if (dns_within(name, base))
        return true;
    if (name.n < 2 || name.p[0] != '*' || name.p[1] != '.')
        return false;
    name = without_dot(tail(name, 2)), base = without_dot(base);
    if (starts_with(base, '.'))
        return same_ascii(name, tail(base, 1));
    const uint8_t *dot = base.n ? memchr(base.p, '.', base.n) : NULL;
    return dot && same_ascii(name, tail(base, (size_t)(dot - base.p) + 1));
}

static bool masked_equal(lt_bytes address, lt_bytes base)
{
    for (size_t i = 0; i < address.n; i++)
        if ((address.p[i] ^ base.p[i]) & base.p[address.n + i])
            return false;
    return true;
}

/* An IPv4 address in IPv6's form (RFC 4291 section 2.5.5.2) lies in subtrees of both kinds. */
static bool ip_within(lt_bytes address, lt_bytes base)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    if (address.n == 16 && base.n == 8
        && lt_bytes_equal((lt_bytes){ address.p, 12 }, (lt_bytes){ mapped, 12 }))
        address = tail(address, 12);
    return base.n == 2 * address.n && masked_equal(address, base);
}

/* ones, then zeros */
static bool is_mask(lt_bytes mask)
{
    bool ended = false;
    for (size_t i = 0; i < mask.n * 8; i++) {
        bool one = mask.p[i / 8] >> (7 - i % 8) & 1;
        if (one && ended)
            return false;
        ended = !one;
    }
    return true;
}

/* A host alone is that host; with a dot in front, what is below it. */
static bool host_within(lt_bytes host, lt_bytes base)
{
    host = without_dot(host), base = without_dot(base);
    if (base.n == 0)
        return true;
    return starts_with(base, '.') ? below(host, tail(base, 1)) : same_ascii(host, base);
}

/* Behind the last @: a local part may hold others, quoted. A host in other than ASCII stands for
 * A-labels that the bases have (RFC 9598 section 6 wants it as those), so it is none. */
static bool split_mailbox(lt_bytes mail, lt_bytes *local, lt_bytes *host)
{
    size_t i = mail.n;
    for (; i > 0 && mail.p[i - 1] != '@'; i--)
        if (mail.p[i - 1] <= ' ' || mail.p[i - 1] >= 0x7f)
            return false;
    if (i <= 1 || i == mail.n)
        return false;
    *local = (lt_bytes){ mail.p, i - 1 };
    *host = tail(mail, i);
    return true;
}

static bool mail_within(lt_bytes mail, lt_bytes base)
{
    lt_bytes local, host, base_local, base_host;
    if (!split_mailbox(mail, &local, &host))
        return false;
    if (split_mailbox(base, &base_local, &base_host))
        return lt_bytes_equal(local, base_local)
               && same_ascii(without_dot(host), without_dot(base_host));
    return host_within(host, base);
}

static bool is_host_name(lt_bytes host)
{
    bool letter = false;
    for (size_t i = 0; i < host.n; i++) {
        uint8_t c = lower(host.p[i]);
        letter = letter || (c >= 'a' && c <= 'z');
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.'
            && c != '_')
            return false;
    }
    return letter; /* digits and dots alone are an address */
}

/* The host of scheme://user@host:port/… (RFC 3986 section 3.2). False: the URI has none, or an
 * address, and section 4.2.1.10 has it refused. */
static bool uri_host(lt_bytes uri, lt_bytes *host)
{
    size_t i = 0, end;
    while (i < uri.n && uri.p[i] != ':')
        i++;
    if (i + 3 > uri.n || uri.p[i + 1] != '/' || uri.p[i + 2] != '/')
        return false;
    uri = tail(uri, i + 3);
    for (end = 0; end < uri.n && uri.p[end] != '/' && uri.p[end] != '?' && uri.p[end] != '#';)
        end++;
    uri.n = end;
    while (end > 0 && uri.p[end - 1] != '@')
        end--;
    uri = tail(uri, end);
    for (end = 0; end < uri.n && uri.p[end] != ':';)
        end++;
    *host = (lt_bytes){ uri.p, end };
    return is_host_name(*host);
}

static bool within(const lt_general_name *name, lt_bytes base)
{
    lt_bytes host;
    switch (name->type) {
    case LT_GN_directory_name:
        return lt_dn_within(name->value, base);
    case LT_GN_dns_name:
        return dns_within(name->value, base);
    case LT_GN_rfc822_name:
        return mail_within(name->value, base);
    case LT_GN_uri:
        return uri_host(name->value, &host) && host_within(host, base);
    case LT_GN_ip_address:
        return ip_within(name->value, base);
    default:
        return false;
    }
}

/* A name that cannot be read might lie anywhere. */
static bool touches(const lt_general_name *name, lt_bytes base)
{
    lt_bytes a, b;
    switch (name->type) {
    case LT_GN_dns_name:
        return dns_touches(name->value, base);
    case LT_GN_rfc822_name:
        return !split_mailbox(name->value, &a, &b) || mail_within(name->value, base);
    case LT_GN_uri:
        return !uri_host(name->value, &a) || host_within(a, base);
    case LT_GN_directory_name:
    case LT_GN_ip_address:
        return within(name, base);
    default:
        return true;
    }
}

enum { TEXT = 96 };
static const char *text_of(const lt_general_name *name, bool subtree, char out[TEXT])
{
    static const char *const kinds[] = { "otherName",   "rfc822Name",    "dNSName",
                                         "x400Address", "directoryName", "ediPartyName",
                                         "URI",         "iPAddress",     "registeredID" };
    lt_text t = { out, TEXT, 0 };
    const char *kind = kinds[name->type];
    lt_bytes v = name->value;
    lt_text_put(&t, kind, strlen(kind));
    lt_text_put(&t, " ", 1);
    if (name->type == LT_GN_directory_name) {
        t.n += lt_dn_text(v, out + t.n, TEXT - t.n);
    } else if (name->type == LT_GN_ip_address) {
        size_t half = subtree ? v.n / 2 : v.n;
        t.n += lt_ip_text((lt_bytes){ v.p, half }, out + t.n, TEXT - t.n);
        lt_text_put(&t, "/", subtree);
        if (subtree)
            t.n += lt_ip_text(tail(v, half), out + t.n, TEXT - t.n);
    } else if (name->type <= LT_GN_uri && kind[0] != 'o' && kind[0] != 'x' && kind[0] != 'e') {
        lt_text_put(&t, (const char *)v.p, v.n);
    }
    lt_text_end(&t);
    return out;
}

/* minimum and maximum have no meaning in this profile (section 4.2.1.10). */
static bool subtree_usable(const lt_general_subtree *s)
{
    if (s->minimum != 0 || s->maximum >= 0)
        return false;
    if (s->base.type == LT_GN_directory_name)
        return lt_dn_valid(s->base.value);
    if (s->base.type == LT_GN_ip_address)
        return (s->base.value.n == 8 || s->base.value.n == 32)
               && is_mask(tail(s->base.value, s->base.value.n / 2));
    return true;
}

static bool read_constraints(const lt_certificate *ca, lt_bytes *permitted, lt_bytes *excluded)
{
    static const uint8_t id_ce_name_constraints[] = { 0x55, 0x1d, 30 };
    lt_extension x;
    return lt_certificate_extension(
               ca, (lt_bytes){ id_ce_name_constraints, sizeof id_ce_name_constraints }, &x)
           && lt_name_constraints_read(x.value, permitted, excluded);
}

static bool list_usable(lt_reader list)
{
    lt_general_subtree s;
    while (list.n > 0)
        if (!lt_general_subtree_next(&list, &s) || !subtree_usable(&s))
            return false;
    return true;
}

lt_code lt_name_constraints_valid(const lt_certificate *ca, lt_error *e)
{
    char name[TEXT];
    lt_bytes permitted, excluded;
    if (!ca->has_name_constraints
        || (read_constraints(ca, &permitted, &excluded) && list_usable(permitted)
            && list_usable(excluded)))
        return LT_OK;
    lt_dn_text(ca->subject, name, sizeof name);
    return lt_fail_detail(e, LT_name_constraint, where, "those of %s cannot be applied", name);
}

typedef struct {
    lt_bytes permitted, excluded;
    uint32_t *left;
    const lt_certificate *ca;
    lt_error *e;
} check;

static lt_code refuse(const check *k, const lt_general_name *name,
                      const lt_general_subtree *excluded)
{
    char text[TEXT], ca[TEXT], subtree[TEXT];
    lt_dn_text(k->ca->subject, ca, sizeof ca);
    text_of(name, false, text);
    if (!excluded)
        return lt_fail_detail(k->e, LT_name_constraint, "nameConstraints.permittedSubtrees",
                              "%s is not permitted by %s", text, ca);
    text_of(&excluded->base, true, subtree);
    return lt_fail_detail(k->e, LT_name_constraint, "nameConstraints.excludedSubtrees",
                          "%s is excluded, by %s of %s", text, subtree, ca);
}

static bool count_comparison(const check *k)
{
    if (*k->left == 0)
        return lt_fail_detail(k->e, LT_limit, where, "too many names and subtrees") == LT_OK;
    --*k->left;
    return true;
}

/* One name against all subtrees of its kind: within none that is excluded, and within one that is
 * permitted, if there are any. */
static lt_code check_name(const check *k, lt_general_name_type type, lt_bytes value)
{
    lt_general_name name = { type, value };
    lt_general_subtree s;
    bool constrained = false, permitted = false;
    for (lt_reader r = k->excluded; lt_general_subtree_next(&r, &s);) {
        if (!count_comparison(k))
            return k->e->code;
        if (s.base.type == type && touches(&name, s.base.value))
            return refuse(k, &name, &s);
    }
    for (lt_reader r = k->permitted; !permitted && lt_general_subtree_next(&r, &s);) {
        if (!count_comparison(k))
            return k->e->code;
        constrained = constrained || s.base.type == type;
        permitted = s.base.type == type && within(&name, s.base.value);
    }
    return constrained && !permitted ? refuse(k, &name, NULL) : LT_OK;
}

/* Does ASCII stand in it as itself? */
static bool is_ascii_type(uint32_t tag)
{
    return lt_is_string_type(tag) && tag != DER_BMP_STRING && tag != DER_UNIVERSAL_STRING;
}

/* Mail addresses stood in the subject before there was subjectAltName: as IA5String, and as what
 * software made of it. What is no such string is no mailbox, and refused as such. */
static lt_code check_subject(const check *k, const lt_certificate *c)
{
    static const lt_bytes none = { NULL, 0 };
    static const uint8_t id_email[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 };
    lt_reader rdns, rdn;
    lt_attribute a;
    if (lt_dn_is_empty(c->subject))
        return LT_OK;
    if (check_name(k, LT_GN_directory_name, c->subject) != LT_OK)
        return k->e->code;
    for (lt_dn_open(c->subject, &rdns); lt_rdn_next(&rdns, &rdn);)
        while (lt_attribute_next(&rdn, &a))
            if (lt_bytes_equal(a.oid, (lt_bytes){ id_email, sizeof id_email })
                && check_name(k, LT_GN_rfc822_name, is_ascii_type(a.tag) ? a.value : none)
                       != LT_OK)
                return k->e->code;
    return LT_OK;
}

/* SmtpUTF8Mailbox is bound by what binds rfc822Name (RFC 9598 section 6). */
static lt_code check_other_name(const check *k, lt_bytes value)
{
    static const uint8_t id_on_smtp_utf8_mailbox[] = { 0x2b, 6, 1, 5, 5, 7, 8, 9 };
    lt_bytes type_id, any;
    lt_reader mailbox;
    if (!lt_other_name(value, &type_id, &any)
        || !lt_bytes_equal(
            type_id, (lt_bytes){ id_on_smtp_utf8_mailbox, sizeof id_on_smtp_utf8_mailbox }))
        return LT_OK;
    if (!der_only(any, DER_UTF8_STRING, &mailbox))
        mailbox = (lt_reader){ NULL, 0 }; /* then it is no mailbox, and refused as such */
    return check_name(k, LT_GN_rfc822_name, mailbox);
}

lt_code lt_name_constraints_check(const lt_certificate *ca, const lt_certificate *c,
                                  uint32_t *left, lt_error *e)
{
    check k = { .left = left, .ca = ca, .e = e };
    lt_general_name name;
    if (!ca->has_name_constraints)
        return LT_OK;
    if (!read_constraints(ca, &k.permitted, &k.excluded))
        return lt_name_constraints_valid(ca, e);
    if (check_subject(&k, c) != LT_OK)
        return e->code;
    for (lt_reader r = c->subject_alt_name; lt_general_name_next(&r, &name);)
        if (check_name(&k, name.type, name.value) != LT_OK
            || (name.type == LT_GN_other_name && check_other_name(&k, name.value) != LT_OK))
            return e->code;
    return LT_OK;
}
