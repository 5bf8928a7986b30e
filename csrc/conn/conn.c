/* SPDX-License-Identifier: MIT
 * conn.c - see conn.h. */
#include "conn/conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/secret.h"
#include "bear/bear.h"
#include "conn/deadline.h"
#include "conn/key_log.h"
#include "tls/engine.h"
#include "tls/shared.h"
#include "x509/name.h"
#include "x509/verify.h"

static uint64_t microseconds(void)
{
    return (uint64_t)(lt_monotonic() * 1e6);
}

lt_code lt_conn_config_seal(lt_conn_config *config, lt_error *e)
{
    lt_config *tls = &config->tls;
    tls->key_log = config->key_log >= 0 || config->key_log_lines;
    if (tls->trace && !tls->fixed_time)
        tls->clock = microseconds;
    if (!(tls->intern = lt_intern_new()))
        return lt_fail(e, LT_memory, "config");
    if (!tls->native)
        return (tls->bear = lt_bear_shared_new(tls, e)) ? LT_OK : e->code;
    if (!tls->server || tls->session_cache_size == 0)
        return LT_OK;
    tls->tls = lt_tls_shared_new(tls->session_lifetime, e);
    const lt_bytes fixed = { tls->entropy, sizeof tls->entropy };
    if (tls->tls && tls->fixed_entropy) /* the same bytes every run: tickets too */
        lt_tls_shared_set_keys(tls->tls, &fixed, 1, e);
    return e->code;
}

lt_code lt_conn_config_ticket_keys(lt_conn_config *config, const lt_bytes *secrets,
                                   size_t count, lt_error *e)
{
    if (!config->tls.tls)
        return lt_fail_detail(e, LT_state, "ticket_keys", "the config makes no tickets");
    return lt_tls_shared_set_keys(config->tls.tls, secrets, count, e);
}

lt_code lt_conn_config_share(lt_conn_config *config, const lt_conn_config *with, lt_error *e)
{
    if (!config->tls.tls || !with->tls.tls)
        return lt_fail_detail(e, LT_state, "share_sessions", "one of them makes no tickets");
    struct lt_tls_shared *own = config->tls.tls;
    config->tls.tls = lt_tls_shared_hold(with->tls.tls);
    lt_tls_shared_free(own);
    return LT_OK;
}

void lt_conn_config_free(lt_conn_config *config)
{
    lt_bear_shared_free(config->tls.bear);
    lt_tls_shared_free(config->tls.tls);
    config->tls.bear = NULL;
    lt_intern_free(config->tls.intern);
    config->tls.tls = NULL;
    config->tls.intern = NULL;
    lt_key_log_close(&config->key_log);
}

/* What a client asked for, as it goes into server_name and is compared: A-labels, lower case. An
 * address stays as it is. NULL: no name; false: it cannot be one. */
static bool ready_name(const lt_config *config, const char **name, char host[LT_HOST_MAX],
                       lt_error *e)
{
    uint8_t address[16];
    if (config->server || !*name || !**name || lt_ip_parse(*name, address))
        return true;
    if (lt_host_name(*name, host, e) != LT_OK)
        return false;
    *name = host;
    return true;
}

/* The choice is here alone: by the config, never by what the peer does. */
static lt_engine *new_engine(const lt_config *config, const lt_conn_options *options,
                             lt_error *e)
{
    char host[LT_HOST_MAX];
    const char *name = options->name;
    int64_t now = config->fixed_time ? config->time : options->now;
    if (!ready_name(config, &name, host, e))
        return NULL;
    if (config->native)
        return lt_tls_new(config, name, options->resume, now, e);
    return lt_bear_new(config, name, options->resume, now, e);
}

lt_code lt_conn_open(lt_conn *c, const lt_conn_config *config, const lt_conn_options *options,
                     lt_error *e)
{
    if (options->resume && options->resume->config != &config->tls)
        return lt_fail_detail(e, LT_option, "session", "it was made with another config");
    lt_engine *engine = new_engine(&config->tls, options, e);
    if (!engine)
        return e->code;
    *c = (lt_conn){ .engine = engine, .config = config };
    return LT_OK;
}

lt_session *lt_conn_psk(const lt_conn_config *config, lt_bytes identity, lt_bytes key,
                        bool sha384, lt_error *e)
{
    if (config->tls.native)
        return lt_tls_psk(&config->tls, identity, key, sha384, e);
    lt_fail_detail(e, LT_state, "psk", "BearSSL's engine takes none");
    return NULL;
}

lt_session *lt_conn_session_import(const lt_conn_config *config, lt_bytes bytes, lt_error *e)
{
    if (config->tls.native && !config->tls.server)
        return lt_tls_session_import(&config->tls, bytes, e);
    lt_fail_detail(e, LT_state, "session", "it takes a client's config with TLS 1.3");
    return NULL;
}

void lt_conn_free(lt_conn *c)
{
    if (c->engine)
        c->engine->engine_class->free(c->engine);
    lt_wipe_free(c->key_log_line, LT_KEY_LOG_LINE);
    *c = (lt_conn){ 0 };
}

/* Hands the line on; false: no more for now. */
static bool take_key_log_line(lt_conn *c, const char *line, size_t n)
{
    if (c->config->key_log >= 0)
        lt_key_log_write(c->config->key_log, line, n);
    if (!c->config->key_log_lines)
        return true;
    c->key_log_line = malloc(LT_KEY_LOG_LINE);
    if (c->key_log_line)
        memcpy(c->key_log_line, line, n), c->key_log_size = n;
    else
        lt_conn_abort(c, LT_memory);
    return false;
}

/* Key log lines leave as soon as they are there, so that a capture of a handshake that fails later
 * can be read too. */
static void collect_key_log(lt_conn *c)
{
    if (c->key_log_line || (c->config->key_log < 0 && !c->config->key_log_lines))
        return;
    char line[LT_KEY_LOG_LINE];
    size_t n;
    do
        n = c->engine->engine_class->key_log(c->engine, line, sizeof line);
    while (n > 0 && take_key_log_line(c, line, n));
    lt_wipe(line, sizeof line);
}

static void set_time(lt_conn *c, int64_t now)
{
    if (!c->config->tls.fixed_time)
        c->engine->engine_class->set_time(c->engine, now);
}

lt_code lt_conn_feed(lt_conn *c, lt_bytes p, int64_t now, lt_error *e)
{
    size_t unread = c->engine->engine_class->unread(c->engine);
    if (unread > LT_CONN_UNREAD_MAX || p.n > LT_CONN_UNREAD_MAX - unread)
        return lt_fail_detail(e, LT_limit, "feed",
                              "%zu bytes wait, and %zu would come; the limit is %d", unread,
                              p.n, LT_CONN_UNREAD_MAX);
    while (p.n > 0 && lt_conn_state(c) != LT_STATE_failed) {
        size_t room;
        uint8_t *in = lt_conn_input(c, p.n, &room);
        if (!in)
            break;
        size_t n = p.n < room ? p.n : room;
        memcpy(in, p.p, n);
        p.p += n, p.n -= n;
        lt_conn_input_done(c, n, now);
    }
    if (lt_conn_state(c) == LT_STATE_failed)
        *e = *lt_conn_error(c);
    return e->code;
}

uint8_t *lt_conn_input(lt_conn *c, size_t wanted, size_t *room)
{
    return c->engine->engine_class->input(c->engine, wanted, room);
}

void lt_conn_input_done(lt_conn *c, size_t n, int64_t now)
{
    set_time(c, now);
    c->engine->engine_class->input_done(c->engine, n);
    collect_key_log(c);
}

/* An end without close_notify takes nothing away of what came before it, be it read or not yet looked at. */
static void tell_end(lt_conn *c)
{
    if (c->ended && lt_conn_data(c).n == 0 && lt_conn_state(c) != LT_STATE_question)
        c->engine->engine_class->input_end(c->engine);
}

void lt_conn_input_end(lt_conn *c)
{
    c->ended = true;
    tell_end(c);
}

lt_event lt_conn_event(const lt_conn *c)
{
    if (c->given_up)
        return LT_EVENT_none;
    if (c->key_log_line)
        return LT_EVENT_key_log;
    if (c->config->pin_events && !c->pins_told
        && c->engine->engine_class->verify_result(c->engine)->pins_differ)
        return LT_EVENT_pins;
    if (c->config->tls.trace_events
        && lt_trace_waits(c->engine->engine_class->trace(c->engine)))
        return LT_EVENT_trace;
    return lt_conn_state(c) == LT_STATE_question ? LT_EVENT_question : LT_EVENT_none;
}

void lt_conn_pins_told(lt_conn *c)
{
    c->pins_told = true;
}

lt_bytes lt_conn_key_log(const lt_conn *c)
{
    return (lt_bytes){ (const uint8_t *)c->key_log_line, c->key_log_size };
}

void lt_conn_key_log_done(lt_conn *c)
{
    lt_wipe_free(c->key_log_line, LT_KEY_LOG_LINE);
    c->key_log_line = NULL;
    c->key_log_size = 0;
    collect_key_log(c);
}

void lt_conn_answer(lt_conn *c, const lt_answer *answer, int64_t now)
{
    set_time(c, now);
    c->engine->engine_class->answer(c->engine, answer);
    tell_end(c);
    collect_key_log(c);
}

void lt_conn_output_done(lt_conn *c, size_t n)
{
    c->engine->engine_class->output_done(c->engine, n);
    collect_key_log(c);
}

void lt_conn_data_done(lt_conn *c, size_t n, int64_t now)
{
    set_time(c, now);
    c->engine->engine_class->data_done(c->engine, n);
    tell_end(c);
}

size_t lt_conn_write(lt_conn *c, lt_bytes p)
{
    if (p.n == 0 || !lt_state_may_write(lt_conn_state(c)))
        return 0;
    return c->engine->engine_class->write(c->engine, p.p, p.n);
}

void lt_conn_close(lt_conn *c)
{
    c->engine->engine_class->close(c->engine);
}

void lt_conn_abort(lt_conn *c, lt_code code)
{
    c->engine->engine_class->abort(c->engine, code);
}

void lt_conn_give_up(lt_conn *c)
{
    c->given_up = true;
    lt_conn_abort(c, LT_cancelled);
}
