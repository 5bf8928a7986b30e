/* SPDX-License-Identifier: MIT
 * der_writer.h - DER written from the back to the front, so that each length is known when its
 * header is due. For small structures in a buffer of fixed size; what does not fit sticks in
 * `full`, to be checked once. */
#ifndef LT_X509_DER_WRITER_H
#define LT_X509_DER_WRITER_H

#include "base/bytes.h"

typedef struct {
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

/* The header of what stands between here and `end`, a place where w->p was before. */
static inline void der_put_header(der_writer *w, uint32_t tag, const uint8_t *end)
{
    const size_t n = (size_t)(end - w->p);
    const uint8_t header[] = { (uint8_t)tag, n >= 0x100 ? 0x82 : 0x81, (uint8_t)(n >> 8),
                               (uint8_t)n };
    if (n >= 0x10000)
        w->full = true;
    else if (n >= 0x100)
        der_put(w, (lt_bytes){ header, 4 });
    else {
        der_put(w, (lt_bytes){ header + 3, 1 });
        if (n >= 0x80)
            der_put(w, (lt_bytes){ header + 1, 1 });
        der_put(w, (lt_bytes){ header, 1 });
    }
}

static inline void der_put_element(der_writer *w, uint32_t tag, lt_bytes content)
{
    const uint8_t *end = w->p;
    der_put(w, content);
    der_put_header(w, tag, end);
}

#endif
