/* SPDX-License-Identifier: MIT
 * chain.h - a list of certificates in one block, as read from PEM or DER. */
#ifndef LT_X509_CHAIN_H
#define LT_X509_CHAIN_H

#include "base/bytes.h"
#include "base/error.h"

typedef struct {
    lt_bytes *certificates; /* views into data */
    size_t count;
    uint8_t *data; /* owned */
    size_t size;
} lt_chain;

/* PEM text with any text between the blocks (other kinds of blocks are passed over), or DER: one
 * certificate or several end to end. At least one, each of them a certificate that parses. */
lt_code lt_chain_parse(lt_chain *chain, lt_bytes text, lt_error *e);
lt_code lt_chain_copy(lt_chain *chain, const lt_bytes *certificates, size_t count, lt_error *e);
void lt_chain_free(lt_chain *chain); /* twice is fine */

#endif
