/* SPDX-License-Identifier: MIT
 * client_hello.h - ClientHello (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2) as views. */
#ifndef LT_WIRE_CLIENT_HELLO_H
#define LT_WIRE_CLIENT_HELLO_H

#include "base/bytes.h"

typedef struct {
    uint32_t legacy_version;
    lt_bytes random, session_id;
    lt_bytes cipher_suites;       /* two bytes each */
    lt_bytes compression_methods; /* one byte each */
    lt_bytes extensions;          /* all of them, as they came */
    bool has_supported_versions;
    lt_bytes supported_versions; /* two bytes each */
    lt_bytes server_name;        /* host_name; n = 0: absent */
    lt_bytes supported_groups;   /* two bytes each; n = 0: absent */
    bool has_point_formats;
    lt_bytes point_formats;             /* one byte each */
    lt_bytes signature_algorithms;      /* two bytes each; n = 0: absent */
    lt_bytes signature_algorithms_cert; /* likewise */
    lt_bytes alpn; /* ProtocolName<1..2^8-1> after another; n = 0: absent */
} lt_client_hello;

/* The body of the message, whole: trailing bytes and duplicate extensions are refused. */
bool lt_client_hello_parse(lt_reader body, lt_client_hello *hello);

/* After a HelloRetryRequest: is all that decisions are made by the same (RFC 8446 section 4.1.2)? Who answers, and
 * whether a certificate is asked for, was decided by the first. */
bool lt_client_hello_same(const lt_client_hello *a, const lt_client_hello *b);

/* Is this two-byte value in a list of such values? */
bool lt_list_has(lt_bytes list, uint32_t value);

#endif
