/* SPDX-License-Identifier: MIT
 * transcript.h - the handshake messages so far, hashed once (RFC 8446 section 4.4.1). Until the
 * hash is known they are kept as they are; in TLS 1.2 on, while a CertificateVerify may come,
 * which signs them under a hash of its own. */
#ifndef LT_TLS_TRANSCRIPT_H
#define LT_TLS_TRANSCRIPT_H

#include "base/secret.h"
#include "crypto/hkdf.h"

typedef struct {
    lt_buffer messages; /* while kept */
    bool keep;
    const br_hash_class *hash; /* NULL: not known yet */
    br_hash_compat_context context;
} lt_transcript;

void lt_transcript_init(lt_transcript *t);                  /* empty; messages are kept */
bool lt_transcript_add(lt_transcript *t, lt_bytes message); /* false: out of memory */
void lt_transcript_start(lt_transcript *t, const br_hash_class *hash);
void lt_transcript_drop(lt_transcript *t); /* the messages are not needed any more */
/* The hash so far, without ending it. */
void lt_transcript_hash(const lt_transcript *t, uint8_t *out);
/* The hash of what is there and `more` after it; for the hash of a PSK before one is chosen. */
void lt_transcript_hash_with(const lt_transcript *t, const br_hash_class *hash, lt_bytes more,
                             uint8_t *out);
/* HelloRetryRequest: the first ClientHello is replaced by a message_hash message. */
void lt_transcript_retry(lt_transcript *t, const br_hash_class *hash);
/* The same, where nothing but the hash of that ClientHello is known. */
void lt_transcript_resume(lt_transcript *t, const br_hash_class *hash,
                          const uint8_t *first_hash);
void lt_transcript_free(lt_transcript *t);

#endif
