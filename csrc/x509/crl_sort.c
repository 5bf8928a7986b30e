/* SPDX-License-Identifier: MIT
 * crl_sort.c - see crl.h: the index of a CRL is put in the order of lt_bytes_compare. By eight bytes of
 * each serial number first, in time proportional to the entries (radix sort, the lowest byte first);
 * entries that these do not tell apart are compared. Stable: an indirect CRL's keep their order. */
#include <stdlib.h>

#include "x509/crl.h"
#include "x509/der.h"

enum { DIGITS = 8, VALUES = 256 };

typedef struct {
    uint64_t key;
    lt_crl_index at;
} keyed;

lt_bytes lt_crl_serial_at(const lt_crl *crl, size_t offset)
{
    const lt_bytes all = crl->revoked_certificates;
    lt_reader r = { all.p + offset, all.n - offset }, body;
    lt_bytes serial = { NULL, 0 };
    if (der_value(&r, DER_SEQUENCE, &body))
        der_value(&body, DER_INTEGER, &serial);
    return serial;
}

/* The length, as the shorter one is less, and the first seven bytes. All the long ones are equal. */
static uint64_t key_of(lt_bytes serial)
{
    if (serial.n >= 255)
        return (uint64_t)255 << 56;
    uint64_t key = serial.n;
    for (size_t i = 0; i < DIGITS - 1; i++)
        key = key << 8 | (i < serial.n ? serial.p[i] : 0);
    return key;
}

static bool in_order(const lt_crl *crl, const lt_crl_index *a, const lt_crl_index *b)
{
    return lt_bytes_compare(lt_crl_serial_at(crl, a->entry), lt_crl_serial_at(crl, b->entry))
           <= 0;
}

static bool is_sorted(const lt_crl *crl, const lt_crl_index *list, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!in_order(crl, &list[i - 1], &list[i]))
            return false;
    return true;
}

static void merge(const lt_crl *crl, const lt_crl_index *from, lt_crl_index *to, size_t middle,
                  size_t end)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < end; i++) {
        bool take_left =
            left < middle && (right == end || in_order(crl, &from[left], &from[right]));
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* A merge sort, bottom up: no order of the entries makes it slow. */
static void sort_by_comparing(const lt_crl *crl, lt_crl_index *list, lt_crl_index *room,
                              size_t n)
{
    lt_crl_index *from = list, *to = room;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t middle = n - at < width ? n - at : width;
            size_t end = n - at < 2 * width ? n - at : 2 * width;
            merge(crl, from + at, to + at, middle, end);
        }
        lt_crl_index *other = from;
        from = to;
        to = other;
    }
    if (from != list)
        memcpy(list, from, n * sizeof *list);
}

static size_t digit_of(uint64_t key, size_t digit)
{
    return (size_t)(key >> 8 * digit) & (VALUES - 1);
}

/* One digit: where each value begins, and then each entry to its place. */
static void pass(const keyed *from, keyed *to, size_t n, size_t digit,
                 const uint32_t counts[VALUES])
{
    uint32_t place[VALUES], at = 0;
    for (size_t v = 0; v < VALUES; v++) {
        place[v] = at;
        at += counts[v];
    }
    for (size_t i = 0; i < n; i++)
        to[place[digit_of(from[i].key, digit)]++] = from[i];
}

/* Gives the one of both that holds the result. Digits that are the same in all are left out. */
static keyed *sort_by_keys(keyed *from, keyed *to, size_t n)
{
    uint32_t counts[DIGITS][VALUES] = { { 0 } };
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < DIGITS; d++)
            counts[d][digit_of(from[i].key, d)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        if (counts[d][digit_of(from[0].key, d)] == n)
            continue;
        pass(from, to, n, d, counts[d]);
        keyed *other = from;
        from = to;
        to = other;
    }
    return from;
}

/* What the keys do not tell apart, by comparing. */
static lt_code settle(const lt_crl *crl, const keyed *sorted, lt_error *e)
{
    lt_crl_index *room = NULL;
    for (size_t i = 0, end; i < crl->entry_count; i = end) {
        for (end = i + 1; end < crl->entry_count && sorted[end].key == sorted[i].key;)
            end++;
        if (is_sorted(crl, crl->index + i, end - i))
            continue;
        if (!room && !(room = calloc(crl->entry_count, sizeof *room)))
            return lt_fail(e, LT_memory, "revokedCertificates");
        sort_by_comparing(crl, crl->index + i, room, end - i);
    }
    free(room);
    return LT_OK;
}

lt_code lt_crl_sort(lt_crl *crl, lt_error *e)
{
    const size_t n = crl->entry_count;
    if (is_sorted(crl, crl->index, n))
        return LT_OK;
    keyed *both = calloc(n, 2 * sizeof *both);
    if (!both)
        return lt_fail(e, LT_memory, "revokedCertificates");
    for (size_t i = 0; i < n; i++)
        both[i] = (keyed){ key_of(lt_crl_serial_at(crl, crl->index[i].entry)), crl->index[i] };
    const keyed *sorted = sort_by_keys(both, both + n, n);
    for (size_t i = 0; i < n; i++)
        crl->index[i] = sorted[i].at;
    lt_code rc = settle(crl, sorted, e);
    free(both);
    return rc;
}
