/* SPDX-License-Identifier: MIT
 * private_key_spki.c - the public half of a private key as SubjectPublicKeyInfo (RFC 5280 section
 * 4.1.2.7, RFC 3279, 5480, 8410). Written from the end to the front, so that each length is known
 * when its header comes. */
#include "x509/der.h"
#include "x509/private_key.h"

struct writer {
    uint8_t *start; /* of what is written so far; more goes in front of it */
    const uint8_t *end;
};

static void put(struct writer *w, const uint8_t *p, size_t n)
{
    w->start -= n;
    memcpy(w->start, p, n);
}

static void put_byte(struct writer *w, size_t v)
{
    *--w->start = (uint8_t)v;
}

/* The header of all that stands between the start and `end`. */
static void wrap(struct writer *w, uint32_t tag, const uint8_t *end)
{
    size_t n = (size_t)(end - w->start);
    if (n < 0x80) {
        put_byte(w, n);
    } else if (n < 0x100) {
        put_byte(w, n);
        put_byte(w, 0x81);
    } else {
        put_byte(w, n & 0xff);
        put_byte(w, n >> 8);
        put_byte(w, 0x82);
    }
    put_byte(w, tag);
}

static void put_unsigned(struct writer *w, const uint8_t *p, size_t n)
{
    const uint8_t *end = w->start;
    put(w, p, n);
    if (p[0] & 0x80)
        put_byte(w, 0);
    wrap(w, DER_INTEGER, end);
}

static void put_oid(struct writer *w, lt_bytes oid)
{
    const uint8_t *end = w->start;
    put(w, oid.p, oid.n);
    wrap(w, DER_OID, end);
}

static void put_subject_public_key(struct writer *w, const lt_private_key *k)
{
    const uint8_t *end = w->start;
    if (k->type == LT_KEY_ec) {
        put(w, k->ec_point, k->ec_point_size);
    } else if (k->type == LT_KEY_ed25519) {
        put(w, k->ed25519_public, sizeof k->ed25519_public);
    } else {
        put_unsigned(w, k->rsa_public.e, k->rsa_public.elen);
        put_unsigned(w, k->rsa_public.n, k->rsa_public.nlen);
        wrap(w, DER_SEQUENCE, end);
    }
    put_byte(w, 0); /* no unused bits */
    wrap(w, DER_BIT_STRING, end);
}

static void put_algorithm(struct writer *w, const lt_private_key *k)
{
    static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
    static const uint8_t pss[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };
    static const uint8_t ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
    static const uint8_t ed25519[] = { 0x2b, 0x65, 0x70 };
    const uint8_t *end = w->start;
    if (k->type == LT_KEY_ec) {
        put_oid(w, lt_curve_by_id(k->ec.curve)->oid);
        put_oid(w, (lt_bytes){ ec, sizeof ec });
    } else if (k->type == LT_KEY_ed25519) {
        put_oid(w, (lt_bytes){ ed25519, sizeof ed25519 });
    } else if (k->type == LT_KEY_rsa_pss) {
        put_oid(w, (lt_bytes){ pss, sizeof pss });
    } else {
        wrap(w, DER_NULL, end);
        put_oid(w, (lt_bytes){ rsa, sizeof rsa });
    }
    wrap(w, DER_SEQUENCE, end);
}

size_t lt_private_key_spki(const lt_private_key *k, uint8_t out[LT_PRIVATE_KEY_SPKI_MAX])
{
    struct writer w = { out + LT_PRIVATE_KEY_SPKI_MAX, out + LT_PRIVATE_KEY_SPKI_MAX };
    put_subject_public_key(&w, k);
    put_algorithm(&w, k);
    wrap(&w, DER_SEQUENCE, w.end);
    size_t n = (size_t)(w.end - w.start);
    memmove(out, w.start, n);
    return n;
}
