/* SPDX-License-Identifier: MIT
 * server_hello.h - ServerHello of TLS 1.2 and 1.3, and HelloRetryRequest, which is a ServerHello
 * with a fixed random (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3). */
#ifndef LT_WIRE_SERVER_HELLO_H
#define LT_WIRE_SERVER_HELLO_H

#include "base/bytes.h"
#include "wire/writer.h"

typedef struct {
    uint32_t legacy_version;
    lt_bytes random, session_id;
    uint32_t cipher_suite;
    uint32_t compression_method;
    lt_bytes extensions; /* content of the vector; n = 0: none */
} lt_server_hello;

extern const uint8_t lt_hello_retry_request_random[32];

bool lt_server_hello_parse(lt_reader body, lt_server_hello *hello);
bool lt_server_hello_is_retry(const lt_server_hello *hello);

/* All but the extensions, whose vector the caller opens next. */
void lt_server_hello_write(lt_writer *w, const lt_server_hello *hello);

/* The last eight bytes of a random that a server writes which could do better (4.1.3). */
extern const uint8_t lt_downgrade_to_12[8], lt_downgrade_to_11[8];

#endif
