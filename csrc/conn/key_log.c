/* SPDX-License-Identifier: MIT
 * key_log.c - the NSS key log file (draft-ietf-tls-keylogfile). What it says opens every connection
 * that it names, so it is its owner's alone. */
#define _POSIX_C_SOURCE 200809L
#include "conn/key_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

lt_code lt_key_log_open(const char *path, int *fd, lt_error *e)
{
    do
        *fd =
            open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        return lt_fail_detail(e, LT_file, "key_log", "%s: %s", path, strerror(errno));
    return LT_OK;
}

/* One write for a line: O_APPEND keeps the lines of several processes apart. A full disk costs the
 * line, not the connection. */
void lt_key_log_write(int fd, const char *line, size_t n)
{
    ssize_t written;
    do
        written = write(fd, line, n);
    while (written < 0 && errno == EINTR);
}

void lt_key_log_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
