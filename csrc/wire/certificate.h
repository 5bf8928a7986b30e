/* SPDX-License-Identifier: MIT
 * certificate.h - the messages Certificate and CertificateVerify of TLS 1.3 and 1.2 (RFC 8446
 * sections 4.4.2 and 4.4.3, RFC 5246 sections 7.4.2 and 7.4.8), and CertificateStatus (RFC 6066
 * section 8). */
#ifndef LT_WIRE_CERTIFICATE_H
#define LT_WIRE_CERTIFICATE_H

#include "base/bytes.h"
#include "base/error.h"
#include "wire/extensions.h"
#include "wire/writer.h"

typedef struct {
    lt_bytes certificate; /* DER; never empty */
    lt_bytes extensions;  /* TLS 1.3: content of the vector */
} lt_certificate_entry;

typedef struct {
    lt_bytes request_context; /* TLS 1.3 */
    lt_bytes list;            /* walked by lt_certificate_entry_next; n = 0: no certificate */
} lt_certificate_message;

bool lt_certificate_message_parse(lt_reader body, bool tls_1_3, lt_certificate_message *m);
/* false: malformed, or at the end (list.n == 0 tells which). */
bool lt_certificate_entry_next(lt_reader *list, bool tls_1_3, lt_certificate_entry *entry);

bool lt_certificate_verify_parse(lt_reader body, uint32_t *scheme, lt_bytes *signature);

/* CertificateStatus of type ocsp: in TLS 1.3 the content of the extension, in 1.2 a message. */
bool lt_certificate_status_parse(lt_reader body, lt_bytes *ocsp_response);
void lt_certificate_status_write(lt_writer *w, lt_bytes ocsp_response);

#endif
