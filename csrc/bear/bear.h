/* SPDX-License-Identifier: MIT
 * bear.h - BearSSL's own TLS engine (TLS 1.0 to 1.2, all its suites) behind lt_engine. This
 * header is the room's inside; of it conn uses lt_bear_new and lt_bear_shared_new/_free.
 *
 * Where BearSSL's documented interface leaves a gap, fields of its engine are used that 0.6 and
 * the current source have alike: ibuf, ibuf_len, obuf (records.c), out.vtable, version_out
 * (alerts.c), client_random, session, ecdhe_curve (engine.c), rng_os_rand_done (setup.c). */
#ifndef LT_BEAR_BEAR_H
#define LT_BEAR_BEAR_H

#include <bearssl.h>

#include "base/engine.h"
#include "base/secret.h"
#include "bear/tap.h"
#include "x509/chain.h"
#include "x509/identity.h"
#include "x509/verify.h"

/* --- what the connections of one config share ------------------------------------------- */

typedef struct lt_bear_cache lt_bear_cache; /* session_cache.c */

struct lt_bear_shared {
    br_ec_impl ec;              /* the groups of the config */
    br_x500_name *authorities;  /* server: the names that CertificateRequest lists */
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
    bool too_long; /* more than the limits; judged at the end of the chain */
    lt_bytes certificates[LT_CHAIN_MAX];
    lt_verify_result verified;
    br_x509_pkey public_key; /* of the leaf; views into der */
    unsigned usages;         /* BR_KEYTYPE_KEYX, BR_KEYTYPE_SIGN */
} lt_peer_chain;

typedef struct {
    lt_engine engine; /* first */
    const lt_config *config;
    char name[256];  /* asked for; "": none */
    bool name_is_ip; /* no SNI then (RFC 6066 section 3) */
    int64_t now;     /* seconds since the epoch, when the connection began */
    lt_error error;

    lt_buffer in;       /* from the peer; records are decrypted in place */
    size_t record_size; /* bytes at its front that the engine works on; 0: none */
    bool record_seen;   /* the record at the front has been through the tap */
    size_t handshake_bytes, idle_records; /* bounds */
    lt_buffer out;                        /* for the peer */
    uint8_t *obuf;                        /* BearSSL's output buffer; NULL while idle */
    bool connected, closing, peer_closed, question, key_logged;

    lt_tap tap;
    lt_peer_chain peer;
    lt_chain resumed_chain; /* the certificates of the session that is being resumed */
    lt_certificate_request request;
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

/* setup.c */
bool lt_bear_setup(lt_bear *b, const lt_session *resume);           /* false: see b->error */
void lt_bear_use_identity(lt_bear *b, const lt_identity *identity); /* client; NULL: none */

/* records.c */
void lt_bear_pump(lt_bear *b); /* goes on as far as the bytes and the answers at hand allow */
bool lt_bear_obuf(lt_bear *b); /* false: out of memory, failed */
void lt_bear_drain(lt_bear *b);

/* alerts.c */
void lt_bear_send_alert(lt_bear *b, int level, lt_alert alert);
void lt_bear_fail(lt_bear *b, lt_code code,
                  const char *where); /* with its alert; echoes pass */
void lt_bear_failed(lt_bear *b);      /* b->error is set: the alert goes out, the rest ends */

/* diagnosis.c: what BearSSL's error number means here */
void lt_bear_diagnose(lt_bear *b, int br_error);

/* peer_chain.c */
void lt_peer_chain_init(lt_peer_chain *peer);
void lt_peer_chain_free(lt_peer_chain *peer);
lt_code lt_peer_chain_restore(lt_bear *b, const lt_chain *chain, size_t sent, lt_error *e);

/* session.c */
lt_session *lt_bear_session(const lt_engine *engine, lt_error *e);
bool lt_bear_resume(lt_bear *b, const lt_session *session); /* false: not offered */

/* session_cache.c */
lt_bear_cache *lt_bear_cache_new(size_t entries, uint32_t lifetime); /* NULL: out of memory */
void lt_bear_cache_free(lt_bear_cache *cache);
extern const br_ssl_session_cache_class lt_bear_cache_class;

#endif
