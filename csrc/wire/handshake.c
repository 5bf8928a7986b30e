/* SPDX-License-Identifier: MIT
 * handshake.c - see handshake.h. */
#include "wire/handshake.h"

bool lt_handshake_stream_add(lt_handshake_stream *s, lt_bytes fragment)
{
    return lt_buffer_add(&s->pending, fragment.p, fragment.n);
}

lt_code lt_handshake_stream_next(lt_handshake_stream *s, uint32_t *type, lt_reader *body,
                                 bool *present, lt_error *e)
{
    uint32_t length;
    *present = false;
    if (lt_buffer_size(&s->pending) == 0)
        return LT_OK;
    lt_reader r = { s->pending.data + s->pending.start, lt_buffer_size(&s->pending) };
    if (!rd_uint(&r, 1, type) || !rd_uint(&r, 3, &length))
        return LT_OK;
    if (length > LT_HANDSHAKE_MESSAGE_MAX)
        return lt_fail_detail(e, LT_limit, "Handshake.length",
                              "a message of %u bytes; the limit is %d", (unsigned)length,
                              LT_HANDSHAKE_MESSAGE_MAX);
    if (!rd_take(&r, length, body))
        return LT_OK;
    *present = true;
    lt_buffer_take(&s->pending, 4 + (size_t)length); /* the bytes stay until the next add */
    return LT_OK;
}

void lt_handshake_stream_free(lt_handshake_stream *s)
{
    lt_buffer_free(&s->pending);
}
