/* SPDX-License-Identifier: MIT
 * idle.c - see idle.h. */
#define _GNU_SOURCE /* epoll_create1 */
#include "conn/idle.h"

#include <unistd.h>

#if defined(__linux__)
#include <poll.h>
#include <sys/epoll.h>
#endif

bool lt_idle_is_mine(const lt_idle *idle)
{
    return idle->fd < 0 || idle->owner == (int)getpid();
}

#if defined(__linux__)

static bool start(lt_idle *idle)
{
    if (idle->fd < 0) {
        idle->fd = epoll_create1(EPOLL_CLOEXEC);
        idle->owner = (int)getpid();
    }
    return idle->fd >= 0;
}

bool lt_idle_add(lt_idle *idle, int fd, short events, uint64_t number)
{
    struct epoll_event e = { .data.u64 = number };
    e.events =
        (events & POLLIN ? (uint32_t)EPOLLIN : 0) | (events & POLLOUT ? (uint32_t)EPOLLOUT : 0);
    if (!start(idle) || epoll_ctl(idle->fd, EPOLL_CTL_ADD, fd, &e) != 0)
        return false;
    idle->n++;
    return true;
}

void lt_idle_remove(lt_idle *idle, int fd)
{
    struct epoll_event e = { .events = 0 }; /* before Linux 2.6.9 it had to be there */
    if (lt_idle_is_mine(idle))
        epoll_ctl(idle->fd, EPOLL_CTL_DEL, fd, &e);
    idle->n--;
}

size_t lt_idle_ready(lt_idle *idle, uint64_t numbers[LT_IDLE_MOST])
{
    struct epoll_event events[LT_IDLE_MOST];
    int n = epoll_wait(idle->fd, events, LT_IDLE_MOST, 0);
    for (int i = 0; i < n; i++)
        numbers[i] = events[i].data.u64;
    return n > 0 ? (size_t)n : 0;
}

#else

bool lt_idle_add(lt_idle *idle, int fd, short events, uint64_t number)
{
    (void)idle, (void)fd, (void)events, (void)number;
    return false;
}

void lt_idle_remove(lt_idle *idle, int fd)
{
    (void)idle, (void)fd;
}

size_t lt_idle_ready(lt_idle *idle, uint64_t numbers[LT_IDLE_MOST])
{
    (void)idle, (void)numbers;
    return 0;
}

#endif

void lt_idle_free(lt_idle *idle)
{
    if (idle->fd >= 0)
        close(idle->fd);
    *idle = (lt_idle){ .fd = -1 };
}
