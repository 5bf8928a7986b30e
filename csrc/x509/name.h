/* SPDX-License-Identifier: MIT
 * name.h - does a certificate stand for a host (RFC 9525), a mail address or a URI? The subject
 * alternative name only; the common name is never asked. */
#ifndef LT_X509_NAME_H
#define LT_X509_NAME_H

#include "x509/certificate.h"

/* LT_OK, or LT_name_mismatch with the names that were there in the detail; LT_option where the
 * host asked for is itself no name or address (a wildcard, an empty label, …). */
lt_code lt_certificate_matches_host(const lt_certificate *c, const char *host, lt_error *e);

/* The same of a mail address in UTF-8 (rfc822Name and SmtpUTF8Mailbox, RFC 9598 section 5): the local
 * part as it is, the domain as a host name. */
lt_code lt_certificate_matches_email(const lt_certificate *c, const char *address, lt_error *e);

/* And of a URI (RFC 5280 section 7.4): scheme and authority in any case, the rest as it is. */
lt_code lt_certificate_matches_uri(const lt_certificate *c, const char *uri, lt_error *e);

enum { LT_HOST_MAX = 256 }; /* a host name as it is compared, with its NUL */

/* A host as it is sent in server_name and compared: lower case, no trailing dot, U-labels as
 * A-labels (RFC 5890, RFC 3492). LT_option with the reason in the detail; an address is no name. */
lt_code lt_host_name(const char *host, char out[LT_HOST_MAX], lt_error *e);

/* An IPv4 or IPv6 literal (v6 with or without brackets) to 4 or 16 bytes; 0: it is none. */
size_t lt_ip_parse(const char *host, uint8_t out[16]);

#endif
