/* SPDX-License-Identifier: MIT
 * fuzz_bear_client.c - libFuzzer: what a peer may send to the bear engine's client. */
#include "bear_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bear_replay(data, size, false);
    return 0;
}
