/* SPDX-License-Identifier: MIT
 * private_key.c - see private_key.h. */
#include "x509/private_key.h"

#include <stdlib.h>

#include "base/secret.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/pbes.h"
#include "x509/pem.h"
#include "x509/private_key_der.h"

static lt_bytes contents(const lt_buffer *b)
{
    return (lt_bytes){ b->data + b->start, lt_buffer_size(b) };
}

static lt_code read_encrypted(lt_private_key *k, lt_bytes der, lt_bytes password, lt_error *e)
{
    lt_buffer plain = { .data = NULL };
    lt_code rc = lt_pbes_decrypt(der, password, &plain, e);
    if (rc == LT_OK)
        rc = lt_private_key_pkcs8(k, contents(&plain), e);
    lt_buffer_free(&plain);
    return rc;
}

/* What a SEQUENCE without a label is: each structure differs from the others in its first two
 * elements. */
static lt_code read_der(lt_private_key *k, lt_bytes der, lt_bytes password, lt_error *e)
{
    lt_reader r, version;
    if (!der_only(der, DER_SEQUENCE, &r))
        return lt_fail(e, LT_bad_key, "private key"); /* cut, or followed by something */
    if (der_next_is(&r, DER_SEQUENCE))
        return read_encrypted(k, der, password, e);
    if (!der_value(&r, DER_INTEGER, &version))
        return lt_fail_detail(e, LT_no_key, "private key", "DER of something else");
    if (der_next_is(&r, DER_SEQUENCE))
        return lt_private_key_pkcs8(k, der, e);
    if (der_next_is(&r, DER_OCTET_STRING))
        return lt_private_key_sec1(k, der, e);
    return lt_private_key_pkcs1(k, der, e);
}

static bool is_private_key(lt_bytes label)
{
    static const char end[] = "PRIVATE KEY";
    size_t n = sizeof end - 1;
    return label.n >= n
           && lt_bytes_equal((lt_bytes){ label.p + label.n - n, n },
                             (lt_bytes){ (const uint8_t *)end, n });
}

static lt_code read_block(lt_private_key *k, const lt_pem_block *block, lt_bytes der,
                          lt_bytes password, lt_error *e)
{
    if (lt_pem_is(block, "PRIVATE KEY"))
        return lt_private_key_pkcs8(k, der, e);
    if (lt_pem_is(block, "RSA PRIVATE KEY"))
        return lt_private_key_pkcs1(k, der, e);
    if (lt_pem_is(block, "EC PRIVATE KEY"))
        return lt_private_key_sec1(k, der, e);
    if (lt_pem_is(block, "ENCRYPTED PRIVATE KEY"))
        return read_encrypted(k, der, password, e);
    return lt_fail_detail(e, LT_unsupported_key, "PEM", "%.*s",
                          (int)(block->label.n > 64 ? 64 : block->label.n),
                          (const char *)block->label.p);
}

/* Proc-Type: 4,ENCRYPTED (RFC 1421 section 4.6.1.1) */
static lt_code open_block(const lt_pem_block *block, lt_bytes password, lt_buffer *der,
                          lt_error *e)
{
    lt_buffer data = { .data = NULL };
    if (block->proc_type.n == 0)
        return lt_pem_decode(block, der, e);
    lt_code rc = lt_pem_decode(block, &data, e);
    if (rc == LT_OK)
        rc = lt_pbes_decrypt_pem(block->dek_info, contents(&data), password, der, e);
    lt_buffer_free(&data);
    return rc;
}

static lt_code read_pem(lt_private_key *k, lt_bytes text, lt_bytes password, lt_error *e)
{
    lt_pem_block block;
    lt_buffer der = { .data = NULL };
    do
        if (!lt_pem_next(&text, &block, e))
            return lt_fail(e, LT_no_key, "PEM");
    while (!is_private_key(block.label));
    lt_code rc = open_block(&block, password, &der, e);
    if (rc == LT_OK)
        rc = read_block(k, &block, contents(&der), password, e);
    lt_buffer_free(&der);
    return rc;
}

lt_code lt_private_key_parse(lt_private_key *k, lt_bytes text, lt_bytes password, lt_error *e)
{
    *k = (lt_private_key){ .type = LT_KEY_unknown };
    lt_reader content;
    bool binary = der_only(text, DER_SEQUENCE, &content)
                  || (text.n >= 2 && text.p[0] == DER_SEQUENCE && text.p[1] >= 0x80);
    lt_code rc = binary ? read_der(k, text, password, e) : read_pem(k, text, password, e);
    if (rc != LT_OK)
        lt_private_key_free(k);
    return rc;
}

static uint8_t *moved(const uint8_t *p, const lt_private_key *from, const lt_private_key *to)
{
    return p ? to->data + (p - from->data) : NULL;
}

lt_code lt_private_key_with_pkcs8(lt_private_key *k, const lt_private_key *from, lt_bytes pkcs8,
                                  lt_error *e)
{
    *k = *from;
    const size_t numbers = from->size - from->pkcs8.n;
    k->data = malloc(numbers + pkcs8.n);
    if (!k->data) {
        *k = (lt_private_key){ .type = LT_KEY_unknown };
        return lt_fail(e, LT_memory, "private key");
    }
    k->size = numbers + pkcs8.n;
    memcpy(k->data, from->data, numbers);
    k->rsa.p = moved(from->rsa.p, from, k);
    k->rsa.q = moved(from->rsa.q, from, k);
    k->rsa.dp = moved(from->rsa.dp, from, k);
    k->rsa.dq = moved(from->rsa.dq, from, k);
    k->rsa.iq = moved(from->rsa.iq, from, k);
    k->rsa_public.n = moved(from->rsa_public.n, from, k);
    k->rsa_public.e = moved(from->rsa_public.e, from, k);
    k->ec.x = moved(from->ec.x, from, k);
    k->ed25519_seed = moved(from->ed25519_seed, from, k);
    k->pkcs8 = (lt_bytes){ k->data + numbers, pkcs8.n };
    if (pkcs8.n > 0)
        memcpy(k->data + numbers, pkcs8.p, pkcs8.n);
    return LT_OK;
}

/* What signs needs no PKCS#8: it stays with the key that was made. */
lt_code lt_private_key_copy(lt_private_key *k, const lt_private_key *from, lt_error *e)
{
    return lt_private_key_with_pkcs8(k, from, (lt_bytes){ NULL, 0 }, e);
}

void lt_private_key_free(lt_private_key *k)
{
    lt_wipe_free(k->data, k->size);
    *k = (lt_private_key){ .type = LT_KEY_unknown };
}

static const char *kind(lt_key_type type)
{
    switch (type) {
    case LT_KEY_rsa:
        return "RSA";
    case LT_KEY_rsa_pss:
        return "RSASSA-PSS";
    case LT_KEY_ec:
        return "EC";
    case LT_KEY_ed25519:
        return "Ed25519";
    case LT_KEY_unknown:
        break;
    }
    return "an unknown algorithm";
}

static bool is_half_of(const lt_private_key *k, const lt_public_key *p)
{
    switch (k->type) {
    case LT_KEY_rsa:
    case LT_KEY_rsa_pss:
        return lt_bytes_equal(p->modulus, (lt_bytes){ k->rsa_public.n, k->rsa_public.nlen })
               && lt_bytes_equal(p->exponent,
                                 (lt_bytes){ k->rsa_public.e, k->rsa_public.elen });
    case LT_KEY_ec:
        return p->curve == k->ec.curve && lt_private_key_is_point(k, p->point);
    case LT_KEY_ed25519:
        return lt_bytes_equal(p->bits, (lt_bytes){ k->ed25519_public, 32 });
    case LT_KEY_unknown:
        break;
    }
    return false;
}

lt_code lt_private_key_matches(const lt_private_key *k, lt_bytes certificate_der, lt_error *e)
{
    lt_certificate c;
    lt_public_key p;
    if (lt_certificate_parse(&c, certificate_der, e) != LT_OK
        || lt_public_key_parse(&p, c.spki, e) != LT_OK)
        return e->code;
    if (p.type != k->type)
        return lt_fail_detail(e, LT_key_mismatch, "private key",
                              "the certificate is for %s, the key is %s", kind(p.type),
                              kind(k->type));
    if (!is_half_of(k, &p))
        return lt_fail_detail(e, LT_key_mismatch, "private key",
                              "both are %s, of different keys", kind(k->type));
    return LT_OK;
}
