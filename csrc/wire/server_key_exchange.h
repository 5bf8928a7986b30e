/* SPDX-License-Identifier: MIT
 * server_key_exchange.h - ServerKeyExchange for ECDHE (RFC 8422 section 5.4). */
#ifndef LT_WIRE_SERVER_KEY_EXCHANGE_H
#define LT_WIRE_SERVER_KEY_EXCHANGE_H

#include "base/bytes.h"

typedef struct {
    uint32_t named_curve;
    lt_bytes point;
    uint32_t signature_scheme; /* 0 before TLS 1.2 */
    lt_bytes signature;
} lt_server_key_exchange;

bool lt_server_key_exchange_parse(lt_reader body, bool tls_1_2, lt_server_key_exchange *ske);

#endif
