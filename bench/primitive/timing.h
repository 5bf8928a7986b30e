/* SPDX-License-Identifier: MIT
 * timing.h - what the programs that time primitives share. Each is called so: NAME SECONDS FOLDER
 * [PART-OF-A-NAME...]. It prints, with tabs: primitive/NAME/operation, "cpu", microseconds of CPU time
 * for one operation, "us"; the least of some batches, each of so many seconds. FOLDER has the keys:
 * p256.pem and the like (bench/primitives). Operations of which no part was named are left out. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCHES = 3, RECORD = 16384, SHORT_RECORD = 64, RECORD_HEADER = 5 };

static struct {
    const char *stack, *keys;
    char **wanted;
    double seconds;
} bench;

static inline void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", bench.stack, what);
    exit(1);
}

static inline void bench_start(int argc, char **argv)
{
    bench.stack = argc > 1 ? argv[1] : "?";
    must(argc > 3, "NAME SECONDS FOLDER [PART-OF-A-NAME...]");
    bench.seconds = strtod(argv[2], NULL);
    bench.keys = argv[3];
    bench.wanted = argv + 4;
}

static inline bool bench_wants(const char *name)
{
    for (char **part = bench.wanted; *part; part++)
        if (strstr(name, *part))
            return true;
    return !*bench.wanted;
}

static inline double bench_batch(void (*run)(void *), void *state, long count)
{
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (long i = 0; i < count; i++)
        run(state);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static inline void bench_time(const char *name, void (*run)(void *), void *state)
{
    long count = 1;
    double least = bench_batch(run, state, count), took;
    for (took = 0; took < bench.seconds / 2;
         count *= 2) /* how many are a batch; and it is warm */
        took = bench_batch(run, state, count);
    least = took / (double)(count / 2);
    for (int i = 0; i < BATCHES; i++) {
        took = bench_batch(run, state, count) / (double)count;
        if (took < least)
            least = took;
    }
    printf("primitive/%s/%s\tcpu\t%.4g\tus\n", bench.stack, name, least * 1e6);
    fflush(stdout);
}

/* The file of a key, open; its name is at most some letters long. */
static inline FILE *bench_key(const char *name)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s.pem", bench.keys, name);
    must(n > 0 && (size_t)n < sizeof path, "the folder's name is too long");
    FILE *file = fopen(path, "r");
    must(file != NULL, path);
    return file;
}

#endif
