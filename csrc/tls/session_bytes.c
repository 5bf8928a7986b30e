/* SPDX-License-Identifier: MIT
 * session_bytes.c - a session as bytes: inside a ticket, or where a caller keeps it. They hold its
 * secret. The format is ours alone; another one is refused. */
#include "tls/session.h"

#include "base/iana.h"

enum { FORMAT = 3 };
static const int64_t TIME_MAX = 253402300799; /* 9999-12-31, the last that a certificate has */

static void write_time(lt_writer *w, int64_t v)
{
    wr_uint(w, 4, (uint32_t)((uint64_t)v >> 32));
    wr_uint(w, 4, (uint32_t)v);
}

static void write_buffer(lt_writer *w, const lt_buffer *b)
{
    wr_vec(w, 3, lt_buffer_bytes(b));
}

static void write_text(lt_writer *w, const char *s)
{
    wr_vec(w, 1, (lt_bytes){ (const uint8_t *)s, strlen(s) });
}

void lt_tls_session_write(lt_writer *w, const lt_tls_session *s)
{
    wr_uint(w, 1, FORMAT);
    wr_uint(w, 2, s->version);
    wr_uint(w, 2, s->cipher_suite);
    wr_uint(w, 2, s->group);
    wr_uint(w, 1, s->extended_master_secret);
    wr_vec(w, 1, (lt_bytes){ s->secret, s->secret_size });
    write_time(w, s->received);
    wr_uint(w, 4, s->lifetime);
    write_time(w, s->proved);
    wr_uint(w, 4, s->age_add);
    wr_uint(w, 4, s->max_early_data);
    write_text(w, s->name);
    write_text(w, s->alpn);
    wr_vec(w, 1, (lt_bytes){ s->session_id, s->session_id_size });
    write_buffer(w, &s->ticket);
    write_buffer(w, &s->ocsp_staple);
    write_buffer(w, &s->certificates);
}

static bool read_time(lt_reader *r, int64_t *v)
{
    uint32_t high, low;
    if (!rd_uint(r, 4, &high) || !rd_uint(r, 4, &low))
        return false;
    *v = (int64_t)((uint64_t)high << 32 | low);
    return *v >= 0 && *v <= TIME_MAX;
}

static bool read_text(lt_reader *r, char out[256])
{
    lt_bytes text;
    if (!rd_vec(r, 1, &text) || (text.n > 0 && memchr(text.p, 0, text.n)))
        return false;
    if (text.n > 0)
        memcpy(out, text.p, text.n);
    out[text.n] = 0;
    return true;
}

static bool read_numbers(lt_reader *r, lt_tls_session *s)
{
    uint32_t format, version, suite, group, ems;
    if (!rd_uint(r, 1, &format) || format != FORMAT || !rd_uint(r, 2, &version)
        || !rd_uint(r, 2, &suite) || !rd_uint(r, 2, &group) || !rd_uint(r, 1, &ems))
        return false;
    s->version = (uint16_t)version;
    s->cipher_suite = (uint16_t)suite;
    s->group = (uint16_t)group;
    s->extended_master_secret = ems != 0;
    return true;
}

static bool read_fixed(lt_reader *r, uint8_t *out, size_t room, size_t *size)
{
    lt_bytes b;
    if (!rd_vec(r, 1, &b) || b.n > room)
        return false;
    if (b.n > 0)
        memcpy(out, b.p, b.n);
    *size = b.n;
    return true;
}

static bool read_buffer(lt_reader *r, lt_buffer *out)
{
    lt_bytes b;
    return rd_vec(r, 3, &b) && lt_buffer_add(out, b.p, b.n);
}

bool lt_tls_session_read(lt_reader r, lt_tls_session *s)
{
    return read_numbers(&r, s) && read_fixed(&r, s->secret, sizeof s->secret, &s->secret_size)
           && read_time(&r, &s->received) && rd_uint(&r, 4, &s->lifetime)
           && read_time(&r, &s->proved) && rd_uint(&r, 4, &s->age_add)
           && rd_uint(&r, 4, &s->max_early_data) && read_text(&r, s->name)
           && read_text(&r, s->alpn)
           && read_fixed(&r, s->session_id, sizeof s->session_id, &s->session_id_size)
           && read_buffer(&r, &s->ticket) && read_buffer(&r, &s->ocsp_staple)
           && read_buffer(&r, &s->certificates) && r.n == 0;
}

/* --- for callers ------------------------------------------------------------------------------ */

lt_code lt_tls_session_export(const lt_session *session, lt_buffer *out, lt_error *e)
{
    lt_writer w = { .to = out };
    lt_tls_session_write(&w, (const lt_tls_session *)session);
    return w.full ? lt_fail(e, LT_memory, "session") : LT_OK;
}

/* What a client may offer: a secret as long as its version makes it, and something to name it by. */
static bool whole(const lt_tls_session *s)
{
    const lt_suite *suite = lt_suite_by_id(s->cipher_suite);
    if (!suite || suite->version != s->version || lt_buffer_size(&s->certificates) == 0)
        return false;
    size_t secret = s->version == LT_TLS_1_3 ? lt_hash_size(suite->hash) : 48;
    return s->secret_size == secret
           && (lt_buffer_size(&s->ticket) > 0
               || (s->version == LT_TLS_1_2 && s->session_id_size > 0));
}

lt_session *lt_tls_session_import(const lt_config *config, lt_bytes bytes, lt_error *e)
{
    lt_tls_session *s = lt_tls_session_new(config);
    if (!s) {
        lt_fail(e, LT_memory, "session");
        return NULL;
    }
    if (lt_tls_session_read(bytes, s) && whole(s)) {
        bool in_range = s->received <= INT64_MAX - s->lifetime;
        s->base.single_use = s->version == LT_TLS_1_3;
        s->base.expires = in_range ? s->received + s->lifetime : s->received;
        return &s->base;
    }
    lt_tls_session_free(&s->base);
    lt_fail(e, LT_bad_session, "session");
    return NULL;
}
