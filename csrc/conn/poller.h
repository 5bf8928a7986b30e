/* SPDX-License-Identifier: MIT
 * poller.h - many descriptors that are waited for at a time, by poll(2), which has no FD_SETSIZE. A
 * descriptor may be in it more than once. Knows no Lua. */
#ifndef LT_CONN_POLLER_H
#define LT_CONN_POLLER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    struct pollfd *list; /* owned */
    size_t n, room;
} lt_poller;

/* At index n - 1. False: no memory. */
bool lt_poller_add(lt_poller *p, int fd, short events);
/* The last one takes its place. */
void lt_poller_remove(lt_poller *p, size_t i);
/* Waits at most so many seconds (negative: for ever), or until a signal; how many are ready, or failed
 * in a way that the next recv or send tells: those whose revents are not 0. */
size_t lt_poller_wait(lt_poller *p, double seconds);
void lt_poller_free(lt_poller *p);

#endif
