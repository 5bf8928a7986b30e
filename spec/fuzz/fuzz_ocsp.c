/* SPDX-License-Identifier: MIT
 * fuzz_ocsp.c - libFuzzer: any bytes as an OCSP response. What is read is whole, and none is
 * believed of a certificate whose issuer has no key that works. A request is made for each of the
 * certificates that come with it. */
#include <stdlib.h>

#include "x509/der.h"
#include "x509/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void verify(const lt_ocsp_response *r, const lt_ocsp_single *about)
{
    static const uint8_t none[] = { 0x30, 0x00 };
    uint32_t signatures = 8;
    lt_error e = { .code = LT_OK };
    lt_ocsp_single single;
    const lt_certificate leaf = { .serial_number = about->id.serial_number,
                                  .issuer = r->responder_name,
                                  .not_before = INT64_MIN,
                                  .not_after = INT64_MAX };
    const lt_certificate issuer = { .subject = r->responder_name, .spki = { none, 2 } };
    const lt_ocsp_policy policy = { .time = r->produced_at, .signatures = &signatures };
    check(lt_ocsp_verify(r, &leaf, &issuer, &policy, &single, &e) != LT_OK);
    check(e.code == LT_bad_ocsp || e.code == LT_revocation_unknown
          || e.code == LT_bad_certificate);
}

static void make_request(lt_bytes der)
{
    lt_buffer out = { .data = NULL };
    lt_certificate c;
    lt_error e = { .code = LT_OK };
    if (lt_certificate_parse(&c, der, &e) == LT_OK
        && lt_ocsp_request(&out, &c, &c, NULL, c.serial_number, &e) == LT_OK) {
        lt_reader body;
        check(der_only((lt_bytes){ out.data, out.end }, DER_SEQUENCE, &body));
    }
    lt_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_ocsp_response r;
    lt_ocsp_single single;
    lt_bytes der;
    lt_error e = { .code = LT_OK };
    if (lt_ocsp_parse(&r, (lt_bytes){ data, size }, &e) != LT_OK) {
        check(e.code == LT_bad_ocsp);
        return 0;
    }
    size_t count = 0;
    for (lt_reader all = r.responses; lt_ocsp_single_next(&all, &single); count++)
        if (count < 4)
            verify(&r, &single);
    check(count == r.response_count);
    for (lt_reader all = r.certificates; der_element(&all, DER_SEQUENCE, &der);)
        make_request(der);
    return 0;
}
