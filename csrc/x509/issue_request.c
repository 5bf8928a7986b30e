/* SPDX-License-Identifier: MIT
 * issue_request.c - CertificationRequest (RFC 2986 section 4), made and read. See issue.h. */
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/issue.h"
#include "x509/oid.h"
#include "x509/public_key.h"
#include "x509/signature.h"

/* pkcs-9-at-extensionRequest (RFC 2985 section 5.4.2) */
static const lt_bytes extension_request =
    LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e);

/* attributes [0] IMPLICIT SET OF Attribute, which stands there also where it is empty */
static void put_attributes(der_writer *w, const lt_extension_list *extensions)
{
    if (extensions->n > 0) {
        lt_put_extensions(w, extensions);
        der_put_header(w, DER_SET, w->end);
        der_put_element(w, DER_OID, extension_request);
        der_put_header(w, DER_SEQUENCE, w->end);
    }
    der_put_header(w, DER_CONSTRUCTED(0), w->end);
}

/* CertificationRequestInfo */
static void put_request_info(der_writer *w, const void *content)
{
    const lt_request_content *c = content;
    put_attributes(w, &c->extensions);
    der_put(w, c->spki);
    der_put(w, c->subject);
    der_put_small(w, DER_INTEGER, 0);
    der_put_header(w, DER_SEQUENCE, w->end);
}

lt_code lt_request_make(lt_buffer *out, const lt_request_content *c, const lt_signer *signer,
                        lt_error *e)
{
    return lt_signed_build(out, put_request_info, c, signer, "CertificationRequest", e);
}

static bool extensions_decode(lt_reader list)
{
    lt_extension x;
    while (lt_extension_next(&list, &x))
        ;
    return list.n == 0;
}

/* The extensions asked for; of other attributes (a challenge password) nothing is kept. */
static bool read_attributes(lt_reader attributes, lt_bytes *extensions)
{
    lt_reader attribute, values;
    lt_bytes oid;
    *extensions = (lt_bytes){ NULL, 0 };
    while (attributes.n > 0) {
        if (!der_value(&attributes, DER_SEQUENCE, &attribute) || !der_oid(&attribute, &oid)
            || !der_value(&attribute, DER_SET, &values) || attribute.n != 0)
            return false;
        if (!lt_bytes_equal(oid, extension_request))
            continue;
        if (extensions->p || !der_value(&values, DER_SEQUENCE, extensions) || values.n != 0
            || !extensions_decode(*extensions))
            return false;
    }
    return true;
}

static bool read_info(lt_request *r, lt_bytes info)
{
    lt_reader in, attributes;
    int32_t version;
    return der_only(info, DER_SEQUENCE, &in) && der_small(&in, &version) && version == 0
           && der_element(&in, DER_SEQUENCE, &r->subject) && lt_dn_valid(r->subject)
           && der_element(&in, DER_SEQUENCE, &r->spki)
           && der_value(&in, DER_CONSTRUCTED(0), &attributes) && in.n == 0
           && read_attributes(attributes, &r->extensions);
}

lt_code lt_request_parse(lt_request *r, lt_bytes der, lt_error *e)
{
    static const char where[] = "CertificationRequest";
    lt_reader in;
    lt_bytes info, algorithm, signature;
    lt_public_key key;
    if (!der_only(der, DER_SEQUENCE, &in) || !der_element(&in, DER_SEQUENCE, &info)
        || !der_element(&in, DER_SEQUENCE, &algorithm) || !der_octet_bits(&in, &signature)
        || in.n != 0 || !read_info(r, info))
        return lt_fail(e, LT_der, where);
    lt_code rc = lt_public_key_parse(&key, r->spki, e);
    if (rc != LT_OK)
        return rc;
    return lt_signature_verify(algorithm, &key, info, signature, 0, e);
}
