/* SPDX-License-Identifier: MIT
 * certificate_request.h - CertificateRequest of TLS 1.0 to 1.2 (RFC 5246 section 7.4.4). */
#ifndef LT_WIRE_CERTIFICATE_REQUEST_H
#define LT_WIRE_CERTIFICATE_REQUEST_H

#include "base/bytes.h"

/* The three lists; signature_schemes is left empty before TLS 1.2. */
bool lt_certificate_request_12_parse(lt_reader body, bool tls_1_2, lt_bytes *certificate_types,
                                     lt_bytes *signature_schemes, lt_bytes *authorities);

#endif
