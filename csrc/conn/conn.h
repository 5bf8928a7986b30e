/* SPDX-License-Identifier: MIT
 * conn.h - one connection without any I/O: it picks the engine, takes the peer's bytes, gives bytes
 * for the peer, and hands out what needs a decision or a listener as an event. Knows no socket, no
 * clock and no Lua. `now`, wherever it is asked for: seconds since the epoch, UTC; a config with a fixed
 * time overrides it. */
#ifndef LT_CONN_CONN_H
#define LT_CONN_CONN_H

#include "base/engine.h"

/* Made once, shared by its connections, which it outlives. */
typedef struct {
    lt_config tls;      /* what an engine sees */
    int key_log;        /* descriptor that takes the NSS key log lines; -1: none */
    bool key_log_lines; /* they are events, for lt_conn_key_log */
    bool pin_events;    /* a path that does not fit pins which only report is one */
} lt_conn_config;

/* Makes what the connections share; all the rest of `tls` is set by now. */
lt_code lt_conn_config_seal(lt_conn_config *config, lt_error *e);
/* Keys for tickets that other processes have too; LT_state: this config has no tickets of ours. */
lt_code lt_conn_config_ticket_keys(lt_conn_config *config, const lt_bytes *secrets,
                                   size_t count, lt_error *e);

/* From now on `config` has the ticket keys and the memory of early data that `with` has: each resumes what
 * the other's connections have left. */
lt_code lt_conn_config_share(lt_conn_config *config, const lt_conn_config *with, lt_error *e);
void lt_conn_config_free(
    lt_conn_config *config); /* what seal made, and the key log; twice is fine */

/* Bytes of the peer that may wait inside; lt_conn_feed refuses more until some were read. */
enum { LT_CONN_UNREAD_MAX = 1 << 20 };

typedef enum {
    LT_EVENT_none,
    LT_EVENT_key_log,  /* lt_conn_key_log has a line */
    LT_EVENT_trace,    /* the engine's trace() has something new */
    LT_EVENT_question, /* the handshake waits for lt_conn_answer */
    LT_EVENT_pins,     /* the verified path does not fit; once, see lt_conn_pins_told */
} lt_event;

/* A zeroed struct is a connection that is not open: nothing but free and is_open may be called. */
typedef struct {
    lt_engine *engine;
    const lt_conn_config *config;
    char *key_log_line; /* LT_KEY_LOG_LINE bytes while a line waits, else NULL */
    size_t key_log_size;
    bool pins_told;
    bool ended;    /* the transport has; the engine hears it once its data was read */
    bool given_up; /* no more events */
} lt_conn;

typedef struct {
    const char *name;         /* asked for; NULL: none */
    const lt_session *resume; /* of the same config; NULL: none */
    int64_t now;
} lt_conn_options;

lt_code lt_conn_open(lt_conn *c, const lt_conn_config *config, const lt_conn_options *options,
                     lt_error *e);
void lt_conn_free(lt_conn *c); /* wipes; twice is fine */

/* A session from its bytes; NULL: see e. */
/* An external PSK, to be given as lt_conn_options.resume. NULL: see e. */
lt_session *lt_conn_psk(const lt_conn_config *config, lt_bytes identity, lt_bytes key,
                        bool sha384, lt_error *e);
lt_session *lt_conn_session_import(const lt_conn_config *config, lt_bytes bytes, lt_error *e);

/* All of `p` or nothing: LT_limit leaves the connection as it was, to be fed again once data was read;
 * every other code is that of a failed connection. */
lt_code lt_conn_feed(lt_conn *c, lt_bytes p, int64_t now, lt_error *e);

/* The same without a copy: room for at least one byte, NULL where the engine has failed. */
uint8_t *lt_conn_input(lt_conn *c, size_t wanted, size_t *room);
void lt_conn_input_done(lt_conn *c, size_t n, int64_t now);
void lt_conn_input_end(lt_conn *c); /* the transport gives no more */

/* What to tell or to ask before anything goes on. */
lt_event lt_conn_event(const lt_conn *c);
lt_bytes lt_conn_key_log(const lt_conn *c);
void lt_conn_key_log_done(lt_conn *c);
void lt_conn_pins_told(lt_conn *c);
void lt_conn_answer(lt_conn *c, const lt_answer *answer, int64_t now);

/* The rest is the engine's word. Views last until the next call. */
static inline bool lt_conn_is_open(const lt_conn *c)
{
    return c->engine != NULL;
}

static inline lt_state lt_conn_state(const lt_conn *c)
{
    return c->engine->engine_class->state(c->engine);
}

static inline const lt_error *lt_conn_error(const lt_conn *c)
{
    return c->engine->engine_class->error(c->engine);
}

/* Paths by which the peer's certificates were refused; NULL: it did not fail so. */
static inline const struct lt_tried_paths *lt_conn_tried(const lt_conn *c)
{
    return c->engine->engine_class->tried_paths(c->engine);
}

static inline lt_bytes lt_conn_output(lt_conn *c)
{
    return c->engine->engine_class->output(c->engine);
}

static inline bool lt_conn_output_may_wait(const lt_conn *c)
{
    bool (*may_wait)(const lt_engine *) = c->engine->engine_class->output_may_wait;
    return may_wait && may_wait(c->engine);
}

static inline lt_bytes lt_conn_data(lt_conn *c)
{
    return c->engine->engine_class->data(c->engine);
}

static inline void lt_conn_idle(lt_conn *c)
{
    c->engine->engine_class->idle(c->engine);
}

void lt_conn_output_done(lt_conn *c, size_t n);
void lt_conn_data_done(lt_conn *c, size_t n, int64_t now);
size_t lt_conn_write(lt_conn *c, lt_bytes p); /* how many were taken; 0: not now, or never */
void lt_conn_close(lt_conn *c);               /* close_notify into the output */
void lt_conn_abort(lt_conn *c, lt_code code); /* fails from outside, with its alert */
void lt_conn_give_up(lt_conn *c); /* likewise, because an event was not dealt with */

#endif
