/* SPDX-License-Identifier: MIT
 * fuzz_bear_server.c - libFuzzer: what a peer may send to the bear engine's server. */
#include "bear_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bear_replay(data, size, true);
    return 0;
}
