/* SPDX-License-Identifier: MIT
 * chain_cache.h - paths that one validator found valid, so that the same certificates for the same name need
 * not be decoded, searched and verified again. Remembers the path alone, and nothing that was refused: what
 * tells of revocation and the pins are asked anew each time. For validator.c; one thread at a time. */
#ifndef LT_X509_CHAIN_CACHE_H
#define LT_X509_CHAIN_CACHE_H

#include "x509/store.h"
#include "x509/verify.h"

struct lt_intern; /* base/intern.h */

enum {
    LT_CHAIN_CACHE_MAX = 4096,        /* entries that may be asked for */
    LT_CHAIN_CACHE_BYTES_MAX = 32768, /* certificates that came; longer chains have no entry */
};

typedef struct lt_chain_cache lt_chain_cache;

/* A path as it was judged, with what came along, decoded. */
typedef struct {
    const lt_anchor *pool[LT_CHAIN_MAX]; /* what came, the leaf first, without duplicates */
    size_t pool_count;
    const lt_anchor *path[LT_CHAIN_MAX]; /* into the pool or the store; the leaf first */
    size_t path_length;
    uint8_t came_as
        [LT_CHAIN_MAX]; /* of the path: its place in the request; LT_CHAIN_MAX: the store's */
} lt_known_path;

/* `intern` has the bytes of the certificates. NULL: out of memory. */
lt_chain_cache *lt_chain_cache_new(size_t size, struct lt_intern *intern);
void lt_chain_cache_free(lt_chain_cache *c); /* NULL is fine */

/* What was found for exactly these certificates in this order, this name and this purpose, with the store as
 * it is now, and valid at the time asked about. NULL: nothing. Good until the next call. */
const lt_known_path *lt_chain_cache_find(lt_chain_cache *c, const lt_verify_request *request,
                                         const lt_store *store);
/* The path that was found last is good no more. */
void lt_chain_cache_drop(lt_chain_cache *c, const lt_known_path *known);
/* A path that was judged good; its certificates are the request's, or the store's. Without memory, or where
 * the request is none for a cache, nothing is kept. */
void lt_chain_cache_add(lt_chain_cache *c, const lt_verify_request *request,
                        const lt_store *store, const lt_anchor *const *path,
                        size_t path_length);

typedef struct {
    size_t size, entries;
    uint64_t hits, misses,
        dropped; /* dropped: entries that were good no more; not those pushed out */
} lt_chain_cache_numbers;
lt_chain_cache_numbers lt_chain_cache_count(const lt_chain_cache *c);

#endif
