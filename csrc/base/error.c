/* SPDX-License-Identifier: MIT
 * error.c - see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *text;
    lt_alert alert;
} codes[LT_CODES] = { [LT_OK] = { "ok", "no error", LT_ALERT_none },
#define LT_CODE_ROW(code, alert, text) [LT_##code] = { #code, text, LT_ALERT_##alert },
                      LT_ERRORS(LT_CODE_ROW) };

const char *lt_code_name(lt_code code)
{
    return codes[code].name;
}

const char *lt_code_text(lt_code code)
{
    return codes[code].text;
}

const char *lt_alert_name(lt_alert alert)
{
#define LT_ALERT_CASE(name, value) \
    case LT_ALERT_##name:          \
        return #name;
    switch (alert) {
        LT_ALERTS(LT_ALERT_CASE)
    case LT_ALERT_none:
        break;
    }
    return NULL;
}

/* Peers and files put control characters into names: none of them reaches a terminal. */
static void put_printable(char out[LT_DETAIL_MAX], const char *format, va_list args)
{
    int n = vsnprintf(out, LT_DETAIL_MAX, format, args);
    if (n < 0)
        out[0] = 0;
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    if (n >= LT_DETAIL_MAX) { /* cut: say so, and never in the middle of a UTF-8 sequence */
        size_t end = LT_DETAIL_MAX - 4;
        while (end > 0 && ((unsigned char)out[end] & 0xc0) == 0x80)
            end--;
        out[end] = out[end + 1] = out[end + 2] = '.';
        out[end + 3] = 0;
    }
}

lt_code lt_fail(lt_error *e, lt_code code, const char *where)
{
    if (e->code == LT_OK)
        *e = (lt_error){ .code = code, .alert = codes[code].alert, .where = where };
    return e->code;
}

lt_code lt_fail_detail(lt_error *e, lt_code code, const char *where, const char *format, ...)
{
    if (e->code == LT_OK) {
        va_list args;
        lt_fail(e, code, where);
        va_start(args, format);
        put_printable(e->detail, format, args);
        va_end(args);
    }
    return e->code;
}

lt_code lt_fail_peer(lt_error *e, uint8_t alert_description)
{
    if (e->code == LT_OK) {
        lt_alert alert = (lt_alert)alert_description;
        const char *name = lt_alert_name(alert);
        if (name)
            lt_fail_detail(e, LT_peer_alert, "Alert", "%s", name);
        else
            lt_fail_detail(e, LT_peer_alert, "Alert", "number %u", (unsigned)alert_description);
        e->alert = alert;
        e->by_peer = true;
    }
    return e->code;
}

void lt_error_cause(lt_error *e, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_printable(e->cause, format, args);
    va_end(args);
    if (hint)
        e->hint = hint;
}
