/* SPDX-License-Identifier: MIT
 * signature_scheme.c - see signature_scheme.h. No SHA-1: RFC 9155. */
#include "crypto/signature_scheme.h"

#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"

static const lt_signature_scheme schemes[] = {
    { 0x0401, LT_SIGN_rsa_pkcs1, &lt_sha256_vtable, 0 },
    { 0x0501, LT_SIGN_rsa_pkcs1, &lt_sha384_vtable, 0 },
    { 0x0601, LT_SIGN_rsa_pkcs1, &lt_sha512_vtable, 0 },
    { 0x0403, LT_SIGN_ecdsa, &lt_sha256_vtable, BR_EC_secp256r1 },
    { 0x0503, LT_SIGN_ecdsa, &lt_sha384_vtable, BR_EC_secp384r1 },
    { 0x0603, LT_SIGN_ecdsa, &lt_sha512_vtable, BR_EC_secp521r1 },
    { 0x0804, LT_SIGN_rsa_pss_rsae, &lt_sha256_vtable, 0 },
    { 0x0805, LT_SIGN_rsa_pss_rsae, &lt_sha384_vtable, 0 },
    { 0x0806, LT_SIGN_rsa_pss_rsae, &lt_sha512_vtable, 0 },
    { 0x0807, LT_SIGN_ed25519, NULL, 0 },
    { 0x0809, LT_SIGN_rsa_pss_pss, &lt_sha256_vtable, 0 },
    { 0x080a, LT_SIGN_rsa_pss_pss, &lt_sha384_vtable, 0 },
    { 0x080b, LT_SIGN_rsa_pss_pss, &lt_sha512_vtable, 0 },
};

const lt_signature_scheme *lt_signature_scheme_by_id(uint32_t id)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (schemes[i].id == id)
            return &schemes[i];
    return NULL;
}
