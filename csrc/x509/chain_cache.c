/* SPDX-License-Identifier: MIT
 * chain_cache.c - see chain_cache.h. An entry is one block: its certificates decoded, and its name behind
 * them. The hashes lie side by side, as all of them are looked at. */
#include "x509/chain_cache.h"

#include <stdlib.h>

#include "base/intern.h"

typedef struct {
    lt_known_path known; /* first */
    lt_purpose purpose;
    uint32_t generation;           /* of the store */
    int64_t not_before, not_after; /* within which all of the path is valid */
    uint64_t used;                 /* when: by the cache's own count */
    size_t count;
    lt_bytes certificates[LT_CHAIN_MAX]; /* as they came; kept by the table */
    char *name;                          /* NULL: none was asked for */
    lt_anchor decoded[];                 /* pool_count of them, and then the name */
} entry;

struct lt_chain_cache {
    struct lt_intern *intern;
    uint64_t *hashes;
    entry **entries;
    lt_chain_cache_numbers numbers;
    uint64_t uses;
};

lt_chain_cache *lt_chain_cache_new(size_t size, struct lt_intern *intern)
{
    lt_chain_cache *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->intern = intern;
    c->numbers.size = size;
    c->hashes = calloc(size, sizeof *c->hashes);
    c->entries = calloc(size, sizeof *c->entries);
    if (c->hashes && c->entries)
        return c;
    lt_chain_cache_free(c);
    return NULL;
}

static void free_entry(entry *e)
{
    for (size_t i = 0; i < e->count; i++)
        lt_intern_drop(&e->certificates[i]);
    free(e);
}

void lt_chain_cache_free(lt_chain_cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->numbers.entries; i++)
        free_entry(c->entries[i]);
    free(c->entries);
    free(c->hashes);
    free(c);
}

lt_chain_cache_numbers lt_chain_cache_count(const lt_chain_cache *c)
{
    return c->numbers;
}

/* What engines ask; other identities are asked for seldom. */
static bool may_be_known(const lt_verify_request *q)
{
    size_t bytes = 0;
    for (size_t i = 0; i < q->count; i++)
        bytes += q->certificates[i].n;
    return !q->email && !q->uri && q->purpose != LT_PURPOSE_oid && q->count > 0
           && q->count <= LT_CHAIN_MAX && bytes <= LT_CHAIN_CACHE_BYTES_MAX;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 1099511628211; /* FNV-1a */
    return hash;
}

/* Only tells which entries to compare: of a certificate its length, and the end of its signature. */
static uint64_t hash_of(const lt_verify_request *q)
{
    uint64_t hash = 14695981039346656037U ^ (uint64_t)q->purpose;
    for (size_t i = 0; i < q->count; i++) {
        lt_bytes der = q->certificates[i];
        size_t tail = der.n < 16 ? der.n : 16;
        hash = hash_bytes(hash, &der.n, sizeof der.n);
        if (tail > 0)
            hash = hash_bytes(hash, der.p + der.n - tail, tail);
    }
    return q->name ? hash_bytes(hash, q->name, strlen(q->name)) : hash;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool answers(const entry *e, const lt_verify_request *q)
{
    if (e->count != q->count || e->purpose != q->purpose || !same_text(e->name, q->name))
        return false;
    for (size_t i = 0; i < q->count; i++)
        if (!lt_bytes_equal(e->certificates[i], q->certificates[i]))
            return false;
    return true;
}

/* The entry, or how many there are. */
static size_t place_of(const lt_chain_cache *c, const lt_verify_request *q)
{
    uint64_t hash = hash_of(q);
    size_t i = 0, n = c->numbers.entries;
    while (i < n && !(c->hashes[i] == hash && answers(c->entries[i], q)))
        i++;
    return i;
}

static void remove_at(lt_chain_cache *c, size_t i)
{
    size_t last = --c->numbers.entries;
    free_entry(c->entries[i]);
    c->entries[i] = c->entries[last];
    c->hashes[i] = c->hashes[last];
}

static void drop_at(lt_chain_cache *c, size_t i)
{
    remove_at(c, i);
    c->numbers.dropped++;
}

const lt_known_path *lt_chain_cache_find(lt_chain_cache *c, const lt_verify_request *q,
                                         const lt_store *store)
{
    if (!may_be_known(q))
        return NULL;
    size_t i = place_of(c, q);
    entry *e = i < c->numbers.entries ? c->entries[i] : NULL;
    bool good = e && e->generation == lt_store_generation(store) && q->time >= e->not_before
                && q->time <= e->not_after;
    if (e && !good)
        drop_at(c, i);
    c->numbers.hits += good;
    c->numbers.misses += !good;
    if (!good)
        return NULL;
    e->used = ++c->uses;
    return &e->known;
}

void lt_chain_cache_drop(lt_chain_cache *c, const lt_known_path *known)
{
    for (size_t i = 0; i < c->numbers.entries; i++)
        if (&c->entries[i]->known == known) {
            drop_at(c, i);
            c->numbers.hits--; /* it was none */
            c->numbers.misses++;
            return;
        }
}

/* --- new entries ------------------------------------------------------------------------------ */

static bool decode(lt_anchor *a, lt_bytes der)
{
    lt_error ignored = { .code = LT_OK };
    return lt_certificate_parse(&a->certificate, der, &ignored) == LT_OK
           && lt_public_key_parse(&a->key, a->certificate.spki, &ignored) == LT_OK;
}

/* Those that decode, once each: the pool that the search had. */
static void fill_pool(entry *e)
{
    lt_known_path *known = &e->known;
    for (size_t i = 0; i < e->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || lt_bytes_equal(e->certificates[j], e->certificates[i]);
        lt_anchor *a = &e->decoded[known->pool_count];
        if (!seen && decode(a, e->certificates[i]))
            known->pool[known->pool_count++] = a;
    }
}

/* The first that came with these bytes; LT_CHAIN_MAX: none. */
static uint8_t came_as(const entry *e, lt_bytes der)
{
    for (size_t i = 0; i < e->count; i++)
        if (lt_bytes_equal(e->certificates[i], der))
            return (uint8_t)i;
    return LT_CHAIN_MAX;
}

/* The path again, where `is` came with the request: of certificates that are decoded here. */
static const lt_anchor *own(const entry *e, const lt_anchor *is, bool anchor)
{
    for (size_t i = 0; i < e->known.pool_count && !anchor; i++)
        if (lt_bytes_equal(e->decoded[i].certificate.der, is->certificate.der))
            return &e->decoded[i];
    return is;
}

/* The last of a path is the store's, though the peer may have sent it too. */
static void take_path(entry *e, const lt_anchor *const *path, size_t length)
{
    lt_known_path *known = &e->known;
    e->not_before = INT64_MIN;
    e->not_after = INT64_MAX;
    for (size_t i = 0; i < length; i++) {
        const lt_certificate *c = &path[i]->certificate;
        bool anchor = i + 1 == length;
        known->path[i] = own(e, path[i], anchor);
        known->came_as[i] = anchor ? LT_CHAIN_MAX : came_as(e, c->der);
        e->not_before = c->not_before > e->not_before ? c->not_before : e->not_before;
        e->not_after = c->not_after < e->not_after ? c->not_after : e->not_after;
    }
    known->path_length = length;
}

static entry *new_entry(lt_chain_cache *c, const lt_verify_request *q)
{
    size_t name = q->name ? strlen(q->name) + 1 : 0;
    entry *e = calloc(1, sizeof *e + q->count * sizeof *e->decoded + name);
    if (!e)
        return NULL;
    e->purpose = q->purpose;
    e->name = name > 0 ? memcpy(e->decoded + q->count, q->name, name) : NULL;
    for (; e->count < q->count; e->count++)
        if (!lt_intern_keep(c->intern, q->certificates[e->count], &e->certificates[e->count])) {
            free_entry(e);
            return NULL;
        }
    return e;
}

/* The one that was used longest ago, where there is no more room. */
static void make_room(lt_chain_cache *c)
{
    size_t oldest = 0;
    if (c->numbers.entries < c->numbers.size)
        return;
    for (size_t i = 1; i < c->numbers.entries; i++)
        if (c->entries[i]->used < c->entries[oldest]->used)
            oldest = i;
    remove_at(c, oldest);
}

void lt_chain_cache_add(lt_chain_cache *c, const lt_verify_request *q, const lt_store *store,
                        const lt_anchor *const *path, size_t path_length)
{
    entry *e = may_be_known(q) ? new_entry(c, q) : NULL;
    if (!e)
        return;
    fill_pool(e);
    take_path(e, path, path_length);
    e->generation = lt_store_generation(store);
    e->used = ++c->uses;
    make_room(c);
    c->hashes[c->numbers.entries] = hash_of(q);
    c->entries[c->numbers.entries++] = e;
}
