/* SPDX-License-Identifier: MIT
 * fuzz_pem.c - libFuzzer: any text as PEM, block by block, and as a chain of certificates. */
#include <stdlib.h>

#include "x509/chain.h"
#include "x509/pem.h"
#include "x509/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fine)
{
    if (!fine)
        abort();
}

/* What a block decodes to encodes to the block's base64, white space apart. */
static void check_base64(const lt_pem_block *block, lt_bytes decoded)
{
    size_t n = lt_base64_text(decoded, 0, NULL, 0), k = 0;
    char *text = malloc(n + 1);
    check(text && lt_base64_text(decoded, 0, text, n + 1) == n);
    for (size_t i = 0; i < block->base64.n; i++) {
        uint8_t c = block->base64.p[i];
        if (c == ' ' || (c >= '\t' && c <= '\r'))
            continue;
        check(k < n && text[k++] == (char)c);
    }
    check(k == n);
    free(text);
}

/* The two fast ways come to the same, one of them onto the text. */
static void check_fast(lt_bytes text, size_t at, lt_code slow_code, lt_bytes slow)
{
    lt_error e = { .code = LT_OK }, next = e;
    lt_pem_block block;
    lt_buffer copy = { 0 }, fast = { 0 };
    check(lt_buffer_add(&copy, text.p, text.n));
    lt_reader rest = { copy.data + at, copy.end - at };
    uint8_t *to = copy.data;
    check(lt_pem_next(&rest, &block, &next));
    check(lt_pem_decode_public(&block, &fast, &e) == slow_code);
    check(lt_bytes_equal(lt_buffer_bytes(&fast), slow));
    e = (lt_error){ .code = LT_OK };
    check(lt_pem_decode_onto(&block, &to, &e) == slow_code);
    check(lt_bytes_equal((lt_bytes){ copy.data, (size_t)(to - copy.data) }, slow));
    lt_buffer_free(&copy);
    lt_buffer_free(&fast);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_reader text = { data, size };
    lt_pem_block block;
    lt_error e = { .code = LT_OK }, chain_error = { .code = LT_OK };
    for (size_t at = 0; lt_pem_next(&text, &block, &e); at = size - text.n) {
        lt_buffer out = { 0 };
        lt_error bad = { .code = LT_OK };
        if (lt_pem_decode(&block, &out, &bad) == LT_OK)
            check_base64(&block, (lt_bytes){ out.data, out.end });
        else
            check(bad.code == LT_pem && lt_buffer_size(&out) == 0);
        check_fast((lt_bytes){ data, size }, at, bad.code, lt_buffer_bytes(&out));
        lt_buffer_free(&out);
    }
    check(e.code == LT_OK || e.code == LT_pem);
    lt_chain chain;
    lt_code rc = lt_chain_parse(&chain, (lt_bytes){ data, size }, &chain_error);
    check(rc == chain_error.code && (rc == LT_OK) == (chain.count > 0));
    lt_chain_free(&chain);
    return 0;
}
