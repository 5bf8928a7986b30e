/* SPDX-License-Identifier: MIT
 * pre_shared_key.c - see pre_shared_key.h. */
#include "wire/pre_shared_key.h"

bool lt_offered_psks_parse(lt_reader data, lt_offered_psks *offered)
{
    lt_reader identities, binders;
    size_t total = 0;
    *offered = (lt_offered_psks){ 0 };
    if (!rd_vec(&data, 2, &identities))
        return false;
    offered->binders_size = data.n;
    if (!rd_vec(&data, 2, &binders) || data.n != 0 || identities.n == 0)
        return false;
    for (; identities.n > 0; total++) {
        lt_psk_identity psk;
        if (!rd_vec(&identities, 2, &psk.identity) || psk.identity.n == 0
            || !rd_uint(&identities, 4, &psk.obfuscated_ticket_age)
            || !rd_vec(&binders, 1, &psk.binder) || psk.binder.n < 32)
            return false;
        if (total < LT_PSKS_MAX)
            offered->psk[offered->count++] = psk;
    }
    return binders.n == 0;
}
