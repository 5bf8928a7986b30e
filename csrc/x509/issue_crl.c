/* SPDX-License-Identifier: MIT
 * issue_crl.c - CertificateList (RFC 5280 section 5.1), version 2. See issue.h. */
#include "x509/der.h"
#include "x509/issue.h"
#include "x509/oid.h"

typedef struct {
    const lt_crl_content *c;
    const lt_signer *signer;
} crl_parts;

static const lt_bytes reason_code = LT_OID(0x55, 0x1d, 21);

/* reasonCode (section 5.3.1) as the one crlEntryExtension */
static void put_reason(der_writer *w, int32_t reason)
{
    const uint8_t value[] = { DER_ENUMERATED, 1, (uint8_t)reason };
    const lt_extension x = { .oid = reason_code, .value = { value, sizeof value } };
    const lt_extension_list list = { &x, 1 };
    lt_put_extensions(w, &list);
}

static void put_entry(der_writer *w, const lt_crl_content_entry *entry)
{
    const uint8_t *end = w->p;
    if (entry->reason >= 0)
        put_reason(w, entry->reason);
    lt_put_time(w, entry->revocation_date);
    der_put_unsigned(w, entry->serial_number);
    der_put_header(w, DER_SEQUENCE, end);
}

/* TBSCertList; revokedCertificates is absent where nothing is revoked (section 5.1.2.6) */
static void put_tbs_cert_list(der_writer *w, const void *content)
{
    const crl_parts *parts = content;
    const lt_crl_content *c = parts->c;
    lt_put_extensions(w, &c->extensions);
    der_put_header(w, DER_CONSTRUCTED(0), w->end);
    const uint8_t *revoked = w->p;
    for (size_t i = c->entry_count; i-- > 0;)
        put_entry(w, &c->entries[i]);
    if (c->entry_count > 0)
        der_put_header(w, DER_SEQUENCE, revoked);
    lt_put_time(w, c->next_update);
    lt_put_time(w, c->this_update);
    der_put(w, c->issuer);
    lt_signature_put_algorithm(w, parts->signer);
    der_put_small(w, DER_INTEGER, 1);
    der_put_header(w, DER_SEQUENCE, w->end);
}

lt_code lt_crl_issue(lt_buffer *out, const lt_crl_content *c, const lt_signer *signer,
                     lt_error *e)
{
    const crl_parts parts = { c, signer };
    return lt_signed_build(out, put_tbs_cert_list, &parts, signer, "CertificateList", e);
}
