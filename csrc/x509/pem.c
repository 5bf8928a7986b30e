/* SPDX-License-Identifier: MIT
 * pem.c - see pem.h. */
#include "x509/pem.h"

static const char begin_text[] = "-----BEGIN ", end_text[] = "-----END ", dashes[] = "-----";

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static lt_bytes trim(lt_bytes s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool take_prefix(lt_bytes *s, const char *prefix, size_t n)
{
    if (s->n < n
        || !lt_bytes_equal((lt_bytes){ s->p, n }, (lt_bytes){ (const uint8_t *)prefix, n }))
        return false;
    s->p += n, s->n -= n;
    return true;
}

/* Looks no further than twice the line: a text in which one of the two never comes is not searched to
 * its end for each line. */
static size_t line_size(const lt_reader *text)
{
    for (size_t room = 128;; room *= 2) {
        size_t n = room < text->n ? room : text->n;
        const uint8_t *lf = memchr(text->p, '\n', n);
        size_t before = lf ? (size_t)(lf - text->p) : n;
        const uint8_t *cr = before > 0 ? memchr(text->p, '\r', before) : NULL;
        if (cr)
            return (size_t)(cr - text->p);
        if (lf || n == text->n)
            return before;
    }
}

static bool take_line(lt_reader *text, lt_bytes *line)
{
    if (text->n == 0)
        return false;
    size_t n = line_size(text);
    *line = (lt_bytes){ text->p, n };
    n += n < text->n;
    text->p += n, text->n -= n;
    return true;
}

/* Moves to the line that has the next '-': no other can be a boundary. */
static void skip_to_dash(lt_reader *text)
{
    const uint8_t *dash = text->n > 0 ? memchr(text->p, '-', text->n) : NULL;
    const uint8_t *line = dash ? dash : text->p + text->n;
    while (dash && line > text->p && line[-1] != '\n' && line[-1] != '\r')
        line--;
    if (line > text->p) /* an empty text may have no address to move */
        *text = (lt_reader){ line, text->n - (size_t)(line - text->p) };
}

/* "-----BEGIN CERTIFICATE-----": the label, else false */
static bool boundary(lt_bytes line, const char *text, size_t text_size, lt_bytes *label)
{
    line = trim(line);
    take_prefix(&line, "\xef\xbb\xbf", 3); /* the mark that Windows puts before UTF-8 */
    if (!take_prefix(&line, text, text_size) || line.n < sizeof dashes - 1)
        return false;
    *label = (lt_bytes){ line.p, line.n - (sizeof dashes - 1) };
    line.p += label->n, line.n -= label->n;
    return take_prefix(&line, dashes, sizeof dashes - 1);
}

static bool header(lt_bytes line, const char *name, size_t n, lt_bytes *value)
{
    line = trim(line);
    if (!take_prefix(&line, name, n))
        return false;
    *value = trim(line);
    return true;
}

/* RFC 1421 section 4.4: lines with a colon, their continuations, and an empty line */
static void take_headers(lt_reader *text, lt_pem_block *block)
{
    static const char proc_type[] = "Proc-Type:", dek_info[] = "DEK-Info:";
    bool any = false;
    lt_reader rest = *text;
    lt_bytes line;
    while (take_line(&rest, &line)) {
        bool colon = line.n > 0 && memchr(line.p, ':', line.n);
        bool continues = any && trim(line).n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
        if (!colon && !continues && trim(line).n > 0)
            return;
        any = any || colon;
        if (!header(line, proc_type, sizeof proc_type - 1, &block->proc_type))
            header(line, dek_info, sizeof dek_info - 1, &block->dek_info);
        *text = rest;
    }
}

bool lt_pem_next(lt_reader *text, lt_pem_block *block, lt_error *e)
{
    lt_reader in = *text, body;
    lt_bytes line, end_label;
    lt_pem_block b = { .base64 = { NULL, 0 } };
    do {
        skip_to_dash(&in);
        if (!take_line(&in, &line))
            return false;
    } while (!boundary(line, begin_text, sizeof begin_text - 1, &b.label));
    take_headers(&in, &b);
    body = in;
    for (;;) {
        skip_to_dash(&in);
        const uint8_t *end = in.p;
        if (!take_line(&in, &line)
            || boundary(line, begin_text, sizeof begin_text - 1, &end_label))
            break;
        if (!boundary(line, end_text, sizeof end_text - 1, &end_label))
            continue;
        if (!lt_bytes_equal(b.label, end_label))
            break;
        b.base64 = (lt_bytes){ body.p, (size_t)(end - body.p) };
        *block = b;
        *text = in;
        return true;
    }
    lt_fail_detail(e, LT_pem, "PEM", "no END line for BEGIN %.*s",
                   (int)(b.label.n > 64 ? 64 : b.label.n), (const char *)b.label.p);
    return false;
}

bool lt_pem_is(const lt_pem_block *block, const char *label)
{
    return lt_bytes_equal(block->label, (lt_bytes){ (const uint8_t *)label, strlen(label) });
}

/* All ones where low <= c <= high, else 0; numbers below 256 */
static uint32_t between(uint32_t c, uint32_t low, uint32_t high)
{
    return (((c - low) | (high - c)) >> 31) - 1;
}

/* 0 to 63, or 64: no digit of base64 (RFC 4648 section 4) */
static uint32_t digit(uint32_t c)
{
    uint32_t upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z');
    uint32_t number = between(c, '0', '9'), plus = between(c, '+', '+'),
             slash = between(c, '/', '/');
    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (number & (c - '0' + 52))
           | (plus & 62) | (slash & 63) | (~(upper | lower | number | plus | slash) & 64);
}

bool lt_pem_digits(lt_bytes base64, uint8_t **to)
{
    uint32_t bits = 0, wrong = 0;
    size_t count = 0, pad = 0;
    uint8_t *out = *to;
    for (size_t i = 0; i < base64.n; i++) {
        uint8_t c = base64.p[i];
        if (is_blank(c))
            continue;
        if (c == '=') {
            pad++;
            continue;
        }
        uint32_t v = digit(c);
        wrong |= (v & 64) | (uint32_t)(pad != 0);
        bits = bits << 6 | (v & 63);
        if (++count % 4 == 0) {
            *out++ = (uint8_t)(bits >> 16);
            *out++ = (uint8_t)(bits >> 8);
            *out++ = (uint8_t)bits;
        }
    }
    if (count % 4 == 2) {
        *out++ = (uint8_t)(bits >> 4);
        wrong |= bits & 0x0f; /* bits that no byte takes are zero: one text for one value */
    } else if (count % 4 == 3) {
        *out++ = (uint8_t)(bits >> 10);
        *out++ = (uint8_t)(bits >> 2);
        wrong |= bits & 0x03;
    }
    *to = out;
    return wrong == 0 && count % 4 != 1 && pad == (4 - count % 4) % 4;
}

lt_code lt_pem_decode(const lt_pem_block *block, lt_buffer *out, lt_error *e)
{
    if (!lt_buffer_reserve(out, block->base64.n / 4 * 3 + 3))
        return lt_fail(e, LT_memory, "PEM");
    uint8_t *start = out->data + out->end, *to = start;
    if (lt_pem_digits(block->base64, &to)) {
        out->end += (size_t)(to - start);
        return LT_OK;
    }
    lt_wipe(start, (size_t)(to - start));
    return lt_fail_detail(e, LT_pem, "PEM", "%.*s is not base64",
                          (int)(block->label.n > 64 ? 64 : block->label.n),
                          (const char *)block->label.p);
}
