/* SPDX-License-Identifier: MIT
 * store_system.c - where a system keeps its trust anchors. See store_part.h. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

#include "x509/store.h"
#include "x509/store_part.h"

/* The system's bundles, the likelier first. */
static const char *const known_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Alpine, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL 6 */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 and later */
    "/etc/ssl/cert.pem",                                 /* Alpine, OpenBSD, macOS, FreeBSD */
    "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD's port */
    "/usr/local/etc/ssl/cert.pem",                       /* FreeBSD, Homebrew on Intel */
    "/opt/homebrew/etc/ca-certificates/cert.pem",        /* Homebrew */
    "/etc/openssl/certs/ca-certificates.crt",            /* NetBSD */
};

static const char *const known_folders[] = {
    "/etc/ssl/certs",               /* most */
    "/etc/pki/tls/certs",           /* Fedora */
    "/usr/share/certs/trusted",     /* FreeBSD */
    "/system/etc/security/cacerts", /* Android */
};

const char *lt_store_system_place(size_t i)
{
    size_t files = sizeof known_files / sizeof *known_files;
    if (i < files)
        return known_files[i];
    return i - files < sizeof known_folders / sizeof *known_folders ? known_folders[i - files]
                                                                    : NULL;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool any_certificate(const lt_store_parts *parts, size_t from)
{
    for (size_t i = from; i < parts->count; i++)
        if (parts->parts[i].size > 0)
            return true;
    return false;
}

static lt_code first_of(lt_store_parts *parts, const char *const *paths, size_t n, lt_error *e)
{
    size_t before = parts->count;
    for (size_t i = 0; i < n && !any_certificate(parts, before); i++) {
        lt_error ignored = { .code = LT_OK };
        if (lt_store_parts_add_path(parts, paths[i], LT_STORE_lenient, &ignored) == LT_memory)
            return lt_fail(e, LT_memory, "store");
    }
    return LT_OK;
}

/* SSL_CERT_DIR is a list, as OpenSSL has it. */
static lt_code add_folders(lt_store_parts *parts, const char *list, lt_error *e)
{
    lt_code rc = LT_OK;
    while (rc == LT_OK && *list) {
        size_t n = strcspn(list, ":");
        char *folder = strndup(list, n);
        if (!folder)
            return lt_fail(e, LT_memory, "store");
        if (n > 0)
            rc = lt_store_parts_add_path(parts, folder, LT_STORE_lenient, e);
        free(folder);
        list += n + (list[n] == ':');
    }
    return rc;
}

lt_code lt_store_parts_add_system(lt_store_parts *parts, lt_error *e)
{
    const char *file = variable("SSL_CERT_FILE"), *folders = variable("SSL_CERT_DIR");
    size_t before = parts->count;
    lt_code rc = LT_OK;
    if (file)
        rc = lt_store_parts_add_path(parts, file, LT_STORE_lenient, e);
    if (folders && rc == LT_OK)
        rc = add_folders(parts, folders, e);
    if (!file && !folders) {
        rc = first_of(parts, known_files, sizeof known_files / sizeof *known_files, e);
        if (rc == LT_OK && !any_certificate(parts, before))
            rc =
                first_of(parts, known_folders, sizeof known_folders / sizeof *known_folders, e);
    }
    if (rc == LT_OK && !any_certificate(parts, before)) {
        rc = lt_fail(e, LT_no_certificates, "store");
        lt_error_cause(e, "install ca-certificates, or set SSL_CERT_FILE or SSL_CERT_DIR",
                       file || folders ? "SSL_CERT_FILE and SSL_CERT_DIR name none"
                                       : "none of the system's known places has any");
    }
    return rc;
}
