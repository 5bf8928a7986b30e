/* SPDX-License-Identifier: MIT
 * new_session_ticket.c - see new_session_ticket.h. */
#include "wire/new_session_ticket.h"

bool lt_new_session_ticket_parse(lt_reader r, bool tls_1_3, lt_new_session_ticket *t)
{
    *t = (lt_new_session_ticket){ 0 };
    if (!rd_uint(&r, 4, &t->ticket_lifetime))
        return false;
    if (tls_1_3)
        return rd_uint(&r, 4, &t->ticket_age_add) && rd_vec(&r, 1, &t->ticket_nonce)
               && rd_vec(&r, 2, &t->ticket) && t->ticket.n > 0 && rd_vec(&r, 2, &t->extensions)
               && r.n == 0;
    return rd_vec(&r, 2, &t->ticket) && r.n == 0;
}

void lt_new_session_ticket_write(lt_writer *w, bool tls_1_3, const lt_new_session_ticket *t)
{
    wr_uint(w, 4, t->ticket_lifetime);
    if (tls_1_3) {
        wr_uint(w, 4, t->ticket_age_add);
        wr_vec(w, 1, t->ticket_nonce);
    }
    wr_vec(w, 2, t->ticket);
}
