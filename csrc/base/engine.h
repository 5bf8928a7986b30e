/* SPDX-License-Identifier: MIT
 * engine.h - the interface that every TLS engine has, and the config it is made from. An engine
 * takes bytes from the peer, gives bytes for the peer, and has application data and a state. It
 * knows no socket, no clock and no Lua. What needs a decision from outside stops it in a named
 * state, with the question as data. */
#ifndef LT_BASE_ENGINE_H
#define LT_BASE_ENGINE_H

#include "base/bytes.h"
#include "base/entropy.h"
#include "base/error.h"
#include "base/trace.h"

struct lt_verifier;      /* x509/verify.h */
struct lt_revocation;    /* x509/revocation.h */
struct lt_verify_result; /* x509/verify.h */
struct lt_tried_paths;   /* x509/verify.h */
struct lt_identity;      /* x509/identity.h: a chain and its private key */
struct lt_bear_shared;   /* bear/bear.h: what the connections of a config share there */
struct lt_tls_shared;    /* tls/shared.h: the same of the native engine */
struct lt_intern;        /* base/intern.h */
struct lt_known_keys;    /* x509/known_keys.h */

typedef enum { LT_AUTH_none, LT_AUTH_request, LT_AUTH_require } lt_client_auth;

/* Server: whose order of cipher suites counts? */
typedef enum {
    LT_PREFER_server,
    LT_PREFER_fitting, /* its own; but ChaCha20 for a client that puts that before AES */
    LT_PREFER_client,
} lt_preference;

/* Immutable once made, shared by its connections, which it outlives. All pointers are owned by
 * whoever made the config. */
typedef struct {
    bool server;
    bool native;                       /* the engine: ours, else BearSSL's */
    uint16_t min_version, max_version; /* LT_TLS_1_x */
    const uint16_t *cipher_suites;     /* by preference */
    size_t cipher_suite_count;
    lt_preference prefer;
    uint32_t groups;            /* bit n: NamedGroup n, n < 32 */
    const uint16_t *group_list; /* native: by preference, 0 ends it; NULL: its own order */
    const uint16_t *signature_schemes;   /* native: likewise */
    const uint16_t *certificate_schemes; /* native: those of the peer's chain; NULL: the same */
    const char **alpn;                   /* protocol names, by preference */
    size_t alpn_count;
    const struct lt_identity
        *identities; /* client: the first that the server takes; server: one */
    size_t identity_count;
    bool ask_certificate;  /* client: CertificateRequest is a question to the caller */
    bool ask_client_hello; /* server: so is the config for a ClientHello */
    bool ask_verdict;      /* so is a peer whose chain was verified */
    bool
        ask_issuers; /* and where issuers of the peer's chain are to be had, if they are missing */
    bool ask_revocation;        /* and what tells whether it is revoked, if nothing does */
    bool ask_early_data;        /* server: so is whether early data is a replay */
    bool ask_psk;               /* server: so is the key of an external PSK */
    bool ask_store;             /* server: sessions of TLS 1.3 are the caller's to keep */
    bool post_handshake_auth;   /* client: offered; server: may be asked for */
    uint32_t record_size_limit; /* bytes of plaintext that we want in a record; 0: 2^14 */
    uint32_t record_padding;    /* TLS 1.3: plaintext goes in multiples of this; 0: as it is */
    bool retry_cookie;          /* server: HelloRetryRequest leaves no state; wants `tls` */
    uint32_t max_early_data;    /* bytes; server: 0 refuses it; client: not 0 may offer it */
    const struct lt_verifier *verifier; /* never NULL */
    bool verify_name;            /* false: with verify = "none", and for LuaSec's callers */
    lt_client_auth client_auth;  /* server */
    const lt_bytes *authorities; /* server: DNs for CertificateRequest; at least one */
    size_t authority_count;
    size_t session_cache_size;   /* server: entries; 0: no resumption by session ID */
    uint32_t session_lifetime;   /* seconds */
    struct lt_bear_shared *bear; /* made once the rest is set */
    struct lt_tls_shared *tls;   /* server; NULL: no tickets */
    struct lt_intern *intern;    /* what peers have sent, kept once; NULL: by each connection */
    struct lt_known_keys *known_keys; /* native: of peers that were here; NULL: none are kept */
    bool key_log;                     /* secrets are kept for key_log() */
    bool trace;                       /* the handshake's events are kept for trace() */
    bool trace_events;                /* and told as they happen */
    uint64_t (*clock)(void);        /* microseconds from any start, for the trace; NULL: none */
    bool fixed_time, fixed_entropy; /* for tests */
    int64_t time;
    uint8_t entropy[LT_SEED_SIZE];
} lt_config;

typedef enum {
    LT_STATE_handshake, /* application data may not flow yet */
    LT_STATE_question,  /* the handshake waits for lt_engine_class.answer */
    LT_STATE_early,     /* server: data flows both ways already, before the client's Finished */
    LT_STATE_connected,
    LT_STATE_closing,     /* close_notify sent; the peer's may still come, and data before it */
    LT_STATE_half_closed, /* TLS 1.3: the peer's close_notify was seen, ours is not sent */
    LT_STATE_closed,      /* the peer's close_notify was seen after the handshake, or both */
    LT_STATE_failed,      /* see error(); its alert is the last of the output */
} lt_state;

static inline bool lt_state_may_write(lt_state s)
{
    return s == LT_STATE_connected || s == LT_STATE_early || s == LT_STATE_half_closed;
}

static inline bool lt_state_is_read(lt_state s) /* nothing more comes from the peer */
{
    return s == LT_STATE_half_closed || s == LT_STATE_closed;
}

/* CertificateRequest as the caller sees it (RFC 5246 section 7.4.4, RFC 8446 section 4.3.2). */
typedef struct {
    lt_bytes certificate_types;   /* one byte each; n = 0 in TLS 1.3 */
    lt_bytes signature_schemes;   /* two bytes each; n = 0 before TLS 1.2 */
    lt_bytes certificate_schemes; /* likewise, within the chain; n = 0: the same */
    lt_bytes authorities;         /* opaque DistinguishedName<1..2^16-1> after another */
} lt_certificate_request;

/* What stops the handshake until lt_engine_class.answer. Views, valid until then. */
typedef enum {
    LT_QUESTION_none,
    LT_QUESTION_certificate,  /* client: which certificate, if any? */
    LT_QUESTION_client_hello, /* server: which config shall answer this ClientHello? */
    LT_QUESTION_signature,    /* a signature by the key of an external identity */
    LT_QUESTION_evidence, /* the peer's chain lacks an issuer or word of revocation: is there any? */
    LT_QUESTION_verdict,      /* the peer's chain was verified: is it welcome? */
    LT_QUESTION_early_data,   /* server: is this the first time that `unique` is seen? */
    LT_QUESTION_psk,          /* server: what is the key of the PSK identity `unique`? */
    LT_QUESTION_put_session,  /* server: here are `message`, to be kept as `unique` */
    LT_QUESTION_take_session, /* server: what was kept as `unique`, once? */
} lt_question_kind;

typedef struct {
    lt_question_kind kind;
    lt_certificate_request request;     /* certificate */
    lt_bytes client_hello;              /* client_hello: the body of the message */
    const struct lt_identity *identity; /* signature: whose */
    uint16_t scheme;                    /* signature: SignatureScheme */
    lt_bytes message; /* signature: what is to be signed, not its hash; put_session: bytes */
    lt_bytes unique;  /* early_data: what must not be accepted twice; PSK identity; session */
    lt_code
        problem; /* evidence: what the chain is refused for without; LT_OK: it is not, but nobody knows
                       * whether it is revoked */
    int64_t until; /* early_data: when it may be forgotten; put_session: seconds until then */
} lt_question;

/* The answer to the question that stands; the other fields are not looked at. */
typedef struct {
    const struct lt_identity *identity; /* certificate: stays the caller's; NULL: none */
    const lt_config *config;            /* client_hello: outlives the engine; NULL: the same */
    lt_bytes signature;                 /* signature */
    bool yes;                           /* verdict, early_data; evidence: there is some */
    lt_code reason;                     /* verdict, not yes: LT_OK: that of the unwelcome */
    lt_bytes bytes;                     /* psk: the key; take_session; n = 0: there is none */
    const lt_bytes *certificates;       /* evidence: DER; they outlive the engine */
    size_t certificate_count;           /* at most LT_CHAIN_MAX */
    const struct lt_revocation
        *revocation; /* evidence: instead of the config's; NULL: that one */
    bool sha384;     /* psk: its hash; else SHA-256 */
} lt_answer;

typedef enum {
    LT_EARLY_none,
    LT_EARLY_offered,
    LT_EARLY_accepted,
    LT_EARLY_rejected
} lt_early_data;

typedef struct {
    const char *engine;
    uint16_t version, cipher_suite, group, signature_scheme; /* 0: not known, or none */
    const char *alpn;                                        /* NULL: none */
    char server_name[256]; /* SNI sent or received; "": none */
    bool resumed;
    lt_bytes psk;    /* identity of the external PSK that was used; n = 0: none */
    int round_trips; /* of the handshake */
    lt_early_data early_data;
    size_t early_sent;  /* client: bytes that went with the hello, whatever became of them */
    bool data_is_early; /* server: what data() gives came as early data */
} lt_info;

typedef struct lt_session lt_session;
struct lt_session {
    void (*free)(lt_session *); /* wipes */
    /* Appends it, its secret included; NULL: this kind stays in the process. */
    lt_code (*export_bytes)(const lt_session *, lt_buffer *out, lt_error *);
    const lt_config *config; /* the only one it may be offered with */
    bool single_use;         /* TLS 1.3: who sees it twice can tell (RFC 8446 section C.4) */
    int64_t expires;         /* seconds since the epoch */
};

typedef struct lt_engine lt_engine;
typedef struct {
    const char *name;
    void (*free)(lt_engine *); /* wipes; also after a failure half-way */

    /* Seconds since the epoch, UTC: what time it is for all that follows. Whoever has the engine go on -
     * by input, an answer, data that is done - tells it before. */
    void (*set_time)(lt_engine *, int64_t now);

    /* From the peer: room for at least one byte (NULL: out of memory, the engine has failed);
     * then `n` bytes were put there, or the transport has ended. */
    uint8_t *(*input)(lt_engine *, size_t wanted, size_t *room);
    void (*input_done)(lt_engine *, size_t n);
    void (*input_end)(lt_engine *);
    size_t (*unread)(const lt_engine *); /* bytes of the peer that are still inside */

    /* For the peer; valid until the next call. */
    lt_bytes (*output)(lt_engine *);
    void (*output_done)(lt_engine *, size_t n);
    /* Is it all nothing that the peer waits for? Then it may go with what comes next. NULL: never. */
    bool (*output_may_wait)(const lt_engine *);

    /* Application data, decrypted in place; valid until the next call. */
    lt_bytes (*data)(lt_engine *);
    void (*data_done)(lt_engine *, size_t n);
    /* Takes some of `n` bytes as records into the output: 0 while the output is full, before the
     * handshake is done, or after the end. */
    size_t (*write)(lt_engine *, const uint8_t *p, size_t n);
    void (*idle)(lt_engine *);           /* nothing to do for now: buffers that are empty go */
    void (*close)(lt_engine *);          /* close_notify into the output; reading goes on */
    void (*abort)(lt_engine *, lt_code); /* fails the engine from outside, with its alert */

    lt_state (*state)(const lt_engine *);
    const lt_error *(*error)(const lt_engine *);
    void (*info)(const lt_engine *, lt_info *);
    const lt_bytes *(*peer_certificates)(const lt_engine *, size_t *count);
    const lt_bytes *(*own_certificates)(const lt_engine *, size_t *count); /* those sent */
    /* The verified chain and what was checked of it; never NULL. */
    const struct lt_verify_result *(*verify_result)(const lt_engine *);

    /* Why the peer's certificates were refused, path by path; NULL: they were not. */
    const struct lt_tried_paths *(*tried_paths)(const lt_engine *);

    lt_bytes (*peer_staple)(const lt_engine *); /* OCSPResponse that came with the leaf */
    lt_bytes (*peer_scts)(const lt_engine *); /* SignedCertificateTimestampList; n = 0: none */

    const lt_question *(*question)(const lt_engine *); /* NULL: none */
    void (*answer)(lt_engine *, const lt_answer *);
    /* Client: application data for the 0-RTT flight (RFC 8446 section 2.3), before the first
     * input; how many bytes of `n` were taken. NULL: an engine without. */
    size_t (*write_early)(lt_engine *, const uint8_t *p, size_t n);
    lt_code (*request_certificate)(lt_engine *, lt_error *); /* server, later; NULL: without */
    lt_code (*update_keys)(lt_engine *, bool request, lt_error *); /* NULL: an engine without */
    /* A handshake message after the handshake, as it is: TLS 1.2, for audits. NULL: without */
    lt_code (*send_handshake)(lt_engine *, lt_bytes message, lt_error *);

    lt_session *(*session)(const lt_engine *,
                           lt_error *); /* owned by the caller; NULL: see e */
    lt_code (*exporter)(const lt_engine *, const char *label, const lt_bytes *context,
                        uint8_t *out, size_t n, lt_error *); /* RFC 5705 */
    /* Finished.verify_data of the last handshake, ours or the peer's; n = 0: none yet */
    lt_bytes (*verify_data)(const lt_engine *, bool peers);
    lt_trace *(*trace)(lt_engine *);
    /* One NSS key log line with its LF, once; 0: none (yet, or any more). */
    size_t (*key_log)(lt_engine *, char *line, size_t room);
} lt_engine_class;

struct lt_engine {
    const lt_engine_class *engine_class;
};

enum { LT_KEY_LOG_LINE = 256 }; /* bytes; the longest has 194 */

#endif
