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

/* By preference, as Go and browsers do: x25519 first, the slow ones last. */
const uint16_t lt_tls_groups[] = { 29, 23, 24, 25, 0 };

uint32_t lt_tls_group_rank(const lt_config *config, uint32_t group)
{
    if (!lt_group_supported(group) || !(config->groups >> group & 1))
        return 0;
    for (uint32_t i = 0; lt_tls_groups[i]; i++)
        if (lt_tls_groups[i] == group)
            return i + 1;
    return 0;
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
    return lt_fail(&t->error, LT_no_alpn, "application_layer_protocol_negotiation");
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
