/* SPDX-License-Identifier: MIT
 * key_schedule.c - see key_schedule.h. */
#include "tls/key_schedule.h"

#include "base/secret.h"

static const uint8_t zeros[LT_HASH_MAX];

/* struct { uint16 length; opaque label<7..255> = "tls13 " + Label; opaque context<0..255>; }
 * HkdfLabel; */
static void expand(const lt_hkdf_key *key, const char *label, lt_bytes context, uint8_t *out,
                   size_t n)
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
    lt_hkdf_expand_by(key, (lt_bytes){ info, at }, out, n);
}

static void make_ready(lt_hkdf_key *key, const br_hash_class *hash, const uint8_t *secret)
{
    lt_hkdf_key_init(key, hash, (lt_bytes){ secret, lt_hash_size(hash) });
}

void lt_expand_label(const br_hash_class *hash, const uint8_t *secret, const char *label,
                     lt_bytes context, uint8_t *out, size_t n)
{
    lt_hkdf_key key;
    make_ready(&key, hash, secret);
    expand(&key, label, context, out, n);
    lt_wipe(&key, sizeof key);
}

void lt_traffic_keys(const br_hash_class *hash, const uint8_t *secret, uint8_t *key,
                     size_t key_size, uint8_t *iv, size_t iv_size)
{
    lt_hkdf_key k;
    make_ready(&k, hash, secret);
    expand(&k, "key", (lt_bytes){ zeros, 0 }, key, key_size);
    expand(&k, "iv", (lt_bytes){ zeros, 0 }, iv, iv_size);
    lt_wipe(&k, sizeof k);
}

void lt_derive_secrets(const lt_key_schedule *ks, const uint8_t *transcript_hash,
                       const lt_derived *what, size_t count)
{
    lt_hkdf_key key;
    size_t n = lt_hash_size(ks->hash);
    make_ready(&key, ks->hash, ks->secret);
    for (size_t i = 0; i < count; i++)
        expand(&key, what[i].label, (lt_bytes){ transcript_hash, n }, what[i].out, n);
    lt_wipe(&key, sizeof key);
}

void lt_derive_secret(const lt_key_schedule *ks, const char *label,
                      const uint8_t *transcript_hash, uint8_t *out)
{
    lt_derive_secrets(ks, transcript_hash, &(lt_derived){ label, out }, 1);
}

/* Without a PSK the Early Secret is always the same, and so is what comes of it: with SHA-256, as in RFC 8448
 * section 3, and with SHA-384. */
static const struct {
    uint8_t secret[br_sha384_SIZE], derived[br_sha384_SIZE];
} early[] = {
    { { 0x33, 0xad, 0x0a, 0x1c, 0x60, 0x7e, 0xc0, 0x3b, 0x09, 0xe6, 0xcd,
        0x98, 0x93, 0x68, 0x0c, 0xe2, 0x10, 0xad, 0xf3, 0x00, 0xaa, 0x1f,
        0x26, 0x60, 0xe1, 0xb2, 0x2e, 0x10, 0xf1, 0x70, 0xf9, 0x2a },
      { 0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54,
        0xfc, 0x9d, 0xba, 0xb6, 0x97, 0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48,
        0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba } },
    { { 0x7e, 0xe8, 0x20, 0x6f, 0x55, 0x70, 0x02, 0x3e, 0x6d, 0xc7, 0x51, 0x9e,
        0xb1, 0x07, 0x3b, 0xc4, 0xe7, 0x91, 0xad, 0x37, 0xb5, 0xc3, 0x82, 0xaa,
        0x10, 0xba, 0x18, 0xe2, 0x35, 0x7e, 0x71, 0x69, 0x71, 0xf9, 0x36, 0x2f,
        0x2c, 0x2f, 0xe2, 0xa7, 0x6b, 0xfd, 0x78, 0xdf, 0xec, 0x4e, 0xa9, 0xb5 },
      { 0x15, 0x91, 0xda, 0xc5, 0xcb, 0xbf, 0x03, 0x30, 0xa4, 0xa8, 0x4d, 0xe9,
        0xc7, 0x53, 0x33, 0x0e, 0x92, 0xd0, 0x1f, 0x0a, 0x88, 0x21, 0x4b, 0x44,
        0x64, 0x97, 0x2f, 0xd6, 0x68, 0x04, 0x9e, 0x93, 0xe5, 0x2f, 0x2b, 0x16,
        0xfa, 0xd9, 0x22, 0xfd, 0xc0, 0x58, 0x44, 0x78, 0x42, 0x8f, 0x28, 0x2b } },
};

static size_t early_of(const br_hash_class *hash)
{
    return lt_hash_size(hash) == br_sha384_SIZE;
}

void lt_key_schedule_early(lt_key_schedule *ks, const br_hash_class *hash, lt_bytes psk)
{
    lt_bytes none = { zeros, lt_hash_size(hash) };
    ks->hash = hash;
    ks->without_psk = psk.n == 0;
    if (ks->without_psk)
        memcpy(ks->secret, early[early_of(hash)].secret, none.n);
    else
        lt_hkdf_extract(hash, none, psk, ks->secret);
}

static void derived(const lt_key_schedule *ks, uint8_t *salt)
{
    uint8_t empty_hash[LT_HASH_MAX];
    lt_hash(ks->hash, (lt_bytes){ zeros, 0 }, empty_hash);
    lt_derive_secret(ks, "derived", empty_hash, salt);
}

void lt_key_schedule_next(lt_key_schedule *ks, lt_bytes shared)
{
    uint8_t salt[LT_HASH_MAX];
    lt_bytes none = { zeros, lt_hash_size(ks->hash) };
    if (ks->without_psk)
        memcpy(salt, early[early_of(ks->hash)].derived, none.n);
    else
        derived(ks, salt);
    ks->without_psk = false;
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
    const lt_bytes seeds[] = { { (const uint8_t *)label, strlen(label) }, seed1, seed2 };
    lt_p_hash(hash, secret, seeds, out, n);
}
