/* SPDX-License-Identifier: MIT
 * crl_index.c - see crl.h: entries found by serial number, the signature, and lists of CRLs. */
#include <stdlib.h>

#include "base/file.h"
#include "crypto/accel/sha256.h"
#include "crypto/hash.h"
#include "x509/crl.h"
#include "x509/crl_point.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/pem.h"
#include "x509/signature.h"

size_t lt_crl_find(const lt_crl *crl, lt_bytes serial_number, size_t *first)
{
    size_t low = 0, high = crl->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lt_bytes_compare(lt_crl_serial_at(crl, crl->index[middle].entry), serial_number)
            < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (high < crl->entry_count
           && lt_bytes_compare(lt_crl_serial_at(crl, crl->index[high].entry), serial_number)
                  == 0)
        high++;
    return high - low;
}

bool lt_crl_lookup(const lt_crl *crl, lt_bytes issuer, lt_bytes serial_number,
                   lt_crl_entry *entry)
{
    size_t first, count = lt_crl_find(crl, serial_number, &first);
    bool found = false;
    for (size_t i = first; i < first + count; i++) {
        lt_crl_entry each;
        lt_crl_entry_at(crl, i, &each);
        bool is_its = each.certificate_issuer.n
                          ? lt_names_include_dn(each.certificate_issuer, issuer)
                          : lt_dn_equal(crl->issuer, issuer);
        if (!is_its || (found && entry->reason != LT_REASON_remove_from_crl))
            continue;
        *entry = each;
        found = true;
    }
    return found;
}

/* Was it this key, under these flags, that verified the list before? */
static bool remembers(const lt_crl *crl, const uint8_t key[32], uint32_t flags)
{
    return crl->verified && crl->verified_flags == flags
           && lt_bytes_equal((lt_bytes){ crl->verified_by, sizeof crl->verified_by },
                             (lt_bytes){ key, sizeof crl->verified_by });
}

lt_code lt_crl_verify(lt_crl *crl, const lt_certificate *issuer, uint32_t flags,
                      uint32_t *signatures, lt_error *e)
{
    uint8_t key_hash[32];
    lt_public_key key;
    if (!lt_dn_equal(crl->issuer, issuer->subject))
        return lt_fail_detail(e, LT_bad_crl, "tbsCertList.issuer", "it is of another issuer");
    if (issuer->has_key_usage && !(issuer->key_usage & LT_KU_crl_sign))
        return lt_fail_detail(e, LT_bad_crl, "keyUsage", "its issuer may not sign CRLs");
    lt_hash(&lt_sha256_vtable, issuer->spki, key_hash);
    if (remembers(crl, key_hash, flags))
        return LT_OK;
    if (signatures && (*signatures)-- == 0) {
        *signatures = 0;
        return lt_fail_detail(e, LT_limit, "signatureValue", "too many signatures to check");
    }
    if (lt_public_key_parse(&key, issuer->spki, e) != LT_OK
        || lt_signature_verify(crl->signature_algorithm, &key, crl->tbs_cert_list,
                               crl->signature, flags, e)
               != LT_OK)
        return e->code;
    memcpy(crl->verified_by, key_hash, sizeof key_hash);
    crl->verified_flags = flags;
    crl->verified = true;
    return LT_OK;
}

void lt_crl_free(lt_crl *crl)
{
    free(crl->index);
    free(crl->data);
    *crl = (lt_crl){ .index = NULL };
}

static lt_code add_room(lt_crl_list *list, lt_error *e)
{
    if (list->count < list->capacity)
        return LT_OK;
    if (list->count == LT_CRL_LIST_MAX)
        return lt_fail_detail(e, LT_limit, "CRL", "more than %d of them", LT_CRL_LIST_MAX);
    size_t capacity = list->capacity ? 2 * list->capacity : 1;
    lt_crl *more = realloc(list->crls, capacity * sizeof *more);
    if (!more)
        return lt_fail(e, LT_memory, "CRL");
    list->crls = more;
    list->capacity = capacity;
    return LT_OK;
}

/* Takes `der`, which is the CRL's own from now on. */
static lt_code add(lt_crl_list *list, lt_buffer *der, lt_error *e)
{
    lt_crl crl;
    if (add_room(list, e) != LT_OK)
        return e->code;
    lt_code rc = lt_crl_parse(&crl, (lt_bytes){ der->data, der->end }, e);
    if (rc != LT_OK) {
        lt_crl_free(&crl);
        return rc;
    }
    crl.data = der->data;
    *der = (lt_buffer){ .data = NULL };
    list->crls[list->count++] = crl;
    return LT_OK;
}

static lt_code add_pem(lt_crl_list *list, lt_bytes text, lt_error *e)
{
    lt_pem_block block, other = { .label = { NULL, 0 } };
    const size_t before = list->count;
    while (lt_pem_next(&text, &block, e)) {
        lt_buffer der = { .data = NULL };
        if (!lt_pem_is(&block, "X509 CRL")) {
            other = block;
            continue;
        }
        lt_code rc = lt_pem_decode(&block, &der, e);
        rc = rc == LT_OK ? add(list, &der, e) : rc;
        lt_buffer_free(&der);
        if (rc != LT_OK)
            return rc;
    }
    if (e->code == LT_OK && list->count == before)
        return lt_fail_detail(e, LT_bad_crl, "PEM", "no CRL found%s%.*s",
                              other.label.n ? "; what is there is " : "",
                              (int)(other.label.n > 64 ? 64 : other.label.n),
                              other.label.n ? (const char *)other.label.p : "");
    return e->code;
}

static lt_code add_der(lt_crl_list *list, lt_bytes text, lt_error *e)
{
    lt_buffer der = { .data = NULL };
    lt_code rc =
        lt_buffer_add(&der, text.p, text.n) ? add(list, &der, e) : lt_fail(e, LT_memory, "CRL");
    lt_buffer_free(&der);
    return rc;
}

lt_code lt_crl_list_add(lt_crl_list *list, lt_bytes pem_or_der, lt_error *e)
{
    const size_t before = list->count;
    if (pem_or_der.n > LT_FILE_MAX)
        return lt_fail_detail(e, LT_limit, "CRL", "more than %d bytes", LT_FILE_MAX);
    bool der = pem_or_der.n > 0 && pem_or_der.p[0] == DER_SEQUENCE;
    lt_code rc = der ? add_der(list, pem_or_der, e) : add_pem(list, pem_or_der, e);
    while (rc != LT_OK && list->count > before)
        lt_crl_free(&list->crls[--list->count]);
    return rc;
}

void lt_crl_list_free(lt_crl_list *list)
{
    while (list->count > 0)
        lt_crl_free(&list->crls[--list->count]);
    free(list->crls);
    *list = (lt_crl_list){ .crls = NULL };
}
