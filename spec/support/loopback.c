/* SPDX-License-Identifier: MIT
 * loopback.c - preloaded into servers that have no option for their address: they listen on
 * 127.0.0.1 only, and say on which port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*next)(int, const struct sockaddr *, socklen_t);
    *(void **)&next = dlsym(RTLD_NEXT, "bind");
    if (address->sa_family == AF_INET6 && getenv("LOOPBACK_MAPPED")) { /* ::ffff:127.0.0.1 */
        struct sockaddr_in6 mapped;
        memcpy(&mapped, address, sizeof mapped);
        memset(&mapped.sin6_addr, 0, sizeof mapped.sin6_addr);
        memcpy(mapped.sin6_addr.s6_addr + 10, "\xff\xff\x7f\0\0\1", 6);
        return next(fd, (struct sockaddr *)&mapped, sizeof mapped);
    }
    if (address->sa_family == AF_INET6) { /* the others go on with IPv4 alone */
        errno = EADDRNOTAVAIL;
        return -1;
    }
    if (address->sa_family != AF_INET)
        return next(fd, address, length);
    struct sockaddr_in local;
    memcpy(&local, address, sizeof local);
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return next(fd, (struct sockaddr *)&local, sizeof local);
}

int listen(int fd, int backlog)
{
    int (*next)(int, int);
    *(void **)&next = dlsym(RTLD_NEXT, "listen");
    struct sockaddr_in6 local; /* the port lies where that of IPv4 does */
    socklen_t length = sizeof local;
    int status = next(fd, backlog);
    if (status == 0 && getsockname(fd, (struct sockaddr *)&local, &length) == 0)
        fprintf(stderr, "loopback port %d\n", ntohs(local.sin6_port));
    return status;
}
