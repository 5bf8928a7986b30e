/* SPDX-License-Identifier: MIT
 * revocation_crl.h - what the CRLs at hand say of a certificate (RFC 5280 section 6.3.3). */
#ifndef LT_X509_REVOCATION_CRL_H
#define LT_X509_REVOCATION_CRL_H

#include "x509/revocation.h"

/* Judges q->path[i], whose issuer is at i + 1. A failure is LT_limit or LT_memory: all else is in
 * `status`. */
lt_code lt_revocation_by_crls(const lt_revocation *r, const lt_revocation_query *q, size_t i,
                              lt_revocation_status *status, lt_error *e);

#endif
