/* SPDX-License-Identifier: MIT
 * path_search.c - see path_search.h. Depth first, with a stack of its own. A signature is checked
 * once a path has reached an anchor, from the anchor down: what a stranger sent costs nothing
 * until a key that is trusted has signed it. */
#include "x509/path_search.h"

#include <stdlib.h>

#include "crypto/accel/sha256.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/signature.h"

enum {
    ANCHORS_MAX = 64, /* of the names that are met */
    STEPS_MAX = 4096, /* candidates looked at */
    JUDGED_MAX = 100, /* paths whose signatures are good */
};

/* Names are compared once, when a node is made: equal ones have the same number. */
typedef struct {
    lt_bytes name;
    uint64_t hash;
    bool fetched; /* the anchors of this name are nodes */
} known_name;

typedef struct {
    const lt_anchor *is;
    uint16_t subject, issuer; /* into the names of the search */
    bool anchor, self_issued;
    bool faulty; /* no path through it can do */
} node;

typedef struct {
    uint8_t node;
    uint8_t *candidates; /* the likeliest first */
    int8_t *likelihood;  /* of each */
    uint8_t count, next;
    bool led_on; /* some candidate was gone into, or is known to be wrong */
} frame;

typedef enum { UNKNOWN, GOOD, BAD } edge; /* does the issuer's key verify the certificate? */

/* How far a path got; the error of the furthest is the one reported, of equals the first. With its
 * signatures good, it is judged from the anchor down, one certificate after another; then as a
 * whole. What is wrong with the leaf is so on every path. */
typedef enum {
    NOWHERE,
    TO_AN_ANCHOR,
    VERIFIED, /* and as many more as certificates are good */
    AS_A_WHOLE = VERIFIED + LT_CHAIN_MAX,
    TO_THE_LEAF,
} reach;

typedef struct {
    const lt_path_question *q;
    size_t room; /* for nodes: the pool, and ANCHORS_MAX */
    known_name *names;
    size_t name_count;
    node *nodes;
    size_t node_count;
    uint8_t *edges; /* a row of `room` for each of the pool */
    frame frames[LT_CHAIN_MAX];
    size_t depth, max_depth;
    uint32_t steps, judged, comparisons;
    bool over;           /* found, or no use going on */
    bool leaf_is_stored; /* but the store takes no leaves */
    lt_code outcome;
    lt_error best;
    reach best_reach;
    size_t paths;
} search;

/* Of the pool's size, as nearly all pools are small; one block. */
static search *make(const lt_path_question *q)
{
    size_t room = q->pool_count + ANCHORS_MAX;
    size_t names = 2 * room * sizeof(known_name), nodes = room * sizeof(node);
    search *s = calloc(1, sizeof *s + names + nodes
                              + (q->pool_count + (size_t)2 * LT_CHAIN_MAX) * room);
    if (!s)
        return NULL;
    s->q = q;
    s->room = room;
    s->names = (known_name *)(s + 1);
    s->nodes = (node *)(s->names + 2 * room);
    s->edges = (uint8_t *)(s->nodes + room);
    uint8_t *rest = s->edges + q->pool_count * room;
    for (size_t i = 0; i < LT_CHAIN_MAX; i++, rest += 2 * room) {
        s->frames[i].candidates = rest;
        s->frames[i].likelihood = (int8_t *)(rest + room);
    }
    return s;
}

static uint8_t *edge_between(search *s, size_t child, size_t issuer)
{
    return &s->edges[child * s->room + issuer];
}

static uint16_t number_of(search *s, lt_bytes name)
{
    uint64_t hash = lt_dn_hash(name);
    size_t i = 0;
    while (i < s->name_count
           && !(s->names[i].hash == hash && lt_dn_equal(s->names[i].name, name)))
        i++;
    if (i == s->name_count)
        s->names[s->name_count++] = (known_name){ name, hash, false };
    return (uint16_t)i;
}

static void add_node(search *s, const lt_anchor *a, bool anchor)
{
    node *n = &s->nodes[s->node_count++];
    *n = (node){ .is = a, .anchor = anchor };
    n->subject = number_of(s, a->certificate.subject);
    n->issuer = number_of(s, a->certificate.issuer);
    n->self_issued = n->subject == n->issuer;
}

static void end(search *s, lt_code outcome, lt_error *e)
{
    s->over = true;
    s->outcome = outcome;
    if (outcome == LT_limit && s->paths > 0 && !e->cause[0])
        lt_error_cause(e, NULL, "%zu paths were tried; the best one fails with %s: %s",
                       s->paths, lt_code_name(s->best.code), s->best.detail);
    if (e)
        s->best = *e;
}

/* The path of the stack, and then `more` (NULL: nothing). */
static lt_path stacked(search *s, const node *more)
{
    lt_path path = { .request = s->q->request,
                     .validator = s->q->validator,
                     .comparisons = &s->comparisons };
    for (size_t i = 0; i < s->depth; i++)
        path.certificates[path.length++] = s->nodes[s->frames[i].node].is;
    if (more && path.length < LT_CHAIN_MAX)
        path.certificates[path.length++] = more->is;
    return path;
}

static void keep_tried(lt_tried_path *tried, const lt_path *path, const lt_error *e)
{
    tried->error = *e;
    tried->path_length = path->length;
    for (size_t i = 0; i < path->length; i++)
        tried->path[i] = path->certificates[i]->certificate.der;
}

static void record(search *s, const lt_path *path, reach reached, const lt_error *e)
{
    lt_tried_paths **tried = s->q->request->tried;
    if (s->paths++ == 0 || reached > s->best_reach) {
        s->best = *e;
        s->best_reach = reached;
    }
    if (!tried)
        return;
    if (!*tried && (*tried = malloc(sizeof **tried)) != NULL)
        (*tried)->count = (*tried)->more = 0;
    if (*tried && (*tried)->count < LT_TRIED_MAX)
        keep_tried(&(*tried)->paths[(*tried)->count++], path, e);
    else if (*tried)
        (*tried)->more++;
}

static bool same_key_id(lt_bytes a, lt_bytes b)
{
    return a.n > 0 && lt_bytes_equal(a, b);
}

static bool other_key_id(const node *child, const node *issuer)
{
    lt_bytes wanted = child->is->certificate.authority_key_identifier;
    lt_bytes found = issuer->is->certificate.subject_key_identifier;
    return wanted.n > 0 && found.n > 0 && !lt_bytes_equal(wanted, found);
}

/* Key identifiers before validity, validity before trust; self-issued ones last (RFC 4158
 * section 3.5). */
static int likelihood(const search *s, const node *child, const node *issuer)
{
    const lt_certificate *c = &issuer->is->certificate;
    int64_t now = s->q->request->time;
    int key =
        same_key_id(child->is->certificate.authority_key_identifier, c->subject_key_identifier)
            ? 2
            : !other_key_id(child, issuer);
    return key * 8 + (now >= c->not_before && now <= c->not_after) * 4 + issuer->anchor * 2
           + !issuer->self_issued;
}

/* The anchors of the child's issuer become nodes when they are first met. */
static lt_code fetch_anchors(search *s, const node *child, lt_error *e)
{
    size_t cursor = 0;
    const lt_anchor *a;
    if (s->names[child->issuer].fetched)
        return LT_OK;
    s->names[child->issuer].fetched = true;
    while (
        (a = lt_store_find(s->q->validator->store, child->is->certificate.issuer, &cursor, e))
        != NULL) {
        size_t i = s->q->pool_count;
        while (i < s->node_count && s->nodes[i].is != a)
            i++;
        if (i < s->node_count)
            continue;
        if (s->node_count == s->room)
            return lt_fail_detail(e, LT_limit, "store", "more than %d anchors with these names",
                                  ANCHORS_MAX);
        add_node(s, a, true);
    }
    return e->code;
}

static void insert_candidate(search *s, frame *f, size_t n)
{
    int8_t here = (int8_t)likelihood(s, &s->nodes[f->node], &s->nodes[n]);
    size_t i = f->count++;
    for (; i > 0 && f->likelihood[i - 1] < here; i--) {
        f->candidates[i] = f->candidates[i - 1];
        f->likelihood[i] = f->likelihood[i - 1];
    }
    f->candidates[i] = (uint8_t)n;
    f->likelihood[i] = here;
}

static void enter(search *s, size_t n)
{
    lt_error e = { .code = LT_OK };
    frame *f = &s->frames[s->depth++];
    f->node = (uint8_t)n;
    f->count = f->next = 0;
    f->led_on = false;
    if (fetch_anchors(s, &s->nodes[n], &e) != LT_OK) {
        end(s, e.code, &e);
        return;
    }
    for (size_t i = 1; i < s->node_count; i++)
        if (i != n && s->nodes[n].issuer == s->nodes[i].subject)
            insert_candidate(s, f, i);
}

/* The same subject with the same key: a path that came here before goes in a circle (RFC 4158
 * section 2.4.2). */
static bool in_path(const search *s, const node *n)
{
    for (size_t i = 0; i < s->depth; i++) {
        const node *there = &s->nodes[s->frames[i].node];
        if (there->subject == n->subject
            && lt_bytes_equal(there->is->certificate.spki, n->is->certificate.spki))
            return true;
    }
    return false;
}

/* id-ad-caIssuers (section 4.2.2.1): where the missing issuer may be had. */
static bool issuer_url(const lt_certificate *c, lt_bytes *url)
{
    static const uint8_t info_access[] = { 0x2b, 6, 1, 5, 5, 7, 1, 1 };
    static const uint8_t ca_issuers[] = { 0x2b, 6, 1, 5, 5, 7, 48, 2 };
    lt_extension x;
    lt_reader list, access;
    lt_bytes method;
    if (!lt_certificate_extension(c, (lt_bytes){ info_access, sizeof info_access }, &x)
        || !der_only(x.value, DER_SEQUENCE, &list))
        return false;
    while (der_value(&list, DER_SEQUENCE, &access))
        if (der_oid(&access, &method)
            && lt_bytes_equal(method, (lt_bytes){ ca_issuers, sizeof ca_issuers })
            && der_only(access, DER_PRIMITIVE(6), url))
            return true;
    return false;
}

static void explain_missing(const search *s, const lt_certificate *c, lt_error *e)
{
    lt_bytes url;
    if (s->q->skipped->code != LT_OK)
        lt_error_cause(e, NULL, "a certificate that came with it does not decode: %s%s%s",
                       s->q->skipped->where ? s->q->skipped->where : "",
                       s->q->skipped->detail[0] ? ": " : "", s->q->skipped->detail);
    else if (issuer_url(c, &url))
        lt_error_cause(e,
                       "the issuer's certificate was not sent, or its root is not in the store",
                       "the issuer's certificate may be had from %.*s",
                       (int)(url.n > 200 ? 200 : url.n), (const char *)url.p);
}

/* Nothing leads on from the top of the stack. */
static bool looks_self_signed(const node *n)
{
    return n->self_issued && !other_key_id(n, n);
}

static void fail_not_in_store(lt_error *e, const lt_certificate *c, bool leaf)
{
    char name[LT_NAME_TEXT];
    if (leaf)
        lt_fail_detail(e, LT_self_signed, "Certificate", "%s", lt_name_text(c->subject, name));
    else
        lt_fail_detail(e, LT_unknown_issuer, "tbsCertificate.issuer",
                       "the root %s is not in the store", lt_name_text(c->subject, name));
    e->hint = "put it into the store (trust), if it is to be trusted";
}

static void record_dead_end(search *s)
{
    lt_error e = { .code = LT_OK };
    char name[LT_NAME_TEXT];
    const node *top = &s->nodes[s->frames[s->depth - 1].node];
    const lt_certificate *c = &top->is->certificate;
    lt_path path = stacked(s, NULL);
    if (looks_self_signed(top)) {
        fail_not_in_store(&e, c, s->depth == 1);
    } else {
        lt_fail_detail(&e, LT_unknown_issuer, "tbsCertificate.issuer", "no certificate of %s",
                       lt_name_text(c->issuer, name));
        explain_missing(s, c, &e);
    }
    record(s, &path, NOWHERE, &e);
}

static void leave(search *s)
{
    if (!s->frames[s->depth - 1].led_on)
        record_dead_end(s);
    s->depth--;
}

static void record_too_deep(search *s)
{
    lt_error e = { .code = LT_OK };
    lt_path path = stacked(s, NULL);
    lt_fail_detail(&e, LT_limit, "path", "more than %zu certificates", s->max_depth);
    record(s, &path, NOWHERE, &e);
}

static void digest_edge(const node *child, const node *issuer, uint8_t digest[32])
{
    br_sha256_context ctx;
    lt_sha256_init(&ctx);
    lt_sha256_update(&ctx, child->is->certificate.der.p, child->is->certificate.der.n);
    lt_sha256_update(&ctx, issuer->is->certificate.spki.p, issuer->is->certificate.spki.n);
    lt_sha256_out(&ctx, digest);
}

/* SHA-1 or not is for the policy to say, with a better error. A CA's signature is remembered; a
 * leaf's is not, for what is quick tells a stranger whom we have met. */
static lt_code verify_edge(search *s, size_t child, size_t issuer, lt_error *e)
{
    const lt_certificate *c = &s->nodes[child].is->certificate;
    uint8_t digest[32];
    if (child > 0) {
        digest_edge(&s->nodes[child], &s->nodes[issuer], digest);
        if (lt_store_remembers(s->q->validator->store, digest))
            return LT_OK;
    }
    if (*s->q->signatures == 0)
        return lt_fail_detail(e, LT_limit, "path", "more than %lu signature checks",
                              (unsigned long)s->q->validator->policy.max_signatures);
    --*s->q->signatures;
    lt_code rc = lt_signature_verify(c->signature_algorithm, &s->nodes[issuer].is->key,
                                     c->tbs_certificate, c->signature, LT_SIGNATURE_sha1, e);
    if (rc == LT_OK && child > 0)
        lt_store_remember(s->q->validator->store, digest);
    return rc;
}

/* LT_OK where there is a verdict on the edge; LT_limit. */
static lt_code check_edge(search *s, size_t child, size_t issuer, lt_error *e)
{
    uint8_t *known = edge_between(s, child, issuer);
    const lt_certificate *c = &s->nodes[child].is->certificate;
    char name[LT_NAME_TEXT], other[LT_NAME_TEXT];
    if (*known != UNKNOWN)
        return LT_OK;
    lt_code rc = verify_edge(s, child, issuer, e);
    if (rc == LT_limit)
        return rc;
    *known = rc == LT_OK ? GOOD : BAD;
    if (rc == LT_bad_certificate_signature
        && other_key_id(&s->nodes[child], &s->nodes[issuer])) {
        *e = (lt_error){ .code = LT_OK };
        /* all that they have in common may be the name: many are called localhost */
        if (looks_self_signed(&s->nodes[child]))
            fail_not_in_store(e, c, child == 0);
        else
            lt_fail_detail(e, LT_unknown_issuer, "authorityKeyIdentifier",
                           "%s is signed by another key of %s", lt_name_text(c->subject, name),
                           lt_name_text(c->issuer, other));
    } else if (rc != LT_OK) {
        lt_error_cause(e, NULL, "in the signature of %s by %s", lt_name_text(c->subject, name),
                       lt_name_text(c->issuer, other));
    }
    return LT_OK;
}

/* From the anchor down. False: recorded, and the stack is back where another way may be. */
static bool verify_signatures(search *s, size_t anchor)
{
    for (size_t i = s->depth, issuer = anchor; i-- > 0; issuer = s->frames[i].node) {
        lt_error e = { .code = LT_OK };
        if (check_edge(s, s->frames[i].node, issuer, &e) != LT_OK) {
            end(s, e.code, &e);
            return false;
        }
        if (*edge_between(s, s->frames[i].node, issuer) == GOOD)
            continue;
        lt_path path = stacked(s, &s->nodes[anchor]);
        record(s, &path, e.code == LT_unknown_issuer ? NOWHERE : TO_AN_ANCHOR, &e);
        s->depth = i + 1;
        return false;
    }
    return true;
}

static reach how_far(const lt_path *path, const lt_path_fault *fault)
{
    if (!fault->own)
        return AS_A_WHOLE;
    return fault->at == 0 ? TO_THE_LEAF : (reach)(VERIFIED + (path->length - 1 - fault->at));
}

static void judge(search *s, const lt_path *path, size_t anchor)
{
    lt_error e = { .code = LT_OK };
    lt_path_fault fault = { .at = 0, .own = false };
    if (++s->judged > JUDGED_MAX) {
        lt_fail_detail(&e, LT_limit, "path", "more than %d paths with good signatures",
                       JUDGED_MAX);
        end(s, LT_limit, &e);
        return;
    }
    lt_code rc = s->q->judge(s->q->context, path, &fault, &e);
    if (rc == LT_OK || rc == LT_memory || rc == LT_limit) {
        end(s, rc, rc == LT_OK ? NULL : &e);
        return;
    }
    record(s, path, how_far(path, &fault), &e);
    if (!fault.own)
        return;
    s->nodes[fault.at < s->depth ? s->frames[fault.at].node : anchor].faulty = true;
    if (fault.at == 0)
        s->over = true, s->outcome = s->best.code;
    else if (fault.at < s->depth)
        s->depth = fault.at;
}

static void step(search *s, size_t n)
{
    frame *top = &s->frames[s->depth - 1];
    if (++s->steps > STEPS_MAX) {
        lt_error e = { .code = LT_OK };
        lt_fail_detail(&e, LT_limit, "path", "more than %d steps", STEPS_MAX);
        end(s, LT_limit, &e);
        return;
    }
    if (in_path(s, &s->nodes[n]))
        return;
    top->led_on = true;
    if (s->nodes[n].faulty || *edge_between(s, top->node, n) == BAD)
        return;
    if (s->depth >= s->max_depth)
        record_too_deep(s);
    else if (!s->nodes[n].anchor)
        enter(s, n);
    else if (verify_signatures(s, n)) {
        lt_path path = stacked(s, &s->nodes[n]);
        judge(s, &path, n);
    }
}

/* A leaf that is in the store is its own path, if it is a root or the policy says so. */
static void try_leaf_alone(search *s)
{
    lt_error e = { .code = LT_OK };
    const lt_certificate *leaf = &s->q->pool[0]->certificate;
    size_t cursor = 0;
    const lt_anchor *a;
    bool allowed = s->nodes[0].self_issued || lt_store_takes_leaves(s->q->validator->store);
    while ((a = lt_store_find(s->q->validator->store, leaf->subject, &cursor, &e)) != NULL) {
        if (!lt_bytes_equal(a->certificate.der, leaf->der))
            continue;
        lt_path path = { { a }, 1, s->q->request, s->q->validator, &s->comparisons };
        s->leaf_is_stored = !allowed;
        if (allowed)
            judge(s, &path, 0);
        return;
    }
    if (e.code != LT_OK)
        end(s, e.code, &e);
}

static lt_code finish(search *s, lt_error *e)
{
    if (s->over && s->outcome == LT_OK)
        return LT_OK;
    if (e->code == LT_OK)
        *e = s->best;
    if (s->leaf_is_stored && s->best_reach == NOWHERE)
        lt_error_cause(e, "partial_chain = true in the store trusts it by that alone",
                       "the certificate itself is in the store");
    else if (s->paths > 1 && !e->cause[0])
        lt_error_cause(e, NULL, "%zu paths were tried; this one got furthest", s->paths);
    return e->code;
}

lt_code lt_path_search(const lt_path_question *question, lt_error *e)
{
    if (question->pool_count == 0)
        return lt_fail(e, LT_no_peer_certificate, "path");
    search *s = make(question);
    if (!s)
        return lt_fail(e, LT_memory, "path");
    const lt_policy *policy = &question->validator->policy;
    s->comparisons = LT_NAME_COMPARISONS_MAX;
    s->max_depth = policy->max_depth < LT_CHAIN_MAX ? policy->max_depth : LT_CHAIN_MAX;
    for (size_t i = 0; i < question->pool_count; i++)
        add_node(s, question->pool[i], false);
    try_leaf_alone(s);
    if (!s->over)
        enter(s, 0);
    while (!s->over && s->depth > 0) {
        frame *f = &s->frames[s->depth - 1];
        if (f->next == f->count)
            leave(s);
        else
            step(s, f->candidates[f->next++]);
    }
    lt_code rc = finish(s, e);
    free(s);
    return rc;
}
