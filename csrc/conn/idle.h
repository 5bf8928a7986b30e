/* SPDX-License-Identifier: MIT
 * idle.h - descriptors that the kernel watches, so that they cost nothing while nothing happens to them: epoll(7). Where
 * there is none, it takes none. */
#ifndef LT_CONN_IDLE_H
#define LT_CONN_IDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LT_IDLE_MOST 128 /* that are told of at a time; the others are next time */

typedef struct {
    int fd;    /* to be polled for POLLIN while n > 0; -1: none */
    int owner; /* the process whose it is: what was forked has another */
    size_t n;
} lt_idle;

/* False where the kernel cannot: a regular file, or a descriptor that it has already. `events` are poll(2)'s. */
bool lt_idle_add(lt_idle *idle, int fd, short events, uint64_t number);
void lt_idle_remove(lt_idle *idle, int fd);
/* The numbers of those that are ready, of which those that `remove` did not reach have to be told apart by the caller. */
size_t lt_idle_ready(lt_idle *idle, uint64_t numbers[LT_IDLE_MOST]);
bool lt_idle_is_mine(const lt_idle *idle); /* not another process's */
void lt_idle_free(lt_idle *idle);

#endif
