/* SPDX-License-Identifier: MIT
 * sparse_digits.h - the non-adjacent form of a public number, for multiples of points that may take
 * as long as they take: odd digits below 2^(width-1), at least width - 1 zeros between. */
#ifndef LT_CRYPTO_SPARSE_DIGITS_H
#define LT_CRYPTO_SPARSE_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum {
    LT_SPARSE_DIGITS_MORE = 8, /* how many more digits than bits there is room for */
};

/* The digits of the number whose bits these are, the lowest first: count of them and
 * LT_SPARSE_DIGITS_MORE zeros, all of which are used up. The sum of digits[i] 2^i is the number. */
void lt_sparse_digits(int8_t *digits, uint8_t *bits, size_t count, int width);

#endif
