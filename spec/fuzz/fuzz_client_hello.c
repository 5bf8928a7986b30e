/* SPDX-License-Identifier: MIT
 * fuzz_client_hello.c - libFuzzer: any bytes as a ClientHello, its extensions, the key shares and the
 * PSKs in it. */
#include "wire.h"

#include "wire/client_hello.h"
#include "wire/extensions.h"
#include "wire/key_share.h"
#include "wire/pre_shared_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_shares(lt_bytes extension)
{
    lt_bytes entries;
    lt_key_share_entry entry;
    bool group_twice;
    if (!lt_key_share_client_parse(extension, &entries, &group_twice))
        return;
    while (entries.n > 0) {
        must(lt_key_share_entry_parse(&entries, &entry) && entry.key_exchange.n > 0);
        inside(entry.key_exchange, extension.p, extension.n);
    }
}

static void read_psks(lt_bytes extension)
{
    lt_offered_psks offered;
    if (!lt_offered_psks_parse(extension, &offered))
        return;
    must(offered.count > 0 && offered.count <= LT_PSKS_MAX);
    must(offered.binders_size < extension.n);
    for (size_t i = 0; i < offered.count; i++) {
        inside(offered.psk[i].identity, extension.p, extension.n);
        inside(offered.psk[i].binder, extension.p, extension.n);
        must(offered.psk[i].binder.n >= 32 && offered.psk[i].identity.n > 0);
    }
}

static void read_extensions(lt_bytes block)
{
    lt_extensions x;
    lt_error e = { .code = LT_OK };
    if (lt_extensions_parse(&x, block, LT_IN_client_hello, ~0U, &e) != LT_OK) {
        must(e.where != NULL);
        return;
    }
    for (int i = 0; i < LT_X_COUNT; i++)
        inside(x.data[i], block.p, block.n);
    read_shares(x.data[LT_X_key_share]);
    read_psks(x.data[LT_X_pre_shared_key]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_client_hello h;
    if (!lt_client_hello_parse((lt_reader){ data, size }, &h))
        return 0;
    const lt_bytes parts[] = {
        h.random,        h.session_id,           h.cipher_suites, h.compression_methods,
        h.extensions,    h.supported_versions,   h.server_name,   h.supported_groups,
        h.point_formats, h.signature_algorithms, h.alpn
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        inside(parts[i], data, size);
    must(h.random.n == 32 && h.session_id.n <= 32 && h.cipher_suites.n % 2 == 0);
    must(h.supported_versions.n % 2 == 0 && h.supported_groups.n % 2 == 0);
    lt_list_has(h.cipher_suites, 0x1301);
    lt_list_has(h.signature_algorithms, 0x0403);
    read_extensions(h.extensions);
    return 0;
}
