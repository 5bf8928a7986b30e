/* SPDX-License-Identifier: MIT
 * chain.c - see chain.h. */
#include "x509/chain.h"

#include <stdlib.h>

#include "base/file.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/pem.h"

static lt_code add(lt_chain *chain, lt_bytes der, lt_error *e)
{
    lt_certificate parsed;
    if (lt_certificate_parse(&parsed, der, e) != LT_OK) {
        if (!e->cause[0])
            lt_error_cause(e, NULL, "it is certificate %zu of the text", chain->count + 1);
        return e->code;
    }
    if ((chain->count & (chain->count - 1)) == 0) { /* full at each power of two */
        size_t room = chain->count ? chain->count * 2 : 1;
        lt_bytes *more = realloc(chain->certificates, room * sizeof *more);
        if (!more)
            return lt_fail(e, LT_memory, "certificate");
        chain->certificates = more;
    }
    chain->certificates[chain->count++] = der;
    return LT_OK;
}

/* `data` has room for all there can be, so that it stays where it is and views stay good. */
static lt_code read_pem(lt_chain *chain, lt_bytes text, lt_buffer *data, lt_error *e)
{
    lt_pem_block block, other = { .label = { NULL, 0 } };
    if (!lt_buffer_reserve(data, text.n / 4 * 3 + 3))
        return lt_fail(e, LT_memory, "certificate");
    while (lt_pem_next(&text, &block, e)) {
        if (!lt_pem_is(&block, "CERTIFICATE") && !lt_pem_is(&block, "X509 CERTIFICATE")) {
            other = block;
            continue;
        }
        size_t start = data->end;
        if (lt_pem_decode_public(&block, data, e) != LT_OK
            || add(chain, (lt_bytes){ data->data + start, data->end - start }, e) != LT_OK)
            return e->code;
    }
    if (e->code == LT_OK && chain->count == 0 && other.label.n > 0)
        return lt_fail_detail(e, LT_no_certificates, "PEM", "what is there is %.*s",
                              (int)(other.label.n > 64 ? 64 : other.label.n),
                              (const char *)other.label.p);
    return e->code;
}

static lt_code read_der(lt_chain *chain, lt_bytes der, lt_buffer *data, lt_error *e)
{
    if (!lt_buffer_add(data, der.p, der.n))
        return lt_fail(e, LT_memory, "certificate");
    lt_reader rest = { data->data, data->end };
    lt_bytes whole;
    while (rest.n > 0) {
        if (!der_element(&rest, DER_SEQUENCE, &whole))
            return lt_fail_detail(e, LT_der, "Certificate", "at byte %zu of %zu",
                                  data->end - rest.n, data->end);
        if (add(chain, whole, e) != LT_OK)
            return e->code;
    }
    return LT_OK;
}

lt_code lt_chain_parse(lt_chain *chain, lt_bytes text, lt_error *e)
{
    lt_buffer data = { 0 };
    lt_code rc;
    *chain = (lt_chain){ 0 };
    if (text.n > LT_FILE_MAX)
        return lt_fail_detail(e, LT_limit, "certificate", "more than %d bytes", LT_FILE_MAX);
    if (text.n > 0 && text.p[0] == DER_SEQUENCE)
        rc = read_der(chain, text, &data, e);
    else
        rc = read_pem(chain, text, &data, e);
    if (rc == LT_OK && chain->count == 0)
        rc = lt_fail(e, LT_no_certificates, "certificate");
    chain->data = data.data;
    chain->size = data.end;
    if (rc != LT_OK)
        lt_chain_free(chain);
    return rc;
}

lt_code lt_chain_copy(lt_chain *chain, const lt_bytes *certificates, size_t count, lt_error *e)
{
    size_t size = 0;
    *chain = (lt_chain){ 0 };
    if (count == 0)
        return lt_fail(e, LT_no_certificates, "certificate");
    for (size_t i = 0; i < count; i++)
        size += certificates[i].n;
    chain->certificates = malloc(count * sizeof *chain->certificates);
    chain->data = malloc(size ? size : 1);
    if (!chain->certificates || !chain->data) {
        lt_chain_free(chain);
        return lt_fail(e, LT_memory, "certificate");
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *to = chain->data + chain->size;
        memcpy(to, certificates[i].p, certificates[i].n);
        chain->certificates[chain->count++] = (lt_bytes){ to, certificates[i].n };
        chain->size += certificates[i].n;
    }
    return LT_OK;
}

void lt_chain_free(lt_chain *chain)
{
    free(chain->certificates);
    free(chain->data);
    *chain = (lt_chain){ 0 };
}
