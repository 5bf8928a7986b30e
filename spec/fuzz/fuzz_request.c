/* SPDX-License-Identifier: MIT
 * fuzz_request.c - libFuzzer: any bytes as a certification request (RFC 2986). What is taken was signed by the key
 * in it, and what it asks for are extensions that can be read one by one within its bytes. */
#include <stdlib.h>

#include "x509/issue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(lt_bytes part, lt_bytes whole)
{
    return part.n == 0 || (part.p >= whole.p && part.n <= whole.n - (size_t)(part.p - whole.p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const lt_bytes der = { data, size };
    lt_request r;
    lt_extension x;
    lt_error e = { .code = LT_OK };
    if (lt_request_parse(&r, der, &e) != LT_OK)
        return e.code == LT_OK ? (abort(), 0) : 0;
    lt_reader extensions = r.extensions;
    while (lt_extension_next(&extensions, &x))
        if (!inside(x.oid, der) || !inside(x.value, der))
            abort();
    if (!inside(r.subject, der) || !inside(r.spki, der))
        abort();
    return 0;
}
