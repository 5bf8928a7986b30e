/* SPDX-License-Identifier: MIT
 * store.c - see store.h. */
#include "x509/store.h"

#include <stdlib.h>

#include "crypto/accel/sha256.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/store_part.h"

/* What a store was asked to hold, so that it can be read again. */
typedef struct {
    enum { ORIGIN_text, ORIGIN_path, ORIGIN_system } kind;
    char *path; /* owned; ORIGIN_path */
    lt_store_parts parts;
} origin;

/* A certificate decoded, with a copy of its DER behind it. */
typedef struct decoded {
    struct decoded *next;
    lt_anchor anchor;
    uint8_t der[];
} decoded;

typedef struct {
    lt_bytes der, subject; /* into the parts */
    uint32_t hash;         /* of the subject */
    uint32_t next;         /* entry of the same bucket, plus 1 */
    decoded *decoded;      /* NULL: not yet */
    bool bad;              /* does not decode: passed over */
} entry;

typedef struct {
    entry *entries;
    uint32_t *buckets;                    /* entry plus 1 */
    size_t count, capacity, bucket_count; /* a power of two */
} table;

/* The parts of each origin, as they were read at one time. */
typedef struct {
    size_t count;
    lt_store_parts parts[];
} generation;

enum { REMEMBERED = 64 };

struct lt_store {
    uint32_t holders;
    origin *origins;
    size_t origin_count;
    table table;
    decoded *decoded; /* all there ever were: paths that were handed out point into them */
    uint8_t (*distrusted)[LT_SPKI_HASH_SIZE];
    size_t distrusted_count;
    uint32_t changes;
    bool watch, takes_leaves;
    int64_t looked; /* when the files were looked at last */
    uint8_t remembered[REMEMBERED][32];
    uint32_t remember_count; /* of all there ever were: the next one's place */
};

lt_store *lt_store_new(void)
{
    lt_store *s = malloc(sizeof *s);
    if (s)
        *s = (lt_store){ .holders = 1, .looked = INT64_MIN };
    return s;
}

void lt_store_hold(lt_store *s)
{
    s->holders++;
}

static void free_table(table *t)
{
    free(t->entries);
    free(t->buckets);
    *t = (table){ 0 };
}

static void free_generation(generation *g)
{
    for (size_t i = 0; i < g->count; i++)
        lt_store_parts_free(&g->parts[i]);
    free(g);
}

void lt_store_free(lt_store *s)
{
    if (!s || --s->holders > 0)
        return;
    for (size_t i = 0; i < s->origin_count; i++) {
        free(s->origins[i].path);
        lt_store_parts_free(&s->origins[i].parts);
    }
    for (decoded *d = s->decoded, *next; d; d = next) {
        next = d->next;
        free(d);
    }
    free_table(&s->table);
    free(s->origins);
    free(s->distrusted);
    free(s);
}

static bool present(const table *t, lt_bytes der, uint32_t hash)
{
    for (uint32_t i = t->buckets[hash & (t->bucket_count - 1)]; i; i = t->entries[i - 1].next)
        if (lt_bytes_equal(t->entries[i - 1].der, der))
            return true;
    return false;
}

static void link_entry(table *t, size_t i)
{
    uint32_t *bucket = &t->buckets[t->entries[i].hash & (t->bucket_count - 1)];
    t->entries[i].next = *bucket;
    *bucket = (uint32_t)i + 1;
}

static lt_code grow(table *t, lt_error *e)
{
    size_t room = t->capacity ? t->capacity * 2 : 64;
    entry *entries = realloc(t->entries, room * sizeof *entries);
    if (entries)
        t->entries = entries;
    uint32_t *buckets = entries ? calloc(room, sizeof *buckets) : NULL;
    if (!buckets)
        return lt_fail(e, LT_memory, "store");
    free(t->buckets);
    t->buckets = buckets;
    t->capacity = t->bucket_count = room;
    for (size_t i = 0; i < t->count; i++)
        link_entry(t, i);
    return LT_OK;
}

static lt_code index_certificate(table *t, lt_bytes der, lt_error *e)
{
    lt_bytes subject;
    if (!lt_subject_of(der, &subject)) /* the part was checked; nothing else comes here */
        return LT_OK;
    uint32_t hash = lt_subject_hash(subject);
    if (t->count == t->capacity && grow(t, e) != LT_OK)
        return e->code;
    if (present(t, der, hash))
        return LT_OK;
    t->entries[t->count] = (entry){ .der = der, .subject = subject, .hash = hash };
    link_entry(t, t->count++);
    return LT_OK;
}

static lt_code index_parts(table *t, const lt_store_parts *parts, lt_error *e)
{
    for (size_t i = 0; i < parts->count; i++) {
        lt_reader der = { parts->parts[i].der, parts->parts[i].size };
        lt_bytes whole;
        while (der_element(&der, DER_SEQUENCE, &whole))
            if (index_certificate(t, whole, e) != LT_OK)
                return e->code;
    }
    return LT_OK;
}

/* As it was with `count` entries. */
static void truncate_table(table *t, size_t count)
{
    t->count = count;
    if (t->bucket_count > 0)
        memset(t->buckets, 0, t->bucket_count * sizeof *t->buckets);
    for (size_t i = 0; i < count; i++)
        link_entry(t, i);
}

static lt_code read_origin(const origin *o, lt_store_parts *parts, lt_error *e)
{
    return o->kind == ORIGIN_path ? lt_store_parts_add_path(parts, o->path, LT_STORE_strict, e)
                                  : lt_store_parts_add_system(parts, e);
}

/* Takes the origin over; on failure it is freed and the store is as it was. */
static lt_code add_origin(lt_store *s, origin o, size_t *count, lt_error *e)
{
    size_t before = s->table.count;
    origin *more = realloc(s->origins, (s->origin_count + 1) * sizeof *more);
    if (more)
        s->origins = more;
    if (!more || index_parts(&s->table, &o.parts, e) != LT_OK) {
        truncate_table(&s->table, before);
        free(o.path);
        lt_store_parts_free(&o.parts);
        return lt_fail(e, LT_memory, "store");
    }
    s->origins[s->origin_count++] = o;
    s->changes++;
    if (count)
        *count = s->table.count - before;
    return LT_OK;
}

lt_code lt_store_add_text(lt_store *s, lt_bytes pem_or_der, size_t *count, lt_error *e)
{
    origin o = { .kind = ORIGIN_text };
    if (lt_store_parts_add_text(&o.parts, pem_or_der, e) != LT_OK) {
        lt_store_parts_free(&o.parts);
        return e->code;
    }
    return add_origin(s, o, count, e);
}

lt_code lt_store_add_path(lt_store *s, const char *path, size_t *count, lt_error *e)
{
    origin o = { .kind = ORIGIN_path };
    size_t n = strlen(path) + 1;
    if (lt_store_parts_add_path(&o.parts, path, LT_STORE_strict, e) == LT_OK) {
        o.path = malloc(n);
        if (!o.path)
            lt_fail(e, LT_memory, "store");
    }
    if (!o.path) {
        lt_store_parts_free(&o.parts);
        return e->code;
    }
    memcpy(o.path, path, n);
    return add_origin(s, o, count, e);
}

lt_code lt_store_add_system(lt_store *s, size_t *count, lt_error *e)
{
    origin o = { .kind = ORIGIN_system };
    if (read_origin(&o, &o.parts, e) != LT_OK) {
        lt_store_parts_free(&o.parts);
        return e->code;
    }
    return add_origin(s, o, count, e);
}

size_t lt_store_size(const lt_store *s)
{
    return s->table.count;
}

bool lt_store_subject(const lt_store *s, size_t i, lt_bytes *subject)
{
    if (i >= s->table.count)
        return false;
    *subject = s->table.entries[i].subject;
    return true;
}

uint32_t lt_store_generation(const lt_store *s)
{
    return s->changes;
}

static lt_code read_again(const lt_store *s, generation *fresh, table *t, lt_error *e)
{
    for (size_t i = 0; i < s->origin_count; i++) {
        const origin *o = &s->origins[i];
        if (o->kind != ORIGIN_text && read_origin(o, &fresh->parts[i], e) != LT_OK)
            return e->code;
        if (index_parts(t, o->kind == ORIGIN_text ? &o->parts : &fresh->parts[i], e) != LT_OK)
            return e->code;
    }
    return LT_OK;
}

/* What was read takes the place of what was there, which is then in `g` and `t`. */
static void exchange(lt_store *s, generation *g, table *t)
{
    table old = s->table;
    s->table = *t;
    *t = old;
    for (size_t i = 0; i < s->origin_count; i++)
        if (s->origins[i].kind != ORIGIN_text) {
            lt_store_parts parts = s->origins[i].parts;
            s->origins[i].parts = g->parts[i];
            g->parts[i] = parts;
        }
    s->changes++;
}

lt_code lt_store_reload(lt_store *s, lt_error *e)
{
    table t = { 0 };
    generation *g = calloc(1, sizeof *g + s->origin_count * sizeof *g->parts);
    if (!g)
        return lt_fail(e, LT_memory, "store");
    g->count = s->origin_count;
    lt_code rc = read_again(s, g, &t, e);
    if (rc == LT_OK)
        exchange(s, g, &t);
    free_generation(g);
    free_table(&t);
    return rc;
}

void lt_store_watch(lt_store *s, bool on)
{
    s->watch = on;
}

void lt_store_take_leaves(lt_store *s, bool on)
{
    s->takes_leaves = on;
    s->changes++;
}

bool lt_store_takes_leaves(const lt_store *s)
{
    return s->takes_leaves;
}

static bool changed(const lt_store *s)
{
    for (size_t i = 0; i < s->origin_count; i++)
        for (size_t j = 0; j < s->origins[i].parts.count; j++)
            if (lt_store_part_changed(&s->origins[i].parts.parts[j]))
                return true;
    return false;
}

void lt_store_refresh(lt_store *s, int64_t time)
{
    lt_error ignored = { .code = LT_OK };
    if (!s->watch || time == s->looked)
        return;
    s->looked = time;
    if (changed(s))
        lt_store_reload(s, &ignored);
}

lt_code lt_store_distrust(lt_store *s, const uint8_t spki_hash[LT_SPKI_HASH_SIZE], lt_error *e)
{
    size_t n = s->distrusted_count;
    void *more = realloc(s->distrusted, (n + 1) * sizeof *s->distrusted);
    if (!more)
        return lt_fail(e, LT_memory, "store");
    s->distrusted = more;
    memcpy(s->distrusted[n], spki_hash, LT_SPKI_HASH_SIZE);
    s->distrusted_count++;
    s->changes++;
    return LT_OK;
}

bool lt_store_distrusts(const lt_store *s, lt_bytes spki)
{
    uint8_t hash[LT_SPKI_HASH_SIZE];
    br_sha256_context ctx;
    if (s->distrusted_count == 0)
        return false;
    lt_sha256_init(&ctx);
    lt_sha256_update(&ctx, spki.p, spki.n);
    lt_sha256_out(&ctx, hash);
    for (size_t i = 0; i < s->distrusted_count; i++)
        if (lt_bytes_equal((lt_bytes){ hash, sizeof hash },
                           (lt_bytes){ s->distrusted[i], sizeof hash }))
            return true;
    return false;
}

bool lt_store_remembers(const lt_store *s, const uint8_t digest[32])
{
    uint32_t n = s->remember_count < REMEMBERED ? s->remember_count : REMEMBERED;
    for (uint32_t i = 0; i < n; i++)
        if (lt_bytes_equal((lt_bytes){ s->remembered[i], 32 }, (lt_bytes){ digest, 32 }))
            return true;
    return false;
}

void lt_store_remember(lt_store *s, const uint8_t digest[32])
{
    memcpy(s->remembered[s->remember_count % REMEMBERED], digest, 32);
    s->remember_count++;
    if (s->remember_count == 2 * REMEMBERED) /* round, and no nearer to overflow */
        s->remember_count = REMEMBERED;
}

/* The same certificate may have been decoded before the files were read again. */
static decoded *decoded_before(const lt_store *s, lt_bytes der)
{
    decoded *d = s->decoded;
    while (d && !lt_bytes_equal(d->anchor.certificate.der, der))
        d = d->next;
    return d;
}

static lt_code decode(lt_store *s, entry *found, lt_error *e)
{
    lt_error ignored = { .code = LT_OK };
    found->decoded = decoded_before(s, found->der);
    if (found->decoded)
        return LT_OK;
    decoded *d = malloc(sizeof *d + found->der.n);
    if (!d)
        return lt_fail(e, LT_memory, "store");
    memcpy(d->der, found->der.p, found->der.n);
    lt_bytes der = { d->der, found->der.n };
    if (lt_certificate_parse(&d->anchor.certificate, der, &ignored) != LT_OK
        || lt_public_key_parse(&d->anchor.key, d->anchor.certificate.spki, &ignored) != LT_OK) {
        found->bad = true;
        free(d);
        return LT_OK;
    }
    d->next = s->decoded;
    s->decoded = found->decoded = d;
    return LT_OK;
}

const lt_anchor *lt_store_find(lt_store *s, lt_bytes subject, size_t *cursor, lt_error *e)
{
    table *t = &s->table;
    if (t->count == 0)
        return NULL;
    uint32_t hash = lt_subject_hash(subject);
    size_t i =
        *cursor ? t->entries[*cursor - 1].next : t->buckets[hash & (t->bucket_count - 1)];
    for (; i; i = t->entries[i - 1].next) {
        entry *found = &t->entries[i - 1];
        if (found->hash != hash || !lt_dn_equal(found->subject, subject) || found->bad)
            continue;
        if (!found->decoded && decode(s, found, e) != LT_OK)
            return NULL;
        if (found->bad)
            continue;
        *cursor = i;
        return &found->decoded->anchor;
    }
    return NULL;
}
