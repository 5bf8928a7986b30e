/* SPDX-License-Identifier: MIT
 * general_name.h - one GeneralName after another (RFC 5280 section 4.2.1.6), as views. */
#ifndef LT_X509_GENERAL_NAME_H
#define LT_X509_GENERAL_NAME_H

#include "base/bytes.h"

/* The context tags of the CHOICE. */
typedef enum {
    LT_GN_other_name,
    LT_GN_rfc822_name,
    LT_GN_dns_name,
    LT_GN_x400_address,
    LT_GN_directory_name,
    LT_GN_edi_party_name,
    LT_GN_uri,
    LT_GN_ip_address,
    LT_GN_registered_id,
} lt_general_name_type;

typedef struct {
    lt_general_name_type type;
    lt_bytes value; /* content octets; of directoryName, the Name with its header */
} lt_general_name;

/* False at the end, and where what follows is no GeneralName (then names->n is not 0). */
bool lt_general_name_next(lt_reader *names, lt_general_name *name);

/* At least one, and all of them well-formed. */
bool lt_general_names_valid(lt_bytes names);

/* OtherName ::= SEQUENCE { type-id OID, value [0] EXPLICIT ANY }, from the content octets;
 * `value` is the ANY with its header. */
bool lt_other_name(lt_bytes content, lt_bytes *type_id, lt_bytes *value);

#endif
