/* SPDX-License-Identifier: MIT
 * pins.h - the set of pins that a config or a verification was given. */
#ifndef LT_LUA_PINS_H
#define LT_LUA_PINS_H

#include "lua/support.h"
#include "x509/pins.h"

const lt_pins *lt_lua_test_pins(lua_State *L, int index); /* NULL: something else */

#endif
