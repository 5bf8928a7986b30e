/* SPDX-License-Identifier: MIT
 * issue.c - see issue.h: certificates, and what is common to all of it. Written from the back to the front, so
 * a SEQUENCE is read here from its last field to its first. */
#include "x509/issue.h"

#include "x509/der.h"
#include "x509/text.h"

enum { TIME_DIGITS = 14, UTC_TIME_FROM = 1950, UTC_TIME_TO = 2049 };

/* "YYYYMMDDHHMMSS" of ISO 8601's digits */
static int digits_of(int64_t t, char digits[TIME_DIGITS])
{
    char text[32];
    size_t n = lt_time_text(t, text, sizeof text), kept = 0;
    memset(digits, '0', TIME_DIGITS);
    for (size_t i = 0; i < n && kept < TIME_DIGITS; i++)
        if (text[i] >= '0' && text[i] <= '9')
            digits[kept++] = text[i];
    return (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10
           + digits[3] - '0';
}

static void put_time(der_writer *w, uint32_t tag, const char *digits, size_t n)
{
    const uint8_t *end = w->p;
    der_put_octet(w, 'Z');
    der_put(w, (lt_bytes){ (const uint8_t *)digits, n });
    der_put_header(w, tag, end);
}

void lt_put_generalized_time(der_writer *w, int64_t t)
{
    char digits[TIME_DIGITS];
    digits_of(t, digits);
    put_time(w, DER_GENERALIZED_TIME, digits, TIME_DIGITS);
}

void lt_put_time(der_writer *w, int64_t t)
{
    char digits[TIME_DIGITS];
    int year = digits_of(t, digits);
    if (year >= UTC_TIME_FROM && year <= UTC_TIME_TO)
        put_time(w, DER_UTC_TIME, digits + 2, TIME_DIGITS - 2);
    else
        put_time(w, DER_GENERALIZED_TIME, digits, TIME_DIGITS);
}

void lt_put_extension(der_writer *w, const lt_extension *x)
{
    const uint8_t *end = w->p;
    static const uint8_t yes[] = { 0xff };
    der_put_element(w, DER_OCTET_STRING, x->value);
    if (x->critical)
        der_put_element(w, DER_BOOLEAN, (lt_bytes){ yes, 1 });
    der_put_element(w, DER_OID, x->oid);
    der_put_header(w, DER_SEQUENCE, end);
}

void lt_put_extensions(der_writer *w, const lt_extension_list *list)
{
    const uint8_t *end = w->p;
    for (size_t i = list->n; i-- > 0;)
        lt_put_extension(w, &list->p[i]);
    der_put_header(w, DER_SEQUENCE, end);
}

typedef struct {
    const lt_certificate_content *c;
    const lt_signer *signer;
} certificate_parts;

/* TBSCertificate */
static void put_tbs_certificate(der_writer *w, const void *content)
{
    const certificate_parts *parts = content;
    const lt_certificate_content *c = parts->c;
    if (c->extensions.n > 0) {
        lt_put_extensions(w, &c->extensions);
        der_put_header(w, DER_CONSTRUCTED(3), w->end);
    }
    der_put(w, c->spki);
    der_put(w, c->subject);
    const uint8_t *validity = w->p;
    lt_put_time(w, c->not_after);
    lt_put_time(w, c->not_before);
    der_put_header(w, DER_SEQUENCE, validity);
    der_put(w, c->issuer);
    lt_signature_put_algorithm(w, parts->signer);
    der_put_unsigned(w, c->serial_number);
    if (c->extensions.n > 0) {
        const uint8_t *version = w->p;
        der_put_small(w, DER_INTEGER, 2);
        der_put_header(w, DER_CONSTRUCTED(0), version);
    }
    der_put_header(w, DER_SEQUENCE, w->end);
}

lt_code lt_certificate_issue(lt_buffer *out, const lt_certificate_content *c,
                             const lt_signer *signer, lt_error *e)
{
    const certificate_parts parts = { c, signer };
    return lt_signed_build(out, put_tbs_certificate, &parts, signer, "Certificate", e);
}
