/* SPDX-License-Identifier: MIT
 * verify.h - the one question an engine asks: may this chain stand for this peer? Engines hold an
 * lt_verifier and know nothing of what is behind it; without one they fail. */
#ifndef LT_X509_VERIFY_H
#define LT_X509_VERIFY_H

#include "base/bytes.h"
#include "base/error.h"
#include "x509/revocation.h"

enum { LT_CHAIN_MAX = 16 }; /* certificates in a chain, sent or verified; more is LT_limit */

typedef enum {
    LT_PURPOSE_any,
    LT_PURPOSE_server,
    LT_PURPOSE_client,
    LT_PURPOSE_oid
} lt_purpose;

enum { LT_TRIED_MAX = 16 };

typedef struct {
    lt_bytes path[LT_CHAIN_MAX]; /* the leaf first, as far as it went; views as in a result */
    size_t path_length;
    lt_error error;
} lt_tried_path;

/* Paths that were refused, in the order in which they were tried. */
typedef struct lt_tried_paths {
    size_t count, more; /* more: tried, but not recorded */
    lt_tried_path paths[LT_TRIED_MAX];
} lt_tried_paths;

typedef struct {
    const lt_bytes *certificates; /* DER, as sent: the leaf first, the rest in any order */
    size_t count;
    const char *name;        /* host name or IP literal asked for; NULL: not checked */
    const char *email, *uri; /* asked for too; NULL: not checked */
    lt_purpose purpose;
    lt_bytes purpose_oid; /* content octets; with LT_PURPOSE_oid */
    int64_t time;         /* seconds since the epoch, UTC */
    lt_bytes ocsp_staple; /* OCSPResponse sent with the leaf; n = 0: none */
    bool staple_asked;    /* this side offered status_request, so that must-staple binds */
    const lt_revocation *revocation; /* instead of the verifier's; NULL: that one */
    /* Where the paths that were refused shall be; NULL: they are not wanted. Where NULL stands there,
     * a block of malloc comes with the first, the caller's to free; without memory there are none. */
    lt_tried_paths **tried;
    struct lt_verify_report *report; /* validator.h; NULL: not wanted */
} lt_verify_request;

typedef struct lt_verify_result {
    size_t path_length;
    bool pins_differ; /* a report_only set of pins does not fit the path */
    bool known;       /* the path was found before, and was good still (chain_cache.h) */
    struct {
        lt_bytes der; /* a view into request or store */
        lt_revocation_status revocation;
    } path[LT_CHAIN_MAX]; /* the leaf first, the anchor last; the last member: whoever keeps a
                           * result keeps path_length of them */
} lt_verify_result;

/* A copy whose bytes are equal where what they say is: its padding is zero, and what is behind its path. */
void lt_verify_result_copy(lt_verify_result *to, const lt_verify_result *from);

typedef struct lt_verifier lt_verifier;
struct lt_verifier {
    lt_code (*verify)(const lt_verifier *v, const lt_verify_request *request,
                      lt_verify_result *result, lt_error *e);
};

/* verify = "none", said aloud in a config: the leaf must parse, nothing else is asked. */
extern const lt_verifier lt_verify_none;

#endif
