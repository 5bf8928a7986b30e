/* SPDX-License-Identifier: MIT
 * password.c - see password.h. */
#include "crypto/password.h"

#include <stdlib.h>

#include "base/secret.h"
#include "crypto/accel/sha256.h"
#include "crypto/hash.h"

enum { STACK = 2048 }; /* that BearSSL's HMAC takes of it, with room to spare */

/* T_i = U_1 xor ... xor U_c, section 5.2 */
static void block(const br_hmac_key_context *key, lt_bytes salt, uint32_t index,
                  uint32_t iterations, uint8_t t[LT_HASH_MAX])
{
    br_hmac_context hmac;
    uint8_t u[LT_HASH_MAX], number[4] = { (uint8_t)(index >> 24), (uint8_t)(index >> 16),
                                          (uint8_t)(index >> 8), (uint8_t)index };
    br_hmac_init(&hmac, key, 0);
    br_hmac_update(&hmac, salt.p, salt.n);
    br_hmac_update(&hmac, number, sizeof number);
    size_t n = br_hmac_out(&hmac, u);
    memcpy(t, u, n);
    for (uint32_t i = 1; i < iterations; i++) {
        br_hmac_init(&hmac, key, 0);
        br_hmac_update(&hmac, u, n);
        br_hmac_out(&hmac, u);
        for (size_t j = 0; j < n; j++)
            t[j] ^= u[j];
    }
    lt_wipe(&hmac, sizeof hmac);
    lt_wipe(u, sizeof u);
}

void lt_pbkdf2(const br_hash_class *hash, lt_bytes password, lt_bytes salt, uint32_t iterations,
               uint8_t *key, size_t size)
{
    br_hmac_key_context hmac_key;
    uint8_t t[LT_HASH_MAX];
    size_t step = lt_hash_size(hash);
    br_hmac_key_init(&hmac_key, hash, password.p, password.n);
    for (uint32_t i = 1; size > 0; i++) {
        size_t take = size < step ? size : step;
        block(&hmac_key, salt, i, iterations, t);
        memcpy(key, t, take);
        key += take, size -= take;
    }
    lt_wipe(&hmac_key, sizeof hmac_key);
    lt_wipe(t, sizeof t);
    lt_wipe_stack(STACK);
}

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void quarter(uint32_t *x, const uint8_t at[4])
{
    x[at[1]] ^= rotate(x[at[0]] + x[at[3]], 7);
    x[at[2]] ^= rotate(x[at[1]] + x[at[0]], 9);
    x[at[3]] ^= rotate(x[at[2]] + x[at[1]], 13);
    x[at[0]] ^= rotate(x[at[3]] + x[at[2]], 18);
}

static void salsa20_8(uint32_t b[16]) /* RFC 7914 section 3 */
{
    static const uint8_t columns_and_rows[8][4] = {
        { 0, 4, 8, 12 }, { 5, 9, 13, 1 }, { 10, 14, 2, 6 }, { 15, 3, 7, 11 },
        { 0, 1, 2, 3 },  { 5, 6, 7, 4 },  { 10, 11, 8, 9 }, { 15, 12, 13, 14 },
    };
    uint32_t x[16];
    memcpy(x, b, sizeof x);
    for (size_t i = 0; i < 32; i++) /* four double rounds */
        quarter(x, columns_and_rows[i % 8]);
    for (size_t i = 0; i < 16; i++)
        b[i] += x[i];
    lt_wipe(x, sizeof x);
}

/* scryptBlockMix, section 4: from b to y, 2 r blocks of 16 words */
static void block_mix(uint32_t *y, const uint32_t *b, size_t r)
{
    uint32_t x[16];
    memcpy(x, b + 16 * (2 * r - 1), sizeof x);
    for (size_t i = 0; i < 2 * r; i++) {
        for (size_t j = 0; j < 16; j++)
            x[j] ^= b[16 * i + j];
        salsa20_8(x);
        memcpy(y + 16 * (i / 2 + (i & 1) * r), x, sizeof x);
    }
    lt_wipe(x, sizeof x);
}

/* scryptROMix, section 5; v has N + 1 places of 32 r words */
static void rom_mix(uint32_t *x, uint32_t *v, uint32_t n, size_t r)
{
    size_t words = 32 * r;
    uint32_t *y = v + n * words;
    memcpy(v, x, words * sizeof *v);
    for (uint32_t i = 0; i < n; i++) /* v[i + 1] of v[i]; the last one lies in y */
        block_mix(v + (i + 1) * words, v + i * words, r);
    memcpy(x, y, words * sizeof *x);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *chosen = v + (x[words - 16] & (n - 1)) * words;
        for (size_t j = 0; j < words; j++)
            y[j] = x[j] ^ chosen[j];
        block_mix(x, y, r);
    }
}

bool lt_scrypt_allowed(const lt_scrypt_parameters *s)
{
    uint64_t mixed = (uint64_t)s->cost * s->block_size;
    bool power = s->cost > 1 && (s->cost & (s->cost - 1)) == 0;
    if (!power || s->block_size == 0 || s->parallelism == 0
        || mixed > LT_SCRYPT_MAX_MEMORY / 128 || s->parallelism > LT_SCRYPT_MAX_WORK / 128
        || mixed * s->parallelism > LT_SCRYPT_MAX_WORK / 128
        || (uint64_t)s->block_size * s->parallelism > LT_SCRYPT_MAX_MEMORY / 128)
        return false;
    return s->block_size >= 2 || s->cost < 1U << 16; /* N < 2^(128 r / 8) */
}

bool lt_scrypt(const lt_scrypt_parameters *s, lt_bytes password, lt_bytes salt, uint8_t *key,
               size_t size)
{
    size_t words = 32 * (size_t)s->block_size, bytes = 4 * words;
    size_t b_size = bytes * s->parallelism, v_size = bytes * ((size_t)s->cost + 2);
    uint8_t *b = malloc(b_size);
    uint32_t *v = malloc(v_size), *x = v ? v + words * ((size_t)s->cost + 1) : NULL;
    bool ok = b && v;
    if (ok)
        lt_pbkdf2(&lt_sha256_vtable, password, salt, 1, b, b_size);
    for (size_t i = 0; ok && i < s->parallelism; i++) {
        uint8_t *at = b + i * bytes;
        for (size_t j = 0; j < words; j++)
            x[j] = (uint32_t)at[4 * j] | (uint32_t)at[4 * j + 1] << 8
                   | (uint32_t)at[4 * j + 2] << 16 | (uint32_t)at[4 * j + 3] << 24;
        rom_mix(x, v, s->cost, s->block_size);
        for (size_t j = 0; j < bytes; j++)
            at[j] = (uint8_t)(x[j / 4] >> 8 * (j % 4));
    }
    if (ok)
        lt_pbkdf2(&lt_sha256_vtable, password, (lt_bytes){ b, b_size }, 1, key, size);
    lt_wipe_free(b, b_size);
    lt_wipe_free(v, v_size);
    return ok;
}

void lt_md5_bytes_to_key(lt_bytes password, const uint8_t salt[8], uint8_t *key, size_t size)
{
    br_md5_context md5;
    uint8_t digest[br_md5_SIZE];
    for (size_t done = 0; done < size;) {
        size_t take = size - done < sizeof digest ? size - done : sizeof digest;
        br_md5_init(&md5);
        if (done > 0)
            br_md5_update(&md5, digest, sizeof digest);
        br_md5_update(&md5, password.p, password.n);
        br_md5_update(&md5, salt, 8);
        br_md5_out(&md5, digest);
        memcpy(key + done, digest, take);
        done += take;
    }
    lt_wipe(&md5, sizeof md5);
    lt_wipe(digest, sizeof digest);
    lt_wipe_stack(STACK);
}
