/* SPDX-License-Identifier: MIT
 * lua.c - an interpreter for the sanitizer builds: `lua5.4 [-e text] [-lmodule] [script [args]]`,
 * with the text of LUA_INIT before, linked with the sanitizer's runtime, which a module loaded into
 * Debian's lua5.4 would miss. The state is closed at the end, so that what is left then is a
 * leak. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static int traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

static void set_arg(lua_State *L, int argc, char **argv, int script)
{
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - script);
    }
    lua_setglobal(L, "arg");
}

static bool run(lua_State *L, int status, int args)
{
    int base = lua_gettop(L) - args; /* the chunk, or what is wrong with it */
    if (status == LUA_OK) {
        lua_pushcfunction(L, traceback);
        lua_insert(L, base);
        status = lua_pcall(L, args, 0, base);
    }
    if (status != LUA_OK)
        fprintf(stderr, "lua: %s\n", lua_tostring(L, -1));
    return status == LUA_OK;
}

static int load_script(lua_State *L, char **argv, int argc, int script)
{
    int status = luaL_loadfile(L, strcmp(argv[script], "-") == 0 ? NULL : argv[script]);
    for (int i = script + 1; status == LUA_OK && i < argc; i++)
        lua_pushstring(L, argv[i]);
    return status;
}

/* How many words the option at `i` has; 0: it is none. */
static int option_words(int argc, char **argv, int i)
{
    if (i + 1 < argc && strcmp(argv[i], "-e") == 0)
        return 2;
    return i < argc && strncmp(argv[i], "-l", 2) == 0 && argv[i][2] ? 1 : 0;
}

static bool run_option(lua_State *L, char **argv)
{
    if (strcmp(argv[0], "-e") == 0)
        return run(L, luaL_loadstring(L, argv[1]), 0);
    lua_getglobal(L, "require");
    lua_pushstring(L, argv[0] + 2);
    return run(L, LUA_OK, 1);
}

int main(int argc, char **argv)
{
    int script = 1;
    for (int words; (words = option_words(argc, argv, script)) > 0;)
        script += words;
    lua_State *L = luaL_newstate();
    if (!L)
        return EXIT_FAILURE;
    luaL_openlibs(L);
    luaL_checkstack(L, argc + 10, "arguments");
    set_arg(L, argc, argv, script < argc ? script : 0);
    const char *first = getenv("LUA_INIT");
    bool ok = !first || run(L, luaL_loadbuffer(L, first, strlen(first), "=LUA_INIT"), 0);
    for (int i = 1; ok && i < script; i += option_words(argc, argv, i))
        ok = run_option(L, argv + i);
    if (ok && script < argc) {
        int status = load_script(L, argv, argc, script);
        ok = run(L, status, status == LUA_OK ? argc - script - 1 : 0);
    }
    lua_close(L);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
