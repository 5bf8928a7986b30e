/* SPDX-License-Identifier: MIT
 * store_part.c - see store_part.h. */
#define _DEFAULT_SOURCE /* d_type */
#include "x509/store_part.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/pem.h"

static bool take_stamp(const char *path, lt_store_part *part, bool *regular)
{
    lt_file_state state;
    if (!lt_file_look(path, &state))
        return false;
    part->folder = state.folder;
    *regular = state.regular;
    memcpy(part->stamp, state.stamp, sizeof part->stamp);
    return true;
}

bool lt_store_part_changed(const lt_store_part *part)
{
    lt_store_part now;
    bool regular;
    if (!part->path)
        return false;
    bool same = take_stamp(part->path, &now, &regular);
    for (size_t i = 0; i < sizeof now.stamp / sizeof *now.stamp; i++)
        same = same && now.stamp[i] == part->stamp[i];
    return !same;
}

static lt_code check(lt_bytes der, lt_store_manner how, size_t number, lt_error *e)
{
    lt_certificate c;
    lt_bytes subject;
    if (how == LT_STORE_lenient)
        return lt_subject_of(der, &subject) ? LT_OK : LT_bad_certificate;
    if (lt_certificate_parse(&c, der, e) != LT_OK && !e->cause[0])
        lt_error_cause(e, NULL, "it is certificate %zu of the text", number);
    return e->code;
}

/* Onto the text's own beginning, up to *to. Lenient, a block that is no certificate is left out. */
static lt_code read_pem(lt_bytes text, lt_store_manner how, uint8_t **to, lt_error *e)
{
    lt_pem_block block;
    for (size_t number = 1; lt_pem_next(&text, &block, e);) {
        if (!lt_pem_is(&block, "CERTIFICATE") && !lt_pem_is(&block, "X509 CERTIFICATE"))
            continue; /* OpenSSL's TRUSTED CERTIFICATE may say that it is not trusted */
        uint8_t *start = *to;
        lt_error ignored = { .code = LT_OK }, *report = how == LT_STORE_strict ? e : &ignored;
        lt_code rc = lt_pem_decode_onto(&block, to, report);
        if (rc == LT_OK)
            rc = check((lt_bytes){ start, (size_t)(*to - start) }, how, number, report);
        if (rc != LT_OK && how == LT_STORE_strict)
            return rc;
        if (rc != LT_OK)
            *to = start;
        number++;
    }
    if (e->code == LT_pem && how == LT_STORE_lenient)
        *e = (lt_error){ .code = LT_OK };
    return e->code;
}

/* What stands there already. Lenient, what comes before something else is taken. */
static lt_code read_der(lt_bytes der, lt_store_manner how, size_t *taken, lt_error *e)
{
    lt_bytes whole;
    size_t size = der.n;
    for (size_t number = 1; der.n > 0; number++) {
        if (!der_element(&der, DER_SEQUENCE, &whole))
            return how == LT_STORE_lenient
                       ? LT_OK
                       : lt_fail_detail(e, LT_der, "Certificate", "at byte %zu of %zu",
                                        size - der.n, size);
        if (check(whole, how, number, e) != LT_OK && how == LT_STORE_strict)
            return e->code;
        *taken = size - der.n;
    }
    return LT_OK;
}

/* Takes the text over, of which the certificates stay, as DER is shorter than its PEM; what else was
 * in it may be a private key. */
static lt_code read_text(lt_buffer *text, lt_store_manner how, lt_store_part *part, lt_error *e)
{
    lt_bytes all = lt_buffer_bytes(text);
    uint8_t *to = text->data;
    lt_code rc = LT_OK;
    size_t size = 0;
    if (all.n > 0 && all.p[0] == DER_SEQUENCE) /* NOLINT(clang-analyzer-core.NullDereference) */
        rc = read_der(all, how, &size, e);
    else if (all.n > 0)
        rc = read_pem(all, how, &to, e), size = (size_t)(to - text->data);
    if (rc != LT_OK || size == 0) {
        lt_buffer_free(text);
        return rc;
    }
    lt_wipe(text->data + size, text->end - size);
    part->der = realloc(text->data, size);
    if (!part->der) {
        lt_buffer_free(text);
        return lt_fail(e, LT_memory, "store");
    }
    part->size = size;
    *text = (lt_buffer){ 0 };
    return LT_OK;
}

/* Takes the part over, also on failure. */
static bool append(lt_store_parts *parts, lt_store_part part, lt_error *e)
{
    if (parts->count == parts->capacity) {
        size_t room = parts->capacity ? parts->capacity * 2 : 4;
        lt_store_part *more = NULL;
        if (room <= LT_STORE_PARTS_MAX)
            more = realloc(parts->parts, room * sizeof *more);
        if (!more) {
            free(part.path);
            free(part.der);
            lt_fail(e, room > LT_STORE_PARTS_MAX ? LT_limit : LT_memory, "store");
            return false;
        }
        parts->parts = more;
        parts->capacity = room;
    }
    parts->parts[parts->count++] = part;
    return true;
}

lt_code lt_store_parts_add_text(lt_store_parts *parts, lt_bytes text, lt_error *e)
{
    lt_store_part part = { .path = NULL };
    lt_buffer copy = { 0 };
    if (text.n > LT_FILE_MAX)
        return lt_fail_detail(e, LT_limit, "store", "more than %d bytes", LT_FILE_MAX);
    if (!lt_buffer_add(&copy, text.p, text.n))
        return lt_fail(e, LT_memory, "store");
    if (read_text(&copy, LT_STORE_strict, &part, e) != LT_OK)
        return e->code;
    if (part.size == 0)
        return lt_fail(e, LT_no_certificates, "store");
    return append(parts, part, e) ? LT_OK : e->code;
}

static bool there_already(const lt_store_parts *parts, const lt_store_part *part)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->parts[i].path && parts->parts[i].stamp[0] == part->stamp[0]
            && parts->parts[i].stamp[1] == part->stamp[1])
            return true;
    return false;
}

static lt_code add_file(lt_store_parts *parts, lt_store_part part, lt_store_manner how,
                        lt_error *e)
{
    lt_buffer file = { 0 };
    lt_code rc = lt_file_read(part.path, &file, e); /* up to LT_FILE_MAX */
    if (rc == LT_OK)
        rc = read_text(&file, how, &part, e);
    lt_buffer_free(&file);
    if (rc == LT_OK && part.size == 0 && how == LT_STORE_strict)
        rc = lt_fail_detail(e, LT_no_certificates, "store", "%s", part.path);
    if (rc == LT_OK && part.size > 0)
        return append(parts, part, e) ? LT_OK : e->code;
    if (rc != LT_OK && !e->cause[0])
        lt_error_cause(e, NULL, "in %s", part.path);
    free(part.path);
    return rc;
}

/* A link that c_rehash has made, "5ed36f99.0", to a file of the same folder: that is met by its own name. */
static bool is_link_within(DIR *folder, const struct dirent *entry)
{
#ifdef DT_LNK
    char target[256]; /* a longer name is no name within it */
    if (entry->d_type != DT_LNK || strspn(entry->d_name, "0123456789abcdef") != 8
        || entry->d_name[8] != '.')
        return false;
    ssize_t n = readlinkat(dirfd(folder), entry->d_name, target, sizeof target);
    return n > 0 && (size_t)n < sizeof target && target[0] != '.'
           && !memchr(target, '/', (size_t)n);
#else
    (void)folder;
    (void)entry;
    return false;
#endif
}

/* A file of a folder: links to one file are one file; what cannot be read, or is too large to be
 * certificates, is passed over. */
static lt_code add_entry(lt_store_parts *parts, const char *folder, const char *name,
                         lt_error *e)
{
    lt_store_part part = { .path = NULL };
    lt_error ignored = { .code = LT_OK };
    bool regular;
    size_t n = strlen(folder) + strlen(name) + 2;
    if (name[0] == '.')
        return LT_OK;
    part.path = malloc(n);
    if (!part.path)
        return lt_fail(e, LT_memory, "store");
    (void)snprintf(part.path, n, "%s/%s", folder, name);
    if (!take_stamp(part.path, &part, &regular) || !regular || part.stamp[2] > LT_FILE_MAX
        || there_already(parts, &part)) {
        free(part.path);
        return LT_OK;
    }
    lt_code rc = add_file(parts, part, LT_STORE_lenient, &ignored);
    if (rc == LT_memory || rc == LT_limit)
        *e = ignored;
    return e->code;
}

static lt_code add_folder(lt_store_parts *parts, lt_store_part part, lt_error *e)
{
    size_t before = parts->count + 1;
    DIR *folder = opendir(part.path);
    if (!folder) {
        lt_fail_detail(e, LT_file, "store", "%s: %s", part.path, strerror(errno));
        free(part.path);
        return e->code;
    }
    const char *path = part.path; /* moves with the part, and stays where it is */
    if (!append(parts, part, e)) {
        closedir(folder);
        return e->code;
    }
    lt_code rc = LT_OK;
    for (struct dirent *entry; rc == LT_OK && (entry = readdir(folder)) != NULL;)
        if (!is_link_within(folder, entry))
            rc = add_entry(parts, path, entry->d_name, e);
    closedir(folder);
    if (rc == LT_OK && parts->count == before)
        return lt_fail_detail(e, LT_no_certificates, "store", "%s", path);
    return rc;
}

lt_code lt_store_parts_add_path(lt_store_parts *parts, const char *path, lt_store_manner how,
                                lt_error *e)
{
    lt_store_part part = { .path = strdup(path) };
    bool regular;
    if (!part.path)
        return lt_fail(e, LT_memory, "store");
    if (!take_stamp(path, &part, &regular)) {
        free(part.path);
        return lt_fail_detail(e, LT_file, "store", "%s: %s", path, strerror(errno));
    }
    return part.folder ? add_folder(parts, part, e) : add_file(parts, part, how, e);
}

void lt_store_parts_free(lt_store_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        free(parts->parts[i].path);
        free(parts->parts[i].der);
    }
    free(parts->parts);
    *parts = (lt_store_parts){ 0 };
}
