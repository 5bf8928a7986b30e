/* SPDX-License-Identifier: MIT
 * freshness.h - is what a CRL or an OCSP response says of its time (RFC 5280 section 5.1.2.4 and
 * 5.1.2.5, RFC 6960 section 4.2.2.1)? */
#ifndef LT_X509_FRESHNESS_H
#define LT_X509_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

enum { LT_MAX_AGE_WITHOUT_NEXT_UPDATE = 7 * 86400 }; /* seconds */

typedef enum { LT_FRESH, LT_FUTURE, LT_PAST, LT_OLD } lt_freshness;

typedef struct {
    int64_t this_update, next_update;
    bool has_next_update;
} lt_update_times;

/* `max_age` in seconds; 0: until nextUpdate, or seven days where there is none. */
static inline lt_freshness lt_freshness_at(const lt_update_times *t, int64_t time,
                                           int64_t max_age)
{
    if (max_age == 0)
        max_age = t->has_next_update ? INT64_MAX : LT_MAX_AGE_WITHOUT_NEXT_UPDATE;
    if (time < t->this_update)
        return LT_FUTURE;
    if (t->has_next_update && time > t->next_update)
        return LT_PAST;
    return time - t->this_update > max_age ? LT_OLD : LT_FRESH;
}

#endif
