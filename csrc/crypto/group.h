/* SPDX-License-Identifier: MIT
 * group.h - ephemeral Diffie-Hellman in the named groups (RFC 8446 section 4.2.8, RFC 7748,
 * RFC 8422 section 5.4). What the peer sent is checked; a shared secret of zeros is refused. */
#ifndef LT_CRYPTO_GROUP_H
#define LT_CRYPTO_GROUP_H

#include <bearssl.h>

#include "base/bytes.h"

enum {
    LT_GROUP_PUBLIC_MAX = 133, /* an uncompressed point of secp521r1 */
    LT_GROUP_SECRET_MAX = 66,
};

typedef struct {
    uint16_t group; /* NamedGroup; 0: none */
    uint8_t private_key[BR_EC_KBUF_PRIV_MAX_SIZE];
    size_t private_size;
    uint8_t public_key[LT_GROUP_PUBLIC_MAX];
    size_t public_size;
} lt_key_pair;

bool lt_group_supported(uint32_t group);

/* false: a group we do not have. */
bool lt_key_pair_generate(lt_key_pair *k, uint16_t group, const br_prng_class **random);

/* The shared secret (X25519's 32 bytes; the x coordinate elsewhere). false: the peer's value has
 * the wrong length, is no point of the curve, or gives a secret of zeros. */
bool lt_key_pair_agree(const lt_key_pair *k, lt_bytes peer, uint8_t secret[LT_GROUP_SECRET_MAX],
                       size_t *size);

#endif
