/* SPDX-License-Identifier: MIT
 * rsa_pkcs1.h - EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), which signing and verification share. */
#ifndef LT_CRYPTO_RSA_PKCS1_H
#define LT_CRYPTO_RSA_PKCS1_H

#include "base/bytes.h"

/* 0x00 || 0x01 || PS || 0x00 || T in n octets; false: they are too few. The hash's OID is one of
 * BR_HASH_OID_, which begin with their length; NULL: T is the digest without DigestInfo. */
bool lt_rsa_pkcs1_encode(uint8_t *em, size_t n, const uint8_t *oid, lt_bytes digest);

#endif
