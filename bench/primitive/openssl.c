/* SPDX-License-Identifier: MIT
 * openssl.c - the same by OpenSSL's libcrypto, for bench/primitives. Keys, contexts and algorithms are
 * made once; what each use of them needs anew, a nonce, is in the time. */
#include "timing.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static unsigned char data[RECORD];

struct group {
    const char *name; /* of a curve; NULL: X25519 */
    EVP_PKEY_CTX *derivation;
};

static EVP_PKEY *new_key(const struct group *g)
{
    EVP_PKEY *k = g->name ? EVP_EC_gen(g->name) : EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    must(k != NULL, "generate");
    return k;
}

static void generate(void *state)
{
    EVP_PKEY_free(new_key(state));
}

static void agree(void *state)
{
    const struct group *g = state;
    unsigned char secret[66];
    size_t size = sizeof secret;
    must(EVP_PKEY_derive(g->derivation, secret, &size) == 1, "agree");
}

struct signer {
    EVP_PKEY_CTX *signs, *verifies;
    EVP_MD_CTX *whole; /* Ed25519's, which takes no digest */
    EVP_PKEY *key;
    unsigned char digest[64], signature[512];
    size_t digest_size, size;
};

static void sign(void *state)
{
    struct signer *s = state;
    s->size = sizeof s->signature;
    must(EVP_PKEY_sign(s->signs, s->signature, &s->size, s->digest, s->digest_size) == 1,
         "signs");
}

static void verify(void *state)
{
    struct signer *s = state;
    must(EVP_PKEY_verify(s->verifies, s->signature, s->size, s->digest, s->digest_size) == 1,
         "verifies");
}

static void sign_whole(void *state)
{
    struct signer *s = state;
    s->size = sizeof s->signature;
    must(EVP_DigestSignInit(s->whole, NULL, NULL, NULL, s->key) == 1
             && EVP_DigestSign(s->whole, s->signature, &s->size, s->digest, sizeof s->digest)
                    == 1,
         "signs");
}

static void verify_whole(void *state)
{
    struct signer *s = state;
    must(EVP_DigestVerifyInit(s->whole, NULL, NULL, NULL, s->key) == 1
             && EVP_DigestVerify(s->whole, s->signature, s->size, s->digest, sizeof s->digest)
                    == 1,
         "verifies");
}

struct sealer {
    EVP_CIPHER_CTX *cipher;
    int size;
};

static void seal(void *state)
{
    static const unsigned char nonce[12], header[RECORD_HEADER];
    const struct sealer *s = state;
    unsigned char tag[16];
    int n;
    must(EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, nonce) == 1
             && EVP_EncryptUpdate(s->cipher, NULL, &n, header, sizeof header) == 1
             && EVP_EncryptUpdate(s->cipher, data, &n, data, s->size) == 1
             && EVP_EncryptFinal_ex(s->cipher, tag, &n) == 1
             && EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag) == 1,
         "seals");
}

struct hashing {
    EVP_MD_CTX *context;
    const EVP_MD *hash;
    size_t size;
};

static void hash(void *state)
{
    const struct hashing *h = state;
    unsigned char digest[EVP_MAX_MD_SIZE];
    must(EVP_DigestInit_ex(h->context, h->hash, NULL) == 1
             && EVP_DigestUpdate(h->context, data, h->size) == 1
             && EVP_DigestFinal_ex(h->context, digest, NULL) == 1,
         "hashes");
}

static void groups(void)
{
    static const struct {
        const char *generate, *agree, *name;
    } rows[] = {
        { "x25519-generate", "x25519-agree", NULL },
        { "p256-generate", "p256-agree", "P-256" },
        { "p384-generate", "p384-agree", "P-384" },
        { "p521-generate", "p521-agree", "P-521" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct group g = { .name = rows[i].name };
        EVP_PKEY *own = new_key(&g), *peer = new_key(&g);
        g.derivation = EVP_PKEY_CTX_new(own, NULL);
        must(EVP_PKEY_derive_init(g.derivation) == 1
                 && EVP_PKEY_derive_set_peer(g.derivation, peer) == 1,
             "derivation");
        if (bench_wants(rows[i].generate))
            bench_time(rows[i].generate, generate, &g);
        if (bench_wants(rows[i].agree))
            bench_time(rows[i].agree, agree, &g);
        EVP_PKEY_CTX_free(g.derivation);
        EVP_PKEY_free(own);
        EVP_PKEY_free(peer);
    }
}

static void open_signer(struct signer *s, const char *key, const EVP_MD *md)
{
    FILE *file = bench_key(key);
    s->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    must(s->key != NULL, key);
    s->whole = EVP_MD_CTX_new();
    if (!md)
        return;
    s->digest_size = (size_t)EVP_MD_get_size(md);
    s->signs = EVP_PKEY_CTX_new(s->key, NULL);
    s->verifies = EVP_PKEY_CTX_new(s->key, NULL);
    must(EVP_PKEY_sign_init(s->signs) == 1 && EVP_PKEY_CTX_set_signature_md(s->signs, md) == 1
             && EVP_PKEY_verify_init(s->verifies) == 1
             && EVP_PKEY_CTX_set_signature_md(s->verifies, md) == 1,
         "signature");
}

static void close_signer(struct signer *s)
{
    EVP_MD_CTX_free(s->whole);
    EVP_PKEY_CTX_free(s->signs);
    EVP_PKEY_CTX_free(s->verifies);
    EVP_PKEY_free(s->key);
}

static void signatures(void)
{
    static const struct {
        const char *key, *sign, *verify;
        const EVP_MD *(*md)(void);
        void (*make)(void *), (*check)(void *);
    } rows[] = {
        { "p256", "p256-sign", "p256-verify", EVP_sha256, sign, verify },
        { "p384", "p384-sign", "p384-verify", EVP_sha384, sign, verify },
        { "p521", "p521-sign", "p521-verify", EVP_sha512, sign, verify },
        { "ed25519", "ed25519-sign", "ed25519-verify", NULL, sign_whole, verify_whole },
        { "rsa2048", "rsa2048-private", "rsa2048-public", EVP_sha256, sign, verify },
        { "rsa3072", "rsa3072-private", "rsa3072-public", EVP_sha256, sign, verify },
        { "rsa4096", "rsa4096-private", "rsa4096-public", EVP_sha256, sign, verify },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signer s = { .key = NULL };
        if (!bench_wants(rows[i].sign) && !bench_wants(rows[i].verify))
            continue;
        open_signer(&s, rows[i].key, rows[i].md ? rows[i].md() : NULL);
        rows[i].make(&s);
        if (bench_wants(rows[i].sign))
            bench_time(rows[i].sign, rows[i].make, &s);
        if (bench_wants(rows[i].verify))
            bench_time(rows[i].verify, rows[i].check, &s);
        close_signer(&s);
    }
}

static void records(void)
{
    static const struct {
        const char *name, *cipher;
        int size;
    } rows[] = {
        { "aes128gcm-16k", "AES-128-GCM", RECORD },
        { "aes256gcm-16k", "AES-256-GCM", RECORD },
        { "chacha20poly1305-16k", "ChaCha20-Poly1305", RECORD },
        { "aes128gcm-64", "AES-128-GCM", SHORT_RECORD },
        { "aes256gcm-64", "AES-256-GCM", SHORT_RECORD },
        { "chacha20poly1305-64", "ChaCha20-Poly1305", SHORT_RECORD },
    };
    static const unsigned char key[32], nonce[12];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sealer s = { EVP_CIPHER_CTX_new(), rows[i].size };
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, rows[i].cipher, NULL);
        must(EVP_EncryptInit_ex(s.cipher, cipher, NULL, key, nonce) == 1, rows[i].cipher);
        if (bench_wants(rows[i].name))
            bench_time(rows[i].name, seal, &s);
        EVP_CIPHER_CTX_free(s.cipher);
        EVP_CIPHER_free(cipher);
    }
}

static void hashes(void)
{
    static const struct {
        const char *name, *hash;
        size_t size;
    } rows[] = {
        { "sha256-16k", "SHA256", RECORD },
        { "sha384-16k", "SHA384", RECORD },
        { "sha256-64", "SHA256", SHORT_RECORD },
        { "sha384-64", "SHA384", SHORT_RECORD },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EVP_MD *md = EVP_MD_fetch(NULL, rows[i].hash, NULL);
        struct hashing h = { EVP_MD_CTX_new(), md, rows[i].size };
        must(md && h.context, rows[i].hash);
        if (bench_wants(rows[i].name))
            bench_time(rows[i].name, hash, &h);
        EVP_MD_CTX_free(h.context);
        EVP_MD_free(md);
    }
}

int main(int argc, char **argv)
{
    bench_start(argc, argv);
    groups();
    signatures();
    records();
    hashes();
    return 0;
}
