/* SPDX-License-Identifier: MIT
 * key_schedule.c - see key_schedule.h. */
#include "tls/key_schedule.h"

#include "base/secret.h"

static const uint8_t zeros[LT_HASH_MAX];

/* struct { uint16 length; opaque label<7..255> = "tls13 " + Label; opaque context<0..255>; }
 * HkdfLabel; */
void lt_expand_label(const br_hash_class *hash, const uint8_t *secret, const char *label,
                     lt_bytes context, uint8_t *out, size_t n)
{
    uint8_t info[2 + 1 + 255 + 1 + LT_HASH_MAX];
    static const uint8_t prefix[] = { 't', 'l', 's', '1', '3', ' ' };
    lt_bytes text = { (const uint8_t *)label, strlen(label) };
    size_t at = 0;
    info[at++] = (uint8_t)(n >> 8);
    info[at++] = (uint8_t)n;
    info[at++] = (uint8_t)(sizeof prefix + text.n);
    memcpy(info + at, prefix, sizeof prefix);
    memcpy(info + at + sizeof prefix, text.p, text.n);
    at += sizeof prefix + text.n;
    info[at++] = (uint8_t)context.n;
    if (context.n > 0)
        memcpy(info + at, context.p, context.n);
    at += context.n;
    lt_hkdf_expand(hash, (lt_bytes){ secret, lt_hash_size(hash) }, (lt_bytes){ info, at }, out,
                   n);
}

void lt_derive_secret(const lt_key_schedule *ks, const char *label,
                      const uint8_t *transcript_hash, uint8_t *out)
{
    size_t n = lt_hash_size(ks->hash);
    lt_expand_label(ks->hash, ks->secret, label, (lt_bytes){ transcript_hash, n }, out, n);
}

void lt_key_schedule_early(lt_key_schedule *ks, const br_hash_class *hash, lt_bytes psk)
{
    ks->hash = hash;
    lt_bytes none = { zeros, lt_hash_size(hash) };
    lt_hkdf_extract(hash, none, psk.n ? psk : none, ks->secret);
}

void lt_key_schedule_next(lt_key_schedule *ks, lt_bytes shared)
{
    uint8_t empty_hash[LT_HASH_MAX], salt[LT_HASH_MAX];
    lt_bytes none = { zeros, lt_hash_size(ks->hash) };
    lt_hash(ks->hash, (lt_bytes){ zeros, 0 }, empty_hash);
    lt_derive_secret(ks, "derived", empty_hash, salt);
    lt_hkdf_extract(ks->hash, (lt_bytes){ salt, none.n }, shared.n ? shared : none, ks->secret);
    lt_wipe(salt, sizeof salt);
}

void lt_finished_mac(const br_hash_class *hash, const uint8_t *base_key,
                     const uint8_t *transcript_hash, uint8_t *out)
{
    uint8_t finished_key[LT_HASH_MAX];
    size_t n = lt_hash_size(hash);
    lt_expand_label(hash, base_key, "finished", (lt_bytes){ zeros, 0 }, finished_key, n);
    lt_hmac(hash, (lt_bytes){ finished_key, n }, (lt_bytes){ transcript_hash, n }, out);
    lt_wipe(finished_key, sizeof finished_key);
}

void lt_exporter_13(const br_hash_class *hash, const uint8_t *exporter_secret,
                    const char *label, lt_bytes context, uint8_t *out, size_t n)
{
    uint8_t derived[LT_HASH_MAX], digest[LT_HASH_MAX];
    size_t size = lt_hash_size(hash);
    lt_hash(hash, (lt_bytes){ zeros, 0 }, digest);
    lt_expand_label(hash, exporter_secret, label, (lt_bytes){ digest, size }, derived, size);
    lt_hash(hash, context, digest);
    lt_expand_label(hash, derived, "exporter", (lt_bytes){ digest, size }, out, n);
    lt_wipe(derived, sizeof derived);
}

void lt_prf_12(const br_hash_class *hash, lt_bytes secret, const char *label, lt_bytes seed1,
               lt_bytes seed2, uint8_t *out, size_t n)
{
    br_tls_prf_seed_chunk seeds[] = { { seed1.p, seed1.n }, { seed2.p, seed2.n } };
    br_tls_prf_impl prf =
        lt_hash_size(hash) == br_sha384_SIZE ? br_tls12_sha384_prf : br_tls12_sha256_prf;
    prf(out, n, secret.p, secret.n, label, 2, seeds);
}
