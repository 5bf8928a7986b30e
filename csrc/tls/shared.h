/* SPDX-License-Identifier: MIT
 * shared.h - what the connections of one server config share: the keys that seal its tickets. */
#ifndef LT_TLS_SHARED_H
#define LT_TLS_SHARED_H

#include "base/error.h"

enum { LT_TICKET_KEY_NAME = 16, LT_TICKET_KEY = 32 };

struct lt_tls_shared {
    uint8_t ticket_key_name[LT_TICKET_KEY_NAME];
    uint8_t ticket_key[LT_TICKET_KEY]; /* AES-256-GCM */
};

struct lt_tls_shared *lt_tls_shared_new(lt_error *e);  /* NULL: see e */
void lt_tls_shared_free(struct lt_tls_shared *shared); /* wipes; NULL is fine */

#endif
