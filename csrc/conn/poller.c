/* SPDX-License-Identifier: MIT
 * poller.c - see poller.h. */
#include "conn/poller.h"

#include <stdlib.h>

#include "conn/deadline.h"

bool lt_poller_add(lt_poller *p, int fd, short events)
{
    if (p->n == p->room) {
        size_t room = p->room ? 2 * p->room : 16;
        struct pollfd *more = realloc(p->list, room * sizeof *more);
        if (!more)
            return false;
        p->list = more, p->room = room;
    }
    p->list[p->n++] = (struct pollfd){ .fd = fd, .events = events };
    return true;
}

void lt_poller_remove(lt_poller *p, size_t i)
{
    p->list[i] = p->list[--p->n];
}

size_t lt_poller_wait(lt_poller *p, double seconds)
{
    int n = poll(p->list, (nfds_t)p->n, lt_milliseconds(seconds));
    return n > 0 ? (size_t)n : 0;
}

void lt_poller_free(lt_poller *p)
{
    free(p->list);
    *p = (lt_poller){ .list = NULL };
}
