/* SPDX-License-Identifier: MIT
 * fuzz_private_key.c - libFuzzer: any bytes as a private key, PEM or DER, without a password and,
 * where the old headers of PEM ask for one, with it. (PBES2 would spend its time on iterations;
 * its parameters are read before a password is missed.) What is read must be whole. */
#include <stdlib.h>

#include "x509/private_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lt_code parse(lt_bytes text, lt_bytes password, lt_error *e)
{
    lt_private_key k;
    lt_code rc = lt_private_key_parse(&k, text, password, e);
    if (rc == LT_OK) {
        uint8_t spki[LT_PRIVATE_KEY_SPKI_MAX];
        lt_public_key public_key;
        size_t n = lt_private_key_spki(&k, spki);
        if (lt_public_key_parse(&public_key, (lt_bytes){ spki, n }, e) != LT_OK
            || public_key.type != k.type)
            abort();
    } else if (k.data || k.type != LT_KEY_unknown || e->code != rc) {
        abort();
    }
    lt_private_key_free(&k);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_error e = { .code = LT_OK }, other = { .code = LT_OK };
    lt_bytes text = { data, size };
    if (parse(text, (lt_bytes){ NULL, 0 }, &e) == LT_encrypted_key
        && strcmp(e.where, "Proc-Type") == 0)
        parse(text, (lt_bytes){ (const uint8_t *)"correct horse", 13 }, &other);
    return 0;
}
