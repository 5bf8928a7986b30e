/* SPDX-License-Identifier: MIT
 * wire.h - for the fuzzers of the parsers: what a parser gives must lie within what it was given. */
#ifndef FUZZ_WIRE_H
#define FUZZ_WIRE_H

#include <stdlib.h>

#include "base/bytes.h"

static inline void must(bool ok)
{
    if (!ok)
        abort();
}

static inline void inside(lt_bytes part, const uint8_t *data, size_t size)
{
    must(part.n == 0 || (part.p >= data && part.p + part.n <= data + size));
}

#endif
