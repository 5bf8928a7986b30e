/* SPDX-License-Identifier: MIT
 * certificate.c - see certificate.h. */
#include "wire/certificate.h"

enum { STATUS_TYPE_OCSP = 1 };

bool lt_certificate_message_parse(lt_reader r, bool tls_1_3, lt_certificate_message *m)
{
    *m = (lt_certificate_message){ 0 };
    return (!tls_1_3 || rd_vec(&r, 1, &m->request_context)) && rd_vec(&r, 3, &m->list)
           && r.n == 0;
}

bool lt_certificate_entry_next(lt_reader *list, bool tls_1_3, lt_certificate_entry *entry)
{
    lt_reader r = *list;
    *entry = (lt_certificate_entry){ 0 };
    if (!rd_vec(&r, 3, &entry->certificate) || entry->certificate.n == 0
        || (tls_1_3 && !rd_vec(&r, 2, &entry->extensions)))
        return false;
    *list = r;
    return true;
}

bool lt_certificate_verify_parse(lt_reader r, uint32_t *scheme, lt_bytes *signature)
{
    return rd_uint(&r, 2, scheme) && rd_vec(&r, 2, signature) && r.n == 0;
}

bool lt_certificate_status_parse(lt_reader r, lt_bytes *ocsp_response)
{
    uint32_t type;
    return rd_uint(&r, 1, &type) && type == STATUS_TYPE_OCSP && rd_vec(&r, 3, ocsp_response)
           && ocsp_response->n > 0 && r.n == 0;
}

void lt_certificate_status_write(lt_writer *w, lt_bytes ocsp_response)
{
    wr_uint(w, 1, STATUS_TYPE_OCSP);
    wr_vec(w, 3, ocsp_response);
}
