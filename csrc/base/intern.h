/* SPDX-License-Identifier: MIT
 * intern.h - bytes that are kept once, however many hold them: what the peers of one config send over and
 * over again. Public bytes only: they are compared and not wiped. One thread at a time. */
#ifndef LT_BASE_INTERN_H
#define LT_BASE_INTERN_H

#include "base/bytes.h"

typedef struct lt_intern lt_intern;

lt_intern *lt_intern_new(void); /* NULL: out of memory */
/* Its owner needs it no more; what others hold of it stays until they drop it. NULL is fine. */
void lt_intern_free(lt_intern *table);

/* `bytes` as they are kept, until they are dropped; false: out of memory. No bytes take none. `table` NULL:
 * kept for this holder alone. */
bool lt_intern_keep(lt_intern *table, lt_bytes bytes, lt_bytes *kept);
lt_bytes lt_intern_share(lt_bytes kept); /* for one holder more */
void lt_intern_drop(lt_bytes *kept);     /* none afterwards; twice is fine */

typedef struct {
    size_t blocks, bytes,
        holders; /* of all that is kept; `bytes`: without what each block costs */
} lt_intern_numbers;
lt_intern_numbers lt_intern_count(const lt_intern *table);

#endif
