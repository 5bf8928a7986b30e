/* SPDX-License-Identifier: MIT
 * ip.c - IPv4 and IPv6 literals (RFC 4291 section 2.2); see name.h. */
#include "x509/name.h"

/* Four decimal octets, none with a leading zero, which some read as octal. */
static bool parse_v4(const char *s, size_t n, uint8_t out[4])
{
    size_t i = 0;
    for (int octet = 0; octet < 4; octet++) {
        uint32_t v = 0;
        size_t start = i;
        if (octet > 0 && (i >= n || s[i++] != '.'))
            return false;
        start += octet > 0;
        while (i < n && s[i] >= '0' && s[i] <= '9' && i - start < 3)
            v = v * 10 + (uint32_t)(s[i++] - '0');
        if (i == start || v > 255 || (s[start] == '0' && i - start > 1))
            return false;
        out[octet] = (uint8_t)v;
    }
    return i == n;
}

static bool parse_group(const char *s, size_t n, uint8_t out[2])
{
    uint32_t v = 0;
    if (n < 1 || n > 4)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = (uint8_t)s[i], lower = c | 0x20;
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            v = v << 4 | (lower - 'a' + 10);
        else
            return false;
    }
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
    return true;
}

/* Groups between colons, the last one perhaps as IPv4; the octets written, or 17. */
static size_t parse_groups(const char *s, size_t n, bool v4_may_end, uint8_t out[16])
{
    size_t used = 0, i = 0;
    while (i < n) {
        size_t end = i;
        while (end < n && s[end] != ':')
            end++;
        if (end == n && v4_may_end && used <= 12 && parse_v4(s + i, n - i, out + used))
            return used + 4;
        if (used > 14 || !parse_group(s + i, end - i, out + used) || end + 1 == n)
            return 17;
        used += 2;
        i = end + 1;
    }
    return used;
}

static bool parse_v6(const char *s, size_t n, uint8_t out[16])
{
    uint8_t head[16], tail[16];
    size_t gap = 0;
    while (gap + 1 < n && !(s[gap] == ':' && s[gap + 1] == ':'))
        gap++;
    if (gap + 1 >= n)
        return parse_groups(s, n, true, out) == 16;
    size_t before = parse_groups(s, gap, false, head);
    size_t after = parse_groups(s + gap + 2, n - gap - 2, true, tail);
    if (before + after > 14) /* "::" is at least one group */
        return false;
    memset(out, 0, 16);
    memcpy(out, head, before);
    memcpy(out + 16 - after, tail, after);
    return true;
}

size_t lt_ip_parse(const char *host, uint8_t out[16])
{
    size_t n = strlen(host);
    if (parse_v4(host, n, out))
        return 4;
    if (n > 2 && host[0] == '[' && host[n - 1] == ']')
        host++, n -= 2;
    return n <= 45 && parse_v6(host, n, out) ? 16 : 0;
}
