/* SPDX-License-Identifier: MIT
 * libsodium.c - what of the same libsodium has, for bench/primitives. */
#include "timing.h"

#include <sodium.h>

static unsigned char data[RECORD], sealed[RECORD + crypto_aead_chacha20poly1305_ietf_ABYTES];
static unsigned char own[crypto_scalarmult_SCALARBYTES], peer[crypto_scalarmult_BYTES];
static unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
static unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
static unsigned char signature[crypto_sign_BYTES];

static void generate(void *state)
{
    unsigned char secret[crypto_scalarmult_SCALARBYTES], point[crypto_scalarmult_BYTES];
    (void)state;
    randombytes_buf(secret, sizeof secret);
    must(crypto_scalarmult_base(point, secret) == 0, "generate");
}

static void agree(void *state)
{
    unsigned char secret[crypto_scalarmult_BYTES];
    (void)state;
    must(crypto_scalarmult(secret, own, peer) == 0, "agree");
}

static void sign(void *state)
{
    (void)state;
    must(crypto_sign_detached(signature, NULL, data, 64, secret_key) == 0, "signs");
}

static void verify(void *state)
{
    (void)state;
    must(crypto_sign_verify_detached(signature, data, 64, public_key) == 0, "verifies");
}

static void seal(void *state)
{
    static const unsigned char key[crypto_aead_chacha20poly1305_ietf_KEYBYTES];
    static const unsigned char nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    static const unsigned char header[RECORD_HEADER];
    const size_t *size = state;
    must(crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, data, *size, header,
                                                   sizeof header, NULL, nonce, key)
             == 0,
         "seals");
}

static void hash(void *state)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    const size_t *size = state;
    must(crypto_hash_sha256(digest, data, *size) == 0, "hashes");
}

int main(int argc, char **argv)
{
    static size_t whole = RECORD, few = SHORT_RECORD;
    static const struct {
        const char *name;
        void (*run)(void *);
        size_t *size;
    } rows[] = {
        { "x25519-generate", generate, NULL },    { "x25519-agree", agree, NULL },
        { "ed25519-sign", sign, NULL },           { "ed25519-verify", verify, NULL },
        { "chacha20poly1305-16k", seal, &whole }, { "chacha20poly1305-64", seal, &few },
        { "sha256-16k", hash, &whole },           { "sha256-64", hash, &few },
    };
    bench_start(argc, argv);
    must(sodium_init() >= 0, "sodium_init");
    randombytes_buf(own, sizeof own);
    must(crypto_scalarmult_base(peer, own) == 0
             && crypto_sign_keypair(public_key, secret_key) == 0,
         "keys");
    sign(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bench_wants(rows[i].name))
            bench_time(rows[i].name, rows[i].run, rows[i].size);
    return 0;
}
