/* SPDX-License-Identifier: MIT
 * known_keys.c - see known_keys.h. A place without multiples only counts. */
#include "x509/known_keys.h"

#include <stdlib.h>

#include "crypto/ec.h"

enum { POINT = 65 }; /* bytes of an uncompressed one (SEC 1 section 2.3.3) */

typedef struct {
    uint8_t point[POINT];
    uint8_t seen;  /* signatures, up to LT_KNOWN_KEY_AFTER */
    uint64_t used; /* when: by the table's own count */
    lt_ecdsa_known *known;
} place;

struct lt_known_keys {
    place *places[LT_KNOWN_KEYS];
    size_t count;
    uint64_t uses;
};

lt_known_keys *lt_known_keys_new(void)
{
    return calloc(1, sizeof(lt_known_keys));
}

void lt_known_keys_free(lt_known_keys *keys)
{
    for (size_t i = 0; keys && i < keys->count; i++) {
        free(keys->places[i]->known);
        free(keys->places[i]);
    }
    free(keys);
}

static place *find(const lt_known_keys *keys, lt_bytes point)
{
    for (size_t i = 0; i < keys->count; i++)
        if (lt_bytes_equal((lt_bytes){ keys->places[i]->point, POINT }, point))
            return keys->places[i];
    return NULL;
}

static place *oldest(const lt_known_keys *keys)
{
    place *p = keys->places[0];
    for (size_t i = 1; i < keys->count; i++)
        if (keys->places[i]->used < p->used)
            p = keys->places[i];
    return p;
}

/* NULL: out of memory */
static place *add(lt_known_keys *keys, lt_bytes point)
{
    place *p = keys->count < LT_KNOWN_KEYS ? malloc(sizeof *p) : oldest(keys);
    if (!p)
        return NULL;
    if (keys->count < LT_KNOWN_KEYS)
        keys->places[keys->count++] = p;
    else
        free(p->known);
    *p = (place){ .known = NULL };
    memcpy(p->point, point.p, POINT);
    return p;
}

/* Only a key that has verified something is worth its place. */
static void note(lt_known_keys *keys, const br_ec_public_key *pk, place *p)
{
    if (!p)
        p = add(keys, (lt_bytes){ pk->q, pk->qlen });
    if (!p)
        return;
    p->used = ++keys->uses;
    if (p->seen < LT_KNOWN_KEY_AFTER && ++p->seen == LT_KNOWN_KEY_AFTER)
        p->known = lt_ecdsa_know(pk);
}

bool lt_known_keys_verify(lt_known_keys *keys, const br_ec_public_key *pk, lt_bytes digest,
                          lt_bytes signature)
{
    bool counts = keys && pk->curve == BR_EC_secp256r1 && pk->qlen == POINT;
    place *p = counts ? find(keys, (lt_bytes){ pk->q, pk->qlen }) : NULL;
    bool good =
        p && p->known
            ? lt_ecdsa_verify_known(p->known, pk, digest.p, digest.n, signature.p, signature.n)
            : lt_ecdsa_verify(NULL, digest.p, digest.n, pk, signature.p, signature.n);
    if (good && counts)
        note(keys, pk, p);
    return good;
}
