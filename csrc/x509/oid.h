/* SPDX-License-Identifier: MIT
 * oid.h - names of the object identifiers met in certificates: the RFCs' words in snake case for
 * extensions, key purposes, access methods and policy qualifiers; for algorithms as the RFCs
 * write them. Types of attributes have theirs in dn.h. */
#ifndef LT_X509_OID_H
#define LT_X509_OID_H

#include "base/bytes.h"

const char *lt_oid_name(lt_bytes oid); /* content octets; NULL: not known */

/* An OID given by its octets, for tables. */
#define LT_OID(...)                                                                \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

#endif
