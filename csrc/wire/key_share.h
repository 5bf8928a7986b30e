/* SPDX-License-Identifier: MIT
 * key_share.h - KeyShareEntry and the lists of it (RFC 8446 section 4.2.8). */
#ifndef LT_WIRE_KEY_SHARE_H
#define LT_WIRE_KEY_SHARE_H

#include "base/bytes.h"

typedef struct {
    uint32_t group;
    lt_bytes key_exchange;
} lt_key_share_entry;

bool lt_key_share_entry_parse(lt_reader *r, lt_key_share_entry *entry);

/* KeyShareClientHello: every entry well-formed; false otherwise. The list may be empty. `entries` is
 * set to its content, to be walked by lt_key_share_entry_parse. */
bool lt_key_share_client_parse(lt_reader data, lt_bytes *entries, bool *group_twice);
bool lt_key_share_server_parse(lt_reader data, lt_key_share_entry *entry);
bool lt_key_share_retry_parse(lt_reader data, uint32_t *selected_group);

#endif
