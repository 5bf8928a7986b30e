/* SPDX-License-Identifier: MIT
 * poller.c - see poller.h.
 *
 * Who begins to wait is hot: one of poll(2)'s list. Most go on within a few turns, and then no other call was needed.
 * One that has been polled in vain so often that it cost what giving it to the kernel does is given to the kernel.
 * The kernel forgets a descriptor that is closed, where poll(2) tells of it; so once in a second what it has is polled. */
#include "conn/poller.h"

#include <stdlib.h>

#include "conn/deadline.h"

enum {
    FEW = 8, /* hot ones that are left as they are: polling them costs less than a call */
    PATIENCE =
        16 /* turns of poll(2), at 0.1 us, for the 1.5 us that the way to the kernel and back costs */
};
#define CHECK 1.0 /* seconds */

void lt_poller_start(lt_poller *p)
{
    *p = (lt_poller){ .free = LT_POLLER_NONE, .idle.fd = -1 };
}

/* What could grow stays grown where another could not. */
static bool has_room(lt_poller *p)
{
    if (p->free != LT_POLLER_NONE || p->n_waiters < p->room)
        return true;
    size_t room = p->room ? 2 * p->room : 16;
    lt_waiter *waiters = realloc(p->waiters, room * sizeof *waiters);
    p->waiters = waiters ? waiters : p->waiters;
    size_t *ready = realloc(p->ready, room * sizeof *ready);
    p->ready = ready ? ready : p->ready;
    struct pollfd *polled = realloc(p->polled, (room + 1) * sizeof *polled);
    p->polled = polled ? polled : p->polled;
    lt_hot *hot = realloc(p->hot, room * sizeof *hot);
    p->hot = hot ? hot : p->hot;
    if (!waiters || !ready || !polled || !hot)
        return false;
    p->room = room;
    return true;
}

static void make_hot(lt_poller *p, size_t waiter)
{
    lt_waiter *w = &p->waiters[waiter];
    w->place = p->n_hot++;
    p->hot[w->place] = (lt_hot){ .waiter = waiter };
    p->polled[w->place + 1] = (struct pollfd){ .fd = w->fd, .events = w->events };
}

/* The last one takes its place. */
static void leave_hot(lt_poller *p, size_t place)
{
    size_t last = --p->n_hot;
    p->hot[place] = p->hot[last];
    p->polled[place + 1] = p->polled[last + 1];
    p->waiters[p->hot[place].waiter].place = place;
}

size_t lt_poller_add(lt_poller *p, int fd, short events)
{
    if (!has_room(p))
        return LT_POLLER_NONE;
    size_t waiter = p->free;
    if (waiter != LT_POLLER_NONE)
        p->free = p->waiters[waiter].place;
    else
        p->waiters[waiter = p->n_waiters++].generation = 0;
    lt_waiter *w = &p->waiters[waiter];
    *w = (lt_waiter){
        .fd = fd, .events = events, .used = true, .generation = w->generation + 1
    };
    make_hot(p, waiter);
    return waiter;
}

bool lt_poller_has(const lt_poller *p, size_t waiter)
{
    return waiter < p->n_waiters && p->waiters[waiter].used;
}

void lt_poller_remove(lt_poller *p, size_t waiter)
{
    lt_waiter *w = &p->waiters[waiter];
    if (w->place == LT_POLLER_NONE)
        lt_idle_remove(&p->idle, w->fd);
    else
        leave_hot(p, w->place);
    w->used = false, w->place = p->free;
    p->free = waiter;
}

static uint64_t number_of(const lt_poller *p, size_t waiter)
{
    return (uint64_t)p->waiters[waiter].generation << 32 | waiter;
}

static bool is_idle(const lt_poller *p, size_t waiter)
{
    return lt_poller_has(p, waiter) && p->waiters[waiter].place == LT_POLLER_NONE;
}

/* From the last to the first: who leaves is replaced by one that was seen already. */
static void cool_down(lt_poller *p)
{
    for (size_t i = p->n_hot; i-- > 0 && p->n_hot > FEW;) {
        size_t waiter = p->hot[i].waiter;
        lt_waiter *w = &p->waiters[waiter];
        if (p->polled[i + 1].revents || ++p->hot[i].turns % PATIENCE)
            continue;
        if (lt_idle_add(&p->idle, w->fd, w->events, number_of(p, waiter))) {
            leave_hot(p, i);
            w->place = LT_POLLER_NONE;
        }
    }
}

/* A process that was forked must not touch what it shares with the other one; and a descriptor which was closed, and is
 * still open in another process, is told of under a number that has no such waiter. */
static void start_again(lt_poller *p)
{
    lt_idle_free(&p->idle);
    for (size_t i = 0; i < p->n_waiters; i++)
        if (is_idle(p, i))
            make_hot(p, i);
}

static void poll_some(lt_poller *p, const size_t *waiters, size_t n)
{
    struct pollfd list[LT_IDLE_MOST];
    for (size_t i = 0; i < n; i++)
        list[i] = (struct pollfd){ .fd = p->waiters[waiters[i]].fd,
                                   .events = p->waiters[waiters[i]].events };
    if (poll(list, (nfds_t)n, 0) <= 0)
        return;
    for (size_t i = 0; i < n; i++)
        if (list[i].revents) {
            lt_idle_remove(&p->idle, list[i].fd);
            make_hot(p, waiters[i]);
        }
}

static void check_idle(lt_poller *p)
{
    size_t some[LT_IDLE_MOST], n = 0;
    for (size_t i = 0; i < p->n_waiters; i++) {
        if (is_idle(p, i))
            some[n++] = i;
        if (n == LT_IDLE_MOST || i + 1 == p->n_waiters)
            poll_some(p, some, n), n = 0;
    }
    p->checked = lt_monotonic();
}

static void tell_idle(lt_poller *p)
{
    uint64_t numbers[LT_IDLE_MOST];
    size_t n = lt_idle_ready(&p->idle, numbers);
    bool stale = false;
    for (size_t i = 0; i < n; i++) {
        size_t waiter = (size_t)(numbers[i] & UINT32_MAX);
        if (is_idle(p, waiter) && numbers[i] == number_of(p, waiter))
            p->ready[p->n_ready++] = waiter;
        else
            stale = true;
    }
    if (stale)
        start_again(p);
}

static void tell(lt_poller *p)
{
    for (size_t i = 0; i < p->n_hot; i++)
        if (p->polled[i + 1].revents)
            p->ready[p->n_ready++] = p->hot[i].waiter;
    if (p->polled[0].revents)
        tell_idle(p);
}

/* Below 0: a signal. */
static int wait_once(lt_poller *p, double seconds)
{
    p->polled[0] = (struct pollfd){ .fd = p->idle.n ? p->idle.fd : -1, .events = POLLIN };
    int n = poll(p->polled, (nfds_t)p->n_hot + 1, lt_milliseconds(seconds));
    if (n > 0)
        tell(p);
    if (n >= 0)
        cool_down(p);
    return n;
}

void lt_poller_wait(lt_poller *p, double seconds)
{
    lt_deadline d = lt_deadline_start((lt_timeouts){ -1, seconds });
    int n = 0;
    p->n_ready = 0;
    if (!p->room) {
        poll(NULL, 0, lt_milliseconds(seconds));
        return;
    }
    if (!lt_idle_is_mine(&p->idle))
        start_again(p);
    double left = seconds;
    while (n >= 0 && !p->n_ready) {
        if (p->idle.n && lt_monotonic() - p->checked >= CHECK)
            check_idle(p);
        bool in_part = p->idle.n && (left < 0 || left > CHECK);
        n = wait_once(p, in_part ? CHECK : left);
        if (n == 0 && !in_part)
            return;
        left = lt_deadline_left(&d);
    }
}

void lt_poller_free(lt_poller *p)
{
    free(p->waiters), free(p->ready), free(p->polled), free(p->hot);
    lt_idle_free(&p->idle);
    lt_poller_start(p);
}
