/* SPDX-License-Identifier: MIT
 * record.h - record protection (RFC 8446 section 5.2, RFC 5246 section 6.2.3.3, RFC 5288, 7905).
 * One lt_protection a direction; records are sealed onto a buffer and opened in place. */
#ifndef LT_TLS_RECORD_H
#define LT_TLS_RECORD_H

#include "base/error.h"
#include "base/secret.h"
#include "tls/suite.h"

enum {
    LT_FRAGMENT_MAX = 16384,                      /* 2^14 (section 5.1) */
    LT_CIPHERTEXT_MAX_13 = LT_FRAGMENT_MAX + 256, /* section 5.2 */
    LT_CIPHERTEXT_MAX_12 = LT_FRAGMENT_MAX + 2048,
};

typedef struct {
    const lt_suite *suite; /* NULL: records are in clear */
    lt_aead aead;
    uint8_t iv[LT_AEAD_NONCE];
    size_t explicit_nonce; /* bytes of it in each record: 8 with GCM in TLS 1.2, else 0 */
    uint64_t sequence;
} lt_protection;

/* Keys of TLS 1.3 from a traffic secret (section 7.3); of TLS 1.2 from the key block. */
void lt_protection_set_13(lt_protection *p, const lt_suite *suite,
                          const uint8_t *traffic_secret);
void lt_protection_set_12(lt_protection *p, const lt_suite *suite, const uint8_t *key,
                          const uint8_t *iv);
size_t lt_protection_iv_size_12(const lt_suite *suite);

/* More records under these keys would pass the AEAD's bound (section 5.5). */
bool lt_protection_worn(const lt_protection *p);

/* One record of up to LT_FRAGMENT_MAX bytes, with `padding` zeros inside it (TLS 1.3). */
bool lt_record_seal(lt_protection *p, lt_buffer *out, uint32_t content_type, lt_bytes fragment,
                    size_t padding);

/* `record`: a header and the fragment that it announces. Gives the type within and the plaintext,
 * in place. Codes: bad_record, record_overflow, unexpected (nothing but padding). */
lt_code lt_record_open(lt_protection *p, uint8_t *record, size_t n, uint32_t *content_type,
                       lt_bytes *plaintext, lt_error *e);

#endif
