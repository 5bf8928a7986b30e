/* SPDX-License-Identifier: MIT
 * file.h - a whole file into a buffer that wipes itself: keys are read here, so that none of
 * them passes through a Lua string. */
#ifndef LT_BASE_FILE_H
#define LT_BASE_FILE_H

#include "base/error.h"
#include "base/secret.h"

enum { LT_FILE_MAX = 16 << 20 }; /* bytes; a larger file is refused (LT_limit) */

/* Appends the file to `out`, which the caller frees with lt_buffer_free in either case. */
lt_code lt_file_read(const char *path, lt_buffer *out, lt_error *e);

#endif
