/* SPDX-License-Identifier: MIT
 * key_generate.h - new private keys, and their PKCS#8 (RFC 5958). */
#ifndef LT_X509_KEY_GENERATE_H
#define LT_X509_KEY_GENERATE_H

#include "crypto/random.h"
#include "x509/der_writer.h"
#include "x509/private_key.h"

typedef struct {
    const char *name; /* as a caller names it: "P-256", "rsa-2048" … */
    lt_key_type type;
    uint16_t bits; /* of RSA */
    uint8_t curve; /* of EC: BR_EC_ number */
} lt_key_kind;

extern const lt_key_kind lt_key_kinds[];                  /* up to one without a name */
const lt_key_kind *lt_key_kind_by_name(const char *name); /* NULL: none of them */

/* RSA's public exponent is 65537. The key is read back by lt_private_key_parse, so that all its numbers
 * are checked, and keeps its PKCS#8 (`k->pkcs8`). LT_memory, LT_internal. */
lt_code lt_private_key_generate(lt_private_key *k, const lt_key_kind *kind, lt_random *random,
                                lt_error *e);

#endif
