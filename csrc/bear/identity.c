/* SPDX-License-Identifier: MIT
 * identity.c - the client's certificate: the first one that the server's CertificateRequest takes
 * (RFC 5246 section 7.4.4), or the caller's answer. One that does not fit is not sent: BearSSL
 * would sign with what the server did not ask for. */
#include "bear/bear.h"

#include "crypto/ec.h"
#include "wire/certificate_request.h"
#include "x509/certificate.h"
#include "x509/private_key_sign.h"
#include "x509/sign.h"

enum { /* ClientCertificateType; HashAlgorithm, SignatureAlgorithm (section 7.4.1.4.1) */
       RSA_SIGN = 1,
       ECDSA_SIGN = 64,
       SHA256 = 4,
       SHA512 = 6,
       RSA = 1,
       ECDSA = 3,
       RSA_BITS_MAX = 4096, /* BearSSL's */
};

static bool has_type(lt_bytes types, uint8_t type)
{
    return types.n > 0 && memchr(types.p, type, types.n) != NULL;
}

/* A scheme that BearSSL can sign with: PKCS#1 v1.5 or ECDSA, with a hash that we run along. */
static bool has_scheme(const lt_bear *b, uint32_t signature)
{
    lt_bytes list = b->request.signature_schemes;
    uint32_t hash, kind;
    if (!b->tap.tls_1_2) /* MD5 and SHA-1, or SHA-1, as ever */
        return true;
    while (rd_uint(&list, 1, &hash) && rd_uint(&list, 1, &kind))
        if (kind == signature && hash >= SHA256 && hash <= SHA512)
            return true;
    return false;
}

static bool key_fits(const lt_bear *b, const lt_identity *id)
{
    if ((id->key_usage & LT_KU_digital_signature) == 0)
        return false;
    if (id->key.type == LT_KEY_rsa)
        return has_type(b->request.certificate_types, RSA_SIGN) && has_scheme(b, RSA)
               && id->key.rsa.n_bitlen <= RSA_BITS_MAX;
    return id->key.type == LT_KEY_ec && has_type(b->request.certificate_types, ECDSA_SIGN)
           && has_scheme(b, ECDSA);
}

static const lt_identity *choose(const lt_bear *b)
{
    for (size_t i = 0; i < b->config->identity_count; i++) {
        const lt_identity *id = &b->config->identities[i];
        if (key_fits(b, id) && lt_identity_issued_by(id, b->request.authorities))
            return id;
    }
    return NULL;
}

void lt_bear_use_identity(lt_bear *b, const lt_identity *id)
{
    br_ssl_client_context *client = &b->br.client;
    if (id && !key_fits(b, id)) {
        b->no_fitting_identity = true;
        id = NULL;
    }
    b->shown = id;
    if (!id)
        br_ssl_client_set_client_certificate(client, NULL);
    else if (id->key.type == LT_KEY_rsa)
        br_ssl_client_set_single_rsa(client, id->br_chain, id->chain.count, &id->key.rsa,
                                     lt_private_key_sign_pkcs1);
    else
        br_ssl_client_set_single_ec(
            client, id->br_chain, id->chain.count, &id->key.ec, BR_KEYTYPE_SIGN,
            id->issuer_key_type == LT_KEY_ec ? BR_KEYTYPE_EC : BR_KEYTYPE_RSA,
            br_ec_get_default(), lt_ecdsa_sign);
}

void lt_bear_on_request(lt_bear *b)
{
    lt_reader body = { b->tap.request_bytes.data, lt_buffer_size(&b->tap.request_bytes) };
    if (!lt_certificate_request_12_parse(body, b->tap.tls_1_2, &b->request.certificate_types,
                                         &b->request.signature_schemes,
                                         &b->request.authorities)) {
        lt_fail(&b->error, LT_decode, "CertificateRequest");
    } else if (b->config->ask_certificate) {
        b->asked = (lt_question){ .kind = LT_QUESTION_certificate, .request = b->request };
        b->question = true;
    } else {
        const lt_identity *id = choose(b);
        b->no_fitting_identity = !id && b->config->identity_count > 0;
        lt_bear_use_identity(b, id);
    }
}
