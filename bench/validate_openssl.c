/* SPDX-License-Identifier: MIT
 * validate_openssl.c CHAIN TRUST KIND N - what validate.lua measures, by OpenSSL's library without any Lua. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static void check(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "validate_openssl: %s\n", what);
        exit(1);
    }
}

static STACK_OF(X509) * read_all(const char *path)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    FILE *file = fopen(path, "r");
    check(all && file, path);
    for (X509 *x; (x = PEM_read_X509(file, NULL, NULL, NULL)) != NULL;)
        sk_X509_push(all, x);
    fclose(file);
    check(sk_X509_num(all) > 0, path);
    return all;
}

static X509_STORE *load(const char *path)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *all = read_all(path);
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    for (int i = 0; i < sk_X509_num(all); i++)
        check(X509_STORE_add_cert(store, sk_X509_value(all, i)), "a root");
    sk_X509_pop_free(all, X509_free);
    X509_VERIFY_PARAM_set1_host(param, "localhost", 0);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    return store;
}

static void verify(X509_STORE *store, STACK_OF(X509) * chain)
{
    X509_STORE_CTX *c = X509_STORE_CTX_new();
    check(X509_STORE_CTX_init(c, store, sk_X509_value(chain, 0), chain), "context");
    check(X509_verify_cert(c) == 1, X509_verify_cert_error_string(X509_STORE_CTX_get_error(c)));
    X509_STORE_CTX_free(c);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In DER, one after another, as a handshake brings them. */
static unsigned char *encode(STACK_OF(X509) * chain, long *size)
{
    unsigned char *der = malloc(1 << 16), *p = der;
    for (int i = 0; i < sk_X509_num(chain); i++)
        check(i2d_X509(sk_X509_value(chain, i), &p) > 0 && p - der < 1 << 15, "a certificate");
    *size = p - der;
    return der;
}

static void verify_fresh(X509_STORE *store, const unsigned char *der, long size)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    for (const unsigned char *p = der; p < der + size;)
        sk_X509_push(chain, d2i_X509(NULL, &p, der + size - p));
    verify(store, chain);
    sk_X509_pop_free(chain, X509_free);
}

int main(int argc, char **argv)
{
    check(argc == 5, "CHAIN TRUST KIND N");
    STACK_OF(X509) *chain = read_all(argv[1]);
    X509_STORE *store = load(argv[2]);
    int n = atoi(argv[4]);
    verify(store, chain);
    double start = now();
    for (int i = 0; i < n; i++)
        verify(store, chain);
    printf("validate/openssl/%s\tagain\t%g\t1/s\n", argv[3], n / (now() - start));
    long size;
    unsigned char *der = encode(chain, &size);
    start = now();
    for (int i = 0; i < n; i++)
        verify_fresh(store, der, size);
    printf("validate/openssl/%s\tfresh\t%g\t1/s\n", argv[3], n / (now() - start));
    free(der);
    start = now();
    for (int i = 0; i < n; i++) {
        X509_STORE *fresh = load(argv[2]);
        verify(fresh, chain);
        X509_STORE_free(fresh);
    }
    printf("validate/openssl/%s\tfirst\t%g\t1/s\n", argv[3], n / (now() - start));
    X509_STORE_free(store);
    sk_X509_pop_free(chain, X509_free);
    return 0;
}
