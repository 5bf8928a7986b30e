/* SPDX-License-Identifier: MIT
 * file.h - a whole file into a buffer that wipes itself: keys are read here, so that none of
 * them passes through a Lua string. And what a file looks like from outside. */
#ifndef LT_BASE_FILE_H
#define LT_BASE_FILE_H

#include "base/error.h"
#include "base/secret.h"

enum { LT_FILE_MAX = 16 << 20 }; /* bytes; a larger file is refused (LT_limit) */

/* What tells whether a path is still what it was: device, inode, size, time of change in nanoseconds. */
typedef struct {
    bool folder, regular;
    uint64_t stamp[4];
} lt_file_state;

bool lt_file_look(const char *path, lt_file_state *state); /* follows links; false: see errno */

/* Appends the file to `out`, which the caller frees with lt_buffer_free in either case. */
lt_code lt_file_read(const char *path, lt_buffer *out, lt_error *e);

/* Writes a file whole or not at all: a new one beside it takes its place once all is on the disk. `mode`: of the
 * file, whatever the umask is. What is there already stays unless `replace`, and always where it is a device or a FIFO.
 * LT_file_write, LT_memory. */
lt_code lt_file_write(const char *path, lt_bytes content, uint32_t mode, bool replace,
                      lt_error *e);

#endif
