/* SPDX-License-Identifier: MIT
 * tls.c - the native engine's own handling of secrets: record protection, key schedule, key agreement,
 * tickets. Whether a tag or a MAC is right is told to the world; so are the type of a record and the
 * length of what is in it, once its padding is gone. */
#include "ct.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "tls/shared.h"
#include "tls/tls.h"

enum { TICKET_SECRET = 9 }; /* bytes in front of the secret in a ticket (tls/ticket.c) */

static bool in_ticket; /* what is opened: a ticket, else a record */

bool __real_lt_ct_eq(const void *a, const void *b, size_t n);
bool __wrap_lt_ct_eq(const void *a, const void *b, size_t n);
bool __wrap_lt_ct_eq(const void *a, const void *b, size_t n)
{
    bool equal = __real_lt_ct_eq(a, b, n);
    PUBLIC(&equal, sizeof equal);
    return equal;
}

bool __real_lt_ct_public(uint64_t any);
bool __wrap_lt_ct_public(uint64_t any);
bool __wrap_lt_ct_public(uint64_t any)
{
    PUBLIC(&any, sizeof any);
    return __real_lt_ct_public(any);
}

bool __real_lt_aead_open(lt_aead *a, const uint8_t *nonce, lt_bytes aad, uint8_t *data,
                         size_t n, const uint8_t *tag);
bool __wrap_lt_aead_open(lt_aead *a, const uint8_t *nonce, lt_bytes aad, uint8_t *data,
                         size_t n, const uint8_t *tag);
bool __wrap_lt_aead_open(lt_aead *a, const uint8_t *nonce, lt_bytes aad, uint8_t *data,
                         size_t n, const uint8_t *tag)
{
    bool ok = __real_lt_aead_open(a, nonce, aad, data, n, tag);
    if (in_ticket) {
        PUBLIC(data, n);
        SECRET(data + TICKET_SECRET, 32);
    }
    return ok;
}

/* What is left without the padding is the application's, and the last octet of it is the type. */
size_t __real_lt_trimmed(const void *p, size_t n);
size_t __wrap_lt_trimmed(const void *p, size_t n);
size_t __wrap_lt_trimmed(const void *p, size_t n)
{
    size_t end = __real_lt_trimmed(p, n);
    PUBLIC(&end, sizeof end);
    if (end > 0)
        PUBLIC((const uint8_t *)p + end - 1, 1);
    return end;
}

/* --- records ------------------------------------------------------------------------------------ */

static void set_keys(lt_protection *p, const lt_suite *suite)
{
    uint8_t secret[LT_HASH_MAX], iv[LT_AEAD_NONCE];
    memset(p, 0, sizeof *p);
    memset(secret, 7, sizeof secret);
    memset(iv, 9, sizeof iv);
    SECRET(secret, sizeof secret);
    SECRET(iv, sizeof iv);
    if (suite->version == LT_TLS_1_3)
        lt_protection_set_13(p, suite, secret);
    else
        lt_protection_set_12(p, suite, secret, iv);
}

static void record(uint16_t id, size_t padding)
{
    const lt_suite *suite = lt_suite_by_id(id);
    lt_protection sealing, opening;
    lt_buffer out = { 0 };
    lt_error e = { .code = LT_OK };
    uint8_t text[99];
    uint32_t type;
    lt_bytes plain;
    memset(text, 5, sizeof text);
    SECRET(text, sizeof text);
    set_keys(&sealing, suite);
    set_keys(&opening, suite);
    check(lt_record_seal(&sealing, &out, LT_CONTENT_application_data,
                         (lt_bytes){ text, sizeof text }, padding),
          lt_cipher_suite_by_id(id)->name);
    PUBLIC(out.data, out.end);
    bool ok = lt_record_open(&opening, out.data, out.end, &type, &plain, &e) == LT_OK;
    check(ok && type == LT_CONTENT_application_data && plain.n == sizeof text, "a record");
    PUBLIC(out.data, out.end);
    check(plain.p[0] == 5, "its content");
    lt_buffer_free(&out);
}

/* --- secrets -------------------------------------------------------------------------------------- */

static void key_schedule(const br_hash_class *hash)
{
    lt_key_schedule ks;
    uint8_t psk[LT_HASH_MAX] = { 1 }, shared[32] = { 2 }, digest[LT_HASH_MAX] = { 3 },
            out[LT_HASH_MAX], mac[LT_HASH_MAX], key[48];
    SECRET(psk, sizeof psk);
    SECRET(shared, sizeof shared);
    lt_key_schedule_early(&ks, hash, (lt_bytes){ psk, lt_hash_size(hash) });
    lt_derive_secret(&ks, "res binder", digest, out);
    lt_finished_mac(hash, out, digest, mac);
    lt_key_schedule_next(&ks, (lt_bytes){ shared, sizeof shared });
    lt_derive_secret(&ks, "c hs traffic", digest, out);
    lt_finished_mac(hash, out, digest, mac);
    lt_key_schedule_next(&ks, (lt_bytes){ NULL, 0 });
    lt_derive_secret(&ks, "exp master", digest, out);
    lt_exporter_13(hash, out, "label", (lt_bytes){ digest, 4 }, key, sizeof key);
    lt_prf_12(hash, (lt_bytes){ psk, 48 }, "key expansion", (lt_bytes){ digest, 32 },
              (lt_bytes){ digest, 32 }, key, sizeof key);
    check(!lt_ct_eq(mac, out, lt_hash_size(hash)), "key schedule, exporter, PRF");
}

static void agree(uint16_t group, const char *name)
{
    const uint8_t *g;
    size_t n, size;
    uint8_t secret[LT_GROUP_SECRET_MAX];
    lt_key_pair k = { .group = group };
    lt_random random;
    lt_error e = { .code = LT_OK };
    uint8_t seed[LT_SEED_SIZE] = { 4 };
    check(lt_random_init(&random, seed, &e) == LT_OK
              && lt_key_pair_generate(&k, group, &random.vtable),
          "a key pair");
    g = br_ec_get_default()->generator(group, &n);
    SECRET(k.private_key, k.private_size);
    bool ok = lt_key_pair_agree(&k, (lt_bytes){ g, n }, secret, &size);
    PUBLIC(&ok, sizeof ok);
    check(ok, name);
}

/* --- tickets -------------------------------------------------------------------------------------- */

static lt_tls *server(lt_config *config)
{
    lt_error e = { .code = LT_OK };
    lt_tls *t = (lt_tls *)lt_tls_new(config, NULL, NULL, 1000, &e);
    check(t != NULL, "a server");
    t->version = LT_TLS_1_3;
    t->suite = lt_suite_by_id(0x1301);
    memset(t->resumption_secret, 6, sizeof t->resumption_secret);
    SECRET(t->resumption_secret, sizeof t->resumption_secret);
    return t;
}

static void ticket(void)
{
    uint8_t secret[LT_TICKET_SECRET_MIN] = { 1 };
    lt_bytes secrets = { secret, sizeof secret };
    lt_error e = { .code = LT_OK };
    lt_config config = { .server = true,
                         .verifier = &lt_verify_none,
                         .session_lifetime = 60,
                         .fixed_entropy = true,
                         .tls = lt_tls_shared_new(60, &e) };
    SECRET(secret, sizeof secret);
    check(config.tls && lt_tls_shared_set_keys(config.tls, &secrets, 1, &e) == LT_OK, "keys");
    const lt_ticket_key *key = lt_tls_shared_sealing_key(config.tls, 1000);
    PUBLIC(key->name, sizeof key->name);
    lt_tls *t = server(&config);
    check(lt_tls_send_tickets(t) == LT_OK, "tickets");
    PUBLIC(t->out.data, t->out.end);
    /* record and message headers, ticket_lifetime, ticket_age_add, ticket_nonce, ticket's length */
    lt_reader r = { t->out.data + 5 + 4 + 8 + 2, t->out.end };
    lt_bytes sealed;
    in_ticket = true;
    lt_tls_session *s = rd_vec(&r, 2, &sealed) ? lt_tls_open_ticket(t, sealed) : NULL;
    in_ticket = false;
    check(s && s->secret_size == 32 && s->cipher_suite == 0x1301, "a ticket opened");
    lt_tls_session_free(&s->base);
    t->engine.engine_class->free(&t->engine);
    lt_tls_shared_free(config.tls);
}

void ct_tls(void)
{
    static const uint16_t suites[] = { 0x1301, 0x1302, 0x1303, 0x1304, 0xC02F, 0xCCA8 };
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        record(suites[i], 0);
    for (size_t padding = 1; padding < 40; padding += 19)
        record(suites[0], padding);
    key_schedule(&lt_sha256_vtable);
    key_schedule(&lt_sha384_vtable);
    agree(29, "lt_key_pair_agree, x25519");
    agree(23, "lt_key_pair_agree, secp256r1");
    agree(24, "lt_key_pair_agree, secp384r1");
    ticket();
}
