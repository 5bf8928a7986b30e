/* SPDX-License-Identifier: MIT
 * transcript.c - see transcript.h. */
#include "tls/transcript.h"

enum { MESSAGE_HASH = 254 }; /* HandshakeType */

void lt_transcript_init(lt_transcript *t)
{
    *t = (lt_transcript){ .keep = true };
}

bool lt_transcript_add(lt_transcript *t, lt_bytes message)
{
    if (t->hash)
        t->hash->update(&t->context.vtable, message.p, message.n);
    return !t->keep || lt_buffer_add(&t->messages, message.p, message.n);
}

void lt_transcript_start(lt_transcript *t, const br_hash_class *hash)
{
    if (t->hash)
        return;
    t->hash = hash;
    hash->init(&t->context.vtable);
    lt_bytes kept = lt_buffer_bytes(&t->messages);
    hash->update(&t->context.vtable, kept.p, kept.n);
}

void lt_transcript_drop(lt_transcript *t)
{
    t->keep = false;
    lt_buffer_free(&t->messages);
}

void lt_transcript_hash(const lt_transcript *t, uint8_t *out)
{
    t->hash->out(&t->context.vtable, out);
}

void lt_transcript_hash_with(const lt_transcript *t, const br_hash_class *hash, lt_bytes more,
                             uint8_t *out)
{
    br_hash_compat_context c = t->context;
    if (!t->hash) {
        hash->init(&c.vtable);
        lt_bytes kept = lt_buffer_bytes(&t->messages);
        hash->update(&c.vtable, kept.p, kept.n);
    }
    hash->update(&c.vtable, more.p, more.n);
    hash->out(&c.vtable, out);
}

void lt_transcript_retry(lt_transcript *t, const br_hash_class *hash)
{
    uint8_t digest[LT_HASH_MAX];
    lt_transcript_start(t, hash);
    lt_transcript_hash(t, digest);
    lt_transcript_resume(t, hash, digest);
}

void lt_transcript_resume(lt_transcript *t, const br_hash_class *hash,
                          const uint8_t *first_hash)
{
    uint8_t header[4] = { MESSAGE_HASH, 0, 0, 0 };
    header[3] = (uint8_t)lt_hash_size(hash);
    t->hash = hash;
    hash->init(&t->context.vtable);
    hash->update(&t->context.vtable, header, sizeof header);
    hash->update(&t->context.vtable, first_hash, header[3]);
    lt_transcript_drop(t);
}

void lt_transcript_free(lt_transcript *t)
{
    lt_buffer_free(&t->messages);
    lt_wipe(t, sizeof *t);
}
