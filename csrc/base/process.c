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
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { BY_SIGNAL = 128 }; /* as shells have it */
enum { FDS_MAX = 65536 }; /* descriptors looked at, where the system closes none by itself */

/* The program gets standard output and standard error, and none of our sockets: a listening one would keep its port
 * for as long as what a hook starts lives. */
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
 * wait for a descriptor (signalfd) to be read. */
static int plain_signals(posix_spawnattr_t *attributes)
{
    sigset_t set;
    sigemptyset(&set);
    int rc = posix_spawnattr_setsigmask(attributes, &set);
    sigaddset(&set, SIGPIPE);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &set);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attributes,
                                      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
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
        rc = keep_ours(&actions);
    if (rc == 0)
        rc = posix_spawnp(pid, argv[0], &actions, attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static int spawn(pid_t *pid, char *const argv[])
{
    posix_spawnattr_t attributes;
    int rc = posix_spawnattr_init(&attributes);
    if (rc != 0)
        return rc;
    rc = plain_signals(&attributes);
    if (rc == 0)
        rc = spawn_as(pid, argv, &attributes);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

lt_code lt_run(char *const argv[], int *status, lt_error *e)
{
    pid_t pid;
    int how, rc = spawn(&pid, argv);
    if (rc != 0)
        return lt_fail_detail(e, LT_run, "program", "%s: %s", argv[0], strerror(rc));
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return lt_fail_detail(e, LT_run, "program", "%s: %s", argv[0], strerror(errno));
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : BY_SIGNAL + WTERMSIG(how);
    return LT_OK;
}

int lt_lock_file(const char *path, lt_error *e)
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
