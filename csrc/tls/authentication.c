/* SPDX-License-Identifier: MIT
 * authentication.c - Certificate, CertificateVerify and CertificateRequest in both directions and
 * both versions (RFC 8446 section 4.4, RFC 5246 section 7.4). */
#include "tls/tls.h"

#include <stddef.h>
#include <stdlib.h>

#include "wire/certificate.h"
#include "wire/certificate_request.h"

enum { EVIDENCE_MAX = 4 }; /* times that one chain is a question */

/* --- the peer's certificates --------------------------------------------------------------- */

lt_code lt_tls_keep(lt_tls *t, lt_bytes *to, lt_bytes what)
{
    lt_intern_drop(to);
    return lt_intern_keep(t->config->intern, what, to)
               ? LT_OK
               : lt_fail(&t->error, LT_memory, "Certificate");
}

/* The leaf's staple and SCTs are kept, those of the others must be well-formed. */
static lt_code entry_extensions(lt_tls *t, lt_bytes block, bool leaf)
{
    lt_extensions x;
    lt_bytes response;
    uint32_t offered = t->server ? 0 : t->hs->offered;
    lt_code rc = lt_extensions_parse(&x, block, LT_IN_certificate, offered, &t->error);
    if (rc != LT_OK)
        return rc;
    if (lt_has_extension(&x, LT_X_status_request)) {
        if (!lt_certificate_status_parse(x.data[LT_X_status_request], &response))
            return lt_fail(&t->error, LT_decode, "CertificateStatus");
        if (leaf)
            rc = lt_tls_keep(t, &t->peer.ocsp_staple, response);
    }
    if (rc == LT_OK && leaf && lt_has_extension(&x, LT_X_signed_certificate_timestamp))
        rc = lt_tls_keep(t, &t->peer.scts, x.data[LT_X_signed_certificate_timestamp]);
    return rc;
}

bool lt_tls_peer_reserve(lt_tls_peer *peer, size_t count)
{
    if (count > 0)
        peer->certificates = calloc(count, sizeof *peer->certificates);
    return count == 0 || peer->certificates;
}

lt_code lt_tls_peer_add(lt_tls *t, lt_bytes certificate)
{
    lt_tls_peer *peer = &t->peer;
    lt_code rc = lt_tls_keep(t, &peer->certificates[peer->count], certificate);
    if (rc == LT_OK)
        peer->count++;
    return rc;
}

static size_t count_entries(lt_reader list, bool tls_1_3)
{
    lt_certificate_entry entry;
    size_t count = 0;
    while (count < LT_CHAIN_MAX && lt_certificate_entry_next(&list, tls_1_3, &entry))
        count++;
    return count;
}

/* The certificates of `list` become those of t->peer. */
static lt_code keep_certificates(lt_tls *t, lt_reader list, bool tls_1_3)
{
    lt_tls_peer *peer = &t->peer;
    lt_certificate_entry entry;
    lt_bytes scts = peer->scts; /* in TLS 1.2 they came with ServerHello */
    peer->scts = (lt_bytes){ NULL, 0 };
    lt_tls_forget_peer(t); /* that of a session which was not resumed, or of before */
    if (tls_1_3)
        lt_intern_drop(&scts);
    peer->scts = scts;
    if (!lt_tls_peer_reserve(peer, count_entries(list, tls_1_3)))
        return lt_fail(&t->error, LT_memory, "Certificate");
    while (list.n > 0) {
        if (!lt_certificate_entry_next(&list, tls_1_3, &entry))
            return lt_fail(&t->error, LT_decode, "Certificate.certificate_list");
        if (peer->count == LT_CHAIN_MAX)
            return lt_fail_detail(&t->error, LT_limit, "Certificate",
                                  "more than %d certificates", LT_CHAIN_MAX);
        lt_code rc = tls_1_3 ? entry_extensions(t, entry.extensions, peer->count == 0) : LT_OK;
        if (rc == LT_OK)
            rc = lt_tls_peer_add(t, entry.certificate);
        if (rc != LT_OK)
            return rc;
    }
    return LT_OK;
}

/* Of what was found as much as there is: most paths are short. One that was found for others too is theirs
 * as well: the certificates that it points into are each one's own to hold. */
static lt_code keep_verified(lt_tls *t, const lt_verify_result *found, lt_error *e)
{
    lt_verify_result copy;
    size_t n = offsetof(lt_verify_result, path) + found->path_length * sizeof *found->path;
    lt_verify_result_copy(&copy, found);
    lt_intern_drop(&t->peer.verified);
    return lt_intern_keep(t->config->intern, (lt_bytes){ (const uint8_t *)&copy, n },
                          &t->peer.verified)
               ? LT_OK
               : lt_fail(e, LT_memory, "Certificate");
}

static void forget_tried(lt_tls *t)
{
    free(t->peer.tried);
    t->peer.tried = NULL;
}

/* `more`: what the config's owner has found in addition; NULL: nothing. */
static lt_code judge(lt_tls *t, bool staple_asked, const lt_answer *more, lt_error *e)
{
    lt_verify_result found = { .path_length = 0 };
    const lt_config *config = t->config;
    lt_bytes certificates[2 * LT_CHAIN_MAX];
    lt_verify_request request = {
        .certificates = t->peer.certificates,
        .count = t->peer.count,
        .name = !t->server && config->verify_name ? t->name : NULL,
        .purpose = t->server ? LT_PURPOSE_client : LT_PURPOSE_server,
        .time = t->now,
        .staple_asked = !t->server && staple_asked,
        .ocsp_staple = t->peer.ocsp_staple,
        .tried = &t->peer.tried,
    };
    if (request.name && !*request.name)
        return lt_fail_detail(e, LT_option, "name", "no name to verify was given");
    if (more) {
        for (size_t i = 0; i < t->peer.count; i++)
            certificates[i] = t->peer.certificates[i];
        for (size_t i = 0; i < more->certificate_count; i++)
            certificates[request.count++] = more->certificates[i];
        request.certificates = certificates;
        request.revocation = more->revocation;
    }
    lt_code rc = config->verifier->verify(config->verifier, &request, &found, e);
    lt_code kept = keep_verified(t, &found, e);
    if (rc == LT_OK)
        forget_tried(t);
    return rc == LT_OK ? kept : rc;
}

lt_code lt_tls_judge_peer(lt_tls *t, bool staple_asked)
{
    return judge(t, staple_asked, NULL, &t->error);
}

void lt_tls_ask_verdict(lt_tls *t)
{
    if (t->config->ask_verdict && t->peer.count > 0)
        lt_tls_ask(t, (lt_question){ .kind = LT_QUESTION_verdict });
}

static lt_code conclude(lt_tls *t, const lt_error *refusal)
{
    size_t n = t->peer.count;
    if (refusal->code != LT_OK) {
        t->error = *refusal;
        return refusal->code;
    }
    lt_trace_decide(&t->trace, "RFC 5280 section 6",
                    "the peer sent %zu certificate%s: accepted", n, n == 1 ? "" : "s");
    lt_tls_ask_verdict(t);
    return LT_OK;
}

/* Is there a certificate in the peer's path that no source at hand knows? */
static bool nobody_knows(const lt_verify_result *found)
{
    for (size_t i = 0; i + 1 < found->path_length; i++)
        if (found->path[i].revocation.status == LT_STATUS_unknown)
            return true;
    return false;
}

static bool evidence_wanted(const lt_tls *t, lt_code rc)
{
    const lt_config *config = t->config;
    if (t->hs->evidence_asked == EVIDENCE_MAX)
        return false;
    return (config->ask_issuers && rc == LT_unknown_issuer)
           || (config->ask_revocation && rc == LT_revocation_unknown)
           || (config->ask_revocation && rc == LT_OK
               && nobody_knows(lt_tls_verified(&t->peer)));
}

/* What the peer is refused for becomes the connection's error only once nobody has more to say. */
static lt_code verify_peer(lt_tls *t, const lt_answer *more)
{
    lt_error e = { .code = LT_OK };
    forget_tried(t);
    lt_code rc = judge(t, (t->hs->offered & 1U << LT_X_status_request) != 0, more, &e);
    if (!evidence_wanted(t, rc))
        return conclude(t, &e);
    lt_trace_decide(&t->trace, "RFC 5280 section 6",
                    "the peer's chain lacks %s: is there more?",
                    rc == LT_unknown_issuer ? "an issuer" : "word of revocation");
    t->hs->evidence_asked++;
    t->hs->refusal = e;
    lt_tls_ask(t, (lt_question){ .kind = LT_QUESTION_evidence, .problem = rc });
    return LT_OK;
}

lt_code lt_tls_verify_peer(lt_tls *t)
{
    bool named = t->config->verify_name && *t->name;
    if (!t->server && t->resume && t->resume->external
        && !named) /* nothing else would prove it */
        return lt_fail(&t->error, LT_psk_refused, "ServerHello.pre_shared_key");
    t->hs->evidence_asked = 0;
    return verify_peer(t, NULL);
}

lt_code lt_tls_on_evidence(lt_tls *t, const lt_answer *answer)
{
    return answer->yes ? verify_peer(t, answer) : conclude(t, &t->hs->refusal);
}

static lt_code no_certificate(lt_tls *t)
{
    if (!t->server) {
        lt_fail(&t->error, LT_no_peer_certificate, "Certificate.certificate_list");
        if (t->version == LT_TLS_1_3) /* section 4.4.2.4 */
            t->error.alert = LT_ALERT_decode_error;
        return t->error.code;
    }
    if (t->config->client_auth != LT_AUTH_require)
        return LT_OK;
    lt_fail(&t->error, LT_certificate_required, "Certificate.certificate_list");
    if (t->version == LT_TLS_1_3)
        t->error.alert = LT_ALERT_certificate_required;
    return t->error.code;
}

lt_code lt_tls_read_certificate(lt_tls *t, lt_reader body)
{
    bool tls_1_3 = t->version == LT_TLS_1_3;
    lt_certificate_message m;
    if (!lt_certificate_message_parse(body, tls_1_3, &m))
        return lt_fail(&t->error, LT_decode, "Certificate");
    const lt_buffer *context = &t->hs->request_context; /* empty within the handshake */
    if (!lt_bytes_equal(m.request_context,
                        (lt_bytes){ context->data, lt_buffer_size(context) }))
        return lt_fail(&t->error, LT_illegal_parameter,
                       "Certificate.certificate_request_context");
    t->hs->peer_certified = m.list.n > 0;
    if (m.list.n == 0)
        return no_certificate(t);
    return keep_certificates(t, m.list, tls_1_3);
}

/* --- ours ---------------------------------------------------------------------------------- */

bool lt_tls_choose_scheme(lt_tls *t, const struct lt_identity *identity, uint32_t *scheme)
{
    for (const uint16_t *s = lt_tls_signature_schemes(t->config); *s; s++)
        if (lt_list_has(t->hs->peer_schemes, *s)
            && lt_identity_signs(identity, *s, t->version == LT_TLS_1_3)) {
            *scheme = *s;
            return true;
        }
    return false;
}

bool lt_tls_chain_fits(const lt_tls *t, const struct lt_identity *identity)
{
    lt_bytes said = t->hs->peer_certificate_schemes;
    return lt_identity_chain_fits(identity, said.n > 0 ? said : t->hs->peer_schemes);
}

static bool choose_identity(lt_tls *t, bool fitting)
{
    const lt_config *config = t->config;
    lt_bytes any = { NULL, 0 };
    for (size_t i = 0; i < config->identity_count; i++) {
        const struct lt_identity *identity = lt_identity_at(config->identities, i);
        if (lt_identity_issued_by(identity, t->server ? any : t->hs->asked.request.authorities)
            && (!fitting || lt_tls_chain_fits(t, identity))
            && lt_tls_choose_scheme(t, identity, &t->hs->identity_scheme)) {
            t->hs->identity = identity;
            return true;
        }
    }
    return false;
}

bool lt_tls_choose_identity(lt_tls *t)
{
    return (t->config->identity_count > 1 && choose_identity(t, true))
           || choose_identity(t, false);
}

/* What the client asked for and the identity has (section 4.4.2.1, RFC 6962 section 3.3). */
static void write_entry_extensions(lt_tls *t, lt_writer *w, size_t i)
{
    const lt_extensions *asked = &t->hs->client_extensions;
    lt_mark block = wr_open(w, 2), x;
    lt_bytes staple = lt_identity_staple(t->hs->identity, i);
    lt_bytes scts = lt_identity_scts(t->hs->identity);
    if (t->server && staple.n > 0 && lt_has_extension(asked, LT_X_status_request)) {
        wr_uint(w, 2, LT_EXT_status_request);
        x = wr_open(w, 2);
        lt_certificate_status_write(w, staple);
        wr_close(w, x);
    }
    if (t->server && i == 0 && scts.n > 0
        && lt_has_extension(asked, LT_X_signed_certificate_timestamp)) {
        wr_uint(w, 2, LT_EXT_signed_certificate_timestamp);
        wr_vec(w, 2, scts);
    }
    wr_close(w, block);
}

lt_code lt_tls_write_certificate(lt_tls *t)
{
    bool tls_1_3 = t->version == LT_TLS_1_3;
    size_t count = 0;
    const lt_buffer *context = &t->hs->request_context;
    const lt_bytes *chain = NULL;
    if (t->hs->identity)
        chain = lt_identity_certificates(t->hs->identity, &count);
    t->certificate_sent = count > 0;
    t->shown = t->hs->identity;
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_certificate, &message);
    if (tls_1_3)
        wr_vec(&w, 1, (lt_bytes){ context->data, lt_buffer_size(context) });
    lt_mark list = wr_open(&w, 3);
    for (size_t i = 0; i < count; i++) {
        wr_vec(&w, 3, chain[i]);
        if (tls_1_3)
            write_entry_extensions(t, &w, i);
    }
    wr_close(&w, list);
    return lt_tls_close(t, &w, message, true);
}

/* --- signatures ---------------------------------------------------------------------------- */

/* 64 spaces, a context string, a zero and the transcript's hash (section 4.4.3). */
static size_t signed_content(const lt_tls *t, bool by_server, uint8_t out[LT_TLS_SIGNED_MAX])
{
    const char *context =
        by_server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
    memset(out, ' ', 64);
    memcpy(out + 64, context, 34); /* with its NUL: the separator */
    lt_transcript_hash(&t->hs->transcript, out + 98);
    return 98 + lt_hash_size(t->suite->hash);
}

/* What a CertificateVerify of this side signs; TLS 1.2: all messages so far. */
lt_bytes lt_tls_to_sign(const lt_tls *t, bool by_server, uint8_t content[LT_TLS_SIGNED_MAX])
{
    const lt_buffer *messages = &t->hs->transcript.messages;
    if (t->version == LT_TLS_1_2)
        return lt_buffer_bytes(messages);
    return (lt_bytes){ content, signed_content(t, by_server, content) };
}

lt_code lt_tls_write_certificate_verify(lt_tls *t, lt_bytes signature)
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_certificate_verify, &message);
    wr_uint(&w, 2, t->hs->identity_scheme);
    wr_vec(&w, 2, signature);
    return lt_tls_close(t, &w, message, true);
}

lt_code lt_tls_sign(lt_tls *t, lt_bytes message,
                    lt_code (*after)(lt_tls *t, lt_bytes signature))
{
    lt_tls_handshake *hs = t->hs;
    uint8_t signature[LT_SIGNATURE_MAX];
    size_t n = 0;
    if (!lt_identity_is_external(hs->identity)) {
        lt_code rc = lt_identity_sign(hs->identity, hs->identity_scheme, message, t->random,
                                      signature, &n, &t->error);
        return rc == LT_OK ? after(t, (lt_bytes){ signature, n }) : rc;
    }
    if (!lt_buffer_add(&hs->to_sign, message.p, message.n))
        return lt_fail(&t->error, LT_memory, "signature");
    hs->after_signature = after;
    hs->next = LT_TLS_wait_answer;
    lt_tls_ask(t, (lt_question){
                      .kind = LT_QUESTION_signature,
                      .identity = hs->identity,
                      .scheme = (uint16_t)hs->identity_scheme,
                      .message = { hs->to_sign.data, lt_buffer_size(&hs->to_sign) },
                  });
    return LT_OK;
}

lt_code lt_tls_read_certificate_verify(lt_tls *t, lt_reader body)
{
    uint8_t content[LT_TLS_SIGNED_MAX];
    uint32_t scheme;
    lt_bytes signature;
    if (!lt_certificate_verify_parse(body, &scheme, &signature))
        return lt_fail(&t->error, LT_decode, "CertificateVerify");
    if (!lt_tls_allows_scheme(t->config, scheme)) /* section 4.4.3 */
        return lt_fail(&t->error, LT_illegal_parameter, "CertificateVerify.algorithm");
    lt_code rc = lt_certificate_check_signature(
        t->peer.certificates[0], t->config->known_keys, scheme, t->version == LT_TLS_1_3,
        lt_tls_to_sign(t, !t->server, content), signature, &t->error);
    if (rc == LT_OK && !t->server)
        t->signature_scheme = (uint16_t)scheme;
    return rc;
}

/* --- CertificateRequest, as the client reads it --------------------------------------------- */

static bool two_byte_list(lt_reader r, lt_bytes *out)
{
    return rd_vec(&r, 2, out) && r.n == 0 && out->n >= 2 && out->n % 2 == 0;
}

static lt_code request_13(lt_tls *t, lt_reader r)
{
    lt_certificate_request *request = &t->hs->asked.request;
    lt_reader context, block;
    lt_extensions x;
    if (!rd_vec(&r, 1, &context) || !rd_vec(&r, 2, &block) || r.n != 0)
        return lt_fail(&t->error, LT_decode, "CertificateRequest");
    if ((context.n == 0) == t->up) /* empty within the handshake, and only there (4.3.2) */
        return lt_fail(&t->error, LT_illegal_parameter,
                       "CertificateRequest.certificate_request_context");
    if (!lt_buffer_add(&t->hs->request_context, context.p, context.n))
        return lt_fail(&t->error, LT_memory, "CertificateRequest");
    lt_code rc = lt_extensions_parse(&x, block, LT_IN_certificate_request, ~0U, &t->error);
    if (rc != LT_OK)
        return rc;
    if (!lt_has_extension(&x, LT_X_signature_algorithms)) /* section 4.3.2 */
        return lt_fail(&t->error, LT_missing_extension,
                       "CertificateRequest.signature_algorithms");
    if (!two_byte_list(x.data[LT_X_signature_algorithms], &request->signature_schemes)
        || (lt_has_extension(&x, LT_X_signature_algorithms_cert)
            && !two_byte_list(x.data[LT_X_signature_algorithms_cert],
                              &request->certificate_schemes))
        || (lt_has_extension(&x, LT_X_certificate_authorities)
            && !lt_certificate_authorities_parse(x.data[LT_X_certificate_authorities],
                                                 &request->authorities)))
        return lt_fail(&t->error, LT_decode, "CertificateRequest.extensions");
    return LT_OK;
}

lt_code lt_tls_read_certificate_request(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_certificate_request *request = &t->hs->asked.request;
    *request = (lt_certificate_request){ 0 }; /* views of an exchange before this one */
    if (!lt_buffer_add(&hs->request_bytes, body.p, body.n))
        return lt_fail(&t->error, LT_memory, "CertificateRequest");
    lt_bytes kept = { hs->request_bytes.data, lt_buffer_size(&hs->request_bytes) };
    lt_code rc = LT_OK;
    if (t->version == LT_TLS_1_3)
        rc = request_13(t, kept);
    else if (!lt_certificate_request_12_parse(kept, true, &request->certificate_types,
                                              &request->signature_schemes,
                                              &request->authorities))
        rc = lt_fail(&t->error, LT_decode, "CertificateRequest");
    if (rc != LT_OK)
        return rc;
    hs->certificate_requested = true;
    hs->peer_schemes = request->signature_schemes;
    hs->peer_certificate_schemes = request->certificate_schemes;
    rc = lt_tls_remember_request(t, request->authorities);
    if (rc != LT_OK)
        return rc;
    if (t->config->ask_certificate) /* answered before the next message is looked at */
        lt_tls_ask(t, (lt_question){ .kind = LT_QUESTION_certificate, .request = *request });
    else
        lt_tls_choose_identity(t);
    return LT_OK;
}
