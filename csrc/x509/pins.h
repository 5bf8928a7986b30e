/* SPDX-License-Identifier: MIT
 * pins.h - pinned keys (RFC 7469 section 2.4: SHA-256 of the SubjectPublicKeyInfo), asked in
 * addition to the chain, never in its place. */
#ifndef LT_X509_PINS_H
#define LT_X509_PINS_H

#include "base/bytes.h"
#include "base/error.h"

enum { LT_PIN_SIZE = 32, LT_PINS_MAX = 64, LT_PIN_TEXT_SIZE = 53 /* with its NUL */ };

/* Immutable once made. A zeroed struct pins nothing. */
typedef struct lt_pins {
    uint8_t pins[LT_PINS_MAX][LT_PIN_SIZE];
    size_t count;
    bool no_backup;   /* said aloud: no pin outside the path is asked for */
    bool report_only; /* lt_pins_check says what it saw, and the validator goes on */
    bool expires;
    int64_t expiry; /* seconds since the epoch, UTC: the set binds up to it and no longer */
} lt_pins;

/* "sha256//" and 44 characters of base64; LT_option names what is wrong with it. */
lt_code lt_pins_add(lt_pins *pins, lt_bytes text, lt_error *e);

/* The pin of a SubjectPublicKeyInfo, as text that ends in NUL. */
void lt_pin_of(char text[LT_PIN_TEXT_SIZE], lt_bytes spki);

/* `path`: certificates in DER, the leaf first, of a path that is verified. LT_OK: one of their
 * keys is pinned and, unless no_backup, one pin is of none of them; or the set is empty or has
 * expired. LT_pin_mismatch lists the pins of the path in its detail. Does not look at
 * report_only. */
lt_code lt_pins_check(const lt_pins *pins, const lt_bytes *path, size_t path_length,
                      int64_t time, lt_error *e);

#endif
