/* SPDX-License-Identifier: MIT
 * certificate_request.c - see certificate_request.h. */
#include "wire/certificate_request.h"

static bool names(lt_reader *r, lt_bytes *list)
{
    lt_reader rest, name;
    if (!rd_vec(r, 2, list))
        return false;
    for (rest = *list; rest.n > 0;)
        if (!rd_vec(&rest, 2, &name) || name.n == 0)
            return false;
    return true;
}

bool lt_certificate_request_12_parse(lt_reader r, bool tls_1_2, lt_bytes *certificate_types,
                                     lt_bytes *signature_schemes, lt_bytes *authorities)
{
    *signature_schemes = (lt_bytes){ 0 };
    if (!rd_vec(&r, 1, certificate_types) || certificate_types->n == 0)
        return false;
    if (tls_1_2
        && (!rd_vec(&r, 2, signature_schemes) || signature_schemes->n < 2
            || signature_schemes->n % 2 != 0))
        return false;
    return names(&r, authorities) && r.n == 0;
}

bool lt_certificate_authorities_parse(lt_reader r, lt_bytes *authorities)
{
    return names(&r, authorities)
           && r.n == 0; /* an empty list stands for any, as OpenSSL sends it */
}
