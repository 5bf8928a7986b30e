/* SPDX-License-Identifier: MIT
 * diagnosis.c - see diagnosis.h. */
#include "base/diagnosis.h"

#include <string.h>

#include "base/iana.h"

/* --- alerts ----------------------------------------------------------------------------------- */

static bool about_certificates(int alert)
{
    return (alert >= LT_ALERT_no_certificate && alert <= LT_ALERT_certificate_unknown)
           || alert == LT_ALERT_unknown_ca || alert == LT_ALERT_access_denied
           || alert == LT_ALERT_certificate_required;
}

static bool about_our_certificate(const lt_circumstances *c, int alert)
{
    return c->certificate_wanted
           && (about_certificates(alert) || alert == LT_ALERT_handshake_failure
               || (!c->certificate_sent && alert == LT_ALERT_decode_error)); /* GnuTLS's word */
}

static void version_cause(lt_error *e, const lt_circumstances *c)
{
    const char *max = lt_version_name(c->max_version);
    if (c->max_version < LT_TLS_1_3 && !c->hello_read)
        lt_error_cause(e, "raise max_version to 1.3",
                       "the server probably speaks TLS 1.3 only; this config stops at %s", max);
    else if (c->min_version >= LT_TLS_1_3)
        lt_error_cause(e, "lower min_version to 1.2",
                       "the server speaks no TLS 1.3; this config takes nothing else");
    else
        lt_error_cause(e,
                       c->max_version < LT_TLS_1_3 ? "raise max_version, if the server is newer"
                                                   : "the server may be older than TLS 1.2",
                       "the server speaks no TLS from %s to %s",
                       lt_version_name(c->min_version), max);
}

static void certificate_cause(lt_error *e, const lt_circumstances *c)
{
    bool names = *c->authorities != 0;
    if (c->certificate_sent)
        lt_error_cause(e, NULL, "the server does not take our certificate%s%s",
                       names ? "; it asked for one by " : "", c->authorities);
    else if (c->none_fits)
        lt_error_cause(e, "use a key and a CA that the server asks for",
                       "the server asked for a certificate; none of ours fits its types, "
                       "signature schemes and authorities%s%s",
                       names ? ": " : "", c->authorities);
    else
        lt_error_cause(e, "give the config a certificate and its key",
                       "the server asked for a certificate and got none%s%s",
                       names ? "; it takes those by " : "", c->authorities);
}

static void nothing_in_common(lt_error *e, const lt_circumstances *c)
{
    lt_error_cause(e,
                   c->max_version < LT_TLS_1_3
                       ? "compare cipher_suites and groups with the server's; it may speak "
                         "TLS 1.3 only"
                       : "compare cipher_suites and groups with the server's",
                   "the server finds no cipher suite, group or signature scheme in common%s%s",
                   *c->offered ? "; we offered " : "", c->offered);
}

static bool wants_a_name(const lt_circumstances *c, int alert)
{
    return !c->name_sent && !c->hello_read
           && (alert == LT_ALERT_unrecognized_name || alert == LT_ALERT_handshake_failure
               || alert == LT_ALERT_internal_error || alert == LT_ALERT_access_denied
               || alert == LT_ALERT_missing_extension);
}

static void client_cause(lt_error *e, const lt_circumstances *c)
{
    int alert = (int)e->alert;
    if (alert == LT_ALERT_protocol_version)
        version_cause(e, c);
    else if (about_our_certificate(c, alert))
        certificate_cause(e, c);
    else if (wants_a_name(c, alert))
        lt_error_cause(e, "connect by name, or give the name: an address is not sent",
                       "the server was not told a name, and may need one%s",
                       alert == LT_ALERT_handshake_failure ? "; or nothing is in common" : "");
    else if (alert == LT_ALERT_unrecognized_name)
        lt_error_cause(e, NULL, "the server knows no host %s", c->name);
    else if (alert == LT_ALERT_no_application_protocol)
        lt_error_cause(e, "compare alpn with the server's",
                       "the server speaks none of our application protocols");
    else if (!c->hello_read
             && (alert == LT_ALERT_handshake_failure
                 || alert == LT_ALERT_insufficient_security))
        nothing_in_common(e, c);
}

void lt_diagnose_alert(lt_error *e, const lt_circumstances *c)
{
    if (c->server && about_certificates((int)e->alert))
        lt_error_cause(e, "let the client trust the CA of our certificate",
                       "the client does not take our certificate");
    else if (!c->server)
        client_cause(e, c);
}

/* --- no TLS at all ------------------------------------------------------------------------------ */

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

lt_code lt_diagnose_not_tls(lt_error *e, bool server, lt_bytes s)
{
    char text[17];
    size_t n = s.n < sizeof text - 1 ? s.n : sizeof text - 1;
    if (server && is_ssl2(s))
        return lt_fail_detail(e, LT_protocol_version, "ClientHello", "in the format of SSLv2");
    memcpy(text, s.p, n);
    text[n] = 0;
    lt_fail_detail(e, LT_not_tls, "TLSPlaintext", "it begins with \"%s\"", text);
    if (is_http(s))
        lt_error_cause(e,
                       server ? "the client must use https://" : "is this the port for HTTPS?",
                       "the %s speaks plain HTTP on this port", server ? "client" : "server");
    else if (starts_with(s, "SSH-"))
        lt_error_cause(e, "is this the right port?", "the peer speaks SSH");
    else if (starts_with(s, "220 ") || starts_with(s, "220-") || starts_with(s, "* OK")
             || starts_with(s, "+OK "))
        lt_error_cause(e, "ask for STARTTLS first, or use the port for TLS",
                       "the server greets in clear, as for mail or FTP");
    return e->code;
}

lt_code lt_diagnose_left(lt_error *e, bool server, const char *how, const char *last_message,
                         bool in_record)
{
    return lt_fail_detail(
        e, LT_closed, "handshake", "%s by the %s %s%s%s", how, server ? "client" : "server",
        last_message ? "after " : "before any message", last_message ? last_message : "",
        in_record ? ", in the middle of a record" : "");
}

/* --- a reset --------------------------------------------------------------------------------------- */

lt_code lt_diagnose_reset(lt_error *e, const lt_circumstances *c, const char *last_message,
                          bool data_seen)
{
    static const char lost[] = "its alert may have been lost on the way";
    bool names = *c->authorities != 0;
    lt_fail(e, LT_reset, "socket");
    if (data_seen)
        return e->code;
    if (c->server && c->certificate_sent)
        lt_error_cause(e,
                       "let the client trust the CA of our certificate, if that is what it is",
                       "the client reset the connection after our certificate; %s", lost);
    else if (c->certificate_sent)
        lt_error_cause(e, "the server's log may say that it does not take the certificate",
                       "the server reset the connection after our certificate; %s", lost);
    else if (c->certificate_wanted)
        lt_error_cause(
            e, "give the config a certificate and its key",
            "the server asked for a certificate, got none and reset the connection%s%s",
            names ? "; it takes those by " : "", c->authorities);
    else if (!last_message && !c->server)
        lt_error_cause(e,
                       "is this the right port, and does nothing between the two cut TLS off?",
                       "the server reset the connection before it said anything");
    else
        lt_error_cause(e, NULL, "the %s reset the connection %s%s",
                       c->server ? "client" : "server",
                       last_message ? "after its " : "before any message",
                       last_message ? last_message : "");
    return e->code;
}
