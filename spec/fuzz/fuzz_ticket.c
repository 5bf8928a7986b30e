/* SPDX-License-Identifier: MIT
 * fuzz_ticket.c - libFuzzer: any bytes as a ticket; sealed as one by the server's key, so that its
 * content is read; and as a session that a caller kept. What is read is written to the same bytes. */
#include "wire.h"

#include "tls/shared.h"
#include "tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1893456000 }; /* 2030-01-01 */

static lt_config config;

static lt_tls *server(void)
{
    static const uint8_t secret[LT_TICKET_SECRET_MIN] = { 1 };
    static lt_tls *t;
    const lt_bytes secrets = { secret, sizeof secret };
    lt_error e = { .code = LT_OK };
    if (t)
        return t;
    config = (lt_config){ .server = true,
                          .verifier = &lt_verify_none,
                          .fixed_entropy = true,
                          .tls = lt_tls_shared_new(1000, &e) };
    must(config.tls && lt_tls_shared_set_keys(config.tls, &secrets, 1, &e) == LT_OK);
    t = (lt_tls *)lt_tls_new(&config, NULL, NULL, NOW, &e);
    must(t != NULL);
    return t;
}

static void same(const lt_tls_session *s, lt_bytes bytes)
{
    lt_buffer out = { 0 };
    lt_error e = { .code = LT_OK };
    must(lt_tls_session_export(&s->base, &out, &e) == LT_OK);
    /* extended_master_secret is any byte but 0 */
    must(lt_buffer_size(&out) == bytes.n && lt_ct_eq(out.data, bytes.p, 7)
         && lt_ct_eq(out.data + 8, bytes.p + 8, bytes.n - 8));
    lt_buffer_free(&out);
}

static void open_ticket(lt_bytes ticket, const lt_bytes *content)
{
    lt_tls_session *s = lt_tls_open_ticket(server(), ticket);
    if (!s)
        return;
    must(content && s->secret_size <= sizeof s->secret && s->session_id_size <= 32);
    must(s->received <= NOW && NOW - s->received < s->lifetime);
    same(s, *content);
    lt_tls_session_free(&s->base);
}

static void open_sealed(lt_bytes content)
{
    const lt_ticket_key *key = lt_tls_shared_sealing_key(server()->config->tls, NOW);
    uint8_t nonce[LT_AEAD_NONCE] = { 2 }, tag[LT_AEAD_TAG];
    lt_buffer ticket = { 0 };
    lt_aead aead;
    must(lt_buffer_add(&ticket, key->name, sizeof key->name)
         && lt_buffer_add(&ticket, nonce, sizeof nonce)
         && lt_buffer_add(&ticket, content.p, content.n));
    lt_aead_set(&aead, LT_AEAD_aes_256_gcm, key->key);
    lt_aead_seal(&aead, nonce, (lt_bytes){ key->name, sizeof key->name },
                 ticket.data + sizeof key->name + sizeof nonce, content.n, tag);
    must(lt_buffer_add(&ticket, tag, sizeof tag));
    open_ticket(lt_buffer_bytes(&ticket), &content);
    lt_buffer_free(&ticket);
}

static void import_session(lt_bytes bytes)
{
    lt_error e = { .code = LT_OK };
    lt_session *s = lt_tls_session_import(&config, bytes, &e);
    must((s != NULL) == (e.code == LT_OK));
    if (!s)
        return;
    same((const lt_tls_session *)s, bytes);
    lt_tls_session_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const lt_bytes bytes = { data, size };
    open_ticket(bytes, NULL);
    open_sealed(bytes);
    import_session(bytes);
    return 0;
}
