/* SPDX-License-Identifier: MIT
 * client_hello.c - see client_hello.h. */
#include "wire/client_hello.h"

enum { /* ExtensionType, IANA */
       EXT_SERVER_NAME = 0,
       EXT_SUPPORTED_GROUPS = 10,
       EXT_EC_POINT_FORMATS = 11,
       EXT_SIGNATURE_ALGORITHMS = 13,
       EXT_ALPN = 16,
       EXT_SUPPORTED_VERSIONS = 43,
       EXT_SIGNATURE_ALGORITHMS_CERT = 50,
};

enum { EXTENSIONS_MAX = 64 }; /* more in one hello: refused */

bool lt_list_has(lt_bytes list, uint32_t value)
{
    uint32_t v;
    while (rd_uint(&list, 2, &v))
        if (v == value)
            return true;
    return false;
}

/* A list of two-byte values, not empty, as the whole of an extension. */
static bool two_byte_list(lt_reader r, int width, lt_bytes *out)
{
    return rd_vec(&r, width, out) && r.n == 0 && out->n >= 2 && out->n % 2 == 0;
}

/* ServerNameList: one host_name at the most (RFC 6066 section 3); other kinds are passed over. */
static bool server_name(lt_reader r, lt_bytes *out)
{
    lt_reader list, name;
    uint32_t type;
    if (!rd_vec(&r, 2, &list) || r.n != 0 || list.n == 0)
        return false;
    while (list.n > 0) {
        if (!rd_uint(&list, 1, &type) || !rd_vec(&list, 2, &name))
            return false;
        if (type == 0 && (out->n > 0 || name.n == 0))
            return false;
        if (type == 0)
            *out = name;
    }
    return true;
}

static bool protocol_names(lt_reader r, lt_bytes *out) /* RFC 7301 section 3.1 */
{
    lt_reader list, name;
    if (!rd_vec(&r, 2, &list) || r.n != 0 || list.n == 0)
        return false;
    *out = list;
    while (list.n > 0)
        if (!rd_vec(&list, 1, &name) || name.n == 0)
            return false;
    return true;
}

static bool extension(lt_client_hello *hello, uint32_t type, lt_reader data)
{
    switch (type) {
    case EXT_SERVER_NAME:
        return server_name(data, &hello->server_name);
    case EXT_SUPPORTED_GROUPS:
        return two_byte_list(data, 2, &hello->supported_groups);
    case EXT_EC_POINT_FORMATS:
        hello->has_point_formats = true;
        return rd_vec(&data, 1, &hello->point_formats) && data.n == 0
               && hello->point_formats.n > 0;
    case EXT_SIGNATURE_ALGORITHMS:
        return two_byte_list(data, 2, &hello->signature_algorithms);
    case EXT_SIGNATURE_ALGORITHMS_CERT:
        return two_byte_list(data, 2, &hello->signature_algorithms_cert);
    case EXT_ALPN:
        return protocol_names(data, &hello->alpn);
    case EXT_SUPPORTED_VERSIONS:
        hello->has_supported_versions = true;
        return two_byte_list(data, 1, &hello->supported_versions);
    default:
        return true;
    }
}

static bool extensions(lt_client_hello *hello)
{
    lt_reader r = hello->extensions, data;
    uint32_t type;
    uint16_t seen[EXTENSIONS_MAX];
    size_t count = 0;
    while (r.n > 0) {
        if (!rd_uint(&r, 2, &type) || !rd_vec(&r, 2, &data) || count == EXTENSIONS_MAX)
            return false;
        for (size_t i = 0; i < count; i++)
            if (seen[i] == type)
                return false;
        seen[count++] = (uint16_t)type;
        if (!extension(hello, type, data))
            return false;
    }
    return true;
}

bool lt_client_hello_parse(lt_reader r, lt_client_hello *hello)
{
    *hello = (lt_client_hello){ 0 };
    if (!rd_uint(&r, 2, &hello->legacy_version) || !rd_take(&r, 32, &hello->random)
        || !rd_vec(&r, 1, &hello->session_id) || hello->session_id.n > 32
        || !rd_vec(&r, 2, &hello->cipher_suites) || hello->cipher_suites.n < 2
        || hello->cipher_suites.n % 2 != 0 || !rd_vec(&r, 1, &hello->compression_methods)
        || hello->compression_methods.n == 0)
        return false;
    if (r.n == 0) /* a hello without extensions is one of TLS 1.2 or older */
        return true;
    return rd_vec(&r, 2, &hello->extensions) && r.n == 0 && extensions(hello);
}

bool lt_client_hello_same(const lt_client_hello *a, const lt_client_hello *b)
{
    return a->legacy_version == b->legacy_version && lt_bytes_equal(a->random, b->random)
           && lt_bytes_equal(a->session_id, b->session_id)
           && lt_bytes_equal(a->cipher_suites, b->cipher_suites)
           && lt_bytes_equal(a->compression_methods, b->compression_methods)
           && lt_bytes_equal(a->server_name, b->server_name)
           && lt_bytes_equal(a->supported_versions, b->supported_versions)
           && lt_bytes_equal(a->supported_groups, b->supported_groups)
           && lt_bytes_equal(a->signature_algorithms, b->signature_algorithms)
           && lt_bytes_equal(a->signature_algorithms_cert, b->signature_algorithms_cert)
           && lt_bytes_equal(a->alpn, b->alpn);
}
