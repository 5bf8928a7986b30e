/* SPDX-License-Identifier: MIT
 * key_schedule.h - the secrets of TLS 1.3 (RFC 8446 section 7.1) and of TLS 1.2 (RFC 5246
 * section 8.1, RFC 7627). Knows no message. */
#ifndef LT_TLS_KEY_SCHEDULE_H
#define LT_TLS_KEY_SCHEDULE_H

#include "crypto/hkdf.h"

/* One secret of the chain Early -> Handshake -> Master; it moves forward only. */
typedef struct {
    const br_hash_class *hash;
    bool without_psk; /* the Early Secret of a handshake without one */
    uint8_t secret[LT_HASH_MAX];
} lt_key_schedule;

/* psk.n = 0: none, a string of zeros stands for it. */
void lt_key_schedule_early(lt_key_schedule *ks, const br_hash_class *hash, lt_bytes psk);
/* To the Handshake Secret; with shared.n = 0 to the Master Secret. */
void lt_key_schedule_next(lt_key_schedule *ks, lt_bytes shared);
/* Derive-Secret, the transcript already hashed. */
void lt_derive_secret(const lt_key_schedule *ks, const char *label,
                      const uint8_t *transcript_hash, uint8_t *out);

/* The same for several labels at once. */
typedef struct {
    const char *label;
    uint8_t *out;
} lt_derived;
void lt_derive_secrets(const lt_key_schedule *ks, const uint8_t *transcript_hash,
                       const lt_derived *what, size_t count);

void lt_expand_label(const br_hash_class *hash, const uint8_t *secret, const char *label,
                     lt_bytes context, uint8_t *out, size_t n);
/* What protects records, of a traffic secret (section 7.3). */
void lt_traffic_keys(const br_hash_class *hash, const uint8_t *secret, uint8_t *key,
                     size_t key_size, uint8_t *iv, size_t iv_size);
/* verify_data of Finished, and a PSK binder, which is made alike (section 4.4.4, 4.2.11.2). */
void lt_finished_mac(const br_hash_class *hash, const uint8_t *base_key,
                     const uint8_t *transcript_hash, uint8_t *out);
/* TLS-Exporter (section 7.5). */
void lt_exporter_13(const br_hash_class *hash, const uint8_t *exporter_secret,
                    const char *label, lt_bytes context, uint8_t *out, size_t n);

/* PRF of TLS 1.2 with one or two seeds. */
void lt_prf_12(const br_hash_class *hash, lt_bytes secret, const char *label, lt_bytes seed1,
               lt_bytes seed2, uint8_t *out, size_t n);

#endif
