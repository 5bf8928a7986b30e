/* SPDX-License-Identifier: MIT
 * paths.c - err.paths: each path that was tried, with the reason why it was refused; of store:verify, and
 * of a connection. */
#include "lua/objects.h"

void lt_lua_push_path(lua_State *L, const lt_verify_result *result)
{
    lua_createtable(L, (int)result->path_length, 0);
    for (size_t i = 0; i < result->path_length; i++) {
        lt_lua_push_certificate(L, result->path[i].der);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_chain(lua_State *L, const lt_bytes *path, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lt_lua_push_certificate(L, path[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* { { chain = { certificate, ... }, error = err }, ... } */
void lt_lua_set_paths(lua_State *L, const lt_tried_paths *tried)
{
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, (int)tried->count, 0);
    for (size_t i = 0; i < tried->count; i++) {
        const lt_tried_path *path = &tried->paths[i];
        lua_createtable(L, 0, 2);
        push_chain(L, path->path, path->path_length);
        lua_setfield(L, -2, "chain");
        lt_lua_push_error(L, &path->error);
        lua_setfield(L, -2, "error");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "paths");
    if (tried->more > 0) {
        lua_pushinteger(L, (lua_Integer)tried->more);
        lua_setfield(L, -2, "paths_more");
    }
}

int lt_lua_fail_conn(lua_State *L, const lt_conn *c, const lt_error *e)
{
    lt_lua_fail(L, e);
    const lt_tried_paths *tried = lt_conn_is_open(c) ? lt_conn_tried(c) : NULL;
    if (tried && e->code == lt_conn_error(c)->code)
        lt_lua_set_paths(L, tried);
    return 2;
}
