/* SPDX-License-Identifier: MIT
 * file.c - see file.h. */
#define _POSIX_C_SOURCE 200809L
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* `size`: that of a regular file, whose end is where a read gives less than it was asked for; 0: not known. */
static lt_code read_all(int fd, size_t size, const char *path, lt_buffer *out, lt_error *e)
{
    for (;;) {
        if (!lt_buffer_reserve(out, 4096))
            return lt_fail(e, LT_memory, "file");
        size_t room = out->capacity - out->end;
        ssize_t n = read(fd, out->data + out->end, room);
        if (n == 0)
            return LT_OK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lt_fail_detail(e, LT_file, "file", "%s: %s", path, strerror(errno));
        out->end += (size_t)n;
        if (lt_buffer_size(out) > LT_FILE_MAX)
            return lt_fail_detail(e, LT_limit, "file", "%s: more than %d bytes", path,
                                  LT_FILE_MAX);
        if ((size_t)n < room && lt_buffer_size(out) == size)
            return LT_OK;
    }
}

bool lt_file_look(const char *path, lt_file_state *state)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    state->folder = S_ISDIR(st.st_mode);
    state->regular = S_ISREG(st.st_mode);
    state->stamp[0] = (uint64_t)st.st_dev;
    state->stamp[1] = (uint64_t)st.st_ino;
    state->stamp[2] = (uint64_t)st.st_size;
    state->stamp[3] = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
    return true;
}

lt_code lt_file_read(const char *path, lt_buffer *out, lt_error *e)
{
    struct stat st;
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return lt_fail_detail(e, LT_file, "file", "%s: %s", path, strerror(errno));
    lt_code rc;
    bool known = fstat(fd, &st) == 0;
    if (known && S_ISDIR(st.st_mode))
        rc = lt_fail_detail(e, LT_file, "file", "%s: is a directory", path);
    else if (known && st.st_size > 0 && st.st_size < LT_FILE_MAX
             && !lt_buffer_reserve(out,
                                   (size_t)st.st_size + 4096)) /* at once, not bit by bit */
        rc = lt_fail(e, LT_memory, "file");
    else
        rc = read_all(fd, known && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0, path, out, e);
    close(fd);
    return rc;
}
