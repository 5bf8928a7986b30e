/* SPDX-License-Identifier: MIT
 * pem_public.c - base64 for what is no secret, by table or 32 digits at a time: time and addresses
 * depend on the bytes. See pem.h. */
#include "x509/pem.h"

#include "x509/pem_lanes.h"

enum { X = 64 }; /* no digit */

/* clang-format off */
static const uint8_t digits[128] = {
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
     X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X, 62,  X,  X,  X, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61,  X,  X,  X,  X,  X,  X,
     X,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,  X,  X,  X,  X,  X,
     X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,  X,  X,  X,  X,  X,
};
/* clang-format on */

static uint32_t digit(uint8_t c)
{
    return c < 0x80 ? digits[c] : X;
}

/* Whole groups of four digits, to the next line; gives where it stopped. */
static const uint8_t *decode_line(const uint8_t *p, const uint8_t *end, uint8_t **to)
{
    uint8_t *out = *to;
    while (end - p >= 4) {
        uint32_t a = digit(p[0]), b = digit(p[1]), c = digit(p[2]), d = digit(p[3]);
        if ((a | b | c | d) & X)
            break;
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        out[0] = (uint8_t)(bits >> 16), out[1] = (uint8_t)(bits >> 8), out[2] = (uint8_t)bits;
        out += 3, p += 4;
    }
    *to = out;
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    return p;
}

lt_code lt_pem_decode_onto(const lt_pem_block *block, uint8_t **to, lt_error *e)
{
    char label[64]; /* may stand where the bytes go */
    size_t n = block->label.n < sizeof label ? block->label.n : sizeof label;
    const uint8_t *p = block->base64.p, *end = p + block->base64.n, *before;
    uint8_t *out = *to;
    if (block->base64.n == 0)
        return LT_OK;
    if (n > 0)
        memcpy(label, block->label.p, n);
    do {
        before = p;
        p = decode_line(lt_pem_lanes(p, end, &out), end, &out);
    } while (p > before);
    if (!lt_pem_digits((lt_bytes){ p, (size_t)(end - p) },
                       &out)) /* padding, and all that is odd */
        return lt_fail_detail(e, LT_pem, "PEM", "%.*s is not base64", (int)n, label);
    *to = out;
    return LT_OK;
}

lt_code lt_pem_decode_public(const lt_pem_block *block, lt_buffer *out, lt_error *e)
{
    if (!lt_buffer_reserve(out, block->base64.n / 4 * 3 + 3))
        return lt_fail(e, LT_memory, "PEM");
    uint8_t *to = out->data + out->end;
    lt_code rc = lt_pem_decode_onto(block, &to, e);
    out->end = (size_t)(to - out->data);
    return rc;
}
