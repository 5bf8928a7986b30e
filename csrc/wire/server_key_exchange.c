/* SPDX-License-Identifier: MIT
 * server_key_exchange.c - see server_key_exchange.h. */
#include "wire/server_key_exchange.h"

enum { NAMED_CURVE = 3 }; /* ECCurveType; the explicit ones are deprecated and refused */

bool lt_server_key_exchange_parse(lt_reader r, bool tls_1_2, lt_server_key_exchange *ske)
{
    uint32_t curve_type;
    *ske = (lt_server_key_exchange){ 0 };
    return rd_uint(&r, 1, &curve_type) && curve_type == NAMED_CURVE
           && rd_uint(&r, 2, &ske->named_curve) && rd_vec(&r, 1, &ske->point)
           && ske->point.n > 0 && (!tls_1_2 || rd_uint(&r, 2, &ske->signature_scheme))
           && rd_vec(&r, 2, &ske->signature) && r.n == 0;
}
