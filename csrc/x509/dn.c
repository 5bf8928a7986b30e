/* SPDX-License-Identifier: MIT
 * dn.c - see dn.h. */
#include "x509/dn.h"

#include "x509/der.h"
#include "x509/oid.h"
#include "x509/text.h"

/* RFC 4514 section 3, then other names of LDAP's registry, then what EV certificates carry. */
static const struct {
    lt_bytes oid;
    const char *name;
} types[] = {
    { LT_OID(0x55, 4, 3), "CN" },
    { LT_OID(0x55, 4, 7), "L" },
    { LT_OID(0x55, 4, 8), "ST" },
    { LT_OID(0x55, 4, 10), "O" },
    { LT_OID(0x55, 4, 11), "OU" },
    { LT_OID(0x55, 4, 6), "C" },
    { LT_OID(0x55, 4, 9), "street" },
    { LT_OID(0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25), "DC" },
    { LT_OID(0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1), "UID" },
    { LT_OID(0x55, 4, 4), "SN" },
    { LT_OID(0x55, 4, 5), "serialNumber" },
    { LT_OID(0x55, 4, 12), "title" },
    { LT_OID(0x55, 4, 13), "description" },
    { LT_OID(0x55, 4, 15), "businessCategory" },
    { LT_OID(0x55, 4, 16), "postalAddress" },
    { LT_OID(0x55, 4, 17), "postalCode" },
    { LT_OID(0x55, 4, 18), "postOfficeBox" },
    { LT_OID(0x55, 4, 20), "telephoneNumber" },
    { LT_OID(0x55, 4, 41), "name" },
    { LT_OID(0x55, 4, 42), "GN" },
    { LT_OID(0x55, 4, 43), "initials" },
    { LT_OID(0x55, 4, 44), "generationQualifier" },
    { LT_OID(0x55, 4, 46), "dnQualifier" },
    { LT_OID(0x55, 4, 65), "pseudonym" },
    { LT_OID(0x55, 4, 97), "organizationIdentifier" },
    { LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1), "emailAddress" },
    { LT_OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2), "unstructuredName" },
    { LT_OID(0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1), "jurisdictionL" },
    { LT_OID(0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2), "jurisdictionST" },
    { LT_OID(0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3), "jurisdictionC" },
};

const char *lt_attribute_name(lt_bytes oid)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (lt_bytes_equal(oid, types[i].oid))
            return types[i].name;
    return NULL;
}

bool lt_dn_open(lt_bytes name, lt_reader *rdns)
{
    return der_only(name, DER_SEQUENCE, rdns);
}

bool lt_rdn_next(lt_reader *rdns, lt_reader *rdn)
{
    return der_value(rdns, DER_SET, rdn);
}

bool lt_attribute_next(lt_reader *rdn, lt_attribute *a)
{
    lt_reader in = *rdn, body;
    lt_attribute out;
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_oid(&body, &out.oid))
        return false;
    out.element = body;
    if (!der_any(&body, &out.tag, &out.value) || body.n != 0)
        return false;
    *a = out;
    *rdn = in;
    return true;
}

bool lt_dn_valid(lt_bytes name)
{
    lt_reader rdns, rdn;
    lt_attribute a;
    int count = 0;
    if (!lt_dn_open(name, &rdns))
        return false;
    while (lt_rdn_next(&rdns, &rdn)) {
        int in_rdn = 0;
        if (rdn.n == 0) /* SET SIZE (1..MAX) */
            return false;
        while (lt_attribute_next(&rdn, &a))
            if (++count > LT_DN_ATTRIBUTES_MAX || ++in_rdn > LT_RDN_ATTRIBUTES_MAX)
                return false;
        if (rdn.n != 0)
            return false;
    }
    return rdns.n == 0;
}

bool lt_dn_is_empty(lt_bytes name)
{
    lt_reader rdns;
    return lt_dn_open(name, &rdns) && rdns.n == 0;
}

/* RFC 4514 section 2.4 */
static void put_character(lt_text *t, uint32_t c, bool first, bool last)
{
    if (lt_is_control(c)) {
        char utf8[4];
        lt_text one = { utf8, sizeof utf8, 0 };
        lt_text_utf8(&one, c);
        for (size_t i = 0; i < one.n; i++) {
            lt_text_put(t, "\\", 1);
            lt_text_hex(t, (lt_bytes){ (const uint8_t *)utf8 + i, 1 }, "0123456789ABCDEF");
        }
        return;
    }
    if ((c < 0x80 && strchr(",+\"\\<>;", (int)c)) || (first && (c == '#' || c == ' '))
        || (last && c == ' '))
        lt_text_put(t, "\\", 1);
    lt_text_utf8(t, c);
}

static void put_attribute(lt_text *t, const lt_attribute *a)
{
    const char *name = lt_attribute_name(a->oid);
    if (name)
        lt_text_put(t, name, strlen(name));
    else
        lt_text_oid(t, a->oid);
    lt_text_put(t, "=", 1);
    if (!name || !lt_string_valid(a->tag, a->value)) {
        lt_text_put(t, "#", 1);
        lt_text_hex(t, a->element, "0123456789ABCDEF");
        return;
    }
    lt_characters s = { a->tag, a->value };
    bool first = true;
    for (int32_t c; (c = lt_characters_next(&s)) >= 0; first = false)
        put_character(t, (uint32_t)c, first, s.rest.n == 0);
}

/* The last RDN comes first (section 2.1); it is found by walking, since nothing is kept. */
size_t lt_dn_text(lt_bytes name, char *out, size_t room)
{
    lt_text t = { out, room, 0 };
    lt_reader rdns, rdn;
    lt_attribute a;
    size_t count = 0;
    if (lt_dn_valid(name))
        for (lt_dn_open(name, &rdns); lt_rdn_next(&rdns, &rdn);)
            count++;
    for (size_t i = count; i-- > 0;) {
        lt_dn_open(name, &rdns);
        for (size_t k = 0; k <= i; k++)
            lt_rdn_next(&rdns, &rdn);
        if (i + 1 < count)
            lt_text_put(&t, ",", 1);
        for (bool first = true; lt_attribute_next(&rdn, &a); first = false) {
            if (!first)
                lt_text_put(&t, "+", 1);
            put_attribute(&t, &a);
        }
    }
    return lt_text_end(&t);
}

/* A value as it is compared: characters folded, white space at the ends dropped and between words
 * made one space (RFC 4518 section 2.6.1); or, if it is no string, its octets, above all
 * characters. */
typedef struct {
    lt_characters characters;
    bool raw, begun, held; /* held: a character that waits behind a space */
    uint32_t waiting;
} folded;

static folded fold(const lt_attribute *a)
{
    bool raw = !lt_string_valid(a->tag, a->value);
    return (folded){
        .characters = { raw ? DER_IA5_STRING : a->tag, raw ? a->element : a->value }, .raw = raw
    };
}

static bool is_space(int32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680
           || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f
           || c == 0x205f || c == 0x3000;
}

static int64_t folded_next(folded *f)
{
    if (f->held) {
        f->held = false;
        return f->waiting;
    }
    int32_t c = lt_characters_next(&f->characters);
    if (f->raw)
        return c < 0 ? -1 : c + 0x200000LL;
    bool space = false;
    while (is_space(c)) {
        space = true;
        c = lt_characters_next(&f->characters);
    }
    if (c < 0)
        return -1;
    uint32_t character = lt_fold_case((uint32_t)c);
    bool begun = f->begun;
    f->begun = true;
    if (!space || !begun)
        return character;
    f->held = true;
    f->waiting = character;
    return ' ';
}

static bool attribute_equal(const lt_attribute *a, const lt_attribute *b)
{
    if (!lt_bytes_equal(a->oid, b->oid))
        return false;
    if (a->tag == b->tag && lt_bytes_equal(a->value, b->value))
        return true;
    folded x = fold(a), y = fold(b);
    int64_t c;
    do {
        c = folded_next(&x);
        if (c != folded_next(&y))
            return false;
    } while (c >= 0);
    return true;
}

static size_t occurrences(lt_reader rdn, const lt_attribute *a)
{
    lt_attribute each;
    size_t n = 0;
    while (lt_attribute_next(&rdn, &each))
        n += attribute_equal(&each, a);
    return n;
}

/* As sets: of each attribute of `a`, as many in `b`; and as many in all. */
static bool rdn_equal(lt_reader a, lt_reader b)
{
    lt_attribute each;
    size_t in_a = 0, in_b = 0;
    if (lt_bytes_equal(a, b))
        return true;
    for (lt_reader r = b; lt_attribute_next(&r, &each);)
        in_b++;
    for (lt_reader r = a; lt_attribute_next(&r, &each); in_a++)
        if (occurrences(a, &each) != occurrences(b, &each))
            return false;
    return in_a == in_b;
}

static bool starts_with(lt_reader *name, lt_reader base)
{
    lt_reader x, y;
    while (lt_rdn_next(&base, &y))
        if (!lt_rdn_next(name, &x) || !rdn_equal(x, y))
            return false;
    return true;
}

bool lt_dn_within(lt_bytes name, lt_bytes base)
{
    lt_reader rdns, base_rdns;
    return lt_dn_valid(name) && lt_dn_valid(base) && lt_dn_open(name, &rdns)
           && lt_dn_open(base, &base_rdns) && starts_with(&rdns, base_rdns);
}

bool lt_dn_equal(lt_bytes a, lt_bytes b)
{
    lt_reader rdns, other;
    if (lt_bytes_equal(a, b))
        return lt_dn_valid(a);
    return lt_dn_valid(a) && lt_dn_valid(b) && lt_dn_open(a, &rdns) && lt_dn_open(b, &other)
           && starts_with(&rdns, other) && rdns.n == 0;
}

static uint64_t mix(uint64_t h, uint64_t v) /* FNV-1a over the octets of v */
{
    for (int i = 0; i < 8; i++)
        h = (h ^ (v >> 8 * i & 0xff)) * 0x100000001b3ULL;
    return h;
}

uint64_t lt_dn_hash(lt_bytes name)
{
    uint64_t h = 0xcbf29ce484222325ULL;
    lt_reader rdns, rdn;
    lt_attribute a;
    if (!lt_dn_valid(name) || !lt_dn_open(name, &rdns))
        return 0;
    while (lt_rdn_next(&rdns, &rdn)) {
        uint64_t sum = 0; /* the order within an RDN does not count */
        while (lt_attribute_next(&rdn, &a)) {
            uint64_t one = 0xcbf29ce484222325ULL;
            for (size_t i = 0; i < a.oid.n; i++)
                one = mix(one, a.oid.p[i]);
            folded f = fold(&a);
            for (int64_t c; (c = folded_next(&f)) >= 0;)
                one = mix(one, (uint64_t)c);
            sum += one;
        }
        h = mix(h, sum);
    }
    return h;
}
