/* Parameters: which C type may become which SQL type (appendix D, "C to SQL"), and the cast that
 * tells the server.
 *
 * Every value becomes text; the server's own input functions do the rest. Called by stmt/ at bind
 * time (from_c_allowed) and at execution (from_c_text, from_c_cast). */
#include "convert/from_c.h"

#include <string.h>

#include "convert/datetime.h"
#include "convert/interval.h"
#include "convert/matrix.h"
#include "convert/numeric.h"

static from_c_fn from_c_image;

#define NUMBER_TARGETS                                                                             \
    [SF_CHAR] = from_c_number, [SF_INT] = from_c_number, [SF_DECIMAL] = from_c_number,             \
    [SF_FLOAT] = from_c_number, [SF_BIT] = from_c_number
#define SINGLE_INTERVALS                                                                           \
    [SF_YEAR_MONTH] = from_c_number_interval, [SF_DAY_TIME] = from_c_number_interval

static from_c_fn *const matrix[CF_COUNT][SF_COUNT] = {
    [CF_TEXT] = {[SF_CHAR] = from_c_text_char,
                 [SF_INT] = from_c_text_number,
                 [SF_DECIMAL] = from_c_text_number,
                 [SF_FLOAT] = from_c_text_number,
                 [SF_BIT] = from_c_text_bit,
                 [SF_BINARY] = from_c_text_binary,
                 [SF_DATE] = from_c_text_datetime,
                 [SF_TIME] = from_c_text_datetime,
                 [SF_TIMESTAMP] = from_c_text_datetime,
                 [SF_GUID] = from_c_text_guid,
                 [SF_YEAR_MONTH] = from_c_text_interval,
                 [SF_DAY_TIME] = from_c_text_interval},
    [CF_BINARY] = {[SF_CHAR] = from_c_bytes_char,
                   [SF_BINARY] = from_c_bytes_binary,
                   [SF_INT] = from_c_image,
                   [SF_DECIMAL] = from_c_image,
                   [SF_FLOAT] = from_c_image,
                   [SF_BIT] = from_c_image,
                   [SF_DATE] = from_c_image,
                   [SF_TIME] = from_c_image,
                   [SF_TIMESTAMP] = from_c_image},
    [CF_BIT] = {NUMBER_TARGETS},
    [CF_INT] = {NUMBER_TARGETS, SINGLE_INTERVALS},
    [CF_FLOAT] = {NUMBER_TARGETS},
    [CF_DOUBLE] = {NUMBER_TARGETS},
    [CF_NUMERIC] = {NUMBER_TARGETS, SINGLE_INTERVALS},
    [CF_GUID] = {[SF_CHAR] = from_c_guid, [SF_GUID] = from_c_guid},
    [CF_DATE] = {[SF_CHAR] = from_c_date, [SF_DATE] = from_c_date, [SF_TIMESTAMP] = from_c_date},
    [CF_TIME] = {[SF_CHAR] = from_c_time, [SF_TIME] = from_c_time, [SF_TIMESTAMP] = from_c_time},
    [CF_TIMESTAMP] = {[SF_CHAR] = from_c_timestamp,
                      [SF_DATE] = from_c_timestamp,
                      [SF_TIME] = from_c_timestamp,
                      [SF_TIMESTAMP] = from_c_timestamp},
    [CF_OFFSET] = {[SF_CHAR] = from_c_offset, [SF_TIMESTAMP] = from_c_offset},
    [CF_INTERVAL] = {[SF_CHAR] = from_c_interval,
                     [SF_INT] = from_c_interval_number,
                     [SF_DECIMAL] = from_c_interval_number,
                     [SF_YEAR_MONTH] = from_c_interval,
                     [SF_DAY_TIME] = from_c_interval},
};

static enum sql_family sql_family_of(SQLSMALLINT sql_type)
{
    if (sql_type_is_character(sql_type))
        return SF_CHAR;
    if (interval_is_kind(sql_type))
        return interval_is_year_month(sql_type) ? SF_YEAR_MONTH : SF_DAY_TIME;
    switch (sql_type) {
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT:
        return SF_INT;
    case SQL_NUMERIC:
    case SQL_DECIMAL:
        return SF_DECIMAL;
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
        return SF_FLOAT;
    case SQL_BIT:
        return SF_BIT;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
        return SF_BINARY;
    case SQL_TYPE_DATE:
        return SF_DATE;
    case SQL_TYPE_TIME:
        return SF_TIME;
    case SQL_TYPE_TIMESTAMP:
    case SQL_SS_TIMESTAMPOFFSET:
        return SF_TIMESTAMP;
    case SQL_GUID:
        return SF_GUID;
    default:
        return SF_COUNT;
    }
}

static SQLSMALLINT resolve_c_type(SQLSMALLINT c_type, SQLSMALLINT sql_type)
{
    return c_type_resolve(c_type == SQL_C_DEFAULT ? typemap_default_c_type(sql_type) : c_type);
}

/* The conditions the table cannot show: intervals and numbers meet in one field, and months are no
 * days. */
static bool intervals_agree(enum c_family cf, SQLSMALLINT c_type, enum sql_family sf,
                            SQLSMALLINT sql_type)
{
    bool to_interval = sf == SF_YEAR_MONTH || sf == SF_DAY_TIME;

    if (cf == CF_INTERVAL && (sf == SF_INT || sf == SF_DECIMAL))
        return interval_is_single(c_type);
    if (cf == CF_INTERVAL && to_interval)
        return interval_is_year_month(c_type) == (sf == SF_YEAR_MONTH);
    if ((cf == CF_INT || cf == CF_NUMERIC) && to_interval)
        return interval_is_single(sql_type);
    return true;
}

static from_c_fn *find_fn(SQLSMALLINT c_type, SQLSMALLINT sql_type)
{
    enum c_family cf = c_type_family(c_type);
    enum sql_family sf = sql_family_of(sql_type);

    if (cf == CF_COUNT || sf == SF_COUNT || !intervals_agree(cf, c_type, sf, sql_type))
        return NULL;
    return matrix[cf][sf];
}

bool from_c_allowed(SQLSMALLINT c_type, SQLSMALLINT sql_type)
{
    sql_type = typemap_odbc3_type(sql_type);
    return find_fn(resolve_c_type(c_type, sql_type), sql_type) != NULL;
}

static enum conv run(struct from_job *j)
{
    from_c_fn *fn = find_fn(j->c_type, j->sql_type);
    size_t mark = j->out->len;
    enum conv r;

    if (fn == NULL)
        return CONV_NOT_ALLOWED;
    j->family = sql_family_of(j->sql_type);
    /* From here on data is a string, so that restoring it is simple. */
    if (!buf_reserve(j->out, 0))
        return CONV_OOM;
    r = fn(j);
    if (r != CONV_OK && r != CONV_FRACTION_LOST) {
        j->out->len = mark;
        j->out->data[mark] = '\0';
    }
    return r;
}

enum conv from_c_text(const struct from_c *p, const void *app_value, SQLLEN len_bytes,
                      const struct conv_env *env, struct buf *out)
{
    SQLSMALLINT sql_type = typemap_odbc3_type(p->sql_type);
    struct from_job j = {
        .p = p,
        .c_type = resolve_c_type(p->c_type, sql_type),
        .sql_type = sql_type,
        .app_value = app_value,
        .len_bytes = len_bytes,
        .env = env,
        .out = out,
    };

    return run(&j);
}

/* SQL_C_BINARY for a number or date: the bytes of the SQL type's default C type. */
static enum conv from_c_image(struct from_job *j)
{
    struct from_job inner = *j;
    size_t size;

    inner.c_type = resolve_c_type(SQL_C_DEFAULT, j->sql_type);
    size = c_type_size(inner.c_type);
    if (j->len_bytes < 0)
        return CONV_BAD_LENGTH;
    if (size != 0 && (size_t)j->len_bytes != size)
        return CONV_OUT_OF_RANGE;
    return run(&inner);
}

enum conv from_c_append(struct from_job *j, const char *s, size_t n)
{
    return buf_append(j->out, s, n) ? CONV_OK : CONV_OOM;
}

void from_c_settle(struct from_c *p, const struct type_row *row)
{
    if (row->family == FAM_INTERVAL && c_type_family(p->c_type) == CF_INTERVAL &&
        sql_type_is_character(p->sql_type))
        p->sql_type = p->c_type; /* the codes are the same */
}

/* ---- casts ---- */

static const char *integer_cast(const struct cell *text)
{
    struct decimal d;
    uint64_t magnitude;
    bool cut;

    if (number_parse(text->ptr, text->len, &d) != NUMBER_FINITE ||
        !decimal_to_u64(&d, &magnitude, &cut) || cut)
        return "::numeric";
    if (magnitude <= (d.negative ? UINT64_C(2147483648) : UINT64_C(2147483647)))
        return "::int4";
    return magnitude <= (UINT64_C(1) << 63) - (d.negative ? 0 : 1) ? "::int8" : "::numeric";
}

static bool has_zone(const struct cell *text)
{
    struct datetime d;

    return datetime_parse(text->ptr, text->len, &d) == DATETIME_OK && d.zone.ptr != NULL;
}

const char *from_c_cast(const struct from_c *p, const struct cell *text)
{
    SQLSMALLINT sql_type = typemap_odbc3_type(p->sql_type);

    if (text == NULL || text->ptr == NULL)
        return NULL;
    switch (sql_family_of(sql_type)) {
    case SF_INT:
        return integer_cast(text);
    case SF_DECIMAL:
        return "::numeric";
    case SF_FLOAT:
        return sql_type == SQL_REAL ? "::float4" : "::float8";
    case SF_BIT:
        return "::bool";
    case SF_BINARY:
        return "::bytea";
    case SF_DATE:
        return "::date";
    /* ::timestamp would drop an offset without a word. */
    case SF_TIME:
        return has_zone(text) ? "::timetz" : "::time";
    case SF_TIMESTAMP:
        return sql_type == SQL_SS_TIMESTAMPOFFSET || has_zone(text) ? "::timestamptz"
                                                                    : "::timestamp";
    case SF_GUID:
        return "::uuid";
    case SF_YEAR_MONTH:
    case SF_DAY_TIME:
        return "::interval";
    default:
        return NULL;
    }
}
