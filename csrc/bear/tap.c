/* SPDX-License-Identifier: MIT
 * tap.c - see tap.h. */
#include "bear/tap.h"

#include "base/iana.h"
#include "wire/server_key_exchange.h"

static const char *message_name(uint32_t type)
{
    static const char *const names[] = {
        [LT_HS_hello_request] = "HelloRequest",
        [LT_HS_client_hello] = "ClientHello",
        [LT_HS_server_hello] = "ServerHello",
        [LT_HS_new_session_ticket] = "NewSessionTicket",
        [LT_HS_certificate] = "Certificate",
        [LT_HS_server_key_exchange] = "ServerKeyExchange",
        [LT_HS_certificate_request] = "CertificateRequest",
        [LT_HS_server_hello_done] = "ServerHelloDone",
        [LT_HS_certificate_verify] = "CertificateVerify",
        [LT_HS_client_key_exchange] = "ClientKeyExchange",
        [LT_HS_finished] = "Finished",
    };
    const char *name = type < sizeof names / sizeof *names ? names[type] : NULL;
    return name ? name : "an unknown message";
}

static lt_code keep(lt_buffer *copy, lt_reader body, lt_error *e)
{
    lt_buffer_free(copy);
    return lt_buffer_add(copy, body.p, body.n) ? LT_OK : lt_fail(e, LT_memory, "handshake");
}

static lt_code on_client_hello(lt_tap *t, lt_reader body, lt_error *e)
{
    lt_code rc = keep(&t->hello_bytes, body, e);
    if (rc != LT_OK)
        return rc;
    t->has_hello = lt_client_hello_parse(
        (lt_reader){ t->hello_bytes.data, lt_buffer_size(&t->hello_bytes) }, &t->hello);
    return t->has_hello ? LT_OK : lt_fail(e, LT_decode, "ClientHello");
}

/* RFC 8446 section 4.1.3: a server of TLS 1.2 or more that was talked down ends its random so. */
static void on_server_hello(lt_tap *t, lt_reader body)
{
    static const uint8_t sentinel[] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D' };
    lt_reader random;
    if (!rd_uint(&body, 2, &t->server_version) || !rd_take(&body, 32, &random))
        return;
    t->tls_1_2 = t->server_version >= LT_TLS_1_2;
    t->downgraded = lt_bytes_equal((lt_bytes){ random.p + 24, sizeof sentinel },
                                   (lt_bytes){ sentinel, sizeof sentinel });
}

/* BearSSL offers and takes SHA-1 in TLS 1.2 too where a suite needs it for its records; RFC 9155
 * forbids it in signatures. */
static lt_code check_scheme(const lt_tap *t, uint32_t scheme, const char *where, lt_error *e)
{
    enum { SHA1 = 2 };
    if (!t->tls_1_2 || scheme >> 8 != SHA1)
        return LT_OK;
    return lt_fail_detail(e, LT_no_signature_scheme, where, "only with SHA-1 (0x%04x)",
                          (unsigned)scheme);
}

static lt_code on_server_key_exchange(lt_tap *t, lt_reader body, lt_error *e)
{
    lt_server_key_exchange ske;
    t->has_key_exchange = lt_server_key_exchange_parse(body, t->tls_1_2, &ske);
    t->named_curve = ske.named_curve;
    t->signature_scheme = ske.signature_scheme;
    return check_scheme(t, ske.signature_scheme, "ServerKeyExchange.algorithm", e);
}

static lt_code on_certificate_verify(const lt_tap *t, lt_reader body, lt_error *e)
{
    uint32_t scheme;
    return rd_uint(&body, 2, &scheme)
               ? check_scheme(t, scheme, "CertificateVerify.algorithm", e)
               : LT_OK;
}

static lt_code on_message(lt_tap *t, bool incoming, uint32_t type, lt_reader body, lt_error *e)
{
    switch (type) {
    case LT_HS_client_hello:
        return t->has_hello ? LT_OK : on_client_hello(t, body, e);
    case LT_HS_server_hello:
        on_server_hello(t, body);
        return LT_OK;
    case LT_HS_certificate:
        t->has_certificate = true;
        t->no_certificate_in = incoming && body.n == 3; /* an empty certificate_list */
        return LT_OK;
    case LT_HS_server_key_exchange:
        return on_server_key_exchange(t, body, e);
    case LT_HS_certificate_verify:
        return on_certificate_verify(t, body, e);
    case LT_HS_certificate_request:
        t->has_request = true;
        return keep(&t->request_bytes, body, e);
    default:
        return LT_OK;
    }
}

/* What is encrypted is BearSSL's alone: of such a record its size is known. */
static void trace_record(lt_tap *t, bool incoming, uint32_t content_type, bool encrypted,
                         lt_bytes payload)
{
    bool shown = !encrypted && content_type != LT_CONTENT_handshake;
    lt_trace_add(&t->trace, &(lt_trace_event){ .kind = LT_TRACE_record,
                                               .incoming = incoming,
                                               .encrypted = encrypted,
                                               .number = content_type,
                                               .size = LT_RECORD_HEADER + (uint32_t)payload.n,
                                               .body = { payload.p, shown ? payload.n : 0 } });
}

lt_code lt_tap_record(lt_tap *t, bool incoming, uint32_t content_type, lt_bytes payload,
                      lt_error *e)
{
    lt_handshake_stream *s = incoming ? &t->in : &t->out;
    bool *encrypted = incoming ? &t->ccs_in : &t->ccs_out;
    if (content_type != LT_CONTENT_application_data)
        trace_record(t, incoming, content_type, *encrypted, payload);
    if (content_type == LT_CONTENT_change_cipher_spec && !*encrypted) {
        *encrypted = true;
        if (incoming)
            t->last_in = "ChangeCipherSpec";
    }
    if (*encrypted || content_type != LT_CONTENT_handshake)
        return LT_OK;
    if (!lt_handshake_stream_add(s, payload))
        return lt_fail(e, LT_memory, "handshake");
    for (;;) {
        uint32_t type;
        lt_reader body;
        bool present;
        lt_code rc = lt_handshake_stream_next(s, &type, &body, &present, e);
        if (rc != LT_OK || !present)
            return rc;
        if (incoming)
            t->last_in = message_name(type);
        lt_trace_add(&t->trace, &(lt_trace_event){ .kind = LT_TRACE_message,
                                                   .incoming = incoming,
                                                   .number = type,
                                                   .size = (uint32_t)body.n + 4,
                                                   .body = body });
        rc = on_message(t, incoming, type, body, e);
        if (rc != LT_OK)
            return rc;
    }
}

void lt_tap_free(lt_tap *t)
{
    lt_handshake_stream_free(&t->in);
    lt_handshake_stream_free(&t->out);
    lt_buffer_free(&t->hello_bytes);
    lt_buffer_free(&t->request_bytes);
    t->has_hello = t->has_request = false;
    t->hello = (lt_client_hello){ 0 };
}
