/* SPDX-License-Identifier: MIT
 * der.h - one DER element after another (X.690 section 10). Each der_ call takes the next element
 * from the front and moves on, or returns false and moves nothing. Knows no certificate. Nothing
 * here recurses: the nesting that is read is the nesting of the calls. */
#ifndef LT_X509_DER_H
#define LT_X509_DER_H

#include "base/bytes.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_TELETEX_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_VISIBLE_STRING = 0x1a,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

/* Context-specific tags: [n] of a primitive type, and [n] of a constructed or explicit one. */
#define DER_PRIMITIVE(n) (0x80u | (n))
#define DER_CONSTRUCTED(n) (0xa0u | (n))

/* Definite, minimal length of at most three bytes; a tag of one byte. */
bool der_any(lt_reader *r, uint32_t *tag, lt_reader *value);
bool der_next_is(const lt_reader *r, uint32_t tag);
bool der_value(lt_reader *r, uint32_t tag, lt_reader *value);
bool der_element(lt_reader *r, uint32_t tag, lt_bytes *whole); /* with its header */

/* True with n = 0 and p = NULL where the next element has another tag, or there is none. */
bool der_optional(lt_reader *r, uint32_t tag, lt_reader *value);

/* The whole of `in` is one element of this tag. */
bool der_only(lt_bytes in, uint32_t tag, lt_reader *value);

bool der_boolean(lt_reader *r, bool *v);
bool der_oid(lt_reader *r, lt_bytes *oid);

/* Two's complement, in as few octets as possible, at least one. */
bool der_integer(lt_reader *r, lt_bytes *content);
bool der_unsigned(lt_reader *r, lt_bytes *magnitude); /* not negative; no leading zero octet */
bool der_small(lt_reader *r, int32_t *v);             /* 0 to 2^31-1 */

/* The unused bits, 0 to 7, must be zero; der_octet_bits: there must be none. */
bool der_bit_string(lt_reader *r, lt_bytes *bits, uint32_t *unused);
bool der_octet_bits(lt_reader *r, lt_bytes *octets);

/* Octets of an OID; a longer one is none to us. UUIDs (X.667) take 20. */
enum { DER_OID_MAX = 255 };

/* Contents, for elements whose tag was read by someone else ([n] IMPLICIT). */
bool der_is_integer(lt_bytes content);
bool der_is_oid(lt_bytes content);
bool der_is_unsigned(lt_bytes content, lt_bytes *magnitude);
bool der_is_small(lt_bytes content, int32_t *v);
bool der_is_bit_string(lt_bytes content, lt_bytes *bits, uint32_t *unused);
bool der_is_time(uint32_t tag, lt_bytes content, int64_t *t);

/* Time (RFC 5280 section 4.1.2.5) to seconds since the epoch, UTC. UTCTime means 1950 to 2049;
 * GeneralizedTime is taken for years before 2050 too, as everyone does. */
bool der_time(lt_reader *r, int64_t *t);

#endif
