/* SPDX-License-Identifier: MIT
 * oid.c - see oid.h. */
#include "x509/oid.h"

/* clang-format off */
#define ID_CE(...) LT_OID(0x55, 0x1d, __VA_ARGS__)                              /* 2.5.29 */
#define ID_PKIX(...) LT_OID(0x2b, 6, 1, 5, 5, 7, __VA_ARGS__)                   /* 1.3.6.1.5.5.7 */
#define PKCS_1(...) LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, __VA_ARGS__)
#define X9_62(...) LT_OID(0x2a, 0x86, 0x48, 0xce, 0x3d, __VA_ARGS__)            /* 1.2.840.10045 */
#define NIST_ALGORITHM(...) LT_OID(0x60, 0x86, 0x48, 1, 0x65, 3, 4, __VA_ARGS__)
#define MICROSOFT(...) LT_OID(0x2b, 6, 1, 4, 1, 0x82, 0x37, __VA_ARGS__)        /* ….311 */
#define NETSCAPE(...) LT_OID(0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, __VA_ARGS__)
#define GOOGLE_CT(...) LT_OID(0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, __VA_ARGS__)  /* RFC 6962 */

static const struct {
    lt_bytes oid;
    const char *name;
} names[] = {
    /* extensions: RFC 5280 section 4.2, 6962, 7633, 6960, 3739; then vendors' */
    { ID_CE(9), "subject_directory_attributes" },
    { ID_CE(14), "subject_key_identifier" },
    { ID_CE(15), "key_usage" },
    { ID_CE(16), "private_key_usage_period" },
    { ID_CE(17), "subject_alt_name" },
    { ID_CE(18), "issuer_alt_name" },
    { ID_CE(19), "basic_constraints" },
    { ID_CE(30), "name_constraints" },
    { ID_CE(31), "crl_distribution_points" },
    { ID_CE(32), "certificate_policies" },
    { ID_CE(33), "policy_mappings" },
    { ID_CE(35), "authority_key_identifier" },
    { ID_CE(36), "policy_constraints" },
    { ID_CE(37), "ext_key_usage" },
    { ID_CE(46), "freshest_crl" },
    { ID_CE(54), "inhibit_any_policy" },
    { ID_PKIX(1, 1), "authority_info_access" },
    { ID_PKIX(1, 3), "qc_statements" },
    { ID_PKIX(1, 11), "subject_info_access" },
    { ID_PKIX(1, 24), "tls_feature" },
    { ID_PKIX(48, 1, 5), "ocsp_nocheck" },
    { GOOGLE_CT(2), "signed_certificate_timestamps" },
    { GOOGLE_CT(3), "ct_poison" },
    { NETSCAPE(1, 1), "netscape_cert_type" },
    { NETSCAPE(1, 13), "netscape_comment" },
    { MICROSOFT(20, 2), "microsoft_certificate_template_name" },
    { MICROSOFT(21, 1), "microsoft_ca_version" },
    { MICROSOFT(21, 2), "microsoft_previous_ca_certificate_hash" },
    { MICROSOFT(21, 7), "microsoft_certificate_template" },
    { MICROSOFT(21, 10), "microsoft_application_policies" },
    { MICROSOFT(25, 2), "microsoft_ntds_ca_security" },
    /* key purposes: section 4.2.1.12 */
    { ID_CE(37, 0), "any_extended_key_usage" },
    { ID_PKIX(3, 1), "server_auth" },
    { ID_PKIX(3, 2), "client_auth" },
    { ID_PKIX(3, 3), "code_signing" },
    { ID_PKIX(3, 4), "email_protection" },
    { ID_PKIX(3, 5), "ipsec_end_system" },
    { ID_PKIX(3, 6), "ipsec_tunnel" },
    { ID_PKIX(3, 7), "ipsec_user" },
    { ID_PKIX(3, 8), "time_stamping" },
    { ID_PKIX(3, 9), "ocsp_signing" },
    { MICROSOFT(10, 3, 3), "microsoft_server_gated_crypto" },
    { MICROSOFT(10, 3, 4), "microsoft_encrypted_file_system" },
    { MICROSOFT(20, 2, 2), "microsoft_smartcard_login" },
    { NETSCAPE(4, 1), "netscape_server_gated_crypto" },
    /* access methods, policies, qualifiers, other names */
    { ID_PKIX(48, 1), "ocsp" },
    { ID_PKIX(48, 2), "ca_issuers" },
    { ID_PKIX(48, 3), "time_stamping_service" },
    { ID_PKIX(48, 5), "ca_repository" },
    { ID_CE(32, 0), "any_policy" },
    { ID_PKIX(2, 1), "cps" },
    { ID_PKIX(2, 2), "user_notice" },
    { MICROSOFT(20, 2, 3), "user_principal_name" },
    { ID_PKIX(8, 7), "srv_name" },
    { ID_PKIX(8, 9), "smtp_utf8_mailbox" },
    { ID_PKIX(8, 5), "xmpp_addr" },
    /* algorithms: RFC 3279, 4055, 5480, 5758, 8410 */
    { PKCS_1(1), "rsaEncryption" },
    { PKCS_1(2), "md2WithRSAEncryption" },
    { PKCS_1(4), "md5WithRSAEncryption" },
    { PKCS_1(5), "sha1WithRSAEncryption" },
    { PKCS_1(10), "RSASSA-PSS" },
    { PKCS_1(11), "sha256WithRSAEncryption" },
    { PKCS_1(12), "sha384WithRSAEncryption" },
    { PKCS_1(13), "sha512WithRSAEncryption" },
    { PKCS_1(14), "sha224WithRSAEncryption" },
    { X9_62(2, 1), "ecPublicKey" },
    { X9_62(4, 1), "ecdsa-with-SHA1" },
    { X9_62(4, 3, 1), "ecdsa-with-SHA224" },
    { X9_62(4, 3, 2), "ecdsa-with-SHA256" },
    { X9_62(4, 3, 3), "ecdsa-with-SHA384" },
    { X9_62(4, 3, 4), "ecdsa-with-SHA512" },
    { LT_OID(0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1), "dsa" },
    { LT_OID(0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3), "dsa-with-sha1" },
    { NIST_ALGORITHM(3, 1), "dsa-with-sha224" },
    { NIST_ALGORITHM(3, 2), "dsa-with-sha256" },
    { LT_OID(0x2b, 0x65, 0x6e), "X25519" },
    { LT_OID(0x2b, 0x65, 0x6f), "X448" },
    { LT_OID(0x2b, 0x65, 0x70), "Ed25519" },
    { LT_OID(0x2b, 0x65, 0x71), "Ed448" },
};
/* clang-format on */

const char *lt_oid_name(lt_bytes oid)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lt_bytes_equal(oid, names[i].oid))
            return names[i].name;
    return NULL;
}
