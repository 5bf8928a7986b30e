/* SPDX-License-Identifier: MIT
 * crl_point.h - distribution points of certificates (RFC 5280 section 4.2.1.13) and of CRLs
 * (section 5.2.5), and which of them are the same. */
#ifndef LT_X509_CRL_POINT_H
#define LT_X509_CRL_POINT_H

#include "x509/crl.h"

/* DistributionPoint */
typedef struct {
    lt_point_name name;
    bool has_reasons;
    uint32_t reasons;    /* bit n: ReasonFlags n; LT_REASONS_ALL where the field is absent */
    lt_bytes crl_issuer; /* content of GeneralNames; n = 0: the issuer of the certificate */
} lt_distribution_point;

/* One after another of the content of CRLDistributionPoints; false at the end, and where what
 * follows is none (then points->n is not 0). */
bool lt_crl_point_next(lt_reader *points, lt_distribution_point *point);

/* From the value of the extension. An empty one, and one for users and for CAs only at a time, is
 * refused. */
bool lt_issuing_point_parse(lt_issuing_point *point, lt_bytes value);

/* Is this Name (with its header) among the directoryNames of `names` (content of GeneralNames)? */
bool lt_names_include_dn(lt_bytes names, lt_bytes dn);

/* Do the two have a name in common? A relative one stands below `issuer`, the Name of the one who
 * issued the CRL. */
bool lt_point_names_meet(const lt_point_name *a, const lt_point_name *b, lt_bytes issuer);

static inline bool lt_point_name_absent(const lt_point_name *name)
{
    return name->full_name.n == 0 && name->relative_name.n == 0;
}

#endif
