/* SPDX-License-Identifier: MIT
 * procstat.c - runs a command many times, each timed from start to reaping:
 *     procstat NAME RUNS COMMAND [ARGUMENT...]
 * Prints NAME, metric, median, unit, min, max, n, with tabs, for wall time, CPU time (user and system)
 * and peak resident memory. What the command prints is dropped; a status other than 0 is an error. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 10000, WARM = 3 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void row(const char *name, const char *metric, double *v, size_t n, const char *unit)
{
    qsort(v, n, sizeof *v, ascending);
    double median = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
    printf("%s\t%s\t%.3f\t%s\t%.3f\t%.3f\t%zu\n", name, metric, median, unit, v[0], v[n - 1],
           n);
}

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static double now(void) /* milliseconds */
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool run(char **command, double *wall, double *cpu, double *memory)
{
    struct rusage usage;
    int status;
    double start = now();
    pid_t pid = vfork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
        return false;
    *wall = now() - start;
    *cpu = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    *memory = (double)usage.ru_maxrss;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    static double wall[RUNS_MAX], cpu[RUNS_MAX], memory[RUNS_MAX];
    long runs = argc < 4 ? 0 : strtol(argv[2], NULL, 10);
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: procstat NAME RUNS COMMAND [ARGUMENT...]\n");
        return 2;
    }
    for (long i = -WARM; i < runs; i++) {
        size_t k = i < 0 ? 0 : (size_t)i;
        if (!run(argv + 3, &wall[k], &cpu[k], &memory[k])) {
            fprintf(stderr, "procstat: %s: the command failed\n", argv[1]);
            return 1;
        }
    }
    row(argv[1], "wall", wall, (size_t)runs, "ms");
    row(argv[1], "cpu", cpu, (size_t)runs, "ms");
    row(argv[1], "peak_rss", memory, (size_t)runs, "KiB");
    return 0;
}
