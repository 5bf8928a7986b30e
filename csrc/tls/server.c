/* SPDX-License-Identifier: MIT
 * server.c - the server of TLS 1.3 (RFC 8446 appendix A.2) as a table and its handlers. The
 * ClientHello's first reading, which decides the version, is here too. */
#include "tls/tls.h"

#include "base/secret.h"
#include "wire/key_share.h"

enum { FALLBACK_SCSV = 0x5600 };

/* --- ClientHello: what it offers ------------------------------------------------------------------- */

/* hs->hello keeps the message with its header, as the transcript and the binders want it. */
static lt_code parse_hello(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_buffer first = hs->hello; /* its views stay as long as it does */
    lt_client_hello before = hs->client_hello;
    hs->hello = (lt_buffer){ 0 };
    bool kept = lt_buffer_add(&hs->hello, body.p - 4, body.n + 4);
    bool parsed =
        kept
        && lt_client_hello_parse((lt_reader){ hs->hello.data + 4, body.n }, &hs->client_hello);
    bool same = parsed && (!hs->retried || lt_client_hello_same(&before, &hs->client_hello));
    lt_buffer_free(&first);
    if (!kept)
        return lt_fail(&t->error, LT_memory, "ClientHello");
    if (!parsed)
        return lt_fail(&t->error, LT_decode, "ClientHello");
    if (!same)
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello, second");
    return lt_extensions_parse(&hs->client_extensions, hs->client_hello.extensions,
                               LT_IN_client_hello, ~0U, &t->error);
}

lt_bytes lt_tls_hello_message(const lt_tls *t)
{
    return (lt_bytes){ t->hs->hello.data, lt_buffer_size(&t->hs->hello) };
}

static lt_code hear_hello(lt_tls *t)
{
    lt_bytes message = lt_tls_hello_message(t);
    return lt_tls_hear(t, (lt_reader){ message.p + 4, message.n - 4 });
}

static bool offers_version(const lt_client_hello *hello, uint16_t version)
{
    if (hello->has_supported_versions)
        return lt_list_has(hello->supported_versions, version);
    return version <= LT_TLS_1_2 && hello->legacy_version >= version;
}

static lt_code choose_version(lt_tls *t)
{
    const lt_client_hello *hello = &t->hs->client_hello;
    uint16_t version = LT_TLS_1_3;
    if (hello->legacy_version < LT_TLS_1_0) /* appendix D.5, whatever else it offers */
        return lt_fail(&t->error, LT_protocol_version, "ClientHello.legacy_version");
    while (version >= LT_TLS_1_2
           && !(lt_tls_allows_version(t->config, version) && offers_version(hello, version)))
        version--;
    if (version < LT_TLS_1_2)
        return lt_tls_no_version(t);
    if (lt_list_has(hello->cipher_suites, FALLBACK_SCSV) && version < t->config->max_version
        && version < LT_TLS_1_3) /* RFC 7507 section 3 */
        return lt_fail(&t->error, LT_fallback, "ClientHello.cipher_suites");
    if (t->version && t->version != version) /* after a HelloRetryRequest */
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.supported_versions");
    t->version = version;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.2.1", "TLS 1.%d is the best in common",
                    version - LT_TLS_1_2 + 2);
    return LT_OK;
}

static lt_code keep_name(lt_tls *t, lt_bytes name)
{
    if (name.n > LT_TLS_NAME_MAX)
        return lt_fail(&t->error, LT_decode, "ClientHello.server_name");
    for (size_t i = 0; i < name.n; i++) /* a NUL would end it early */
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
            return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.server_name");
    return lt_tls_set_name(t, name);
}

/* --- choices ------------------------------------------------------------------------------------------ */

static lt_code choose_suite(lt_tls *t)
{
    static const char *const orders[] = {
        [LT_PREFER_server] = "first in this server's order",
        [LT_PREFER_fitting] = "the one that suits both processors",
        [LT_PREFER_client] = "first in the client's order",
    };
    const lt_suite *suites[LT_TLS_SUITES_MAX], *chosen;
    if (lt_tls_common_suites(t, LT_TLS_1_3, suites) == 0)
        return lt_tls_no_cipher_suite(t);
    chosen = suites[0];
    if (t->suite && t->suite != chosen)
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.cipher_suites, second");
    t->suite = chosen;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.1.1", "%s: %s",
                    lt_cipher_suite_by_id(chosen->id)->name, orders[t->config->prefer]);
    return LT_OK;
}

/* The best group that has a share; else the best that the client supports, to be asked for. */
static lt_code choose_group(lt_tls *t, lt_key_share_entry *share, uint32_t *ask)
{
    const lt_extensions *x = &t->hs->client_extensions;
    lt_reader shares;
    uint32_t best = 0, group;
    bool group_twice;
    *ask = 0, *share = (lt_key_share_entry){ 0 };
    if (!lt_has_extension(x, LT_X_supported_groups) || !lt_has_extension(x, LT_X_key_share))
        return lt_fail(&t->error, LT_missing_extension, /* section 9.2 */
                       lt_has_extension(x, LT_X_key_share) ? "ClientHello.supported_groups"
                                                           : "ClientHello.key_share");
    if (!lt_key_share_client_parse(x->data[LT_X_key_share], &shares, &group_twice))
        return lt_fail(&t->error, LT_decode, "ClientHello.key_share");
    if (group_twice)
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.key_share, a group twice");
    for (lt_key_share_entry e; lt_key_share_entry_parse(&shares, &e);) {
        uint32_t rank = lt_tls_group_rank(t->config, e.group);
        if (!lt_list_has(t->hs->client_hello.supported_groups, e.group)) /* section 4.2.8 */
            return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.key_share.group");
        if (rank && (!best || rank < best))
            best = rank, *share = e;
    }
    for (lt_reader r = t->hs->client_hello.supported_groups; !best && rd_uint(&r, 2, &group);)
        if (lt_tls_group_rank(t->config, group)
            && (!*ask
                || lt_tls_group_rank(t->config, group) < lt_tls_group_rank(t->config, *ask)))
            *ask = group;
    if (!best && !*ask)
        return lt_tls_no_group(t);
    return LT_OK;
}

/* --- the server's messages ---------------------------------------------------------------------------------- */

static lt_writer open_server_hello(lt_tls *t, lt_bytes random, lt_mark *message,
                                   lt_mark *extensions)
{
    lt_writer w = lt_tls_open(t, LT_HS_server_hello, message);
    lt_server_hello_write(&w, &(lt_server_hello){
                                  .legacy_version = LT_TLS_1_2,
                                  .random = random,
                                  .session_id = t->hs->client_hello.session_id,
                                  .cipher_suite = t->suite->id,
                              });
    *extensions = wr_open(&w, 2);
    wr_uint(&w, 2, LT_EXT_supported_versions);
    wr_uint(&w, 2, 2);
    wr_uint(&w, 2, LT_TLS_1_3);
    return w;
}

static lt_code server_hello(lt_tls *t)
{
    const lt_key_pair *share = &t->hs->shares[0];
    lt_mark message, extensions;
    lt_random_bytes(t->random, t->server_random, sizeof t->server_random);
    lt_writer w =
        open_server_hello(t, (lt_bytes){ t->server_random, 32 }, &message, &extensions);
    wr_uint(&w, 2, LT_EXT_key_share);
    lt_mark x = wr_open(&w, 2);
    wr_uint(&w, 2, share->group);
    wr_vec(&w, 2, (lt_bytes){ share->public_key, share->public_size });
    wr_close(&w, x);
    if (t->hs->psk_accepted) {
        wr_uint(&w, 2, LT_EXT_pre_shared_key);
        wr_uint(&w, 2, 2);
        wr_uint(&w, 2, t->hs->selected_psk);
    }
    wr_close(&w, extensions);
    lt_code rc = lt_tls_close(t, &w, message, true);
    if (rc != LT_OK)
        return rc;
    bool compatible = t->hs->client_hello.session_id.n > 0 && !t->ccs_sent;
    return compatible ? lt_tls_change_cipher_spec(t) : lt_tls_flush(t);
}

static lt_code encrypted_extensions(lt_tls *t)
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_encrypted_extensions, &message);
    lt_mark block = wr_open(&w, 2);
    if (t->alpn)
        lt_tls_write_alpn(t, &w);
    if (lt_has_extension(&t->hs->client_extensions, LT_X_record_size_limit)) {
        wr_uint(&w, 4, (uint32_t)LT_EXT_record_size_limit << 16 | 2);
        wr_uint(&w, 2, lt_tls_record_size_limit(t));
    }
    if (t->early_data == LT_EARLY_accepted)
        wr_uint(&w, 4, (uint32_t)LT_EXT_early_data << 16);
    wr_close(&w, block);
    return lt_tls_close(t, &w, message, true);
}

lt_code lt_tls_write_certificate_request(lt_tls *t)
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_certificate_request, &message);
    const lt_buffer *context = &t->hs->request_context;
    wr_vec(&w, 1, (lt_bytes){ context->data, lt_buffer_size(context) });
    lt_mark block = wr_open(&w, 2);
    wr_uint(&w, 2, LT_EXT_signature_algorithms);
    lt_mark x = wr_open(&w, 2), list;
    lt_tls_write_schemes(t, &w);
    wr_close(&w, x);
    if (t->config->certificate_schemes) {
        wr_uint(&w, 2, LT_EXT_signature_algorithms_cert);
        x = wr_open(&w, 2);
        lt_tls_write_certificate_schemes(t, &w);
        wr_close(&w, x);
    }
    if (t->config->authority_count > 0) {
        wr_uint(&w, 2, LT_EXT_certificate_authorities);
        x = wr_open(&w, 2), list = wr_open(&w, 2);
        for (size_t i = 0; i < t->config->authority_count; i++)
            wr_vec(&w, 2, t->config->authorities[i]);
        wr_close(&w, list);
        wr_close(&w, x);
    }
    wr_close(&w, block);
    return lt_tls_close(t, &w, message, true);
}

/* This side may write application data now (section 2); the client's flight is still to come. */
static lt_code end_flight(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    bool early = t->early_data == LT_EARLY_accepted;
    bool asked = t->config->client_auth != LT_AUTH_none && !hs->psk_accepted;
    lt_code rc = lt_tls_write_finished(t, hs->server_handshake_secret);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    if (rc != LT_OK)
        return rc;
    lt_tls_application_secrets(t);
    lt_tls_write_with(t, t->server_secret);
    t->round_trips++;
    t->early_readable = early;
    hs->next = early   ? LT_TLS_wait_end_of_early_data
               : asked ? LT_TLS_wait_client_certificate
                       : LT_TLS_wait_client_finished;
    lt_tls_ask_verdict(t); /* of the client whose session it was */
    return LT_OK;
}

static lt_code on_signature(lt_tls *t, lt_bytes signature)
{
    lt_code rc = lt_tls_write_certificate_verify(t, signature);
    return rc == LT_OK ? end_flight(t) : rc;
}

static lt_code flight(lt_tls *t) /* EncryptedExtensions to Finished */
{
    lt_tls_handshake *hs = t->hs;
    uint8_t content[LT_TLS_SIGNED_MAX];
    lt_code rc = encrypted_extensions(t);
    if (rc != LT_OK || hs->psk_accepted)
        return rc == LT_OK ? end_flight(t) : rc;
    if (t->config->client_auth != LT_AUTH_none)
        rc = lt_tls_write_certificate_request(t);
    if (rc == LT_OK)
        rc = lt_tls_write_certificate(t);
    return rc == LT_OK ? lt_tls_sign(t, lt_tls_to_sign(t, true, content), on_signature) : rc;
}

static lt_code choose_certificate(lt_tls *t)
{
    if (t->hs->psk_accepted)
        return LT_OK;
    if (!lt_has_extension(&t->hs->client_extensions, LT_X_signature_algorithms))
        return lt_fail(&t->error, LT_missing_extension, "ClientHello.signature_algorithms");
    t->hs->peer_schemes = t->hs->client_hello.signature_algorithms;
    t->hs->peer_certificate_schemes = t->hs->client_hello.signature_algorithms_cert;
    if (!lt_tls_choose_identity(t))
        return lt_tls_no_signature_scheme(t);
    t->signature_scheme = (uint16_t)t->hs->identity_scheme;
    return LT_OK;
}

static lt_code agree(lt_tls *t, uint8_t *shared, size_t *n)
{
    lt_tls_handshake *hs = t->hs;
    t->group = (uint16_t)hs->share.group;
    lt_key_pair_generate(&hs->shares[0], t->group, &t->random->vtable);
    if (!lt_key_pair_agree(&hs->shares[0], hs->share.key_exchange, shared, n))
        return lt_fail(&t->error, LT_bad_key_exchange, "ClientHello.key_share.key_exchange");
    return LT_OK;
}

/* All is decided: ServerHello, the keys of the handshake, and the rest of the flight. */
static lt_code answer(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    uint8_t shared[LT_GROUP_SECRET_MAX], digest[LT_HASH_MAX];
    size_t n = 0;
    lt_bytes psk = { NULL, 0 };
    lt_code rc = agree(t, shared, &n);
    if (rc == LT_OK)
        rc = hear_hello(t);
    if (rc == LT_OK) {
        if (hs->psk_accepted)
            psk = (lt_bytes){ t->resume->secret, t->resume->secret_size };
        lt_transcript_start(&hs->transcript, t->suite->hash);
        lt_transcript_drop(&hs->transcript);
        lt_key_schedule_early(&hs->schedule, t->suite->hash, psk);
        if (t->early_data == LT_EARLY_accepted) {
            lt_transcript_hash(&hs->transcript, digest);
            lt_tls_early_secret(t, &hs->schedule, digest);
        }
        rc = server_hello(t);
    }
    if (rc == LT_OK) {
        lt_tls_handshake_keys(t, (lt_bytes){ shared, n });
        lt_tls_read_with(t, t->early_data == LT_EARLY_accepted ? hs->early_secret
                                                               : hs->client_handshake_secret);
        lt_tls_write_with(t, hs->server_handshake_secret);
        rc = flight(t);
    }
    lt_wipe(shared, sizeof shared);
    lt_wipe(hs->shares, sizeof hs->shares);
    return rc;
}

lt_code lt_tls_on_early_data(lt_tls *t)
{
    return answer(t);
}

/* Extensions whose shape is theirs even where nothing is made of them. */
static lt_code check_shapes(lt_tls *t)
{
    const lt_extensions *x = &t->hs->client_extensions;
    lt_reader r = x->data[LT_X_psk_key_exchange_modes], modes, cookie;
    if (lt_has_extension(x, LT_X_psk_key_exchange_modes)
        && (!rd_vec(&r, 1, &modes) || r.n != 0 || modes.n == 0))
        return lt_fail(&t->error, LT_decode, "ClientHello.psk_key_exchange_modes");
    r = x->data[LT_X_cookie];
    if (lt_has_extension(x, LT_X_cookie)
        && (!rd_vec(&r, 2, &cookie) || r.n != 0 || cookie.n == 0))
        return lt_fail(&t->error, LT_decode, "ClientHello.cookie");
    if (x->data[LT_X_early_data].n + x->data[LT_X_post_handshake_auth].n > 0)
        return lt_fail(&t->error, LT_decode, "ClientHello.early_data, post_handshake_auth");
    return LT_OK;
}

/* The key_share of a second hello: that of the group which was asked for, alone (section 4.1.2). */
static bool is_as_asked(const lt_tls *t)
{
    size_t entry = 2 + 2 + 2 + t->hs->share.key_exchange.n;
    return t->hs->share.group == t->hs->retry_group
           && t->hs->client_extensions.data[LT_X_key_share].n == entry;
}

lt_code lt_tls_after_psk(lt_tls *t)
{
    lt_code rc = choose_certificate(t);
    if (rc == LT_OK)
        rc = lt_tls_judge_early_data(t);
    return rc == LT_OK && !t->question ? answer(t) : rc;
}

static lt_code on_client_hello_13(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    const lt_client_hello *hello = &hs->client_hello;
    uint32_t ask = 0;
    if (hello->compression_methods.n != 1 || hello->compression_methods.p[0] != 0)
        return lt_fail(&t->error, LT_illegal_parameter,
                       "ClientHello.legacy_compression_methods");
    lt_code rc = check_shapes(t);
    if (rc == LT_OK)
        rc = lt_tls_take_cookie(t);
    if (rc == LT_OK)
        rc = choose_suite(t);
    if (rc == LT_OK)
        rc = choose_group(t, &hs->share, &ask);
    if (rc == LT_OK && ask) {
        lt_tls_skip_early_data(t);
        rc = hear_hello(t);
        return rc == LT_OK ? lt_tls_retry(t, ask) : rc;
    }
    if (rc == LT_OK && hs->retried && !is_as_asked(t))
        rc = lt_fail(&t->error, LT_illegal_parameter, "ClientHello.key_share, second");
    if (rc == LT_OK)
        rc = lt_tls_choose_alpn(t, hello->alpn);
    if (rc == LT_OK && lt_has_extension(&hs->client_extensions, LT_X_record_size_limit))
        rc = lt_tls_read_record_size_limit(t,
                                           hs->client_extensions.data[LT_X_record_size_limit]);
    if (rc == LT_OK)
        rc = lt_tls_choose_psk(t);
    return rc == LT_OK && !t->question ? lt_tls_after_psk(t) : rc;
}

lt_code lt_tls_on_config(lt_tls *t)
{
    lt_code rc = choose_version(t);
    if (rc != LT_OK)
        return rc;
    if (t->version == LT_TLS_1_3)
        return on_client_hello_13(t);
    rc = hear_hello(t);
    return rc == LT_OK ? lt_tls_on_client_hello_12(t) : rc;
}

/* What a second hello must have from the first (section 4.1.2). */
static lt_code keep_identity(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_bytes id = hs->client_hello.session_id;
    if (hs->retried
        && (!lt_bytes_equal(hs->client_hello.random, (lt_bytes){ t->client_random, 32 })
            || !lt_bytes_equal(id, (lt_bytes){ hs->session_id, hs->session_id_size })))
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.random, second");
    memcpy(t->client_random, hs->client_hello.random.p, sizeof t->client_random);
    hs->session_id_size = id.n;
    if (id.n > 0)
        memcpy(hs->session_id, id.p, id.n);
    return LT_OK;
}

static lt_code on_client_hello(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_code rc = parse_hello(t, body);
    if (rc == LT_OK)
        rc = keep_name(t, hs->client_hello.server_name);
    if (rc == LT_OK)
        rc = keep_identity(t);
    if (rc != LT_OK)
        return rc;
    if (!t->config->ask_client_hello || hs->asked_config)
        return lt_tls_on_config(t);
    hs->asked_config = true;
    hs->next = LT_TLS_wait_answer;
    lt_bytes message = lt_tls_hello_message(t);
    lt_tls_ask(t, (lt_question){ .kind = LT_QUESTION_client_hello,
                                 .client_hello = { message.p + 4, message.n - 4 } });
    return LT_OK;
}

/* --- the client's flight --------------------------------------------------------------------------------------- */

static lt_code on_certificate(lt_tls *t, lt_reader body)
{
    lt_code rc = lt_tls_read_certificate(t, body);
    if (rc != LT_OK)
        return rc;
    t->hs->next =
        t->peer.count > 0 ? LT_TLS_wait_client_certificate_verify : LT_TLS_wait_client_finished;
    return t->peer.count > 0 ? lt_tls_verify_peer(t) : LT_OK;
}

static lt_code on_end_of_early_data(lt_tls *t, lt_reader body) /* section 4.5 */
{
    if (body.n != 0)
        return lt_fail(&t->error, LT_decode, "EndOfEarlyData");
    lt_tls_read_with(t, t->hs->client_handshake_secret);
    t->early_readable = false;
    return LT_OK;
}

static lt_code on_finished(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_code rc = lt_tls_check_finished(t, hs->client_handshake_secret, body);
    if (rc == LT_OK)
        rc = lt_tls_hear(t, body);
    if (rc != LT_OK)
        return rc;
    rc = lt_tls_keep_transcript(t);
    if (rc != LT_OK)
        return rc;
    lt_tls_resumption_secret(t);
    lt_tls_read_with(t, t->client_secret);
    hs->next = LT_TLS_connected;
    return lt_tls_takes_psk_dhe_ke(t) && !t->by_psk ? lt_tls_send_tickets(t) : LT_OK;
}

static bool tls_1_3(const lt_tls *t)
{
    return t->version == LT_TLS_1_3;
}

/* clang-format off */
const lt_tls_row lt_tls_server_rows[] = {
#define LAST true
#define ANY false
    { LT_TLS_wait_client_hello,              LT_HS_client_hello,       LAST, NULL,    on_client_hello,                LT_TLS_as_decided },
    { LT_TLS_wait_second_client_hello,       LT_HS_client_hello,       LAST, NULL,    on_client_hello,                LT_TLS_as_decided },
    { LT_TLS_wait_end_of_early_data,         LT_HS_end_of_early_data,  LAST, NULL,    on_end_of_early_data,           LT_TLS_wait_client_finished },
    { LT_TLS_wait_client_certificate,        LT_HS_certificate,        ANY,  NULL,    on_certificate,                 LT_TLS_as_decided },
    { LT_TLS_wait_client_certificate_verify, LT_HS_certificate_verify, ANY,  NULL,    lt_tls_read_certificate_verify, LT_TLS_wait_client_finished },
    { LT_TLS_wait_client_finished,           LT_HS_finished,           LAST, NULL,    on_finished,                    LT_TLS_as_decided },
    { LT_TLS_connected,                      LT_HS_certificate,        ANY,  lt_tls_awaits_certificate, lt_tls_on_post_certificate, LT_TLS_as_decided },
    { LT_TLS_wait_post_certificate_verify,   LT_HS_certificate_verify, ANY,  NULL,    lt_tls_read_certificate_verify, LT_TLS_wait_post_finished },
    { LT_TLS_wait_post_finished,             LT_HS_finished,           ANY,  NULL,    lt_tls_on_post_finished,        LT_TLS_connected },
    { LT_TLS_connected,                      LT_HS_key_update,         LAST, tls_1_3, lt_tls_on_key_update,           LT_TLS_connected },
    { .act = NULL },
};
/* clang-format on */
