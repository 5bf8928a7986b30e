/* SPDX-License-Identifier: MIT
 * process.h - other programs, run without a shell; and a file that one process at a time may hold. */
#ifndef LT_BASE_PROCESS_H
#define LT_BASE_PROCESS_H

#include "base/error.h"

/* Runs argv[0], found by PATH, without a shell; waits for its end. Standard input is empty, both outputs are our
 * standard error, the rest is as here. One that has not ended after `seconds` (below 0: for ever) is ended, with all
 * that it started. `status`: what it exited with; 128 and the signal that ended it. LT_run where it cannot be run at
 * all, or took too long. */
lt_code lt_run(char *const argv[], double seconds, int *status, lt_error *e);

/* Opens (and makes, mode 0600) a file and locks it as long as the descriptor is open; -1 where another process
 * has it (LT_locked), or it cannot be opened (LT_file_write). */
int lt_lock_file(const char *path, lt_error *e);

#endif
