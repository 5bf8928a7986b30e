/* SPDX-License-Identifier: MIT
 * der_build.c - see der_build.h. */
#include "x509/der_build.h"

enum { FIRST_ROOM = 2048, MAX_ROOM = 16 << 20 };

static lt_code append(lt_buffer *out, const der_writer *w, const char *where, lt_error *e)
{
    return lt_buffer_add(out, w->p, (size_t)(w->end - w->p)) ? LT_OK
                                                             : lt_fail(e, LT_memory, where);
}

lt_code lt_der_build(lt_buffer *out, lt_der_write *write, const void *content,
                     const char *where, lt_error *e)
{
    for (size_t room = FIRST_ROOM; room <= MAX_ROOM; room *= 4) {
        lt_buffer scratch = { .data = NULL };
        if (!lt_buffer_reserve(&scratch, room))
            return lt_fail(e, LT_memory, where);
        scratch.end = scratch.capacity; /* wiped to its end */
        der_writer w = der_writer_on(scratch.data, scratch.capacity);
        write(&w, content);
        if (!w.full)
            append(out, &w, where, e);
        lt_buffer_free(&scratch);
        if (!w.full)
            return e->code;
    }
    return lt_fail_detail(e, LT_limit, where, "more than %d bytes", MAX_ROOM);
}
