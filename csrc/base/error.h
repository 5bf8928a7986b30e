/* SPDX-License-Identifier: MIT
 * error.h - the one list of failures. Each row gives the enum, the alert we send for it, the
 * name that Lua sees and the text. Knows no protocol state: a caller says what failed and where. */
#ifndef LT_BASE_ERROR_H
#define LT_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 8446 section 6, and the older ones of RFC 5246 section 7.2 that peers still send. */
#define LT_ALERTS(X) /* IANA name, AlertDescription */ \
    X(close_notify, 0)                                 \
    X(unexpected_message, 10)                          \
    X(bad_record_mac, 20)                              \
    X(decryption_failed, 21)                           \
    X(record_overflow, 22)                             \
    X(decompression_failure, 30)                       \
    X(handshake_failure, 40)                           \
    X(no_certificate, 41)                              \
    X(bad_certificate, 42)                             \
    X(unsupported_certificate, 43)                     \
    X(certificate_revoked, 44)                         \
    X(certificate_expired, 45)                         \
    X(certificate_unknown, 46)                         \
    X(illegal_parameter, 47)                           \
    X(unknown_ca, 48)                                  \
    X(access_denied, 49)                               \
    X(decode_error, 50)                                \
    X(decrypt_error, 51)                               \
    X(export_restriction, 60)                          \
    X(protocol_version, 70)                            \
    X(insufficient_security, 71)                       \
    X(internal_error, 80)                              \
    X(inappropriate_fallback, 86)                      \
    X(user_canceled, 90)                               \
    X(no_renegotiation, 100)                           \
    X(missing_extension, 109)                          \
    X(unsupported_extension, 110)                      \
    X(certificate_unobtainable, 111)                   \
    X(unrecognized_name, 112)                          \
    X(bad_certificate_status_response, 113)            \
    X(bad_certificate_hash_value, 114)                 \
    X(unknown_psk_identity, 115)                       \
    X(certificate_required, 116)                       \
    X(no_application_protocol, 120)

#define LT_ALERT_ENUM(name, value) LT_ALERT_##name = value,
typedef enum { LT_ALERTS(LT_ALERT_ENUM) LT_ALERT_none = 256 } lt_alert;

#define LT_ERRORS(X) /* code, alert we send (none: the peer is not told), text */            \
    /* here, before or beside any handshake */                                               \
    X(memory, internal_error, "out of memory")                                               \
    X(entropy, internal_error, "no entropy from the operating system")                       \
    X(internal, internal_error, "internal error")                                            \
    X(limit, internal_error, "a limit was reached")                                          \
    X(option, none, "bad option")                                                            \
    X(state, none, "not possible in this state")                                             \
    X(cancelled, internal_error, "the connection was given up by this side")                 \
    /* files and text */                                                                     \
    X(file, none, "file cannot be read")                                                     \
    X(file_write, none, "file cannot be written")                                            \
    X(locked, none, "another process has the file")                                          \
    X(run, none, "program cannot be run")                                                    \
    X(pem, none, "PEM does not decode")                                                      \
    X(der, bad_certificate, "DER does not decode")                                           \
    X(no_certificates, none, "no certificate found")                                         \
    X(no_key, none, "no private key found")                                                  \
    X(bad_key, none, "private key is not valid")                                             \
    X(unsupported_key, none, "kind of key is not supported")                                 \
    X(encrypted_key, none, "private key is encrypted")                                       \
    X(bad_password, none, "password does not open the private key")                          \
    X(bad_session, none, "bytes are no session that can be offered")                         \
    X(key_mismatch, none, "private key does not belong to the certificate")                  \
    /* transport */                                                                          \
    X(closed, none, "connection is closed")                                                  \
    X(timeout, none, "timeout")                                                              \
    X(reset, none, "connection reset by peer")                                               \
    X(truncated, none, "connection ended without close_notify")                              \
    X(io, none, "input/output error")                                                        \
    X(refused, none, "connection refused")                                                   \
    X(dns, none, "host name does not resolve")                                               \
    /* protocol */                                                                           \
    X(decode, decode_error, "message does not decode")                                       \
    X(unexpected, unexpected_message, "message not expected")                                \
    X(illegal_parameter, illegal_parameter, "message carries a value that it must not")      \
    X(missing_extension, missing_extension, "extension that is required is missing")         \
    X(unsupported_extension, unsupported_extension, "extension was not offered")             \
    X(record_overflow, record_overflow, "record is too long")                                \
    X(bad_record, bad_record_mac, "record does not decrypt")                                 \
    X(bad_record_version, protocol_version, "record version is not one of TLS")              \
    X(not_tls, none, "the peer does not speak TLS")                                          \
    X(protocol_version, protocol_version, "no TLS version in common")                        \
    X(no_cipher_suite, handshake_failure, "no cipher suite in common")                       \
    X(no_signature_scheme, handshake_failure, "no signature scheme in common")               \
    X(no_group, handshake_failure, "no group in common")                                     \
    X(no_alpn, no_application_protocol, "no application protocol in common")                 \
    X(unknown_name, unrecognized_name, "the server has no such name")                        \
    X(bad_key_exchange, illegal_parameter, "key exchange value is not valid")                \
    X(bad_signature, decrypt_error, "handshake signature does not verify")                   \
    X(psk_refused, handshake_failure, "the server did not take the pre-shared key")          \
    X(bad_binder, decrypt_error, "PSK binder does not verify")                               \
    X(bad_finished, decrypt_error, "Finished does not verify")                               \
    X(renegotiation, no_renegotiation, "renegotiation refused")                              \
    X(insecure_renegotiation, handshake_failure, "secure renegotiation data is wrong")       \
    X(no_extended_master_secret, handshake_failure,                                          \
      "a session with extended_master_secret resumed without")                               \
    X(key_limit, close_notify, "a key has protected as many records as it may")              \
    X(fallback, inappropriate_fallback, "inappropriate version fallback")                    \
    X(peer_alert, none, "the peer sent a fatal alert")                                       \
    X(certificate_required, handshake_failure, "no client certificate was sent")             \
    /* the peer's certificate */                                                             \
    X(no_peer_certificate, handshake_failure, "the peer sent no certificate")                \
    X(bad_certificate, bad_certificate, "certificate does not decode")                       \
    X(expired, certificate_expired, "certificate has expired")                               \
    X(not_yet_valid, certificate_expired, "certificate is not yet valid")                    \
    X(lifetime, bad_certificate, "certificate is valid for longer than the policy allows")   \
    X(name_mismatch, bad_certificate, "certificate is for another name")                     \
    X(unknown_issuer, unknown_ca, "certificate chain does not lead to a trusted anchor")     \
    X(self_signed, unknown_ca, "certificate is self-signed and not trusted")                 \
    X(distrusted, bad_certificate, "key is distrusted by the store")                         \
    X(not_ca, unknown_ca, "issuer is not a CA")                                              \
    X(path_length, unknown_ca, "path length constraint is exceeded")                         \
    X(key_usage, unsupported_certificate, "key usage does not allow this")                   \
    X(extended_key_usage, unsupported_certificate, "extended key usage does not allow this") \
    X(name_constraint, bad_certificate, "name constraint cannot be checked or is violated")  \
    X(weak_signature, bad_certificate, "certificate is signed with a weak algorithm")        \
    X(weak_key, bad_certificate, "certificate has a weak key")                               \
    X(bad_certificate_signature, bad_certificate, "certificate signature does not verify")   \
    X(unsupported_certificate, unsupported_certificate,                                      \
      "certificate uses what is not supported")                                              \
    X(critical_extension, unsupported_certificate, "critical extension is not understood")   \
    X(certificate_policy, certificate_unknown, "certificate policies allow no path")         \
    X(revoked, certificate_revoked, "certificate is revoked")                                \
    X(revocation_unknown, certificate_unknown, "revocation status cannot be told")           \
    X(must_staple, bad_certificate_status_response,                                          \
      "certificate demands an OCSP staple; none came")                                       \
    X(bad_crl, certificate_unknown, "CRL cannot be used")                                    \
    X(bad_ocsp, bad_certificate_status_response, "OCSP response cannot be used")             \
    X(unwelcome, access_denied, "the peer is known, but not welcome")                        \
    X(pin_mismatch, certificate_unknown, "no certificate of the path has a pinned key")

#define LT_CODE_ENUM(code, alert, text) LT_##code,
typedef enum { LT_OK, LT_ERRORS(LT_CODE_ENUM) LT_CODES } lt_code;

enum { LT_DETAIL_MAX = 256 };

/* The first failure of an object. `where` and `hint` point at constant text; `detail` is copied
 * and always ends in NUL; it may hold the peer's bytes, which lt_fail_detail made printable. */
typedef struct {
    lt_code code;
    lt_alert alert;             /* sent or received; LT_ALERT_none: neither */
    bool by_peer;               /* the peer found the fault (its alert says so), not we */
    const char *where;          /* the RFC's name of the field or message; NULL: not known */
    const char *hint;           /* a remedy; NULL: none known */
    char cause[LT_DETAIL_MAX];  /* what is known of why; "": nothing */
    char detail[LT_DETAIL_MAX]; /* values that belong to the text; "": none */
} lt_error;

/* Each returns the code of the failure that stands: the first one is the one reported. */
lt_code lt_fail(lt_error *e, lt_code code, const char *where);
lt_code lt_fail_detail(lt_error *e, lt_code code, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
lt_code lt_fail_peer(lt_error *e, uint8_t alert_description);

void lt_error_cause(lt_error *e, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *lt_code_name(lt_code code); /* "unknown_issuer"; never NULL */
const char *lt_code_text(lt_code code);
const char *lt_alert_name(lt_alert alert); /* NULL where IANA has none for the number */

#endif
