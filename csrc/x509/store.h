/* SPDX-License-Identifier: MIT
 * store.h - trust anchors, found by subject. Judges nothing; see validator.h. */
#ifndef LT_X509_STORE_H
#define LT_X509_STORE_H

#include "base/bytes.h"
#include "base/error.h"

typedef struct lt_store lt_store;

lt_store *lt_store_new(void); /* NULL: out of memory */
void lt_store_free(lt_store *s);

/* Each adds what it finds and fails where that is nothing. `count` (may be NULL): anchors added. */
lt_code lt_store_add_text(lt_store *s, lt_bytes pem_or_der, size_t *count, lt_error *e);
lt_code lt_store_add_path(lt_store *s, const char *file_or_folder, size_t *count, lt_error *e);
/* SSL_CERT_FILE and SSL_CERT_DIR, else the first bundle of the known places. */
lt_code lt_store_add_system(lt_store *s, size_t *count, lt_error *e);

size_t lt_store_size(const lt_store *s);

/* The subjects, for CertificateRequest.certificate_authorities; false past the end. */
bool lt_store_subject(const lt_store *s, size_t i, lt_bytes *subject);

#endif
