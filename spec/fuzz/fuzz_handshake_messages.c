/* SPDX-License-Identifier: MIT
 * fuzz_handshake_messages.c - libFuzzer: the first byte says which message the rest is; and all of it
 * as a stream of messages, in two pieces, gives the same ones as in one. */
#include "wire.h"

#include "wire/certificate.h"
#include "wire/certificate_request.h"
#include "wire/extensions.h"
#include "wire/handshake.h"
#include "wire/new_session_ticket.h"
#include "wire/server_key_exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void extensions(lt_bytes block, uint32_t message)
{
    lt_extensions x;
    lt_error e = { .code = LT_OK };
    if (lt_extensions_parse(&x, block, message, ~0U, &e) != LT_OK) {
        must(e.where != NULL);
        return;
    }
    for (int i = 0; i < LT_X_COUNT; i++)
        inside(x.data[i], block.p, block.n);
}

static void certificate(lt_reader body, bool tls_1_3)
{
    lt_certificate_message m;
    lt_certificate_entry entry;
    lt_bytes response;
    if (!lt_certificate_message_parse(body, tls_1_3, &m))
        return;
    inside(m.request_context, body.p, body.n);
    while (lt_certificate_entry_next(&m.list, tls_1_3, &entry)) {
        inside(entry.certificate, body.p, body.n);
        must(entry.certificate.n > 0);
        if (tls_1_3)
            extensions(entry.extensions, LT_IN_certificate);
    }
    lt_certificate_status_parse(body, &response);
}

static void ticket(lt_reader body, bool tls_1_3)
{
    lt_new_session_ticket t;
    if (!lt_new_session_ticket_parse(body, tls_1_3, &t))
        return;
    inside(t.ticket, body.p, body.n);
    if (tls_1_3) {
        inside(t.ticket_nonce, body.p, body.n);
        must(t.ticket.n > 0);
        extensions(t.extensions, LT_IN_new_session_ticket);
    }
}

static void others(lt_reader body)
{
    lt_bytes types, schemes, authorities, signature;
    uint32_t scheme;
    lt_server_key_exchange ske;
    for (int tls_1_2 = 0; tls_1_2 < 2; tls_1_2++) {
        if (lt_certificate_request_12_parse(body, tls_1_2, &types, &schemes, &authorities)) {
            inside(types, body.p, body.n);
            inside(schemes, body.p, body.n);
            inside(authorities, body.p, body.n);
        }
        if (lt_server_key_exchange_parse(body, tls_1_2, &ske)) {
            inside(ske.point, body.p, body.n);
            inside(ske.signature, body.p, body.n);
        }
    }
    if (lt_certificate_verify_parse(body, &scheme, &signature))
        inside(signature, body.p, body.n);
}

static uint32_t digest_of(lt_handshake_stream *s, uint32_t digest)
{
    uint32_t type;
    lt_reader body;
    bool present;
    lt_error e = { .code = LT_OK };
    while (lt_handshake_stream_next(s, &type, &body, &present, &e) == LT_OK && present) {
        digest = digest * 31 + type;
        for (size_t i = 0; i < body.n; i++)
            digest = digest * 31 + body.p[i];
    }
    return digest;
}

static void stream(lt_bytes all, size_t cut)
{
    lt_handshake_stream one = { 0 }, two = { 0 };
    must(lt_handshake_stream_add(&one, all));
    uint32_t whole = digest_of(&one, 0);
    must(lt_handshake_stream_add(&two, (lt_bytes){ all.p, cut }));
    uint32_t pieces = digest_of(&two, 0);
    must(lt_handshake_stream_add(&two, (lt_bytes){ all.p + cut, all.n - cut }));
    must(digest_of(&two, pieces) == whole);
    lt_handshake_stream_free(&one);
    lt_handshake_stream_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t carriers[] = { LT_IN_encrypted_extensions, LT_IN_certificate_request,
                                         LT_IN_hello_retry_request };
    if (size == 0)
        return 0;
    lt_reader body = { data + 1, size - 1 };
    switch (data[0] % 9) {
    case 0:
    case 1:
        certificate(body, data[0] % 9 == 1);
        break;
    case 2:
    case 3:
        ticket(body, data[0] % 9 == 3);
        break;
    case 4:
        others(body);
        break;
    case 5:
        stream(body, body.n > 0 ? data[1] % (body.n + 1) : 0);
        break;
    default:
        extensions(body, carriers[data[0] % 9 - 6]);
    }
    return 0;
}
