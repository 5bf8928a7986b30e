/* SPDX-License-Identifier: MIT
 * fuzz_tls_client.c - libFuzzer: what a peer may say to the native engine's client. */
#include "tls_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tls_play(data, size, false);
    return 0;
}
