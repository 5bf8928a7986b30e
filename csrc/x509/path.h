/* SPDX-License-Identifier: MIT
 * path.h - a certification path and the state of its validation (RFC 5280 section 6.1). For the
 * files of the validator. */
#ifndef LT_X509_PATH_H
#define LT_X509_PATH_H

#include "x509/validator.h"

typedef struct {
    const lt_anchor *certificates[LT_CHAIN_MAX]; /* the leaf first, the anchor last */
    size_t length;
    const lt_verify_request *request;
    const lt_validator *validator;
    uint32_t
        *comparisons; /* of names with subtrees that are left; NULL: as many as there may be */
} lt_path;

enum { LT_NAME_COMPARISONS_MAX = 250000 }; /* in one validation, whatever its paths */

/* Everything of section 6.1 but the signatures, which are verified already. On failure `at` is
 * the certificate at fault, and `own` says that no path through it can do. */
typedef struct {
    size_t at;
    bool own;
} lt_path_fault;
lt_code lt_path_check(const lt_path *path, lt_path_fault *fault, lt_error *e);

/* What a certificate says of itself, wherever it stands: form, algorithms, key, dates, critical
 * extensions, purpose; for an issuer that it is one. */
lt_code lt_path_check_certificate(const lt_path *path, size_t i, lt_error *e);

/* Why it may have expired by our clock alone: the cause, and a hint where there is evidence. */
void lt_path_explain_late(const lt_path *path, lt_error *e);

bool lt_is_self_issued(const lt_certificate *c); /* subject and issuer are equal */

enum { LT_NAME_TEXT = 120 };
/* The subject (or the issuer) for an error's detail, cut if it is long. */
const char *lt_name_text(lt_bytes name, char out[LT_NAME_TEXT]);

#endif
