/* SPDX-License-Identifier: MIT
 * bearssl.c - the primitives of csrc/crypto, for bench/primitives; with BEARSSL_ACCEL=none those of
 * BearSSL and what is portable of ours. */
#include "timing.h"

#include "crypto/aead.h"
#include "crypto/ec.h"
#include "crypto/ed25519.h"
#include "crypto/group.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/rsa_private.h"
#include "crypto/rsa_public.h"
#include "x509/private_key.h"

static lt_random random_bytes;
static uint8_t data[RECORD];

struct agreement {
    uint16_t group;
    lt_key_pair own, peer;
};

static void generate(void *state)
{
    const struct agreement *a = state;
    lt_key_pair fresh;
    must(lt_key_pair_generate(&fresh, a->group, &random_bytes.vtable), "generate");
}

static void agree(void *state)
{
    const struct agreement *a = state;
    uint8_t secret[LT_GROUP_SECRET_MAX];
    size_t size;
    lt_bytes peer = { a->peer.public_key, a->peer.public_size };
    must(lt_key_pair_agree(&a->own, peer, secret, &size), "agree");
}

struct signer {
    lt_private_key key;
    const br_hash_class *hash;
    uint8_t digest[LT_HASH_MAX], signature[512];
    size_t size;
};

static void ecdsa_sign(void *state)
{
    struct signer *s = state;
    s->size = lt_ecdsa_sign(NULL, s->hash, s->digest, &s->key.ec, s->signature);
    must(s->size > 0, "ECDSA signs");
}

static void ecdsa_verify(void *state)
{
    struct signer *s = state;
    br_ec_public_key pk = { s->key.ec.curve, s->key.ec_point, s->key.ec_point_size };
    must(lt_ecdsa_verify(NULL, s->digest, lt_hash_size(s->hash), &pk, s->signature, s->size),
         "ECDSA verifies");
}

static void ed25519_sign(void *state)
{
    struct signer *s = state;
    lt_ed25519_sign(s->signature, s->key.ed25519_seed, s->key.ed25519_public,
                    (lt_bytes){ s->digest, sizeof s->digest });
}

static void ed25519_verify(void *state)
{
    const struct signer *s = state;
    lt_bytes message = { s->digest, sizeof s->digest };
    must(lt_ed25519_verify(s->key.ed25519_public, message, s->signature), "Ed25519 verifies");
}

static void rsa_sign(void *state)
{
    struct signer *s = state;
    s->size = s->key.rsa_public.nlen;
    must(lt_rsa_pkcs1_sign(lt_hash_oid(s->hash), s->digest, lt_hash_size(s->hash), &s->key.rsa,
                           s->signature),
         "RSA signs");
}

static void rsa_verify(void *state)
{
    const struct signer *s = state;
    lt_bytes digest = { s->digest, lt_hash_size(s->hash) };
    lt_bytes signature = { s->signature, s->size };
    must(lt_rsa_pkcs1_verify(&s->key.rsa_public, s->hash, digest, signature), "RSA verifies");
}

struct sealer {
    lt_aead aead;
    size_t size;
};

static void seal(void *state)
{
    static const uint8_t nonce[LT_AEAD_NONCE], header[RECORD_HEADER];
    struct sealer *s = state;
    uint8_t tag[LT_AEAD_TAG];
    lt_aead_seal(&s->aead, nonce, (lt_bytes){ header, sizeof header }, data, s->size, tag);
}

struct hashing {
    const br_hash_class *hash;
    size_t size;
};

static void hash(void *state)
{
    const struct hashing *h = state;
    uint8_t digest[LT_HASH_MAX];
    lt_hash(h->hash, (lt_bytes){ data, h->size }, digest);
}

static void groups(void)
{
    static const struct {
        const char *generate, *agree;
        uint16_t group;
    } rows[] = {
        { "x25519-generate", "x25519-agree", BR_EC_curve25519 },
        { "p256-generate", "p256-agree", BR_EC_secp256r1 },
        { "p384-generate", "p384-agree", BR_EC_secp384r1 },
        { "p521-generate", "p521-agree", BR_EC_secp521r1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct agreement a = { .group = rows[i].group };
        must(lt_key_pair_generate(&a.own, a.group, &random_bytes.vtable), "own key");
        must(lt_key_pair_generate(&a.peer, a.group, &random_bytes.vtable), "peer's key");
        if (bench_wants(rows[i].generate))
            bench_time(rows[i].generate, generate, &a);
        if (bench_wants(rows[i].agree))
            bench_time(rows[i].agree, agree, &a);
    }
}

static void read_key(lt_private_key *k, const char *name)
{
    static uint8_t text[16384];
    FILE *file = bench_key(name);
    lt_error e = { .code = LT_OK };
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    must(lt_private_key_parse(k, (lt_bytes){ text, n }, (lt_bytes){ NULL, 0 }, &e) == LT_OK,
         name);
}

static void signatures(void)
{
    static const struct {
        const char *key, *sign, *verify;
        int hash;
        void (*make)(void *), (*check)(void *);
    } rows[] = {
        { "p256", "p256-sign", "p256-verify", br_sha256_ID, ecdsa_sign, ecdsa_verify },
        { "p384", "p384-sign", "p384-verify", br_sha384_ID, ecdsa_sign, ecdsa_verify },
        { "p521", "p521-sign", "p521-verify", br_sha512_ID, ecdsa_sign, ecdsa_verify },
        { "ed25519", "ed25519-sign", "ed25519-verify", br_sha512_ID, ed25519_sign,
          ed25519_verify },
        { "rsa2048", "rsa2048-private", "rsa2048-public", br_sha256_ID, rsa_sign, rsa_verify },
        { "rsa3072", "rsa3072-private", "rsa3072-public", br_sha256_ID, rsa_sign, rsa_verify },
        { "rsa4096", "rsa4096-private", "rsa4096-public", br_sha256_ID, rsa_sign, rsa_verify },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signer s = { .hash = lt_hash_by_id(rows[i].hash) };
        if (!bench_wants(rows[i].sign) && !bench_wants(rows[i].verify))
            continue;
        memset(s.digest, 0x5a, sizeof s.digest); /* BearSSL verifies no digest of zeros */
        read_key(&s.key, rows[i].key);
        rows[i].make(&s);
        if (bench_wants(rows[i].sign))
            bench_time(rows[i].sign, rows[i].make, &s);
        if (bench_wants(rows[i].verify))
            bench_time(rows[i].verify, rows[i].check, &s);
        lt_private_key_free(&s.key);
    }
}

static void records(void)
{
    static const struct {
        const char *name;
        lt_aead_algorithm algorithm;
        size_t size;
    } rows[] = {
        { "aes128gcm-16k", LT_AEAD_aes_128_gcm, RECORD },
        { "aes256gcm-16k", LT_AEAD_aes_256_gcm, RECORD },
        { "chacha20poly1305-16k", LT_AEAD_chacha20_poly1305, RECORD },
        { "aes128gcm-64", LT_AEAD_aes_128_gcm, SHORT_RECORD },
        { "aes256gcm-64", LT_AEAD_aes_256_gcm, SHORT_RECORD },
        { "chacha20poly1305-64", LT_AEAD_chacha20_poly1305, SHORT_RECORD },
    };
    static const uint8_t key[LT_AEAD_KEY_MAX];
    static struct sealer s; /* a key that is set stays where it is */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s.size = rows[i].size;
        lt_aead_set(&s.aead, rows[i].algorithm, key);
        if (bench_wants(rows[i].name))
            bench_time(rows[i].name, seal, &s);
    }
}

static void hashes(void)
{
    static const struct {
        const char *name;
        int id;
        size_t size;
    } rows[] = {
        { "sha256-16k", br_sha256_ID, RECORD },
        { "sha384-16k", br_sha384_ID, RECORD },
        { "sha256-64", br_sha256_ID, SHORT_RECORD },
        { "sha384-64", br_sha384_ID, SHORT_RECORD },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hashing h = { lt_hash_by_id(rows[i].id), rows[i].size };
        if (bench_wants(rows[i].name))
            bench_time(rows[i].name, hash, &h);
    }
}

int main(int argc, char **argv)
{
    lt_error e = { .code = LT_OK };
    bench_start(argc, argv);
    must(lt_random_init(&random_bytes, NULL, &e) == LT_OK, "random bytes");
    groups();
    signatures();
    records();
    hashes();
    return 0;
}
