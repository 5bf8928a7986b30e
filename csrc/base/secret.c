/* SPDX-License-Identifier: MIT
 * secret.c - see secret.h. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

void lt_wipe(void *p, size_t n)
{
    static void *(*const volatile set)(void *, int, size_t) = memset;
    if (n > 0)
        set(p, 0, n);
}

__attribute__((noinline)) void lt_wipe_stack(size_t n)
{
    uint8_t below[n]; /* one frame, as there are gaps between several */
    lt_wipe(below, n);
}

bool lt_ct_eq(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < n; i++)
        difference |= (uint8_t)(x[i] ^ y[i]);
    return difference == 0;
}

bool lt_ct_public(uint64_t any)
{
    return any != 0;
}

typedef struct {
    uint64_t a, b, c, d;
} words; /* four at a time, and no loop over them: that costs half */

static uint64_t is_not_zero(uint64_t w)
{
    return (w | (0 - w)) >> 63;
}

/* Where there is something in `w`, it is the last one so far. */
static inline void keep_last(words *last, uint64_t *at, words w, size_t i)
{
    uint64_t mask = 0 - is_not_zero(w.a | w.b | w.c | w.d);
    last->a ^= (last->a ^ w.a) & mask;
    last->b ^= (last->b ^ w.b) & mask;
    last->c ^= (last->c ^ w.c) & mask;
    last->d ^= (last->d ^ w.d) & mask;
    *at ^= (*at ^ i) & mask;
}

static size_t trimmed_by_words(const uint8_t *p, size_t n)
{
    words last = { 0, 0, 0, 0 }, w;
    uint8_t end[sizeof last];
    uint64_t at = 0, size = 0;
    size_t i = 0;
    for (; n - i >= sizeof w; i += sizeof w) {
        memcpy(&w, p + i, sizeof w);
        keep_last(&last, &at, w, i);
    }
    w = (words){ 0, 0, 0, 0 };
    if (n > i)
        memcpy(&w, p + i, n - i);
    keep_last(&last, &at, w, i);
    memcpy(end, &last, sizeof end);
    for (uint64_t j = 0; j < sizeof end; j++)
        size ^= (size ^ (j + 1)) & (0 - is_not_zero(end[j]));
    lt_wipe(end, sizeof end);
    return (size_t)(at + size);
}

/* Of a large record: for each place in a block, the number of the last block that has something there. A
 * number fits into a byte, so that vectors of bytes do it, without a branch in any compiler. */
#ifdef __GNUC__
enum { LANES = 16, VECTORS = 6, BLOCK = LANES * VECTORS, BLOCKS_MAX = 255 };
typedef uint8_t lanes __attribute__((vector_size(LANES)));

static inline void keep_number(lanes *last, const uint8_t *p, const lanes *number)
{
    lanes w;
    memcpy(&w, p, sizeof w);
    lanes is_zero = (lanes)(w == 0);
    *last = (*last & is_zero) | (*number & ~is_zero);
}

static size_t end_of(const uint8_t last[BLOCK])
{
    uint64_t size = 0;
    for (uint64_t j = 0; j < BLOCK; j++) {
        uint64_t end = last[j] * (uint64_t)BLOCK + j + 1 - BLOCK;
        uint64_t later = lt_ct_mask((size - end) >> 63) & is_not_zero(last[j]);
        size ^= (size ^ end) & (0 - later);
    }
    return (size_t)size;
}

static size_t trimmed_by_lanes(const uint8_t *p, size_t n)
{
    lanes a = { 0 }, b = a, c = a, d = a, e = a, f = a, number = a;
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK) {
        number += 1;
        keep_number(&a, p + i, &number);
        keep_number(&b, p + i + LANES, &number);
        keep_number(&c, p + i + 2 * LANES, &number);
        keep_number(&d, p + i + 3 * LANES, &number);
        keep_number(&e, p + i + 4 * LANES, &number);
        keep_number(&f, p + i + 5 * LANES, &number);
    }
    union {
        lanes vectors[VECTORS];
        uint8_t bytes[BLOCK];
    } last = { .vectors = { a, b, c, d, e, f } };
    size_t whole = end_of(last.bytes), rest = trimmed_by_words(p + i, n - i);
    lt_wipe(&last, sizeof last);
    uint64_t more = 0 - is_not_zero(rest);
    return (size_t)(whole ^ ((whole ^ (i + rest)) & lt_ct_mask(more)));
}
#endif

size_t lt_ct_trimmed(const void *p, size_t n)
{
#ifdef __GNUC__
    if (n >= 8 * BLOCK && n < (size_t)BLOCK * BLOCKS_MAX)
        return trimmed_by_lanes(p, n);
#endif
    return trimmed_by_words(p, n);
}

void lt_wipe_free(void *p, size_t n)
{
    if (!p)
        return;
    lt_wipe(p, n);
    free(p);
}

bool lt_buffer_reserve(lt_buffer *b, size_t more)
{
    size_t live = lt_buffer_size(b);
    if (b->capacity - b->end >= more)
        return true;
    if (b->capacity - live >= more && b->start >= live) { /* cheap: no overlap, no new block */
        memcpy(b->data, b->data + b->start, live);
        b->start = 0, b->end = live;
        return true;
    }
    if (more > SIZE_MAX / 2 - live)
        return false;
    size_t capacity = b->capacity < 256 ? 256 : b->capacity;
    if (b->capacity == 0 && more > capacity) /* the first block: often all that there will be */
        capacity = more;
    while (capacity - live < more)
        capacity *= 2;
    uint8_t *data = malloc(capacity);
    if (!data)
        return false;
    if (live > 0)
        memcpy(data, b->data + b->start, live);
    lt_wipe_free(b->data, b->capacity);
    *b = (lt_buffer){ .data = data, .end = live, .capacity = capacity };
    return true;
}

bool lt_buffer_add(lt_buffer *b, const void *p, size_t n)
{
    if (!lt_buffer_reserve(b, n))
        return false;
    if (n > 0)
        memcpy(b->data + b->end, p, n);
    b->end += n;
    return true;
}

void lt_buffer_take(lt_buffer *b, size_t n)
{
    b->start += n;
    if (b->start == b->end)
        b->start = b->end = 0;
}

void lt_buffer_free(lt_buffer *b)
{
    lt_wipe_free(b->data, b->capacity);
    *b = (lt_buffer){ 0 };
}

void lt_buffer_free_used(lt_buffer *b, size_t used)
{
    lt_wipe_free(b->data, used < b->capacity ? used : b->capacity);
    *b = (lt_buffer){ 0 };
}

void lt_buffer_free_public(lt_buffer *b)
{
    free(b->data);
    *b = (lt_buffer){ 0 };
}
