/* SPDX-License-Identifier: MIT
 * lookup.c - see lookup.h. */
#define _GNU_SOURCE /* pipe2 */
#include "base/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct job {
    int out;
    char host[]; /* the thread's own, as is the descriptor */
};

/* As many addresses as there is room for. */
static size_t list_of(const struct addrinfo *found, char *out)
{
    char address[NI_MAXHOST];
    size_t n = 0;
    out[n++] = '+';
    for (; found; found = found->ai_next) {
        if (getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0,
                        NI_NUMERICHOST)
            != 0)
            continue;
        int size = snprintf(out + n, LT_LOOKUP_MAX - n, "%s\n", address);
        if (size < 0 || (size_t)size >= LT_LOOKUP_MAX - n)
            break;
        n += (size_t)size;
    }
    return n;
}

static size_t answer_for(const char *host, char *out)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(host, NULL, &wanted, &found);
    if (rc != 0)
        return (size_t)snprintf(out, LT_LOOKUP_MAX, "-%.255s: %.200s", host, gai_strerror(rc));
    size_t n = list_of(found, out);
    freeaddrinfo(found);
    return n;
}

static void *ask(void *argument)
{
    struct job *job = argument;
    char answer[LT_LOOKUP_MAX];
    size_t n = answer_for(job->host, answer);
    ssize_t heard = write(job->out, answer, n); /* by nobody, perhaps; SIGPIPE is blocked */
    (void)heard;
    close(job->out);
    free(job);
    return NULL;
}

/* No signal is for it. */
static int start_thread(struct job *job)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    int rc = pthread_attr_init(&attributes);
    if (rc != 0)
        return rc;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    rc = pthread_create(&thread, &attributes, ask, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rc;
}

int lt_lookup_start(const char *host, lt_error *e)
{
    int ends[2];
    const size_t size = strlen(host) + 1;
    struct job *job = malloc(sizeof *job + size);
    if (!job) {
        lt_fail(e, LT_memory, "lookup");
        return -1;
    }
    memcpy(job->host, host, size);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        lt_fail_detail(e, LT_io, "lookup", "%s", strerror(errno));
        free(job);
        return -1;
    }
    job->out = ends[1];
    int rc = start_thread(job);
    if (rc == 0)
        return ends[0];
    lt_fail_detail(e, LT_io, "lookup", "%s", strerror(rc));
    close(ends[0]);
    close(ends[1]);
    free(job);
    return -1;
}
