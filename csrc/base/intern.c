/* SPDX-License-Identifier: MIT
 * intern.c - see intern.h: a table of blocks, each with the number of its holders. The table knows the
 * blocks, and does not hold them. */
#include "base/intern.h"

#include <stdalign.h>
#include <stdlib.h>

typedef struct block {
    lt_intern *table; /* NULL: in none */
    struct block *next;
    uint32_t hash, holders;
    size_t size;
    alignas(max_align_t) uint8_t bytes[]; /* whatever they are */
} block;

struct lt_intern {
    bool closed;                /* its owner is gone: the last block frees it */
    size_t count, bucket_count; /* a power of two */
    block **buckets;
};

enum {
    BUCKETS = 16, /* at first */
    BUCKET_MAX =
        32, /* blocks in one: who makes bytes that meet there gets no table that is slow */
};

lt_intern *lt_intern_new(void)
{
    lt_intern *t = malloc(sizeof *t);
    block **buckets = t ? calloc(BUCKETS, sizeof(block *)) : NULL;
    if (!buckets) {
        free(t);
        return NULL;
    }
    *t = (lt_intern){ .bucket_count = BUCKETS, .buckets = buckets };
    return t;
}

static void free_table(lt_intern *t)
{
    free(t->buckets);
    free(t);
}

void lt_intern_free(lt_intern *t)
{
    if (!t)
        return;
    t->closed = true;
    if (t->count == 0)
        free_table(t);
}

/* Eight bytes at a time, as certificates are long; the value stays in this process. */
static uint32_t hash_of(lt_bytes b)
{
    static const uint64_t odd = 0x9e3779b97f4a7c15;
    uint64_t hash = b.n, word;
    size_t i = 0;
    for (; b.n - i >= sizeof word; i += sizeof word) {
        memcpy(&word, b.p + i, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    }
    for (; i < b.n; i++)
        hash = (hash ^ b.p[i]) * odd;
    return (uint32_t)(hash >> 32);
}

static block **bucket(const lt_intern *t, uint32_t hash)
{
    return &t->buckets[hash & (t->bucket_count - 1)]; /* NOLINT(clang-analyzer-unix.Malloc) */
}

/* Without memory it stays as it is, and is slower. */
static void grow(lt_intern *t)
{
    lt_intern larger = *t;
    larger.bucket_count *= 2;
    larger.buckets = calloc(larger.bucket_count, sizeof(block *));
    if (!larger.buckets)
        return;
    for (size_t i = 0; i < t->bucket_count; i++)
        for (block *b = t->buckets[i], *next; b; b = next) {
            block **to = bucket(&larger, b->hash);
            next = b->next;
            b->next = *to;
            *to = b;
        }
    free(t->buckets);
    *t = larger;
}

/* The block that has these bytes; NULL: none, and `length` is that of its bucket. */
static block *find(const lt_intern *t, lt_bytes bytes, uint32_t hash, size_t *length)
{
    *length = 0;
    for (block *b = *bucket(t, hash); b; b = b->next, ++*length)
        if (b->hash == hash && lt_bytes_equal((lt_bytes){ b->bytes, b->size }, bytes))
            return b;
    return NULL;
}

static void enter(lt_intern *t, block *b)
{
    if (t->count >= t->bucket_count)
        grow(t);
    block **first = bucket(t, b->hash);
    b->table = t;
    b->next = *first;
    *first = b;
    t->count++;
}

bool lt_intern_keep(lt_intern *t, lt_bytes bytes, lt_bytes *kept)
{
    size_t length = 0;
    uint32_t hash = t && bytes.n > 0 ? hash_of(bytes) : 0;
    *kept = (lt_bytes){ NULL, 0 };
    if (bytes.n == 0)
        return true;
    block *b = t ? find(t, bytes, hash, &length) : NULL;
    if (b) {
        b->holders++;
    } else {
        b = malloc(sizeof *b + bytes.n);
        if (!b)
            return false;
        *b = (block){ .hash = hash, .holders = 1, .size = bytes.n };
        memcpy(b->bytes, bytes.p, bytes.n);
        if (t && length < BUCKET_MAX)
            enter(t, b);
    }
    *kept = (lt_bytes){ b->bytes, bytes.n };
    return true;
}

static block *block_of(lt_bytes kept)
{
    return (block *)(uintptr_t)(kept.p - offsetof(block, bytes));
}

lt_bytes lt_intern_share(lt_bytes kept)
{
    if (kept.n > 0)
        block_of(kept)->holders++;
    return kept;
}

static void leave(lt_intern *t, const block *b)
{
    block **at = bucket(t, b->hash);
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    if (--t->count == 0 && t->closed)
        free_table(t);
}

void lt_intern_drop(lt_bytes *kept)
{
    block *b = kept->n > 0 ? block_of(*kept) : NULL;
    *kept = (lt_bytes){ NULL, 0 };
    if (!b || --b->holders > 0)
        return;
    if (b->table)
        leave(b->table, b);
    free(b);
}

lt_intern_numbers lt_intern_count(const lt_intern *t)
{
    lt_intern_numbers n = { 0 };
    for (size_t i = 0; i < t->bucket_count; i++)
        for (const block *b = t->buckets[i]; b; b = b->next) {
            n.blocks++;
            n.bytes += b->size;
            n.holders += b->holders;
        }
    return n;
}
