/* SPDX-License-Identifier: MIT
 * pre_shared_key.h - OfferedPsks of a ClientHello (RFC 8446 section 4.2.11). */
#ifndef LT_WIRE_PRE_SHARED_KEY_H
#define LT_WIRE_PRE_SHARED_KEY_H

#include "base/bytes.h"

enum {
    LT_PSKS_MAX = 8
}; /* identities that are looked at; those beyond it must be well-formed */

typedef struct {
    lt_bytes identity;
    uint32_t obfuscated_ticket_age;
    lt_bytes binder;
} lt_psk_identity;

typedef struct {
    lt_psk_identity psk[LT_PSKS_MAX];
    size_t count;        /* of the array */
    size_t binders_size; /* bytes at the end of the message that the binders do not cover */
} lt_offered_psks;

/* Identities and binders, at least one, as many of one as of the other; binders of 32 to 255. */
bool lt_offered_psks_parse(lt_reader data, lt_offered_psks *offered);

#endif
