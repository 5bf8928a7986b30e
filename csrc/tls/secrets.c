/* SPDX-License-Identifier: MIT
 * secrets.c - where the connection's secrets are made and put to use: the stations of the key
 * schedule (RFC 8446 section 7.1), the keys of TLS 1.2 (RFC 5246 section 6.3), the key log. */
#include "tls/tls.h"

#include <stdio.h>
#include <stdlib.h>

void lt_tls_read_with(lt_tls *t, const uint8_t *secret)
{
    lt_protection_set_13(&t->read, t->suite, secret);
}

void lt_tls_write_with(lt_tls *t, const uint8_t *secret)
{
    lt_protection_set_13(&t->write, t->suite, secret);
}

void lt_tls_update_secret(const lt_suite *suite, uint8_t *secret)
{
    uint8_t next[LT_HASH_MAX];
    size_t n = lt_hash_size(suite->hash);
    lt_expand_label(suite->hash, secret, "traffic upd", (lt_bytes){ next, 0 }, next, n);
    memcpy(secret, next, n);
    lt_wipe(next, sizeof next);
}

enum { KEPT = LT_LOG_exporter }; /* the lines before it */

bool lt_tls_key_log_new(lt_tls *t)
{
    t->key_log_secret = calloc(KEPT, sizeof *t->key_log_secret);
    return t->key_log_secret != NULL;
}

void lt_tls_key_log_free(lt_tls *t)
{
    lt_wipe_free(t->key_log_secret, KEPT * sizeof *t->key_log_secret);
    t->key_log_secret = NULL;
    t->key_log_lines = 0;
}

/* Kept only where a key log wants it: old secrets are to be gone (RFC 8446 section 7.2). */
static void log_secret(lt_tls *t, int line, const uint8_t *secret)
{
    if (!t->key_log_secret)
        return;
    memcpy(t->key_log_secret[line], secret, LT_HASH_MAX);
    t->key_log_lines |= 1U << line;
}

void lt_tls_early_secret(lt_tls *t, const lt_key_schedule *early, const uint8_t *hello_hash)
{
    uint8_t exporter[LT_HASH_MAX];
    const lt_derived both[] = { { "c e traffic", t->hs->early_secret },
                                { "e exp master", exporter } };
    lt_derive_secrets(early, hello_hash, both, sizeof both / sizeof *both);
    log_secret(t, LT_LOG_client_early, t->hs->early_secret);
    log_secret(t, LT_LOG_early_exporter, exporter);
    t->key_log_hash_size = lt_hash_size(early->hash);
    lt_wipe(exporter, sizeof exporter);
}

void lt_tls_handshake_keys(lt_tls *t, lt_bytes shared)
{
    lt_tls_handshake *hs = t->hs;
    uint8_t digest[LT_HASH_MAX];
    lt_key_schedule_next(&hs->schedule, shared);
    lt_transcript_hash(&hs->transcript, digest);
    const lt_derived both[] = { { "c hs traffic", hs->client_handshake_secret },
                                { "s hs traffic", hs->server_handshake_secret } };
    lt_derive_secrets(&hs->schedule, digest, both, sizeof both / sizeof *both);
    log_secret(t, LT_LOG_client_handshake, hs->client_handshake_secret);
    log_secret(t, LT_LOG_server_handshake, hs->server_handshake_secret);
}

void lt_tls_application_secrets(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    uint8_t digest[LT_HASH_MAX];
    lt_key_schedule_next(&hs->schedule, (lt_bytes){ NULL, 0 });
    lt_transcript_hash(&hs->transcript, digest);
    const lt_derived all[] = { { "c ap traffic", t->client_secret },
                               { "s ap traffic", t->server_secret },
                               { "exp master", t->exporter_secret } };
    lt_derive_secrets(&hs->schedule, digest, all, sizeof all / sizeof *all);
    log_secret(t, LT_LOG_client_traffic, t->client_secret);
    log_secret(t, LT_LOG_server_traffic, t->server_secret);
    t->key_log_lines |= 1U << LT_LOG_exporter;
}

void lt_tls_resumption_secret(lt_tls *t)
{
    uint8_t digest[LT_HASH_MAX];
    lt_transcript_hash(&t->hs->transcript, digest);
    lt_derive_secret(&t->hs->schedule, "res master", digest, t->resumption_secret);
}

/* --- TLS 1.2 ------------------------------------------------------------------------------ */

enum { MASTER_SECRET = 48, VERIFY_DATA = 12 };

void lt_tls_master_secret_12(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_bytes premaster = { hs->premaster, hs->premaster_size };
    uint8_t digest[LT_HASH_MAX];
    if (hs->extended_master_secret) { /* RFC 7627 section 4 */
        lt_transcript_hash(&hs->transcript, digest);
        lt_prf_12(t->suite->hash, premaster, "extended master secret",
                  (lt_bytes){ digest, lt_hash_size(t->suite->hash) }, (lt_bytes){ NULL, 0 },
                  t->exporter_secret, MASTER_SECRET);
    } else {
        lt_prf_12(t->suite->hash, premaster, "master secret",
                  (lt_bytes){ t->client_random, 32 }, (lt_bytes){ t->server_random, 32 },
                  t->exporter_secret, MASTER_SECRET);
    }
    lt_wipe(hs->premaster, sizeof hs->premaster);
    t->key_log_lines |= 1U << LT_LOG_client_random;
}

/* Made once for both directions. */
static const uint8_t *key_block(lt_tls *t, size_t key, size_t iv)
{
    lt_tls_handshake *hs = t->hs;
    if (!hs->has_key_block)
        lt_prf_12(t->suite->hash, (lt_bytes){ t->exporter_secret, MASTER_SECRET },
                  "key expansion", (lt_bytes){ t->server_random, 32 },
                  (lt_bytes){ t->client_random, 32 }, hs->key_block, 2 * (key + iv));
    hs->has_key_block = true;
    return hs->key_block;
}

void lt_tls_keys_12(lt_tls *t, bool writing)
{
    size_t key = lt_aead_key_size(t->suite->aead), iv = lt_protection_iv_size_12(t->suite);
    const uint8_t *block = key_block(t, key, iv);
    bool client_side = t->server != writing;
    lt_protection_set_12(writing ? &t->write : &t->read, t->suite,
                         block + (client_side ? 0 : key),
                         block + 2 * key + (client_side ? 0 : iv));
}

void lt_tls_finished_12(lt_tls *t, bool from_client, uint8_t verify_data[12])
{
    uint8_t digest[LT_HASH_MAX];
    lt_transcript_hash(&t->hs->transcript, digest);
    lt_prf_12(t->suite->hash, (lt_bytes){ t->exporter_secret, MASTER_SECRET },
              from_client ? "client finished" : "server finished",
              (lt_bytes){ digest, lt_hash_size(t->suite->hash) }, (lt_bytes){ NULL, 0 },
              verify_data, VERIFY_DATA);
}

/* --- exporters ---------------------------------------------------------------------------- */

enum {
    LABEL_MAX = 249
}; /* label<7..255> of an HkdfLabel, which "tls13 " begins (section 7.1) */

static lt_code check_label(const char *label, lt_error *e)
{
    static const char *const taken[] = { "client finished", "server finished", "master secret",
                                         "extended master secret", "key expansion" };
    size_t n = strlen(label);
    if (n > LABEL_MAX)
        return lt_fail_detail(e, LT_option, "label", "%zu bytes; the limit is %d", n,
                              LABEL_MAX);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) /* RFC 5705 section 4 */
        if (strcmp(label, taken[i]) == 0)
            return lt_fail_detail(e, LT_option, "label", "\"%s\" is TLS's own", label);
    return LT_OK;
}

/* RFC 5705 section 4: no context is not the same as an empty one. */
static lt_code exporter_12(const lt_tls *t, const char *label, const lt_bytes *context,
                           uint8_t *out, size_t n, lt_error *e)
{
    lt_buffer seed = { 0 };
    lt_writer w = { .to = &seed };
    wr_bytes(&w, (lt_bytes){ t->client_random, 32 });
    wr_bytes(&w, (lt_bytes){ t->server_random, 32 });
    if (context)
        wr_vec(&w, 2, *context);
    lt_code rc = LT_OK;
    if (w.full)
        rc = lt_fail(e, context && context->n > 0xffff ? LT_option : LT_memory, "exporter");
    else
        lt_prf_12(t->suite->hash, (lt_bytes){ t->exporter_secret, MASTER_SECRET }, label,
                  (lt_bytes){ seed.data, lt_buffer_size(&seed) }, (lt_bytes){ NULL, 0 }, out,
                  n);
    lt_buffer_free(&seed);
    return rc;
}

lt_code lt_tls_exporter(const lt_engine *engine, const char *label, const lt_bytes *context,
                        uint8_t *out, size_t n, lt_error *e)
{
    const lt_tls *t = (const lt_tls *)engine;
    lt_bytes none = { NULL, 0 };
    if (check_label(label, e) != LT_OK)
        return e->code;
    if (!t->up || t->error.code != LT_OK)
        return lt_fail_detail(e, LT_state, "exporter", "the handshake is not done");
    if (t->version == LT_TLS_1_2)
        return exporter_12(t, label, context, out, n, e);
    lt_exporter_13(t->suite->hash, t->exporter_secret, label, context ? *context : none, out,
                   n);
    return LT_OK;
}

/* --- the key log (NSS format) ------------------------------------------------------------- */

static size_t hex(char *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    return 2 * n;
}

size_t lt_tls_key_log(lt_engine *engine, char *line, size_t room)
{
    static const char *const labels[] = {
        [LT_LOG_client_random] = "CLIENT_RANDOM",
        [LT_LOG_client_early] = "CLIENT_EARLY_TRAFFIC_SECRET",
        [LT_LOG_early_exporter] = "EARLY_EXPORTER_SECRET",
        [LT_LOG_client_handshake] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        [LT_LOG_server_handshake] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        [LT_LOG_client_traffic] = "CLIENT_TRAFFIC_SECRET_0",
        [LT_LOG_server_traffic] = "SERVER_TRAFFIC_SECRET_0",
        [LT_LOG_exporter] = "EXPORTER_SECRET",
    };
    lt_tls *t = (lt_tls *)engine;
    uint32_t which = 0;
    if (!t->key_log_secret || t->key_log_lines == 0 || room < LT_KEY_LOG_LINE)
        return 0;
    while (!(t->key_log_lines >> which & 1))
        which++;
    t->key_log_lines &= t->key_log_lines - 1;
    bool once = which != LT_LOG_client_random && which != LT_LOG_exporter;
    const uint8_t *secret = once ? t->key_log_secret[which] : t->exporter_secret;
    bool early = which == LT_LOG_client_early || which == LT_LOG_early_exporter;
    size_t n = (size_t)snprintf(line, room, "%s ", labels[which]);
    n += hex(line + n, t->client_random, sizeof t->client_random);
    line[n++] = ' ';
    n += hex(line + n, secret,
             which == LT_LOG_client_random ? MASTER_SECRET
             : early                       ? t->key_log_hash_size
                                           : lt_hash_size(t->suite->hash));
    line[n++] = '\n';
    if (once)
        lt_wipe(t->key_log_secret[which], LT_HASH_MAX);
    return n;
}
