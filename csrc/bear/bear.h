/* SPDX-License-Identifier: MIT
 * bear.h - BearSSL's own TLS engine (TLS 1.0 to 1.2, all its suites) behind lt_engine. This
 * header is the room's inside; of it conn uses lt_bear_new and lt_bear_shared_new/_free.
 *
 * Where BearSSL's documented interface leaves a gap, fields of its engine are used that 0.6 and
 * the current source have alike: ibuf, ibuf_len, obuf (records.c), out.vtable, version_out
 * (alerts.c), client_random, session, ecdhe_curve, server_name, version_max (engine.c and
 * others), rng_os_rand_done (setup.c). */
#ifndef LT_BEAR_BEAR_H
#define LT_BEAR_BEAR_H

#include <bearssl.h>

#include "base/engine.h"
#include "base/secret.h"
#include "bear/tap.h"
#include "x509/chain.h"
#include "x509/identity.h"
#include "x509/verify.h"

enum { LT_BEAR_NAME = 256 }; /* bytes of a host name, with its NUL */

/* --- what the connections of one config share ------------------------------------------- */

typedef struct lt_bear_cache lt_bear_cache; /* session_cache.c */

struct lt_bear_shared {
    br_ec_impl ec;              /* the groups of the config */
    br_x500_name *authorities;  /* server: the names that CertificateRequest lists */
    size_t authority_count;     /* at least one where a certificate is asked for */
    bool needs_sha1, needs_md5; /* by a suite or a version of the config */
    lt_bear_cache *cache;       /* NULL: none */
};

struct lt_bear_shared *lt_bear_shared_new(const lt_config *config, lt_error *e);
void lt_bear_shared_free(struct lt_bear_shared *shared); /* NULL is fine */

/* --- one connection ---------------------------------------------------------------------- */

/* The peer's chain, collected for the verifier: the br_x509_class of ours (peer_chain.c). */
typedef struct {
    const br_x509_class *vtable; /* first: BearSSL hands its address around */
    lt_buffer der;               /* the certificates end to end */
    size_t ends[LT_CHAIN_MAX];
    size_t count;
    bool too_long, no_memory; /* judged at the end of the chain */
    lt_bytes certificates[LT_CHAIN_MAX];
    lt_verify_result verified;
    lt_tried_paths *tried;   /* NULL: none, or the chain was accepted */
    br_x509_pkey public_key; /* of the leaf; views into der */
    unsigned usages;         /* BR_KEYTYPE_KEYX, BR_KEYTYPE_SIGN */
} lt_peer_chain;

/* What was known of the peer when a session was made. */
typedef struct {
    lt_chain chain; /* its certificates as sent, then the verified path */
    size_t sent;
    lt_verify_result verified; /* the path is the rest of the chain */
} lt_kept_peer;

/* What resumption needs: of a client's session, or an entry of the server's cache. */
typedef struct {
    br_ssl_session_parameters parameters; /* with the master secret */
    char name[LT_BEAR_NAME];              /* server_name; "": none */
    int64_t not_before, not_after;        /* seconds since the epoch: when it may be resumed */
    lt_kept_peer peer;
} lt_saved_session;

typedef struct {
    lt_engine engine; /* first */
    const lt_config *config;
    char name[LT_BEAR_NAME]; /* asked for by the client; "": none */
    bool name_is_ip;         /* no SNI then (RFC 6066 section 3) */
    int64_t now; /* seconds since the epoch, as we were told last in the handshake */
    lt_error error;

    lt_buffer in;       /* from the peer; records are decrypted in place */
    size_t record_size; /* bytes at its front that the engine works on; 0: none */
    bool record_fed;    /* the engine has seen them */
    bool ended;         /* nothing more will come */
    size_t handshake_bytes, idle_records, renegotiations; /* bounds */
    uint64_t records_written;                             /* of application data */
    lt_buffer out;                                        /* for the peer */
    uint8_t *obuf; /* BearSSL's output buffer; NULL while idle */
    bool connected, resumed, closing, peer_closed, question, request_seen, key_logged;

    lt_tap tap;
    lt_peer_chain peer;
    lt_kept_peer *kept_peer; /* of the session that is being resumed; NULL: none */
    lt_certificate_request request;
    lt_question asked;        /* while `question` */
    const lt_identity *shown; /* client: the certificate that the server gets; NULL: none */
    bool no_fitting_identity; /* the server asked; what we have does not fit what it takes */
    const br_ssl_session_cache_class *cache_class; /* its address finds the connection again */

    br_ssl_engine_context *eng; /* the first field of both */
    union {
        br_ssl_client_context client;
        br_ssl_server_context server;
    } br;
} lt_bear;

/* NULL: see e. `name` may be NULL; `resume` is a session of the same config, or NULL. */
lt_engine *lt_bear_new(const lt_config *config, const char *name, const lt_session *resume,
                       int64_t now, lt_error *e);

/* engine.c */
extern const lt_engine_class lt_bear_class;

/* setup.c */
bool lt_bear_setup(lt_bear *b, const lt_session *resume); /* false: see b->error */

/* identity.c: the client's certificate */
void lt_bear_on_request(lt_bear *b); /* a CertificateRequest has come */
void lt_bear_use_identity(lt_bear *b, const lt_identity *identity); /* NULL: none */

/* hello.c: what the peer's hello must be, before BearSSL sees it */
lt_code lt_bear_check_hello(lt_bear *b);

/* records.c */
void lt_bear_pump(lt_bear *b);  /* goes on as far as the bytes and the answers at hand allow */
bool lt_bear_obuf(lt_bear *b);  /* false: out of memory, failed */
void lt_bear_drain(lt_bear *b); /* BearSSL's output to ours */

/* alerts.c */
bool lt_bear_send_alert(lt_bear *b, int level, lt_alert alert); /* false: out of memory */
void lt_bear_failed(lt_bear *b); /* b->error is set: the alert goes out, the rest ends */

/* diagnosis.c: what it means here */
void lt_bear_diagnose(lt_bear *b, int br_error);     /* BearSSL's error number */
lt_code lt_bear_not_tls(lt_bear *b, lt_bytes start); /* bytes that are no record */
void lt_bear_was_reset(lt_bear *b);
void lt_bear_peer_left(lt_bear *b, const char *how); /* in the middle of the handshake */

/* peer_chain.c */
void lt_peer_chain_init(lt_peer_chain *peer);
void lt_peer_chain_free(lt_peer_chain *peer);
void lt_peer_chain_restore(lt_bear *b); /* from b->kept_peer */

/* session.c */
lt_code lt_saved_session_make(lt_saved_session *s, const lt_bear *b, lt_error *e);
bool lt_saved_session_fits(const lt_saved_session *s, const lt_bear *b);
lt_code lt_saved_session_use(const lt_saved_session *s, lt_bear *b); /* makes b->kept_peer */
void lt_bear_forget_kept_peer(lt_bear *b);
void lt_saved_session_free(lt_saved_session *s); /* wipes */
lt_session *lt_bear_session(const lt_engine *engine, lt_error *e);
bool lt_bear_resume(lt_bear *b, const lt_session *session); /* false: not offered */

/* session_cache.c */
lt_bear_cache *lt_bear_cache_new(size_t entries); /* NULL: out of memory */
void lt_bear_cache_free(lt_bear_cache *cache);
void lt_bear_cache_forget(lt_bear_cache *cache, const uint8_t session_id[32]);
extern const br_ssl_session_cache_class lt_bear_cache_class;

#endif
