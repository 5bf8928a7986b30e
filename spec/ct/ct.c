/* SPDX-License-Identifier: MIT
 * ct.c - `make ct`: secrets are marked as undefined memory, and valgrind's memcheck then reports each
 * branch and each address that depends on one. What a computation gives to the world is marked as
 * defined again. The sizes of p and q are no secret (BearSSL strips zeros from them). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ct.h"

#include "base/file.h"
#include "base/secret.h"
#include "crypto/accel/accel.h"
#include "crypto/accel/sha256.h"
#include "crypto/aead.h"
#include "crypto/bignum.h"
#include "crypto/cbc.h"
#include "crypto/ec.h"
#include "crypto/accel/prime_curves.h"
#include "crypto/accel/rsa_ifma.h"
#include "crypto/ed25519.h"
#include "crypto/password.h"
#include "crypto/rsa_pss.h"
#include "x509/private_key.h"

/* Valgrind's processor does not say that it has ADCX and ADOX, and has them. */
uint32_t __real_lt_accel(void);
uint32_t __wrap_lt_accel(void);

uint32_t __wrap_lt_accel(void)
{
    uint32_t has = __real_lt_accel();
    return LT_HAS_X86 && (has & LT_ACCEL_avx2) ? has | LT_ACCEL_adx : has;
}

/* Without them montgomery.c, x25519.c and ed25519_point.c are looked at. Their callers are in other files:
 * a call from its own file would pass the linker by. */
bool __real_lt_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                                const uint64_t *const exponent[2]);
bool __wrap_lt_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                                const uint64_t *const exponent[2]);
bool __wrap_lt_curve25519_ifma_here(void);
static bool ifma_here;

bool __wrap_lt_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                                const uint64_t *const exponent[2])
{
    return ifma_here && __real_lt_rsa_ifma_private(k, r, exponent);
}

bool __wrap_lt_curve25519_ifma_here(void)
{
    return ifma_here;
}

void ifma(bool here)
{
    ifma_here = here;
}

void check(bool ok, const char *what)
{
    printf("%s %s\n", ok ? "done   " : "FAILED ", what);
    if (!ok)
        exit(EXIT_FAILURE);
}

lt_private_key load(const char *path)
{
    lt_buffer file = { .data = NULL };
    lt_private_key k = { .type = LT_KEY_unknown };
    lt_error e = { .code = LT_OK };
    check(lt_file_read(path, &file, &e) == LT_OK
              && lt_private_key_parse(&k, (lt_bytes){ file.data, lt_buffer_size(&file) },
                                      (lt_bytes){ NULL, 0 }, &e)
                     == LT_OK,
          path);
    lt_buffer_free(&file);
    return k;
}

static void compare(void)
{
    uint8_t a[32] = { 1 }, b[32] = { 2 };
    SECRET(a, sizeof a);
    bool equal = lt_ct_eq(a, b, sizeof a);
    PUBLIC(&equal, sizeof equal);
    check(!equal, "lt_ct_eq");
}

static void ed25519(void)
{
    static const uint8_t text[] = "message";
    lt_bytes message = { text, sizeof text };
    uint8_t seed[32] = { 7 }, public_key[32], signature[64];
    SECRET(seed, sizeof seed);
    lt_ed25519_public_key(public_key, seed);
    PUBLIC(public_key, sizeof public_key);
    lt_ed25519_sign(signature, seed, public_key, message);
    PUBLIC(signature, sizeof signature);
    check(lt_ed25519_verify(public_key, message, signature), "Ed25519");
}

static void rsa_pss(const char *path)
{
    lt_private_key k = load(path);
    uint8_t digest[32] = { 1 }, salt[32] = { 2 }, signature[512];
    lt_bytes d = { digest, sizeof digest }, s = { salt, sizeof salt };
    size_t size = (k.rsa.n_bitlen + 7) / 8;
    SECRET(k.rsa.p + 1, k.rsa.plen - 1);
    SECRET(k.rsa.q + 1, k.rsa.qlen - 1);
    SECRET(k.rsa.dp, k.rsa.dplen);
    SECRET(k.rsa.dq, k.rsa.dqlen);
    SECRET(k.rsa.iq, k.rsa.iqlen);
    bool ok = lt_rsa_pss_sign(&k.rsa, &lt_sha256_vtable, &lt_sha256_vtable, s, d, signature);
    PUBLIC(&ok, sizeof ok);
    PUBLIC(signature, sizeof signature);
    check(ok
              && lt_rsa_pss_verify(&k.rsa_public, &lt_sha256_vtable, &lt_sha256_vtable, s.n, d,
                                   (lt_bytes){ signature, size }),
          "RSA-PSS");
    lt_private_key_free(&k);
}

static void bignum(void)
{
    uint32_t a[16] = { 1 }, m[8] = { 3 }, product[24], rest[8];
    m[7] = 0x80000000;
    SECRET(a, sizeof a);
    SECRET(m, sizeof m - sizeof *m);
    lt_bn_mul(product, a, 16, m, 8);
    lt_bn_mod(rest, product, 24, m, 8);
    bool equal = lt_bn_equal(rest, a, 8), one = lt_bn_is_one(rest, 8);
    PUBLIC(&equal, sizeof equal);
    PUBLIC(&one, sizeof one);
    check(!equal && !one, "bignum");
}

static void derive(void)
{
    uint8_t password[10] = { 1 }, salt[16] = { 2 }, key[32], data[64] = { 3 };
    lt_bytes p = { password, sizeof password }, s = { salt, sizeof salt };
    SECRET(password, sizeof password);
    lt_pbkdf2(&lt_sha256_vtable, p, s, 3, key, sizeof key);
    lt_aes_256_cbc.decrypt(key, 32, salt, data, sizeof data);
    lt_pbkdf2(&br_sha1_vtable, p, s, 3, key, sizeof key);
    lt_des_ede3_cbc.decrypt(key, 24, salt, data, sizeof data);
    lt_md5_bytes_to_key(p, salt, key, sizeof key);
    check(true, "PBKDF2, MD5 and CBC");
}

/* r and s, which go to the peer, are where br_ecdsa_sign_raw ends; bearssl.supp has what is said of it. */
static void ecdsa(int curve, size_t scalar_size, const char *name)
{
    uint8_t x[66], digest[32] = { 9 }, signature[132], point[BR_EC_KBUF_PUB_MAX_SIZE];
    br_ec_private_key key = { curve, x, scalar_size };
    br_ec_public_key public_key;
    memset(x, 0x11, scalar_size);
    x[0] = 0; /* below the order */
    br_ec_compute_pub(br_ec_get_default(), &public_key, point, &key);
    SECRET(x + 1, scalar_size - 1);
    const lt_prime_curve *own = lt_prime_curve_find(curve);
    size_t n = own ? own->sign(&lt_sha256_vtable, digest, x, scalar_size, signature)
                   : br_ecdsa_i31_sign_raw(br_ec_get_default(), &lt_sha256_vtable, digest, &key,
                                           signature);
    PUBLIC(&n, sizeof n);
    PUBLIC(signature, n);
    check(n == 2 * scalar_size
              && br_ecdsa_i31_vrfy_raw(br_ec_get_default(), digest, sizeof digest, &public_key,
                                       signature, n)
                     == 1,
          name);
}

static void agree(int curve, size_t scalar_size, const char *name)
{
    br_ec_impl ec = lt_ec(1U << curve);
    uint8_t scalar[66] = { 0 }, point[BR_EC_KBUF_PUB_MAX_SIZE];
    size_t size;
    const uint8_t *generator = ec.generator(curve, &size);
    memcpy(point, generator, size);
    memset(scalar, 0x11, scalar_size);
    scalar[0] = 0; /* below the order */
    SECRET(scalar + 1, scalar_size - 1);
    uint32_t ok = ec.mul(point, size, scalar, scalar_size, curve);
    PUBLIC(&ok, sizeof ok);
    check(ok, name);
}

/* Longer than what is done at once; valgrind's processor has AES-NI and AVX2, no VAES and no AVX-512. */
static void aead(lt_aead_algorithm algorithm, const char *name)
{
    static uint8_t data[1100];
    uint8_t key[32] = { 1 }, nonce[LT_AEAD_NONCE] = { 2 }, tag[LT_AEAD_TAG];
    lt_aead a;
    SECRET(key, sizeof key);
    SECRET(data, sizeof data);
    lt_aead_set(&a, algorithm, key);
    for (size_t n = 0; n <= sizeof data; n += 55) {
        lt_aead_seal(&a, nonce, (lt_bytes){ nonce, sizeof nonce }, data, n, tag);
        PUBLIC(tag, sizeof tag);
    }
    check(true, name);
}

int main(void)
{
    compare();
    for (int i = 0; i < 2; i++) {
        ifma(i > 0);
        ed25519();
        agree(BR_EC_curve25519, 32, "X25519");
        rsa_pss("spec/vectors/keys/rsa2048-pkcs1.pem");
    }
    bignum();
    derive();
    aead(LT_AEAD_chacha20_poly1305, "ChaCha20-Poly1305");
    aead(LT_AEAD_aes_128_gcm, "AES-128-GCM");
    aead(LT_AEAD_aes_256_gcm, "AES-256-GCM");
    ecdsa(BR_EC_secp256r1, 32, "ECDSA P-256");
    ecdsa(BR_EC_secp384r1, 48, "ECDSA P-384");
    ecdsa(BR_EC_secp521r1, 66, "ECDSA P-521");
    agree(BR_EC_secp256r1, 32, "ECDH P-256");
    agree(BR_EC_secp384r1, 48, "ECDH P-384");
    agree(BR_EC_secp521r1, 66, "ECDH P-521");
    ct_tls();
    ct_stack();
    return EXIT_SUCCESS;
}
