/* SPDX-License-Identifier: MIT
 * pem_lanes.h - base64, 32 digits at a time, of what is no secret. */
#ifndef LT_X509_PEM_LANES_H
#define LT_X509_PEM_LANES_H

#include "base/bytes.h"

/* Decodes what it can of [p, end) to *to, which moves on: whole groups of four digits, with lines' ends
 * between the groups. Gives where it stopped, which is at `p` on a machine that has no such lanes. */
const uint8_t *lt_pem_lanes(const uint8_t *p, const uint8_t *end, uint8_t **to);

#endif
