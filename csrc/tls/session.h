/* SPDX-License-Identifier: MIT
 * session.h - what a later connection resumes from: a secret and what it is bound to. The client
 * keeps it as an object; the server inside a ticket. */
#ifndef LT_TLS_SESSION_H
#define LT_TLS_SESSION_H

#include "base/engine.h"
#include "base/secret.h"
#include "crypto/hkdf.h"
#include "tls/suite.h"
#include "wire/writer.h"

typedef struct {
    lt_session base; /* first */
    uint16_t version, cipher_suite, group;
    uint8_t secret[LT_HASH_MAX]; /* 1.3: the PSK; 1.2: the master secret */
    size_t secret_size;
    int64_t received;  /* seconds since the epoch; on the server: issued */
    uint32_t lifetime; /* seconds */
    int64_t proved;    /* when the peer last showed that it has its key, in a full handshake */
    uint32_t age_add;  /* 1.3 */
    uint32_t max_early_data;
    bool extended_master_secret;
    bool external;  /* 1.3: a PSK that both sides were given; `ticket` is its identity */
    char name[256]; /* that the peer proved to have, or that was asked of us */
    char alpn[256];
    uint8_t session_id[32]; /* 1.2 without a ticket */
    size_t session_id_size;
    lt_buffer ticket;
    lt_buffer ocsp_staple;  /* client: that came with the peer's leaf */
    lt_buffer certificates; /* the peer's, each with a length of three bytes before it */
} lt_tls_session;

/* Resumptions of resumptions end somewhere: RFC 8446 section 4.6.1 wants a bound on how old what they rest on may be. */
enum { LT_SESSION_AGE_MAX = 604800 }; /* seconds */

bool lt_tls_session_is_good(const lt_tls_session *s, int64_t now, const char *name);
lt_tls_session *lt_tls_session_new(const lt_config *config); /* NULL: out of memory */
/* An external PSK (RFC 8446 section 4.2.11), to be used with the hash of `cipher_suite`. */
lt_tls_session *lt_tls_session_of_psk(const lt_config *config, lt_bytes identity, lt_bytes key,
                                      bool sha384);
lt_tls_session *lt_tls_session_copy(const lt_tls_session *from);
void lt_tls_session_free(lt_session *session); /* wipes; NULL is fine */

void lt_tls_session_write(lt_writer *w, const lt_tls_session *s);
bool lt_tls_session_read(lt_reader r, lt_tls_session *s); /* false: malformed, or no memory */
lt_code lt_tls_session_export(const lt_session *session, lt_buffer *out, lt_error *e);

#endif
