/* SPDX-License-Identifier: MIT
 * rsa.c - see rsa.h. */
#include "crypto/accel/rsa.h"

#include "base/secret.h"
#include "crypto/accel/rsa_ifma.h"

#if LT_HAS_INT128

enum {
    PRIME_LIMBS = LT_RSA_PRIME_LIMBS,
    WINDOW = 5,
};

static void one(uint64_t *r, size_t n)
{
    memset(r, 0, n * sizeof *r);
    r[0] = 1;
}

/* x^e mod m, x in and out of Montgomery's form */
static void public_power(lt_montgomery *k, uint64_t *x, lt_bytes e)
{
    uint64_t base[LT_MONTGOMERY_LIMBS], result[LT_MONTGOMERY_LIMBS];
    lt_montgomery_square_r(k);
    lt_montgomery_multiply(k, result, x, k->r_squared);
    memcpy(base, result, k->n * sizeof *base);
    size_t bit = lt_highest_bit(e); /* which is base itself */
    while (bit-- > 0) {
        lt_montgomery_multiply(k, result, result, result);
        if (e.p[e.n - 1 - bit / 8] >> (bit % 8) & 1)
            lt_montgomery_multiply(k, result, result, bit > 0 ? base : x);
    }
    memcpy(x, result, k->n * sizeof *x);
}

lt_rsa_result lt_accel_rsa_public(uint8_t *x, lt_bytes n, lt_bytes e)
{
    lt_montgomery k;
    uint64_t value[LT_MONTGOMERY_LIMBS];
    if (!lt_accel_has(LT_ACCEL_int128) || e.n == 0 || e.p[0] == 0
        || !lt_montgomery_start(&k, n.p, n.n))
        return LT_RSA_not_here;
    lt_limbs_decode(value, k.n, x, n.n);
    if (!lt_limbs_below(value, k.m, k.n))
        return LT_RSA_out_of_range;
    if (!lt_rsa_ifma_public(&k, value, e))
        public_power(&k, value, e);
    lt_limbs_encode(x, n.n, value);
    return LT_RSA_done;
}

/* What an operation with a private key has in hand, all of it secret; the exponents have a limb of zero
 * above them */
struct private_work {
    lt_montgomery p, q;
    uint64_t x[2 * PRIME_LIMBS], modulus[2 * PRIME_LIMBS];
    uint64_t of_p[PRIME_LIMBS], of_q[PRIME_LIMBS], high[PRIME_LIMBS], chosen[PRIME_LIMBS];
    uint64_t dp[PRIME_LIMBS + 1], dq[PRIME_LIMBS + 1], table[1 << WINDOW][PRIME_LIMBS];
};

/* table[index]; every entry is looked at */
static void pick(struct private_work *w, uint64_t index, size_t n)
{
    memset(w->chosen, 0, n * sizeof *w->chosen);
    for (uint64_t i = 0; i < 1 << WINDOW; i++) {
        uint64_t mask = lt_ct_mask(0 - (((i ^ index) - 1) >> 63));
        for (size_t j = 0; j < n; j++)
            w->chosen[j] |= w->table[i][j] & mask;
    }
}

static uint64_t window(const uint64_t *exponent, size_t bit)
{
    size_t i = bit / 64, shift = bit % 64;
    uint64_t low = exponent[i] >> shift, high = exponent[i + 1] << 1 << (63 - shift);
    return (low | high) & ((1 << WINDOW) - 1);
}

/* r = r^exponent mod m, r in Montgomery's form and out of it, by windows of five bits */
static void power(struct private_work *w, lt_montgomery *k, uint64_t *r,
                  const uint64_t *exponent)
{
    size_t n = k->n;
    one(w->high, n);
    lt_montgomery_multiply(k, w->table[0], k->r_squared, w->high);
    for (size_t i = 1; i < 1 << WINDOW; i++)
        lt_montgomery_multiply(k, w->table[i], w->table[i - 1], r);
    memcpy(r, w->table[0], n * sizeof *r);
    for (size_t bit = (64 * n + WINDOW - 1) / WINDOW * WINDOW; bit > 0;) {
        bit -= WINDOW;
        for (int i = 0; i < WINDOW; i++)
            lt_montgomery_multiply(k, r, r, r);
        pick(w, window(exponent, bit), n);
        lt_montgomery_multiply(k, r, r, w->chosen);
    }
    lt_montgomery_multiply(k, r, r, w->high);
}

/* r = x mod m in Montgomery's form, of an x of twice as many limbs */
static void reduce_half(struct private_work *w, lt_montgomery *k, uint64_t *r)
{
    size_t n = k->n;
    uint64_t carry = 0;
    lt_montgomery_multiply(k, w->high, w->x + n, k->r_squared);
    lt_montgomery_multiply(k, w->high, w->high, k->r_squared);
    lt_montgomery_multiply(k, r, w->x, k->r_squared);
    for (size_t i = 0; i < n; i++) {
        lt_u128 sum = (lt_u128)r[i] + w->high[i] + carry;
        r[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    lt_montgomery_reduce_once(k, r, carry);
}

/* x to the power of dp and dq, modulo p and q */
static void both_powers(struct private_work *w, const br_rsa_private_key *sk)
{
    size_t n = w->p.n;
    lt_limbs_decode(w->dp, n + 1, sk->dp, sk->dplen);
    lt_limbs_decode(w->dq, n + 1, sk->dq, sk->dqlen);
    reduce_half(w, &w->p, w->of_p);
    reduce_half(w, &w->q, w->of_q);
    if (lt_rsa_ifma_private((lt_montgomery *const[]){ &w->p, &w->q },
                            (uint64_t *const[]){ w->of_p, w->of_q },
                            (const uint64_t *const[]){ w->dp, w->dq }))
        return;
    power(w, &w->p, w->of_p, w->dp);
    power(w, &w->q, w->of_q, w->dq);
}

/* r = (of_p - of_q) iq mod p */
static void recombine(struct private_work *w, uint64_t *r, lt_bytes iq)
{
    size_t n = w->p.n;
    uint64_t borrow = 0, carry = 0;
    memcpy(w->high, w->of_q, n * sizeof *w->high);
    lt_montgomery_reduce_once(&w->p, w->high, 0); /* p and q have one size: it was below 2p */
    for (size_t i = 0; i < n; i++) {
        lt_u128 difference = (lt_u128)w->of_p[i] - w->high[i] - borrow;
        r[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    for (size_t i = 0; i < n; i++) {
        lt_u128 sum = (lt_u128)r[i] + (w->p.m[i] & (0 - borrow)) + carry;
        r[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    lt_limbs_decode(w->high, n, iq.p, iq.n);
    lt_montgomery_multiply(&w->p, w->high, w->high, w->p.r_squared);
    lt_montgomery_multiply(&w->p, r, r, w->high);
}

/* r = a b + c, of n limbs each, in 2 n */
static void multiply_add(const lt_montgomery *k, uint64_t *r, const uint64_t *a,
                         const uint64_t *b, const uint64_t *c)
{
    size_t n = k->n;
    memset(r, 0, 2 * n * sizeof *r);
    if (c)
        memcpy(r, c, n * sizeof *r);
    for (size_t i = 0; i < n; i++)
        r[i + n] = k->row(r + i, a, b[i], n);
}

static lt_bytes number(const uint8_t *p, size_t n)
{
    while (n > 0 && *p == 0)
        p++, n--;
    return (lt_bytes){ p, n };
}

static lt_rsa_result in_two_halves(struct private_work *w, uint8_t *x,
                                   const br_rsa_private_key *sk, size_t size)
{
    size_t n = w->p.n;
    lt_limbs_decode(w->x, 2 * n, x, size);
    multiply_add(&w->p, w->modulus, w->p.m, w->q.m, NULL);
    bool below = lt_ct_public(lt_limbs_below(w->x, w->modulus, 2 * n));
    both_powers(w, sk);
    recombine(w, w->of_p, (lt_bytes){ sk->iq, sk->iqlen });
    multiply_add(&w->q, w->x, w->q.m, w->of_p, w->of_q);
    lt_limbs_encode(x, size, w->x);
    return below ? LT_RSA_done : LT_RSA_out_of_range;
}

lt_rsa_result lt_accel_rsa_private(uint8_t *x, const br_rsa_private_key *sk)
{
    struct private_work w;
    size_t size = (sk->n_bitlen + 7) / 8;
    lt_bytes p = number(sk->p, sk->plen), q = number(sk->q, sk->qlen);
    lt_rsa_result result = LT_RSA_not_here;
    if (!lt_accel_has(LT_ACCEL_int128) || p.n != q.n || p.n > 8 * PRIME_LIMBS || size != 2 * p.n
        || sk->dplen > p.n || sk->dqlen > p.n || sk->iqlen > p.n)
        return result;
    bool fits = lt_montgomery_set(&w.p, p.p, p.n);
    fits = lt_ct_public(fits & lt_montgomery_set(&w.q, q.p, q.n));
    if (fits)
        result = in_two_halves(&w, x, sk, size);
    lt_wipe(&w, sizeof w);
    return result;
}

#else

lt_rsa_result lt_accel_rsa_public(uint8_t *x, lt_bytes n, lt_bytes e)
{
    (void)x, (void)n, (void)e;
    return LT_RSA_not_here;
}

lt_rsa_result lt_accel_rsa_private(uint8_t *x, const br_rsa_private_key *sk)
{
    (void)x, (void)sk;
    return LT_RSA_not_here;
}

#endif
