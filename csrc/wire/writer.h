/* SPDX-License-Identifier: MIT
 * writer.h - bytes onto the end of a buffer. Lengths are closed, not computed: an open one reads
 * ff..ff, so that a forgotten close cannot pass for a shorter message. `full` sticks (out of
 * memory, or a vector longer than its length can say) and is checked once, at the end. */
#ifndef LT_WIRE_WRITER_H
#define LT_WIRE_WRITER_H

#include "base/bytes.h"
#include "base/secret.h"

typedef struct {
    lt_buffer *to;
    bool full;
} lt_writer;

typedef struct {
    size_t at; /* of the length, from the start of the buffer's live bytes */
    int width;
} lt_mark;

static inline void wr_bytes(lt_writer *w, lt_bytes b)
{
    w->full = w->full || !lt_buffer_add(w->to, b.p, b.n);
}

/* A big-endian number of `width` bytes, 1 to 4 (RFC 8446 section 3.3). */
static inline void wr_uint(lt_writer *w, int width, uint32_t v)
{
    uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    wr_bytes(w, (lt_bytes){ b + 4 - width, (size_t)width });
}

static inline lt_mark wr_open(lt_writer *w, int width)
{
    lt_mark m = { lt_buffer_size(w->to), width };
    wr_uint(w, width, 0xffffffff);
    return m;
}

static inline void wr_close(lt_writer *w, lt_mark m)
{
    if (w->full)
        return;
    uint8_t *length = w->to->data + w->to->start + m.at;
    size_t n = lt_buffer_size(w->to) - m.at - (size_t)m.width;
    if (m.width < 4 && n >> (8 * m.width) != 0) {
        w->full = true;
        return;
    }
    for (int i = m.width; i-- > 0; n >>= 8)
        length[i] = (uint8_t)n;
}

/* opaque v<0..2^(8*width)-1> (RFC 8446 section 3.4) */
static inline void wr_vec(lt_writer *w, int width, lt_bytes v)
{
    lt_mark m = wr_open(w, width);
    wr_bytes(w, v);
    wr_close(w, m);
}

#endif
