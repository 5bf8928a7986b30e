/* SPDX-License-Identifier: MIT
 * key_generate.c - see key_generate.h. BearSSL draws primes and scalars; the structures around them
 * (RFC 8017 A.1.2, RFC 5915, RFC 8410) are written here. */
#include "x509/key_generate.h"

#include <stdlib.h>

#include "crypto/ec.h"
#include "crypto/rsa_numbers.h"
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/private_key_der.h"

enum { RSA_EXPONENT = 65537, ED25519_SEED = 32 };

const lt_key_kind lt_key_kinds[] = {
    { "P-256", LT_KEY_ec, 0, BR_EC_secp256r1 },
    { "P-384", LT_KEY_ec, 0, BR_EC_secp384r1 },
    { "P-521", LT_KEY_ec, 0, BR_EC_secp521r1 },
    { "ed25519", LT_KEY_ed25519, 0, 0 },
    { "rsa-2048", LT_KEY_rsa, 2048, 0 },
    { "rsa-3072", LT_KEY_rsa, 3072, 0 },
    { "rsa-4096", LT_KEY_rsa, 4096, 0 },
    { "rsa-pss-2048", LT_KEY_rsa_pss, 2048, 0 },
    { "rsa-pss-3072", LT_KEY_rsa_pss, 3072, 0 },
    { "rsa-pss-4096", LT_KEY_rsa_pss, 4096, 0 },
    { .name = NULL },
};

const lt_key_kind *lt_key_kind_by_name(const char *name)
{
    for (const lt_key_kind *kind = lt_key_kinds; kind->name; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

/* What was drawn, in as much room as the largest kind takes. */
typedef struct {
    const lt_key_kind *kind;
    br_rsa_private_key rsa;
    br_rsa_public_key rsa_public;
    uint8_t rsa_private_numbers[BR_RSA_KBUF_PRIV_SIZE(LT_RSA_MAX_BITS)];
    uint8_t rsa_public_numbers[BR_RSA_KBUF_PUB_SIZE(LT_RSA_MAX_BITS)];
    uint8_t rsa_exponent[LT_RSA_MAX_BITS / 8];
    size_t rsa_exponent_size;
    uint8_t scalar[BR_EC_KBUF_PRIV_MAX_SIZE]; /* of EC, or Ed25519's seed */
    size_t scalar_size;
    uint8_t point[BR_EC_KBUF_PUB_MAX_SIZE]; /* of EC */
    size_t point_size;
} drawn_key;

static bool draw_rsa(drawn_key *d, lt_random *random)
{
    if (!br_rsa_keygen_get_default()(&random->vtable, &d->rsa, d->rsa_private_numbers,
                                     &d->rsa_public, d->rsa_public_numbers, d->kind->bits,
                                     RSA_EXPONENT))
        return false;
    d->rsa_exponent_size =
        br_rsa_compute_privexp_get_default()(d->rsa_exponent, &d->rsa, RSA_EXPONENT);
    return d->rsa_exponent_size > 0;
}

static bool draw_ec(drawn_key *d, lt_random *random)
{
    br_ec_impl ec = lt_ec(~0U);
    br_ec_private_key key;
    br_ec_public_key point;
    d->scalar_size = br_ec_keygen(&random->vtable, &ec, &key, d->scalar, d->kind->curve);
    if (d->scalar_size == 0)
        return false;
    d->point_size = br_ec_compute_pub(&ec, &point, d->point, &key);
    return d->point_size > 0;
}

static bool draw(drawn_key *d, lt_random *random)
{
    switch (d->kind->type) {
    case LT_KEY_rsa:
    case LT_KEY_rsa_pss:
        return draw_rsa(d, random);
    case LT_KEY_ec:
        return draw_ec(d, random);
    case LT_KEY_ed25519:
        d->scalar_size = ED25519_SEED;
        lt_random_bytes(random, d->scalar, ED25519_SEED);
        return true;
    case LT_KEY_unknown:
        break;
    }
    return false;
}

/* RSAPrivateKey (RFC 8017 A.1.2) */
static void put_pkcs1(der_writer *w, const drawn_key *d)
{
    const uint8_t *end = w->p;
    der_put_unsigned(w, (lt_bytes){ d->rsa.iq, d->rsa.iqlen });
    der_put_unsigned(w, (lt_bytes){ d->rsa.dq, d->rsa.dqlen });
    der_put_unsigned(w, (lt_bytes){ d->rsa.dp, d->rsa.dplen });
    der_put_unsigned(w, (lt_bytes){ d->rsa.q, d->rsa.qlen });
    der_put_unsigned(w, (lt_bytes){ d->rsa.p, d->rsa.plen });
    der_put_unsigned(w, (lt_bytes){ d->rsa_exponent, d->rsa_exponent_size });
    der_put_unsigned(w, (lt_bytes){ d->rsa_public.e, d->rsa_public.elen });
    der_put_unsigned(w, (lt_bytes){ d->rsa_public.n, d->rsa_public.nlen });
    der_put_small(w, DER_INTEGER, 0);
    der_put_header(w, DER_SEQUENCE, end);
}

/* ECPrivateKey (RFC 5915), its curve named by PKCS#8. GnuTLS wants the public key in it. */
static void put_sec1(der_writer *w, const drawn_key *d)
{
    const uint8_t *end = w->p;
    der_put(w, (lt_bytes){ d->point, d->point_size });
    der_put_octet_bits(w, end);
    der_put_header(w, DER_CONSTRUCTED(1), end);
    der_put_element(w, DER_OCTET_STRING, (lt_bytes){ d->scalar, d->scalar_size });
    der_put_small(w, DER_INTEGER, 1);
    der_put_header(w, DER_SEQUENCE, end);
}

static void put_pkcs8(der_writer *w, const void *content)
{
    const drawn_key *d = content;
    const lt_private_key head = { .type = d->kind->type, .ec.curve = d->kind->curve };
    if (d->kind->type == LT_KEY_ec)
        put_sec1(w, d);
    else if (d->kind->type == LT_KEY_ed25519) /* CurvePrivateKey (RFC 8410 section 7) */
        der_put_element(w, DER_OCTET_STRING, (lt_bytes){ d->scalar, d->scalar_size });
    else
        put_pkcs1(w, d);
    der_put_header(w, DER_OCTET_STRING, w->end);
    lt_private_key_put_algorithm(w, &head);
    der_put_small(w, DER_INTEGER, 0);
    der_put_header(w, DER_SEQUENCE, w->end);
}

/* The numbers, and behind them the PKCS#8 that they were read from. */
static lt_code keep(lt_private_key *k, lt_bytes pkcs8, lt_error *e)
{
    lt_private_key read;
    lt_code rc = lt_private_key_parse(&read, pkcs8, (lt_bytes){ NULL, 0 }, e);
    if (rc == LT_OK)
        rc = lt_private_key_with_pkcs8(k, &read, pkcs8, e);
    lt_private_key_free(&read);
    return rc;
}

lt_code lt_private_key_generate(lt_private_key *k, const lt_key_kind *kind, lt_random *random,
                                lt_error *e)
{
    static const char where[] = "private key, generation";
    lt_buffer pkcs8 = { .data = NULL };
    drawn_key *d = calloc(1, sizeof *d);
    *k = (lt_private_key){ .type = LT_KEY_unknown };
    if (!d)
        return lt_fail(e, LT_memory, where);
    d->kind = kind;
    lt_code rc = draw(d, random) ? LT_OK : lt_fail(e, LT_internal, where);
    if (rc == LT_OK)
        rc = lt_der_build(&pkcs8, put_pkcs8, d, where, e);
    if (rc == LT_OK)
        rc = keep(k, lt_buffer_bytes(&pkcs8), e);
    lt_buffer_free(&pkcs8);
    lt_wipe_free(d, sizeof *d);
    return rc;
}
