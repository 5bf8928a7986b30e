/* SPDX-License-Identifier: MIT
 * client_hello.c - the ClientHello that this client sends (RFC 8446 section 4.1.2), the first and
 * the one after a HelloRetryRequest. One hello for TLS 1.3 and 1.2. */
#include "tls/tls.h"

enum { LEGACY_VERSION = 0x0303, PSK_DHE_KE = 1, STATUS_TYPE_OCSP = 1 };

static bool wants(const lt_tls *t, uint16_t version)
{
    return lt_tls_allows_version(t->config, version);
}

/* One of 0x0A0A .. 0xFAFA (RFC 8701), the same places and values in both hellos. */
static uint32_t grease(const lt_tls *t, int which)
{
    uint32_t b = (uint32_t)(t->client_random[which] & 0xf0) | 0x0a;
    return b << 8 | b;
}

static lt_mark open_extension(lt_tls *t, lt_writer *w, lt_extension_index i)
{
    t->hs->offered |= 1U << i;
    wr_uint(w, 2, lt_extension_type_of(i));
    return wr_open(w, 2);
}

static void empty_extension(lt_tls *t, lt_writer *w, lt_extension_index i)
{
    wr_close(w, open_extension(t, w, i));
}

static void cipher_suites(lt_tls *t, lt_writer *w)
{
    lt_mark m = wr_open(w, 2);
    wr_uint(w, 2, grease(t, 0));
    for (size_t i = 0; i < t->config->cipher_suite_count; i++) {
        const lt_suite *s = lt_suite_by_id(t->config->cipher_suites[i]);
        if (s && wants(t, s->version))
            wr_uint(w, 2, s->id);
    }
    wr_close(w, m);
}

static void server_name(lt_tls *t, lt_writer *w) /* RFC 6066 section 3 */
{
    size_t n = strlen(t->name);
    if (n == 0 || t->name_is_ip)
        return;
    if (t->name[n - 1] == '.') /* no trailing dot in it */
        n--;
    lt_mark x = open_extension(t, w, LT_X_server_name), list = wr_open(w, 2);
    wr_uint(w, 1, 0);
    wr_vec(w, 2, (lt_bytes){ (const uint8_t *)t->name, n });
    wr_close(w, list);
    wr_close(w, x);
}

static void supported_groups(lt_tls *t, lt_writer *w)
{
    lt_mark x = open_extension(t, w, LT_X_supported_groups), list = wr_open(w, 2);
    wr_uint(w, 2, grease(t, 1));
    for (const uint16_t *g = lt_tls_groups(t->config); *g; g++)
        if (lt_tls_group_rank(t->config, *g))
            wr_uint(w, 2, *g);
    wr_close(w, list);
    wr_close(w, x);
}

static void signature_algorithms(lt_tls *t, lt_writer *w)
{
    lt_mark x = open_extension(t, w, LT_X_signature_algorithms);
    lt_tls_write_schemes(t, w);
    wr_close(w, x);
    if (!t->config->certificate_schemes)
        return;
    x = open_extension(t, w, LT_X_signature_algorithms_cert);
    lt_tls_write_certificate_schemes(t, w);
    wr_close(w, x);
}

static void alpn(lt_tls *t, lt_writer *w)
{
    if (t->config->alpn_count == 0)
        return;
    lt_mark x = open_extension(t, w, LT_X_application_layer_protocol_negotiation);
    lt_mark list = wr_open(w, 2);
    for (size_t i = 0; i < t->config->alpn_count; i++) {
        const char *name = t->config->alpn[i];
        wr_vec(w, 1, (lt_bytes){ (const uint8_t *)name, strlen(name) });
    }
    wr_close(w, list);
    wr_close(w, x);
}

static void status_request(lt_tls *t, lt_writer *w) /* RFC 6066 section 8 */
{
    lt_mark x = open_extension(t, w, LT_X_status_request);
    wr_uint(w, 1, STATUS_TYPE_OCSP);
    wr_uint(w, 2, 0); /* no responders named */
    wr_uint(w, 2, 0); /* no extensions */
    wr_close(w, x);
}

static void record_size_limit(lt_tls *t, lt_writer *w)
{
    lt_mark x = open_extension(t, w, LT_X_record_size_limit);
    wr_uint(w, 2, lt_tls_record_size_limit(t));
    wr_close(w, x);
}

static void only_for_12(lt_tls *t, lt_writer *w)
{
    lt_mark x;
    empty_extension(t, w, LT_X_extended_master_secret);
    x = open_extension(t, w, LT_X_renegotiation_info); /* RFC 5746 section 3.4 */
    wr_uint(w, 1, 0);
    wr_close(w, x);
    x = open_extension(t, w, LT_X_ec_point_formats); /* RFC 8422 section 5.1.2 */
    wr_uint(w, 1, 1);
    wr_uint(w, 1, 0);
    wr_close(w, x);
    x = open_extension(t, w, LT_X_session_ticket); /* RFC 5077 section 3.2 */
    if (t->resume && t->resume->version == LT_TLS_1_2)
        wr_bytes(w, (lt_bytes){ t->resume->ticket.data, lt_buffer_size(&t->resume->ticket) });
    wr_close(w, x);
}

static void key_share(lt_tls *t, lt_writer *w)
{
    lt_mark x = open_extension(t, w, LT_X_key_share), list = wr_open(w, 2);
    if (!t->hs->retry_group) { /* the one share that was asked for stands alone (4.2.8) */
        wr_uint(w, 2, grease(t, 1));
        wr_vec(w, 2, (lt_bytes){ (const uint8_t[]){ 0 }, 1 });
    }
    for (size_t i = 0; i < t->hs->share_count; i++) {
        const lt_key_pair *share = &t->hs->shares[i];
        wr_uint(w, 2, share->group);
        wr_vec(w, 2, (lt_bytes){ share->public_key, share->public_size });
    }
    wr_close(w, list);
    wr_close(w, x);
}

static void only_for_13(lt_tls *t, lt_writer *w)
{
    lt_mark x = open_extension(t, w, LT_X_supported_versions), list = wr_open(w, 1);
    wr_uint(w, 2, grease(t, 2));
    wr_uint(w, 2, LT_TLS_1_3);
    if (wants(t, LT_TLS_1_2))
        wr_uint(w, 2, LT_TLS_1_2);
    wr_close(w, list);
    wr_close(w, x);
    key_share(t, w);
    x = open_extension(t, w, LT_X_psk_key_exchange_modes); /* section 4.2.9 */
    wr_uint(w, 1, 1);
    wr_uint(w, 1, PSK_DHE_KE);
    wr_close(w, x);
    if (t->config->post_handshake_auth)
        empty_extension(t, w, LT_X_post_handshake_auth); /* section 4.2.6 */
    if (lt_buffer_size(&t->hs->cookie) > 0) {            /* section 4.2.2 */
        x = open_extension(t, w, LT_X_cookie);
        wr_vec(w, 2, (lt_bytes){ t->hs->cookie.data, lt_buffer_size(&t->hs->cookie) });
        wr_close(w, x);
    }
}

/* --- pre_shared_key, the last extension (section 4.2.11) ------------------------------------- */

static const lt_suite *psk_suite(const lt_tls *t)
{
    return t->resume && t->resume->version == LT_TLS_1_3
               ? lt_suite_by_id(t->resume->cipher_suite)
               : NULL;
}

/* Only under the terms of the session that it goes with (section 4.2.10). */
static bool offers_early_data(const lt_tls *t, const lt_suite *suite)
{
    const lt_tls_session *s = t->resume;
    if (t->hs->retried || t->config->max_early_data == 0 || s->max_early_data == 0
        || !lt_tls_allows_suite(t->config, suite))
        return false;
    for (size_t i = 0; i < t->config->alpn_count; i++)
        if (strcmp(t->config->alpn[i], s->alpn) == 0)
            return true;
    return !*s->alpn && t->config->alpn_count == 0;
}

/* Milliseconds (section 4.2.11.1). Both times are whole seconds: the age that is certain is told, as
 * GnuTLS refuses early data of a ticket that claims to be older than it knows it to be. */
static uint32_t ticket_age(const lt_tls *t)
{
    int64_t seconds = t->now - t->resume->received;
    return t->resume->external || seconds < 1 ? 0 : (uint32_t)((seconds - 1) * 1000);
}

/* The binder is zeros at first; its length counts in the lengths before it. */
static void pre_shared_key(lt_tls *t, lt_writer *w, const lt_suite *suite)
{
    static const uint8_t zeros[LT_HASH_MAX];
    const lt_tls_session *s = t->resume;
    lt_mark x = open_extension(t, w, LT_X_pre_shared_key), identities = wr_open(w, 2);
    wr_vec(w, 2, (lt_bytes){ s->ticket.data, lt_buffer_size(&s->ticket) });
    wr_uint(w, 4, ticket_age(t) + s->age_add);
    wr_close(w, identities);
    lt_mark binders = wr_open(w, 2);
    wr_vec(w, 1, (lt_bytes){ zeros, lt_hash_size(suite->hash) });
    wr_close(w, binders);
    wr_close(w, x);
    t->hs->psk_offered = true;
}

/* Fills the binder in: over the message up to the binders, whose last bytes it is. */
static void bind(lt_tls *t, uint8_t *message, size_t n, const lt_suite *suite)
{
    lt_key_schedule early;
    uint8_t binder_key[LT_HASH_MAX], digest[LT_HASH_MAX];
    size_t size = lt_hash_size(suite->hash);
    lt_key_schedule_early(&early, suite->hash,
                          (lt_bytes){ t->resume->secret, t->resume->secret_size });
    lt_hash(suite->hash, (lt_bytes){ message, 0 }, digest);
    lt_derive_secret(&early, t->resume->external ? "ext binder" : "res binder", digest,
                     binder_key);
    lt_transcript_hash_with(&t->hs->transcript, suite->hash,
                            (lt_bytes){ message, n - size - 3 }, digest);
    lt_finished_mac(suite->hash, binder_key, digest, message + n - size);
    lt_wipe(&early, sizeof early);
    lt_wipe(binder_key, sizeof binder_key);
}

/* The hello is out; what is written before the server's Finished goes under keys of the PSK. */
static lt_code begin_early_data(lt_tls *t, const lt_suite *suite)
{
    lt_key_schedule early;
    uint8_t digest[LT_HASH_MAX];
    lt_code rc = lt_tls_change_cipher_spec(t);
    if (rc != LT_OK)
        return rc;
    lt_key_schedule_early(&early, suite->hash,
                          (lt_bytes){ t->resume->secret, t->resume->secret_size });
    lt_transcript_hash_with(&t->hs->transcript, suite->hash, (lt_bytes){ digest, 0 }, digest);
    lt_tls_early_secret(t, &early, digest);
    lt_protection_set_13(&t->write, suite, t->hs->early_secret);
    t->early_left = t->resume->max_early_data < t->config->max_early_data
                        ? t->resume->max_early_data
                        : t->config->max_early_data;
    lt_wipe(&early, sizeof early);
    return LT_OK;
}

/* --- the message ------------------------------------------------------------------------------ */

static void extensions(lt_tls *t, lt_writer *w, const lt_suite *psk)
{
    lt_mark block = wr_open(w, 2);
    wr_uint(w, 2, grease(t, 3));
    wr_uint(w, 2, 0);
    server_name(t, w);
    if (wants(t, LT_TLS_1_2))
        only_for_12(t, w);
    supported_groups(t, w);
    alpn(t, w);
    status_request(t, w);
    empty_extension(t, w, LT_X_signed_certificate_timestamp); /* RFC 6962 section 3.3.1 */
    signature_algorithms(t, w);
    record_size_limit(t, w);
    if (wants(t, LT_TLS_1_3))
        only_for_13(t, w);
    if (psk && offers_early_data(t, psk)) {
        empty_extension(t, w, LT_X_early_data);
        t->early_data = LT_EARLY_offered;
    }
    if (psk)
        pre_shared_key(t, w, psk);
    wr_close(w, block);
}

/* The share that goes with it. Without TLS 1.3 there is none: first the server chooses a group (RFC 8422
 * section 5.4), or resumes and wants no key. */
static lt_code make_share(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    bool offered = wants(t, LT_TLS_1_3), any = false;
    for (const uint16_t *g = lt_tls_groups(t->config); *g && !any; g++)
        any = lt_tls_group_rank(t->config, *g)
              && (!offered || lt_key_pair_generate(&hs->shares[0], *g, &t->random->vtable));
    hs->share_count = any && offered;
    return any ? LT_OK
               : lt_fail_detail(&t->error, LT_option, "groups", "none that this engine has");
}

/* What stays the same in a second hello (section 4.1.2). */
static lt_code begin(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_random_bytes(t->random, t->client_random, sizeof t->client_random);
    hs->session_id_size = sizeof hs->session_id;
    lt_random_bytes(t->random, hs->session_id, hs->session_id_size);
    if (t->resume && t->resume->version == LT_TLS_1_2
        && lt_buffer_size(&t->resume->ticket) == 0) {
        hs->session_id_size = t->resume->session_id_size;
        memcpy(hs->session_id, t->resume->session_id, hs->session_id_size);
    }
    return make_share(t);
}

lt_code lt_tls_send_client_hello(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_code rc = hs->retried ? LT_OK : begin(t);
    if (rc != LT_OK)
        return rc;
    const lt_suite *psk = psk_suite(t);
    if (hs->retried && psk && psk->hash != hs->transcript.hash)
        psk = NULL; /* section 4.1.4: a PSK of another hash cannot be used any more */
    hs->offered = 0;
    hs->psk_offered = false;
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_client_hello, &message);
    wr_uint(&w, 2, LEGACY_VERSION);
    wr_bytes(&w, (lt_bytes){ t->client_random, sizeof t->client_random });
    wr_vec(&w, 1, (lt_bytes){ hs->session_id, hs->session_id_size });
    cipher_suites(t, &w);
    wr_vec(&w, 1, (lt_bytes){ (const uint8_t[]){ 0 }, 1 });
    extensions(t, &w, psk);
    wr_close(&w, message);
    if (!w.full && psk)
        bind(t, hs->flight.data + hs->flight.start, lt_buffer_size(&hs->flight), psk);
    rc = lt_tls_close(t, &w, message, true);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    return rc == LT_OK && t->early_data == LT_EARLY_offered ? begin_early_data(t, psk) : rc;
}
