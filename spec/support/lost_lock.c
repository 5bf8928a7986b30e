/* SPDX-License-Identifier: MIT
 * lost_lock.c - preloaded where somebody is to remove a file between its open(2) and its flock(2): once, the file that
 * LOST_LOCK names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int flock(int fd, int operation)
{
    int (*next)(int, int);
    static int is_lost;
    *(void **)&next = dlsym(RTLD_NEXT, "flock");
    if (!is_lost++)
        unlink(getenv("LOST_LOCK"));
    return next(fd, operation);
}
