/* SQLGetTypeInfo as an in-memory result. What a type is called and how large it is, typemap knows;
 * here are the choice and the order of rows and the 19 columns. Called by api/. */
#include "info/typeinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define OID_INT2 21
#define OID_INT4 23
#define OID_VARCHAR 1043
#define NAME_LENGTH                                                                                \
    (128 + 4) /* as a type modifier: SQLGetTypeInfo's text columns are VARCHAR(128) */

enum typeinfo_column {
    TI_TYPE_NAME,
    TI_DATA_TYPE,
    TI_COLUMN_SIZE,
    TI_LITERAL_PREFIX,
    TI_LITERAL_SUFFIX,
    TI_CREATE_PARAMS,
    TI_NULLABLE,
    TI_CASE_SENSITIVE,
    TI_SEARCHABLE,
    TI_UNSIGNED_ATTRIBUTE,
    TI_FIXED_PREC_SCALE,
    TI_AUTO_UNIQUE_VALUE,
    TI_LOCAL_TYPE_NAME,
    TI_MINIMUM_SCALE,
    TI_MAXIMUM_SCALE,
    TI_SQL_DATA_TYPE,
    TI_SQL_DATETIME_SUB,
    TI_NUM_PREC_RADIX,
    TI_INTERVAL_PRECISION,
};

static const struct local_column columns[TYPEINFO_COLUMNS] = {
    [TI_TYPE_NAME] = {"TYPE_NAME", OID_VARCHAR, NAME_LENGTH, SQL_NO_NULLS},
    [TI_DATA_TYPE] = {"DATA_TYPE", OID_INT2, -1, SQL_NO_NULLS},
    [TI_COLUMN_SIZE] = {"COLUMN_SIZE", OID_INT4, -1, SQL_NULLABLE},
    [TI_LITERAL_PREFIX] = {"LITERAL_PREFIX", OID_VARCHAR, NAME_LENGTH, SQL_NULLABLE},
    [TI_LITERAL_SUFFIX] = {"LITERAL_SUFFIX", OID_VARCHAR, NAME_LENGTH, SQL_NULLABLE},
    [TI_CREATE_PARAMS] = {"CREATE_PARAMS", OID_VARCHAR, NAME_LENGTH, SQL_NULLABLE},
    [TI_NULLABLE] = {"NULLABLE", OID_INT2, -1, SQL_NO_NULLS},
    [TI_CASE_SENSITIVE] = {"CASE_SENSITIVE", OID_INT2, -1, SQL_NO_NULLS},
    [TI_SEARCHABLE] = {"SEARCHABLE", OID_INT2, -1, SQL_NO_NULLS},
    [TI_UNSIGNED_ATTRIBUTE] = {"UNSIGNED_ATTRIBUTE", OID_INT2, -1, SQL_NULLABLE},
    [TI_FIXED_PREC_SCALE] = {"FIXED_PREC_SCALE", OID_INT2, -1, SQL_NO_NULLS},
    [TI_AUTO_UNIQUE_VALUE] = {"AUTO_UNIQUE_VALUE", OID_INT2, -1, SQL_NULLABLE},
    [TI_LOCAL_TYPE_NAME] = {"LOCAL_TYPE_NAME", OID_VARCHAR, NAME_LENGTH, SQL_NULLABLE},
    [TI_MINIMUM_SCALE] = {"MINIMUM_SCALE", OID_INT2, -1, SQL_NULLABLE},
    [TI_MAXIMUM_SCALE] = {"MAXIMUM_SCALE", OID_INT2, -1, SQL_NULLABLE},
    [TI_SQL_DATA_TYPE] = {"SQL_DATA_TYPE", OID_INT2, -1, SQL_NO_NULLS},
    [TI_SQL_DATETIME_SUB] = {"SQL_DATETIME_SUB", OID_INT2, -1, SQL_NULLABLE},
    [TI_NUM_PREC_RADIX] = {"NUM_PREC_RADIX", OID_INT4, -1, SQL_NULLABLE},
    [TI_INTERVAL_PRECISION] = {"INTERVAL_PRECISION", OID_INT2, -1, SQL_NULLABLE},
};

/* ---- which rows, in which order ---- */

struct candidate {
    const struct type_row *row;
    struct type_desc desc;
    int rank;     /* within its code: 0 first */
    size_t index; /* in types.def: decides between equals, and makes the sort stable */
};

/* A type moved to another code by a keyword (BoolsAsChar) is never that code's first choice. */
static int rank_of(const struct type_row *row, SQLSMALLINT reported)
{
    if ((row->flags & TYPE_PREFERRED) && row->sql_type == reported)
        return 0;
    if (row->flags & TYPE_ARRAY)
        return 3;
    return row->flags & TYPE_ALIAS ? 2 : 1;
}

static int by_type_then_rank(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->desc.concise_type != y->desc.concise_type)
        return x->desc.concise_type < y->desc.concise_type ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* With a keyword the type itself can take the place that an alias row stands for
 * (ByteaAsLongVarBinary). */
static bool is_repeated(const struct candidate *list, size_t n, const struct candidate *c)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].desc.concise_type == c->desc.concise_type &&
            strcmp(list[i].desc.type_name, c->desc.type_name) == 0)
            return true;
    return false;
}

static size_t collect(struct candidate *list, SQLSMALLINT wanted, const struct type_options *o)
{
    const struct type_row *row;
    size_t n = 0;

    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        struct candidate c = {.row = row, .index = i};

        if (row->flags & TYPE_PSEUDO)
            continue;
        typemap_describe_row(row, -1, o, &c.desc);
        c.rank = rank_of(row, c.desc.concise_type);
        if (wanted != SQL_ALL_TYPES && c.desc.concise_type != wanted)
            continue;
        if (!is_repeated(list, n, &c))
            list[n++] = c;
    }
    return n;
}

/* ---- one row ---- */

/* Room for the digits of one row's numbers. */
struct row_cells {
    struct cell cell[TYPEINFO_COLUMNS];
    char digits[TYPEINFO_COLUMNS][24];
};

static void put_number(struct row_cells *r, enum typeinfo_column at, int64_t number)
{
    int len = snprintf(r->digits[at], sizeof r->digits[at], "%" PRId64, number);

    r->cell[at] = (struct cell){r->digits[at], (size_t)len};
}

/* "" is NULL: not applicable. */
static void put_text(struct row_cells *r, enum typeinfo_column at, const char *text)
{
    if (text != NULL && text[0] != '\0')
        r->cell[at] = (struct cell){text, strlen(text)};
}

static bool is_number(const struct type_row *row)
{
    return row->family == FAM_INT || row->family == FAM_FLOAT || row->family == FAM_NUMERIC;
}

static void put_scales(struct row_cells *r, const struct candidate *c)
{
    SQLSMALLINT type = c->desc.concise_type;
    int64_t max = -1;

    if (type == SQL_NUMERIC || type == SQL_DECIMAL)
        max = c->row->family == FAM_NUMERIC ? (int64_t)c->desc.column_size : 0;
    else if (c->row->family == FAM_INT && c->desc.num_prec_radix != 0)
        max = 0;
    else if (c->desc.verbose_type == SQL_DATETIME || c->desc.verbose_type == SQL_INTERVAL)
        max = c->desc.decimal_digits;
    if (max < 0)
        return;
    put_number(r, TI_MINIMUM_SCALE, 0);
    put_number(r, TI_MAXIMUM_SCALE, max);
}

static void fill(struct row_cells *r, const struct candidate *c, bool odbc2)
{
    const struct type_desc *d = &c->desc;

    *r = (struct row_cells){0};
    put_text(r, TI_TYPE_NAME, d->type_name);
    put_number(r, TI_DATA_TYPE, odbc2 ? typemap_odbc2_type(d->concise_type) : d->concise_type);
    if (d->column_size > 0) /* 0 = unknown */
        put_number(r, TI_COLUMN_SIZE, (int64_t)d->column_size);
    put_text(r, TI_LITERAL_PREFIX, d->literal_prefix);
    put_text(r, TI_LITERAL_SUFFIX, d->literal_suffix);
    put_text(r, TI_CREATE_PARAMS, d->create_params);
    put_number(r, TI_NULLABLE, c->row->auto_unique ? SQL_NO_NULLS : SQL_NULLABLE);
    put_number(r, TI_CASE_SENSITIVE, d->case_sensitive);
    put_number(r, TI_SEARCHABLE, d->searchable);
    if (is_number(c->row)) {
        put_number(r, TI_UNSIGNED_ATTRIBUTE, d->is_unsigned);
        put_number(r, TI_AUTO_UNIQUE_VALUE, c->row->auto_unique);
    }
    put_number(r, TI_FIXED_PREC_SCALE, d->fixed_prec_scale);
    put_text(r, TI_LOCAL_TYPE_NAME, d->local_type_name);
    put_scales(r, c);
    put_number(r, TI_SQL_DATA_TYPE, d->verbose_type);
    if (d->datetime_sub != 0)
        put_number(r, TI_SQL_DATETIME_SUB, d->datetime_sub);
    if (d->num_prec_radix != 0)
        put_number(r, TI_NUM_PREC_RADIX, d->num_prec_radix);
    if (d->verbose_type == SQL_INTERVAL)
        put_number(r, TI_INTERVAL_PRECISION,
                   9); /* digits of the leading field that SQL_INTERVAL_STRUCT takes */
}

/* ---- the result ---- */

static size_t count_rows(void)
{
    size_t n = 0;

    while (typemap_row(n) != NULL)
        n++;
    return n;
}

bool typeinfo_rows(SQLSMALLINT type, bool odbc2, const struct type_options *o,
                   struct local_result *out, struct err *e)
{
    struct candidate *list = mem_calloc(count_rows(), sizeof *list);
    struct row_cells cells;
    bool ok = list != NULL;
    size_t n;

    local_result_init(out, columns, TYPEINFO_COLUMNS);
    if (ok) {
        n = collect(list, type == SQL_ALL_TYPES ? SQL_ALL_TYPES : typemap_odbc3_type(type), o);
        if (n > 1)
            qsort(list, n, sizeof *list, by_type_then_rank);
        for (size_t i = 0; ok && i < n; i++) {
            fill(&cells, &list[i], odbc2);
            ok = local_result_add(out, cells.cell);
        }
    }
    mem_free(list);
    if (ok)
        return true;
    local_result_release(out);
    return err_oom(e);
}
