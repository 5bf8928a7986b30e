/* SPDX-License-Identifier: MIT
 * diagnosis.c - what went wrong, in our words: BearSSL's error numbers, the peer's alerts, bytes
 * that are no TLS, and a peer that leaves. Where the cause is known, it is told with a remedy. */
#include "bear/bear.h"

#include "base/iana.h"

/* --- BearSSL's numbers ------------------------------------------------------------------------ */

static const struct {
    int number;
    lt_code code;
    const char *where; /* NULL: the last message that came */
} meanings[] = {
    { BR_ERR_BAD_PARAM, LT_decode, NULL },
    { BR_ERR_BAD_STATE, LT_internal, "engine state" },
    { BR_ERR_UNSUPPORTED_VERSION, LT_protocol_version, "ServerHello.server_version" },
    { BR_ERR_BAD_VERSION, LT_bad_record_version, "TLSPlaintext.version" },
    { BR_ERR_BAD_LENGTH, LT_bad_record, "TLSCiphertext.length" },
    { BR_ERR_TOO_LARGE, LT_record_overflow, "TLSCiphertext.length" },
    { BR_ERR_BAD_MAC, LT_bad_record, "TLSCiphertext.fragment" },
    { BR_ERR_NO_RANDOM, LT_entropy, "seeder" },
    { BR_ERR_UNKNOWN_TYPE, LT_unexpected, "TLSPlaintext.type" },
    { BR_ERR_UNEXPECTED, LT_unexpected, NULL },
    { BR_ERR_BAD_CCS, LT_unexpected, "ChangeCipherSpec" },
    { BR_ERR_BAD_ALERT, LT_decode, "Alert" },
    { BR_ERR_BAD_HANDSHAKE, LT_decode, NULL },
    { BR_ERR_OVERSIZED_ID, LT_decode, "session_id" },
    { BR_ERR_BAD_CIPHER_SUITE, LT_illegal_parameter, "ServerHello.cipher_suite" },
    { BR_ERR_BAD_COMPRESSION, LT_illegal_parameter, "ServerHello.compression_method" },
    { BR_ERR_BAD_FRAGLEN, LT_illegal_parameter, "max_fragment_length" },
    { BR_ERR_BAD_SECRENEG, LT_insecure_renegotiation, "renegotiation_info" },
    { BR_ERR_EXTRA_EXTENSION, LT_unsupported_extension, "ServerHello.extensions" },
    { BR_ERR_BAD_SNI, LT_decode, "ServerHello.server_name" },
    { BR_ERR_BAD_HELLO_DONE, LT_decode, "ServerHelloDone" },
    { BR_ERR_LIMIT_EXCEEDED, LT_limit, NULL },
    { BR_ERR_BAD_FINISHED, LT_bad_finished, "Finished.verify_data" },
    { BR_ERR_RESUME_MISMATCH, LT_illegal_parameter, "ServerHello of a resumed session" },
    { BR_ERR_NO_CLIENT_AUTH, LT_certificate_required, "Certificate" },
    { BR_ERR_X509_WEAK_PUBLIC_KEY, LT_weak_key, "Certificate" },
};

static const char *last_message(const lt_bear *b)
{
    if (b->tap.last_in)
        return b->tap.last_in;
    return b->config->server ? "ClientHello" : "ServerHello";
}

/* BR_ERR_INVALID_ALGORITHM: one number for all that can be wrong in a key exchange. */
static void invalid_algorithm(lt_bear *b)
{
    const lt_tap *t = &b->tap;
    uint32_t hash = t->signature_scheme >> 8;
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(b->eng->session.cipher_suite);
    if (b->config->server && !t->has_request)
        lt_fail(&b->error, LT_internal, "our signature");
    else if (b->config->server)
        lt_fail(&b->error, LT_illegal_parameter, "CertificateVerify.algorithm");
    else if (suite && (suite->traits & LT_SUITE_static_ecdh))
        lt_fail_detail(&b->error, LT_no_group, "Certificate",
                       "the curve of the server's key is not among our groups");
    else if (!t->has_key_exchange)
        lt_fail(&b->error, LT_bad_key_exchange, "ServerKeyExchange.params");
    else if (t->named_curve >= 32 || (b->config->groups >> t->named_curve & 1) == 0)
        lt_fail_detail(&b->error, LT_illegal_parameter,
                       "ServerKeyExchange.params.curve_params.namedcurve",
                       "group %u was not offered", (unsigned)t->named_curve);
    else if (t->tls_1_2 && (hash < 2 || hash > 6))
        lt_fail_detail(&b->error, LT_illegal_parameter, "ServerKeyExchange.algorithm",
                       "signature scheme 0x%04x was not offered",
                       (unsigned)t->signature_scheme);
    else
        lt_fail(&b->error, LT_bad_key_exchange, "ServerKeyExchange.params.public");
}

/* The type of the key, or what the certificate lets it do. */
static void wrong_key(lt_bear *b)
{
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(b->eng->session.cipher_suite);
    lt_fail_detail(&b->error, LT_key_usage, "Certificate", "the %s key is not one for %s",
                   b->peer.public_key.key_type == BR_KEYTYPE_RSA ? "RSA" : "EC",
                   b->config->server ? "signatures"
                   : suite           ? suite->name
                                     : "the cipher suite");
}

static void unexpected(lt_bear *b)
{
    if (!b->config->server && b->tap.no_certificate_in && b->tap.server_version != 0)
        lt_fail(&b->error, LT_no_peer_certificate, "Certificate.certificate_list");
    else
        lt_fail_detail(&b->error, LT_unexpected, last_message(b), "%s",
                       b->connected ? "after the handshake" : "at this point of the handshake");
}

/* --- alerts, both ways ------------------------------------------------------------------------- */

/* Why a server found nothing in common (handshake_failure, which BearSSL sent). */
static void nothing_in_common(lt_bear *b)
{
    const lt_client_hello *hello = &b->tap.hello;
    const lt_config *c = b->config;
    bool suite = false, null_compression = false;
    for (size_t i = 0; i < c->cipher_suite_count; i++)
        suite = suite || lt_list_has(hello->cipher_suites, c->cipher_suites[i]);
    for (size_t i = 0; i < hello->compression_methods.n; i++)
        null_compression = null_compression || hello->compression_methods.p[i] == 0;
    if (!null_compression) {
        lt_fail_detail(&b->error, LT_illegal_parameter, "ClientHello.compression_methods",
                       "null is not among them");
        return;
    }
    lt_fail_detail(&b->error, LT_no_cipher_suite, "ClientHello.cipher_suites", "%zu offered",
                   hello->cipher_suites.n / 2);
    if (suite)
        lt_error_cause(&b->error, NULL,
                       "the suites in common do not go with the version, the certificate's "
                       "key (%s), or the client's groups and signature schemes",
                       c->identities[0].key.type == LT_KEY_rsa ? "RSA" : "EC");
}

static void sent_alert(lt_bear *b, int alert)
{
    const lt_tap *t = &b->tap;
    const char *version = lt_version_name(t->hello.legacy_version);
    switch (alert) {
    case LT_ALERT_protocol_version:
        lt_fail_detail(&b->error, LT_protocol_version, "ClientHello.client_version",
                       "the client offers %s at most",
                       version ? version : "an unknown version");
        break;
    case LT_ALERT_inappropriate_fallback:
        lt_fail_detail(&b->error, LT_fallback, "TLS_FALLBACK_SCSV", "down to %s",
                       version ? version : "an unknown version");
        break;
    case LT_ALERT_no_application_protocol:
        lt_fail(&b->error, LT_no_alpn, "ClientHello.application_layer_protocol_negotiation");
        break;
    default:
        nothing_in_common(b);
    }
    b->error.alert = (lt_alert)alert;
}

static bool about_certificates(int alert)
{
    return (alert >= LT_ALERT_no_certificate && alert <= LT_ALERT_certificate_unknown)
           || alert == LT_ALERT_unknown_ca || alert == LT_ALERT_access_denied
           || alert == LT_ALERT_certificate_required;
}

static bool about_our_certificate(const lt_bear *b, int alert, bool sent)
{
    return b->request_seen
           && (about_certificates(alert) || alert == LT_ALERT_handshake_failure
               || (!sent && alert == LT_ALERT_decode_error)); /* as GnuTLS says it */
}

static void client_cause(lt_bear *b, int alert)
{
    bool sent = b->request_seen && b->br.client.hash_id != 0;
    if (alert == LT_ALERT_protocol_version) {
        lt_error_cause(&b->error, "raise max_version, if the server is newer",
                       "the server speaks no TLS from %s to %s",
                       lt_version_name(b->config->min_version),
                       lt_version_name(b->config->max_version));
        if (b->config->max_version < LT_TLS_1_3 && b->tap.server_version == 0)
            lt_error_cause(&b->error, "raise max_version to 1.3",
                           "the server probably speaks TLS 1.3 only; this config stops at %s",
                           lt_version_name(b->config->max_version));
    } else if (about_our_certificate(b, alert, sent)) {
        if (sent)
            lt_error_cause(&b->error, NULL, "the server does not take our certificate");
        else if (b->no_fitting_identity)
            lt_error_cause(&b->error, "use a key and a CA that the server asks for",
                           "the server asked for a certificate; none of ours fits its "
                           "types, signature schemes and authorities");
        else
            lt_error_cause(&b->error, "give the config a certificate and its key",
                           "the server asked for a certificate and got none");
    } else if (alert == LT_ALERT_handshake_failure && b->tap.server_version == 0) {
        lt_error_cause(
            &b->error,
            "compare cipher_suites and groups with the server's; it may speak TLS 1.3 only",
            "the server finds no cipher suite, group or signature scheme in common");
    } else if (alert == LT_ALERT_unrecognized_name) {
        lt_error_cause(&b->error, NULL, "the server knows no host %s", b->name);
    }
}

static void received_alert(lt_bear *b, int alert)
{
    lt_fail_peer(&b->error, (uint8_t)alert);
    if (b->config->server && about_certificates(alert))
        lt_error_cause(&b->error, "let the client trust the CA of our certificate",
                       "the client does not take our certificate");
    else if (!b->config->server)
        client_cause(b, alert);
}

void lt_bear_diagnose(lt_bear *b, int br_error)
{
    if (b->error.code != LT_OK)
        return;
    if (br_error >= BR_ERR_SEND_FATAL_ALERT)
        sent_alert(b, br_error - BR_ERR_SEND_FATAL_ALERT);
    else if (br_error >= BR_ERR_RECV_FATAL_ALERT)
        received_alert(b, br_error - BR_ERR_RECV_FATAL_ALERT);
    else if (br_error == BR_ERR_INVALID_ALGORITHM)
        invalid_algorithm(b);
    else if (br_error == BR_ERR_UNEXPECTED)
        unexpected(b);
    else if (br_error == BR_ERR_WRONG_KEY_USAGE)
        wrong_key(b);
    else if (br_error == BR_ERR_BAD_SIGNATURE)
        lt_fail(&b->error, LT_bad_signature,
                b->config->server ? "CertificateVerify.signature"
                                  : "ServerKeyExchange.signature");
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].number == br_error)
            lt_fail(&b->error, meanings[i].code,
                    meanings[i].where ? meanings[i].where : last_message(b));
    if (b->error.code == LT_OK)
        lt_fail_detail(&b->error, LT_internal, "engine", "number %d", br_error);
}

/* --- no TLS at all ----------------------------------------------------------------------------- */

static bool starts_with(lt_bytes s, const char *text)
{
    size_t n = strlen(text);
    return s.n >= n
           && lt_bytes_equal((lt_bytes){ s.p, n }, (lt_bytes){ (const uint8_t *)text, n });
}

static bool is_http(lt_bytes s)
{
    static const char *const starts[] = { "GET ",  "HEAD ", "POST ", "PUT ",  "DELET",
                                          "OPTIO", "PATCH", "CONNE", "TRACE", "PRI *",
                                          "HTTP/", "<html", "<HTML" };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (starts_with(s, starts[i]))
            return true;
    return false;
}

/* An SSLv2 ClientHello: a two-byte record length, then message type 1 (RFC 5246 appendix E.2). */
static bool is_ssl2(lt_bytes s)
{
    return (s.p[0] & 0x80) != 0 && s.p[2] == 1;
}

static lt_code not_tls(lt_bear *b, lt_bytes s)
{
    char text[17];
    size_t n = s.n < sizeof text - 1 ? s.n : sizeof text - 1;
    memcpy(text, s.p, n);
    text[n] = 0;
    lt_fail_detail(&b->error, LT_not_tls, "TLSPlaintext", "it begins with \"%s\"", text);
    if (is_http(s))
        lt_error_cause(
            &b->error,
            b->config->server ? "the client must use https://" : "is this the port for HTTPS?",
            "the %s speaks plain HTTP on this port", b->config->server ? "client" : "server");
    else if (starts_with(s, "SSH-"))
        lt_error_cause(&b->error, "is this the right port?", "the peer speaks SSH");
    else if (starts_with(s, "220 ") || starts_with(s, "220-") || starts_with(s, "* OK")
             || starts_with(s, "+OK "))
        lt_error_cause(&b->error, "ask for STARTTLS first, or use the port for TLS",
                       "the server greets in clear, as for mail or FTP");
    return b->error.code;
}

/* The first record of the peer: handshake or alert, version 3.x. */
lt_code lt_bear_not_tls(lt_bear *b, lt_bytes s)
{
    if ((s.p[0] == LT_CONTENT_handshake || s.p[0] == LT_CONTENT_alert) && s.p[1] == 3)
        return LT_OK;
    if (b->config->server && is_ssl2(s))
        return lt_fail_detail(&b->error, LT_protocol_version, "ClientHello",
                              "in the format of SSLv2");
    return not_tls(b, s);
}

void lt_bear_peer_left(lt_bear *b, const char *how)
{
    size_t n = lt_buffer_size(&b->in);
    lt_fail_detail(&b->error, LT_closed, "handshake", "%s by the %s %s%s%s", how,
                   b->config->server ? "client" : "server",
                   b->tap.last_in ? "after " : "before any message",
                   b->tap.last_in ? b->tap.last_in : "",
                   n > 0 ? ", in the middle of a record" : "");
    if (n > 0 && b->handshake_bytes == 0 && b->in.data[b->in.start] != LT_CONTENT_handshake
        && b->in.data[b->in.start] != LT_CONTENT_alert)
        lt_error_cause(&b->error, NULL, "what came is no TLS");
}
