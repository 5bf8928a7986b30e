/* SPDX-License-Identifier: MIT
 * session_cache.c - the server's sessions, found by session ID. Bounded: the oldest makes room for
 * the newest, which is also the order in which they run out. */
#include "bear/bear.h"

#include <stddef.h>
#include <stdlib.h>

enum { ID_SIZE = 32 };

typedef struct entry entry;
struct entry {
    entry *next; /* in its bucket */
    lt_saved_session saved;
};

struct lt_bear_cache {
    size_t size, at; /* ring: `at` is the oldest */
    entry **ring;
    size_t bucket_mask;
    entry **buckets;
};

/* We chose the IDs at random: their first bytes are hash enough. */
static entry **bucket_of(lt_bear_cache *cache, const uint8_t *id)
{
    uint32_t h = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
    return &cache->buckets[h & cache->bucket_mask];
}

/* The link that points at the entry; NULL: there is none. */
static entry **find(lt_bear_cache *cache, const uint8_t *id)
{
    for (entry **link = bucket_of(cache, id); *link; link = &(*link)->next)
        if (lt_bytes_equal((lt_bytes){ (*link)->saved.parameters.session_id, ID_SIZE },
                           (lt_bytes){ id, ID_SIZE }))
            return link;
    return NULL;
}

static void entry_free(entry *x)
{
    if (!x)
        return;
    lt_saved_session_free(&x->saved);
    free(x);
}

static void remove_at(lt_bear_cache *cache, size_t at)
{
    entry *x = cache->ring[at];
    if (!x)
        return;
    entry **link = bucket_of(cache, x->saved.parameters.session_id);
    while (*link != x)
        link = &(*link)->next;
    *link = x->next;
    cache->ring[at] = NULL;
    entry_free(x);
}

lt_bear_cache *lt_bear_cache_new(size_t entries)
{
    lt_bear_cache *cache = calloc(1, sizeof *cache);
    size_t buckets = 16;
    while (buckets < entries && buckets < SIZE_MAX / 4)
        buckets *= 2;
    if (!cache)
        return NULL;
    *cache = (lt_bear_cache){ .size = entries, .bucket_mask = buckets - 1 };
    cache->ring = calloc(entries, sizeof(entry *));
    cache->buckets = calloc(buckets, sizeof(entry *));
    if (!cache->ring || !cache->buckets) {
        free(cache->ring);
        free(cache->buckets);
        free(cache);
        return NULL;
    }
    return cache;
}

void lt_bear_cache_free(lt_bear_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->size; i++)
        entry_free(cache->ring[i]);
    free(cache->ring);
    free(cache->buckets);
    free(cache);
}

void lt_bear_cache_forget(lt_bear_cache *cache, const uint8_t session_id[32])
{
    entry **link = find(cache, session_id);
    for (size_t i = 0; link && i < cache->size; i++)
        if (cache->ring[i] == *link) {
            remove_at(cache, i);
            return;
        }
}

static lt_bear *bear_of(const br_ssl_session_cache_class **ctx)
{
    return (lt_bear *)(void *)((char *)ctx - offsetof(lt_bear, cache_class));
}

/* A failure here is b->error, which records.c looks at. */
static void save(const br_ssl_session_cache_class **ctx, br_ssl_server_context *server,
                 const br_ssl_session_parameters *parameters)
{
    lt_bear *b = bear_of(ctx);
    lt_bear_cache *cache = b->config->bear->cache;
    (void)server, (void)parameters; /* lt_saved_session_make reads them from the engine */
    entry *x = calloc(1, sizeof *x);
    if (!x || lt_saved_session_make(&x->saved, b, &b->error) != LT_OK) {
        lt_fail(&b->error, LT_memory, "session cache");
        free(x);
        return;
    }
    remove_at(cache, cache->at);
    cache->ring[cache->at] = x;
    cache->at = (cache->at + 1) % cache->size;
    entry **bucket = bucket_of(cache, x->saved.parameters.session_id);
    x->next = *bucket;
    *bucket = x;
}

static int load(const br_ssl_session_cache_class **ctx, br_ssl_server_context *server,
                br_ssl_session_parameters *parameters)
{
    lt_bear *b = bear_of(ctx);
    (void)server;
    entry **link = find(b->config->bear->cache, parameters->session_id);
    if (!link || !lt_saved_session_fits(&(*link)->saved, b)
        || lt_saved_session_use(&(*link)->saved, b) != LT_OK)
        return 0;
    *parameters = (*link)->saved.parameters;
    return 1;
}

const br_ssl_session_cache_class lt_bear_cache_class = {
    .context_size = sizeof(const br_ssl_session_cache_class *),
    .save = save,
    .load = load,
};
