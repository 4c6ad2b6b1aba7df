/* Values: PostgreSQL text to C (results) and C to PostgreSQL text (parameters), the matrix of appendix D of the ODBC
 * reference. Pure: bytes and numbers; no handles, no locale, no allocation on the result side.
 *
 * The converter of a column is chosen once (to_c_choose), then called for each cell. */
#ifndef NEON_CONVERT_CONVERT_H
#define NEON_CONVERT_CONVERT_H

#include "convert/typemap.h"

/* The outcome of one conversion; stmt/ turns it into a state by a table: in this order of the enum. */
enum conv {
    CONV_OK,
    CONV_TRUNCATED,          /* 01004: character or binary data did not fit; more is to be had */
    CONV_FRACTION_LOST,      /* 01S07 */
    CONV_OUT_OF_RANGE,       /* 22003 */
    CONV_BAD_TEXT,           /* 22018: the text is no value of the target */
    CONV_BAD_DATETIME,       /* 22007 */
    CONV_DATETIME_OVERFLOW,  /* 22008 */
    CONV_INTERVAL_OVERFLOW,  /* 22015 */
    CONV_NOT_ALLOWED,        /* 07006 */
    CONV_BAD_ENCODING,       /* 22021: parameter text is not valid UTF-8/UTF-16, or holds U+0000 */
    CONV_BAD_LENGTH,         /* HY090 */
    CONV_STRING_TOO_LONG,    /* 22001: parameter data does not fit the declared size where the standard wants an error */
    CONV_OOM,                /* HY001 */
};

/* What the session says about text forms; defaults are PostgreSQL's (ISO dates, hex bytea). */
struct conv_env {
    const struct type_options *options; /* never NULL */
};

struct to_c;
/* Where the value goes. */
struct to_c_out {
    void *app_buf;        /* may be NULL: nothing is written, total_bytes is still computed */
    SQLLEN cap_bytes;     /* of app_buf; ignored for fixed-size C types */
    SQLLEN total_bytes;   /* out: bytes available before this call, without terminator (what the indicator shows) */
    size_t *progress;     /* NULL: the whole value in one go (bound column). SQLGetData: 0 before the first piece, opaque
                             in between, TO_C_DONE once all was delivered */
};
#define TO_C_DONE SIZE_MAX

typedef enum conv to_c_fn(const struct to_c *spec, const struct cell *cell, struct to_c_out *out);

struct to_c {
    to_c_fn *fn;                 /* NULL = 07006 */
    const struct type_row *row;
    int32_t type_modifier;
    SQLSMALLINT sql_type;        /* as reported */
    SQLSMALLINT c_type;          /* resolved, ODBC 3 code, never SQL_C_DEFAULT */
    SQLSMALLINT precision, scale;/* of the ARD record: SQL_C_NUMERIC, interval seconds and leading precision */
    const struct conv_env *env;
    bool fixed_size;             /* the C type has a fixed size: no pieces, buffer length ignored */
    size_t c_size;               /* that size in bytes; 0 for character and binary */
};

/* Chooses the converter for (type, C type); c_type may be SQL_C_DEFAULT or an ODBC 2 code. False = 07006. */
bool to_c_choose(struct to_c *out, uint32_t oid, int32_t type_modifier, SQLSMALLINT reported_sql_type, SQLSMALLINT c_type,
                 SQLSMALLINT precision, SQLSMALLINT scale, const struct conv_env *env);
/* Bytes one element of a bound column takes in a column-wise array: the fixed size, or the buffer length. 0 = variable. */
size_t c_type_size(SQLSMALLINT c_type);

/* Parameters. The declared types of SQLBindParameter. */
struct from_c {
    SQLSMALLINT c_type;      /* may be SQL_C_DEFAULT or an ODBC 2 code */
    SQLSMALLINT sql_type;    /* may be an ODBC 2 code */
    SQLULEN column_size;
    SQLSMALLINT decimal_digits;
    SQLSMALLINT precision, scale; /* of the APD record, SQL_C_NUMERIC */
};
/* Is the pair allowed at all? (07006 at bind time) */
bool from_c_allowed(SQLSMALLINT c_type, SQLSMALLINT sql_type);
/* Appends the PostgreSQL text of *app_value to out. len_bytes: the length for character and binary types, or SQL_NTS;
 * ignored for fixed-size types. app_value may be unaligned. */
enum conv from_c_text(const struct from_c *p, const void *app_value, SQLLEN len_bytes, const struct conv_env *env,
                      struct buf *out);
/* The cast to be written behind the marker ("::timestamp", "::int8", ...) so that the server infers the right type, or
 * NULL for none (odbc-features E.3). `text` is the converted value, NULL for SQL NULL. Static text. */
const char *from_c_cast(const struct from_c *p, const struct cell *text);

#endif
