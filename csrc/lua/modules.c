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

#define FIRST_FILE "/bearssl.lua"

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

/* package.searchpath(name, path) onto the stack: a string; nil: there is none. */
static const char *push_found(lua_State *L, const char *name, const char *path, size_t n)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "searchpath");
    lua_pushstring(L, name);
    lua_pushlstring(L, path, n);
    lua_call(L, 2, 1);
    lua_replace(L, -3);
    lua_pop(L, 1);
    return lua_tostring(L, -1);
}

static const char *push_path(lua_State *L) /* package.path */
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "path");
    lua_replace(L, -3);
    lua_pop(L, 1);
    return luaL_checkstring(L, -1);
}

/* The folder that our files are in, by the one which is installed always: a string; false: there is none. By
 * another one, a file in the current folder could say where that is, if the text is not installed. */
static void find_root(lua_State *L)
{
    const char *all = push_path(L);
    const char *path = push_found(L, "bearssl", all, strlen(all));
    const size_t n = path ? strlen(path) : 0, tail = sizeof FIRST_FILE - 1;
    if (n >= tail && strcmp(path + n - tail, FIRST_FILE) == 0)
        lua_pushlstring(L, path, n - tail);
    else
        lua_pushboolean(L, false);
    lua_replace(L, lua_upvalueindex(UP_ROOT));
    lua_pop(L, 2);
}

/* How much of package.path comes before our folder; all of it, where that is there no more. */
static size_t before_root(const char *path, const char *root)
{
    const size_t n = strlen(root);
    for (const char *at = path; (at = strstr(at, root)) != NULL; at++)
        if ((at == path || at[-1] == ';') && at[n] == '/' && at[n + 1] == '?')
            return (size_t)(at - path);
    return strlen(path);
}

/* Does Lua find another file of this name, as a folder comes first that has some of ours? */
static bool is_elsewhere(lua_State *L, const char *name, const char *root)
{
    int top = lua_gettop(L);
    const char *path = push_path(L);
    size_t n = before_root(path, root);
    bool found = n > 0 && push_found(L, name, path, n) != NULL;
    lua_settop(L, top);
    return found;
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
    if (root
        && (has_changed(path, m, lua_tointeger(L, lua_upvalueindex(UP_BUILT)))
            || is_elsewhere(L, name, root)))
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
