/* SPDX-License-Identifier: MIT
 * text.c - see text.h. */
#include "x509/text.h"

#include <inttypes.h>
#include <stdio.h>

#include "x509/der.h"

void lt_text_put(lt_text *t, const char *s, size_t n)
{
    if (t->n < t->room && n > 0)
        memcpy(t->p + t->n, s, n < t->room - t->n ? n : t->room - t->n);
    t->n += n;
}

void lt_text_hex(lt_text *t, lt_bytes b, const char *digits)
{
    char some[64];
    for (size_t i = 0, n; i < b.n; i += n) {
        n = b.n - i < sizeof some / 2 ? b.n - i : sizeof some / 2;
        for (size_t k = 0; k < n; k++) {
            some[2 * k] = digits[b.p[i + k] >> 4];
            some[2 * k + 1] = digits[b.p[i + k] & 15];
        }
        lt_text_put(t, some, 2 * n);
    }
}

void lt_text_utf8(lt_text *t, uint32_t c)
{
    if (c < 0x80)
        lt_text_put(t, (char[]){ (char)c }, 1);
    else if (c < 0x800)
        lt_text_put(t, (char[]){ (char)(0xc0 | c >> 6), (char)(0x80 | (c & 63)) }, 2);
    else if (c < 0x10000)
        lt_text_put(t,
                    (char[]){ (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)),
                              (char)(0x80 | (c & 63)) },
                    3);
    else
        lt_text_put(t,
                    (char[]){ (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                              (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) },
                    4);
}

size_t lt_text_end(lt_text *t)
{
    size_t end = t->n;
    if (t->room == 0)
        return t->n;
    if (end >= t->room) {
        end = t->room - 1;
        while (end > 0 && ((uint8_t)t->p[end] & 0xc0) == 0x80)
            end--;
    }
    t->p[end] = 0;
    return t->n;
}

bool lt_is_string_type(uint32_t tag)
{
    switch (tag) {
    case DER_UTF8_STRING:
    case DER_NUMERIC_STRING:
    case DER_PRINTABLE_STRING:
    case DER_TELETEX_STRING:
    case DER_IA5_STRING:
    case DER_VISIBLE_STRING:
    case DER_UNIVERSAL_STRING:
    case DER_BMP_STRING:
        return true;
    default:
        return false;
    }
}

/* RFC 3629: the shortest form, no surrogates, nothing above 10FFFF */
static int32_t next_utf8(lt_reader *r)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    uint32_t c = 0, next;
    int more = 0;
    rd_uint(r, 1, &c);
    if (c < 0x80)
        return (int32_t)c;
    if (c >= 0xc0 && c < 0xe0)
        more = 1, c &= 0x1f;
    else if (c >= 0xe0 && c < 0xf0)
        more = 2, c &= 0x0f;
    else if (c >= 0xf0 && c < 0xf8)
        more = 3, c &= 0x07;
    else
        return LT_CHARACTERS_BAD;
    for (int i = 0; i < more; i++) {
        if (!rd_uint(r, 1, &next) || (next & 0xc0) != 0x80)
            return LT_CHARACTERS_BAD;
        c = c << 6 | (next & 63);
    }
    return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? LT_CHARACTERS_BAD
                                                                          : (int32_t)c;
}

static int32_t next_bmp(lt_reader *r)
{
    uint32_t c, low;
    if (!rd_uint(r, 2, &c))
        return LT_CHARACTERS_BAD;
    if (c < 0xd800 || c >= 0xe000)
        return (int32_t)c;
    if (c >= 0xdc00 || !rd_uint(r, 2, &low) || low < 0xdc00 || low >= 0xe000)
        return LT_CHARACTERS_BAD;
    return (int32_t)(0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)));
}

int32_t lt_characters_next(lt_characters *s)
{
    uint32_t c;
    if (s->rest.n == 0)
        return LT_CHARACTERS_END;
    if (s->tag == DER_UTF8_STRING)
        return next_utf8(&s->rest);
    if (s->tag == DER_BMP_STRING)
        return next_bmp(&s->rest);
    if (!rd_uint(&s->rest, s->tag == DER_UNIVERSAL_STRING ? 4 : 1, &c) || c > 0x10ffff
        || (c >= 0xd800 && c < 0xe000))
        return LT_CHARACTERS_BAD;
    return (int32_t)c;
}

bool lt_string_is_ascii(uint32_t tag, lt_bytes value)
{
    uint8_t any = 0;
    if (!lt_is_string_type(tag) || tag == DER_BMP_STRING || tag == DER_UNIVERSAL_STRING)
        return false;
    for (size_t i = 0; i < value.n; i++)
        any |= value.p[i];
    return any < 0x80;
}

bool lt_string_valid(uint32_t tag, lt_bytes value)
{
    lt_characters s = { tag, value };
    int32_t c = 0;
    if (lt_string_is_ascii(tag, value)) /* nearly all */
        return true;
    if (!lt_is_string_type(tag))
        return false;
    while (c >= 0)
        c = lt_characters_next(&s);
    return c == LT_CHARACTERS_END;
}

bool lt_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x180e
           || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
           || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb)
           || (c >= 0xe0000 && c <= 0xe007f);
}

uint32_t lt_fold_case(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3ab && c != 0x3a2)
        || (c >= 0x410 && c <= 0x42f))
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    if (c >= 0x531 && c <= 0x556)
        return c + 48;
    if (c == 0x178)
        return 0xff;
    if ((c >= 0x139 && c <= 0x147) || (c >= 0x179 && c <= 0x17d)) /* capitals are odd here */
        return c + (c & 1);
    if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177)
        || (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf)
        || (c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff))
        return c | 1;
    return c;
}

size_t lt_string_text(uint32_t tag, lt_bytes value, char *out, size_t room)
{
    lt_text t = { out, room, 0 };
    lt_characters s = { tag, value };
    for (int32_t c; (c = lt_characters_next(&s)) >= 0;)
        lt_text_utf8(&t, (uint32_t)c);
    return lt_text_end(&t);
}

static void put_number(lt_text *t, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    lt_text_put(t, digits + at, sizeof digits - at);
}

/* Schoolbook, in base 10^9, least significant limb first; `most` octets keep it small. */
static void put_decimal(lt_text *t, lt_bytes magnitude)
{
    enum { OCTETS = 256, LIMBS = OCTETS * 8 / 29 + 1 };
    uint32_t limbs[LIMBS] = { 0 };
    size_t used = 1;
    if (magnitude.n > OCTETS) {
        lt_text_put(t, "?", 1);
        return;
    }
    for (size_t i = 0; i < magnitude.n; i++) {
        uint64_t carry = magnitude.p[i];
        for (size_t k = 0; k < used; k++) {
            carry += (uint64_t)limbs[k] << 8;
            limbs[k] = (uint32_t)(carry % 1000000000);
            carry /= 1000000000;
        }
        if (carry > 0)
            limbs[used++] = (uint32_t)carry;
    }
    char digits[16];
    for (size_t k = used; k-- > 0;) {
        int n = snprintf(digits, sizeof digits, k + 1 == used ? "%" PRIu32 : "%09" PRIu32,
                         limbs[k]);
        lt_text_put(t, digits, (size_t)n);
    }
}

size_t lt_decimal_text(lt_bytes magnitude, char *out, size_t room)
{
    lt_text t = { out, room, 0 };
    put_decimal(&t, magnitude);
    return lt_text_end(&t);
}

/* The seven-bit groups of one subidentifier (X.690 8.19.2) as octets; `minus` is 40 or 80 in the
 * first of an OID. Past what UUIDs need (X.667) and far beyond it, "?". */
static void put_arc(lt_text *t, lt_bytes groups, uint8_t minus)
{
    uint8_t magnitude[64] = { 0 };
    uint64_t few = 0;
    if (groups.n > sizeof magnitude) {
        lt_text_put(t, "?", 1);
        return;
    }
    for (size_t i = 0; i < groups.n && groups.n <= 9; i++)
        few = few << 7 | (groups.p[i] & 0x7f);
    if (groups.n <= 9 && few >= minus) { /* nearly all are of 63 bits at most */
        put_number(t, few - minus);
        return;
    }
    for (size_t i = 0; i < groups.n; i++) {
        uint32_t carry = groups.p[i] & 0x7f;
        for (size_t k = sizeof magnitude; k-- > 0;) {
            carry |= (uint32_t)magnitude[k] << 7;
            magnitude[k] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    for (size_t k = sizeof magnitude; minus && k-- > 0;) {
        uint8_t before = magnitude[k];
        magnitude[k] = (uint8_t)(before - minus);
        minus = before < minus; /* the borrow */
    }
    put_decimal(t, (lt_bytes){ magnitude, sizeof magnitude });
}

void lt_text_oid(lt_text *t, lt_bytes oid)
{
    size_t start = 0;
    for (size_t i = 0; i < oid.n; i++) {
        if (oid.p[i] & 0x80)
            continue;
        lt_bytes groups = { oid.p + start, i + 1 - start };
        if (start == 0) { /* 40 * first + second; first is 0, 1 or 2 (X.690 8.19.4) */
            uint8_t first = groups.n > 1 || oid.p[0] >= 80 ? 2 : oid.p[0] / 40;
            lt_text_put(t, (char[]){ (char)('0' + first) }, 1);
            lt_text_put(t, ".", 1);
            put_arc(t, groups, (uint8_t)(first * 40));
        } else {
            lt_text_put(t, ".", 1);
            put_arc(t, groups, 0);
        }
        start = i + 1;
    }
}

size_t lt_oid_text(lt_bytes oid, char *out, size_t room)
{
    lt_text t = { out, room, 0 };
    lt_text_oid(&t, oid);
    return lt_text_end(&t);
}

/* Days to a date of the Gregorian calendar, whose years are counted from March here. */
size_t lt_time_text(int64_t seconds, char *out, size_t room)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0)
        rest += 86400, days--;
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = year_of_era + era * 400 + (month >= 10);
    int n = snprintf(out, room, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year,
                     (int)(month < 10 ? month + 3 : month - 9), (int)day, (int)(rest / 3600),
                     (int)(rest / 60 % 60), (int)(rest % 60));
    return n < 0 ? 0 : (size_t)n;
}

static void put_ipv4(lt_text *t, const uint8_t *a)
{
    char v4[16];
    int n = snprintf(v4, sizeof v4, "%d.%d.%d.%d", a[0], a[1], a[2], a[3]);
    lt_text_put(t, v4, (size_t)n);
}

/* RFC 5952 section 4: the first of the longest runs of zeroes, two or more, is "::" */
static void put_groups(lt_text *t, const uint32_t group[8])
{
    size_t best = 8, best_size = 1; /* 8: none */
    for (size_t i = 0; i < 8; i++) {
        size_t n = 0;
        while (i + n < 8 && group[i + n] == 0)
            n++;
        if (n > best_size)
            best = i, best_size = n;
    }
    for (size_t i = 0; i < 8; i++) {
        char text[8];
        if (i == best) {
            lt_text_put(t, "::", 2);
            i += best_size - 1;
            continue;
        }
        bool colon = i > 0 && i != best + best_size;
        int n = snprintf(text, sizeof text, "%s%" PRIx32, colon ? ":" : "", group[i]);
        lt_text_put(t, text, (size_t)n);
    }
}

static void put_ipv6(lt_text *t, lt_bytes a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint32_t group[8];
    if (lt_bytes_equal((lt_bytes){ a.p, 12 }, (lt_bytes){ mapped, 12 })) { /* section 5 */
        lt_text_put(t, "::ffff:", 7);
        put_ipv4(t, a.p + 12);
        return;
    }
    for (size_t i = 0; i < 8; i++)
        rd_uint(&a, 2, &group[i]);
    put_groups(t, group);
}

size_t lt_ip_text(lt_bytes a, char *out, size_t room)
{
    lt_text t = { out, room, 0 };
    if (a.n == 4)
        put_ipv4(&t, a.p);
    else if (a.n == 16)
        put_ipv6(&t, a);
    return lt_text_end(&t);
}

size_t lt_base64_text(lt_bytes b, size_t line, char *out, size_t room)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    lt_text t = { out, room, 0 };
    size_t column = 0;
    for (size_t i = 0; i < b.n; i += 3) {
        size_t n = b.n - i < 3 ? b.n - i : 3;
        uint32_t v = (uint32_t)b.p[i] << 16 | (n > 1 ? (uint32_t)b.p[i + 1] << 8 : 0)
                     | (n > 2 ? b.p[i + 2] : 0);
        char four[4] = { digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63],
                         digits[v & 63] };
        memset(four + 1 + n, '=', 3 - n);
        lt_text_put(&t, four, 4);
        column += 4;
        if (line > 0 && (column >= line || i + 3 >= b.n)) {
            lt_text_put(&t, "\n", 1);
            column = 0;
        }
    }
    return lt_text_end(&t);
}
