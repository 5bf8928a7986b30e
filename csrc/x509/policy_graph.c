/* SPDX-License-Identifier: MIT
 * policy_graph.c - see policy_graph.h. A level is a set of policies: those that the certificate
 * before it expects, and of them those that this one has. */
#include "x509/policy_graph.h"

#include <stdlib.h>

#include "x509/extensions.h"

enum {
    NODES_MAX = 1024, /* in a whole path */
    EDGES_MAX = 2048,
    NODES_FEW = 48, /* that do for nearly all */
    EDGES_FEW = 64,
    POLICIES_MAX = 256, /* in one extension */
    MAPPINGS_MAX = 256, /* the same */
};

typedef struct {
    lt_bytes policy;
    uint16_t parents; /* the first of its edges, plus 1; 0: its parent is anyPolicy */
    bool dead, mapped, reachable;
} node;

typedef struct {
    uint16_t parent, next; /* node; the child's next edge, plus 1 */
} edge;

typedef struct {
    size_t first, count; /* of nodes */
    bool any;            /* the node of anyPolicy is there */
} level;

typedef struct {
    const lt_path *path;
    lt_error *e;
    node *nodes;
    edge *edges;
    size_t node_room, edge_room;
    bool more; /* than there is room for, but not too many */
    level level;
    size_t node_count, edge_count;
    uint32_t explicit_policy, policy_mapping, inhibit_any_policy; /* section 6.1.2 */
} graph;

static const uint8_t any_policy_oid[] = { 0x55, 0x1d, 32, 0 };
static const lt_bytes any_policy = { any_policy_oid, sizeof any_policy_oid };

static bool extension(const lt_certificate *c, uint8_t id_ce, lt_bytes *value)
{
    const uint8_t oid[] = { 0x55, 0x1d, id_ce };
    lt_extension x;
    if (!lt_certificate_extension(c, (lt_bytes){ oid, sizeof oid }, &x))
        return false;
    *value = x.value;
    return true;
}

static lt_code malformed(const graph *g, const lt_certificate *c, const char *where)
{
    char name[LT_NAME_TEXT];
    return lt_fail_detail(g->e, LT_bad_certificate, where, "%s",
                          lt_name_text(c->subject, name));
}

/* The node of this policy in the level; NULL: none that is alive. */
static node *find(graph *g, lt_bytes policy)
{
    for (size_t i = 0; i < g->level.count; i++) {
        node *n = &g->nodes[g->level.first + i];
        if (!n->dead && lt_bytes_equal(n->policy, policy))
            return n;
    }
    return NULL;
}

/* A node of the level that is being filled, the last of all. */
static node *add_node(graph *g, lt_bytes policy)
{
    if (g->node_count == g->node_room) {
        g->more = g->node_room < NODES_MAX;
        lt_fail_detail(g->e, LT_limit, "certificatePolicies", "more than %d in a path",
                       NODES_MAX);
        return NULL;
    }
    node *n = &g->nodes[g->node_count++];
    *n = (node){ .policy = policy };
    g->level.count++;
    return n;
}

static lt_code add_parent(graph *g, node *child, size_t parent)
{
    if (g->edge_count == g->edge_room) {
        g->more = g->edge_room < EDGES_MAX;
        return lt_fail_detail(g->e, LT_limit, "policyMappings", "more than %d in a path",
                              EDGES_MAX);
    }
    g->edges[g->edge_count++] = (edge){ (uint16_t)parent, child->parents };
    child->parents = (uint16_t)g->edge_count;
    return LT_OK;
}

static bool is_empty(const graph *g)
{
    for (size_t i = 0; i < g->level.count; i++)
        if (!g->nodes[g->level.first + i].dead)
            return false;
    return !g->level.any;
}

static void clear(graph *g)
{
    for (size_t i = 0; i < g->level.count; i++)
        g->nodes[g->level.first + i].dead = true;
    g->level.any = false;
}

/* Policies of an extension, each at most once (section 4.2.1.4). */
static lt_code read_policies(const graph *g, const lt_certificate *c, lt_bytes value,
                             lt_bytes *policies, size_t *count, bool *any)
{
    static const char where[] = "certificatePolicies";
    lt_reader list;
    lt_policy_information p;
    if (!lt_sequence_of(value, &list))
        return malformed(g, c, where);
    while (lt_policy_information_next(&list, &p)) {
        for (size_t i = 0; i < *count; i++)
            if (lt_bytes_equal(policies[i], p.policy))
                return malformed(g, c, where);
        if (*count == POLICIES_MAX)
            return lt_fail_detail(g->e, LT_limit, where, "more than %d in a certificate",
                                  POLICIES_MAX);
        *any = *any || lt_bytes_equal(p.policy, any_policy);
        policies[(*count)++] = p.policy;
    }
    return list.n == 0 ? LT_OK : malformed(g, c, where);
}

static bool is_in(const lt_bytes *policies, size_t count, lt_bytes policy)
{
    for (size_t i = 0; i < count; i++)
        if (lt_bytes_equal(policies[i], policy))
            return true;
    return false;
}

/* Section 6.1.3 d and e. */
static lt_code take_policies(graph *g, const lt_certificate *c, bool any_allowed)
{
    lt_bytes value, policies[POLICIES_MAX];
    size_t count = 0;
    bool any = false, any_before = g->level.any;
    if (!extension(c, 32, &value)) {
        clear(g);
        return LT_OK;
    }
    if (read_policies(g, c, value, policies, &count, &any) != LT_OK)
        return g->e->code;
    any = any && any_allowed;
    for (size_t i = 0; i < g->level.count && !any; i++) {
        node *n = &g->nodes[g->level.first + i];
        n->dead = n->dead || !is_in(policies, count, n->policy);
    }
    for (size_t i = 0; i < count && any_before; i++)
        if (!lt_bytes_equal(policies[i], any_policy) && !find(g, policies[i])
            && !add_node(g, policies[i]))
            return g->e->code;
    g->level.any = any_before && any;
    return LT_OK;
}

/* Section 6.1.4 a and b: the nodes that are mapped, or that may not be and go. */
static lt_code mark_mapped(graph *g, const lt_certificate *c, lt_reader mappings)
{
    lt_policy_mapping m;
    for (int count = 1; lt_policy_mapping_next(&mappings, &m); count++) {
        if (count > MAPPINGS_MAX)
            return lt_fail_detail(g->e, LT_limit, "policyMappings",
                                  "more than %d in a certificate", MAPPINGS_MAX);
        if (lt_bytes_equal(m.issuer_domain_policy, any_policy)
            || lt_bytes_equal(m.subject_domain_policy, any_policy))
            return lt_fail_detail(g->e, LT_certificate_policy, "policyMappings",
                                  "anyPolicy may not be mapped");
        node *n = find(g, m.issuer_domain_policy);
        if (!n && g->policy_mapping > 0 && g->level.any) {
            n = add_node(g, m.issuer_domain_policy);
            if (!n)
                return g->e->code;
        }
        if (n && g->policy_mapping > 0)
            n->mapped = true;
        else if (n)
            n->dead = true;
    }
    return mappings.n == 0 ? LT_OK : malformed(g, c, "policyMappings");
}

static lt_code expect(graph *g, lt_bytes policy, size_t parent)
{
    node *n = find(g, policy);
    if (!n)
        n = add_node(g, policy);
    return n ? add_parent(g, n, parent) : g->e->code;
}

/* The next level: what each policy is called below this certificate. */
static lt_code open_level(graph *g, lt_reader mappings)
{
    level above = g->level;
    lt_policy_mapping m;
    g->level = (level){ g->node_count, 0, above.any };
    for (size_t i = above.first; i < above.first + above.count; i++)
        if (!g->nodes[i].dead && !g->nodes[i].mapped
            && expect(g, g->nodes[i].policy, i) != LT_OK)
            return g->e->code;
    while (lt_policy_mapping_next(&mappings, &m))
        for (size_t i = above.first; i < above.first + above.count; i++)
            if (g->nodes[i].mapped && !g->nodes[i].dead
                && lt_bytes_equal(g->nodes[i].policy, m.issuer_domain_policy)
                && expect(g, m.subject_domain_policy, i) != LT_OK)
                return g->e->code;
    return LT_OK;
}

static void lower_to(uint32_t *counter, int32_t constraint)
{
    if (constraint >= 0 && (uint32_t)constraint < *counter)
        *counter = (uint32_t)constraint;
}

static void count_down(uint32_t *counter)
{
    if (*counter > 0)
        --*counter;
}

static lt_code read_constraints(graph *g, const lt_certificate *c, bool leaf)
{
    lt_bytes value;
    int32_t explicit_policy = -1, mapping = -1, any = -1;
    if (extension(c, 36, &value)
        && !lt_policy_constraints_read(value, &explicit_policy, &mapping))
        return malformed(g, c, "policyConstraints");
    if (extension(c, 54, &value) && !lt_inhibit_any_policy_read(value, &any))
        return malformed(g, c, "inhibitAnyPolicy");
    if (leaf) { /* section 6.1.5 b */
        if (explicit_policy == 0)
            g->explicit_policy = 0;
        return LT_OK;
    }
    lower_to(&g->explicit_policy, explicit_policy);
    lower_to(&g->policy_mapping, mapping);
    lower_to(&g->inhibit_any_policy, any);
    return LT_OK;
}

/* Section 6.1.4 a, b, h, i, j. */
static lt_code go_on(graph *g, const lt_certificate *c)
{
    lt_bytes value;
    lt_reader mappings = { NULL, 0 };
    if (extension(c, 33, &value) && !lt_sequence_of(value, &mappings))
        return malformed(g, c, "policyMappings");
    if (mark_mapped(g, c, mappings) != LT_OK || open_level(g, mappings) != LT_OK)
        return g->e->code;
    if (!lt_is_self_issued(c)) {
        count_down(&g->explicit_policy);
        count_down(&g->policy_mapping);
        count_down(&g->inhibit_any_policy);
    }
    return read_constraints(g, c, false);
}

static lt_code walk(graph *g, lt_path_fault *fault)
{
    for (size_t i = g->path->length - 1; i-- > 0;) {
        const lt_certificate *c = &g->path->certificates[i]->certificate;
        fault->at = i;
        bool any_allowed = g->inhibit_any_policy > 0 || (i > 0 && lt_is_self_issued(c));
        if (take_policies(g, c, any_allowed) != LT_OK)
            return g->e->code;
        if (g->explicit_policy == 0 && is_empty(g)) { /* section 6.1.3 f */
            char name[LT_NAME_TEXT];
            return lt_fail_detail(g->e, LT_certificate_policy, "certificatePolicies",
                                  "%s has none that those above it allow",
                                  lt_name_text(c->subject, name));
        }
        if (i > 0 ? go_on(g, c) != LT_OK : read_constraints(g, c, true) != LT_OK)
            return g->e->code;
    }
    return LT_OK;
}

/* From the last level up: parents are before their children in the array. */
static void mark_reachable(graph *g)
{
    for (size_t i = g->node_count; i-- > 0;) {
        node *n = &g->nodes[i];
        if (i >= g->level.first)
            n->reachable = !n->dead;
        for (size_t k = n->reachable ? n->parents : 0; k > 0; k = g->edges[k - 1].next)
            g->nodes[g->edges[k - 1].parent].reachable = true;
    }
}

typedef struct {
    lt_bytes policies[LT_POLICIES_MAX];
    size_t count;
    bool any;
} outcome;

static void add_outcome(outcome *o, lt_bytes policy)
{
    if (is_in(o->policies, o->count, policy))
        return;
    if (o->count < LT_POLICIES_MAX)
        o->policies[o->count++] = policy;
}

/* user-constrained-policy-set (section 6.1.5 g): policies as the anchor's domain calls them. */
static void collect(graph *g, outcome *o)
{
    const lt_policy *policy = &g->path->validator->policy;
    bool all =
        policy->policy_count == 0 || is_in(policy->policies, policy->policy_count, any_policy);
    *o = (outcome){ .any = all && g->level.any };
    mark_reachable(g);
    for (size_t i = 0; i < g->node_count; i++) {
        const node *n = &g->nodes[i];
        if (n->reachable && n->parents == 0
            && (all || is_in(policy->policies, policy->policy_count, n->policy)))
            add_outcome(o, n->policy);
    }
    for (size_t i = 0; i < policy->policy_count && g->level.any && !all; i++)
        add_outcome(o, policy->policies[i]);
}

static lt_code wrap_up(graph *g)
{
    outcome o;
    lt_verify_report *report = g->path->request->report;
    count_down(&g->explicit_policy); /* section 6.1.5 a; b is done */
    collect(g, &o);
    if (g->explicit_policy == 0 && o.count == 0 && !o.any)
        return lt_fail_detail(g->e, LT_certificate_policy, "certificatePolicies",
                              "the path has none of those that are asked for");
    if (report) {
        memcpy(report->policies, o.policies, o.count * sizeof *o.policies);
        report->policy_count = o.count;
        report->any_policy = o.any;
    }
    return LT_OK;
}

static lt_code check_in(graph *g, const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    const lt_policy *policy = &path->validator->policy;
    uint32_t never = (uint32_t)path->length; /* n + 1: the anchor is not one of the n */
    g->path = path, g->e = e;
    g->node_count = g->edge_count = 0;
    g->level = (level){ 0, 0, true };
    g->explicit_policy = policy->require_explicit_policy ? 0 : never;
    g->policy_mapping = policy->inhibit_policy_mapping ? 0 : never;
    g->inhibit_any_policy = policy->inhibit_any_policy ? 0 : never;
    lt_code rc = walk(g, fault);
    fault->own = rc == LT_bad_certificate;
    if (rc == LT_OK) {
        fault->at = 0;
        rc = wrap_up(g);
    }
    return rc;
}

/* In a graph of a few nodes, which needs no memory; only where they do not do, in a large one. */
lt_code lt_policies_check(const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    node nodes[NODES_FEW];
    edge edges[EDGES_FEW];
    lt_error first = { .code = LT_OK };
    graph g = {
        .nodes = nodes, .edges = edges, .node_room = NODES_FEW, .edge_room = EDGES_FEW
    };
    lt_code rc = check_in(&g, path, fault, &first);
    if (!g.more) {
        if (rc != LT_OK && e->code == LT_OK)
            *e = first;
        return rc;
    }
    struct {
        node nodes[NODES_MAX];
        edge edges[EDGES_MAX];
    } *large = malloc(sizeof *large);
    if (!large)
        return lt_fail(e, LT_memory, "certificatePolicies");
    g = (graph){ .nodes = large->nodes,
                 .edges = large->edges,
                 .node_room = NODES_MAX,
                 .edge_room = EDGES_MAX };
    rc = check_in(&g, path, fault, e);
    free(large);
    return rc;
}
