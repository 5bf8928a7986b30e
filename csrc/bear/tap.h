/* SPDX-License-Identifier: MIT
 * tap.h - what can be learned from the handshake while it is still in clear: facts for info() and
 * for the diagnosis, and the questions that must be asked before BearSSL's engine sees a message.
 * It changes nothing. */
#ifndef LT_BEAR_TAP_H
#define LT_BEAR_TAP_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/trace.h"
#include "wire/client_hello.h"
#include "wire/handshake.h"

typedef struct {
    bool tls_1_2;              /* the version in use, once the ServerHello was seen */
    uint32_t server_version;   /* of the ServerHello; 0: not seen */
    bool downgraded;           /* its random says that the server could do TLS 1.2 or more */
    bool has_certificate;      /* a Certificate went by: this is no resumption */
    bool no_certificate_in;    /* the peer's had none in it */
    bool has_key_exchange;     /* a ServerKeyExchange that parses */
    uint32_t named_curve;      /* of the ServerKeyExchange; 0: none */
    uint32_t signature_scheme; /* of the ServerKeyExchange; 0: none */
    bool ccs_in, ccs_out;      /* what follows is encrypted */
    const char *last_in;       /* the last message from the peer, by its name; NULL: none */
    lt_trace trace;
    lt_handshake_stream in, out;

    lt_buffer hello_bytes; /* server: the ClientHello, kept until the handshake is done */
    lt_client_hello hello; /* views into them */
    bool has_hello;
    lt_buffer request_bytes; /* client: the CertificateRequest, until it is answered */
    bool has_request;
} lt_tap;

/* One record's payload in either direction, in clear. Limits, memory, a ClientHello that does not
 * parse and SHA-1 in TLS 1.2 fail here; the rest is left to the engine to refuse. */
lt_code lt_tap_record(lt_tap *t, bool incoming, uint32_t content_type, lt_bytes payload,
                      lt_error *e);
void lt_tap_free(lt_tap *t);

#endif
