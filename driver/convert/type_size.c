/* How large the values of a PostgreSQL type are, by its type modifier. Called by typemap.c. */
#include "convert/typemap_int.h"

/* ---- interval modifiers: bits of the fields in the upper half (utils/timestamp.h) ---- */

#define IV_MONTH (1u << 1)
#define IV_YEAR (1u << 2)
#define IV_DAY (1u << 3)
#define IV_HOUR (1u << 10)
#define IV_MINUTE (1u << 11)
#define IV_SECOND (1u << 12)

/* Sizes are those of the ODBC reference's "Column Size" with a leading precision of 9 digits,
 * because PostgreSQL does not limit the leading field. */
#define LEADING_DIGITS 9
static const struct interval_type interval_types[] = {
    {SQL_INTERVAL_YEAR, IV_YEAR, LEADING_DIGITS, false, "interval year"},
    {SQL_INTERVAL_MONTH, IV_MONTH, LEADING_DIGITS, false, "interval month"},
    {SQL_INTERVAL_DAY, IV_DAY, LEADING_DIGITS, false, "interval day"},
    {SQL_INTERVAL_HOUR, IV_HOUR, LEADING_DIGITS, false, "interval hour"},
    {SQL_INTERVAL_MINUTE, IV_MINUTE, LEADING_DIGITS, false, "interval minute"},
    {SQL_INTERVAL_SECOND, IV_SECOND, LEADING_DIGITS, true, "interval second"},
    {SQL_INTERVAL_YEAR_TO_MONTH, IV_YEAR | IV_MONTH, LEADING_DIGITS + 3, false,
     "interval year to month"},
    {SQL_INTERVAL_DAY_TO_HOUR, IV_DAY | IV_HOUR, LEADING_DIGITS + 3, false, "interval day to hour"},
    {SQL_INTERVAL_DAY_TO_MINUTE, IV_DAY | IV_HOUR | IV_MINUTE, LEADING_DIGITS + 6, false,
     "interval day to minute"},
    {SQL_INTERVAL_DAY_TO_SECOND, IV_DAY | IV_HOUR | IV_MINUTE | IV_SECOND, LEADING_DIGITS + 9, true,
     "interval day to second"},
    {SQL_INTERVAL_HOUR_TO_MINUTE, IV_HOUR | IV_MINUTE, LEADING_DIGITS + 3, false,
     "interval hour to minute"},
    {SQL_INTERVAL_HOUR_TO_SECOND, IV_HOUR | IV_MINUTE | IV_SECOND, LEADING_DIGITS + 6, true,
     "interval hour to second"},
    {SQL_INTERVAL_MINUTE_TO_SECOND, IV_MINUTE | IV_SECOND, LEADING_DIGITS + 3, true,
     "interval minute to second"},
};

const struct interval_type *interval_type_find(SQLSMALLINT sql_type)
{
    for (size_t i = 0; i < ARRAY_LEN(interval_types); i++) {
        if (interval_types[i].sql_type == sql_type)
            return &interval_types[i];
    }
    return NULL;
}

const struct interval_type *interval_type_of_modifier(int32_t modifier)
{
    uint32_t fields = ((uint32_t)modifier >> 16) & 0x7FFF;

    for (size_t i = 0; modifier >= 0 && i < ARRAY_LEN(interval_types); i++) {
        if (interval_types[i].fields == fields)
            return &interval_types[i];
    }
    return NULL;
}

/* ---- what a type and its modifier say, before an option makes text of it ---- */

static SQLSMALLINT fraction_digits(int32_t modifier)
{
    return (modifier >= 0 && modifier <= 6) ? (SQLSMALLINT)modifier : 6;
}

SQLULEN type_size_with_fraction(SQLULEN size, SQLSMALLINT digits)
{
    return digits > 0 ? size + 1 + (SQLULEN)digits : size;
}

/* Modifier - 4: precision in the upper half, scale in 11 signed bits (negative since PostgreSQL
 * 15). */
static void size_numeric(int32_t modifier, struct type_size *n)
{
    int32_t bits;
    int32_t precision;
    int32_t scale;

    if (modifier < 4) {
        /* Unbounded: what a client can hold; the text is never rounded to it. */
        *n = (struct type_size){38, 18, 40};
        return;
    }
    bits = modifier - 4;
    precision = (bits >> 16) & 0xFFFF;
    scale = ((bits & 0x7FF) ^ 0x400) - 0x400;
    if (scale < 0) {
        precision -= scale;
        scale = 0;
    }
    if (precision < scale)
        precision = scale; /* numeric(2,5): five digits behind the point */
    /* A sign, a point, and a leading zero when all digits stand behind the point. */
    *n = (struct type_size){(SQLULEN)precision, (SQLSMALLINT)scale,
                            precision + 1 + (scale > 0 ? 1 : 0) + (scale >= precision ? 1 : 0)};
    if (n->display < 3)
        n->display = 3; /* NaN */
}

void type_size_of_length(SQLULEN length, struct type_size *n)
{
    *n = (struct type_size){length, 0, (SQLLEN)length};
}

SQLULEN type_size_unbounded(const struct type_options *o)
{
    return o->max_varchar_size > 0 ? (SQLULEN)o->max_varchar_size : 0;
}

static void size_interval(int32_t modifier, struct type_size *n)
{
    SQLSMALLINT digits = fraction_digits(modifier >= 0 ? (modifier & 0xFFFF) : -1);

    /* The longest of the four styles: @ 178956970 years 11 mons 2147483648 days 2562047788 hours 54
     * mins 54.775808 secs ago. */
    *n = (struct type_size){88, digits, 88};
}

/* Types whose sizes do not depend on a modifier. Display sizes of dates leave room for BC and long
 * years. */
static const struct type_size fixed_sizes[] = {
    [SIZE_BOOL] = {1, 0, 1},    [SIZE_INT2] = {5, 0, 6},     [SIZE_INT4] = {10, 0, 11},
    [SIZE_INT8] = {19, 0, 20},  [SIZE_OID] = {10, 0, 10},    [SIZE_XID8] = {20, 0, 20},
    [SIZE_FLOAT4] = {7, 0, 15}, [SIZE_FLOAT8] = {15, 0, 24}, [SIZE_DATE] = {10, 0, 13},
    [SIZE_UUID] = {36, 0, 36},
};

/* hh:mm:ss or yyyy-mm-dd hh:mm:ss with its fraction; `more` characters may follow in the text. */
static void size_time(SQLULEN size, int32_t modifier, SQLLEN more, struct type_size *n)
{
    SQLSMALLINT digits = fraction_digits(modifier);

    size = type_size_with_fraction(size, digits);
    *n = (struct type_size){size, digits, (SQLLEN)size + more};
}

void type_size_of(const struct type_row *row, int32_t modifier, const struct type_options *o,
                  struct type_size *n)
{
    switch ((enum size_rule)row->size_rule) {
    case SIZE_NUMERIC:
        size_numeric(modifier, n);
        break;
    case SIZE_FIXED:
        type_size_of_length(row->fixed_size, n);
        break;
    case SIZE_LENGTH:
        type_size_of_length(modifier > 4 ? (SQLULEN)modifier - 4 : type_size_unbounded(o), n);
        break;
    case SIZE_BITS: /* a column "bit" has the modifier 1; a literal or a parameter has none */
        type_size_of_length(modifier > 0 ? (SQLULEN)modifier : type_size_unbounded(o), n);
        break;
    case SIZE_UNBOUNDED:
    case SIZE_JSON:
    case SIZE_BYTEA:
        type_size_of_length(type_size_unbounded(o), n);
        break;
    case SIZE_TIME:
        size_time(8, modifier, 0, n);
        break;
    case SIZE_TIMETZ: /* +15:59:59 */
        size_time(8, modifier, 9, n);
        break;
    case SIZE_TIMESTAMP: /* BC */
        size_time(19, modifier, 3, n);
        break;
    case SIZE_TIMESTAMPTZ:
        size_time(19, modifier, 12, n);
        break;
    case SIZE_INTERVAL:
        size_interval(modifier, n);
        break;
    default:
        *n = fixed_sizes[row->size_rule];
        break;
    }
}
