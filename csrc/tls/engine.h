/* SPDX-License-Identifier: MIT
 * engine.h - what conn uses of this room: the native engine, behind lt_engine. */
#ifndef LT_TLS_ENGINE_H
#define LT_TLS_ENGINE_H

#include "base/engine.h"

/* NULL: see e. `name` may be NULL; `resume` is a session of the same config, or NULL. */
lt_engine *lt_tls_new(const lt_config *config, const char *name, const lt_session *resume,
                      int64_t now, lt_error *e);

/* An external PSK, to be given as `resume`. NULL: see e. */
lt_session *lt_tls_psk(const lt_config *config, lt_bytes identity, lt_bytes key, bool sha384,
                       lt_error *e);

/* From the bytes of a session of this config, or of one that asks the same of its peer. NULL: see e. */
lt_session *lt_tls_session_import(const lt_config *config, lt_bytes bytes, lt_error *e);

#endif
