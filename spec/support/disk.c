/* SPDX-License-Identifier: MIT
 * disk.c - a disk that fails, preloaded into a program that a spec starts. Its calls of open to write, write, fsync,
 * link, rename and unlink on files below DISK_BELOW count from 1.
 *   DISK_FAIL=n       the nth fails with ENOSPC, and what writes after it
 *   DISK_KILL=n       the process ends behind the nth, as by SIGKILL
 *   DISK_NO_LINK=1    link fails with EPERM, as on FAT
 *   DISK_LOG=path     gets the number of calls so far, and the last one's name
 *   DISK_NO_MASK=1    beside the disk: no signal can be blocked */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls;

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int is_below(const char *path)
{
    const char *below = getenv("DISK_BELOW");
    char here[PATH_MAX] = "";
    if (!below)
        return 0;
    if (path[0] != '/' && !getcwd(here, sizeof here))
        return 0;
    return strncmp(here[0] ? here : path, below, strlen(below)) == 0;
}

static int is_file_below(int fd)
{
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, path, sizeof path - 1);
    if (n < 0)
        return 0;
    path[n] = 0;
    return path[0] == '/' && is_below(path);
}

/* Before a call; 0: it fails. */
static int may(const char *what, int writes)
{
    long fail = number("DISK_FAIL");
    char line[64];
    const char *log = getenv("DISK_LOG");
    calls++;
    if (log) {
        int n = snprintf(line, sizeof line, "%ld %s\n", calls, what);
        int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd >= 0 && syscall(SYS_write, fd, line, (size_t)n) != n)
            abort();
        syscall(SYS_close, fd);
    }
    if (fail && (calls == fail || (calls > fail && writes))) {
        errno = ENOSPC;
        return 0;
    }
    return 1;
}

static void after(void)
{
    if (calls == number("DISK_KILL"))
        kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define CALL(type, what, wanted, writes, real) \
    if (!(wanted))                             \
        return real;                           \
    if (!may(what, writes))                    \
        return -1;                             \
    type result = real;                        \
    int why = errno;                           \
    after();                                   \
    errno = why;                               \
    return result;

ssize_t write(int fd, const void *bytes, size_t n)
{
    CALL(ssize_t, "write", is_file_below(fd), 1, syscall(SYS_write, fd, bytes, n))
}

int fsync(int fd)
{
    CALL(int, "fsync", is_file_below(fd), 1, REAL(fsync)(fd))
}

int mkstemp(char *path)
{
    CALL(int, "mkstemp", is_below(path), 1, REAL(mkstemp)(path))
}

int link(const char *from, const char *to)
{
    if (is_below(to) && getenv("DISK_NO_LINK")) {
        errno = EPERM;
        return -1;
    }
    CALL(int, "link", is_below(to), 1, REAL(link)(from, to))
}

int rename(const char *from, const char *to)
{
    CALL(int, "rename", is_below(to), 0, REAL(rename)(from, to))
}

int unlink(const char *path)
{
    CALL(int, "unlink", is_below(path), 0, REAL(unlink)(path))
}

int remove(const char *path)
{
    CALL(int, "unlink", is_below(path), 0, REAL(remove)(path))
}

int sigprocmask(int how, const sigset_t *set, sigset_t *before)
{
    if (getenv("DISK_NO_MASK")) {
        errno = EINVAL;
        return -1;
    }
    return REAL(sigprocmask)(how, set, before);
}
