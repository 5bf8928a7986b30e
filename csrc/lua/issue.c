/* SPDX-License-Identifier: MIT
 * issue.c - what an authority writes: keys, DER, certificates, requests, CRLs and OCSP responses, for
 * lua/bearssl/mkcert. Everything comes as strings and integers that Lua has checked. */
#include "lua/support.h"

#include "crypto/hash.h"
#include "lua/certificate.h"
#include "x509/der.h"
#include "x509/issue.h"
#include "x509/name.h"
#include "x509/pem.h"

/* --- what is handed in ------------------------------------------------------------------------ */

static lt_bytes check_view(lua_State *L, int index)
{
    lt_bytes b;
    b.p = (const uint8_t *)luaL_checklstring(L, index, &b.n);
    return b;
}

/* A field that is a string. The value stays alive by the table. */
static lt_bytes view_field(lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    lt_bytes b = { .n = 0 };
    if (!lua_isnil(L, -1))
        b = check_view(L, -1);
    lua_pop(L, 1);
    return b;
}

static lua_Integer integer_field(lua_State *L, int table, const char *name, lua_Integer absent)
{
    lua_getfield(L, table, name);
    lua_Integer v = luaL_optinteger(L, -1, absent);
    lua_pop(L, 1);
    return v;
}

/* Pushes an array with `size` for each element of the list in the field `name`, and gives their number. */
static void *new_array(lua_State *L, int table, const char *name, size_t size, size_t *count)
{
    lua_getfield(L, table, name);
    *count = lua_isnil(L, -1) ? 0 : (size_t)luaL_len(L, -1);
    void *array = lua_newuserdata(L, *count * size + 1);
    memset(array, 0, *count * size + 1);
    lua_insert(L, -2); /* below the list */
    return array;
}

/* { { oid = octets, critical = boolean, value = DER }, … }; leaves its array on the stack */
static lt_extension_list check_extensions(lua_State *L, int table)
{
    size_t n;
    lt_extension *list = new_array(L, table, "extensions", sizeof *list, &n);
    for (size_t i = 0; i < n; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        int x = lua_gettop(L);
        list[i] = (lt_extension){ .oid = view_field(L, x, "oid"),
                                  .critical = integer_field(L, x, "critical", 0) != 0,
                                  .value = view_field(L, x, "value") };
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return (lt_extension_list){ list, n };
}

static const br_hash_class *opt_hash(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return NULL;
    const br_hash_class *hash = lt_hash_by_name(luaL_checkstring(L, index));
    luaL_argcheck(L, hash, index, "no such hash function");
    return hash;
}

/* (fields, key, hash): what is pushed later stands behind them. */
static void check_arguments(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 3);
}

/* What was built, or why not. Pushing may raise, and then `out` is lost: memory is out anyway. */
static int push_built(lua_State *L, lt_buffer *out, const lt_error *e)
{
    if (e->code == LT_OK)
        lt_lua_push_bytes(L, lt_buffer_bytes(out));
    lt_buffer_free(out);
    return e->code == LT_OK ? 1 : lt_lua_fail(L, e);
}

/* --- DER -------------------------------------------------------------------------------------- */

/* der(tag, content, …) -> the element around all of them */
static int der_of(lua_State *L)
{
    uint32_t tag = (uint32_t)luaL_checkinteger(L, 1);
    int n = lua_gettop(L);
    luaL_Buffer b;
    uint8_t header[8];
    luaL_buffinit(L, &b);
    size_t size = 0;
    for (int i = 2; i <= n; i++)
        size += check_view(L, i).n;
    luaL_argcheck(L, size < 0x1000000, 2, "too long");
    der_writer w = der_writer_on(header, sizeof header);
    der_put_length(&w, tag, size);
    luaL_addlstring(&b, (const char *)w.p, (size_t)(w.end - w.p));
    for (int i = 2; i <= n; i++) {
        lua_pushvalue(L, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

/* Base 128, the most significant digit first (X.690 section 8.19) */
static bool put_arc(luaL_Buffer *b, uint64_t arc)
{
    uint8_t digits[10];
    size_t n = 0;
    do
        digits[n++] = (uint8_t)(arc & 0x7f);
    while (arc >>= 7);
    while (n-- > 0)
        luaL_addchar(b, (char)(digits[n] | (n > 0 ? 0x80 : 0)));
    return true;
}

static bool take_arc(const char **s, uint64_t *arc)
{
    if (**s < '0' || **s > '9')
        return false;
    for (*arc = 0; **s >= '0' && **s <= '9'; (*s)++) {
        if (*arc > (UINT64_MAX >> 8))
            return false;
        *arc = *arc * 10 + (uint64_t)(**s - '0');
    }
    if (**s == '.' && (*s)[1] >= '0' && (*s)[1] <= '9') /* another arc follows */
        (*s)++;
    return true;
}

/* oid("2.5.29.17") -> its content octets | nil: it is none */
static int oid_of(lua_State *L)
{
    size_t n;
    const char *s = luaL_checklstring(L, 1, &n);
    uint64_t first, second, arc;
    luaL_Buffer b;
    if (strlen(s) != n || !take_arc(&s, &first) || !take_arc(&s, &second) || first > 2
        || (first < 2 && second > 39))
        return lua_pushnil(L), 1;
    luaL_buffinit(L, &b);
    put_arc(&b, first * 40 + second);
    while (*s) {
        if (!take_arc(&s, &arc))
            return lua_pushnil(L), 1;
        put_arc(&b, arc);
    }
    luaL_pushresult(&b);
    return 1;
}

/* pem(label, DER) -> text (RFC 7468) */
static int pem(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_buffer out = { .data = NULL };
    lt_pem_encode(luaL_checkstring(L, 1), check_view(L, 2), &out, &e);
    return push_built(L, &out, &e);
}

/* Old programs, and Java's keytool, call a request by a longer name (RFC 7468 section 7). */
static bool is_labelled(const lt_pem_block *block, const char *label)
{
    return lt_pem_is(block, label)
           || (strcmp(label, "CERTIFICATE REQUEST") == 0
               && lt_pem_is(block, "NEW CERTIFICATE REQUEST"));
}

/* unpem(text, label) -> DER of the first such block; of text without one, the text | nil, err */
static int unpem(lua_State *L)
{
    lt_reader text = check_view(L, 1);
    const char *label = luaL_checkstring(L, 2);
    lt_pem_block block;
    lt_error e = { .code = LT_OK };
    lt_buffer out = { .data = NULL };
    while (lt_pem_next(&text, &block, &e))
        if (is_labelled(&block, label)) {
            lt_pem_decode_public(&block, &out, &e);
            return push_built(L, &out, &e);
        }
    if (e.code != LT_OK)
        return lt_lua_fail(L, &e);
    lua_settop(L, 1);
    return 1;
}

/* spki_type(SubjectPublicKeyInfo) -> "rsa", "rsa_pss", "ec", "ed25519", "unknown" | nil, err */
static int spki_type(lua_State *L)
{
    lt_public_key key;
    lt_error e = { .code = LT_OK };
    if (lt_public_key_parse(&key, check_view(L, 1), &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushstring(L, lt_lua_key_type(key.type));
    return 1;
}

/* key_identifier(SubjectPublicKeyInfo) -> SHA-1 of its bits (RFC 5280 section 4.2.1.2, method 1) | nil, err */
static int key_identifier(lua_State *L)
{
    lt_public_key key;
    lt_error e = { .code = LT_OK };
    uint8_t hash[LT_HASH_MAX];
    if (lt_public_key_parse(&key, check_view(L, 1), &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lt_hash(&br_sha1_vtable, key.bits, hash);
    lt_lua_push_bytes(L, (lt_bytes){ hash, lt_hash_size(&br_sha1_vtable) });
    return 1;
}

/* ip_octets("192.0.2.1") -> 4 or 16 octets | nil: it is no address */
static int ip_octets(lua_State *L)
{
    uint8_t octets[16];
    const lt_bytes text = check_view(L, 1);
    const bool whole = strlen((const char *)text.p) == text.n; /* no zero byte ends it before */
    const size_t n = whole ? lt_ip_parse((const char *)text.p, octets) : 0;
    if (n > 0)
        lt_lua_push_bytes(L, (lt_bytes){ octets, n });
    else
        lua_pushnil(L);
    return 1;
}

/* --- one that is being issued ----------------------------------------------------------------- */

typedef struct {
    lt_signer signer;
    lt_random random;
    lt_buffer out;
    lt_error e;
} issue;

/* The key at index 2, the hash at index 3, and a generator: a secret, so what may raise is done before. */
static bool start_issue(lua_State *L, issue *it)
{
    lt_private_key *key = lt_lua_test_key(L, 2);
    luaL_argcheck(L, key, 2, "a key is wanted");
    it->out = (lt_buffer){ .data = NULL };
    it->e = (lt_error){ .code = LT_OK };
    it->signer = (lt_signer){ key, opt_hash(L, 3), &it->random };
    return lt_random_init(&it->random, NULL, &it->e) == LT_OK;
}

static int end_issue(lua_State *L, issue *it)
{
    lt_wipe(&it->random, sizeof it->random);
    return push_built(L, &it->out, &it->e);
}

/* --- what is issued --------------------------------------------------------------------------- */

/* issue_certificate({ serial, issuer, subject, not_before, not_after, spki, extensions }, key, hash) -> DER */
static int issue_certificate(lua_State *L)
{
    issue it;
    check_arguments(L);
    const lt_certificate_content c = { .serial_number = view_field(L, 1, "serial"),
                                       .issuer = view_field(L, 1, "issuer"),
                                       .subject = view_field(L, 1, "subject"),
                                       .not_before = integer_field(L, 1, "not_before", 0),
                                       .not_after = integer_field(L, 1, "not_after", 0),
                                       .spki = view_field(L, 1, "spki"),
                                       .extensions = check_extensions(L, 1) };
    if (start_issue(L, &it))
        lt_certificate_issue(&it.out, &c, &it.signer, &it.e);
    return end_issue(L, &it);
}

/* issue_request({ subject, spki, extensions }, key, hash) -> DER */
static int issue_request(lua_State *L)
{
    issue it;
    check_arguments(L);
    const lt_request_content c = { .subject = view_field(L, 1, "subject"),
                                   .spki = view_field(L, 1, "spki"),
                                   .extensions = check_extensions(L, 1) };
    if (start_issue(L, &it))
        lt_request_make(&it.out, &c, &it.signer, &it.e);
    return end_issue(L, &it);
}

/* parse_request(DER) -> { subject, spki, extensions = { { oid, critical, value }, … } } | nil, err */
static int parse_request(lua_State *L)
{
    lt_request r;
    lt_extension x;
    lt_error e = { .code = LT_OK };
    if (lt_request_parse(&r, check_view(L, 1), &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_newtable(L);
    lt_lua_set_bytes(L, "subject", r.subject);
    lt_lua_set_bytes(L, "spki", r.spki);
    lt_lua_push_name(L, r.subject);
    lua_setfield(L, -2, "name");
    lua_newtable(L);
    for (lua_Integer i = 1; lt_extension_next(&r.extensions, &x); i++) {
        lua_newtable(L);
        lt_lua_set_bytes(L, "oid", x.oid);
        lua_pushinteger(L, x.critical);
        lua_setfield(L, -2, "critical");
        lt_lua_set_bytes(L, "value", x.value);
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, -2, "extensions");
    return 1;
}

/* issue_crl({ issuer, this_update, next_update, entries = { { serial, time, reason }, … }, extensions }, key,
 * hash) -> DER */
static int issue_crl(lua_State *L)
{
    issue it;
    check_arguments(L);
    lt_crl_content c = { .issuer = view_field(L, 1, "issuer"),
                         .this_update = integer_field(L, 1, "this_update", 0),
                         .next_update = integer_field(L, 1, "next_update", 0),
                         .extensions = check_extensions(L, 1) };
    lt_crl_content_entry *entries = new_array(L, 1, "entries", sizeof *entries, &c.entry_count);
    for (size_t i = 0; i < c.entry_count; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        int x = lua_gettop(L);
        entries[i] = (lt_crl_content_entry){
            .serial_number = view_field(L, x, "serial"),
            .revocation_date = integer_field(L, x, "time", 0),
            .reason = (int32_t)integer_field(L, x, "reason", -1),
        };
        lua_pop(L, 1);
    }
    c.entries = entries;
    if (start_issue(L, &it))
        lt_crl_issue(&it.out, &c, &it.signer, &it.e);
    return end_issue(L, &it);
}

/* { serial, issuer = SubjectPublicKeyInfo's owner's Name, spki, hash, status, time, reason, this_update, next_update } */
static lt_code check_single(lua_State *L, int x, lt_ocsp_content_single *s, lt_error *e)
{
    lt_public_key key;
    lua_getfield(L, x, "hash");
    const br_hash_class *hash = opt_hash(L, -1);
    lua_pop(L, 1);
    *s = (lt_ocsp_content_single){
        .serial_number = view_field(L, x, "serial"),
        .issuer_name = view_field(L, x, "issuer"),
        .hash = hash ? hash : &br_sha1_vtable,
        .status = (lt_ocsp_status)integer_field(L, x, "status", LT_OCSP_good),
        .revocation_date = integer_field(L, x, "time", 0),
        .reason = (int32_t)integer_field(L, x, "reason", -1),
        .this_update = integer_field(L, x, "this_update", 0),
        .next_update = integer_field(L, x, "next_update", 0),
    };
    lt_code rc = lt_public_key_parse(&key, view_field(L, x, "spki"), e);
    s->issuer_key = key.bits;
    return rc;
}

static lt_code check_singles(lua_State *L, lt_ocsp_content *c, lt_error *e)
{
    lt_ocsp_content_single *singles =
        new_array(L, 1, "singles", sizeof *singles, &c->single_count);
    lt_code rc = LT_OK;
    for (size_t i = 0; i < c->single_count && rc == LT_OK; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        rc = check_single(L, lua_gettop(L), &singles[i], e);
        lua_pop(L, 1);
    }
    c->singles = singles;
    lua_pop(L, 1);
    return rc;
}

static void check_certificates(lua_State *L, lt_ocsp_content *c)
{
    lt_bytes *list = new_array(L, 1, "certificates", sizeof *list, &c->certificate_count);
    for (size_t i = 0; i < c->certificate_count; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        list[i] = check_view(L, -1);
        lua_pop(L, 1);
    }
    c->certificates = list;
}

/* issue_ocsp({ produced_at, singles, nonce, certificates, responder = SubjectPublicKeyInfo }, key, hash) -> DER */
static int issue_ocsp(lua_State *L)
{
    issue it;
    lt_public_key responder;
    lt_error e = { .code = LT_OK };
    check_arguments(L);
    lt_ocsp_content c = { .produced_at = integer_field(L, 1, "produced_at", 0),
                          .nonce = view_field(L, 1, "nonce") };
    lt_code rc = check_singles(L, &c, &e);
    check_certificates(L, &c);
    if (rc == LT_OK)
        rc = lt_public_key_parse(&responder, view_field(L, 1, "responder"), &e);
    if (rc != LT_OK)
        return lt_lua_fail(L, &e);
    c.responder_key = responder.bits;
    if (start_issue(L, &it))
        lt_ocsp_issue(&it.out, &c, &it.signer, &it.e);
    return end_issue(L, &it);
}

/* ocsp_refusal(status) -> DER of an OCSPResponse without an answer */
static int ocsp_refusal(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_buffer out = { .data = NULL };
    lt_ocsp_refuse(&out, (uint32_t)luaL_checkinteger(L, 1), &e);
    return push_built(L, &out, &e);
}

void lt_lua_open_issue(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "der", der_of },
        { "oid", oid_of },
        { "pem", pem },
        { "unpem", unpem },
        { "spki_type", spki_type },
        { "key_identifier", key_identifier },
        { "ip_octets", ip_octets },
        { "issue_certificate", issue_certificate },
        { "issue_request", issue_request },
        { "parse_request", parse_request },
        { "issue_crl", issue_crl },
        { "issue_ocsp", issue_ocsp },
        { "ocsp_refusal", ocsp_refusal },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
