/* SPDX-License-Identifier: MIT
 * pins.c - see pins.h. */
#include "x509/pins.h"

#include <stdio.h>

#include "crypto/accel/sha256.h"
#include "crypto/hash.h"
#include "x509/certificate.h"
#include "x509/text.h"

static const char prefix[] = "sha256//";
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BASE64_SIZE = 44, PREFIX_SIZE = sizeof prefix - 1 };

/* 32 bytes are ten times three and two: 43 digits, the last of them with two bits of zero, and
 * one "=" (RFC 4648 section 4). */
static bool decode(uint8_t pin[LT_PIN_SIZE], const uint8_t text[BASE64_SIZE])
{
    uint32_t bits = 0;
    size_t n = 0;
    for (int i = 0; i < BASE64_SIZE - 1; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        if (i % 4 != 0)
            pin[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    return text[BASE64_SIZE - 1] == '=' && (bits & 3) == 0;
}

/* The place of a pin in the set; count: it has none. */
static size_t find(const lt_pins *pins, const uint8_t pin[LT_PIN_SIZE])
{
    size_t at = 0;
    while (at < pins->count
           && !lt_bytes_equal((lt_bytes){ pins->pins[at], LT_PIN_SIZE },
                              (lt_bytes){ pin, LT_PIN_SIZE }))
        at++;
    return at;
}

static bool parse(uint8_t pin[LT_PIN_SIZE], lt_reader text)
{
    lt_bytes start;
    return rd_take(&text, PREFIX_SIZE, &start)
           && lt_bytes_equal(start, (lt_bytes){ (const uint8_t *)prefix, PREFIX_SIZE })
           && text.n == BASE64_SIZE && decode(pin, text.p);
}

lt_code lt_pins_add(lt_pins *pins, lt_bytes text, lt_error *e)
{
    uint8_t pin[LT_PIN_SIZE];
    int shown = text.n > 64 ? 64 : (int)text.n;
    if (!parse(pin, text))
        return lt_fail_detail(e, LT_option, "pins",
                              "\"%.*s\" is not \"sha256//\" and the base64 of 32 bytes", shown,
                              text.n ? (const char *)text.p : "");
    if (find(pins, pin) < pins->count)
        return lt_fail_detail(e, LT_option, "pins", "%.*s is there twice", shown,
                              (const char *)text.p);
    if (pins->count == LT_PINS_MAX)
        return lt_fail_detail(e, LT_option, "pins", "more than %d", LT_PINS_MAX);
    memcpy(pins->pins[pins->count++], pin, sizeof pin);
    return LT_OK;
}

void lt_pin_of(char text[LT_PIN_TEXT_SIZE], lt_bytes spki)
{
    uint8_t pin[LT_PIN_SIZE];
    lt_hash(&lt_sha256_vtable, spki, pin);
    memcpy(text, prefix, PREFIX_SIZE);
    lt_base64_text((lt_bytes){ pin, sizeof pin }, 0, text + PREFIX_SIZE, BASE64_SIZE + 1);
}

/* The detail has room for the first of them and no more: the leaf's comes last to be cut. */
static lt_code fail_mismatch(const lt_bytes *path, size_t path_length, lt_error *e)
{
    char seen[LT_DETAIL_MAX] = "", text[LT_PIN_TEXT_SIZE];
    size_t n = 0;
    for (size_t i = 0; i < path_length && n < sizeof seen; i++) {
        lt_certificate c;
        lt_error ignored = { .code = LT_OK };
        if (lt_certificate_parse(&c, path[i], &ignored) != LT_OK)
            continue;
        lt_pin_of(text, c.spki);
        n += (size_t)snprintf(seen + n, sizeof seen - n, "%s%s", n ? ", " : "", text);
    }
    return lt_fail_detail(e, LT_pin_mismatch, "subjectPublicKeyInfo", "the path has %s", seen);
}

lt_code lt_pins_check(const lt_pins *pins, const lt_bytes *path, size_t path_length,
                      int64_t time, lt_error *e)
{
    bool met[LT_PINS_MAX] = { false };
    size_t count = 0;
    if (pins->count == 0 || (pins->expires && time > pins->expiry))
        return LT_OK;
    for (size_t i = 0; i < path_length; i++) {
        uint8_t pin[LT_PIN_SIZE];
        lt_certificate c;
        if (lt_certificate_parse(&c, path[i], e) != LT_OK)
            return e->code;
        lt_hash(&lt_sha256_vtable, c.spki, pin);
        size_t at = find(pins, pin);
        if (at < pins->count && !met[at]) {
            met[at] = true;
            count++;
        }
    }
    if (count == 0)
        return fail_mismatch(path, path_length, e);
    if (count == pins->count && !pins->no_backup)
        return lt_fail_detail(e, LT_pin_mismatch, "pins",
                              "no backup: every pin of the set is of a key of the path");
    return LT_OK;
}
