/* SPDX-License-Identifier: MIT
 * fuzz_name.c - libFuzzer: names. Before the first NUL of the input a host asked for, behind it
 * the content of GeneralNames; and the whole as a Name, against itself with its case changed. */
#include <stdlib.h>

#include "x509/dn.h"
#include "x509/name.h"
#include "x509/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fine)
{
    if (!fine)
        abort();
}

/* An address that is printed reads back as itself. */
static void read_address(const char *host)
{
    uint8_t address[16], again[16];
    char text[64];
    size_t n = lt_ip_parse(host, address);
    if (n == 0)
        return;
    lt_ip_text((lt_bytes){ address, n }, text, sizeof text);
    check(lt_ip_parse(text, again) == n
          && lt_bytes_equal((lt_bytes){ address, n }, (lt_bytes){ again, n }));
}

/* A name made ready is ready: lower case, LDH, and the same when asked for again. */
static void read_host(const char *host)
{
    char name[LT_HOST_MAX], again[LT_HOST_MAX];
    lt_error e = { .code = LT_OK };
    if (lt_host_name(host, name, &e) != LT_OK)
        return;
    for (const char *p = name; *p; p++)
        check(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *p) != NULL);
    check(strlen(name) <= 253 && lt_host_name(name, again, &e) == LT_OK
          && strcmp(name, again) == 0);
}

static void match(const char *host, lt_bytes names)
{
    static lt_code (*const matches[])(const lt_certificate *, const char *, lt_error *) = {
        lt_certificate_matches_host, lt_certificate_matches_email, lt_certificate_matches_uri
    };
    lt_certificate c = { .subject_alt_name = names, .has_subject_alt_name = true };
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
        lt_error e = { .code = LT_OK };
        lt_code rc = matches[i](&c, host, &e);
        check(rc == LT_OK || rc == LT_name_mismatch || rc == LT_option);
    }
}

static void read_name(lt_bytes name)
{
    uint8_t *other = malloc(name.n + 1);
    size_t n = lt_dn_text(name, NULL, 0);
    char *text = malloc(n + 1);
    check(other && text && lt_dn_text(name, text, n + 1) == n);
    memcpy(other, name.p, name.n);
    for (size_t i = 0; i < name.n; i++)
        if (other[i] >= 'a' && other[i] <= 'z')
            other[i] = (uint8_t)(other[i] - 32);
    lt_bytes upper = { other, name.n };
    check(lt_dn_equal(name, name) == lt_dn_valid(name));
    check(lt_dn_equal(name, upper) == lt_dn_equal(upper, name));
    check(!lt_dn_equal(name, upper) || lt_dn_hash(name) == lt_dn_hash(upper));
    free(other);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char host[512];
    size_t n = 0;
    while (n < size && n < sizeof host - 1 && data[n])
        n++;
    if (n > 0)
        memcpy(host, data, n);
    host[n] = 0;
    read_address(host);
    read_host(host);
    if (n < size)
        match(host, (lt_bytes){ data + n + 1, size - n - 1 });
    if (size > 0)
        read_name((lt_bytes){ data, size });
    return 0;
}
