/* SPDX-License-Identifier: MIT
 * extensions.c - see extensions.h. */
#include "wire/extensions.h"

#define LT_EXT_ROW(name, type, messages) { type, messages, #name },
static const struct {
    uint16_t type, messages;
    const char *name;
} rows[LT_X_COUNT] = { LT_EXTENSIONS(LT_EXT_ROW) };

uint16_t lt_extension_type_of(lt_extension_index i)
{
    return rows[i].type;
}

static lt_extension_index index_of(uint32_t type) /* LT_X_COUNT: unknown */
{
    lt_extension_index i = 0;
    while (i < LT_X_COUNT && rows[i].type != type)
        i++;
    return i;
}

const char *lt_extension_name(uint32_t type)
{
    lt_extension_index i = index_of(type);
    return i < LT_X_COUNT ? rows[i].name : NULL;
}

static lt_code put(lt_extensions *x, uint32_t type, lt_bytes data, uint32_t message,
                   uint32_t offered, lt_error *e)
{
    lt_extension_index i = index_of(type);
    x->last_is_known = i < LT_X_COUNT;
    if (i == LT_X_COUNT)
        return offered == ~0U ? LT_OK
                              : lt_fail_detail(e, LT_unsupported_extension, "Extension",
                                               "type %u", (unsigned)type);
    if (!(offered >> i & 1))
        return lt_fail_detail(e, LT_unsupported_extension, "Extension", "%s", rows[i].name);
    if (!(rows[i].messages & message))
        return lt_fail_detail(e, LT_illegal_parameter, "Extension",
                              "%s in a message that "
                              "may not carry it",
                              rows[i].name);
    x->present |= 1U << i;
    x->data[i] = data;
    x->last = i;
    return LT_OK;
}

lt_code lt_extensions_parse(lt_extensions *x, lt_reader block, uint32_t message,
                            uint32_t offered, lt_error *e)
{
    uint16_t seen[LT_EXTENSIONS_MAX];
    size_t count = 0;
    *x = (lt_extensions){ 0 };
    while (block.n > 0) {
        uint32_t type;
        lt_reader data;
        if (!rd_uint(&block, 2, &type) || !rd_vec(&block, 2, &data))
            return lt_fail(e, LT_decode, "Extension");
        if (count == LT_EXTENSIONS_MAX)
            return lt_fail_detail(e, LT_limit, "Extension", "more than %d", LT_EXTENSIONS_MAX);
        for (size_t i = 0; i < count; i++)
            if (seen[i] == type)
                return lt_fail_detail(e, LT_illegal_parameter, "Extension", "type %u twice",
                                      (unsigned)type);
        seen[count++] = (uint16_t)type;
        lt_code rc = put(x, type, data, message, offered, e);
        if (rc != LT_OK)
            return rc;
    }
    return LT_OK;
}
