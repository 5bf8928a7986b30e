/* SPDX-License-Identifier: MIT
 * file_write.c - see file.h. A run that is killed at any step leaves the old file or the new one, and at worst
 * a file of a name of its own beside it that nobody else can read. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static bool write_all(int fd, lt_bytes content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        content.p += n, content.n -= (size_t)n;
    }
    return true;
}

/* Readable by others no sooner than with all its content, and only if `mode` says so. A limit of the size of files
 * (RLIMIT_FSIZE) is an error to be told, and ends nobody by SIGXFSZ. */
static bool fill(int fd, lt_bytes content, uint32_t mode)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    bool ignored = sigaction(SIGXFSZ, &ignore, &before) == 0;
    bool ok = write_all(fd, content) && fchmod(fd, (mode_t)mode) == 0 && fsync(fd) == 0;
    int why = errno;
    if (ignored)
        sigaction(SIGXFSZ, &before, NULL);
    errno = why;
    return ok;
}

/* For file systems without link(2) (FAT, some of FUSE): an empty file of ours has the name until the other takes its
 * place. */
static bool claim(const char *temporary, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    if (rename(temporary, path) == 0)
        return true;
    int why = errno;
    unlink(path);
    errno = why;
    return false;
}

/* link(2) fails where there is a file already, rename(2) takes its place. */
static bool put_in_place(const char *temporary, const char *path, bool replace)
{
    if (replace)
        return rename(temporary, path) == 0;
    if (link(temporary, path) != 0)
        return (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
               && claim(temporary, path);
    unlink(temporary);
    return true;
}

/* The folder's entry, too, is to be on the disk; where that cannot be asked, the system does it later. */
static void sync_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = 0;
    int fd = open(slash ? path : ".", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static bool write_beside(char *temporary, const char *path, lt_bytes content, uint32_t mode,
                         bool replace)
{
    int fd = mkstemp(temporary); /* mode 0600, O_EXCL */
    if (fd < 0)
        return false;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    bool ok = fill(fd, content, mode);
    int why = errno;
    if (close(fd) != 0 && ok)
        ok = false, why = errno;
    if (ok) {
        ok = put_in_place(temporary, path, replace);
        why = errno;
    }
    if (!ok)
        unlink(temporary);
    errno = why;
    return ok;
}

/* A device, a FIFO or a socket, or a link to one, is nobody's to replace: /dev/stdout and /dev/null least of all. */
static bool is_special(const char *path)
{
    lt_file_state state;
    return lt_file_look(path, &state) && !state.regular && !state.folder;
}

lt_code lt_file_write(const char *path, lt_bytes content, uint32_t mode, bool replace,
                      lt_error *e)
{
    if (is_special(path))
        return lt_fail_detail(e, LT_file_write, "file", "%s: this is no regular file", path);
    static const char ending[] = ".XXXXXX";
    const size_t n = strlen(path);
    char *temporary = malloc(n + sizeof ending);
    if (!temporary)
        return lt_fail(e, LT_memory, "file");
    memcpy(temporary, path, n);
    memcpy(temporary + n, ending, sizeof ending);
    if (write_beside(temporary, path, content, mode, replace))
        sync_folder(temporary);
    else
        lt_fail_detail(e, LT_file_write, "file", "%s: %s", path, strerror(errno));
    free(temporary);
    return e->code;
}
