/* SPDX-License-Identifier: MIT
 * server_hello.c - see server_hello.h. */
#include "wire/server_hello.h"

const uint8_t lt_hello_retry_request_random[32] = {
    /* SHA-256 of "HelloRetryRequest" */
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

const uint8_t lt_downgrade_to_12[8] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D', 1 };
const uint8_t lt_downgrade_to_11[8] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D', 0 };

bool lt_server_hello_parse(lt_reader r, lt_server_hello *hello)
{
    *hello = (lt_server_hello){ 0 };
    if (!rd_uint(&r, 2, &hello->legacy_version) || !rd_take(&r, 32, &hello->random)
        || !rd_vec(&r, 1, &hello->session_id) || hello->session_id.n > 32
        || !rd_uint(&r, 2, &hello->cipher_suite) || !rd_uint(&r, 1, &hello->compression_method))
        return false;
    return r.n == 0 || (rd_vec(&r, 2, &hello->extensions) && r.n == 0);
}

bool lt_server_hello_is_retry(const lt_server_hello *hello)
{
    return lt_bytes_equal(hello->random, (lt_bytes){ lt_hello_retry_request_random, 32 });
}

void lt_server_hello_write(lt_writer *w, const lt_server_hello *hello)
{
    wr_uint(w, 2, hello->legacy_version);
    wr_bytes(w, hello->random);
    wr_vec(w, 1, hello->session_id);
    wr_uint(w, 2, hello->cipher_suite);
    wr_uint(w, 1, 0);
}
