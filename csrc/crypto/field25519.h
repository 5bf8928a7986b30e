/* SPDX-License-Identifier: MIT
 * field25519.h - numbers modulo p = 2^255 - 19, in constant time, on 32-bit and 64-bit machines
 * alike. Ten limbs of 26 and 25 bits in turn, the lowest first: limb i has the weight
 * 2^ceil(25.5 i). Every function gives limbs below 2^26 + 2^17 and 2^25 + 2^17, and takes such. */
#ifndef LT_CRYPTO_FIELD25519_H
#define LT_CRYPTO_FIELD25519_H

#include "base/bytes.h"

typedef struct {
    uint32_t limb[10];
} lt_fe;

lt_fe lt_fe_small(uint32_t v);            /* v < 2^26 */
lt_fe lt_fe_decode(const uint8_t in[32]); /* little-endian; the highest bit is passed over */
void lt_fe_encode(uint8_t out[32], const lt_fe *a); /* the value below p */

/* The result may be an operand. */
void lt_fe_add(lt_fe *r, const lt_fe *a, const lt_fe *b);
void lt_fe_subtract(lt_fe *r, const lt_fe *a, const lt_fe *b);
void lt_fe_multiply(lt_fe *r, const lt_fe *a, const lt_fe *b);
void lt_fe_invert(lt_fe *r, const lt_fe *a);                /* a^(p-2); zero gives zero */
void lt_fe_power_p58(lt_fe *r, const lt_fe *a);             /* a^((p-5)/8), for square roots */
void lt_fe_select(lt_fe *r, const lt_fe *a, uint32_t mask); /* r = a where mask is all ones */

bool lt_fe_equal(const lt_fe *a, const lt_fe *b);
bool lt_fe_is_odd(const lt_fe *a); /* of the value below p */

#endif
