/* SPDX-License-Identifier: MIT
 * entropy.c - see entropy.h. */
#define _DEFAULT_SOURCE
#include "base/entropy.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"

#if defined(__linux__)
#include <sys/random.h>
static ssize_t fill(uint8_t *out, size_t n)
{
    return getrandom(out, n, 0);
}
#else
#include <unistd.h>
static ssize_t fill(uint8_t *out, size_t n) /* the BSDs and macOS: 256 bytes a call */
{
    size_t piece = n < 256 ? n : 256;
    return getentropy(out, piece) == 0 ? (ssize_t)piece : -1;
}
#endif

lt_code lt_entropy(uint8_t *out, size_t n, lt_error *e)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = fill(out + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            lt_wipe(out, n);
            return lt_fail_detail(e, LT_entropy, "getrandom", "%s", strerror(errno));
        }
        done += (size_t)got;
    }
    return LT_OK;
}
