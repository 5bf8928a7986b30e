/* SPDX-License-Identifier: MIT
 * private_key_spki.c - the public half of a private key as SubjectPublicKeyInfo (RFC 5280 section
 * 4.1.2.7, RFC 3279, 5480, 8410). */
#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/private_key.h"

static void put_subject_public_key(der_writer *w, const lt_private_key *k)
{
    const uint8_t *end = w->p;
    if (k->type == LT_KEY_ec) {
        der_put(w, (lt_bytes){ k->ec_point, k->ec_point_size });
    } else if (k->type == LT_KEY_ed25519) {
        der_put(w, (lt_bytes){ k->ed25519_public, sizeof k->ed25519_public });
    } else {
        der_put_unsigned(w, (lt_bytes){ k->rsa_public.e, k->rsa_public.elen });
        der_put_unsigned(w, (lt_bytes){ k->rsa_public.n, k->rsa_public.nlen });
        der_put_header(w, DER_SEQUENCE, end);
    }
    der_put_octet_bits(w, end);
}

void lt_private_key_put_algorithm(der_writer *w, const lt_private_key *k)
{
    static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
    static const uint8_t pss[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };
    static const uint8_t ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
    static const uint8_t ed25519[] = { 0x2b, 0x65, 0x70 };
    const uint8_t *end = w->p;
    lt_bytes oid = { rsa, sizeof rsa };
    if (k->type == LT_KEY_ec) {
        der_put_element(w, DER_OID, lt_curve_by_id(k->ec.curve)->oid);
        oid = (lt_bytes){ ec, sizeof ec };
    } else if (k->type == LT_KEY_ed25519) {
        oid = (lt_bytes){ ed25519, sizeof ed25519 };
    } else if (k->type == LT_KEY_rsa_pss) {
        oid = (lt_bytes){ pss, sizeof pss };
    } else {
        der_put_header(w, DER_NULL, end);
    }
    der_put_element(w, DER_OID, oid);
    der_put_header(w, DER_SEQUENCE, end);
}

size_t lt_private_key_spki(const lt_private_key *k, uint8_t out[LT_PRIVATE_KEY_SPKI_MAX])
{
    der_writer w = der_writer_on(out, LT_PRIVATE_KEY_SPKI_MAX); /* holds every key: see there */
    put_subject_public_key(&w, k);
    lt_private_key_put_algorithm(&w, k);
    der_put_header(&w, DER_SEQUENCE, w.end);
    size_t n = (size_t)(w.end - w.p);
    memmove(out, w.p, n);
    return n;
}
