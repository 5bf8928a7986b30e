/* SPDX-License-Identifier: MIT
 * modules.h - the Lua files of bearssl, compiled when the module was built (.ci/bundle.lua). */
#ifndef LT_LUA_MODULES_H
#define LT_LUA_MODULES_H

#include <stddef.h>
#include <stdint.h>

enum { LT_LUA_MODULE_NAME = 56 };

typedef struct {
    char name[LT_LUA_MODULE_NAME]; /* as require has it */
    uint8_t is_folder;             /* its file is NAME/init.lua */
    uint32_t source_size;          /* bytes of that file */
    uint32_t at, size;             /* of the bytecode */
} lt_lua_module;

typedef struct {
    const char *release; /* of the Lua that compiled it, "5.4.4"; NULL: there is nothing here */
    const lt_lua_module *modules; /* in the order of strcmp */
    size_t count;
    const uint8_t *code;
} lt_lua_bundle;

extern const lt_lua_bundle lt_lua_modules;

#endif
