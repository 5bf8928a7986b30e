/* SPDX-License-Identifier: MIT
 * tls.h - the native engine: TLS 1.3 (RFC 8446) and modern TLS 1.2 (RFC 5246, 7627, 5077, 9325) in
 * one handshake from one ClientHello, client and server. This header is the room's inside;
 * engine.h and shared.h are its face. docs/tls13.md explains it.
 *
 * Data flows one way: traffic.c cuts the input into records, record.c opens them, handshake.c puts
 * messages together and looks them up in the state tables of client.c, client_12.c, server.c and
 * server_12.c, whose handlers write messages through handshake.c into the output. */
#ifndef LT_TLS_TLS_H
#define LT_TLS_TLS_H

#include "base/engine.h"
#include "base/iana.h"
#include "base/intern.h"
#include "crypto/group.h"
#include "crypto/random.h"
#include "tls/engine.h"
#include "tls/key_schedule.h"
#include "tls/record.h"
#include "tls/session.h"
#include "tls/transcript.h"
#include "wire/client_hello.h"
#include "wire/extensions.h"
#include "wire/handshake.h"
#include "wire/key_share.h"
#include "wire/server_hello.h"
#include "wire/writer.h"
#include "x509/sign.h"
#include "x509/verify.h"

/* Appendix A of RFC 8446, and the flow of RFC 5246 section 7.3. */
#define LT_TLS_STATES(X)                                          \
    X(wait_server_hello)                                          \
    X(wait_encrypted_extensions)                                  \
    X(wait_certificate_or_request)                                \
    X(wait_certificate)                                           \
    X(wait_certificate_verify)                                    \
    X(wait_finished)                                              \
    X(wait_certificate_12)                                        \
    X(wait_status_or_key_exchange_12)                             \
    X(wait_server_key_exchange_12)                                \
    X(wait_request_or_done_12)                                    \
    X(wait_done_12)                                               \
    X(wait_ticket_12)                                             \
    X(wait_change_cipher_spec_12)                                 \
    X(wait_finished_12)                                           \
    X(wait_client_hello)                                          \
    X(wait_second_client_hello)                                   \
    X(wait_end_of_early_data)                                     \
    X(wait_client_certificate)                                    \
    X(wait_client_certificate_verify)                             \
    X(wait_client_finished)                                       \
    X(wait_client_certificate_12)                                 \
    X(wait_client_key_exchange_12)                                \
    X(wait_client_certificate_verify_12)                          \
    X(wait_client_change_cipher_spec_12)                          \
    X(wait_client_finished_12)                                    \
    X(wait_post_certificate_verify)                               \
    X(wait_post_finished)                                         \
    X(wait_answer) /* of a question; no message has a row here */ \
    X(connected)                                                  \
    X(as_decided) /* in a row: the handler set hs->next */

#define LT_TLS_STATE(name) LT_TLS_##name,
typedef enum { LT_TLS_STATES(LT_TLS_STATE) LT_TLS_STATE_COUNT } lt_tls_state;

enum {
    LT_TLS_IDLE_RECORDS_MAX = 32,                   /* records in a row that bring nothing */
    LT_TLS_OUTPUT_MAX = 4 * (LT_FRAGMENT_MAX + 64), /* write() takes no more beyond this */
    LT_TLS_NAME_MAX = 255,                          /* bytes of a host name */
    LT_TLS_TICKETS_MAX = 4, /* a client keeps the newest of a connection */
    LT_TLS_HANDSHAKE_BYTES_MAX = 1 << 18,
    LT_TLS_VERIFY_DATA_MAX = 48, /* SHA-384, of the suites there are */
    LT_TICKET_ID = 32,           /* a ticket that stands for what is in the caller's store */
    LT_TLS_SIGNED_MAX = 64 + 34 + LT_HASH_MAX, /* what a CertificateVerify of TLS 1.3 signs */
};

/* The peer's certificates and what was said of them. Its bytes are kept by the config's table. */
typedef struct {
    lt_bytes *certificates; /* DER */
    size_t count;
    lt_bytes ocsp_staple; /* OCSPResponse for the leaf */
    lt_bytes scts;        /* SignedCertificateTimestampList for it (RFC 6962 section 3.3) */
    lt_bytes verified;    /* lt_verify_result, as much of it as its path is long; n = 0: none */
    lt_tried_paths *tried; /* it was refused by all of them; NULL: it was not */
} lt_tls_peer;

static inline const lt_verify_result *lt_tls_verified(const lt_tls_peer *peer) /* NULL: none */
{
    return (const lt_verify_result *)(const void *)peer->verified.p;
}

/* A client: what a session is made of, once it is asked for; the connection has the rest. */
typedef struct {
    int64_t received;
    uint32_t lifetime, age_add, max_early_data;
    bool extended_master_secret;
    uint8_t secret[LT_HASH_MAX];
    uint8_t session_id[32];
    size_t secret_size, session_id_size;
    lt_buffer ticket;
} lt_tls_ticket;

struct lt_tls;

/* What only the handshake needs: freed, wiped, when it is done. */
typedef struct {
    lt_transcript transcript;
    lt_key_schedule schedule;
    lt_key_pair shares[1]; /* client: as offered; server: its own */
    size_t share_count;
    lt_buffer flight;             /* messages that are not in records yet */
    lt_buffer hello;              /* client: our ClientHello; server: the peer's */
    lt_client_hello client_hello; /* server: views into hello */
    lt_extensions client_extensions;
    uint32_t offered;       /* client: extensions of our ClientHello, as bits of LT_X_ */
    uint8_t session_id[32]; /* legacy_session_id (1.3), or that of a session (1.2) */
    size_t session_id_size;
    lt_server_hello server_hello; /* client: the one being handled */
    lt_extensions server_extensions;
    bool retried; /* a HelloRetryRequest was sent or received */
    uint32_t retry_group;
    lt_buffer cookie;
    bool psk_offered, psk_accepted, asked_config;
    int evidence_asked; /* how often, of the peer's chain */
    lt_error refusal;   /* what becomes of it without an answer */
    uint32_t selected_psk;
    uint32_t psk_at;          /* server: the identity being looked at, */
    int psk_stage;            /* and how far that went */
    uint32_t ticket_age;      /* server: milliseconds, as the client tells it */
    lt_key_share_entry share; /* server: the client's that was chosen */
    uint8_t
        binder[LT_HASH_MAX]; /* server: of the PSK that was taken, what early data is told by */
    uint8_t early_secret[LT_HASH_MAX]; /* client_early_traffic_secret */
    uint8_t client_handshake_secret[LT_HASH_MAX], server_handshake_secret[LT_HASH_MAX];
    lt_question
        asked; /* while the connection's `question`; a client's last CertificateRequest */
    lt_tls_state next; /* after a row that leaves it to its handler */

    /* client authentication */
    bool certificate_requested;
    bool peer_certified; /* server: the Certificate of this exchange was not empty */
    lt_buffer request_bytes, request_context;
    lt_bytes peer_schemes; /* what the peer verifies; views, as in request or hello */
    lt_bytes peer_certificate_schemes; /* within a chain, where it says so (section 4.2.3) */
    const struct lt_identity *identity;
    uint32_t identity_scheme;
    lt_buffer to_sign; /* while the caller signs it */
    lt_code (*after_signature)(struct lt_tls *t, lt_bytes signature);

    /* TLS 1.2 */
    bool extended_master_secret, ticket_expected, staple_expected, resumed_12;
    uint8_t premaster[LT_GROUP_SECRET_MAX];
    size_t premaster_size;
    uint8_t key_block[2 * (LT_AEAD_KEY_MAX + LT_AEAD_NONCE)]; /* RFC 5246 section 6.3 */
    bool has_key_block;
    lt_buffer new_ticket;            /* server: sealed and ready; client: received */
    uint8_t ticket_id[LT_TICKET_ID]; /* TLS 1.3: while the caller puts that into its store */
    uint8_t tickets_sent;
    uint32_t new_ticket_lifetime;
} lt_tls_handshake;

typedef struct lt_tls {
    lt_engine engine; /* first */
    const lt_config *config;
    lt_error error;
    int64_t now;    /* seconds since the epoch, as we were told last */
    int64_t proved; /* the same, of the full handshake: this one, or the one it goes back to */
    const char *name; /* client: asked for; server: SNI received; "": none */
    char *own_name;   /* the same, or NULL */
    bool name_is_ip;
    lt_random
        *random; /* while there is, or may come again, something of a handshake; else NULL */

    lt_tls_state state; /* written by handshake.c alone */
    bool server, question, closing, peer_closed;
    bool early_readable; /* server: what comes is early data; Finished is still to come */
    lt_early_data early_data;
    size_t early_left; /* bytes of early data that may still be written, accepted or skipped */
    size_t early_sent; /* client: bytes of it that were written */
    uint16_t version;  /* 0: not agreed yet */
    const lt_suite *suite;
    uint16_t group, signature_scheme;
    const char *alpn;
    bool resumed;
    bool by_psk; /* an external PSK was used */
    lt_buffer psk_identity;
    int round_trips;

    lt_buffer in, out;
    size_t in_used;     /* bytes of the room of `in` that were ever written, and are wiped */
    size_t record_size; /* bytes at the front of `in` whose data is being read; 0: none */
    size_t data_at, data_size; /* what is left of it, from the front of `in` */
    lt_protection read, write;
    size_t
        data_sent; /* application data, bytes and records: of consequence as long as they are few */
    uint32_t data_records;
    size_t record_limit; /* bytes of plaintext that the peer takes in a record (RFC 8449) */
    size_t own_limit; /* and what it may put into one, with type and padding; 0: not agreed */
    lt_handshake_stream messages;
    size_t handshake_bytes;
    uint32_t idle_records;
    bool answered;    /* KeyUpdate or HelloRequest, and nothing was written since */
    bool owes_update; /* another KeyUpdate asked for one of ours: before the next data */
    bool record_seen; /* one good record from the peer: it speaks TLS */
    bool ccs_sent;
    const char *last_in;             /* the last message from the peer; NULL: none */
    bool data_seen;                  /* application data came */
    const struct lt_identity *shown; /* the certificate that this side has sent; NULL: none */
    bool certificate_wanted,
        certificate_sent; /* client: the server asked for one, and got it */
    lt_bytes authorities; /* as text, with its NUL: whose; kept by the table too */

    lt_trace trace;
    lt_tls_handshake *hs;           /* NULL once connected */
    bool up;                        /* connected once: what comes after does not change that */
    lt_transcript *main_transcript; /* for authentication after the handshake; NULL: none */
    lt_tls_handshake *later;        /* server: a CertificateRequest that is not answered yet */
    lt_tls_peer peer;
    uint8_t client_random[32], server_random[32];
    uint8_t client_secret[LT_HASH_MAX],
        server_secret[LT_HASH_MAX];         /* 1.3: application traffic */
    uint8_t exporter_secret[LT_HASH_MAX];   /* 1.3; 1.2: the master secret */
    uint8_t resumption_secret[LT_HASH_MAX]; /* 1.3: resumption_master_secret */
    uint8_t
        verify_data[2]
                   [LT_TLS_VERIFY_DATA_MAX]; /* of the handshake's Finished: ours, the peer's */
    uint8_t verify_data_size[2];             /* 0: not sent, not seen */
    uint32_t key_log_lines;                  /* bits of lt_tls_key_log_line that wait */
    uint8_t (*key_log_secret)[LT_HASH_MAX];  /* those that are gone or changed later; NULL: not
                                             * wanted, or all of them were told */
    size_t key_log_hash_size;                /* of early secrets, which are those of a PSK */

    lt_tls_session *resume; /* offered or accepted; gone with the handshake; NULL: none */
    lt_tls_ticket *tickets[LT_TLS_TICKETS_MAX]; /* client: received, the newest last */
    size_t ticket_count;
} lt_tls;

/* engine.c */
lt_code lt_tls_set_name(lt_tls *t, lt_bytes name); /* copied; 255 bytes at the most */

/* traffic.c */
void lt_tls_pump(lt_tls *t); /* goes on as far as bytes and answers allow */
void lt_tls_fail(lt_tls *t, lt_code code, const char *where); /* with its alert; echoes pass */
void lt_tls_failed(lt_tls *t); /* t->error is set: the alert goes out, the rest ends */
bool lt_tls_send_alert(lt_tls *t, lt_alert alert); /* false: out of memory */
void lt_tls_trace_message(lt_tls *t, bool incoming, uint32_t type, lt_bytes body);
bool lt_tls_send(lt_tls *t, uint32_t content_type, lt_bytes fragment); /* in as many records */

/* handshake.c */
enum { /* what is no HandshakeType, but stands in the tables */
       LT_MSG_hello_retry_request = 256,
       LT_MSG_server_hello_12,
       LT_MSG_server_hello_resumed_12,
       LT_MSG_change_cipher_spec,
};
typedef struct {
    lt_tls_state from;
    uint32_t on;
    bool last; /* keys change after it: it must end its record (section 5.1) */
    bool (*when)(const lt_tls *t);
    lt_code (*act)(lt_tls *t, lt_reader body);
    lt_tls_state to;
} lt_tls_row;
lt_code lt_tls_message(lt_tls *t, uint32_t type, lt_reader body);
lt_code
lt_tls_check_pending(lt_tls *t); /* a message that is not whole yet: is it too long already? */
void lt_tls_enter(lt_tls *t, lt_tls_state state);
void lt_tls_ask(lt_tls *t, lt_question question); /* nothing is read until it is answered */
lt_code lt_tls_step(lt_tls *t, uint32_t message, lt_reader body, bool ends_record);
lt_writer lt_tls_open(lt_tls *t, uint32_t handshake_type, lt_mark *message);
/* Closes the message, adds it to the transcript; it goes out with the flight. */
lt_code lt_tls_close(lt_tls *t, lt_writer *w, lt_mark message, bool in_transcript);
lt_code lt_tls_flush(lt_tls *t); /* the flight into records under the present keys */
lt_code lt_tls_change_cipher_spec(lt_tls *t); /* after what the flight holds */
lt_code lt_tls_hear(lt_tls *t,
                    lt_reader body);  /* a message from the peer into the transcript */
bool lt_tls_handshake_new(lt_tls *t); /* false: out of memory */
void lt_tls_random_free(lt_tls *t);
void lt_tls_exchanges_free(lt_tls *t); /* what may come after the handshake */
void lt_tls_handshake_free(lt_tls *t); /* wipes; once connected, or failed */
lt_code lt_tls_on_key_update(lt_tls *t, lt_reader body);
lt_code lt_tls_update_keys(lt_engine *engine, bool request, lt_error *e); /* TLS 1.3, 4.6.3 */
lt_code lt_tls_send_handshake(lt_engine *engine, lt_bytes message, lt_error *e); /* TLS 1.2 */
const char *lt_tls_message_name(uint32_t message);
const char *lt_tls_state_name(lt_tls_state state);

/* client_hello.c: the ClientHello that this client sends, first or second */
lt_code lt_tls_send_client_hello(lt_tls *t);
bool lt_tls_allows_suite(const lt_config *config, const lt_suite *suite);
bool lt_tls_allows_version(const lt_config *config, uint16_t version);

/* client.c, client_12.c, server.c, server_12.c */
extern const lt_tls_row lt_tls_client_rows[], lt_tls_client_12_rows[], lt_tls_server_rows[],
    lt_tls_server_12_rows[];
lt_code lt_tls_on_client_hello_12(lt_tls *t);
lt_code lt_tls_write_certificate_request(lt_tls *t); /* TLS 1.3, with hs->request_context */
lt_code
lt_tls_on_config(lt_tls *t); /* server: the question about the ClientHello is answered */
lt_code lt_tls_on_early_data(lt_tls *t); /* server: so is the one about early data */
lt_code lt_tls_after_psk(lt_tls *t);     /* server: it is known which PSK is used, if any */

/* retry.c: server */
lt_code lt_tls_retry(lt_tls *t, uint32_t group); /* asks for a share of this group */
/* A second ClientHello brings back what a stateless HelloRetryRequest forgot. */
lt_code lt_tls_take_cookie(lt_tls *t);

/* secrets.c */
void lt_tls_early_secret(lt_tls *t, const lt_key_schedule *early, const uint8_t *hello_hash);
void lt_tls_handshake_keys(lt_tls *t, lt_bytes shared);
void lt_tls_application_secrets(lt_tls *t); /* after the server's Finished */
void lt_tls_resumption_secret(lt_tls *t);   /* after the client's Finished */
void lt_tls_read_with(lt_tls *t, const uint8_t *secret);
void lt_tls_write_with(lt_tls *t, const uint8_t *secret);
void lt_tls_update_secret(const lt_suite *suite, uint8_t *secret); /* section 7.2 */
void lt_tls_master_secret_12(lt_tls *t);
void lt_tls_keys_12(lt_tls *t, bool writing);
void lt_tls_finished_12(lt_tls *t, bool from_client, uint8_t verify_data[12]);
lt_code lt_tls_exporter(const lt_engine *engine, const char *label, const lt_bytes *context,
                        uint8_t *out, size_t n, lt_error *e);
bool lt_tls_key_log_new(lt_tls *t); /* lines are wanted; false: out of memory */
void lt_tls_key_log_free(lt_tls *t);
size_t lt_tls_key_log(lt_engine *engine, char *line, size_t room);
enum lt_tls_key_log_line {
    LT_LOG_client_random,
    LT_LOG_client_early,
    LT_LOG_early_exporter,
    LT_LOG_client_handshake,
    LT_LOG_server_handshake,
    LT_LOG_client_traffic,
    LT_LOG_server_traffic,
    LT_LOG_exporter,
};

/* authentication.c: certificates and signatures, both versions and both sides */
lt_code lt_tls_keep(lt_tls *t, lt_bytes *to, lt_bytes what); /* instead of what is there */
bool lt_tls_peer_reserve(lt_tls_peer *peer, size_t count);   /* room for so many certificates */
lt_code lt_tls_peer_add(lt_tls *t, lt_bytes certificate);
lt_code lt_tls_read_certificate(lt_tls *t, lt_reader body);
lt_code lt_tls_judge_peer(lt_tls *t, bool staple_asked);
lt_code lt_tls_on_evidence(lt_tls *t,
                           const lt_answer *answer); /* judges again, may ask again */
lt_code lt_tls_verify_peer(lt_tls *t); /* judges, and asks for the verdict where it is wanted */
void lt_tls_ask_verdict(
    lt_tls *t); /* of a full handshake or not: answered before the next message */
lt_code lt_tls_write_certificate(lt_tls *t); /* of hs->identity; NULL: none */
lt_code lt_tls_write_certificate_verify(lt_tls *t, lt_bytes signature);
lt_bytes lt_tls_to_sign(const lt_tls *t, bool by_server, uint8_t content[LT_TLS_SIGNED_MAX]);
/* Signs `message` with hs->identity and goes on in `after`: at once, or with the caller's answer, and
 * then the state waits for it. */
lt_code lt_tls_sign(lt_tls *t, lt_bytes message,
                    lt_code (*after)(lt_tls *t, lt_bytes signature));
lt_code lt_tls_read_certificate_verify(lt_tls *t, lt_reader body);
lt_code lt_tls_read_certificate_request(lt_tls *t, lt_reader body);
/* The first identity whose key the peer verifies, and the scheme for it; false: none. One whose chain
 * it verifies too comes first; where there is no such chain any is sent (section 4.4.2.2). */
bool lt_tls_choose_identity(lt_tls *t);
bool lt_tls_chain_fits(const lt_tls *t, const struct lt_identity *identity);
bool lt_tls_choose_scheme(lt_tls *t, const struct lt_identity *identity, uint32_t *scheme);

/* finished.c */
lt_code lt_tls_check_finished(lt_tls *t, const uint8_t *base_key, lt_reader body);
lt_code lt_tls_check_finished_12(lt_tls *t, lt_reader body);
lt_code lt_tls_write_finished(lt_tls *t, const uint8_t *base_key); /* TLS 1.3 */
lt_bytes lt_tls_verify_data(const lt_engine *engine, bool peers);
lt_code lt_tls_finish_12(lt_tls *t); /* ChangeCipherSpec, Finished */
lt_code lt_tls_on_change_cipher_spec_12(lt_tls *t, lt_reader body);
bool lt_tls_session_bind(const lt_tls *t, lt_tls_session *s); /* name, ALPN, certificates */
/* The peer of a session, judged anew; false: it would not pass now, and is forgotten. */
bool lt_tls_restore_peer(lt_tls *t, const lt_tls_session *s);
void lt_tls_forget_peer(lt_tls *t);
void lt_tls_resumed(lt_tls *t);     /* t->resume is gone on with */
lt_code lt_tls_took_psk(lt_tls *t); /* `resume` is an external one, and is used */
/* Received now; the oldest goes where there is no room. NULL: out of memory. */
lt_tls_ticket *lt_tls_new_ticket(lt_tls *t, lt_bytes ticket);
void lt_tls_drop_ticket(lt_tls *t, size_t i);
void lt_tls_forget_tickets(lt_tls *t);
lt_session *lt_tls_session_of(lt_tls *t, const lt_tls_ticket *ticket, lt_error *e);
lt_code lt_tls_keep_session_12(lt_tls *t);

/* psk.c: server */
bool lt_tls_takes_psk_dhe_ke(const lt_tls *t);
lt_code lt_tls_choose_psk(lt_tls *t); /* may ask */
lt_code lt_tls_answer_psk(lt_tls *t, const lt_answer *a);
lt_bytes lt_tls_hello_message(const lt_tls *t); /* the client's, with its header */

/* ticket.c: server */
lt_code lt_tls_ticket_was_put(lt_tls *t);
lt_code lt_tls_send_tickets(lt_tls *t);   /* TLS 1.3 */
lt_code lt_tls_send_ticket_12(lt_tls *t); /* into the flight */
lt_tls_session *lt_tls_open_ticket(const lt_tls *t,
                                   lt_bytes ticket); /* NULL: not one of ours */

/* post_handshake.c */
bool lt_tls_may_authenticate_later(const lt_tls *t);
lt_code lt_tls_keep_transcript(lt_tls *t); /* of the handshake that ends, where it is wanted */
lt_code lt_tls_request_certificate(lt_engine *engine, lt_error *e); /* server */
lt_code lt_tls_begin_exchange(lt_tls *t, uint32_t type);
bool lt_tls_awaits_certificate(const lt_tls *t);
bool lt_tls_offered_later(const lt_tls *t);
lt_code lt_tls_on_post_certificate(lt_tls *t, lt_reader body);
lt_code lt_tls_on_post_finished(lt_tls *t, lt_reader body);
lt_code lt_tls_on_post_request(lt_tls *t, lt_reader body);
lt_code lt_tls_post_flight(lt_tls *t); /* once it is known which certificate */

/* diagnosis.c: a failure, with what is known of its cause */
lt_code lt_tls_no_version(lt_tls *t); /* server: nothing in common, and both lists */
lt_code lt_tls_no_cipher_suite(lt_tls *t);
lt_code lt_tls_no_group(lt_tls *t);
lt_code lt_tls_no_signature_scheme(lt_tls *t);
lt_code lt_tls_no_alpn(lt_tls *t);
lt_code lt_tls_wrong_version(lt_tls *t, uint32_t chosen); /* client: by the server */
lt_code lt_tls_received_alert(lt_tls *t, uint8_t description);
lt_code lt_tls_peer_left(lt_tls *t, const char *how); /* in the handshake */
lt_code lt_tls_was_reset(lt_tls *t);
void lt_tls_cut_off(lt_tls *t); /* after the handshake, without close_notify */
lt_code lt_tls_remember_request(lt_tls *t,
                                lt_bytes authorities); /* client: for a refusal later */

/* early_data.c: server */
lt_code lt_tls_judge_early_data(lt_tls *t); /* may ask */
void lt_tls_answer_early_data(lt_tls *t, bool yes);
/* The server may write once its Finished is out, if the client was quick too (section 2.3). */
bool lt_tls_answers_early(const lt_tls *t);
void lt_tls_skip_early_data(lt_tls *t); /* what comes of it is passed over, within a bound */

/* negotiation.c */
/* record_size_limit (RFC 8449): ours; the peer's, obeyed from now on. */
uint32_t lt_tls_record_size_limit(const lt_tls *t);
lt_code lt_tls_read_record_size_limit(lt_tls *t, lt_reader extension);
/* Server: the suites of this version that both sides have, in the order in which they are taken. */
enum { LT_TLS_SUITES_MAX = 16 };
size_t lt_tls_common_suites(const lt_tls *t, uint16_t version,
                            const lt_suite *suites[LT_TLS_SUITES_MAX]);
void lt_tls_write_alpn(lt_tls *t, lt_writer *w);          /* server: the one that was chosen */
lt_code lt_tls_choose_alpn(lt_tls *t, lt_bytes offered);  /* server */
lt_code lt_tls_accept_alpn(lt_tls *t, lt_bytes selected); /* client */
uint32_t lt_tls_group_rank(const lt_config *config, uint32_t group); /* 0: not allowed */
const uint16_t *lt_tls_groups(const lt_config *config); /* by preference; 0 ends it */
const uint16_t *lt_tls_signature_schemes(const lt_config *config); /* likewise */
bool lt_tls_allows_scheme(const lt_config *config, uint32_t scheme);
/* The bodies of signature_algorithms and of signature_algorithms_cert. */
void lt_tls_write_schemes(const lt_tls *t, lt_writer *w);
void lt_tls_write_certificate_schemes(const lt_tls *t, lt_writer *w);

#endif
