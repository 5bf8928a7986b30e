/* SPDX-License-Identifier: MIT
 * certificate_request.h - CertificateRequest of TLS 1.0 to 1.2 (RFC 5246 section 7.4.4), and the
 * extension that has its authorities in TLS 1.3. */
#ifndef LT_WIRE_CERTIFICATE_REQUEST_H
#define LT_WIRE_CERTIFICATE_REQUEST_H

#include "base/bytes.h"

/* The three lists; signature_schemes is left empty before TLS 1.2. */
bool lt_certificate_request_12_parse(lt_reader body, bool tls_1_2, lt_bytes *certificate_types,
                                     lt_bytes *signature_schemes, lt_bytes *authorities);

/* certificate_authorities (RFC 8446 section 4.2.4); an empty list, which it forbids, stands for any. */
bool lt_certificate_authorities_parse(lt_reader extension, lt_bytes *authorities);

#endif
