/* SPDX-License-Identifier: MIT
 * aes_gcm_lanes.h - AES-GCM for one size of vector: included by aes_gcm.c once for each, which defines
 * TARGET, VECTOR, LANES (blocks in a vector), AT_ONCE (vectors, a chunk), KARATSUBA (or four multiplications)
 * and the instructions, all undefined at the end. */

#define WIDE ((size_t)16 * LANES)
#define CHUNK (WIDE * AT_ONCE)

/* The counters' first round, from *counter on, which is a block with its bytes in reverse in each lane */
INLINE void NAME(begin)(VECTOR s[AT_ONCE], VECTOR *counter, const uint8_t *round_keys)
{
    const VECTOR step = STEP, key = EVERYWHERE(round_keys);
    UNROLL
    for (int i = 0; i < AT_ONCE; i++) {
        s[i] = XOR(REVERSED(*counter), key);
        *counter = ADD(*counter, step);
    }
}

INLINE void NAME(round)(VECTOR s[AT_ONCE], const uint8_t *round_key)
{
    const VECTOR key = EVERYWHERE(round_key);
    UNROLL
    for (int i = 0; i < AT_ONCE; i++)
        s[i] = ROUND(s[i], key);
}

/* The last round; the key stream that it gives encrypts CHUNK bytes, and becomes what they are then. */
INLINE void NAME(end)(VECTOR s[AT_ONCE], const uint8_t *round_key, uint8_t *data)
{
    const VECTOR key = EVERYWHERE(round_key);
    UNROLL
    for (size_t i = 0; i < AT_ONCE; i++) {
        s[i] = XOR(LAST_ROUND(s[i], key), LOAD(data + WIDE * i));
        STORE(data + WIDE * i, s[i]);
    }
}

INLINE void NAME(encrypt_chunk)(VECTOR s[AT_ONCE], VECTOR *counter, const uint8_t *round_keys,
                                unsigned rounds, uint8_t *data)
{
    NAME(begin)(s, counter, round_keys);
    for (unsigned r = 1; r < rounds; r++)
        NAME(round)(s, round_keys + 16 * r);
    NAME(end)(s, round_keys + 16 * rounds, data);
}

INLINE void NAME(load_chunk)(VECTOR x[AT_ONCE], const uint8_t *data)
{
    UNROLL
    for (size_t i = 0; i < AT_ONCE; i++)
        x[i] = LOAD(data + WIDE * i);
}

TARGET static inline VECTOR NAME(key_stream_1)(VECTOR *counter, const uint8_t *round_keys,
                                               unsigned rounds)
{
    VECTOR s = XOR(REVERSED(*counter), EVERYWHERE(round_keys));
    *counter = ADD(*counter, STEP);
    for (unsigned r = 1; r < rounds; r++)
        s = ROUND(s, EVERYWHERE(round_keys + 16 * r));
    return LAST_ROUND(s, EVERYWHERE(round_keys + 16 * rounds));
}

/* The sum of products of 256 bits: low + 2^64 middle + 2^128 high; KARATSUBA's middle has low and high in
 * it. */
struct NAME(product) {
    VECTOR low, middle, high;
};

INLINE void NAME(add_product)(struct NAME(product) * p, VECTOR a, VECTOR b)
{
    p->low = XOR(p->low, MULTIPLY(a, b, 0x00));
    p->high = XOR(p->high, MULTIPLY(a, b, 0x11));
    if (KARATSUBA)
        p->middle = XOR(p->middle, MULTIPLY(XOR(a, TURNED(a)), XOR(b, TURNED(b)), 0x00));
    else
        p->middle = XOR3(p->middle, MULTIPLY(a, b, 0x01), MULTIPLY(a, b, 0x10));
}

/* Divided by x^128, in two steps of 64 bits: multiples of the polynomial make the low half zero. */
INLINE VECTOR NAME(reduce)(const struct NAME(product) * p)
{
    const VECTOR polynomial = POLYNOMIAL;
    VECTOR m = KARATSUBA ? XOR3(p->middle, p->low, p->high) : p->middle;
    m = XOR3(m, TURNED(p->low), MULTIPLY(p->low, polynomial, 0x00));
    return XOR3(p->high, TURNED(m), MULTIPLY(m, polynomial, 0x00));
}

/* y after a chunk */
INLINE __m128i NAME(hash_chunk)(__m128i y, const uint8_t *powers, const VECTOR x[AT_ONCE])
{
    struct NAME(product) p = { ZERO, ZERO, ZERO };
    powers += 16 * LT_GHASH_POWERS - CHUNK;
    NAME(add_product)(&p, XOR(REVERSED(x[0]), FIRST(y)), LOAD(powers));
    UNROLL
    for (size_t i = 1; i < AT_ONCE; i++)
        NAME(add_product)(&p, REVERSED(x[i]), LOAD(powers + WIDE * i));
    return SUM(NAME(reduce)(&p));
}

/* Encrypts a chunk of `data`, and hashes x: a vector beside each of the first rounds, of which there are more.
 * Then x is the chunk that was encrypted. Gives y. */
INLINE __m128i NAME(encrypt_and_hash)(const lt_aes_gcm *k, VECTOR *counter, uint8_t *data,
                                      __m128i y, VECTOR x[AT_ONCE])
{
    const uint8_t *powers = k->powers + 16 * LT_GHASH_POWERS - CHUNK;
    struct NAME(product) p = { ZERO, ZERO, ZERO };
    VECTOR s[AT_ONCE];
    unsigned r = 1;
    NAME(begin)(s, counter, k->round_keys);
    UNROLL
    for (size_t i = 0; i < AT_ONCE; i++, r++) {
        NAME(round)(s, k->round_keys + 16 * r);
        VECTOR in = REVERSED(x[i]);
        NAME(add_product)(&p, i == 0 ? XOR(in, FIRST(y)) : in, LOAD(powers + WIDE * i));
    }
    y = SUM(NAME(reduce)(&p));
    for (; r < k->rounds; r++)
        NAME(round)(s, k->round_keys + 16 * r);
    NAME(end)(s, k->round_keys + 16 * k->rounds, data);
    UNROLL
    for (size_t i = 0; i < AT_ONCE; i++)
        x[i] = s[i];
    return y;
}

/* 1 to WIDE bytes, with zeros behind them */
TARGET static inline VECTOR NAME(load)(const uint8_t *p, size_t n)
{
    return n == WIDE ? LOAD(p) : NAME(load_part)(p, n);
}

TARGET static inline VECTOR NAME(store)(uint8_t *p, VECTOR x, size_t n) /* x, cut to n bytes */
{
    if (n < WIDE)
        return NAME(store_part)(p, x, n);
    STORE(p, x);
    return x;
}

/* y after the last n bytes, fewer than CHUNK, padded with zeros; nothing changes where n = 0. */
TARGET static inline __m128i NAME(hash_rest)(__m128i y, const uint8_t *powers,
                                             const uint8_t *data, size_t n)
{
    struct NAME(product) p = { ZERO, ZERO, ZERO };
    VECTOR before = FIRST(y);
    if (n == 0)
        return y;
    powers += 16 * LT_GHASH_POWERS - ((n + 15) & ~(size_t)15);
    while (n > 0) {
        size_t part = n < WIDE ? n : WIDE;
        NAME(add_product)(&p, XOR(REVERSED(NAME(load)(data, part)), before), LOAD(powers));
        before = ZERO;
        data += part, powers += part, n -= part;
    }
    return SUM(NAME(reduce)(&p));
}

/* y after n bytes, padded */
TARGET static __m128i NAME(hash)(__m128i y, const uint8_t *powers, const uint8_t *data,
                                 size_t n)
{
    VECTOR x[AT_ONCE];
    for (; n >= CHUNK; data += CHUNK, n -= CHUNK) {
        NAME(load_chunk)(x, data);
        y = NAME(hash_chunk)(y, powers, x);
    }
    return NAME(hash_rest)(y, powers, data, n);
}

TARGET static inline __m128i NAME(hash_aad)(const uint8_t *powers, lt_bytes aad)
{
    if (aad.n > 16)
        return NAME(hash)(_mm_setzero_si128(), powers, aad.p, aad.n);
    if (aad.n == 0)
        return _mm_setzero_si128();
    return multiplied(REVERSED_128(load_part_128(aad.p, aad.n)),
                      load128(powers + 16 * (LT_GHASH_POWERS - 1)));
}

/* The last n bytes, fewer than CHUNK, and the block of lengths behind them */
TARGET static inline __m128i NAME(finish)(const lt_aes_gcm *k, VECTOR counter, __m128i y,
                                          __m128i lengths, uint8_t *data, size_t n,
                                          bool encrypt)
{
    const uint8_t *powers = k->powers + 16 * (LT_GHASH_POWERS - 1);
    struct NAME(product) p = { ZERO, ZERO, ZERO };
    VECTOR before = FIRST(y);
    if (n == 0)
        return multiplied(_mm_xor_si128(y, lengths), load128(powers));
    y = multiplied(lengths, load128(powers));
    powers -= (n + 15) & ~(size_t)15;
    while (n > 0) {
        size_t part = n < WIDE ? n : WIDE;
        VECTOR in = NAME(load)(data, part);
        VECTOR out = XOR(in, NAME(key_stream_1)(&counter, k->round_keys, k->rounds));
        out = NAME(store)(data, out, part);
        in = encrypt ? out : in;
        NAME(add_product)(&p, XOR(REVERSED(in), before), LOAD(powers));
        before = ZERO;
        data += part, powers += part, n -= part;
    }
    return _mm_xor_si128(y, SUM(NAME(reduce)(&p)));
}

/* y after all whole chunks of n bytes. What is decrypted is hashed beside that. */
TARGET static inline __m128i NAME(decrypt_chunks)(const lt_aes_gcm *k, VECTOR *counter,
                                                  __m128i y, uint8_t *data, size_t n)
{
    VECTOR x[AT_ONCE];
    for (; n >= CHUNK; data += CHUNK, n -= CHUNK) {
        NAME(load_chunk)(x, data);
        y = NAME(encrypt_and_hash)(k, counter, data, y, x);
    }
    return y;
}

/* The same; what is encrypted is hashed beside the next chunk, when it is there. */
TARGET static inline __m128i NAME(encrypt_chunks)(const lt_aes_gcm *k, VECTOR *counter,
                                                  __m128i y, uint8_t *data, size_t n)
{
    VECTOR x[AT_ONCE];
    if (n < CHUNK)
        return y;
    NAME(encrypt_chunk)(x, counter, k->round_keys, k->rounds, data);
    for (data += CHUNK, n -= CHUNK; n >= CHUNK; data += CHUNK, n -= CHUNK)
        y = NAME(encrypt_and_hash)(k, counter, data, y, x);
    return NAME(hash_chunk)(y, k->powers, x);
}

TARGET static inline void NAME(run)(const lt_aes_gcm *k, const uint8_t nonce[12], lt_bytes aad,
                                    uint8_t *data, size_t n, uint8_t tag[16], bool encrypt)
{
    const __m128i first = counter_block(nonce, 1), lengths = lengths_block(aad.n, n);
    const __m128i mask = encrypted(first, k->round_keys, k->rounds);
    const size_t rest = n % CHUNK;
    VECTOR counter = ADD(COPIES(counter_block(nonce, 2)), NUMBERS);
    __m128i y = NAME(hash_aad)(k->powers, aad);
    y = encrypt ? NAME(encrypt_chunks)(k, &counter, y, data, n)
                : NAME(decrypt_chunks)(k, &counter, y, data, n);
    y = NAME(finish)(k, counter, y, lengths, data + (n - rest), rest, encrypt);
    _mm_storeu_si128((__m128i *)(void *)tag, _mm_xor_si128(REVERSED_128(y), mask));
}

TARGET static void NAME(run_gcm)(const lt_aes_gcm *k, const uint8_t nonce[12], lt_bytes aad,
                                 uint8_t *data, size_t n, uint8_t tag[16], bool encrypt)
{
    if (encrypt)
        NAME(run)(k, nonce, aad, data, n, tag, true);
    else
        NAME(run)(k, nonce, aad, data, n, tag, false);
}

const lt_aes_gcm_class NAME(lt_aes_gcm) = { set, NAME(run_gcm) };

/* --- for BearSSL --- */

TARGET void NAME(lt_ghash)(void *y, const void *h, const void *data, size_t n)
{
    lt_aes_gcm k;
    size_t blocks = (n + 15) / 16;
    set_powers(k.powers, h, blocks < LT_GHASH_POWERS ? blocks : LT_GHASH_POWERS);
    memset(k.round_keys, 0,
           WIDE); /* what stands behind the powers may be anything, but is read */
    __m128i sum = NAME(hash)(REVERSED_128(load128(y)), k.powers, data, n);
    _mm_storeu_si128((__m128i *)y, REVERSED_128(sum));
    lt_wipe(k.powers, sizeof k.powers);
}

TARGET static uint32_t NAME(run_ctr)(const br_block_ctr_class *const *context, const void *iv,
                                     uint32_t counter, void *data, size_t n)
{
    const br_aes_x86ni_ctr_keys *k = (const void *)context;
    const uint32_t after = counter + (uint32_t)(n / 16);
    VECTOR s[AT_ONCE], at = ADD(COPIES(counter_block(iv, counter)), NUMBERS);
    uint8_t *p = data;
    for (; n >= CHUNK; p += CHUNK, n -= CHUNK)
        NAME(encrypt_chunk)(s, &at, k->skey.skni, k->num_rounds, p);
    while (n > 0) {
        size_t part = n < WIDE ? n : WIDE;
        VECTOR out =
            XOR(NAME(load)(p, part), NAME(key_stream_1)(&at, k->skey.skni, k->num_rounds));
        NAME(store)(p, out, part);
        p += part, n -= part;
    }
    return after;
}

TARGET static void NAME(init_ctr)(const br_block_ctr_class **context, const void *key, size_t n)
{
    br_aes_x86ni_ctr_keys *k = (void *)context;
    k->vtable = &NAME(lt_aes_ctr);
    k->num_rounds = expand(k->skey.skni, key, n);
}

const br_block_ctr_class NAME(lt_aes_ctr) = {
    .context_size = sizeof(br_aes_x86ni_ctr_keys),
    .block_size = 16,
    .log_block_size = 4,
    .init = NAME(init_ctr),
    .run = NAME(run_ctr),
};

#undef TARGET
#undef VECTOR
#undef LANES
#undef KARATSUBA
#undef AT_ONCE
#undef NAME
#undef WIDE
#undef CHUNK
#undef ZERO
#undef XOR
#undef XOR3
#undef ADD
#undef STEP
#undef NUMBERS
#undef COPIES
#undef FIRST
#undef SUM
#undef TURNED
#undef REVERSED
#undef EVERYWHERE
#undef POLYNOMIAL
#undef MULTIPLY
#undef ROUND
#undef LAST_ROUND
#undef LOAD
#undef STORE
