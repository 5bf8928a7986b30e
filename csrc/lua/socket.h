/* SPDX-License-Identifier: MIT
 * socket.h - what the files of bearssl.socket share. */
#ifndef LT_LUA_SOCKET_H
#define LT_LUA_SOCKET_H

#include "lua/objects.h"

lt_transport *lt_lua_check_socket(lua_State *L); /* at 1 */

/* nil and why: a string where LuaSocket's users compare with one, else a bearssl.error. */
int lt_lua_push_io(lua_State *L, const lt_transport *t, lt_io io);

int lt_lua_socket_receive(lua_State *L); /* receive_pattern.c */

#endif
