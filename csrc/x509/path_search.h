/* SPDX-License-Identifier: MIT
 * path_search.h - all paths from a leaf to the anchors of a store (RFC 4158), the likelier first,
 * in bounded time and memory. For validator.c. */
#ifndef LT_X509_PATH_SEARCH_H
#define LT_X509_PATH_SEARCH_H

#include "x509/path.h"

/* Judges a path whose signatures are verified. LT_OK ends the search, and so do LT_limit and
 * LT_memory. */
typedef lt_code lt_path_judge(void *context, const lt_path *path, lt_path_fault *fault,
                              lt_error *e);

typedef struct {
    const lt_validator *validator;
    const lt_verify_request *request;
    const lt_anchor *const *pool; /* the certificates that came, decoded, the leaf first */
    size_t pool_count;            /* at most LT_POOL_MAX */
    uint32_t *signatures;         /* checks that are left, counted down */
    const lt_error *skipped;      /* why one that came is not in the pool; code LT_OK: none */
    lt_path_judge *judge;
    void *context;
} lt_path_question;

/* LT_OK: the judge took a path. Else the error is that of the best path, and the report of the
 * request, if there is one, has all of them. */
lt_code lt_path_search(const lt_path_question *question, lt_error *e);

#endif
