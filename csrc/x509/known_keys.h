/* SPDX-License-Identifier: MIT
 * known_keys.h - keys of secp256r1 that one config has seen sign handshakes, so that those which come again
 * and again are verified with by multiples that are made once. Holds nothing but what peers show to
 * everybody; what it finds is what a plain verification finds. One thread at a time. */
#ifndef LT_X509_KNOWN_KEYS_H
#define LT_X509_KNOWN_KEYS_H

#include <bearssl.h>

#include "base/bytes.h"

enum {
    LT_KNOWN_KEYS = 16, /* at most, of 2.1 KB; then the one that was used longest ago goes */
    LT_KNOWN_KEY_AFTER =
        3, /* signatures of a key before its multiples are made: they cost half of one */
};

typedef struct lt_known_keys lt_known_keys;

lt_known_keys *lt_known_keys_new(void);       /* NULL: out of memory */
void lt_known_keys_free(lt_known_keys *keys); /* NULL is fine */

/* ECDSA, as lt_ecdsa_verify. `keys` NULL: none are kept. */
bool lt_known_keys_verify(lt_known_keys *keys, const br_ec_public_key *pk, lt_bytes digest,
                          lt_bytes signature);

#endif
