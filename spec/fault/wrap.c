/* SPDX-License-Identifier: MIT
 * wrap.c - only in the build/fault variant, where the linker sends the module's calls of malloc
 * and its kin here: the nth of them fails, and what is held is counted. Lua's own memory is not
 * touched. */
#include <errno.h>
#include <malloc.h>
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
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void __wrap_free(void *p);

static lua_Integer seen, failing; /* since the last set; which one fails, 0: none */
static lua_Integer held, most;    /* bytes; the most since the last set */

static bool fails(void)
{
    if (++seen != failing)
        return false;
    errno = ENOMEM;
    return true;
}

static void *taken(void *p)
{
    held += (lua_Integer)malloc_usable_size(p);
    if (held > most)
        most = held;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : taken(__real_malloc(n));
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails() ? NULL : taken(__real_calloc(count, n));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (fails())
        return NULL;
    held -= (lua_Integer)malloc_usable_size(p);
    return taken(__real_realloc(p, n));
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : taken(__real_strdup(s));
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : taken(__real_strndup(s, n));
}

void __wrap_free(void *p)
{
    held -= (lua_Integer)malloc_usable_size(p);
    __real_free(p);
}

static int set(lua_State *L) /* the nth allocation from now fails, and only that; 0: none */
{
    failing = luaL_checkinteger(L, 1);
    seen = 0;
    most = held;
    return 0;
}

static int count(lua_State *L) /* allocations since set */
{
    lua_pushinteger(L, seen);
    return 1;
}

static int bytes(lua_State *L) /* held now, and the most since set */
{
    lua_pushinteger(L, held);
    lua_pushinteger(L, most);
    return 2;
}

__attribute__((visibility("default"))) int luaopen_bearssl_fault(lua_State *L);
int luaopen_bearssl_fault(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "set", set }, { "count", count }, { "bytes", bytes }, { NULL, NULL }
    };
    luaL_newlib(L, functions);
    return 1;
}
