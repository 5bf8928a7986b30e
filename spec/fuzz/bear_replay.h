/* SPDX-License-Identifier: MIT
 * bear_replay.h - what both fuzzers of the bear engine do: a handshake of our own is recorded once,
 * with fixed time and entropy; the input says what to change in what the peer said, and how it is
 * cut; or it is what the peer says. */
#ifndef BEAR_REPLAY_H
#define BEAR_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void bear_replay(const uint8_t *data, size_t size, bool server);

#endif
