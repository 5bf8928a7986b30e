/* SPDX-License-Identifier: MIT
 * pem_write.c - blocks of text from DER (RFC 7468), 64 characters to a line. See pem.h. */
#include "x509/pem.h"

enum { LINE = 48 }; /* octets */

/* All ones where a <= b, else 0; numbers below 256 */
static uint32_t up_to(uint32_t a, uint32_t b)
{
    return ((b - a) >> 31) - 1;
}

/* RFC 4648 section 4, without a table: no address depends on a key */
static uint8_t digit(uint32_t v)
{
    v &= 63;
    uint32_t c = v + 'A';
    c += up_to(26, v) & (uint32_t)('a' - 'A' - 26);
    c += up_to(52, v) & (uint32_t)('0' - 'a' - 26);
    c += up_to(62, v) & (uint32_t)('+' - '0' - 10);
    c += up_to(63, v) & (uint32_t)('/' - '+' - 1);
    return (uint8_t)c;
}

static void put(lt_buffer *out, const void *p, size_t n)
{
    memcpy(out->data + out->end, p, n);
    out->end += n;
}

static void put_group(lt_buffer *out, const uint8_t *p, size_t n)
{
    uint32_t bits =
        (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
    const uint8_t group[] = { digit(bits >> 18), digit(bits >> 12),
                              n > 1 ? digit(bits >> 6) : '=', n > 2 ? digit(bits) : '=' };
    put(out, group, sizeof group);
}

static void put_boundary(lt_buffer *out, const char *word, const char *label)
{
    put(out, "-----", 5);
    put(out, word, strlen(word));
    put(out, label, strlen(label));
    put(out, "-----\n", 6);
}

lt_code lt_pem_encode(const char *label, lt_bytes der, lt_buffer *out, lt_error *e)
{
    if (!lt_buffer_reserve(out,
                           2 * (strlen(label) + 20) + der.n / 3 * 4 + 4 + der.n / LINE + 1))
        return lt_fail(e, LT_memory, "PEM");
    put_boundary(out, "BEGIN ", label);
    for (size_t i = 0; i < der.n; i += 3) {
        put_group(out, der.p + i, der.n - i);
        if ((i + 3) % LINE == 0 && i + 3 < der.n)
            put(out, "\n", 1);
    }
    put(out, "\n", 1);
    put_boundary(out, "END ", label);
    return LT_OK;
}
