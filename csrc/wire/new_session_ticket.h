/* SPDX-License-Identifier: MIT
 * new_session_ticket.h - NewSessionTicket of TLS 1.3 (RFC 8446 section 4.6.1) and of TLS 1.2
 * (RFC 5077 section 3.3). */
#ifndef LT_WIRE_NEW_SESSION_TICKET_H
#define LT_WIRE_NEW_SESSION_TICKET_H

#include "base/bytes.h"
#include "wire/writer.h"

typedef struct {
    uint32_t ticket_lifetime; /* seconds */
    uint32_t ticket_age_add;  /* TLS 1.3 */
    lt_bytes ticket_nonce;    /* TLS 1.3 */
    lt_bytes ticket;          /* TLS 1.2: may be empty (no ticket after all) */
    lt_bytes extensions;      /* TLS 1.3: content of the vector */
} lt_new_session_ticket;

bool lt_new_session_ticket_parse(lt_reader body, bool tls_1_3, lt_new_session_ticket *t);

/* TLS 1.3: all but the extensions, whose vector the caller opens next. TLS 1.2: all. */
void lt_new_session_ticket_write(lt_writer *w, bool tls_1_3, const lt_new_session_ticket *t);

#endif
