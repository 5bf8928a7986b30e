/* SPDX-License-Identifier: MIT
 * suite.c - see suite.h. */
#include "tls/suite.h"

#include "base/iana.h"
#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"

static const lt_suite suites[] = {
    { 0x1301, LT_TLS_1_3, LT_AEAD_aes_128_gcm, &lt_sha256_vtable, false },
    { 0x1302, LT_TLS_1_3, LT_AEAD_aes_256_gcm, &lt_sha384_vtable, false },
    { 0x1303, LT_TLS_1_3, LT_AEAD_chacha20_poly1305, &lt_sha256_vtable, false },
    { 0x1304, LT_TLS_1_3, LT_AEAD_aes_128_ccm, &lt_sha256_vtable, false },
    { 0xC02B, LT_TLS_1_2, LT_AEAD_aes_128_gcm, &lt_sha256_vtable, true },
    { 0xC02C, LT_TLS_1_2, LT_AEAD_aes_256_gcm, &lt_sha384_vtable, true },
    { 0xC02F, LT_TLS_1_2, LT_AEAD_aes_128_gcm, &lt_sha256_vtable, false },
    { 0xC030, LT_TLS_1_2, LT_AEAD_aes_256_gcm, &lt_sha384_vtable, false },
    { 0xCCA8, LT_TLS_1_2, LT_AEAD_chacha20_poly1305, &lt_sha256_vtable, false },
    { 0xCCA9, LT_TLS_1_2, LT_AEAD_chacha20_poly1305, &lt_sha256_vtable, true },
};

const lt_suite *lt_suite_by_id(uint32_t id)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}
