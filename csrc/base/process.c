/* SPDX-License-Identifier: MIT
 * process.c - see process.h. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addclosefrom_np */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { BY_SIGNAL = 128 }; /* as shells have it */
enum { FDS_MAX = 65536 }; /* descriptors looked at, where the system closes none by itself */
enum {
    FIRST_NAP = 1000000,
    LONGEST_NAP = 50000000
}; /* nanoseconds between two looks at a program that is timed */

static const double GRACE = 2; /* seconds from SIGTERM to SIGKILL */

/* The program gets standard error, for both of its outputs: what it prints is no part of what we print. And none of
 * our sockets: a listening one would keep its port for as long as what a hook starts lives. */
static int keep_ours(posix_spawn_file_actions_t *actions)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34))
    return posix_spawn_file_actions_addclosefrom_np(actions, 3);
#else
    (void)actions;
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (most > 0 && most < FDS_MAX ? (int)most : FDS_MAX); fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0)
            fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    }
    return 0;
#endif
}

/* What the program would inherit from us and does not expect: SIGPIPE ignored, as LuaSocket has it, and signals that
 * wait for a descriptor (signalfd) to be read. One that may have to be ended has a group of its own, with all that it
 * starts. */
static int plain_signals(posix_spawnattr_t *attributes, bool group)
{
    const int flags =
        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (group ? POSIX_SPAWN_SETPGROUP : 0);
    sigset_t set;
    sigemptyset(&set);
    int rc = posix_spawnattr_setsigmask(attributes, &set);
    sigaddset(&set, SIGPIPE);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &set);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attributes, (short)flags);
    return rc;
}

static int spawn_as(pid_t *pid, char *const argv[], posix_spawnattr_t *attributes)
{
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&actions, 2, 1);
    if (rc == 0)
        rc = keep_ours(&actions);
    if (rc == 0)
        rc = posix_spawnp(pid, argv[0], &actions, attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static int spawn(pid_t *pid, char *const argv[], bool group)
{
    posix_spawnattr_t attributes;
    int rc = posix_spawnattr_init(&attributes);
    if (rc != 0)
        return rc;
    rc = plain_signals(&attributes, group);
    if (rc == 0)
        rc = spawn_as(pid, argv, &attributes);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 1 where it has ended, 0 where it has not within `seconds` (below 0: for ever), -1 where it cannot be waited for. */
static int await(pid_t pid, double seconds, int *how)
{
    const double end = now() + seconds;
    struct timespec nap = { .tv_nsec = FIRST_NAP };
    for (;;) {
        pid_t found = waitpid(pid, how, seconds < 0 ? 0 : WNOHANG);
        if (found > 0)
            return 1;
        if (found < 0 && errno != EINTR)
            return -1;
        if (found == 0 && now() >= end)
            return 0;
        if (found == 0)
            nanosleep(&nap, NULL);
        nap.tv_nsec = nap.tv_nsec < LONGEST_NAP / 2 ? nap.tv_nsec * 2 : LONGEST_NAP;
    }
}

/* Ends a program that took too long, and what it has started. */
static lt_code put_down(pid_t pid, char *const argv[], double seconds, lt_error *e)
{
    int how;
    kill(-pid, SIGTERM);
    int ended = await(pid, GRACE, &how);
    kill(-pid, SIGKILL); /* also who has outlived it */
    if (ended == 0)
        await(pid, -1, &how);
    return lt_fail_detail(e, LT_run, "program", "%s: it did not end within %g seconds", argv[0],
                          seconds);
}

/* Where SIGCHLD is ignored, as it is by some who start us, the system tells nobody how a program has ended (waitpid(2)).
 * True: it was, and is no more; `before` is to be set again. */
static bool hear_of_ends(struct sigaction *before)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };
    if (sigaction(SIGCHLD, NULL, before) != 0
        || (before->sa_handler != SIG_IGN && !(before->sa_flags & SA_NOCLDWAIT)))
        return false;
    return sigaction(SIGCHLD, &plain, NULL) == 0;
}

static lt_code run(char *const argv[], double seconds, int *status, lt_error *e)
{
    pid_t pid;
    int how = 0, rc = spawn(&pid, argv, seconds >= 0);
    if (rc != 0)
        return lt_fail_detail(e, LT_run, "program", "%s: %s", argv[0], strerror(rc));
    int ended = await(pid, seconds, &how);
    if (ended == 0)
        return put_down(pid, argv, seconds, e);
    if (ended < 0)
        return lt_fail_detail(e, LT_run, "program", "%s: %s", argv[0], strerror(errno));
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : BY_SIGNAL + WTERMSIG(how);
    return LT_OK;
}

lt_code lt_run(char *const argv[], double seconds, int *status, lt_error *e)
{
    struct sigaction before;
    const bool changed = hear_of_ends(&before);
    lt_code rc = run(argv, seconds, status, e);
    if (changed)
        sigaction(SIGCHLD, &before, NULL);
    return rc;
}

static int lock_once(const char *path, lt_error *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        lt_fail_detail(e, LT_file_write, "file", "%s: %s", path, strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno == EWOULDBLOCK)
        lt_fail_detail(e, LT_locked, "file", "%s", path);
    else
        lt_fail_detail(e, LT_file_write, "file", "%s: %s", path, strerror(errno));
    close(fd);
    return -1;
}

static bool leads_to(const char *path, int fd)
{
    struct stat named, held;
    return stat(path, &named) == 0 && fstat(fd, &held) == 0 && named.st_ino == held.st_ino
           && named.st_dev == held.st_dev;
}

int lt_lock_file(const char *path, lt_error *e)
{
    for (;;) {
        int fd = lock_once(path, e);
        if (fd < 0 || leads_to(path, fd))
            return fd;
        close(fd); /* removed meanwhile: the lock of a file without a name keeps nobody out */
    }
}
