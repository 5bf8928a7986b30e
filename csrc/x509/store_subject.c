/* SPDX-License-Identifier: MIT
 * store_subject.c - the subject of a certificate, found and hashed without decoding the rest. See
 * store_part.h. */
#include "x509/der.h"
#include "x509/store_part.h"

/* tbsCertificate up to its subject (RFC 5280 section 4.1) */
bool lt_subject_of(lt_bytes der, lt_bytes *subject)
{
    lt_reader body, tbs, version;
    lt_bytes skipped;
    return der_only(der, DER_SEQUENCE, &body) && der_value(&body, DER_SEQUENCE, &tbs)
           && der_optional(&tbs, DER_CONSTRUCTED(0), &version) && der_integer(&tbs, &skipped)
           && der_element(&tbs, DER_SEQUENCE, &skipped) /* signature */
           && der_element(&tbs, DER_SEQUENCE, &skipped) /* issuer */
           && der_element(&tbs, DER_SEQUENCE, &skipped) /* validity */
           && der_element(&tbs, DER_SEQUENCE, subject);
}

/* A fraction of what lt_dn_hash costs: ASCII in lower case; what RFC 5280 section 7.1 may map
 * otherwise is left out. */
static uint32_t hash_character(uint32_t hash, uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        c += 'a' - 'A';
    if (c <= ' ' || c >= 0x7f)
        return hash;
    return (hash ^ c) * 16777619; /* FNV-1a */
}

static uint32_t hash_value(uint32_t hash, uint32_t tag, lt_reader value)
{
    int width = tag == DER_BMP_STRING ? 2 : tag == DER_UNIVERSAL_STRING ? 4 : 1;
    uint32_t c;
    for (size_t i = 0; width == 1 && i < value.n; i++)
        hash = hash_character(hash, value.p[i]);
    while (width > 1 && rd_uint(&value, width, &c))
        hash = hash_character(hash, c);
    return hash;
}

static uint32_t hash_attribute(lt_reader attribute)
{
    uint32_t hash = 2166136261, tag;
    lt_reader oid, value;
    if (!der_value(&attribute, DER_OID, &oid) || !der_any(&attribute, &tag, &value))
        return hash;
    for (size_t i = 0; i < oid.n; i++)
        hash = (hash ^ oid.p[i]) * 16777619;
    return hash_value(hash, tag, value);
}

/* The attributes of one RDN are a set: their sum knows no order, and strings of different types
 * may be sorted differently. */
uint32_t lt_subject_hash(lt_bytes name)
{
    lt_reader rdns, set, attribute;
    uint32_t hash = 0;
    if (!der_only(name, DER_SEQUENCE, &rdns))
        return hash;
    while (der_value(&rdns, DER_SET, &set)) {
        uint32_t sum = 0;
        while (der_value(&set, DER_SEQUENCE, &attribute))
            sum += hash_attribute(attribute);
        hash = hash * 31 + sum;
    }
    return hash ^ hash >> 15;
}
