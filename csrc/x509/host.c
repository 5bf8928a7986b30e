/* SPDX-License-Identifier: MIT
 * host.c - the host name that was asked for, made ready to be compared: U-labels become A-labels
 * (RFC 5890, RFC 3492), case is folded, the trailing dot goes; see name.h. */
#include "x509/name.h"

#include "x509/der.h"
#include "x509/text.h"

enum { LABEL_MAX = 63 }; /* octets; so no label has more characters either */

/* RFC 3492 section 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    for (; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

static char punycode_digit(uint32_t d)
{
    return (char)(d < 26 ? 'a' + d : '0' + d - 26);
}

/* One delta as a generalized variable-length integer (section 3.3) */
static void put_delta(lt_text *t, uint32_t delta, uint32_t bias)
{
    for (uint32_t k = 36;; k += 36) {
        uint32_t threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (delta < threshold)
            break;
        lt_text_put(
            t, (char[]){ punycode_digit(threshold + (delta - threshold) % (36 - threshold)) },
            1);
        delta = (delta - threshold) / (36 - threshold);
    }
    lt_text_put(t, (char[]){ punycode_digit(delta) }, 1);
}

/* Section 6.3. At most 63 code points, so that no delta overflows: 0x10ffff * 64 < 2^32. */
static void put_punycode(lt_text *t, const uint32_t *points, size_t count)
{
    uint32_t n = 0x80, delta = 0, bias = 72, basic = 0, done;
    for (size_t i = 0; i < count; i++)
        if (points[i] < 0x80) {
            lt_text_put(t, (char[]){ (char)points[i] }, 1);
            basic++;
        }
    if (basic > 0)
        lt_text_put(t, "-", 1);
    for (done = basic; done < count; delta++, n++) {
        uint32_t next = 0x110000;
        for (size_t i = 0; i < count; i++)
            if (points[i] >= n && points[i] < next)
                next = points[i];
        delta += (next - n) * (done + 1);
        n = next;
        for (size_t i = 0; i < count; i++) {
            delta += points[i] < n;
            if (points[i] != n)
                continue;
            put_delta(t, delta, bias);
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
}

/* What IDNA never lets into a label, without its tables: what acts or is not seen, white space,
 * punctuation and symbols in their blocks, presentation and width forms, private use. The rest is
 * for the certificate to have or not to have. */
static bool may_stand_in_u_label(uint32_t c)
{
    return !lt_is_control(c) && c > 0xb6 && c != 0xd7 && c != 0xf7
           && !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x3004)
           && !(c >= 0xe000 && c <= 0xfaff) && !(c >= 0xfe00 && c <= 0xffff) && c < 0xe0000;
}

static bool is_ldh(uint32_t c) /* and "_", which names of services have */
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One label in UTF-8 to its octets; false: it cannot be one. */
static bool put_label(lt_text *t, lt_bytes label)
{
    uint32_t points[LABEL_MAX];
    size_t count = 0, start = t->n;
    bool ascii = true;
    lt_characters s = { DER_UTF8_STRING, label };
    int32_t c;
    while ((c = lt_characters_next(&s)) >= 0) {
        uint32_t folded = lt_fold_case((uint32_t)c);
        if (count == LABEL_MAX
            || !(folded < 0x80 ? is_ldh(folded) : may_stand_in_u_label(folded)))
            return false;
        ascii = ascii && folded < 0x80;
        points[count++] = folded;
    }
    if (c == LT_CHARACTERS_BAD || count == 0)
        return false;
    if (ascii) {
        for (size_t i = 0; i < count; i++)
            lt_text_put(t, (char[]){ (char)points[i] }, 1);
    } else {
        lt_text_put(t, "xn--", 4);
        put_punycode(t, points, count);
    }
    return t->n - start <= LABEL_MAX;
}

static bool is_number(const char *label)
{
    if (label[0] == '0' && label[1] == 'x')
        return label[2 + strspn(label + 2, "0123456789abcdef")] == 0;
    return label[strspn(label, "0123456789")] == 0;
}

/* "127.1" and "0x7f000001": addresses to some programs, and never names (RFC 1123 section 2.1) */
static bool ends_in_number(const char *name)
{
    const char *last = strrchr(name, '.');
    return is_number(last ? last + 1 : name);
}

lt_code lt_host_name(const char *host, char out[LT_HOST_MAX], lt_error *e)
{
    uint8_t address[16];
    lt_text t = { out, LT_HOST_MAX, 0 };
    size_t n = strlen(host);
    if (n > 0 && host[n - 1] == '.')
        n--;
    if (n == 0)
        return lt_fail_detail(e, LT_option, "host", "the name is empty");
    if (lt_ip_parse(host, address))
        return lt_fail_detail(e, LT_option, "host", "%s is an address, not a name", host);
    for (size_t i = 0; i <= n;) {
        size_t end = i;
        while (end < n && host[end] != '.')
            end++;
        if (i > 0)
            lt_text_put(&t, ".", 1);
        if (!put_label(&t, (lt_bytes){ (const uint8_t *)host + i, end - i }))
            return lt_fail_detail(e, LT_option, "host",
                                  "%s: \"%.*s\" is no label of a host name", host,
                                  (int)(end - i > 80 ? 80 : end - i), host + i);
        i = end + 1;
    }
    if (lt_text_end(&t) > 253)
        return lt_fail_detail(e, LT_option, "host", "%s: longer than 253 octets", host);
    if (ends_in_number(out))
        return lt_fail_detail(e, LT_option, "host", "%s is neither an address nor a name",
                              host);
    return LT_OK;
}
