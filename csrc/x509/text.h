/* SPDX-License-Identifier: MIT
 * text.h - values of a certificate as text: character strings of ASN.1 to UTF-8, object
 * identifiers, big numbers, times, addresses. Nothing here allocates: like snprintf, a function
 * writes what has room, ends it with NUL, and returns the length that the whole text has. */
#ifndef LT_X509_TEXT_H
#define LT_X509_TEXT_H

#include "base/bytes.h"

typedef struct {
    char *p;
    size_t room, n; /* n: length of all that was put, whether it had room or not */
} lt_text;

void lt_text_put(lt_text *t, const char *s, size_t n);
void lt_text_hex(lt_text *t, lt_bytes b, const char *digits); /* 16 digits, "01…f" */
void lt_text_utf8(lt_text *t, uint32_t code_point);
void lt_text_oid(lt_text *t, lt_bytes oid);
size_t lt_text_end(lt_text *t); /* the NUL; never half a UTF-8 sequence before it */

/* One character after another of a string type (X.690 section 8.23): UTF8String, BMPString (with
 * surrogates, as Windows writes them), UniversalString; all the others are read as ISO 8859-1,
 * as everyone does. */
typedef struct {
    uint32_t tag;
    lt_reader rest;
} lt_characters;

enum { LT_CHARACTERS_END = -1, LT_CHARACTERS_BAD = -2 };

bool lt_is_string_type(uint32_t tag);
int32_t lt_characters_next(lt_characters *s);       /* code point, or one of the two above */
bool lt_string_valid(uint32_t tag, lt_bytes value); /* a string type that decodes to its end */
bool lt_string_is_ascii(uint32_t tag,
                        lt_bytes value); /* such a one, whose octets are its UTF-8 */

/* A character that acts on a terminal instead of being seen: C0, C1, line and paragraph
 * separators, directional and other invisible formatting. */
bool lt_is_control(uint32_t code_point);

uint32_t
lt_fold_case(uint32_t code_point); /* simple folding: Latin, Greek, Cyrillic, Armenian */

/* UTF-8 of a string that lt_string_valid accepts. */
size_t lt_string_text(uint32_t tag, lt_bytes value, char *out, size_t room);

size_t lt_oid_text(lt_bytes oid, char *out, size_t room);           /* "2.5.4.3" */
size_t lt_decimal_text(lt_bytes magnitude, char *out, size_t room); /* "?" past 256 octets */
size_t lt_time_text(int64_t t, char *out, size_t room);             /* ISO 8601, UTC */
size_t lt_ip_text(lt_bytes address, char *out, size_t room); /* RFC 5952; 4 or 16 octets */

/* RFC 4648 section 4; a line end after every `line` characters and at the end, 0: none. */
size_t lt_base64_text(lt_bytes b, size_t line, char *out, size_t room);

#endif
