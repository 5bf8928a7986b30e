/* SPDX-License-Identifier: MIT
 * wrap.c - only in the build/fault variant, where the linker sends the module's calls of malloc
 * and its kin here: the nth of them fails. Lua's own memory is not touched. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static lua_Integer seen, failing; /* since the last set; which one fails, 0: none */

static bool fails(void)
{
    if (++seen != failing)
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

static int set(lua_State *L) /* the nth allocation from now fails, and only that; 0: none */
{
    failing = luaL_checkinteger(L, 1);
    seen = 0;
    return 0;
}

static int count(lua_State *L) /* allocations since set */
{
    lua_pushinteger(L, seen);
    return 1;
}

__attribute__((visibility("default"))) int luaopen_bearssl_fault(lua_State *L);
int luaopen_bearssl_fault(lua_State *L)
{
    static const luaL_Reg functions[] = { { "set", set }, { "count", count }, { NULL, NULL } };
    luaL_newlib(L, functions);
    return 1;
}
