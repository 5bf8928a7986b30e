/* SPDX-License-Identifier: MIT
 * fuzz_tls_server.c - libFuzzer: what a peer may say to the native engine's server. */
#include "tls_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tls_play(data, size, true);
    return 0;
}
