/* SPDX-License-Identifier: MIT
 * hello.c - the hellos before BearSSL sees them: what it would answer without a reason, or take
 * although it must not. */
#include "bear/bear.h"

#include "base/iana.h"

/* A host name as it stands in the extension: printable ASCII, no NUL (RFC 6066 section 3). */
static lt_code check_server_name(lt_bear *b, lt_bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= 0x20 || name.p[i] >= 0x7f)
            return lt_fail_detail(&b->error, LT_illegal_parameter, "ClientHello.server_name",
                                  "byte 0x%02x", name.p[i]);
    if (name.n >= sizeof b->name)
        return lt_fail_detail(&b->error, LT_illegal_parameter, "ClientHello.server_name",
                              "%zu bytes", name.n);
    if (name.n > 0)
        memcpy(b->name, name.p, name.n);
    b->name[name.n] = 0;
    return LT_OK;
}

/* BearSSL reads legacy_version alone. Where the client also sends supported_versions (RFC 8446
 * section 4.2.1), the version chosen must be in it. */
static lt_code check_version(lt_bear *b, const lt_client_hello *hello)
{
    const lt_config *c = b->config;
    uint32_t chosen =
        hello->legacy_version < c->max_version ? hello->legacy_version : c->max_version;
    if (chosen < c->min_version) {
        const char *name = lt_version_name(hello->legacy_version);
        lt_fail_detail(&b->error, LT_protocol_version, "ClientHello.client_version",
                       "the client offers %s at most", name ? name : "an unknown version");
        lt_error_cause(&b->error, "lower min_version only if such a client must be served",
                       "the client is older than this config's min_version, %s",
                       lt_version_name(c->min_version));
    } else if (hello->has_supported_versions
               && !lt_list_has(hello->supported_versions, chosen)) {
        lt_fail_detail(&b->error, LT_protocol_version, "ClientHello.supported_versions",
                       "%s is not among them", lt_version_name(chosen));
        if (lt_list_has(hello->supported_versions, LT_TLS_1_3))
            lt_error_cause(&b->error, "raise max_version, or let the client speak TLS 1.2",
                           "the client speaks TLS 1.3 only; this config stops at %s",
                           lt_version_name(c->max_version));
    }
    return b->error.code;
}

/* Also because BearSSL, when it resumes a session, forgets that no name was found. */
static lt_code check_alpn(lt_bear *b, const lt_client_hello *hello)
{
    lt_reader names = hello->alpn, name, first = { 0 };
    if (b->config->alpn_count == 0 || names.n == 0)
        return LT_OK;
    while (rd_vec(&names, 1, &name)) {
        if (first.n == 0)
            first = name;
        for (size_t i = 0; i < b->config->alpn_count; i++) {
            lt_bytes ours = { (const uint8_t *)b->config->alpn[i], strlen(b->config->alpn[i]) };
            if (lt_bytes_equal(ours, name))
                return LT_OK;
        }
    }
    return lt_fail_detail(&b->error, LT_no_alpn,
                          "ClientHello.application_layer_protocol_negotiation",
                          "the client offers %.*s first; we have %s", (int)first.n,
                          (const char *)first.p, b->config->alpn[0]);
}

/* A client that cannot use the curve of our certificate's key (RFC 8422 section 5.1). */
static lt_code check_key_curve(lt_bear *b, const lt_client_hello *hello)
{
    const lt_identity *id = &b->config->identities[0];
    if (id->key.type != LT_KEY_ec || hello->supported_groups.n == 0
        || lt_list_has(hello->supported_groups, (uint32_t)id->key.ec.curve))
        return LT_OK;
    const char *name = lt_name_of(lt_groups, (uint32_t)id->key.ec.curve);
    return lt_fail_detail(&b->error, LT_no_group, "ClientHello.supported_groups",
                          "the client cannot use %s, the curve of our certificate's key",
                          name ? name : "an unnamed curve");
}

/* Uncompressed must be among them (RFC 8422 section 5.1.2). */
static lt_code check_point_formats(lt_bear *b, const lt_client_hello *hello)
{
    for (size_t i = 0; i < hello->point_formats.n; i++)
        if (hello->point_formats.p[i] == 0)
            return LT_OK;
    return hello->has_point_formats
               ? lt_fail_detail(&b->error, LT_illegal_parameter, "ClientHello.ec_point_formats",
                                "uncompressed is not among them")
               : LT_OK;
}

static lt_code check_client_hello(lt_bear *b)
{
    const lt_client_hello *hello = &b->tap.hello;
    if (check_server_name(b, hello->server_name) == LT_OK && check_version(b, hello) == LT_OK
        && check_alpn(b, hello) == LT_OK && check_point_formats(b, hello) == LT_OK)
        check_key_curve(b, hello);
    return b->error.code;
}

static lt_code check_server_hello(lt_bear *b)
{
    const lt_config *c = b->config;
    uint32_t version = b->tap.server_version;
    if (version < c->min_version || version > c->max_version) {
        const char *name = lt_version_name(version);
        lt_fail_detail(&b->error, LT_protocol_version, "ServerHello.server_version",
                       "the server chose %s", name ? name : "an unknown version");
        if (version < c->min_version)
            lt_error_cause(&b->error, "lower min_version only if the server cannot be renewed",
                           "the server is older than this config's min_version, %s",
                           lt_version_name(c->min_version));
    } else if (b->tap.downgraded && version < LT_TLS_1_2 && c->max_version >= LT_TLS_1_2) {
        lt_fail_detail(&b->error, LT_illegal_parameter, "ServerHello.random",
                       "someone between talked the server down to %s",
                       lt_version_name(version));
    }
    return b->error.code;
}

lt_code lt_bear_check_hello(lt_bear *b)
{
    return b->config->server ? check_client_hello(b) : check_server_hello(b);
}
