/* SPDX-License-Identifier: MIT
 * cipher.h - BearSSL's classes of ciphers and of what authenticates with them: the fastest that there
 * are here, ours or the library's. Found once in a process: BearSSL asks CPUID each time, which traps
 * in a virtual machine. */
#ifndef LT_CRYPTO_CIPHER_H
#define LT_CRYPTO_CIPHER_H

#include <stdbool.h>

#include <bearssl.h>

bool lt_aes_in_hardware(void); /* this processor has instructions for AES, and we use them */

const br_block_ctr_class *lt_aes_ctr(void);
const br_block_ctrcbc_class *lt_aes_ctrcbc(void);
const br_block_cbcenc_class *lt_aes_cbcenc(void);
const br_block_cbcdec_class *lt_aes_cbcdec(void);
br_ghash lt_ghash(void);

br_chacha20_run lt_chacha20(void);
br_poly1305_run lt_poly1305(void);

#endif
