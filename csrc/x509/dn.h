/* SPDX-License-Identifier: MIT
 * dn.h - a Name (RFC 5280 section 4.1.2.4): its attributes, its text, its comparison. */
#ifndef LT_X509_DN_H
#define LT_X509_DN_H

#include "base/bytes.h"

/* More is no Name to us. Those of an RDN are compared each with each. */
enum { LT_DN_ATTRIBUTES_MAX = 128, LT_RDN_ATTRIBUTES_MAX = 16 };

/* All functions take the Name with its header. */
bool lt_dn_valid(lt_bytes name);
bool lt_dn_is_empty(lt_bytes name);

/* RDNSequence, then RelativeDistinguishedName, then AttributeTypeAndValue. */
typedef struct {
    lt_bytes oid;     /* content octets */
    uint32_t tag;     /* of the value */
    lt_bytes value;   /* content octets */
    lt_bytes element; /* the value with its header */
} lt_attribute;
bool lt_dn_open(lt_bytes name, lt_reader *rdns);
bool lt_rdn_next(lt_reader *rdns, lt_reader *rdn);
bool lt_attribute_next(lt_reader *rdn, lt_attribute *a);

/* The short name of a type: "CN"; NULL: none that we know. */
const char *lt_attribute_name(lt_bytes oid);

/* RFC 4514, in UTF-8: "CN=example.com,O=Example\, Inc.,C=US". Characters that act on a terminal are
 * escaped as it allows. Like snprintf; "" for what is no Name. */
size_t lt_dn_text(lt_bytes name, char *out, size_t room);

/* RFC 5280 section 7.1: attribute by attribute, strings of any type compared without regard to
 * case and to the amount of white space, other values octet by octet; the order within an RDN
 * does not count. Case is folded for Latin, Greek, Cyrillic and Armenian; composed and decomposed
 * forms of a character stay apart, so that the comparison errs towards "different". */
bool lt_dn_equal(lt_bytes a, lt_bytes b);

/* Is `base` the beginning of `name`, RDN by RDN (section 4.2.1.10, directoryName)? */
bool lt_dn_within(lt_bytes name, lt_bytes base);

/* Equal names have equal hashes. */
uint64_t lt_dn_hash(lt_bytes name);

#endif
