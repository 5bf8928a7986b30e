/* SPDX-License-Identifier: MIT
 * libssl_client.c NAME PORT CA N WARM 1.2|1.3 full|resumed - what the client of handshake.lua does, by
 * OpenSSL's libssl without any Lua: a connection each, a byte from the server, and the session that the
 * connection before has left. Prints NAME, "client_cpu", microseconds of CPU time for one, "us". */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static SSL_SESSION *newest;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "libssl_client: %s\n", what);
    exit(1);
}

static SSL_CTX *new_context(const char *ca, const char *version)
{
    int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(c, number);
    SSL_CTX_set_max_proto_version(c, number);
    must(SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256"), "cipher suites");
    must(
        SSL_CTX_set_cipher_list(c, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"),
        "cipher suites");
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    must(SSL_CTX_load_verify_locations(c, ca, NULL), ca);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return c;
}

static int connected(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static bool one(SSL_CTX *c, int port, bool resume)
{
    char byte;
    int fd = connected(port);
    SSL *s = SSL_new(c);
    SSL_set_fd(s, fd);
    SSL_set_tlsext_host_name(s, "localhost");
    SSL_set1_host(s, "localhost");
    if (resume && newest)
        SSL_set_session(s, newest);
    must(SSL_connect(s) == 1, "handshake");
    must(SSL_read(s, &byte, 1) == 1, "read");
    bool resumed = SSL_session_reused(s);
    SSL_SESSION_free(newest);
    newest = SSL_get1_session(s);
    SSL_shutdown(s);
    SSL_free(s);
    close(fd);
    return resumed;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    must(argc == 8, "NAME PORT CA N WARM 1.2|1.3 full|resumed");
    int port = atoi(argv[2]), n = atoi(argv[4]), warm = atoi(argv[5]);
    bool resume = strcmp(argv[7], "resumed") == 0;
    SSL_CTX *c = new_context(argv[3], argv[6]);
    for (int i = 0; i < warm; i++)
        one(c, port, resume);
    double start = now();
    for (int i = 0; i < n; i++)
        must(one(c, port, resume) == resume, "resumed, or not, against what was asked for");
    printf("%s\tclient_cpu\t%.6g\tus\n", argv[1], (now() - start) / n * 1e6);
    SSL_SESSION_free(newest);
    SSL_CTX_free(c);
    return 0;
}
