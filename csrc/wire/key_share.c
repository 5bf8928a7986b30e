/* SPDX-License-Identifier: MIT
 * key_share.c - see key_share.h. */
#include "wire/key_share.h"

enum { SHARES_MAX = 16 }; /* in one ClientHello */

bool lt_key_share_entry_parse(lt_reader *r, lt_key_share_entry *entry)
{
    return rd_uint(r, 2, &entry->group) && rd_vec(r, 2, &entry->key_exchange)
           && entry->key_exchange.n >= 1;
}

bool lt_key_share_client_parse(lt_reader data, lt_bytes *entries, bool *group_twice)
{
    uint32_t groups[SHARES_MAX];
    size_t count = 0;
    lt_reader r;
    *group_twice = false;
    if (!rd_vec(&data, 2, &r) || data.n != 0)
        return false;
    *entries = r;
    while (r.n > 0) {
        lt_key_share_entry entry;
        if (count == SHARES_MAX || !lt_key_share_entry_parse(&r, &entry))
            return false;
        for (size_t i = 0; i < count; i++)
            *group_twice = *group_twice || groups[i] == entry.group;
        groups[count++] = entry.group;
    }
    return true;
}

bool lt_key_share_server_parse(lt_reader data, lt_key_share_entry *entry)
{
    return lt_key_share_entry_parse(&data, entry) && data.n == 0;
}

bool lt_key_share_retry_parse(lt_reader data, uint32_t *selected_group)
{
    return rd_uint(&data, 2, selected_group) && data.n == 0;
}
