/* SPDX-License-Identifier: MIT
 * stack.c - what an operation leaves on the stack: it runs with two secrets, on a stack of our
 * own, and what is there afterwards must be the same. That finds what no one can wipe by name: registers
 * that a compiler put there, and the variables of BearSSL's functions. */
#define _GNU_SOURCE
#include "ct.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "crypto/aead.h"
#include "crypto/cbc.h"
#include "crypto/ec.h"
#include "crypto/ed25519.h"
#include "crypto/hkdf.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/rsa_private.h"

enum { STACK = 1 << 18, PAINT = 0xa5, RUNS = 6 };

static lt_private_key keys[2];

/* What one run has; nothing of it is on that stack. */
typedef struct {
    uint8_t secret[66], out[512], data[1100];
    size_t size; /* of what it works on */
    int which;   /* curve or algorithm */
    lt_private_key *key;
    lt_aead aead;
    lt_random random;
    void (*operation)(void *);
    const uint8_t *top; /* the operation's frames are below it */
} run;

static lt_bytes secret_of(const run *r)
{
    return (lt_bytes){ r->secret, r->size };
}

static void multiply(void *at)
{
    run *r = at;
    size_t n;
    br_ec_impl ec = lt_ec(1U << r->which);
    const uint8_t *generator = ec.generator(r->which, &n);
    memcpy(r->out, generator, n);
    ec.mul(r->out, n, r->secret, r->size, r->which);
}

static void multiply_base(void *at)
{
    run *r = at;
    lt_ec(1U << r->which).mulgen(r->out, r->secret, r->size, r->which);
}

static void sign_ecdsa(void *at)
{
    run *r = at;
    br_ec_private_key key = { r->which, r->secret, r->size };
    lt_ecdsa_sign(NULL, &lt_sha256_vtable, r->data, &key, r->out);
}

static void ed25519_public_key(void *at)
{
    run *r = at;
    lt_ed25519_public_key(r->out, r->secret);
}

static void ed25519_sign(void *at)
{
    run *r = at;
    lt_ed25519_sign(r->out, r->secret, r->data, (lt_bytes){ r->data, 32 });
}

static void rsa(void *at)
{
    run *r = at;
    memset(r->out, 0, sizeof r->out);
    r->out[9] = 5;
    lt_rsa_private(r->out, &r->key->rsa);
}

static void hmac_sha256(void *at)
{
    run *r = at;
    lt_hmac(&lt_sha256_vtable, secret_of(r), (lt_bytes){ r->data, 32 }, r->out);
}

static void hkdf_sha384(void *at)
{
    run *r = at;
    lt_hkdf_expand(&lt_sha384_vtable, secret_of(r), (lt_bytes){ r->data, 32 }, r->out, 100);
}

static void pbkdf2(void *at)
{
    run *r = at;
    lt_pbkdf2(&br_sha1_vtable, secret_of(r), (lt_bytes){ r->data, 8 }, 3, r->out, 32);
}

static void cbc(void *at)
{
    run *r = at;
    size_t n = 64;
    lt_cbc_decrypt(&lt_aes_256_cbc, r->secret, r->data, r->out, &n);
}

static void random_numbers(void *at)
{
    run *r = at;
    lt_error e = { .code = LT_OK };
    lt_random_init(&r->random, r->secret, &e);
    lt_random_bytes(&r->random, r->out, 48);
}

static void seal(void *at)
{
    run *r = at;
    lt_aead_set(&r->aead, (lt_aead_algorithm)r->which, r->secret);
    lt_aead_seal(&r->aead, r->out, (lt_bytes){ r->out, 5 }, r->data, r->size, r->out + 16);
}

static void *thread(void *at)
{
    run *r = at;
    r->top = __builtin_frame_address(0);
    r->operation(r);
    return NULL;
}

static void perform(run *r, uint8_t *stack)
{
    pthread_attr_t attributes;
    pthread_t id;
    memset(stack, PAINT, STACK);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, STACK);
    bool done = pthread_create(&id, &attributes, thread, r) == 0 && pthread_join(id, NULL) == 0;
    if (!done)
        check(false, "a thread");
    pthread_attr_destroy(&attributes);
    PUBLIC(stack, STACK);
}

static uint8_t stacks[RUNS][STACK] __attribute__((aligned(4096)));

/* Bytes that are the same whenever the secret is, and else are not: others are the system's. */
static size_t different(size_t end)
{
    size_t n = 0;
    for (size_t i = 0; i < end; i++) {
        bool steady = stacks[0][i] != stacks[1][i];
        for (size_t j = 2; j < RUNS; j++)
            steady = steady && stacks[j][i] == stacks[j % 2][i];
        n += steady;
    }
    return n;
}

/* `told` bytes may differ: they are of what the operation tells the world. */
static void compare(const char *name, void (*operation)(void *), int which, size_t size,
                    size_t told)
{
    static run r;
    size_t end = STACK;
    for (int i = 0; i < RUNS; i++) {
        r = (run){ .operation = operation, .which = which, .size = size, .key = &keys[i % 2] };
        memset(r.secret, i % 2 ? 0x38 : 0x11, sizeof r.secret);
        r.secret[0] = 0; /* below each order */
        perform(&r, stacks[i]);
        size_t used = (size_t)(r.top - stacks[i]);
        end = used < end ? used : end;
    }
    size_t n = different(end);
    if (n > told)
        printf("%zu bytes of the stack tell of the secret\n", n);
    check(n <= told, name);
}

static void curve25519(void)
{
    enum { CHALLENGE = 32, COMMITMENT = 32 }; /* k and R */
    compare("what X25519 leaves", multiply, BR_EC_curve25519, 32, 0);
    compare("what a key of X25519 leaves", multiply_base, BR_EC_curve25519, 32, 0);
    compare("what a key of Ed25519 leaves", ed25519_public_key, 0, 32, 0);
    compare("what Ed25519 leaves", ed25519_sign, 0, 32, CHALLENGE + COMMITMENT);
}

void ct_stack(void)
{
    keys[0] = load("spec/vectors/keys/rsa2048-pkcs1.pem");
    keys[1] = load("spec/vectors/keys/rsapss2048.pem");
    compare("what ECDH P-256 leaves", multiply, BR_EC_secp256r1, 32, 0);
    compare("what ECDH P-384 leaves", multiply, BR_EC_secp384r1, 48, 0);
    compare("what ECDH P-521 leaves", multiply, BR_EC_secp521r1, 66, 0);
    compare("what a key of P-384 leaves", multiply_base, BR_EC_secp384r1, 48, 0);
    compare("what ECDSA P-256 leaves", sign_ecdsa, BR_EC_secp256r1, 32, 0);
    compare("what ECDSA P-521 leaves", sign_ecdsa, BR_EC_secp521r1, 66, 0);
    ifma(false);
    curve25519();
    ifma(true);
    curve25519();
    compare("what RSA leaves", rsa, 0, 0, 0);
    compare("what HMAC leaves", hmac_sha256, 0, 32, 0);
    compare("what HKDF leaves", hkdf_sha384, 0, 48, 0);
    compare("what PBKDF2 leaves", pbkdf2, 0, 32, 0);
    compare("what AES-CBC leaves", cbc, 0, 32, 0);
    compare("what random numbers leave", random_numbers, 0, 32, 0);
    for (size_t n = 16; n < 1100; n += 240) {
        compare("what AES-128-GCM leaves", seal, LT_AEAD_aes_128_gcm, n, 0);
        compare("what AES-256-GCM leaves", seal, LT_AEAD_aes_256_gcm, n, 0);
    }
    compare("what AES-128-CCM leaves", seal, LT_AEAD_aes_128_ccm, 300, 0);
    for (size_t n = 16; n < 1100; n += 240)
        compare("what ChaCha20-Poly1305 leaves", seal, LT_AEAD_chacha20_poly1305, n, 0);
    lt_private_key_free(&keys[0]);
    lt_private_key_free(&keys[1]);
}
