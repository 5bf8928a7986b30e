/* SPDX-License-Identifier: MIT
 * name.c - see name.h. */
#include "x509/name.h"

#include "x509/der.h"
#include "x509/general_name.h"
#include "x509/text.h"

enum {
    HOST_KINDS = 1 << LT_GN_dns_name | 1 << LT_GN_ip_address,
    MAIL_KINDS = 1 << LT_GN_rfc822_name,
    URI_KINDS = 1 << LT_GN_uri,
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* A name as a certificate may present it: labels of LDH and "_" (RFC 5280 section 4.2.1.6), no
 * trailing dot; a wildcard is no label. The number of labels; 0: it is no name. */
static int count_labels(lt_bytes name)
{
    int labels = 1;
    size_t size = 0;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = lower(name.p[i]);
        if (c == '.' && size > 0)
            labels++, size = 0;
        else if (((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
                 && size < 63)
            size++;
        else
            return 0;
    }
    return size > 0 && name.n <= 253 ? labels : 0;
}

static bool same_name(lt_bytes a, const char *b, size_t n)
{
    if (a.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(a.p[i]) != (uint8_t)b[i])
            return false;
    return true;
}

/* RFC 9525 section 6.3: "*" is the whole leftmost label and stands for one label; what follows it
 * has two labels or more. `host` comes from lt_host_name. */
static bool dns_name_matches(lt_bytes presented, const char *host)
{
    size_t n = strlen(host);
    if (presented.n < 2 || presented.p[0] != '*' || presented.p[1] != '.')
        return count_labels(presented) > 0 && same_name(presented, host, n);
    const char *dot = strchr(host, '.');
    lt_bytes rest = { presented.p + 2, presented.n - 2 };
    return dot && count_labels(rest) >= 2
           && same_name(rest, dot + 1, n - (size_t)(dot + 1 - host));
}

/* ::ffff:a.b.c.d and a.b.c.d are one address (RFC 4291 section 2.5.5.2). */
static lt_bytes unmapped(lt_bytes a)
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
    if (a.n == 16 && lt_bytes_equal((lt_bytes){ a.p, 12 }, (lt_bytes){ prefix, 12 }))
        return (lt_bytes){ a.p + 12, 4 };
    return a;
}

static void put_presented(lt_text *t, const lt_general_name *name)
{
    if (name->type == LT_GN_ip_address) {
        char ip[64];
        size_t n = lt_ip_text(name->value, ip, sizeof ip);
        lt_text_put(t, n ? ip : "?", n ? n : 1);
        return;
    }
    for (size_t i = 0; i < name->value.n;
         i++) { /* IA5String; the rest would upset a terminal */
        uint8_t c = name->value.p[i];
        lt_text_put(t, c > 0x20 && c < 0x7f ? (char[]){ (char)c } : "?", 1);
    }
}

/* `kinds`: bit n for GeneralName n */
static lt_code mismatch(const lt_certificate *c, const char *host, uint32_t kinds, lt_error *e)
{
    char names[128];
    lt_text t = { names, sizeof names, 0 };
    lt_general_name name;
    int more = 0;
    for (lt_reader r = c->subject_alt_name; lt_general_name_next(&r, &name);) {
        if (!(kinds >> name.type & 1))
            continue;
        lt_text next = t;
        if (next.n > 0)
            lt_text_put(&next, ", ", 2);
        put_presented(&next, &name);
        if (more > 0 || next.n >= next.room)
            more++;
        else
            t = next;
    }
    lt_text_end(&t);
    if (t.n == 0 && more == 0)
        lt_fail_detail(e, LT_name_mismatch, "subjectAltName",
                       "%.80s is asked for, and it has none", host);
    else if (more > 0)
        lt_fail_detail(e, LT_name_mismatch, "subjectAltName",
                       "%.64s is asked for; it is for %s and %d more", host, names, more);
    else
        lt_fail_detail(e, LT_name_mismatch, "subjectAltName",
                       "%.80s is asked for; it is for %s", host, names);
    return e->code;
}

static bool presents_ip(const lt_certificate *c, lt_bytes address)
{
    lt_general_name name;
    for (lt_reader r = c->subject_alt_name; lt_general_name_next(&r, &name);)
        if (name.type == LT_GN_ip_address
            && lt_bytes_equal(unmapped(name.value), unmapped(address)))
            return true;
    return false;
}

static bool presents_dns_name(const lt_certificate *c, const char *host)
{
    lt_general_name name;
    for (lt_reader r = c->subject_alt_name; lt_general_name_next(&r, &name);)
        if (name.type == LT_GN_dns_name && dns_name_matches(name.value, host))
            return true;
    return false;
}

lt_code lt_certificate_matches_host(const lt_certificate *c, const char *host, lt_error *e)
{
    uint8_t address[16];
    char name[LT_HOST_MAX];
    size_t n = lt_ip_parse(host, address);
    if (n > 0)
        return presents_ip(c, (lt_bytes){ address, n }) ? LT_OK
                                                        : mismatch(c, host, HOST_KINDS, e);
    if (lt_host_name(host, name, e) != LT_OK)
        return e->code;
    return presents_dns_name(c, name) ? LT_OK : mismatch(c, name, HOST_KINDS, e);
}

/* Of an otherName that is a SmtpUTF8Mailbox its text; n = 0: it is none. */
static lt_bytes utf8_mailbox(lt_bytes other_name)
{
    static const uint8_t id_on_smtp_utf8_mailbox[] = { 0x2b, 6, 1, 5, 5, 7, 8, 9 };
    lt_bytes type_id, any;
    lt_reader text;
    if (lt_other_name(other_name, &type_id, &any)
        && lt_bytes_equal(type_id,
                          (lt_bytes){ id_on_smtp_utf8_mailbox, sizeof id_on_smtp_utf8_mailbox })
        && der_only(any, DER_UTF8_STRING, &text))
        return text;
    return (lt_bytes){ NULL, 0 };
}

static bool presents_mail(const lt_certificate *c, lt_bytes local, const char *host)
{
    lt_general_name name;
    size_t n = strlen(host);
    for (lt_reader r = c->subject_alt_name; lt_general_name_next(&r, &name);) {
        lt_bytes mail = name.type == LT_GN_rfc822_name  ? name.value
                        : name.type == LT_GN_other_name ? utf8_mailbox(name.value)
                                                        : (lt_bytes){ NULL, 0 };
        if (mail.p && mail.n == local.n + 1 + n && mail.p[local.n] == '@'
            && lt_bytes_equal((lt_bytes){ mail.p, local.n }, local)
            && same_name((lt_bytes){ mail.p + local.n + 1, n }, host, n))
            return true;
    }
    return false;
}

lt_code lt_certificate_matches_email(const lt_certificate *c, const char *address, lt_error *e)
{
    char host[LT_HOST_MAX];
    const char *at = strrchr(address, '@');
    if (!at || at == address)
        return lt_fail_detail(e, LT_option, "email", "%.80s is no mail address", address);
    if (lt_host_name(at + 1, host, e) != LT_OK)
        return e->code;
    lt_bytes local = { (const uint8_t *)address, (size_t)(at - address) };
    return presents_mail(c, local, host) ? LT_OK : mismatch(c, address, MAIL_KINDS, e);
}

/* The length of scheme://authority, which has no case; 0: it has none (RFC 3986 section 3). */
static size_t authority_end(const char *uri)
{
    const char *colon = strchr(uri, ':');
    if (!colon || colon == uri || colon[1] != '/' || colon[2] != '/')
        return 0;
    return (size_t)(colon + 3 - uri) + strcspn(colon + 3, "/?#");
}

static bool same_uri(lt_bytes presented, const char *uri, size_t caseless)
{
    if (presented.n != strlen(uri))
        return false;
    for (size_t i = 0; i < presented.n; i++) {
        uint8_t a = presented.p[i], b = (uint8_t)uri[i];
        if (i < caseless ? lower(a) != lower(b) : a != b)
            return false;
    }
    return true;
}

lt_code lt_certificate_matches_uri(const lt_certificate *c, const char *uri, lt_error *e)
{
    lt_general_name name;
    size_t caseless = authority_end(uri), scheme = strcspn(uri, ":");
    if (caseless == 0 || memchr(uri, '@', caseless)) /* user names have case */
        caseless = scheme;
    if (scheme == 0 || uri[scheme] == 0)
        return lt_fail_detail(e, LT_option, "uri", "%.80s is no URI", uri);
    for (lt_reader r = c->subject_alt_name; lt_general_name_next(&r, &name);)
        if (name.type == LT_GN_uri && same_uri(name.value, uri, caseless))
            return LT_OK;
    return mismatch(c, uri, URI_KINDS, e);
}
