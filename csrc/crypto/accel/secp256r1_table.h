/* SPDX-License-Identifier: MIT
 * secp256r1_table.h - multiples of the generator of secp256r1, x and y in Montgomery's form: row r, entry j
 * is (j + 1) 32^(3 r) G, of 18 rows of 16. The vectors that ECDSA and key pairs are held against show it. */
#ifndef LT_CRYPTO_ACCEL_SECP256R1_TABLE_H
#define LT_CRYPTO_ACCEL_SECP256R1_TABLE_H

#include "crypto/accel/accel.h"

extern const uint64_t lt_secp256r1_table[18 * 16 * 8];

#endif
