/* SPDX-License-Identifier: MIT
 * lookup.h - the addresses of a host, asked of the system while the program goes on. */
#ifndef LT_BASE_LOOKUP_H
#define LT_BASE_LOOKUP_H

#include "base/error.h"

enum {
    LT_LOOKUP_MAX = 512
}; /* octets of an answer: what POSIX has a pipe write at once (_POSIX_PIPE_BUF) */

/* Asks in a thread of its own, since getaddrinfo waits for as long as it likes and cannot be ended. A descriptor that
 * becomes readable when there is an answer, which one read gives whole: "+" and addresses, each with a line end; or "-"
 * and why there are none. Whoever waits no longer closes it. -1: LT_io, LT_memory. */
int lt_lookup_start(const char *host, lt_error *e);

#endif
