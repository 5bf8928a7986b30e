/* SPDX-License-Identifier: MIT
 * pbes.h - private keys under a password: EncryptedPrivateKeyInfo (RFC 5958 section 3) with PBES2
 * (RFC 8018 section 6.2) by PBKDF2 or scrypt (RFC 7914), and the headers of RFC 1421 that old
 * PEM files have. AES and Triple DES in CBC mode. */
#ifndef LT_X509_PBES_H
#define LT_X509_PBES_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

enum {
    LT_PBKDF2_MAX_ITERATIONS = 10000000, /* some ten seconds */
    LT_PBES_MAX_SALT = 1024,             /* bytes */
};

/* Each appends the DER of the key to `out`. LT_encrypted_key: no password (p = NULL);
 * LT_bad_password: what comes out is no DER; LT_unsupported_key, LT_limit, LT_bad_key, LT_memory. */
lt_code lt_pbes_decrypt(lt_bytes encrypted_private_key_info, lt_bytes password, lt_buffer *out,
                        lt_error *e);

/* `dek_info`: "AES-256-CBC,00112233445566778899AABBCCDDEEFF" (RFC 1421 section 4.6.1.3) */
lt_code lt_pbes_decrypt_pem(lt_bytes dek_info, lt_bytes data, lt_bytes password, lt_buffer *out,
                            lt_error *e);

#endif
