/* SPDX-License-Identifier: MIT
 * secret.h - what every secret needs: wiping that stays, a comparison that tells no time, and a
 * growing buffer that leaves nothing behind. */
#ifndef LT_BASE_SECRET_H
#define LT_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

void lt_wipe(void *p, size_t n); /* never optimised away */

/* What functions that have returned left of the stack below the caller's frame, `n` bytes of it at
 * least: registers that compilers put there, and the variables of code that wipes none. */
void lt_wipe_stack(size_t n);

bool lt_ct_eq(const void *a, const void *b, size_t n);
bool lt_ct_public(uint64_t any); /* any bit set: a decision about secrets that all may know */
size_t lt_ct_trimmed(const void *p, size_t n); /* without the zeros at its end, in one time */
void lt_wipe_free(void *p, size_t n);          /* p may be NULL */

/* The mask as it is, but the compiler knows no more of it: else it may take a branch around the
 * work that a mask of zeros undoes (clang 14 did). */
static inline uint64_t lt_ct_mask(uint64_t mask)
{
#ifdef __GNUC__
    __asm__("" : "+r"(mask));
    return mask;
#else
    volatile uint64_t hidden = mask;
    return hidden;
#endif
}

/* Bytes that grow: by a new block, a copy and a wiped old block; never by realloc. The live
 * bytes are data[start .. end). A zeroed struct is an empty buffer. */
typedef struct {
    uint8_t *data;
    size_t start, end, capacity;
} lt_buffer;

bool lt_buffer_reserve(lt_buffer *b, size_t more); /* room for `more` bytes at data + end */
bool lt_buffer_add(lt_buffer *b, const void *p, size_t n); /* false: out of memory, unchanged */
void lt_buffer_take(lt_buffer *b, size_t n); /* n bytes from the front are done with */
void lt_buffer_free(lt_buffer *b);           /* wiped; empty again, ready for use */
void lt_buffer_free_used(lt_buffer *b,
                         size_t used); /* the same where no more was ever written */
void lt_buffer_free_public(
    lt_buffer *b); /* the same of one that never held a secret for long */

static inline size_t lt_buffer_size(const lt_buffer *b)
{
    return b->end - b->start;
}

/* A view of the live bytes, until the buffer changes. */
static inline lt_bytes lt_buffer_bytes(const lt_buffer *b)
{
    return (lt_bytes){ b->data ? b->data + b->start : NULL, lt_buffer_size(b) };
}

#endif
