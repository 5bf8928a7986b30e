/* SPDX-License-Identifier: MIT
 * record.c - see record.h. */
#include "tls/record.h"

#include "base/iana.h"
#include "crypto/accel/trimmed.h"
#include "tls/key_schedule.h"
#include "wire/handshake.h"

enum { AAD_MAX = 13 };

static void be64(uint8_t *out, uint64_t v)
{
    for (int i = 8; i-- > 0; v >>= 8)
        out[i] = (uint8_t)v;
}

void lt_protection_set_13(lt_protection *p, const lt_suite *suite,
                          const uint8_t *traffic_secret)
{
    uint8_t key[LT_AEAD_KEY_MAX];
    lt_traffic_keys(suite->hash, traffic_secret, key, lt_aead_key_size(suite->aead), p->iv,
                    sizeof p->iv);
    lt_aead_set(&p->aead, suite->aead, key);
    p->suite = suite;
    p->explicit_nonce = 0;
    p->sequence = 0;
    lt_wipe(key, sizeof key);
}

size_t lt_protection_iv_size_12(const lt_suite *suite)
{
    return suite->aead == LT_AEAD_chacha20_poly1305 ? LT_AEAD_NONCE : 4;
}

void lt_protection_set_12(lt_protection *p, const lt_suite *suite, const uint8_t *key,
                          const uint8_t *iv)
{
    size_t iv_size = lt_protection_iv_size_12(suite);
    memset(p->iv, 0, sizeof p->iv);
    memcpy(p->iv, iv, iv_size);
    lt_aead_set(&p->aead, suite->aead, key);
    p->suite = suite;
    p->explicit_nonce = LT_AEAD_NONCE - iv_size;
    p->sequence = 0;
}

bool lt_protection_worn(const lt_protection *p)
{
    return p->suite && lt_key_is_worn(p->suite->id, p->sequence);
}

static bool is_13(const lt_protection *p)
{
    return p->suite->version == LT_TLS_1_3;
}

/* The nonce is the IV with the sequence number XORed in; with GCM in TLS 1.2 the sequence number
 * is the explicit part, which a peer may choose otherwise (RFC 5288 section 3). */
static void make_nonce(const lt_protection *p, const uint8_t *explicit_nonce, uint8_t *nonce)
{
    memcpy(nonce, p->iv, LT_AEAD_NONCE);
    uint8_t sequence[8];
    be64(sequence, p->sequence);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= explicit_nonce ? explicit_nonce[i] : sequence[i];
}

static size_t make_aad(const lt_protection *p, const uint8_t *header, size_t n, uint8_t *aad)
{
    if (is_13(p)) {
        memcpy(aad, header, LT_RECORD_HEADER);
        return LT_RECORD_HEADER;
    }
    be64(aad, p->sequence);
    memcpy(aad + 8, header, 3);
    aad[11] = (uint8_t)(n >> 8);
    aad[12] = (uint8_t)n;
    return AAD_MAX;
}

static size_t put_header(uint8_t *at, uint32_t content_type, size_t n)
{
    at[0] = (uint8_t)content_type;
    at[1] = 3, at[2] = 3;
    at[3] = (uint8_t)(n >> 8);
    at[4] = (uint8_t)n;
    return LT_RECORD_HEADER;
}

static size_t seal(lt_protection *p, uint8_t *record, uint32_t content_type, lt_bytes fragment,
                   size_t padding)
{
    uint8_t nonce[LT_AEAD_NONCE], aad[AAD_MAX];
    size_t inner = fragment.n + (is_13(p) ? 1 + padding : 0);
    uint8_t *at = record
                  + put_header(record, is_13(p) ? LT_CONTENT_application_data : content_type,
                               p->explicit_nonce + inner + LT_AEAD_TAG);
    make_nonce(p, NULL, nonce);
    memcpy(at, nonce + 4, p->explicit_nonce);
    at += p->explicit_nonce;
    if (fragment.n > 0)
        memcpy(at, fragment.p, fragment.n);
    if (is_13(p)) {
        at[fragment.n] = (uint8_t)content_type;
        memset(at + fragment.n + 1, 0, padding);
    }
    size_t aad_size = make_aad(p, record, inner, aad);
    lt_aead_seal(&p->aead, nonce, (lt_bytes){ aad, aad_size }, at, inner, at + inner);
    p->sequence++;
    return (size_t)(at - record) + inner + LT_AEAD_TAG;
}

bool lt_record_seal(lt_protection *p, lt_buffer *out, uint32_t content_type, lt_bytes fragment,
                    size_t padding)
{
    if (!lt_buffer_reserve(out, LT_RECORD_HEADER + 8 + fragment.n + 1 + padding + LT_AEAD_TAG))
        return false;
    uint8_t *record = out->data + out->end;
    if (p->suite) {
        out->end += seal(p, record, content_type, fragment, padding);
        return true;
    }
    memcpy(record + put_header(record, content_type, fragment.n), fragment.p, fragment.n);
    out->end += LT_RECORD_HEADER + fragment.n;
    return true;
}

/* The last octet that is no zero is the type; zeros behind it are padding, and how many is nobody's
 * business until the length is the application's (RFC 8446 section 5.4, appendix E.3). */
static lt_code inner_plaintext(uint32_t *content_type, lt_bytes *plaintext, lt_error *e)
{
    plaintext->n = lt_trimmed(plaintext->p, plaintext->n);
    if (plaintext->n == 0) /* section 5.4 */
        return lt_fail(e, LT_unexpected, "TLSInnerPlaintext.type");
    *content_type = plaintext->p[--plaintext->n];
    return LT_OK;
}

lt_code lt_record_open(lt_protection *p, uint8_t *record, size_t n, uint32_t *content_type,
                       lt_bytes *plaintext, lt_error *e)
{
    uint8_t nonce[LT_AEAD_NONCE], aad[AAD_MAX];
    *content_type = record[0];
    *plaintext = (lt_bytes){ record + LT_RECORD_HEADER, n - LT_RECORD_HEADER };
    if (!p->suite)
        return plaintext->n <= LT_FRAGMENT_MAX
                   ? LT_OK
                   : lt_fail(e, LT_record_overflow, "TLSPlaintext.length");
    if (plaintext->n < p->explicit_nonce + LT_AEAD_TAG)
        return lt_fail(e, LT_bad_record, "TLSCiphertext.length");
    uint8_t *data = record + LT_RECORD_HEADER + p->explicit_nonce;
    size_t inner = plaintext->n - p->explicit_nonce - LT_AEAD_TAG;
    make_nonce(p, p->explicit_nonce ? record + LT_RECORD_HEADER : NULL, nonce);
    size_t aad_size = make_aad(p, record, inner, aad);
    if (!lt_aead_open(&p->aead, nonce, (lt_bytes){ aad, aad_size }, data, inner, data + inner))
        return lt_fail(e, LT_bad_record, "TLSCiphertext.encrypted_record");
    p->sequence++;
    *plaintext = (lt_bytes){ data, inner };
    if (inner > LT_FRAGMENT_MAX + (is_13(p) ? 1U : 0U))
        return lt_fail(e, LT_record_overflow, "TLSPlaintext.length");
    return is_13(p) ? inner_plaintext(content_type, plaintext, e) : LT_OK;
}
