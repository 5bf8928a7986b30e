/* SPDX-License-Identifier: MIT
 * diagnosis.h - why a handshake failed and what cures it, as far as one side can tell: the words that
 * both engines have for it. docs/errors.md has the table. */
#ifndef LT_BASE_DIAGNOSIS_H
#define LT_BASE_DIAGNOSIS_H

#include "base/bytes.h"
#include "base/error.h"

/* What an engine knows of a handshake whose peer sent an alert, or was never heard of again. */
typedef struct {
    bool server;
    uint32_t min_version, max_version;
    bool hello_read; /* client: the server's hello came, so version and suite are agreed on */
    bool certificate_wanted,
        certificate_sent;    /* client: the server asked for one, and got one; server: sent */
    bool none_fits;          /* client: it has some, none is one that the server asked for */
    const char *authorities; /* whose certificates the server takes, as text; "": not said */
    const char *name;        /* client: asked for; "": none */
    bool name_sent;          /* an address is not */
    const char *offered;     /* client: its cipher suites, as text; "": not told */
} lt_circumstances;

/* `e` is lt_fail_peer's. */
void lt_diagnose_alert(lt_error *e, const lt_circumstances *c);

/* The first bytes of the peer, five or more, which are no record of TLS. */
lt_code lt_diagnose_not_tls(lt_error *e, bool server, lt_bytes start);

/* The end came in the handshake, after `last_message`; NULL: before any. */
lt_code lt_diagnose_left(lt_error *e, bool server, const char *how, const char *last_message,
                         bool in_record);

/* The transport was reset, which can overtake an alert of the peer. `data_seen`: the handshake was long
 * done, and what the reset is about is not ours to know. */
lt_code lt_diagnose_reset(lt_error *e, const lt_circumstances *c, const char *last_message,
                          bool data_seen);

#endif
