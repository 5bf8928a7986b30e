/* SPDX-License-Identifier: MIT
 * transport.c - see transport.h. */
#define _GNU_SOURCE /* MSG_NOSIGNAL, MSG_DONTWAIT: in POSIX.1-2024, and everywhere before it */
#include "conn/transport.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* there SO_NOSIGPIPE does it, see lt_transport_attach */
#endif
#ifndef MSG_MORE
#define MSG_MORE 0 /* Linux has it: what comes last goes in one segment with the FIN */
#endif

enum {
    RECORD_HEADER = 5,
    HANDSHAKE_ROOM = 4096,         /* bytes that one recv asks for: a flight, or a message, */
    RECORD_ROOM = 5 + 16384 + 256, /* a full record (RFC 5246 section 6.2.3), */
    BULK_ROOM = 4 * RECORD_ROOM,   /* several, where the peer is faster than we */
    LINGER_READS =
        16, /* recvs that close spends so that the peer gets our alert, not a reset */
};

static const double close_seconds = 1; /* what close_notify may take */

lt_code lt_transport_open(lt_transport *t, const lt_conn_config *config,
                          const lt_conn_options *options, lt_error *e)
{
    *t = (lt_transport){ .fd = -1, .timeouts = { -1, -1 }, .room = 1, .born = lt_monotonic() };
    return lt_conn_open(&t->conn, config, options, e);
}

/* Keeps count of where a record ends; the last two bytes of its header are its length (RFC 8446
 * section 5.1). */
static void count_records(lt_transport *t, lt_bytes in)
{
    while (in.n > 0) {
        size_t n = t->record_left < in.n ? t->record_left : in.n;
        t->record_left -= n;
        if (n == 0) {
            t->record_length = (uint16_t)(t->record_length << 8 | in.p[0]);
            n = 1;
            if (++t->record_header == RECORD_HEADER) {
                t->record_left = t->record_length;
                t->record_header = 0;
            }
        }
        in = (lt_bytes){ in.p + n, in.n - n };
    }
}

static size_t to_the_end(const lt_transport *t)
{
    return t->record_left ? t->record_left : RECORD_HEADER - t->record_header;
}

void lt_transport_attach(lt_transport *t, int fd, lt_bytes early, bool exact)
{
    lt_error e = { 0 };
    t->fd = fd;
    t->exact = exact;
    count_records(t, early);
#ifdef SO_NOSIGPIPE
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    lt_conn_feed(&t->conn, early, lt_wall_clock(), &e); /* a failure stays in the engine */
}

static bool would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

/* --- the descriptor --------------------------------------------------------------------------- */

static lt_io wait_for(lt_transport *t, const lt_deadline *d, short events)
{
    t->waited = events & POLLOUT ? LT_IO_want_write : LT_IO_want_read;
    if (lt_deadline_is_now(d))
        return t->waited;
    return lt_deadline_wait(d, t->fd, events) ? LT_IO_done : LT_IO_timeout;
}

/* An alert of the peer says more than the reset that followed it, if it is still to be had. */
static void read_last_words(lt_transport *t)
{
    size_t room;
    uint8_t *p;
    for (int i = 0; i < LINGER_READS && lt_conn_state(&t->conn) != LT_STATE_failed; i++) {
        p = lt_conn_input(&t->conn, HANDSHAKE_ROOM, &room);
        ssize_t n = p ? recv(t->fd, p, room, MSG_DONTWAIT) : 0;
        if (n <= 0)
            return;
        lt_conn_input_done(&t->conn, (size_t)n, lt_wall_clock());
    }
}

static lt_io fail_errno(lt_transport *t, int error)
{
    t->failed_errno = error;
    if (error == EBADF)
        t->fd = -1; /* someone else closed it: the number may be another's by now */
    else if (error == EPIPE || error == ECONNRESET)
        read_last_words(t);
    if (lt_conn_state(&t->conn) != LT_STATE_failed)
        lt_conn_abort(&t->conn, error == EPIPE || error == ECONNRESET ? LT_reset : LT_io);
    return LT_IO_failed;
}

/* Sends the output as far as it goes without waiting; `left`: not all of it went. */
static lt_io send_some(lt_transport *t, bool *left)
{
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (t->ending ? MSG_MORE : 0);
    for (;;) {
        lt_bytes out = lt_conn_output(&t->conn);
        *left = out.n > 0;
        if (out.n == 0)
            return LT_IO_done;
        ssize_t n = send(t->fd, out.p, out.n, flags);
        if (n >= 0) {
            lt_conn_output_done(&t->conn, (size_t)n);
            t->asked = true;
        } else if (would_block(errno))
            return LT_IO_done;
        else if (errno != EINTR)
            return fail_errno(t, errno);
    }
}

static lt_io flush(lt_transport *t, const lt_deadline *d)
{
    for (;;) {
        bool left;
        lt_io io = send_some(t, &left);
        if (io != LT_IO_done || !left)
            return io;
        io = wait_for(t, d, POLLOUT);
        if (io != LT_IO_done)
            return io;
    }
}

static const uint32_t rooms[] = { HANDSHAKE_ROOM, RECORD_ROOM, BULK_ROOM };

static size_t wanted(const lt_transport *t)
{
    return lt_conn_state(&t->conn) == LT_STATE_handshake ? HANDSHAKE_ROOM : rooms[t->room];
}

/* More where that was too little, less where a smaller one would have done twice: a buffer costs by its
 * size. (Once it may have been tickets, with the response behind them.) */
static void adapt_room(lt_transport *t, size_t n)
{
    const uint8_t most = sizeof rooms / sizeof *rooms - 1;
    bool small = t->room > 0 && n <= rooms[t->room - 1] / 2;
    if (t->filled && t->room < most)
        t->room++;
    else if (small && t->was_small)
        t->room--;
    t->was_small = small;
}

/* One recv into the engine. LT_IO_want_read: nothing there now. */
static lt_io receive_some(lt_transport *t)
{
    size_t room;
    uint8_t *p = lt_conn_input(&t->conn, wanted(t), &room);
    if (!p)
        return LT_IO_failed;
    bool hello = lt_conn_state(&t->conn) == LT_STATE_handshake, exact = t->exact && hello;
    if (exact && room > to_the_end(t))
        room = to_the_end(t);
    ssize_t n;
    do
        n = recv(t->fd, p, room, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return would_block(errno) ? LT_IO_want_read : fail_errno(t, errno);
    if (exact)
        count_records(t, (lt_bytes){ p, (size_t)n });
    t->filled = !exact && (size_t)n == room;
    if (!hello)
        adapt_room(t, (size_t)n);
    if (n == 0)
        lt_conn_input_end(&t->conn);
    else
        lt_conn_input_done(&t->conn, (size_t)n, lt_wall_clock());
    return LT_IO_done;
}

/* Something from the peer, or its end. What there is to send goes first, and goes on while we wait: a
 * peer that waits for it would not send. */
static lt_io fill(lt_transport *t, const lt_deadline *d)
{
    for (;;) {
        bool left;
        lt_io io = send_some(t, &left);
        if (io != LT_IO_done)
            return io;
        bool early =
            t->asked && !left && !lt_deadline_is_now(d); /* no answer will be there yet */
        io = early ? LT_IO_want_read : receive_some(t);
        t->asked = false;
        if (io != LT_IO_want_read)
            return io;
        bool hello = lt_conn_state(&t->conn) == LT_STATE_handshake;
        if (left && hello) /* the peer has nothing to say before it has heard us */
            io = wait_for(t, d, POLLOUT);
        else
            io = wait_for(t, d,
                          (short)(left && !lt_deadline_is_now(d) ? POLLIN | POLLOUT : POLLIN));
        if (io != LT_IO_done)
            return io;
    }
}

/* --- calls ------------------------------------------------------------------------------------ */

/* What waits to be sent - the alert, a close_notify - is tried once. */
static lt_io ended(lt_transport *t, lt_io how)
{
    bool left;
    if (t->failed_errno == 0)
        send_some(t, &left);
    return how;
}

/* The handshake, as far as it goes; LT_IO_done once application data may flow, or could. */
static lt_io ready(lt_transport *t, const lt_deadline *d)
{
    for (;;) {
        if (t->fd < 0)
            return t->failed_errno ? LT_IO_failed : LT_IO_closed;
        if (lt_conn_event(&t->conn) != LT_EVENT_none)
            return LT_IO_event;
        if (lt_conn_state(&t->conn) != LT_STATE_handshake)
            return LT_IO_done;
        lt_io io = fill(t, d);
        if (io == LT_IO_failed)
            return ended(t, io);
        if (io != LT_IO_done)
            return io;
    }
}

static bool is_under_way(const lt_transport *t)
{
    return t->fd >= 0 && lt_conn_state(&t->conn) == LT_STATE_handshake;
}

/* A server's tickets go with its first data, in one send: whoever receives or sends next sends them. */
lt_io lt_transport_handshake(lt_transport *t)
{
    lt_deadline d = lt_deadline_start(t->timeouts);
    bool completes = is_under_way(t);
    lt_io io = ready(t, &d);
    if (io == LT_IO_done && lt_conn_state(&t->conn) == LT_STATE_failed)
        io = ended(t, LT_IO_failed);
    if (io == LT_IO_done && !(completes && lt_conn_output_may_wait(&t->conn)))
        io = flush(t, &d);
    return t->last = io;
}

static lt_io data(lt_transport *t, const lt_deadline *d, lt_bytes *out)
{
    lt_io io = ready(t, d);
    while (io == LT_IO_done) {
        *out = lt_conn_data(&t->conn);
        if (out->n > 0)
            return LT_IO_done;
        lt_state state = lt_conn_state(&t->conn);
        if (state == LT_STATE_failed || lt_state_is_read(state))
            return ended(t, state == LT_STATE_failed ? LT_IO_failed : LT_IO_closed);
        io = fill(t, d);
        if (io == LT_IO_failed)
            return ended(t, io);
        if (io == LT_IO_done)
            io = ready(t, d);
    }
    if (io != LT_IO_event && lt_conn_is_open(&t->conn))
        lt_conn_idle(&t->conn);
    return io;
}

lt_io lt_transport_data(lt_transport *t, const lt_deadline *d, lt_bytes *out)
{
    return t->last = data(t, d, out);
}

void lt_transport_data_done(lt_transport *t, size_t n)
{
    lt_conn_data_done(&t->conn, n, lt_wall_clock());
    t->received += n;
    if (!t->filled && lt_conn_data(&t->conn).n == 0)
        lt_conn_idle(&t->conn); /* not in the middle of a stream, though */
}

static lt_io write_all(lt_transport *t, const lt_deadline *d, lt_bytes p, size_t *taken)
{
    lt_io io = ready(t, d);
    while (io == LT_IO_done) {
        lt_state state = lt_conn_state(&t->conn);
        if (state == LT_STATE_failed)
            return ended(t, LT_IO_failed);
        if (!lt_state_may_write(state))
            return ended(t, LT_IO_closed);
        size_t n = lt_conn_write(&t->conn, (lt_bytes){ p.p + *taken, p.n - *taken });
        *taken += n;
        t->sent += n;
        if (n > 0 && *taken < p.n)
            continue; /* the output is not full: more in one send */
        io = flush(t, d);
        if (io == LT_IO_done && *taken == p.n)
            break;
    }
    if (io == LT_IO_done)
        lt_conn_idle(&t->conn);
    return io;
}

lt_io lt_transport_write(lt_transport *t, const lt_deadline *d, lt_bytes p, size_t *taken)
{
    *taken = 0;
    return t->last = write_all(t, d, p, taken);
}

lt_io lt_transport_shutdown(lt_transport *t)
{
    lt_deadline d = lt_deadline_start(t->timeouts);
    lt_io io = ready(t, &d);
    if (io == LT_IO_done && lt_conn_state(&t->conn) == LT_STATE_failed)
        io = ended(t, LT_IO_failed);
    if (io == LT_IO_done) {
        lt_conn_close(&t->conn);
        io = flush(t, &d);
    }
    return t->last = io;
}

bool lt_transport_dirty(lt_transport *t)
{
    if (t->fd < 0)
        return true;
    lt_state state = lt_conn_state(&t->conn);
    return lt_conn_data(&t->conn).n > 0 || state == LT_STATE_failed || lt_state_is_read(state);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Closing a socket with unread bytes resets it, and a reset drops what waits for the FIN, and can overtake the alert; and
 * closing one that another process has, too, sends no FIN. */
static void linger(const lt_transport *t)
{
    uint8_t scrap[4096];
    shutdown(t->fd, SHUT_WR);
    for (int i = 0; i < LINGER_READS && recv(t->fd, scrap, sizeof scrap, MSG_DONTWAIT) > 0; i++)
        continue;
}

static double at_most(double seconds, double timeout)
{
    return timeout >= 0 && timeout < seconds ? timeout : seconds;
}

void lt_transport_close(lt_transport *t)
{
    if (t->fd >= 0 && lt_conn_is_open(&t->conn) && t->failed_errno == 0) {
        double seconds = at_most(at_most(close_seconds, t->timeouts.block), t->timeouts.total);
        lt_deadline d = lt_deadline_start((lt_timeouts){ -1, seconds });
        lt_conn_close(&t->conn);
        t->ending = true;
        if (flush(t, &d) == LT_IO_done)
            linger(t);
    }
    lt_transport_drop(t);
}

void lt_transport_drop(lt_transport *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    t->failed_errno = 0;
    lt_conn_free(&t->conn);
}

void lt_transport_error(const lt_transport *t, lt_error *e)
{
    lt_code code = LT_OK;
    if (lt_conn_is_open(&t->conn) && lt_conn_state(&t->conn) == LT_STATE_failed)
        *e = *lt_conn_error(&t->conn), code = e->code;
    if (t->failed_errno == 0 || (code != LT_OK && code != LT_io))
        return; /* what the engine has found, or heard from the peer, says more */
    *e = (lt_error){ 0 };
    lt_fail_detail(e, LT_io, "socket", "%s", strerror(t->failed_errno));
}
