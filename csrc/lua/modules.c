/* SPDX-License-Identifier: MIT
 * modules.c - where require finds the Lua files of bearssl without compiling them: as bytecode, in this
 * module. Lua is thirteen times faster with that than with the text. The text is taken all the same where
 * it is another than the one that was compiled, or where the interpreter is (bytecode is of one release of
 * Lua); so whoever changes a file sees what he has changed. */
#define _POSIX_C_SOURCE 200809L
#include "lua/modules.h"

#include <lualib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lua/support.h"

#pragma weak lua_ident /* an interpreter that hides its name compiles the text */

#define VERSION_FILE "/bearssl/version.lua"

enum { UP_ROOT = 1, UP_BUILT };

static bool same_release(void)
{
    const char *found = lt_lua_modules.release && lua_ident ? strstr(lua_ident, "Lua ") : NULL;
    size_t n = found ? strlen(lt_lua_modules.release) : 0;
    return found && strncmp(found + 4, lt_lua_modules.release, n) == 0 && found[4 + n] == ' ';
}

static int by_name(const void *name, const void *module)
{
    return strcmp(name, ((const lt_lua_module *)module)->name);
}

/* Was the file changed since? One that is not there was not. */
static bool has_changed(const char *path, const lt_lua_module *m, lua_Integer built)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return false;
    return s.st_size != (off_t)m->source_size || (lua_Integer)s.st_mtime > built;
}

/* The folder that Lua would find our files in, by one of them: a string; false: there are none. */
static void find_root(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "searchpath");
    lua_pushliteral(L, "bearssl.version");
    lua_getfield(L, -3, "path");
    lua_call(L, 2, 1);
    size_t n = 0;
    const char *path = lua_tolstring(L, -1, &n);
    const size_t tail = sizeof VERSION_FILE - 1;
    if (path && n >= tail && strcmp(path + n - tail, VERSION_FILE) == 0)
        lua_pushlstring(L, path, n - tail);
    else
        lua_pushboolean(L, false);
    lua_replace(L, lua_upvalueindex(UP_ROOT));
    lua_pop(L, 3);
}

/* searcher(name) -> loader, path | nothing: the next one is asked */
static int search(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const lt_lua_module *m =
        bsearch(name, lt_lua_modules.modules, lt_lua_modules.count, sizeof *m, by_name);
    if (!m)
        return 0;
    if (lua_isnil(L, lua_upvalueindex(UP_ROOT)))
        find_root(L);
    const char *root = lua_tostring(L, lua_upvalueindex(UP_ROOT));
    const char *relative = luaL_gsub(L, name, ".", "/");
    const char *path = lua_pushfstring(L, "%s%s%s%s", root ? root : "", root ? "/" : "",
                                       relative, m->is_folder ? "/init.lua" : ".lua");
    if (root && has_changed(path, m, lua_tointeger(L, lua_upvalueindex(UP_BUILT))))
        return 0;
    int status =
        luaL_loadbufferx(L, (const char *)lt_lua_modules.code + m->at, m->size, name, "b");
    if (status == LUA_ERRMEM)
        return lua_error(L);
    if (status != LUA_OK)
        return 0;
    lua_insert(L, -2);
    return 2;
}

/* After the searcher of package.preload, before that of package.path. */
static void insert_searcher(lua_State *L)
{
    for (lua_Integer i = luaL_len(L, -2); i >= 2; i--) {
        lua_geti(L, -2, i);
        lua_seti(L, -3, i + 1);
    }
    lua_seti(L, -2, 2);
}

void lt_lua_open_modules(lua_State *L, const char *file)
{
    struct stat own;
    int top = lua_gettop(L);
    if (!file || !same_release() || stat(file, &own) != 0
        || lua_rawgetp(L, LUA_REGISTRYINDEX, &lt_lua_modules) != LUA_TNIL) {
        lua_settop(L, top);
        return;
    }
    lua_pushboolean(L, true);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lt_lua_modules); /* once in a lua_State */
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    if (lua_istable(L, -1) && lua_getfield(L, -1, "searchers") == LUA_TTABLE) {
        lua_pushnil(L);
        lua_pushinteger(L, (lua_Integer)own.st_mtime);
        lua_pushcclosure(L, search, 2);
        insert_searcher(L);
    }
    lua_settop(L, top);
}
