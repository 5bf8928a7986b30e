/* SPDX-License-Identifier: MIT
 * bignum.c - see bignum.h. */
#include "crypto/bignum.h"

void lt_bn_decode(uint32_t *x, size_t n, lt_bytes bytes)
{
    memset(x, 0, n * sizeof *x);
    for (size_t i = 0; i < bytes.n; i++)
        x[i / 4] |= (uint32_t)bytes.p[bytes.n - 1 - i] << 8 * (i % 4);
}

void lt_bn_mul(uint32_t *product, const uint32_t *a, size_t a_n, const uint32_t *b, size_t b_n)
{
    memset(product, 0, (a_n + b_n) * sizeof *product);
    for (size_t i = 0; i < a_n; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < b_n; j++) {
            carry += (uint64_t)a[i] * b[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + b_n] = (uint32_t)carry;
    }
}

void lt_bn_reduce_once(uint32_t *a, uint32_t carry, const uint32_t *b, size_t n)
{
    uint32_t borrow = 0;
    for (size_t i = 0; i < n; i++)
        borrow = (uint32_t)(((uint64_t)a[i] - b[i] - borrow) >> 63);
    uint32_t mask = 0 - (carry | (borrow ^ 1));
    borrow = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t d = (uint64_t)a[i] - (b[i] & mask) - borrow;
        a[i] = (uint32_t)d;
        borrow = (uint32_t)(d >> 63);
    }
}

/* Bit by bit from the top; the first m_n - 1 limbs are below m as they are. */
void lt_bn_mod(uint32_t *r, const uint32_t *a, size_t a_n, const uint32_t *m, size_t m_n)
{
    size_t taken = a_n < m_n - 1 ? a_n : m_n - 1;
    memset(r, 0, m_n * sizeof *r);
    memcpy(r, a + (a_n - taken), taken * sizeof *r);
    for (size_t bits = 32 * (a_n - taken); bits-- > 0;) {
        uint32_t in = a[bits / 32] >> (bits % 32) & 1;
        for (size_t i = 0; i < m_n; i++) {
            uint32_t out = r[i] >> 31;
            r[i] = r[i] << 1 | in;
            in = out;
        }
        lt_bn_reduce_once(r, in, m, m_n);
    }
}

bool lt_bn_equal(const uint32_t *a, const uint32_t *b, size_t n)
{
    uint32_t difference = 0;
    for (size_t i = 0; i < n; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

bool lt_bn_is_one(const uint32_t *a, size_t n)
{
    uint32_t difference = a[0] ^ 1;
    for (size_t i = 1; i < n; i++)
        difference |= a[i];
    return difference == 0;
}
