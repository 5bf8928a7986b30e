/* SPDX-License-Identifier: MIT
 * bytes.h - a view of bytes that shrinks from the front. Knows no message, key or state.
 * A failed rd_ call returns false and moves nothing; the bytes stay their owner's. */
#ifndef LT_BASE_BYTES_H
#define LT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *p;
    size_t n;
} lt_reader;

typedef lt_reader lt_bytes; /* a view that is kept, not consumed */

/* Public bytes only; secrets are compared by lt_ct_eq. */
static inline bool lt_bytes_equal(lt_bytes a, lt_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* An order of them, the shorter first: of unsigned numbers without leading zeros, that of their
 * values. Public bytes only. */
static inline int lt_bytes_compare(lt_bytes a, lt_bytes b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

static inline bool rd_take(lt_reader *r, size_t n, lt_reader *out)
{
    if (r->n < n) /* the only bounds check: rd_uint, rd_vec and DER all come through here */
        return false;
    *out = (lt_reader){ r->p, n };
    if (n > 0) /* an empty view may have no address to move */
        r->p += n, r->n -= n;
    return true;
}

/* A big-endian number of `width` bytes, 1 to 4 (RFC 8446 section 3.3). */
static inline bool rd_uint(lt_reader *r, int width, uint32_t *out)
{
    lt_reader in;
    if (!rd_take(r, (size_t)width, &in))
        return false;
    uint32_t v = 0;
    for (int i = 0; i < width; i++)
        v = v << 8 | in.p[i]; /* NOLINT(clang-analyzer-core.NullDereference): it has `width` */
    *out = v;
    return true;
}

/* opaque out<0..2^(8*width)-1> (RFC 8446 section 3.4) */
static inline bool rd_vec(lt_reader *r, int width, lt_reader *out)
{
    lt_reader in = *r;
    uint32_t n;
    if (!rd_uint(&in, width, &n) || !rd_take(&in, n, out))
        return false;
    *r = in;
    return true;
}

#endif
