/* SPDX-License-Identifier: MIT
 * session.c - see session.h. */
#include "tls/session.h"

#include <stdlib.h>

#include "base/iana.h"

enum { AES_128_GCM_SHA256 = 0x1301, AES_256_GCM_SHA384 = 0x1302 };

lt_tls_session *lt_tls_session_new(const lt_config *config)
{
    lt_tls_session *s = calloc(1, sizeof *s);
    if (s)
        s->base = (lt_session){ .free = lt_tls_session_free,
                                .export_bytes = lt_tls_session_export,
                                .config = config };
    return s;
}

bool lt_tls_session_is_good(const lt_tls_session *s, int64_t now, const char *name)
{
    return strcmp(s->name, name) == 0 && now >= s->received && now - s->received < s->lifetime
           && now >= s->proved && now - s->proved < LT_SESSION_AGE_MAX;
}

lt_tls_session *lt_tls_session_of_psk(const lt_config *config, lt_bytes identity, lt_bytes key,
                                      bool sha384)
{
    lt_tls_session *s = lt_tls_session_new(config);
    if (!s)
        return NULL;
    if (key.n > sizeof s->secret || !lt_buffer_add(&s->ticket, identity.p, identity.n)) {
        lt_tls_session_free(&s->base);
        return NULL;
    }
    s->external = true;
    s->version = LT_TLS_1_3;
    s->cipher_suite = sha384 ? AES_256_GCM_SHA384 : AES_128_GCM_SHA256;
    memcpy(s->secret, key.p, key.n);
    s->secret_size = key.n;
    return s;
}

static bool copy_buffer(lt_buffer *to, const lt_buffer *from)
{
    *to = (lt_buffer){ 0 };
    lt_bytes b = lt_buffer_bytes(from);
    return lt_buffer_add(to, b.p, b.n);
}

lt_tls_session *lt_tls_session_copy(const lt_tls_session *from)
{
    lt_tls_session *s = lt_tls_session_new(from->base.config);
    if (!s)
        return NULL;
    *s = *from;
    bool ok = copy_buffer(&s->ticket, &from->ticket);
    ok = copy_buffer(&s->ocsp_staple, &from->ocsp_staple) && ok;
    ok = copy_buffer(&s->certificates, &from->certificates) && ok;
    if (ok)
        return s;
    lt_tls_session_free(&s->base);
    return NULL;
}

void lt_tls_session_free(lt_session *session)
{
    lt_tls_session *s = (lt_tls_session *)session; /* base is its first member */
    if (!s)
        return;
    lt_buffer_free(&s->ticket);
    lt_buffer_free(&s->ocsp_staple);
    lt_buffer_free(&s->certificates);
    lt_wipe_free(s, sizeof *s);
}

lt_session *lt_tls_psk(const lt_config *config, lt_bytes identity, lt_bytes key, bool sha384,
                       lt_error *e)
{
    lt_tls_session *s = NULL;
    if (config->server || config->max_version < LT_TLS_1_3)
        lt_fail_detail(e, LT_state, "psk", "the config is none of a client with TLS 1.3");
    else if (!(s = lt_tls_session_of_psk(config, identity, key, sha384)))
        lt_fail(e, LT_memory, "psk");
    return s ? &s->base : NULL;
}
