/* SPDX-License-Identifier: MIT
 * ocsp_request.c - see ocsp.h: CertID, both ways, and the request. */
#include "crypto/hash.h"
#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "x509/der.h"
#include "x509/der_writer.h"
#include "x509/ocsp.h"
#include "x509/public_key.h"

#define OID(...)                                                                   \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

static const struct {
    const br_hash_class *hash;
    lt_bytes oid;
} hashes[] = {
    { &br_sha1_vtable, OID(0x2b, 0x0e, 0x03, 0x02, 0x1a) },
    { &lt_sha256_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01) },
    { &lt_sha384_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02) },
    { &lt_sha512_vtable, OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03) },
};
enum { HASHES = sizeof hashes / sizeof *hashes, SERIAL_MAX = 256, REQUEST_MAX = 1024 };

static const uint8_t id_pkix_ocsp_nonce[] = { 0x2b, 0x06, 0x01, 0x05, 0x05,
                                              0x07, 0x30, 0x01, 0x02 };

static lt_bytes digest(const br_hash_class *hash, lt_bytes in, uint8_t out[LT_HASH_MAX])
{
    lt_hash(hash, in, out);
    return (lt_bytes){ out, lt_hash_size(hash) };
}

bool lt_ocsp_id_parse(lt_ocsp_id *id, lt_bytes der)
{
    lt_reader body, algorithm, null;
    lt_bytes oid;
    *id = (lt_ocsp_id){ .hash = NULL };
    if (!der_only(der, DER_SEQUENCE, &body) || !der_value(&body, DER_SEQUENCE, &algorithm)
        || !der_oid(&algorithm, &oid) || !der_optional(&algorithm, DER_NULL, &null)
        || algorithm.n != 0 || null.n != 0
        || !der_value(&body, DER_OCTET_STRING, &id->issuer_name_hash)
        || !der_value(&body, DER_OCTET_STRING, &id->issuer_key_hash)
        || !der_integer(&body, &id->serial_number) || body.n != 0)
        return false;
    for (size_t i = 0; i < HASHES; i++)
        if (lt_bytes_equal(oid, hashes[i].oid))
            id->hash = hashes[i].hash;
    return true;
}

/* The issuer's subjectPublicKey, without tag, length and unused bits (RFC 6960 section 4.1.1) */
static bool key_bits(const lt_certificate *c, lt_bytes *bits)
{
    lt_public_key key;
    lt_error ignored = { .code = LT_OK };
    if (lt_public_key_parse(&key, c->spki, &ignored) != LT_OK)
        return false;
    *bits = key.bits;
    return true;
}

bool lt_ocsp_id_is(const lt_ocsp_id *id, const lt_certificate *certificate,
                   const lt_certificate *issuer)
{
    uint8_t name_hash[LT_HASH_MAX], key_hash[LT_HASH_MAX];
    lt_bytes bits;
    return id->hash && lt_bytes_equal(id->serial_number, certificate->serial_number)
           && lt_bytes_equal(id->issuer_name_hash,
                             digest(id->hash, certificate->issuer, name_hash))
           && key_bits(issuer, &bits)
           && lt_bytes_equal(id->issuer_key_hash, digest(id->hash, bits, key_hash));
}

bool lt_ocsp_key_hash_is(lt_bytes hash, const lt_certificate *c)
{
    uint8_t out[LT_HASH_MAX];
    lt_bytes bits;
    return key_bits(c, &bits) && lt_bytes_equal(hash, digest(&br_sha1_vtable, bits, out));
}

void lt_ocsp_put_nonce(der_writer *w, uint32_t tag, lt_bytes nonce)
{
    const uint8_t *end = w->p;
    der_put_element(w, DER_OCTET_STRING, nonce); /* in the OCTET STRING of an Extension */
    der_put_header(w, DER_OCTET_STRING, end);
    der_put_element(w, DER_OID, (lt_bytes){ id_pkix_ocsp_nonce, sizeof id_pkix_ocsp_nonce });
    der_put_header(w, DER_SEQUENCE, end);
    der_put_header(w, DER_SEQUENCE, end);
    der_put_header(w, DER_CONSTRUCTED(tag), end);
}

void lt_ocsp_put_id(der_writer *w, lt_bytes serial_number, lt_bytes issuer_name,
                    lt_bytes issuer_key, const br_hash_class *hash)
{
    const uint8_t *end = w->p;
    uint8_t out[LT_HASH_MAX];
    size_t row = 0;
    while (hashes[row].hash != hash)
        row++;
    der_put_element(w, DER_INTEGER, serial_number);
    der_put_element(w, DER_OCTET_STRING, digest(hash, issuer_key, out));
    der_put_element(w, DER_OCTET_STRING, digest(hash, issuer_name, out));
    const uint8_t *algorithm = w->p;
    der_put_element(w, DER_NULL, (lt_bytes){ NULL, 0 });
    der_put_element(w, DER_OID, hashes[row].oid);
    der_put_header(w, DER_SEQUENCE, algorithm);
    der_put_header(w, DER_SEQUENCE, end);
}

lt_code lt_ocsp_request(lt_buffer *out, const lt_certificate *certificate,
                        const lt_certificate *issuer, const br_hash_class *hash, lt_bytes nonce,
                        lt_error *e)
{
    uint8_t buffer[REQUEST_MAX];
    der_writer w = der_writer_on(buffer, sizeof buffer);
    lt_bytes bits;
    if (!key_bits(issuer, &bits))
        return lt_fail(e, LT_bad_certificate, "SubjectPublicKeyInfo");
    if (certificate->serial_number.n > SERIAL_MAX)
        return lt_fail_detail(e, LT_limit, "tbsCertificate.serialNumber", "more than %d octets",
                              SERIAL_MAX);
    if (nonce.n > LT_OCSP_NONCE_MAX)
        return lt_fail_detail(e, LT_option, "nonce", "more than %d octets", LT_OCSP_NONCE_MAX);
    if (nonce.n > 0)
        lt_ocsp_put_nonce(&w, 2, nonce);
    const uint8_t *list_end = w.p;
    lt_ocsp_put_id(&w, certificate->serial_number, certificate->issuer, bits,
                   hash ? hash : &br_sha1_vtable);
    der_put_header(&w, DER_SEQUENCE, list_end); /* Request */
    der_put_header(&w, DER_SEQUENCE, list_end); /* requestList */
    der_put_header(&w, DER_SEQUENCE, w.end);    /* TBSRequest */
    der_put_header(&w, DER_SEQUENCE, w.end);
    if (w.full)
        return lt_fail(e, LT_internal, "OCSPRequest");
    if (!lt_buffer_add(out, w.p, (size_t)(w.end - w.p)))
        return lt_fail(e, LT_memory, "OCSPRequest");
    return LT_OK;
}
