/* SPDX-License-Identifier: MIT
 * lazy.h - tables of a certificate's that are filled as they are asked: a field by its name alone; all of
 * them by pairs, # or a number. Only next, the function, sees what has been asked for so far. */
#ifndef LT_LUA_LAZY_H
#define LT_LUA_LAZY_H

#include <lua.h>

#include "x509/certificate.h"

typedef struct {
    const char *name; /* of the metatable */
    /* Pushes the field; false, and nothing pushed, where there is none. */
    bool (*field)(lua_State *L, const lt_certificate *c, const char *name);
    /* Fills the table at this index, the fields that it has already excepted. */
    void (*fill)(lua_State *L, const lt_certificate *c, int table);
} lt_lua_lazy;

void lt_lua_open_lazy(lua_State *L, const lt_lua_lazy *class); /* once in a lua_State */

/* An empty one, of the certificate at index 1. */
void lt_lua_push_lazy(lua_State *L, const lt_lua_lazy *class);

int lt_lua_pairs(
    lua_State *L); /* what a __pairs gives of the table at index 1, once it is full */

#endif
