/* SPDX-License-Identifier: MIT
 * group.c - see group.h. NamedGroup and BearSSL's BR_EC_ numbers are the same (IANA's). */
#include "crypto/group.h"

#include "base/secret.h"
#include "crypto/ec.h"

static const uint32_t supported = 1U << BR_EC_secp256r1 | 1U << BR_EC_secp384r1
                                  | 1U << BR_EC_secp521r1 | 1U << BR_EC_curve25519;

bool lt_group_supported(uint32_t group)
{
    return group < 32 && (supported & br_ec_get_default()->supported_curves) >> group & 1;
}

bool lt_key_pair_generate(lt_key_pair *k, uint16_t group, const br_prng_class **random)
{
    if (!lt_group_supported(group))
        return false;
    br_ec_impl ec = lt_ec(supported);
    br_ec_private_key sk;
    k->group = group;
    k->private_size = br_ec_keygen(random, &ec, &sk, k->private_key, group);
    k->public_size = br_ec_compute_pub(&ec, NULL, k->public_key, &sk);
    return k->private_size > 0 && k->public_size > 0;
}

bool lt_key_pair_agree(const lt_key_pair *k, lt_bytes peer, uint8_t secret[LT_GROUP_SECRET_MAX],
                       size_t *size)
{
    uint8_t point[LT_GROUP_PUBLIC_MAX];
    br_ec_impl ec = lt_ec(supported);
    if (peer.n != k->public_size || peer.n > sizeof point
        || (k->group != BR_EC_curve25519 && peer.p[0] != 4)) /* uncompressed alone (4.2.8.2) */
        return false;
    memcpy(point, peer.p, peer.n);
    bool ok = ec.mul(point, peer.n, k->private_key, k->private_size, k->group) == 1;
    size_t offset = ec.xoff(k->group, size);
    memcpy(secret, point + offset, *size); /* no branch on what depends on the secret */
    lt_wipe(point, sizeof point);
    return ok;
}
