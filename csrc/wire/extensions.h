/* SPDX-License-Identifier: MIT
 * extensions.h - the extensions of one message as views, and the table of RFC 8446 section 4.2:
 * which extension may stand in which message. */
#ifndef LT_WIRE_EXTENSIONS_H
#define LT_WIRE_EXTENSIONS_H

#include "base/bytes.h"
#include "base/error.h"

/* The messages that carry extensions, as bits. */
enum {
    LT_IN_client_hello = 1 << 0,
    LT_IN_server_hello_12 = 1 << 1,
    LT_IN_server_hello = 1 << 2,
    LT_IN_hello_retry_request = 1 << 3,
    LT_IN_encrypted_extensions = 1 << 4,
    LT_IN_certificate = 1 << 5,
    LT_IN_certificate_request = 1 << 6,
    LT_IN_new_session_ticket = 1 << 7,
};

/* name, ExtensionType (IANA), the messages that may carry it */
#define LT_EXTENSIONS(X)                                                                       \
    X(server_name, 0, LT_IN_client_hello | LT_IN_encrypted_extensions | LT_IN_server_hello_12) \
    X(status_request, 5,                                                                       \
      LT_IN_client_hello | LT_IN_certificate_request | LT_IN_certificate                       \
          | LT_IN_server_hello_12)                                                             \
    X(supported_groups, 10, LT_IN_client_hello | LT_IN_encrypted_extensions)                   \
    X(ec_point_formats, 11, LT_IN_client_hello | LT_IN_server_hello_12)                        \
    X(signature_algorithms, 13, LT_IN_client_hello | LT_IN_certificate_request)                \
    X(application_layer_protocol_negotiation, 16,                                              \
      LT_IN_client_hello | LT_IN_encrypted_extensions | LT_IN_server_hello_12)                 \
    X(signed_certificate_timestamp, 18,                                                        \
      LT_IN_client_hello | LT_IN_certificate_request | LT_IN_certificate                       \
          | LT_IN_server_hello_12)                                                             \
    X(padding, 21, LT_IN_client_hello)                                                         \
    X(extended_master_secret, 23, LT_IN_client_hello | LT_IN_server_hello_12)                  \
    X(record_size_limit, 28,                                                                   \
      LT_IN_client_hello | LT_IN_encrypted_extensions | LT_IN_server_hello_12)                 \
    X(session_ticket, 35, LT_IN_client_hello | LT_IN_server_hello_12)                          \
    X(pre_shared_key, 41, LT_IN_client_hello | LT_IN_server_hello)                             \
    X(early_data, 42,                                                                          \
      LT_IN_client_hello | LT_IN_encrypted_extensions | LT_IN_new_session_ticket)              \
    X(supported_versions, 43,                                                                  \
      LT_IN_client_hello | LT_IN_server_hello | LT_IN_hello_retry_request)                     \
    X(cookie, 44, LT_IN_client_hello | LT_IN_hello_retry_request)                              \
    X(psk_key_exchange_modes, 45, LT_IN_client_hello)                                          \
    X(certificate_authorities, 47, LT_IN_client_hello | LT_IN_certificate_request)             \
    X(post_handshake_auth, 49, LT_IN_client_hello)                                             \
    X(signature_algorithms_cert, 50, LT_IN_client_hello | LT_IN_certificate_request)           \
    X(key_share, 51, LT_IN_client_hello | LT_IN_server_hello | LT_IN_hello_retry_request)      \
    X(renegotiation_info, 65281, LT_IN_client_hello | LT_IN_server_hello_12)

#define LT_EXT_TYPE(name, type, messages) LT_EXT_##name = type,
enum lt_extension_type { LT_EXTENSIONS(LT_EXT_TYPE) };

#define LT_EXT_INDEX(name, type, messages) LT_X_##name,
typedef enum { LT_EXTENSIONS(LT_EXT_INDEX) LT_X_COUNT } lt_extension_index;

enum { LT_EXTENSIONS_MAX = 64 }; /* in one message; more is LT_limit */

typedef struct {
    uint32_t present; /* bit LT_X_name */
    lt_extension_index last;
    bool last_is_known;
    lt_bytes data[LT_X_COUNT];
} lt_extensions;

static inline bool lt_has_extension(const lt_extensions *x, lt_extension_index i)
{
    return (x->present >> i & 1) != 0;
}

uint16_t lt_extension_type_of(lt_extension_index i);
const char *lt_extension_name(uint32_t type); /* NULL: unknown */

/* The content of an extensions vector that stands in `message` (an LT_IN_ bit). `offered`: what
 * the request for it carried, as bits; with ~0u (a request itself) unknown types are passed over,
 * else they are LT_unsupported_extension, as known ones are that were not offered (section 4.2). */
lt_code lt_extensions_parse(lt_extensions *x, lt_reader block, uint32_t message,
                            uint32_t offered, lt_error *e);

#endif
