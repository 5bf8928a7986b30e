/* SPDX-License-Identifier: MIT
 * iana.c - see iana.h. Source: IANA's "Transport Layer Security (TLS) Parameters". */
#include "base/iana.h"

#include <string.h>

enum {
    E = LT_SUITE_ephemeral,
    A = LT_SUITE_aead,
    N = LT_SUITE_tls_1_2,
    R = LT_SUITE_auth_rsa,
    C = LT_SUITE_auth_ecdsa,
    S = LT_SUITE_static_ecdh,
    H = LT_SUITE_sha1,
    T = LT_SUITE_tls_1_3,
};

const lt_cipher_suite lt_cipher_suites[] = {
    { 0x000A, H | R, "TLS_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0x002F, H | R, "TLS_RSA_WITH_AES_128_CBC_SHA" },
    { 0x0035, H | R, "TLS_RSA_WITH_AES_256_CBC_SHA" },
    { 0x003C, N | R, "TLS_RSA_WITH_AES_128_CBC_SHA256" },
    { 0x003D, N | R, "TLS_RSA_WITH_AES_256_CBC_SHA256" },
    { 0x009C, A | R, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
    { 0x009D, A | R, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
    { 0x1301, E | A | T, "TLS_AES_128_GCM_SHA256" },
    { 0x1302, E | A | T, "TLS_AES_256_GCM_SHA384" },
    { 0x1303, E | A | T, "TLS_CHACHA20_POLY1305_SHA256" },
    { 0x1304, E | A | T, "TLS_AES_128_CCM_SHA256" },
    { 0xC003, H | S, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC004, H | S, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xC005, H | S, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xC008, E | H | C, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC009, E | H | C, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
    { 0xC00A, E | H | C, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
    { 0xC00D, H | S, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC00E, H | S, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA" },
    { 0xC00F, H | S, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA" },
    { 0xC012, E | H | R, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" },
    { 0xC013, E | H | R, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
    { 0xC014, E | H | R, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA" },
    { 0xC023, E | N | C, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xC024, E | N | C, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xC025, N | S, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256" },
    { 0xC026, N | S, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384" },
    { 0xC027, E | N | R, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xC028, E | N | R, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xC029, N | S, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256" },
    { 0xC02A, N | S, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384" },
    { 0xC02B, E | A | C, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xC02C, E | A | C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xC02D, A | S, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xC02E, A | S, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xC02F, E | A | R, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xC030, E | A | R, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xC031, A | S, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xC032, A | S, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xC09C, A | R, "TLS_RSA_WITH_AES_128_CCM" },
    { 0xC09D, A | R, "TLS_RSA_WITH_AES_256_CCM" },
    { 0xC0A0, A | R, "TLS_RSA_WITH_AES_128_CCM_8" },
    { 0xC0A1, A | R, "TLS_RSA_WITH_AES_256_CCM_8" },
    { 0xC0AC, E | A | C, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM" },
    { 0xC0AD, E | A | C, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM" },
    { 0xC0AE, E | A | C, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8" },
    { 0xC0AF, E | A | C, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8" },
    { 0xCCA8, E | A | R, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0xCCA9, E | A | C, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0, 0, NULL },
};

const lt_named_value lt_groups[] = {
    { 23, "secp256r1" }, { 24, "secp384r1" }, { 25, "secp521r1" },
    { 29, "x25519" },    { 30, "x448" },      { 0, NULL },
};

/* RFC 8446 section 4.2.3; before it the same numbers were a hash and a signature algorithm. */
const lt_named_value lt_signature_schemes[] = {
    { 0x0401, "rsa_pkcs1_sha256" },
    { 0x0501, "rsa_pkcs1_sha384" },
    { 0x0601, "rsa_pkcs1_sha512" },
    { 0x0403, "ecdsa_secp256r1_sha256" },
    { 0x0503, "ecdsa_secp384r1_sha384" },
    { 0x0603, "ecdsa_secp521r1_sha512" },
    { 0x0804, "rsa_pss_rsae_sha256" },
    { 0x0805, "rsa_pss_rsae_sha384" },
    { 0x0806, "rsa_pss_rsae_sha512" },
    { 0x0807, "ed25519" },
    { 0x0808, "ed448" },
    { 0x0809, "rsa_pss_pss_sha256" },
    { 0x080a, "rsa_pss_pss_sha384" },
    { 0x080b, "rsa_pss_pss_sha512" },
    { 0x0201, "rsa_pkcs1_sha1" },
    { 0x0203, "ecdsa_sha1" },
    { 0x0301, "rsa_pkcs1_sha224" },
    { 0x0303, "ecdsa_sha224" },
    { 0, NULL },
};

const lt_named_value lt_client_certificate_types[] = {
    { 1, "rsa_sign" },          { 2, "dss_sign" },    { 3, "rsa_fixed_dh" },
    { 4, "dss_fixed_dh" },      { 64, "ecdsa_sign" }, { 65, "rsa_fixed_ecdh" },
    { 66, "ecdsa_fixed_ecdh" }, { 0, NULL },
};

const lt_cipher_suite *lt_cipher_suite_by_id(uint16_t id)
{
    for (const lt_cipher_suite *s = lt_cipher_suites; s->name; s++)
        if (s->id == id)
            return s;
    return NULL;
}

const lt_cipher_suite *lt_cipher_suite_by_name(const char *name)
{
    for (const lt_cipher_suite *s = lt_cipher_suites; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const char *lt_name_of(const lt_named_value *list, uint32_t id)
{
    for (; list->name; list++)
        if (list->id == id)
            return list->name;
    return NULL;
}

const lt_named_value *lt_value_of(const lt_named_value *list, const char *name)
{
    for (; list->name; list++)
        if (strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

bool lt_key_is_worn(uint16_t cipher_suite, uint64_t records)
{
    enum { CCM = 1 << 21, GCM = 23726566 /* 2^24.5 */ };
    if (records < CCM) /* as nearly always, without a look at the name */
        return false;
    const lt_cipher_suite *s = lt_cipher_suite_by_id(cipher_suite);
    bool gcm = s && strstr(s->name, "_GCM_"), ccm = s && strstr(s->name, "_CCM");
    return ccm || (gcm && records >= GCM);
}

const char *lt_version_name(uint32_t version)
{
    static const char *const names[] = { "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3" };
    return version >= 0x0300 && version <= 0x0304 ? names[version - 0x0300] : NULL;
}
