/* SPDX-License-Identifier: MIT
 * der_build.h - DER of any size: what writes it is called again with more room until it fits. */
#ifndef LT_X509_DER_BUILD_H
#define LT_X509_DER_BUILD_H

#include "base/error.h"
#include "base/secret.h"
#include "x509/der_writer.h"

/* Must write the same each time it is called. */
typedef void lt_der_write(der_writer *w, const void *content);

/* Appends to `out`; what was tried is wiped. LT_memory; LT_limit past 16 MiB. */
lt_code lt_der_build(lt_buffer *out, lt_der_write *write, const void *content,
                     const char *where, lt_error *e);

#endif
