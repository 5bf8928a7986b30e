/* SPDX-License-Identifier: MIT
 * tls_play.h - what both fuzzers of the native engine do. A conversation of ours, with fixed time and
 * entropy, is recorded once, message by message and in clear; the input says what to change in what
 * the peer said, and everything is sealed anew under the keys that the engine expects at that point,
 * so that changes reach the handlers behind the encryption. */
#ifndef TLS_PLAY_H
#define TLS_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void tls_play(const uint8_t *data, size_t size, bool server);

#endif
