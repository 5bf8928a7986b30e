/* SPDX-License-Identifier: MIT
 * process.c - see process.h. */
#define _DEFAULT_SOURCE
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { BY_SIGNAL = 128 }; /* as shells have it */

static int spawn(pid_t *pid, char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
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
