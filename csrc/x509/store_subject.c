/* SPDX-License-Identifier: MIT
 * store_subject.c - the subject of a certificate, found without decoding the rest. See
 * store_part.h. */
#include "x509/der.h"
#include "x509/store_part.h"

/* tbsCertificate up to its subject (RFC 5280 section 4.1) */
bool lt_subject_of(lt_bytes der, lt_bytes *subject)
{
    lt_reader body, tbs, version;
    lt_bytes skipped;
    return der_only(der, DER_SEQUENCE, &body) && der_value(&body, DER_SEQUENCE, &tbs)
           && der_optional(&tbs, DER_CONSTRUCTED(0), &version) && der_integer(&tbs, &skipped)
           && der_element(&tbs, DER_SEQUENCE, &skipped) /* signature */
           && der_element(&tbs, DER_SEQUENCE, &skipped) /* issuer */
           && der_element(&tbs, DER_SEQUENCE, &skipped) /* validity */
           && der_element(&tbs, DER_SEQUENCE, subject);
}
