/* SPDX-License-Identifier: MIT
 * fuzz_server_hello.c - libFuzzer: any bytes as a ServerHello of either version or a
 * HelloRetryRequest; what is read is written to the same bytes. */
#include "wire.h"

#include "wire/extensions.h"
#include "wire/key_share.h"
#include "wire/server_hello.h"
#include "wire/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_extensions(lt_bytes block, uint32_t message)
{
    lt_extensions x;
    lt_key_share_entry entry;
    uint32_t group;
    lt_error e = { .code = LT_OK };
    if (lt_extensions_parse(&x, block, message, 0xffff, &e) != LT_OK) {
        must(e.where != NULL);
        return;
    }
    for (int i = 0; i < LT_X_COUNT; i++)
        inside(x.data[i], block.p, block.n);
    if (lt_key_share_server_parse(x.data[LT_X_key_share], &entry))
        inside(entry.key_exchange, block.p, block.n);
    lt_key_share_retry_parse(x.data[LT_X_key_share], &group);
}

/* An extensions vector may be absent (RFC 5246 section 7.4.1.3), or there and empty. */
static void write_again(const lt_server_hello *h, const uint8_t *data, size_t size)
{
    lt_buffer out = { 0 };
    lt_writer w = { .to = &out };
    lt_server_hello_write(&w, h);
    if (size > lt_buffer_size(&out))
        wr_vec(&w, 2, h->extensions);
    must(!w.full && lt_bytes_equal(lt_buffer_bytes(&out), (lt_bytes){ data, size }));
    lt_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_server_hello h;
    if (!lt_server_hello_parse((lt_reader){ data, size }, &h))
        return 0;
    inside(h.random, data, size);
    inside(h.session_id, data, size);
    inside(h.extensions, data, size);
    if (h.compression_method == 0) /* no other is ever written */
        write_again(&h, data, size);
    read_extensions(h.extensions, lt_server_hello_is_retry(&h) ? LT_IN_hello_retry_request
                                                               : LT_IN_server_hello);
    read_extensions(h.extensions, LT_IN_server_hello_12);
    return 0;
}
