/* SPDX-License-Identifier: MIT
 * session.c - what is kept of a handshake so that it can be resumed by session ID (RFC 5246
 * section 7.4.1.2), and when it may be: with the same config, for the same name, and as long as
 * the certificates that were verified are valid. */
#include "bear/bear.h"

#include <stddef.h>
#include <stdlib.h>

#include "x509/certificate.h"

/* The anchor at the end of the path is trusted as it is. What a CRL or an OCSP response said of a
 * certificate holds until the next one is due. */
static lt_code narrow(lt_saved_session *s, const lt_bear *b, lt_error *e)
{
    const lt_verify_result *v = &b->peer.verified;
    size_t judged = v->path_length > 1 ? v->path_length - 1 : v->path_length;
    for (size_t i = 0; i < judged; i++) {
        lt_certificate c;
        const lt_revocation_status *r = &v->path[i].revocation;
        if (lt_certificate_parse(&c, v->path[i].der, e) != LT_OK)
            return e->code;
        if (c.not_before > s->not_before)
            s->not_before = c.not_before;
        if (c.not_after < s->not_after)
            s->not_after = c.not_after;
        if (r->status == LT_STATUS_good && r->updates.has_next_update
            && r->updates.next_update < s->not_after)
            s->not_after = r->updates.next_update;
    }
    return LT_OK;
}

/* A client's config sets no lifetime: the upper limit that RFC 5246 section F.1.4 suggests. */
static int64_t lifetime(const lt_config *c)
{
    enum { DAY = 24 * 60 * 60 };
    return c->server && c->session_lifetime < DAY ? c->session_lifetime : DAY;
}

static lt_code keep_peer(lt_kept_peer *kept, const lt_peer_chain *peer, lt_error *e)
{
    lt_bytes all[2 * LT_CHAIN_MAX];
    size_t n = 0;
    for (size_t i = 0; i < peer->count; i++)
        all[n++] = peer->certificates[i];
    for (size_t i = 0; i < peer->verified.path_length; i++)
        all[n++] = peer->verified.path[i].der;
    kept->sent = peer->count;
    kept->verified = peer->verified;
    return n > 0 ? lt_chain_copy(&kept->chain, all, n, e) : LT_OK;
}

lt_code lt_saved_session_make(lt_saved_session *s, const lt_bear *b, lt_error *e)
{
    *s = (lt_saved_session){ .not_before = b->now, .not_after = b->now + lifetime(b->config) };
    lt_code rc = keep_peer(&s->peer, &b->peer, e);
    /* with verify = "none" the dates did not count, and do not count later */
    if (rc == LT_OK && b->config->verifier != &lt_verify_none)
        rc = narrow(s, b, e);
    if (rc != LT_OK) {
        lt_saved_session_free(s);
        return rc;
    }
    br_ssl_engine_get_session_parameters(b->eng, &s->parameters);
    memcpy(s->name, b->name, sizeof s->name);
    return LT_OK;
}

bool lt_saved_session_fits(const lt_saved_session *s, const lt_bear *b)
{
    return b->now >= s->not_before && b->now <= s->not_after && strcmp(s->name, b->name) == 0;
}

lt_code lt_saved_session_use(const lt_saved_session *s, lt_bear *b)
{
    lt_bear_forget_kept_peer(b);
    const lt_kept_peer *from = &s->peer;
    lt_kept_peer *kept = calloc(1, sizeof *kept);
    if (!kept)
        return lt_fail(&b->error, LT_memory, "session");
    kept->sent = from->sent;
    kept->verified = from->verified;
    b->kept_peer = kept;
    return from->chain.count > 0 ? lt_chain_copy(&kept->chain, from->chain.certificates,
                                                 from->chain.count, &b->error)
                                 : LT_OK;
}

void lt_bear_forget_kept_peer(lt_bear *b)
{
    if (b->kept_peer)
        lt_chain_free(&b->kept_peer->chain);
    free(b->kept_peer);
    b->kept_peer = NULL;
}

void lt_saved_session_free(lt_saved_session *s)
{
    lt_chain_free(&s->peer.chain);
    lt_wipe(s, sizeof *s);
}

/* --- the client's session, as conn holds it -------------------------------------------------- */

typedef struct {
    lt_session session; /* first */
    lt_saved_session saved;
} bear_session;

static void session_free(lt_session *session)
{
    if (!session)
        return;
    bear_session *s = (bear_session *)session;
    lt_saved_session_free(&s->saved);
    free(s);
}

lt_session *lt_bear_session(const lt_engine *engine, lt_error *e)
{
    const lt_bear *b = (const lt_bear *)engine;
    if (b->config->server || !b->connected || b->error.code != LT_OK) {
        lt_fail_detail(e, LT_state, "session", "%s",
                       b->config->server ? "a server keeps its sessions itself"
                                         : "there is no connection");
        return NULL;
    }
    if (b->eng->session.session_id_len == 0) {
        lt_fail_detail(e, LT_state, "ServerHello.session_id",
                       "the server offers no resumption");
        return NULL;
    }
    bear_session *s = calloc(1, sizeof *s);
    if (!s || lt_saved_session_make(&s->saved, b, e) != LT_OK) {
        lt_fail(e, LT_memory, "session");
        free(s);
        return NULL;
    }
    s->session = (lt_session){ .free = session_free,
                               .config = b->config,
                               .expires = s->saved.not_after };
    return &s->session;
}

bool lt_bear_resume(lt_bear *b, const lt_session *session)
{
    const bear_session *s = (const bear_session *)session;
    if (session->config != b->config || !lt_saved_session_fits(&s->saved, b)
        || lt_saved_session_use(&s->saved, b) != LT_OK)
        return false;
    br_ssl_engine_set_session_parameters(b->eng, &s->saved.parameters);
    return true;
}
