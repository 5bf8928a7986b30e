/* SPDX-License-Identifier: MIT
 * name_constraints.h - nameConstraints (RFC 5280 section 4.2.1.10): the names that a CA may have
 * certified below it. */
#ifndef LT_X509_NAME_CONSTRAINTS_H
#define LT_X509_NAME_CONSTRAINTS_H

#include "x509/certificate.h"

/* Is every name of `c`, in its subject and its subjectAltName, permitted by `ca` and excluded by
 * none? Kinds: directoryName (the subject too), dNSName, iPAddress, rfc822Name (emailAddress in
 * the subject too), URI; a name of another kind that `ca` constrains is refused. `left`:
 * comparisons that may still be made, counted down. LT_name_constraint with name and constraint
 * in the detail, LT_limit. */
lt_code lt_name_constraints_check(const lt_certificate *ca, const lt_certificate *c,
                                  uint32_t *left, lt_error *e);

/* Is the extension of `ca` one that can be applied to any name? LT_name_constraint. */
lt_code lt_name_constraints_valid(const lt_certificate *ca, lt_error *e);

#endif
