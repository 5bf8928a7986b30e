/* SPDX-License-Identifier: MIT
 * poller.h - many descriptors that are waited for at a time, with the meaning of poll(2), which has no FD_SETSIZE and
 * tells of a descriptor that was closed. What has waited long is left to the kernel (idle.h), so that a turn costs
 * what is going on, not what is open. A descriptor may be in it more than once. Knows no Lua. */
#ifndef LT_CONN_POLLER_H
#define LT_CONN_POLLER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "conn/idle.h"

#define LT_POLLER_NONE ((size_t)-1)

typedef struct {
    int fd;
    short events;
    bool used;
    unsigned generation; /* how often it was used */
    size_t
        place; /* in `hot`; LT_POLLER_NONE: the kernel has it. Where it is not used: the next such waiter */
} lt_waiter;

typedef struct {
    size_t waiter;
    unsigned turns; /* that it has waited in vain */
} lt_hot;

typedef struct {
    lt_waiter *waiters;    /* owned, as all that follow */
    size_t *ready;         /* what the last wait has found: n_ready of them */
    struct pollfd *polled; /* polled[i + 1] is hot[i]; polled[0] is what the kernel has */
    lt_hot *hot;
    size_t room, n_waiters, n_hot, n_ready, free;
    lt_idle idle;
    double checked; /* when what the kernel has was last polled */
} lt_poller;

void lt_poller_start(lt_poller *p);
/* Its number, which stays until it is removed; LT_POLLER_NONE: no memory. */
size_t lt_poller_add(lt_poller *p, int fd, short events);
bool lt_poller_has(const lt_poller *p, size_t waiter);
void lt_poller_remove(lt_poller *p, size_t waiter);
/* Waits at most so many seconds (negative: for ever), or until a signal. Those in `ready` can go on, or failed in a
 * way that the next recv or send tells. */
void lt_poller_wait(lt_poller *p, double seconds);
void lt_poller_free(lt_poller *p);

#endif
