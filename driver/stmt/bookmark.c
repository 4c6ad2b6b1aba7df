/* Bookmarks: the number of a row in its result. A fixed one is that number; a variable one carries
 * a mark of the result too, so that a bookmark kept from another result is refused. Called by
 * fetch.c, getdata.c, rowset.c and bulk.c. */
#include <stdio.h>

#include "stmt/stmt.h"

#define VARIABLE_BYTES BOOKMARK_VARIABLE_BYTES

static bool is_variable(const struct stmt *s)
{
    return s->attrs.use_bookmarks == SQL_UB_VARIABLE;
}

/* Bytes of a variable bookmark, most significant first: the same on every machine. */
static void variable_bytes(const struct stmt *s, uint64_t row, unsigned char out[VARIABLE_BYTES])
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (unsigned char)(row >> (56 - 8 * i));
    for (size_t i = 0; i < 4; i++)
        out[8 + i] = (unsigned char)(s->cursor.tag >> (24 - 8 * i));
}

struct cell bookmark_cell(const struct stmt *s, uint64_t row, char text[BOOKMARK_TEXT_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[VARIABLE_BYTES];

    if (!is_variable(s)) {
        int n = snprintf(text, BOOKMARK_TEXT_BYTES, "%llu", (unsigned long long)row);
        return (struct cell){text, (size_t)n};
    }
    variable_bytes(s, row, bytes);
    text[0] = '\\';
    text[1] = 'x';
    for (size_t i = 0; i < VARIABLE_BYTES; i++) {
        text[2 + 2 * i] = hex[bytes[i] >> 4];
        text[3 + 2 * i] = hex[bytes[i] & 15];
    }
    return (struct cell){text, 2 + 2 * (size_t)VARIABLE_BYTES};
}

/* A fixed bookmark fits 32 bits: what was bound as SQL_C_ULONG and what was bound as SQL_C_UBIGINT
 * begin with the same bytes on a little-endian machine, so both can be pointed to. */
static uint64_t fixed_value(const void *app, SQLSMALLINT c_type)
{
    SQLUINTEGER narrow;
    SQLULEN wide;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bool is_narrow = c_type == SQL_C_ULONG;
#else
    bool is_narrow = c_type != SQL_C_UBIGINT;
#endif
    if (is_narrow) {
        memcpy(&narrow, app, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, app, sizeof wide);
    return wide;
}

bool bookmark_read(const struct stmt *s, const void *app, SQLSMALLINT c_type, uint64_t *row)
{
    unsigned char given[VARIABLE_BYTES];
    unsigned char mine[VARIABLE_BYTES];
    bool variable = c_type == SQL_C_VARBOOKMARK || (c_type == SQL_C_DEFAULT && is_variable(s));

    *row = 0;
    if (app == NULL || variable != is_variable(s))
        return false;
    if (!variable) {
        *row = fixed_value(app, c_type);
        return *row > 0;
    }
    memcpy(given, app, sizeof given);
    for (size_t i = 0; i < 8; i++)
        *row = *row << 8 | given[i];
    variable_bytes(s, *row, mine);
    return *row > 0 && memcmp(given, mine, sizeof mine) == 0;
}

void bookmark_describe(struct stmt *s)
{
    struct desc_rec *r = desc_ensure(&s->ird, 0);

    if (r == NULL || s->attrs.use_bookmarks == SQL_UB_OFF)
        return;
    desc_rec_set_type(r, is_variable(s) ? SQL_VARBINARY : SQL_INTEGER);
    r->pg = (struct column){.type_oid = is_variable(s) ? 17 : 20, .type_modifier = -1};
    r->column_size = r->length = is_variable(s) ? VARIABLE_BYTES : 10;
    r->octet_length = is_variable(s) ? VARIABLE_BYTES : 4;
    r->display_size = is_variable(s) ? 2 * VARIABLE_BYTES : 10;
    r->precision = is_variable(s) ? 0 : 10;
    r->is_unsigned = SQL_TRUE;
    r->nullable = SQL_NO_NULLS;
    r->updatable = SQL_ATTR_READONLY;
    r->searchable = SQL_PRED_NONE;
    r->static_type_name = is_variable(s) ? "bytea" : "int8";
}

SQLRETURN bookmark_get(struct stmt *s, struct attr_value *out)
{
    uint64_t row;

    if (s->attrs.use_bookmarks == SQL_UB_OFF)
        return diag_post(&s->handle, ST_HY092, 0,
                         "There are no bookmarks: set SQL_USE_BOOKMARKS before executing.");
    if (!s->cursor_open || s->position.place != ON_ROWSET)
        return diag_post(&s->handle, ST_24000, 0, "There is no current row.");
    row = rowset_row_number(s, s->rowset.current);
    *out = (struct attr_value){.kind = ATTR_V_ULEN, .number = (SQLULEN)row};
    return SQL_SUCCESS;
}
