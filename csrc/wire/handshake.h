/* SPDX-License-Identifier: MIT
 * handshake.h - numbers of the record and handshake layers, and the stream of handshake messages
 * inside the records (RFC 5246 sections 6.2.1 and 7.4, RFC 8446 sections 4 and 5.1). */
#ifndef LT_WIRE_HANDSHAKE_H
#define LT_WIRE_HANDSHAKE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

enum lt_content_type {
    LT_CONTENT_change_cipher_spec = 20,
    LT_CONTENT_alert = 21,
    LT_CONTENT_handshake = 22,
    LT_CONTENT_application_data = 23,
};

enum lt_handshake_type {
    LT_HS_hello_request = 0,
    LT_HS_client_hello = 1,
    LT_HS_server_hello = 2,
    LT_HS_new_session_ticket = 4,
    LT_HS_end_of_early_data = 5,
    LT_HS_encrypted_extensions = 8,
    LT_HS_certificate = 11,
    LT_HS_server_key_exchange = 12,
    LT_HS_certificate_request = 13,
    LT_HS_server_hello_done = 14,
    LT_HS_certificate_verify = 15,
    LT_HS_client_key_exchange = 16,
    LT_HS_finished = 20,
    LT_HS_certificate_status = 22,
    LT_HS_key_update = 24,
};

enum {
    LT_RECORD_HEADER = 5,
    LT_RECORD_MAX = 16384 + 2048,       /* a protected fragment (RFC 5246 section 6.2.3) */
    LT_HANDSHAKE_MESSAGE_MAX = 1 << 17, /* bytes of one message; more is LT_limit */
};

/* Messages put together from the pieces that records carry. A zeroed struct is empty. */
typedef struct {
    lt_buffer pending;
} lt_handshake_stream;

bool lt_handshake_stream_add(lt_handshake_stream *s, lt_bytes fragment); /* false: no memory */

/* The next whole message: LT_OK and `present`, or not present; LT_limit. The body is valid until
 * the next call. */
lt_code lt_handshake_stream_next(lt_handshake_stream *s, uint32_t *type, lt_reader *body,
                                 bool *present, lt_error *e);
void lt_handshake_stream_free(lt_handshake_stream *s);

#endif
