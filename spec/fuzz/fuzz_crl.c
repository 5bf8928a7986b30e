/* SPDX-License-Identifier: MIT
 * fuzz_crl.c - libFuzzer: any bytes as CRLs, PEM or DER. The index of what is read is whole and in
 * order, each entry is found by its serial number, and a question about a certificate that the
 * list could be for comes to an end. */
#include <stdlib.h>

#include "x509/crl.h"
#include "x509/crl_point.h"
#include "x509/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 256 };

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void read_entries(const lt_crl *crl)
{
    lt_crl_entry entry, before = { .reason = 0 };
    for (size_t i = 0; i < crl->entry_count && i < ENTRIES_MAX; i++) {
        size_t first;
        lt_crl_entry_at(crl, i, &entry);
        size_t count = lt_crl_find(crl, entry.serial_number, &first);
        check(count > 0 && first <= i && i < first + count);
        check(i == 0 || lt_bytes_compare(before.serial_number, entry.serial_number) <= 0);
        if (entry.certificate_issuer.n == 0)
            check(lt_crl_lookup(crl, crl->issuer, entry.serial_number, &before));
        before = entry;
    }
}

/* A leaf and its issuer as this list would have them; it is not signed by that key. */
static void ask(lt_crl *crl)
{
    static const uint8_t none[] = { 0x30, 0x00 };
    uint32_t signatures = 8;
    lt_error e = { .code = LT_OK };
    lt_revocation_status status[2];
    lt_certificate leaf = { .version = 3, .issuer = crl->issuer, .serial_number = { none, 1 } };
    lt_certificate issuer = { .version = 3, .subject = crl->issuer, .spki = { none, 2 } };
    const lt_certificate *const path[] = { &leaf, &issuer };
    lt_crl *const crls[] = { crl, crl };
    const lt_revocation r = { .mode = LT_REVOCATION_hard, .crls = crls, .crl_count = 2 };
    const lt_revocation_query q = {
        .path = path,
        .path_length = 2,
        .time = crl->updates.this_update,
        .signatures = &signatures,
    };
    check(lt_revocation_check(&r, &q, status, &e) != LT_OK);
    check(status[0].status == LT_STATUS_unknown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_crl_list list = { .count = 0 };
    lt_error e = { .code = LT_OK };
    lt_code rc = lt_crl_list_add(&list, (lt_bytes){ data, size }, &e);
    check((rc == LT_OK) == (list.count > 0) && rc == e.code);
    for (size_t i = 0; i < list.count; i++) {
        read_entries(&list.crls[i]);
        ask(&list.crls[i]);
    }
    lt_crl_list_free(&list);
    return 0;
}
