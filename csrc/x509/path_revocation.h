/* SPDX-License-Identifier: MIT
 * path_revocation.h - revocation and pins, asked of a path that is valid otherwise. For
 * validator.c. */
#ifndef LT_X509_PATH_REVOCATION_H
#define LT_X509_PATH_REVOCATION_H

#include "x509/path_search.h"

/* Each asks what the validator of `q` was told to ask, if anything, and writes revocation or
 * pins_differ of `result`. */
lt_code lt_path_check_revocation(const lt_path_question *q, const lt_path *path,
                                 lt_verify_result *result, lt_path_fault *fault, lt_error *e);
lt_code lt_path_check_pins(const lt_path *path, lt_verify_result *result, lt_error *e);

#endif
