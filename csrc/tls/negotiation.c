/* SPDX-License-Identifier: MIT
 * negotiation.c - choices that both sides and both versions make alike: versions, suites, groups,
 * ALPN. */
#include "tls/tls.h"

/* A version without a cipher suite of its own is none that this config can speak. */
bool lt_tls_allows_version(const lt_config *config, uint16_t version)
{
    if (version < config->min_version || version > config->max_version)
        return false;
    for (size_t i = 0; i < config->cipher_suite_count; i++) {
        const lt_suite *s = lt_suite_by_id(config->cipher_suites[i]);
        if (s && s->version == version)
            return true;
    }
    return false;
}

bool lt_tls_allows_suite(const lt_config *config, const lt_suite *suite)
{
    if (!suite || !lt_tls_allows_version(config, suite->version))
        return false;
    for (size_t i = 0; i < config->cipher_suite_count; i++)
        if (config->cipher_suites[i] == suite->id)
            return true;
    return false;
}

static bool has_suite(const lt_suite *const *suites, size_t n, const lt_suite *suite)
{
    for (size_t i = 0; i < n; i++)
        if (suites[i] == suite)
            return true;
    return false;
}

static size_t in_order(const lt_tls *t, uint16_t version, const lt_suite **suites)
{
    const lt_config *config = t->config;
    size_t n = 0;
    for (size_t i = 0; i < config->cipher_suite_count && n < LT_TLS_SUITES_MAX; i++) {
        const lt_suite *s = lt_suite_by_id(config->cipher_suites[i]);
        if (s && s->version == version && lt_list_has(t->hs->client_hello.cipher_suites, s->id))
            suites[n++] = s;
    }
    return n;
}

static size_t in_clients_order(const lt_tls *t, uint16_t version, const lt_suite **suites)
{
    lt_reader offered = t->hs->client_hello.cipher_suites;
    uint32_t id;
    size_t n = 0;
    while (n < LT_TLS_SUITES_MAX && rd_uint(&offered, 2, &id)) {
        const lt_suite *s = lt_suite_by_id((uint16_t)id);
        if (s && s->version == version && lt_tls_allows_suite(t->config, s)
            && !has_suite(suites, n, s))
            suites[n++] = s;
    }
    return n;
}

/* A client without instructions for AES puts ChaCha20 first, as everyone does; the first suite that we
 * know tells, of whatever version. */
static bool likes_chacha20(const lt_tls *t)
{
    lt_reader offered = t->hs->client_hello.cipher_suites;
    uint32_t id;
    while (rd_uint(&offered, 2, &id)) {
        const lt_suite *s = lt_suite_by_id((uint16_t)id);
        if (s)
            return s->aead == LT_AEAD_chacha20_poly1305;
    }
    return false;
}

static void chacha20_first(const lt_suite **suites, size_t n)
{
    size_t front = 0;
    for (size_t i = 0; i < n; i++) {
        const lt_suite *s = suites[i];
        if (s->aead != LT_AEAD_chacha20_poly1305)
            continue;
        for (size_t j = i; j > front; j--)
            suites[j] = suites[j - 1];
        suites[front++] = s;
    }
}

size_t lt_tls_common_suites(const lt_tls *t, uint16_t version,
                            const lt_suite *suites[LT_TLS_SUITES_MAX])
{
    if (t->config->prefer == LT_PREFER_client)
        return in_clients_order(t, version, suites);
    size_t n = in_order(t, version, suites);
    if (t->config->prefer == LT_PREFER_fitting && likes_chacha20(t))
        chacha20_first(suites, n);
    return n;
}

/* By preference, as Go and browsers do: x25519 first, the slow ones last. */
static const uint16_t default_groups[] = { 29, 23, 24, 25, 0 };

const uint16_t *lt_tls_groups(const lt_config *config)
{
    return config->group_list ? config->group_list : default_groups;
}

uint32_t lt_tls_group_rank(const lt_config *config, uint32_t group)
{
    const uint16_t *list = lt_tls_groups(config);
    if (!lt_group_supported(group) || !(config->groups >> group & 1))
        return 0;
    for (uint32_t i = 0; list[i]; i++)
        if (list[i] == group)
            return i + 1;
    return 0;
}

/* ECDSA, PSS by rsaEncryption and Ed25519; PSS by id-RSASSA-PSS; PKCS#1 for chains and TLS 1.2. */
static const uint16_t default_schemes[] = {
    0x0403, 0x0804, 0x0807, 0x0503, 0x0805, 0x0603, 0x0806, /* */
    0x0809, 0x080a, 0x080b,                                 /* */
    0x0401, 0x0501, 0x0601,                                 /* */
    0,
};

const uint16_t *lt_tls_signature_schemes(const lt_config *config)
{
    return config->signature_schemes ? config->signature_schemes : default_schemes;
}

bool lt_tls_allows_scheme(const lt_config *config, uint32_t scheme)
{
    const uint16_t *s = lt_tls_signature_schemes(config);
    while (*s && *s != scheme)
        s++;
    return *s != 0;
}

static void write_list(lt_writer *w, const uint16_t *schemes)
{
    lt_mark list = wr_open(w, 2);
    for (; *schemes; schemes++)
        wr_uint(w, 2, *schemes);
    wr_close(w, list);
}

void lt_tls_write_schemes(const lt_tls *t, lt_writer *w)
{
    write_list(w, lt_tls_signature_schemes(t->config));
}

void lt_tls_write_certificate_schemes(const lt_tls *t, lt_writer *w)
{
    write_list(w, t->config->certificate_schemes);
}

enum { RECORD_LIMIT_MIN = 64 }; /* RFC 8449 section 4 */

/* In TLS 1.3 the limit counts the type octet within the record too. */
uint32_t lt_tls_record_size_limit(const lt_tls *t)
{
    uint32_t limit =
        t->config->record_size_limit ? t->config->record_size_limit : LT_FRAGMENT_MAX;
    bool tls_1_3 = lt_tls_allows_version(t->config, LT_TLS_1_3) && t->version != LT_TLS_1_2;
    return limit + (tls_1_3 ? 1 : 0);
}

lt_code lt_tls_read_record_size_limit(lt_tls *t, lt_reader extension)
{
    uint32_t limit;
    if (!rd_uint(&extension, 2, &limit) || extension.n != 0)
        return lt_fail(&t->error, LT_decode, "record_size_limit");
    if (limit < RECORD_LIMIT_MIN)
        return lt_fail(&t->error, LT_illegal_parameter, "record_size_limit");
    t->own_limit = lt_tls_record_size_limit(t);
    if (t->version == LT_TLS_1_3)
        limit--;
    t->record_limit = limit < LT_FRAGMENT_MAX ? limit : LT_FRAGMENT_MAX;
    return LT_OK;
}

void lt_tls_write_alpn(lt_tls *t, lt_writer *w)
{
    wr_uint(w, 2, LT_EXT_application_layer_protocol_negotiation);
    lt_mark x = wr_open(w, 2), list = wr_open(w, 2);
    wr_vec(w, 1, (lt_bytes){ (const uint8_t *)t->alpn, strlen(t->alpn) });
    wr_close(w, list);
    wr_close(w, x);
}

static const char *alpn_of(const lt_config *config, lt_bytes name) /* NULL: not configured */
{
    for (size_t i = 0; i < config->alpn_count; i++) {
        const char *p = config->alpn[i];
        if (lt_bytes_equal(name, (lt_bytes){ (const uint8_t *)p, strlen(p) }))
            return p;
    }
    return NULL;
}

lt_code lt_tls_choose_alpn(lt_tls *t, lt_bytes offered) /* RFC 7301 section 3.2 */
{
    if (offered.n == 0 || t->config->alpn_count == 0)
        return LT_OK;
    for (size_t i = 0; i < t->config->alpn_count; i++) { /* the server's order counts */
        lt_bytes ours = { (const uint8_t *)t->config->alpn[i], strlen(t->config->alpn[i]) },
                 theirs;
        for (lt_reader r = offered; rd_vec(&r, 1, &theirs);)
            if (lt_bytes_equal(ours, theirs)) {
                t->alpn = t->config->alpn[i];
                return LT_OK;
            }
    }
    return lt_tls_no_alpn(t);
}

lt_code lt_tls_accept_alpn(lt_tls *t, lt_bytes extension)
{
    lt_reader list, name;
    if (!rd_vec(&extension, 2, &list) || extension.n != 0 || !rd_vec(&list, 1, &name)
        || list.n != 0 || name.n == 0)
        return lt_fail(&t->error, LT_decode, "application_layer_protocol_negotiation");
    t->alpn = alpn_of(t->config, name);
    if (!t->alpn) /* RFC 7301: it must be one of ours */
        return lt_fail(&t->error, LT_illegal_parameter,
                       "application_layer_protocol_negotiation");
    return LT_OK;
}
