/* SPDX-License-Identifier: MIT
 * deadline.c - see deadline.h. */
#define _POSIX_C_SOURCE 200809L
#include "conn/deadline.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

double lt_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int64_t lt_wall_clock(void)
{
    return (int64_t)time(NULL);
}

lt_deadline lt_deadline_start(lt_timeouts timeouts)
{
    return (lt_deadline){ .timeouts = timeouts, .start = lt_monotonic() };
}

bool lt_deadline_is_now(const lt_deadline *d)
{
    return d->timeouts.block == 0 || d->timeouts.total == 0;
}

static double not_negative(double seconds)
{
    return seconds > 0 ? seconds : 0;
}

double lt_deadline_left(const lt_deadline *d)
{
    double block = d->timeouts.block, total = d->timeouts.total;
    if (block < 0 && total < 0)
        return -1;
    double gone = lt_monotonic() - d->start;
    if (total < 0)
        return not_negative(block - gone);
    double left = not_negative(total - gone);
    return block < 0 || left < block ? left : block;
}

enum { DAY = 24 * 60 * 60 }; /* seconds of one poll at most: it counts in int */

int lt_milliseconds(double seconds)
{
    if (seconds < 0)
        return -1;
    if (seconds > DAY)
        return DAY * 1000;
    double ms = seconds * 1e3;
    int whole = (int)ms;
    return whole < ms ? whole + 1 : whole;
}

bool lt_deadline_wait(const lt_deadline *d, int fd, short events)
{
    for (;;) {
        double left = lt_deadline_left(d);
        struct pollfd p = { .fd = fd, .events = events };
        int n = poll(&p, 1, lt_milliseconds(left));
        if (n > 0 || (n < 0 && errno != EINTR))
            return true; /* a failure of poll is one of recv or send too */
        if (n == 0 && left <= DAY)
            return false;
    }
}
