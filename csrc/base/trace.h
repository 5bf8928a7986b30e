/* SPDX-License-Identifier: MIT
 * trace.h - what happened in a handshake, as a bounded queue of events. An engine puts them in, whoever
 * listens takes them out. Handshake messages are kept as they were sent: no secret is in them. Costs a
 * test of one flag where nobody listens. */
#ifndef LT_BASE_TRACE_H
#define LT_BASE_TRACE_H

#include "base/bytes.h"
#include "base/secret.h"

enum { LT_TRACE_MAX = 1 << 18, LT_TRACE_TEXT_MAX = 240 }; /* bytes that wait; of a decision */

typedef enum {
    LT_TRACE_message,  /* one handshake message; number: HandshakeType */
    LT_TRACE_record,   /* number: ContentType; body: of an alert or ChangeCipherSpec */
    LT_TRACE_decision, /* what was decided because of the message before it */
    LT_TRACE_lost,     /* number: events that found no room */
} lt_trace_kind;

typedef struct {
    lt_trace_kind kind;
    bool incoming, encrypted;
    uint32_t number;
    uint64_t time;    /* by the trace's clock; set when it is added */
    uint32_t size;    /* message: its bytes with the header; record: its bytes on the wire */
    lt_bytes body;    /* a view, valid until the next call; decision: the text */
    lt_bytes section; /* decision: the RFC and section */
} lt_trace_event;

/* A zeroed struct is a trace that is off. */
typedef struct {
    bool on;
    uint64_t (*clock)(void); /* microseconds from any start; NULL: no times */
    lt_buffer queue;
    size_t taken; /* of the event that was given last */
    uint32_t lost;
} lt_trace;

void lt_trace_add(lt_trace *t, const lt_trace_event *event);
void lt_trace_decide(lt_trace *t, const char *section, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline bool lt_trace_waits(const lt_trace *t)
{
    return lt_buffer_size(&t->queue) > t->taken || t->lost > 0;
}

bool lt_trace_next(lt_trace *t, lt_trace_event *event); /* false: none waits */
void lt_trace_free(lt_trace *t);

#endif
