/* SPDX-License-Identifier: MIT
 * slow_names.c - preloaded where a resolver is wanted that does not answer: names that begin with "slow" are looked up
 * for a minute. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted, struct addrinfo **found)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strncmp(name, "slow", 4) == 0) {
        sleep(60);
        return EAI_AGAIN;
    }
    return next(name, service, wanted, found);
}
