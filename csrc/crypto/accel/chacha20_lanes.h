/* SPDX-License-Identifier: MIT
 * chacha20_lanes.h - ChaCha20 for one size of vector: included by chacha20.c once for each, which
 * defines TARGET, VECTOR, LANES (words in a vector) and the instructions, all undefined at the end. */

/* LANES blocks from the counter of `state` on, into 64 * LANES bytes */
TARGET static void NAME(wide)(const uint32_t state[16], uint8_t *data)
{
    VECTOR v[16], numbers = ADD(EVERYWHERE(state[12]), LANE_NUMBERS);
    UNROLL
    for (int i = 0; i < 16; i++)
        v[i] = EVERYWHERE(state[i]);
    v[12] = numbers;
    for (int i = 0; i < 10; i++) {
        ROUND(4, 8, 12, 5, 9, 13, 6, 10, 14, 7, 11, 15);
        ROUND(5, 10, 15, 6, 11, 12, 7, 8, 13, 4, 9, 14);
    }
    v[12] = ADD(v[12], LANE_NUMBERS);
    UNROLL
    for (int i = 0; i < 16; i++)
        v[i] = ADD(v[i], EVERYWHERE(state[i]));
    UNROLL
    for (int i = 0; i < 16; i += 4) { /* four words of each block together */
        VECTOR a = LOW_32(v[i], v[i + 1]), b = LOW_32(v[i + 2], v[i + 3]);
        VECTOR c = HIGH_32(v[i], v[i + 1]), d = HIGH_32(v[i + 2], v[i + 3]);
        v[i] = LOW_64(a, b), v[i + 1] = HIGH_64(a, b);
        v[i + 2] = LOW_64(c, d), v[i + 3] = HIGH_64(c, d);
    }
    UNROLL
    for (size_t i = 0; i < 4; i++)
        NAME(put_blocks)(data + 64 * i, 256, v[i], v[i + 4], v[i + 8], v[i + 12]);
}

/* LANES / 4 blocks, into 16 * LANES bytes: for what is short */
TARGET static void NAME(rows)(const uint32_t state[16], uint8_t *data)
{
    VECTOR v[4] = { ROW(state), ROW(state + 4), ROW(state + 8),
                    ADD(ROW(state + 12), ROW_NUMBERS) };
    VECTOR last = v[3];
    for (int i = 0; i < 10; i++) {
        ROW_ROUND;
        v[1] = TURN(v[1], 0x39), v[2] = TURN(v[2], 0x4e), v[3] = TURN(v[3], 0x93);
        ROW_ROUND;
        v[1] = TURN(v[1], 0x93), v[2] = TURN(v[2], 0x4e), v[3] = TURN(v[3], 0x39);
    }
    NAME(put_blocks)
    (data, 64, ADD(v[0], ROW(state)), ADD(v[1], ROW(state + 4)), ADD(v[2], ROW(state + 8)),
     ADD(v[3], last));
}

/* n bytes, fewer than 64 * LANES: by way of a buffer where they are no whole blocks */
static void NAME(rest)(uint32_t state[16], uint8_t *data, size_t n)
{
    enum { SHORT = 16 * LANES, HALF = 32 * LANES, WIDE = 64 * LANES };
    uint8_t whole[WIDE];
    bool is_short = n <= HALF;
    for (; is_short && n >= SHORT; data += SHORT, n -= SHORT, state[12] += LANES / 4)
        NAME(rows)(state, data);
    if (n == 0)
        return;
    memcpy(whole, data, n);
    if (is_short)
        NAME(rows)(state, whole);
    else
        NAME(wide)(state, whole);
    memcpy(data, whole, n);
    lt_wipe(whole, is_short ? SHORT : sizeof whole);
}

uint32_t NAME(lt_chacha20)(const void *key, const void *iv, uint32_t counter, void *data,
                           size_t n)
{
    enum { WIDE = 64 * LANES };
    uint8_t *p = data;
    uint32_t state[16], after = counter + (uint32_t)((n + 63) / 64);
    first_state(state, key, iv, counter);
    for (; n >= WIDE; p += WIDE, n -= WIDE, state[12] += LANES)
        NAME(wide)(state, p);
    if (n > 0)
        NAME(rest)(state, p, n);
    lt_wipe(state, sizeof state);
    return after;
}

#undef TARGET
#undef VECTOR
#undef LANES
#undef NAME
#undef ADD
#undef XOR
#undef EVERYWHERE
#undef ROW
#undef ROTATE_16
#undef ROTATE_12
#undef ROTATE_8
#undef ROTATE_7
#undef LANE_NUMBERS
#undef ROW_NUMBERS
#undef TURN
#undef LOW_32
#undef HIGH_32
#undef LOW_64
#undef HIGH_64
