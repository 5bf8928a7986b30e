/* SPDX-License-Identifier: MIT
 * error.c - bearssl.error: a table that prints well. Its fields are those of lt_error. */
#include "lua/support.h"

#include "base/file.h"

static void set(lua_State *L, const char *field, const char *value)
{
    if (!value || !*value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
}

void lt_lua_push_error(lua_State *L, const lt_error *e)
{
    lua_createtable(L, 0, 8);
    set(L, "code", lt_code_name(e->code));
    if (e->detail[0])
        lua_pushfstring(L, "%s: %s", lt_code_text(e->code), e->detail);
    else
        lua_pushstring(L, lt_code_text(e->code));
    lua_setfield(L, -2, "message");
    set(L, "alert", lt_alert_name(e->alert));
    set(L, "side", e->by_peer ? "peer" : "local");
    set(L, "where", e->where);
    set(L, "cause", e->cause);
    set(L, "hint", e->hint);
    luaL_setmetatable(L, LT_LUA_ERROR);
}

int lt_lua_fail(lua_State *L, const lt_error *e)
{
    lua_pushnil(L);
    lt_lua_push_error(L, e);
    return 2;
}

static const char *field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name); /* stays on the stack, so the string stays alive */
    return lua_tostring(L, -1);
}

/* code: message (where, alert name) - cause; hint */
static int error_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_checkstack(L, 24, NULL);
    const char *code = field(L, "code"), *message = field(L, "message");
    const char *where = field(L, "where"), *alert = field(L, "alert"), *side = field(L, "side");
    const char *cause = field(L, "cause"), *hint = field(L, "hint");
    bool peer = side && *side == 'p';
    int parts = lua_gettop(L);
    lua_pushfstring(L, "%s: %s", code ? code : "?", message ? message : "?");
    if (where || alert)
        lua_pushfstring(L, " (%s%s%s%s)", where ? where : "", where && alert ? ", " : "",
                        alert ? (peer ? "alert received: " : "alert ") : "",
                        alert ? alert : "");
    if (cause)
        lua_pushfstring(L, "; %s", cause);
    if (hint)
        lua_pushfstring(L, "; %s", hint);
    lua_concat(L, lua_gettop(L) - parts);
    return 1;
}

static int error_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

void lt_lua_class(lua_State *L, const char *name, const luaL_Reg *methods, const luaL_Reg *meta)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "protected");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

bool lt_lua_is_text(lt_bytes s)
{
    static const char begin[] = "-----BEGIN ";
    /* A DER SEQUENCE, long or, of a small EC key, short and beginning with an INTEGER; no path does. */
    if (s.n >= 3 && s.p[0] == 0x30 && (s.p[1] >= 0x80 || (s.p[1] == s.n - 2 && s.p[2] == 2)))
        return true;
    const lt_bytes wanted = { (const uint8_t *)begin, sizeof begin - 1 };
    for (size_t i = 0; i + wanted.n <= s.n; i++)
        if (lt_bytes_equal((lt_bytes){ s.p + i, wanted.n }, wanted))
            return true;
    return false;
}

lt_code lt_lua_input(lt_bytes path_or_text, lt_buffer *file, lt_bytes *out, lt_error *e)
{
    if (lt_lua_is_text(path_or_text)) {
        *out = path_or_text;
        return LT_OK;
    }
    if (memchr(path_or_text.p, 0, path_or_text.n))
        return lt_fail_detail(e, LT_file, "path", "neither PEM, DER nor a path");
    lt_code rc = lt_file_read((const char *)path_or_text.p, file, e); /* Lua ends it with NUL */
    *out = (lt_bytes){ file->data + file->start, lt_buffer_size(file) };
    return rc;
}

static int error_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, LT_LUA_ERROR);
    return 1;
}

void lt_lua_open_error(lua_State *L)
{
    static const luaL_Reg none[] = { { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__tostring", error_tostring },
        { "__concat", error_concat },
        { NULL, NULL },
    };
    lt_lua_class(L, LT_LUA_ERROR, none, meta);
    lua_pushcfunction(L, error_new); /* an error that Lua code of ours found */
    lua_setfield(L, -2, "error");
}
