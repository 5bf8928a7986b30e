/* SPDX-License-Identifier: MIT
 * pem.h - blocks of textual encoding (RFC 7468), with the headers that RFC 1421 keys have. Any
 * text may stand between the blocks; lines end in LF, CRLF or CR. Knows no certificate and no
 * key; keys pass through, so what is decoded goes into a buffer that wipes itself. */
#ifndef LT_X509_PEM_H
#define LT_X509_PEM_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

typedef struct {
    lt_bytes label;     /* "CERTIFICATE" */
    lt_bytes proc_type; /* value of the header Proc-Type; n = 0: absent */
    lt_bytes dek_info;  /* value of the header DEK-Info; n = 0: absent */
    lt_bytes base64;    /* what stands before the END line, white space included */
} lt_pem_block;

/* The next block, as views into the text. False at the end of the text, and on failure, where
 * e->code is LT_pem: a BEGIN line without its END line. */
bool lt_pem_next(lt_reader *text, lt_pem_block *block, lt_error *e);

bool lt_pem_is(const lt_pem_block *block, const char *label);

/* Appends the block's bytes to `out`. No branch and no address depends on them. LT_pem, with the
 * label in the detail, where the base64 is not canonical; LT_memory. */
lt_code lt_pem_decode(const lt_pem_block *block, lt_buffer *out, lt_error *e);

/* Its part that knows no block: digits, with padding and white space, to *to, which moves on; false
 * where they are not canonical. */
bool lt_pem_digits(lt_bytes base64, uint8_t **to);

/* The same, many times faster, for certificates and CRLs: what is no secret. */
lt_code lt_pem_decode_public(const lt_pem_block *block, lt_buffer *out, lt_error *e);

/* To *to, which moves on, and stays on failure: room for the block's bytes, or the text that the block
 * stands in, at the block or before it. What is written there never reaches what is not read yet. */
lt_code lt_pem_decode_onto(const lt_pem_block *block, uint8_t **to, lt_error *e);

/* Appends a block with this label. No branch and no address depends on the bytes. LT_memory. */
lt_code lt_pem_encode(const char *label, lt_bytes der, lt_buffer *out, lt_error *e);

#endif
