/* SPDX-License-Identifier: MIT
 * general_name.c - see general_name.h. */
#include "x509/general_name.h"

#include "x509/der.h"
#include "x509/dn.h"

static bool is_constructed(lt_general_name_type type)
{
    return type == LT_GN_other_name || type == LT_GN_x400_address
           || type == LT_GN_directory_name || type == LT_GN_edi_party_name;
}

bool lt_general_name_next(lt_reader *names, lt_general_name *name)
{
    lt_reader in = *names, value;
    uint32_t tag;
    if (!der_any(&in, &tag, &value))
        return false;
    uint32_t type = tag & 0x1f;
    if (type > LT_GN_registered_id
        || tag
               != (is_constructed((lt_general_name_type)type) ? DER_CONSTRUCTED(type)
                                                              : DER_PRIMITIVE(type)))
        return false;
    if (type == LT_GN_directory_name && !lt_dn_valid(value))
        return false;
    if (type == LT_GN_registered_id && !der_is_oid(value))
        return false;
    *name = (lt_general_name){ (lt_general_name_type)type, value };
    *names = in;
    return true;
}

bool lt_general_names_valid(lt_bytes names)
{
    lt_general_name name;
    bool any = false;
    while (lt_general_name_next(&names, &name))
        any = true;
    return any && names.n == 0;
}

bool lt_other_name(lt_bytes content, lt_bytes *type_id, lt_bytes *value)
{
    lt_reader any, inner;
    uint32_t tag;
    if (!der_oid(&content, type_id) || !der_only(content, DER_CONSTRUCTED(0), value))
        return false;
    any = *value;
    return der_any(&any, &tag, &inner) && any.n == 0;
}
