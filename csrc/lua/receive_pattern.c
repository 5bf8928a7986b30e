/* SPDX-License-Identifier: MIT
 * receive_pattern.c - sock:receive with LuaSocket's patterns: a number of bytes, a line, all. */
#include "lua/socket.h"

#include <string.h>

typedef struct {
    lua_State *L;
    lt_transport *t;
    lt_deadline deadline;
    luaL_Buffer out;  /* the prefix, and what has come */
    size_t line_room; /* bytes that a line may still take */
    bool line_too_long;
} receiver;

/* receive(n) with nothing before it: mostly all of it is in one record, and one string is made. */
static bool in_one_piece(receiver *r, size_t n, lt_io *io)
{
    lt_bytes data;
    *io = lt_transport_data(r->t, &r->deadline, &data);
    if (*io != LT_IO_done || data.n < n)
        return false;
    lua_pushlstring(r->L, (const char *)data.p, n);
    lt_transport_data_done(r->t, n);
    return true;
}

/* For all of it at once, as far as that is no promise of the peer's: a buffer that grows is copied. */
static void make_room(receiver *r, size_t n)
{
    enum { ROOM_MAX = 1 << 18 };
    if (n > LUAL_BUFFERSIZE)
        luaL_prepbuffsize(&r->out, n < ROOM_MAX ? n : ROOM_MAX);
}

static lt_io receive_number(receiver *r, size_t n)
{
    lt_bytes data;
    make_room(r, n);
    for (;;) { /* 0 bytes wait too, until there is something to read */
        lt_io io = lt_transport_data(r->t, &r->deadline, &data);
        if (io != LT_IO_done)
            return io;
        size_t part = data.n < n ? data.n : n;
        luaL_addlstring(&r->out, (const char *)data.p, part);
        lt_transport_data_done(r->t, part);
        n -= part;
        if (n == 0)
            return LT_IO_done;
    }
}

/* Up to LF, which goes; so does every CR, as in LuaSocket. */
static lt_io receive_line(receiver *r)
{
    lt_bytes data;
    for (;;) {
        lt_io io = lt_transport_data(r->t, &r->deadline, &data);
        if (io != LT_IO_done)
            return io;
        const uint8_t *lf = memchr(data.p, '\n', data.n);
        size_t used = lf ? (size_t)(lf - data.p) + 1 : data.n, line = lf ? used - 1 : used;
        r->line_too_long = line > r->line_room;
        if (r->line_too_long)
            return LT_IO_failed;
        r->line_room -= line;
        lt_reader in = { data.p, line }, part = { NULL, 0 };
        while (in.n > 0) {
            const uint8_t *cr = memchr(in.p, '\r', in.n);
            rd_take(&in, cr ? (size_t)(cr - in.p) : in.n, &part);
            luaL_addlstring(&r->out, (const char *)part.p, part.n);
            if (cr)
                rd_take(&in, 1, &part);
        }
        lt_transport_data_done(r->t, used);
        if (lf)
            return LT_IO_done;
    }
}

/* Up to close_notify; an end without it is a failure, with what came as the partial result. */
static lt_io receive_all(receiver *r)
{
    lt_bytes data;
    for (bool some = false;; some = true) {
        lt_io io = lt_transport_data(r->t, &r->deadline, &data);
        if (io != LT_IO_done)
            return io == LT_IO_closed && some ? LT_IO_done : io;
        luaL_addlstring(&r->out, (const char *)data.p, data.n);
        lt_transport_data_done(r->t, data.n);
    }
}

static lt_io receive_pattern(receiver *r, const char *pattern)
{
    pattern += *pattern == '*';
    if (*pattern == 'l')
        return receive_line(r);
    if (*pattern == 'a')
        return receive_all(r);
    luaL_argerror(r->L, 2, "invalid receive pattern");
    return LT_IO_failed;
}

static int push_failure(const receiver *r, lt_io io)
{
    if (!r->line_too_long)
        return lt_lua_push_io(r->L, r->t, io);
    lt_error e = { 0 };
    lt_fail(&e, LT_limit, "line"); /* the connection is as it was */
    return lt_lua_fail(r->L, &e);
}

int lt_lua_socket_receive(lua_State *L)
{
    lt_transport *t = lt_lua_check_socket(L);
    size_t prefix_size;
    const char *prefix = luaL_optlstring(L, 3, "", &prefix_size);
    lua_Integer n = 0;
    bool number = lua_isnumber(L, 2);
    if (number)
        n = luaL_checkinteger(L, 2);
    luaL_argcheck(L, n >= 0, 2, "negative size");
    const char *pattern = number ? NULL : luaL_optstring(L, 2, "*l");
    lua_Integer line_max = luaL_optinteger(L, 4, LUA_MAXINTEGER);
    luaL_argcheck(L, line_max >= 0, 4, "negative");
    lua_settop(L, 3);
    receiver r = { .L = L,
                   .t = t,
                   .deadline = lt_deadline_start(t->timeouts),
                   .line_room = (size_t)line_max };
    lt_io io = LT_IO_done;
    if (number && prefix_size == 0 && in_one_piece(&r, (size_t)n, &io))
        return 1;
    luaL_buffinit(L, &r.out);
    luaL_addlstring(&r.out, prefix, prefix_size);
    if (!number)
        io = receive_pattern(&r, pattern);
    else if (io == LT_IO_done && (prefix_size == 0 || (size_t)n > prefix_size))
        io = receive_number(&r, (size_t)n - prefix_size);
    luaL_pushresult(&r.out);
    if (io == LT_IO_done)
        return 1;
    int partial = lua_gettop(L);
    push_failure(&r, io);
    lua_pushvalue(L, partial);
    return 3;
}
