/* SPDX-License-Identifier: MIT
 * key_log.h - the NSS key log file that a config may name. */
#ifndef LT_CONN_KEY_LOG_H
#define LT_CONN_KEY_LOG_H

#include "base/error.h"

/* Appends; a new file is readable by its owner only. *fd is -1 after a failure. */
lt_code lt_key_log_open(const char *path, int *fd, lt_error *e);
void lt_key_log_write(int fd, const char *line, size_t n);
void lt_key_log_close(int *fd); /* twice is fine */

#endif
