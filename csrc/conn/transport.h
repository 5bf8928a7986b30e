/* SPDX-License-Identifier: MIT
 * transport.h - a connection over a plain socket descriptor: handshake, receive, send, close, with
 * timeouts. Never changes the descriptor's flags, never raises SIGPIPE, and leaves nothing half done:
 * what is interrupted goes on with the next call. Knows no Lua. */
#ifndef LT_CONN_TRANSPORT_H
#define LT_CONN_TRANSPORT_H

#include "conn/conn.h"
#include "conn/deadline.h"

typedef enum {
    LT_IO_done,
    LT_IO_want_read,  /* non-blocking: call again once the descriptor is readable */
    LT_IO_want_write, /* non-blocking: once it is writable */
    LT_IO_timeout,
    LT_IO_closed, /* by close, or by the peer's close_notify */
    LT_IO_failed, /* see lt_transport_error */
    LT_IO_event,  /* see lt_conn_event; then the same call again */
} lt_io;

typedef struct {
    lt_conn conn;
    int fd; /* owned; -1: closed */
    lt_timeouts timeouts;
    lt_io last;              /* what the last call ended with */
    lt_io waited;            /* LT_IO_want_read, _write: for what a call waited last */
    int failed_errno;        /* of the system call that ended it; 0: none */
    bool asked;              /* something was sent since the last recv */
    bool ending;             /* the descriptor is closed as soon as all is sent */
    bool filled;             /* the last recv took all the room that it had */
    bool was_small;          /* a smaller room would have done for it */
    uint8_t room;            /* what the next one asks for, by what the last ones gave */
    bool exact;              /* in the handshake no recv goes past the end of a record */
    uint16_t record_length;  /* of the record whose header came last */
    size_t record_header;    /* bytes that have come of a record's header, */
    size_t record_left;      /* and what of the record is still to come */
    uint64_t received, sent; /* application data, bytes */
    double born;             /* lt_monotonic */
} lt_transport;

/* Without a descriptor yet: what can fail comes before one is taken. */
lt_code lt_transport_open(lt_transport *t, const lt_conn_config *config,
                          const lt_conn_options *options, lt_error *e);
/* `early`: bytes of the peer that someone has read from it already. What they are worth, the next call
 * tells. `exact`: application data that comes right behind the handshake stays in the descriptor, for
 * loops that look at nothing else. */
void lt_transport_attach(lt_transport *t, int fd, lt_bytes early, bool exact);
lt_io lt_transport_handshake(lt_transport *t);

/* At least one byte of application data, valid until the next call; the handshake comes by itself. */
lt_io lt_transport_data(lt_transport *t, const lt_deadline *d, lt_bytes *data);
void lt_transport_data_done(lt_transport *t, size_t n);

/* Sends all of `p`, and what an earlier call had left; *taken: bytes that are on their way, which are
 * not to be sent again whatever is returned. */
lt_io lt_transport_write(lt_transport *t, const lt_deadline *d, lt_bytes p, size_t *taken);
/* Close_notify goes out, once the handshake is done; data of the peer may still be read. */
lt_io lt_transport_shutdown(lt_transport *t);

/* Would receive end at once without the descriptor being readable? */
bool lt_transport_dirty(lt_transport *t);

/* What is left to send and close_notify, as far as they go in a bounded time; then closes the
 * descriptor and frees. Twice is fine. */
void lt_transport_close(lt_transport *t);
/* The same without a word to the peer, who so learns that this was no orderly end. */
void lt_transport_drop(lt_transport *t);

void lt_transport_error(const lt_transport *t, lt_error *e);

#endif
