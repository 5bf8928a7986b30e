/* SPDX-License-Identifier: MIT
 * sparse_digits.c - see sparse_digits.h. */
#include "crypto/sparse_digits.h"

#include <string.h>

/* `width` bits from this one on, as one digit; with its top bit set, 2^width less and one more
 * above. */
static int take_digit(uint8_t *bits, int width)
{
    int digit = 0;
    for (int k = width - 1; k >= 0; k--)
        digit = 2 * digit + bits[k];
    if (digit < 1 << (width - 1))
        return digit;
    for (bits += width; *bits; bits++)
        *bits = 0;
    *bits = 1;
    return digit - (1 << width);
}

void lt_sparse_digits(int8_t *digits, uint8_t *bits, size_t count, int width)
{
    memset(digits, 0, count + LT_SPARSE_DIGITS_MORE);
    for (size_t i = 0; i <= count; i++)
        if (bits[i]) {
            digits[i] = (int8_t)take_digit(bits + i, width);
            i += (size_t)width - 1;
        }
}
