/* SPDX-License-Identifier: MIT
 * private_key_der.h - the three structures that hold a private key, without PEM and without
 * encryption around them. Each fills `k`, which lt_private_key_free frees in either case. */
#ifndef LT_X509_PRIVATE_KEY_DER_H
#define LT_X509_PRIVATE_KEY_DER_H

#include "x509/private_key.h"

lt_code lt_private_key_pkcs1(lt_private_key *k, lt_bytes der, lt_error *e);
lt_code lt_private_key_sec1(lt_private_key *k, lt_bytes der, lt_error *e);
lt_code lt_private_key_pkcs8(lt_private_key *k, lt_bytes der, lt_error *e);

/* Is this the key's point, uncompressed or compressed (SEC 1 section 2.3.3)? */
bool lt_private_key_is_point(const lt_private_key *k, lt_bytes encoded);

#endif
