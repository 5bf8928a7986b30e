/* SPDX-License-Identifier: MIT
 * revocation.h - is a certificate of a path revoked (RFC 5280 section 6.3, RFC 6960, RFC 7633)?
 * Asks the CRLs and OCSP responses that are at hand; fetches nothing. Builds no path: who asks
 * lends what validates the path of a CRL issuer. */
#ifndef LT_X509_REVOCATION_H
#define LT_X509_REVOCATION_H

#include "base/bytes.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/store.h"

enum { LT_ISSUERS_MAX = 16 };

typedef enum {
    LT_REVOCATION_off,  /* nothing is asked */
    LT_REVOCATION_soft, /* revoked fails the path; what cannot be told does not */
    LT_REVOCATION_hard, /* what cannot be told fails the path too (revocation_unknown) */
} lt_revocation_mode;

/* Immutable once made, but for what each CRL remembers of its last verification; owns nothing. */
typedef struct lt_revocation {
    lt_revocation_mode mode;
    bool staple;         /* the leaf's staple counts as a source */
    bool leaf_only;      /* the CAs of the path are not asked about */
    lt_crl *const *crls; /* complete, delta, indirect, in any order */
    size_t crl_count;
    const lt_anchor
        *issuers;        /* certificates of CRL issuers, which nobody may send; untrusted */
    size_t issuer_count; /* at most LT_ISSUERS_MAX */
    const lt_bytes *responses; /* OCSPResponse, DER, in any order */
    size_t response_count;
    int64_t max_age; /* seconds since thisUpdate; 0: until nextUpdate, or seven days where
                                 * there is none */
    uint32_t signature_flags; /* of lt_signature_verify, for CRLs and OCSP responses */
    uint32_t min_rsa_bits;    /* of a delegated OCSP responder's key; 0: 2048 */
} lt_revocation;

/* What nobody has to ask for: a staple that says revoked is heard, must-staple is kept. */
extern const lt_revocation lt_revocation_default;

typedef enum {
    LT_STATUS_not_checked, /* mode off, the anchor, or leaf_only */
    LT_STATUS_good,
    LT_STATUS_revoked,
    LT_STATUS_unknown,
} lt_status;

typedef enum { LT_SOURCE_none, LT_SOURCE_crl, LT_SOURCE_staple, LT_SOURCE_ocsp } lt_source;

/* What is known of one certificate, by what, and how old that is. */
typedef struct {
    lt_status status;
    lt_source source;
    size_t source_index; /* into crls or responses */
    lt_update_times updates;
    int64_t revocation_date; /* of a revoked one */
    uint32_t reason;         /* LT_REASON_, of a revoked one */
    lt_code problem;         /* why the best source cannot be used, where the status is unknown;
                              * LT_OK: there was no source */
    const char *problem_where; /* the field; constant text, or NULL */
} lt_revocation_status;

/* One question: a path that is valid but for this, as lt_validator has it. */
typedef struct lt_revocation_query {
    const lt_certificate *const *path; /* the leaf first, the anchor last */
    size_t path_length;
    const lt_certificate *const *others; /* what else came: a CRL issuer may be among them */
    size_t other_count;
    lt_bytes staple;      /* OCSPResponse sent for the leaf; n = 0: none */
    bool staple_asked;    /* status_request was offered: must-staple binds (RFC 7633 4.3.3) */
    int64_t time;         /* seconds since the epoch, UTC */
    uint32_t *signatures; /* signature checks left; counted down; at 0 it is LT_limit */

    /* Finds a path from `certificate` to the same anchor (the last of `path`), valid at `time` by
     * RFC 5280 section 6.1 but for revocation, for any purpose and without a name. Puts it into
     * `found`, at most LT_CHAIN_MAX, `certificate` first. Counts `signatures` down. NULL: only
     * certificates of the path are taken as CRL issuers. */
    lt_code (*validate)(void *context, const lt_certificate *certificate,
                        const lt_certificate **found, size_t *found_length, lt_error *e);
    void *context;
} lt_revocation_query;

/* Judges each certificate of the path but the anchor, the CA next to the anchor first, and writes
 * `status`, path_length of them. LT_OK: none is revoked, and in the hard mode all are known to be
 * good. Else LT_revoked (date and reason in the detail), LT_revocation_unknown (why in the
 * cause), LT_must_staple, LT_limit or LT_memory. A staple that is there and cannot be used fails
 * the hard mode only when no other source knows the leaf. */
lt_code lt_revocation_check(const lt_revocation *r, const lt_revocation_query *q,
                            lt_revocation_status *status, lt_error *e);

#endif
