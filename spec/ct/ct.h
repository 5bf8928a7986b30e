/* SPDX-License-Identifier: MIT
 * ct.h - what is secret, and what is told to the world. */
#ifndef LT_CT_H
#define LT_CT_H

#include <stdbool.h>

#include <valgrind/memcheck.h>

#include "x509/private_key.h"

#define SECRET(p, n) VALGRIND_MAKE_MEM_UNDEFINED(p, n)
#define PUBLIC(p, n) VALGRIND_MAKE_MEM_DEFINED(p, n)

void check(bool ok, const char *what);
lt_private_key load(const char *path);
void ifma(
    bool
        here); /* whether rsa_ifma.c and curve25519_ifma.h are used, with their vectors emulated */

void ct_tls(void);   /* tls.c */
void ct_stack(void); /* stack.c */

#endif
