/* SPDX-License-Identifier: MIT
 * pem_public.c - base64 by table, for what is no secret: time and addresses depend on the bytes. See
 * pem.h. */
#include "x509/pem.h"

enum { NONE = 64 };

static void make_table(uint8_t table[256])
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memset(table, NONE, 256);
    for (uint8_t i = 0; i < 64; i++)
        table[(uint8_t)digits[i]] = i;
}

/* Whole groups of four digits, with a line's end between them; gives where it stopped. */
static const uint8_t *decode_groups(const uint8_t *p, const uint8_t *end, const uint8_t *table,
                                    uint8_t **out)
{
    while (end - p >= 4) {
        uint32_t a = table[p[0]], b = table[p[1]], c = table[p[2]], d = table[p[3]];
        if ((a | b | c | d) & NONE) {
            if (*p != '\n' && *p != '\r')
                break;
            p++;
            continue;
        }
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        (*out)[0] = (uint8_t)(bits >> 16);
        (*out)[1] = (uint8_t)(bits >> 8);
        (*out)[2] = (uint8_t)bits;
        *out += 3;
        p += 4;
    }
    return p;
}

/* xx== or xxx=, and then white space only. What is odd is left to lt_pem_decode. */
static bool decode_rest(const uint8_t *p, const uint8_t *end, const uint8_t *table,
                        uint8_t **out)
{
    if (end - p >= 4 && p[3] == '=' && !((table[p[0]] | table[p[1]]) & NONE)) {
        uint32_t a = table[p[0]], b = table[p[1]], c = table[p[2]];
        if (p[2] == '=' && !(b & 0x0f)) {
            *(*out)++ = (uint8_t)(a << 2 | b >> 4);
        } else if (!(c & NONE) && !(c & 0x03)) {
            *(*out)++ = (uint8_t)(a << 2 | b >> 4);
            *(*out)++ = (uint8_t)(b << 4 | c >> 2);
        } else {
            return false;
        }
        p += 4;
    }
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    return p == end;
}

lt_code lt_pem_decode_public(const lt_pem_block *block, lt_buffer *out, lt_error *e)
{
    uint8_t table[256];
    if (!lt_buffer_reserve(out, block->base64.n / 4 * 3 + 3))
        return lt_fail(e, LT_memory, "PEM");
    if (block->base64.n == 0)
        return LT_OK;
    make_table(table);
    uint8_t *to = out->data + out->end;
    const uint8_t *end = block->base64.p + block->base64.n;
    const uint8_t *p = decode_groups(block->base64.p, end, table, &to);
    if (!decode_rest(p, end, table, &to))
        return lt_pem_decode(block, out, e); /* anything odd, and what is wrong */
    out->end = (size_t)(to - out->data);
    return LT_OK;
}
