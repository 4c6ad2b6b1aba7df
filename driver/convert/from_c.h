/* Inside convert/ only: one parameter on its way from C to PostgreSQL's text, and the functions of
 * the matrix. */
#ifndef NEON_CONVERT_FROM_C_H
#define NEON_CONVERT_FROM_C_H

#include "base/buf.h"
#include "convert/convert.h"

enum sql_family {
    SF_CHAR,
    SF_INT,     /* TINYINT to BIGINT */
    SF_DECIMAL, /* NUMERIC, DECIMAL */
    SF_FLOAT,   /* REAL, FLOAT, DOUBLE */
    SF_BIT,
    SF_BINARY,
    SF_DATE,
    SF_TIME,
    SF_TIMESTAMP,
    SF_GUID,
    SF_YEAR_MONTH,
    SF_DAY_TIME,
    SF_COUNT
};

struct from_job {
    const struct from_c *p;
    SQLSMALLINT c_type, sql_type; /* resolved, ODBC 3 */
    enum sql_family family;
    const void *app_value;
    SQLLEN len_bytes; /* SQL_NTS or >= 0 for character and binary data */
    const struct conv_env *env;
    struct buf *out;
};

typedef enum conv from_c_fn(struct from_job *j);

/* from_c_text.c: sources SQL_C_CHAR, SQL_C_WCHAR; SQL_C_BINARY */
from_c_fn from_c_text_char, from_c_text_number, from_c_text_bit, from_c_text_binary,
    from_c_text_datetime, from_c_text_guid, from_c_text_interval;
from_c_fn from_c_bytes_char, from_c_bytes_binary;
/* from_c_number.c: sources integers, SQL_C_BIT; SQL_C_FLOAT, SQL_C_DOUBLE; SQL_C_NUMERIC */
from_c_fn from_c_number, from_c_guid;
/* from_c_datetime.c */
from_c_fn from_c_date, from_c_time, from_c_timestamp, from_c_offset;
/* from_c_interval.c */
from_c_fn from_c_interval, from_c_interval_number, from_c_number_interval;

/* Helpers. Appends, or CONV_OOM. */
enum conv from_c_append(struct from_job *j, const char *s, size_t n);
/* The text of a number for a number type, checked against its range. from_text: the reference has
 * other states for character sources. */
enum conv from_c_append_number(struct from_job *j, const char *s, size_t n, bool from_text);
/* The text of a number source; length. */
size_t from_c_number_text(const struct from_job *j, char *text);

#endif
