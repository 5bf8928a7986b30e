/* SPDX-License-Identifier: MIT
 * diagnosis.c - what this engine knows of a handshake that fails: the words for what the peer says of
 * us (base/diagnosis.h), and both lists where nothing is in common. */
#include "tls/tls.h"

#include "base/diagnosis.h"

/* --- lists of names ------------------------------------------------------------------------------ */

enum { NAMES_ROOM = 165 }; /* of the 255 bytes that a detail or a cause has */

static const char and_more[] = ", ...";

typedef struct {
    char text[NAMES_ROOM];
    size_t n, left_out;
} names;

static void add_bytes(names *l, const char *p, size_t n)
{
    if (l->left_out || l->n + 2 + n + sizeof and_more > sizeof l->text) {
        l->left_out++;
        return;
    }
    if (l->n > 0)
        memcpy(l->text + l->n, ", ", 2), l->n += 2;
    memcpy(l->text + l->n, p, n);
    l->n += n;
    l->text[l->n] = 0;
}

static void add_name(names *l, const char *name)
{
    if (name) /* GREASE and what is newer than we are have none */
        add_bytes(l, name, strlen(name));
}

static const char *suite_name(uint32_t id)
{
    const lt_cipher_suite *s = lt_cipher_suite_by_id((uint16_t)id);
    return s ? s->name : NULL;
}

static const char *group_name(uint32_t id)
{
    return lt_name_of(lt_groups, id);
}

static const char *scheme_name(uint32_t id)
{
    return lt_name_of(lt_signature_schemes, id);
}

static names names_of(lt_bytes list, const char *(*name)(uint32_t id))
{
    names l = { .n = 0 };
    uint32_t id;
    while (rd_uint(&list, 2, &id))
        add_name(&l, name(id));
    return l;
}

/* All of it, or as much as there is room for; "": none that is known here. */
static const char *text_of(names *l)
{
    if (l->left_out)
        memcpy(l->text + l->n, and_more, sizeof and_more);
    return l->text;
}

static const char *or_none(names *l)
{
    const char *text = text_of(l);
    return *text ? text : "none that is known here";
}

static lt_code fail(lt_tls *t, lt_code code, const char *where, const char *verb, names *theirs)
{
    return lt_fail_detail(&t->error, code, where, "the client %s %s", verb, or_none(theirs));
}

static void ours(lt_tls *t, const char *hint, const char *verb, names *l)
{
    lt_error_cause(&t->error, hint, "this config %s %s", verb, or_none(l));
}

/* --- server: nothing in common -------------------------------------------------------------------- */

static names our_suites(const lt_tls *t)
{
    names l = { .n = 0 };
    for (size_t i = 0; i < t->config->cipher_suite_count; i++) {
        const lt_suite *s = lt_suite_by_id(t->config->cipher_suites[i]);
        if (s
            && (t->version ? s->version == t->version
                           : lt_tls_allows_version(t->config, s->version)))
            add_name(&l, suite_name(s->id));
    }
    return l;
}

lt_code lt_tls_no_cipher_suite(lt_tls *t)
{
    names theirs = names_of(t->hs->client_hello.cipher_suites, suite_name);
    names own = our_suites(t);
    lt_code rc = fail(t, LT_no_cipher_suite, "ClientHello.cipher_suites", "offers", &theirs);
    ours(t, "compare cipher_suites of the two sides", "has", &own);
    return rc;
}

lt_code lt_tls_no_group(lt_tls *t)
{
    names theirs = names_of(t->hs->client_hello.supported_groups, group_name);
    names own = { .n = 0 };
    for (const uint16_t *g = lt_tls_groups(t->config); *g; g++)
        if (lt_tls_group_rank(t->config, *g))
            add_name(&own, group_name(*g));
    lt_code rc = fail(t, LT_no_group, "ClientHello.supported_groups", "supports", &theirs);
    ours(t, "compare groups of the two sides", "has", &own);
    return rc;
}

lt_code lt_tls_no_signature_scheme(lt_tls *t)
{
    names theirs = names_of(t->hs->client_hello.signature_algorithms, scheme_name);
    names own = { .n = 0 };
    for (size_t i = 0; i < t->config->identity_count; i++) {
        const struct lt_identity *id = lt_identity_at(t->config->identities, i);
        uint32_t group = lt_identity_group(id);
        add_name(&own, lt_identity_is_rsa(id) ? "RSA" : group ? group_name(group) : "Ed25519");
    }
    lt_code rc = fail(t, LT_no_signature_scheme, "ClientHello.signature_algorithms", "verifies",
                      &theirs);
    if (t->config->identity_count == 0)
        lt_error_cause(&t->error, "give the config a certificate, or the client a PSK",
                       "this config has no certificate, and the client no PSK that it takes");
    else
        ours(t, "give the config a certificate with a key of another kind too",
             "has a key of kind", &own);
    return rc;
}

lt_code lt_tls_no_alpn(lt_tls *t)
{
    names theirs = { .n = 0 }, own = { .n = 0 };
    lt_bytes name;
    for (lt_reader r = t->hs->client_hello.alpn; rd_vec(&r, 1, &name);)
        add_bytes(&theirs, (const char *)name.p, name.n);
    for (size_t i = 0; i < t->config->alpn_count; i++)
        add_name(&own, t->config->alpn[i]);
    lt_code rc = fail(t, LT_no_alpn, "ClientHello.application_layer_protocol_negotiation",
                      "offers", &theirs);
    ours(t, "compare alpn of the two sides", "has", &own);
    return rc;
}

lt_code lt_tls_no_version(lt_tls *t)
{
    const lt_client_hello *hello = &t->hs->client_hello;
    names theirs = names_of(hello->supported_versions, lt_version_name);
    const char *max = lt_version_name(t->config->max_version), *hint = NULL;
    if (!hello->has_supported_versions)
        add_name(&theirs, lt_version_name(hello->legacy_version));
    if (t->config->min_version >= LT_TLS_1_3)
        hint = "lower min_version, or use a newer client";
    else if (t->config->max_version < LT_TLS_1_3)
        hint = "raise max_version";
    lt_code rc =
        fail(t, LT_protocol_version, "ClientHello.supported_versions",
             hello->has_supported_versions ? "offers" : "offers nothing newer than", &theirs);
    lt_error_cause(&t->error, hint, "this config takes %s to %s",
                   lt_version_name(t->config->min_version), max);
    return rc;
}

/* --- client: a version that it does not take ---------------------------------------------------------- */

lt_code lt_tls_wrong_version(lt_tls *t, uint32_t chosen)
{
    const char *name = lt_version_name(chosen);
    lt_fail(&t->error, LT_protocol_version, "ServerHello.server_version");
    lt_error_cause(&t->error,
                   chosen == LT_TLS_1_2  ? "a config with a lower min_version would accept it"
                   : chosen > LT_TLS_1_2 ? NULL
                                         : "engine = \"bear\" with a lower min_version speaks "
                                           "TLS 1.0 and 1.1, where it must be",
                   "the server chose %s", name ? name : "a version that is not known");
    return t->error.code;
}

/* --- what the peer says of us ----------------------------------------------------------------------- */

lt_code lt_tls_remember_request(lt_tls *t, lt_bytes authorities)
{
    char text[NAMES_ROOM];
    size_t n = lt_authorities_text(authorities, text, sizeof text);
    t->certificate_wanted = true;
    return lt_tls_keep(t, &t->authorities, (lt_bytes){ (const uint8_t *)text, n + 1 });
}

lt_code lt_tls_received_alert(lt_tls *t, uint8_t description)
{
    lt_code rc = lt_fail_peer(&t->error, description);
    names offered = our_suites(t);
    lt_diagnose_alert(
        &t->error,
        &(lt_circumstances){
            .server = t->server,
            .min_version = t->config->min_version,
            .max_version = t->config->max_version,
            .hello_read = t->version != 0,
            .certificate_wanted = t->certificate_wanted,
            .certificate_sent = t->certificate_sent,
            .none_fits = t->config->identity_count > 0,
            .authorities = t->authorities.n > 0 ? (const char *)t->authorities.p : "",
            .name = t->name,
            .name_sent = t->name[0] != 0 && !t->name_is_ip,
            .offered = text_of(&offered),
        });
    return rc;
}

/* A server of TLS 1.3 refuses a client when the client's handshake is done, and its alert may be lost on
 * the way, as what was sent to a closed socket resets the connection. */
void lt_tls_cut_off(lt_tls *t)
{
    lt_fail(&t->error, LT_truncated, "close_notify");
    if (t->certificate_wanted && !t->certificate_sent && !t->data_seen)
        lt_error_cause(&t->error, "give the config a certificate and its key",
                       "the server, which asked for a certificate and got none, ended the "
                       "connection without a word");
}

lt_code lt_tls_was_reset(lt_tls *t)
{
    return lt_diagnose_reset(
        &t->error,
        &(lt_circumstances){
            .server = t->server,
            .certificate_wanted = t->certificate_wanted,
            .certificate_sent = t->certificate_sent && !(t->server && t->up),
            .authorities = t->authorities.n > 0 ? (const char *)t->authorities.p : "",
        },
        t->last_in, t->data_seen);
}

lt_code lt_tls_peer_left(lt_tls *t, const char *how)
{
    return lt_diagnose_left(&t->error, t->server, how, t->last_in, lt_buffer_size(&t->in) > 0);
}
