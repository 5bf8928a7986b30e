/* SPDX-License-Identifier: MIT
 * general_name.c - a GeneralName (RFC 5280 section 4.2.1.6) as Lua has it. */
#include "lua/certificate.h"
#include "x509/der.h"
#include "x509/text.h"

/* 192.0.2.1, or with its mask (name constraints): 192.0.2.0/24, or /255.0.255.0 if it has holes */
static bool push_ip(lua_State *L, lt_bytes a, bool with_mask)
{
    char text[100];
    size_t half = with_mask ? a.n / 2 : a.n, bits = 0, n;
    if (half != 4 && half != 16)
        return false;
    n = lt_ip_text((lt_bytes){ a.p, half }, text, sizeof text);
    if (!with_mask) {
        lua_pushlstring(L, text, n);
        return a.n == half;
    }
    while (bits < half * 8 && (a.p[half + bits / 8] & 0x80U >> bits % 8))
        bits++;
    bool holes = false;
    for (size_t i = bits; i < half * 8; i++)
        holes = holes || (a.p[half + i / 8] & 0x80U >> i % 8);
    if (holes) {
        text[n++] = '/';
        lt_ip_text((lt_bytes){ a.p + half, half }, text + n, sizeof text - n);
        lua_pushstring(L, text);
    } else {
        lua_pushfstring(L, "%s/%d", text, (int)bits);
    }
    return true;
}

static const char *const types[] = {
    "other_name",     "rfc822_name", "dns_name",   "x400_address",  "directory_name",
    "edi_party_name", "uri",         "ip_address", "registered_id",
};

static void set_other_name(lua_State *L, lt_bytes content)
{
    lt_bytes oid, value;
    lt_reader inner, text;
    uint32_t tag;
    if (!lt_other_name(content, &oid, &value))
        return;
    lt_lua_push_oid(L, oid);
    lua_setfield(L, -2, "oid");
    lt_lua_set_bytes(L, "der", value);
    inner = value;
    if (der_any(&inner, &tag, &text) && lt_string_valid(tag, text)) {
        lt_lua_push_text(L, tag, text);
        lua_setfield(L, -2, "value");
    }
}

void lt_lua_push_general_name(lua_State *L, const lt_general_name *name, bool with_mask)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, types[name->type]);
    lua_setfield(L, -2, "type");
    switch (name->type) {
    case LT_GN_other_name:
        set_other_name(L, name->value);
        return;
    case LT_GN_x400_address:
    case LT_GN_edi_party_name:
        lt_lua_set_bytes(L, "der", name->value);
        return;
    case LT_GN_directory_name:
        lt_lua_push_name(L, name->value);
        break;
    case LT_GN_ip_address:
        if (push_ip(L, name->value, with_mask))
            break;
        lt_lua_set_bytes(L, "der", name->value);
        return;
    case LT_GN_registered_id:
        lt_lua_push_oid(L, name->value);
        break;
    case LT_GN_rfc822_name:
    case LT_GN_dns_name:
    case LT_GN_uri:
        lt_lua_push_bytes(L, name->value);
        break;
    }
    lua_setfield(L, -2, "value");
}
