/* SPDX-License-Identifier: MIT
 * store.h - what the files of the store's binding share. */
#ifndef LT_LUA_STORE_H
#define LT_LUA_STORE_H

#include <lua.h>

#include "x509/validator.h"

#define LT_LUA_STORE "bearssl.store"

/* The fields of the table at `index` into a policy: numbers, booleans, bits as bearssl/policy.lua makes
 * them. The policy points into the table and what is put there: it must outlive the policy. */
void lt_lua_read_policy(lua_State *L, int index, lt_policy *policy);

/* store, { DER, ... }, request -> { DER, ... }, checked | nil, err */
int lt_lua_store_verify(lua_State *L);

#endif
