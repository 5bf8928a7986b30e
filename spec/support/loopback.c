/* SPDX-License-Identifier: MIT
 * loopback.c - preloaded into servers that have no option for their address: they listen on
 * 127.0.0.1 only, and say on which port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*next)(int, const struct sockaddr *, socklen_t);
    *(void **)&next = dlsym(RTLD_NEXT, "bind");
    if (address->sa_family == AF_INET6) { /* every one of these servers goes on with IPv4 alone */
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
    struct sockaddr_in local;
    socklen_t length = sizeof local;
    int status = next(fd, backlog);
    if (status == 0 && getsockname(fd, (struct sockaddr *)&local, &length) == 0)
        fprintf(stderr, "loopback port %d\n", ntohs(local.sin_port));
    return status;
}
