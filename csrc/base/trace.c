/* SPDX-License-Identifier: MIT
 * trace.c - see trace.h. In the queue an event is a header of fixed size, its body and its section. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

void lt_trace_add(lt_trace *t, const lt_trace_event *event)
{
    if (!t->on)
        return;
    lt_trace_event h = *event; /* the views' pointers mean nothing in the queue */
    h.time = t->clock ? t->clock() : 0;
    size_t n = sizeof h + event->body.n + event->section.n;
    if (lt_buffer_size(&t->queue) + n > LT_TRACE_MAX || !lt_buffer_reserve(&t->queue, n)) {
        t->lost++; /* a trace that has no room fails nothing */
        return;
    }
    lt_buffer_add(&t->queue, &h, sizeof h);
    lt_buffer_add(&t->queue, event->body.p, event->body.n);
    lt_buffer_add(&t->queue, event->section.p, event->section.n);
}

void lt_trace_decide(lt_trace *t, const char *section, const char *format, ...)
{
    char text[LT_TRACE_TEXT_MAX];
    va_list args;
    if (!t->on)
        return;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t size = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    lt_trace_add(t, &(lt_trace_event){
                        .kind = LT_TRACE_decision,
                        .body = { (const uint8_t *)text, size },
                        .section = { (const uint8_t *)section, strlen(section) },
                    });
}

bool lt_trace_next(lt_trace *t, lt_trace_event *event)
{
    lt_trace_event h;
    lt_buffer_take(&t->queue, t->taken);
    t->taken = 0;
    if (lt_buffer_size(&t->queue) == 0) {
        lt_buffer_free(&t->queue);
        *event = (lt_trace_event){ .kind = LT_TRACE_lost, .number = t->lost };
        t->lost = 0;
        return event->number > 0;
    }
    const uint8_t *p = t->queue.data + t->queue.start;
    memcpy(&h, p, sizeof h);
    *event = h;
    event->body.p = p + sizeof h;
    event->section.p = event->body.p + event->body.n;
    t->taken = sizeof h + event->body.n + event->section.n;
    return true;
}

void lt_trace_free(lt_trace *t)
{
    lt_buffer_free(&t->queue);
    *t = (lt_trace){ 0 };
}
