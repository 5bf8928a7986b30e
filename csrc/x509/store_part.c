/* SPDX-License-Identifier: MIT
 * store_part.c - see store_part.h. */
#define _POSIX_C_SOURCE 200809L
#include "x509/store_part.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Lenient, a block that is no certificate is taken out of the buffer again. */
static lt_code read_pem(lt_bytes text, lt_store_manner how, lt_buffer *out, lt_error *e)
{
    lt_pem_block block;
    for (size_t number = 1; lt_pem_next(&text, &block, e);) {
        if (!lt_pem_is(&block, "CERTIFICATE") && !lt_pem_is(&block, "X509 CERTIFICATE"))
            continue; /* OpenSSL's TRUSTED CERTIFICATE may say that it is not trusted */
        size_t start = out->end;
        lt_error ignored = { .code = LT_OK }, *report = how == LT_STORE_strict ? e : &ignored;
        lt_code rc = lt_pem_decode_public(&block, out, report);
        if (rc == LT_OK)
            rc = check((lt_bytes){ out->data + start, out->end - start }, how, number, report);
        if (rc == LT_memory)
            return lt_fail(e, LT_memory, "store");
        if (rc != LT_OK && how == LT_STORE_strict)
            return rc;
        if (rc != LT_OK)
            out->end = start;
        number++;
    }
    if (e->code == LT_pem && how == LT_STORE_lenient)
        *e = (lt_error){ .code = LT_OK };
    return e->code;
}

static lt_code read_der(lt_bytes der, lt_store_manner how, lt_buffer *out, lt_error *e)
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
        if (!lt_buffer_add(out, whole.p, whole.n))
            return lt_fail(e, LT_memory, "store");
    }
    return LT_OK;
}

static lt_code read_text(lt_bytes text, lt_store_manner how, lt_store_part *part, lt_error *e)
{
    lt_buffer out = { 0 };
    if (text.n > LT_FILE_MAX)
        return lt_fail_detail(e, LT_limit, "store", "more than %d bytes", LT_FILE_MAX);
    lt_code rc = LT_OK;
    if (!lt_buffer_reserve(&out, text.n))
        rc = lt_fail(e, LT_memory, "store");
    else if (text.n > 0 && text.p[0] == DER_SEQUENCE)
        rc = read_der(text, how, &out, e);
    else
        rc = read_pem(text, how, &out, e);
    if (rc != LT_OK || out.end == 0) {
        lt_buffer_free(&out);
        return rc;
    }
    part->der = realloc(out.data, out.end); /* DER is shorter than its PEM, and public */
    if (!part->der) {
        lt_buffer_free(&out);
        return lt_fail(e, LT_memory, "store");
    }
    part->size = out.end;
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
    if (read_text(text, LT_STORE_strict, &part, e) != LT_OK)
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
    lt_code rc = lt_file_read(part.path, &file, e);
    if (rc == LT_OK)
        rc = read_text((lt_bytes){ file.data + file.start, lt_buffer_size(&file) }, how, &part,
                       e);
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
