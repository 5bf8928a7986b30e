/* SPDX-License-Identifier: MIT
 * crl.h - one certificate revocation list (RFC 5280 section 5) as views into its DER, with an
 * index by serial number. Judges nothing but its form; see revocation.h for what it says of a
 * certificate. */
#ifndef LT_X509_CRL_H
#define LT_X509_CRL_H

#include "base/bytes.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/freshness.h"

/* CRLReason (section 5.3.1), and the bits of ReasonFlags (section 4.2.1.13) by the same names. */
enum {
    LT_REASON_unspecified = 0,
    LT_REASON_key_compromise = 1,
    LT_REASON_ca_compromise = 2,
    LT_REASON_affiliation_changed = 3,
    LT_REASON_superseded = 4,
    LT_REASON_cessation_of_operation = 5,
    LT_REASON_certificate_hold = 6,
    LT_REASON_remove_from_crl = 8,
    LT_REASON_privilege_withdrawn = 9,
    LT_REASON_aa_compromise = 10,
};
enum { LT_REASONS_ALL = 0x1fe }; /* bits 1 to 8 of ReasonFlags: bit 0 is unused */

const char *lt_reason_name(uint32_t reason); /* "key_compromise"; NULL: not one of the list */

/* DistributionPointName: names in full (content of GeneralNames), or one RelativeDistinguishedName
 * (content of the SET) below the CRL issuer's name. Both empty: absent. */
typedef struct {
    lt_bytes full_name, relative_name;
} lt_point_name;

/* IssuingDistributionPoint (section 5.2.5) */
typedef struct {
    lt_point_name name;
    bool only_user_certs, only_ca_certs, only_attribute_certs, indirect;
    bool has_reasons;
    uint32_t reasons; /* bit n: ReasonFlags n; LT_REASONS_ALL where the field is absent */
} lt_issuing_point;

typedef struct {
    uint32_t entry;  /* where in revoked_certificates */
    uint32_t issuer; /* where the entry is whose certificateIssuer holds for this one, plus 1 */
} lt_crl_index;

typedef struct {
    lt_bytes der;           /* CertificateList, with its header */
    lt_bytes tbs_cert_list; /* with its header: what the signature covers */
    uint32_t version;       /* 1 or 2 */
    lt_bytes
        signature_algorithm; /* AlgorithmIdentifier, with its header; the inner one is equal */
    lt_bytes issuer;         /* Name, with its header */
    lt_update_times updates;
    lt_bytes revoked_certificates; /* content; n = 0: none */
    size_t entry_count;
    lt_bytes extensions; /* content of Extensions; n = 0: none */
    lt_bytes signature;  /* signatureValue, without the unused-bits octet */

    lt_bytes authority_key_identifier; /* its keyIdentifier octets; n = 0: absent */
    bool has_crl_number, is_delta;
    lt_bytes crl_number, base_crl_number; /* unsigned, no leading zero */
    bool has_issuing_point;
    lt_bytes issuing_point_value; /* as it stands, to be compared with a delta CRL's */
    lt_issuing_point issuing_point;
    lt_bytes freshest_crl;     /* content of CRLDistributionPoints; n = 0: absent */
    lt_bytes unknown_critical; /* OID of a critical extension, of the list or of an entry, that
                                * is not understood: the list must not be used (5.2, 5.3) */

    lt_crl_index *index; /* owned; entry_count of them, by serial number */
    uint8_t *data;       /* owned; der and all views are into it; NULL: the DER is lent */

    /* The key (SHA-256 of its SPKI) that verified the signature last, so that a list of many
     * entries is hashed once and not for every certificate. */
    bool verified;
    uint8_t verified_by[32];
    uint32_t verified_flags;
} lt_crl;

/* One entry of revokedCertificates (section 5.3). */
typedef struct {
    lt_bytes serial_number; /* content octets */
    int64_t revocation_date;
    bool has_reason, has_invalidity_date;
    uint32_t reason; /* LT_REASON_; unspecified where absent */
    int64_t invalidity_date;
    lt_bytes certificate_issuer; /* content of GeneralNames, the one in force here; n = 0: the
                                  * CRL's issuer */
} lt_crl_entry;

/* The whole of `der`, which must outlive `crl`, is one CRL; LT_bad_crl, `where` names the field.
 * To be freed also after a failure. */
lt_code lt_crl_parse(lt_crl *crl, lt_bytes der, lt_error *e);
void lt_crl_free(lt_crl *crl); /* twice is fine */

/* Puts the index in order; lt_crl_parse has done so (crl_sort.c). */
lt_code lt_crl_sort(lt_crl *crl, lt_error *e);
/* The serialNumber of the entry at this offset of revoked_certificates. */
lt_bytes lt_crl_serial_at(const lt_crl *crl, size_t offset);

/* The entries of this serial number are at index[first .. first + count): a binary search. More
 * than one where an indirect CRL has it for several issuers. */
size_t lt_crl_find(const lt_crl *crl, lt_bytes serial_number, size_t *first);
void lt_crl_entry_at(const lt_crl *crl, size_t i, lt_crl_entry *entry); /* i: in the index */

/* The entry for a certificate that has this issuer and serial number (section 5.3.3). One that
 * revokes comes before one of removeFromCRL. */
bool lt_crl_lookup(const lt_crl *crl, lt_bytes issuer, lt_bytes serial_number,
                   lt_crl_entry *entry);

/* Is the list signed with the key of `issuer`, whose name it bears and which may sign CRLs
 * (section 6.3.3 f, g)? `flags` are those of lt_signature_verify. `signatures`: checks left,
 * counted down unless the list remembers the key; NULL: as many as it takes. */
lt_code lt_crl_verify(lt_crl *crl, const lt_certificate *issuer, uint32_t flags,
                      uint32_t *signatures, lt_error *e);

/* Several CRLs, read from PEM text (other kinds of blocks are passed over) or DER, copied. */
typedef struct {
    lt_crl *crls; /* owned */
    size_t count, capacity;
} lt_crl_list;

enum { LT_CRL_LIST_MAX = 4096 };

/* Adds what it finds: at least one. A failure leaves the list as it was. */
lt_code lt_crl_list_add(lt_crl_list *list, lt_bytes pem_or_der, lt_error *e);
void lt_crl_list_free(lt_crl_list *list); /* twice is fine */

#endif
