/* SPDX-License-Identifier: MIT
 * unit.h - bearssl.unit, a module for specs alone: what C has inside, as functions of strings.
 * Never installed. Wrong arguments raise. */
#ifndef LT_UNIT_H
#define LT_UNIT_H

#include <bearssl.h>

#include <lauxlib.h>
#include <lua.h>

#include "base/bytes.h"
#include "crypto/group.h"

lt_bytes unit_bytes(lua_State *L, int index);
/* A string of exactly `n` bytes. */
const uint8_t *unit_exactly(lua_State *L, int index, size_t n);
const br_hash_class *unit_hash_class(lua_State *L, int index); /* "sha256" */
int unit_curve(lua_State *L, int index);                       /* "secp256r1", "x25519" */

/* A private key as the RFCs write it; false: the public key is another's. */
bool unit_key_pair(lt_key_pair *k, uint16_t group, lt_bytes private_key, lt_bytes public_key);

/* Each adds its functions to the table on top of the stack. */
void unit_open_signatures(lua_State *L);
void unit_open_agreement(lua_State *L);
void unit_open_accel(lua_State *L);
void unit_open_symmetric(lua_State *L);
void unit_open_revocation(lua_State *L);
void unit_open_bear(lua_State *L);
void unit_open_tls(lua_State *L);
void unit_open_replay(lua_State *L);
void unit_open_hostile(lua_State *L);
void unit_open_engine(lua_State *L);
void unit_open_twins(lua_State *L);
void unit_open_chain_cache(lua_State *L);
void unit_open_pem(lua_State *L);

#endif
