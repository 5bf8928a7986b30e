/* SPDX-License-Identifier: MIT
 * accel_field.h - the arithmetic of one prime curve, which its file keeps to itself: a file defines
 * FIELD, includes the curve's and this. */
#ifndef LT_UNIT_ACCEL_FIELD_H
#define LT_UNIT_ACCEL_FIELD_H

#include <stddef.h>
#include <stdint.h>

enum { UNIT_FIELD_MAX = 72 };

/* Of big-endian numbers of `size` bytes, below p, or for scalar_multiply below n: a + b, a - b,
 * a b / 2^(8 size), a^2 / 2^(8 size) */
typedef struct {
    size_t size;
    void (*compute)(int operation, uint8_t *out, const uint8_t *a, const uint8_t *b);
} unit_field;

enum unit_field_operation {
    UNIT_add,
    UNIT_subtract,
    UNIT_multiply,
    UNIT_scalar_multiply,
    UNIT_square
};

extern const unit_field unit_field_secp256r1, unit_field_secp384r1, unit_field_secp521r1;
extern const unit_field unit_field_secp256r1_adx; /* where accel.h has LT_HAS_X86 */

#ifdef FIELD
static void field_square(num *r, const num *a, const num *unused)
{
    (void)unused;
    fe_square(r, a);
}

static void field_compute(int operation, uint8_t *out, const uint8_t *a, const uint8_t *b)
{
    static void (*const operations[])(num *, const num *, const num *) = {
        [UNIT_add] = fe_add,           [UNIT_subtract] = fe_subtract,
        [UNIT_multiply] = fe_multiply, [UNIT_scalar_multiply] = scalar_multiply,
        [UNIT_square] = field_square,
    };
    num x, y;
    decode(&x, a, 8 * LIMBS);
    decode(&y, b, 8 * LIMBS);
    operations[operation](&x, &x, &y);
    for (size_t i = 0; i < 8 * LIMBS; i++)
        out[8 * LIMBS - 1 - i] = (uint8_t)(x.limb[i / 8] >> (8 * (i % 8)));
}

const unit_field FIELD = { 8 * LIMBS, field_compute };
#endif

#endif
