/* SPDX-License-Identifier: MIT
 * der.c - see der.h. */
#include "x509/der.h"

/* The length at r->p[1], in its long form; octets of the header, or 0. */
static size_t long_header(const lt_reader *r, size_t *length)
{
    size_t width = r->p[1] & 0x7fu, n = 0;
    if (width < 1 || width > 3 || r->n < 2 + width)
        return 0;
    for (size_t i = 0; i < width; i++)
        n = n << 8 | r->p[2 + i];
    *length = n;
    return n >= 0x80 && n >> 8 * (width - 1) != 0 ? 2 + width : 0; /* no shorter form existed */
}

bool der_any(lt_reader *r, uint32_t *tag, lt_reader *value)
{
    if (r->n < 2 || (r->p[0] & 0x1f) == 0x1f)
        return false;
    size_t length = r->p[1], header = length < 0x80 ? 2 : long_header(r, &length);
    if (header == 0 || r->n - header < length)
        return false;
    const uint8_t *content = r->p + header;
    *tag = r->p[0];
    *r = (lt_reader){ content + length, r->n - header - length };
    *value = (lt_reader){ content, length };
    return true;
}

bool der_next_is(const lt_reader *r, uint32_t tag)
{
    return r->n > 0 && r->p[0] == tag;
}

bool der_value(lt_reader *r, uint32_t tag, lt_reader *value)
{
    uint32_t found;
    return der_next_is(r, tag) && der_any(r, &found, value);
}

bool der_element(lt_reader *r, uint32_t tag, lt_bytes *whole)
{
    lt_reader start = *r, value;
    if (!der_value(r, tag, &value))
        return false;
    *whole = (lt_bytes){ start.p, start.n - r->n };
    return true;
}

bool der_optional(lt_reader *r, uint32_t tag, lt_reader *value)
{
    *value = (lt_reader){ NULL, 0 };
    return !der_next_is(r, tag) || der_value(r, tag, value);
}

bool der_only(lt_bytes in, uint32_t tag, lt_reader *value)
{
    return der_value(&in, tag, value) && in.n == 0;
}

bool der_boolean(lt_reader *r, bool *v)
{
    lt_reader in = *r, value;
    if (!der_value(&in, DER_BOOLEAN, &value) || value.n != 1
        || (value.p[0] != 0 && value.p[0] != 0xff))
        return false;
    *v = value.p[0] != 0;
    *r = in;
    return true;
}

bool der_is_oid(lt_bytes content)
{
    uint8_t before = 0;
    bool padded = false; /* 0x80 at the start of a subidentifier (X.690 8.19.2) */
    if (content.n == 0 || content.n > DER_OID_MAX || content.p[content.n - 1] >= 0x80)
        return false;
    for (size_t i = 0; i < content.n; i++) {
        padded |= (content.p[i] == 0x80) & (before < 0x80);
        before = content.p[i];
    }
    return !padded;
}

bool der_oid(lt_reader *r, lt_bytes *oid)
{
    lt_reader in = *r, value;
    if (!der_value(&in, DER_OID, &value) || !der_is_oid(value))
        return false;
    *oid = value;
    *r = in;
    return true;
}

bool der_is_integer(lt_bytes c)
{
    if (c.n < 2)
        return c.n == 1;
    bool sign = (c.p[1] & 0x80) != 0; /* nine equal bits at the front: X.690 8.3.2 */
    return !(c.p[0] == 0x00 && !sign) && !(c.p[0] == 0xff && sign);
}

bool der_is_unsigned(lt_bytes content, lt_bytes *magnitude)
{
    if (!der_is_integer(content) || (content.p[0] & 0x80))
        return false;
    if (content.p[0] == 0)
        content.p++, content.n--;
    *magnitude = content;
    return true;
}

bool der_is_small(lt_bytes content, int32_t *v)
{
    lt_bytes m;
    uint32_t u = 0;
    if (!der_is_unsigned(content, &m) || m.n > 4 || (m.n > 0 && !rd_uint(&m, (int)m.n, &u))
        || u > INT32_MAX)
        return false;
    *v = (int32_t)u;
    return true;
}

bool der_integer(lt_reader *r, lt_bytes *content)
{
    lt_reader in = *r, value;
    if (!der_value(&in, DER_INTEGER, &value) || !der_is_integer(value))
        return false;
    *content = value;
    *r = in;
    return true;
}

bool der_unsigned(lt_reader *r, lt_bytes *magnitude)
{
    lt_reader in = *r, value;
    if (!der_value(&in, DER_INTEGER, &value) || !der_is_unsigned(value, magnitude))
        return false;
    *r = in;
    return true;
}

bool der_small(lt_reader *r, int32_t *v)
{
    lt_reader in = *r, value;
    if (!der_value(&in, DER_INTEGER, &value) || !der_is_small(value, v))
        return false;
    *r = in;
    return true;
}

bool der_is_bit_string(lt_bytes content, lt_bytes *bits, uint32_t *unused)
{
    uint32_t count;
    if (!rd_uint(&content, 1, &count) || count > 7)
        return false;
    if (content.n == 0 ? count != 0 : (content.p[content.n - 1] & ((1u << count) - 1)) != 0)
        return false; /* X.690 11.2.1 */
    *bits = content;
    *unused = count;
    return true;
}

bool der_bit_string(lt_reader *r, lt_bytes *bits, uint32_t *unused)
{
    lt_reader in = *r, value;
    if (!der_value(&in, DER_BIT_STRING, &value) || !der_is_bit_string(value, bits, unused))
        return false;
    *r = in;
    return true;
}

bool der_octet_bits(lt_reader *r, lt_bytes *octets)
{
    lt_reader in = *r;
    uint32_t unused;
    if (!der_bit_string(&in, octets, &unused) || unused != 0)
        return false;
    *r = in;
    return true;
}

static bool digits(lt_reader *r, size_t n, int *out)
{
    lt_reader d;
    int v = 0;
    if (!rd_take(r, n, &d))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (d.p[i] < '0' || d.p[i] > '9')
            return false;
        v = v * 10 + (d.p[i] - '0');
    }
    *out = v;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March, so that the leap day
 * is its last. */
static int64_t days_from_epoch(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t leaps = y < 0 ? -1 : y / 4 - y / 100 + y / 400; /* y = -1: January of the year 0 */
    return y * 365 + leaps + day_of_year - 719468;
}

bool der_is_time(uint32_t tag, lt_bytes in, int64_t *t)
{
    int year, month, day, hour, minute, second;
    if (!digits(&in, tag == DER_UTC_TIME ? 2 : 4, &year) || !digits(&in, 2, &month)
        || !digits(&in, 2, &day) || !digits(&in, 2, &hour) || !digits(&in, 2, &minute)
        || !digits(&in, 2, &second) || in.n != 1 || in.p[0] != 'Z')
        return false;
    if (tag == DER_UTC_TIME)
        year += year < 50 ? 2000 : 1900;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23
        || minute > 59 || second > 59)
        return false;
    *t =
        days_from_epoch(year, month, day) * 86400 + (hour * 60 + minute) * INT64_C(60) + second;
    return true;
}

bool der_time(lt_reader *r, int64_t *t)
{
    lt_reader in = *r, value;
    uint32_t tag;
    if (!der_any(&in, &tag, &value) || (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)
        || !der_is_time(tag, value, t))
        return false;
    *r = in;
    return true;
}
