/* SPDX-License-Identifier: MIT
 * process.c - other programs and files on behalf of Lua: run without a shell, held by one process, written whole. */
#include "base/process.h"

#include <unistd.h>

#include "base/file.h"
#include "lua/support.h"

#define LOCK "bearssl.core.lock"

enum { ARGUMENTS_MAX = 64 };

static const char *check_path(lua_State *L, int index)
{
    size_t n;
    const char *path = luaL_checklstring(L, index, &n);
    luaL_argcheck(L, n > 0 && strlen(path) == n, index, "not a path");
    return path;
}

/* The program and its arguments from the stack's index `first` on. */
static int run_for(lua_State *L, int first, double seconds)
{
    int n = lua_gettop(L) - first + 1, status = 0;
    lt_error e = { .code = LT_OK };
    luaL_argcheck(L, n >= 1 && n <= ARGUMENTS_MAX, first, "1 to 64 arguments are wanted");
    char **argv = lua_newuserdata(L, ((size_t)n + 1) * sizeof *argv);
    for (int i = 0; i < n; i++) {
        size_t size;
        const char *argument = luaL_checklstring(L, first + i, &size);
        luaL_argcheck(L, strlen(argument) == size, first + i, "no zero byte may be in it");
        argv[i] = (char *)(uintptr_t)argument; /* posix_spawn only reads */
    }
    argv[n] = NULL;
    if (lt_run(argv, seconds, &status, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushinteger(L, status);
    return 1;
}

/* run(program, argument, …) -> exit status | nil, err */
static int run(lua_State *L)
{
    return run_for(L, 1, -1);
}

/* run_timed(seconds, program, argument, …) -> exit status | nil, err: also where it did not end by then */
static int run_timed(lua_State *L)
{
    lua_Number seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds > 0, 1, "seconds are wanted");
    return run_for(L, 2, seconds);
}

/* lock_file(path) -> lock, held until it is closed or collected | nil, err */
static int lock_file(lua_State *L)
{
    const char *path = check_path(L, 1);
    lt_error e = { .code = LT_OK };
    int *fd = lua_newuserdata(L, sizeof *fd);
    *fd = -1;
    luaL_setmetatable(L, LOCK);
    *fd = lt_lock_file(path, &e);
    return *fd >= 0 ? 1 : lt_lua_fail(L, &e);
}

static int lock_close(lua_State *L) /* safe twice */
{
    int *fd = luaL_checkudata(L, 1, LOCK);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return 0;
}

/* write_file(path, content, mode, replace, more) -> true | nil, err; `more`: path of a file whose content comes behind, a
 * key that is to pass through no Lua string */
static int write_file(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_bytes content;
    lt_buffer all = { .data = NULL };
    const char *path = check_path(L, 1);
    content.p = (const uint8_t *)luaL_checklstring(L, 2, &content.n);
    uint32_t mode = (uint32_t)luaL_checkinteger(L, 3);
    const char *more = lua_isnoneornil(L, 5) ? NULL : check_path(L, 5);
    lt_code rc =
        lt_buffer_add(&all, content.p, content.n) ? LT_OK : lt_fail(&e, LT_memory, "file");
    if (rc == LT_OK && more)
        rc = lt_file_read(more, &all, &e);
    if (rc == LT_OK)
        rc = lt_file_write(path, lt_buffer_bytes(&all), mode, lua_toboolean(L, 4), &e);
    lt_buffer_free(&all);
    if (rc != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

void lt_lua_open_process(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "run", run },
        { "run_timed", run_timed },
        { "lock_file", lock_file },
        { "write_file", write_file },
        { NULL, NULL },
    };
    static const luaL_Reg methods[] = { { "close", lock_close }, { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__gc", lock_close },
        { "__close", lock_close },
        { NULL, NULL },
    };
    lt_lua_class(L, LOCK, methods, meta);
    luaL_setfuncs(L, functions, 0);
}
