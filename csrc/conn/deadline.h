/* SPDX-License-Identifier: MIT
 * deadline.h - how long a call may wait, by LuaSocket's two timeouts, on CLOCK_MONOTONIC. */
#ifndef LT_CONN_DEADLINE_H
#define LT_CONN_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds; negative: for ever. As in LuaSocket 3 either one alone bounds the whole call; with both,
 * each wait takes at most `block` and the call at most `total`. */
typedef struct {
    double block, total;
} lt_timeouts;

typedef struct {
    lt_timeouts timeouts;
    double start;
} lt_deadline;

double lt_monotonic(void);   /* seconds since some moment */
int64_t lt_wall_clock(void); /* seconds since the epoch, UTC */

/* What poll(2) wants: -1 for ever, at most a day, and rounded up, so that the last millisecond is not
 * spent in a busy loop. */
int lt_milliseconds(double seconds);

lt_deadline lt_deadline_start(lt_timeouts timeouts);
bool lt_deadline_is_now(const lt_deadline *d); /* a timeout of 0: never wait */

/* Seconds that the next wait may take; negative: for ever. */
double lt_deadline_left(const lt_deadline *d);

/* Waits until `fd` is ready for `events` of poll(2), or failed in a way that the next recv or send
 * tells. False: no time is left. Interrupted, it goes on with the time that is left. */
bool lt_deadline_wait(const lt_deadline *d, int fd, short events);

#endif
