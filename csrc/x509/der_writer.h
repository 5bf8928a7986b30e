/* SPDX-License-Identifier: MIT
 * der_writer.h - DER written from the back to the front, so that each length is known when its
 * header is due. For small structures in a buffer of fixed size; what does not fit sticks in
 * `full`, to be checked once. */
#ifndef LT_X509_DER_WRITER_H
#define LT_X509_DER_WRITER_H

#include "base/bytes.h"

typedef struct der_writer {
    uint8_t *start, *p, *end; /* what is written: p .. end */
    bool full;
} der_writer;

static inline der_writer der_writer_on(uint8_t *buffer, size_t size)
{
    return (der_writer){ buffer, buffer + size, buffer + size, false };
}

static inline void der_put(der_writer *w, lt_bytes b)
{
    if (w->full || (size_t)(w->p - w->start) < b.n) {
        w->full = true;
        return;
    }
    w->p -= b.n;
    if (b.n)
        memcpy(w->p, b.p, b.n);
}

/* Tag and length of `n` octets. At most three bytes of length, which is what der.h reads. */
static inline void der_put_length(der_writer *w, uint32_t tag, size_t n)
{
    uint8_t header[5] = { (uint8_t)tag, (uint8_t)n };
    const size_t width = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;
    if (n >= 0x1000000)
        w->full = true;
    if (width > 0)
        header[1] = (uint8_t)(0x80 | width);
    for (size_t i = 0; i < width; i++)
        header[2 + i] = (uint8_t)(n >> (8 * (width - 1 - i)));
    der_put(w, (lt_bytes){ header, 2 + width });
}

/* The header of what stands between here and `end`, a place where w->p was before. */
static inline void der_put_header(der_writer *w, uint32_t tag, const uint8_t *end)
{
    der_put_length(w, tag, (size_t)(end - w->p));
}

static inline void der_put_element(der_writer *w, uint32_t tag, lt_bytes content)
{
    const uint8_t *end = w->p;
    der_put(w, content);
    der_put_header(w, tag, end);
}

static inline void der_put_octet(der_writer *w, uint8_t octet)
{
    der_put(w, (lt_bytes){ &octet, 1 });
}

/* An unsigned big-endian number, whose leading zeros do not count. */
static inline void der_put_unsigned(der_writer *w, lt_bytes magnitude)
{
    const uint8_t *end = w->p;
    while (magnitude.n > 0 && magnitude.p[0] == 0)
        magnitude.p++, magnitude.n--;
    der_put(w, magnitude);
    if (magnitude.n == 0 || magnitude.p[0] & 0x80)
        der_put_octet(w, 0);
    der_put_header(w, 0x02, end);
}

/* INTEGER or ENUMERATED */
static inline void der_put_small(der_writer *w, uint32_t tag, uint32_t v)
{
    const uint8_t octets[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                               (uint8_t)v };
    der_put_unsigned(w, (lt_bytes){ octets, 4 });
    if (!w->full)
        w->p[0] = (uint8_t)tag;
}

/* BIT STRING of whole octets, around what stands between here and `end`. */
static inline void der_put_octet_bits(der_writer *w, const uint8_t *end)
{
    der_put_octet(w, 0); /* no unused bits */
    der_put_header(w, 0x03, end);
}

#endif
