/* Values: PostgreSQL text to C (results) and C to PostgreSQL text (parameters), the matrix of
 * appendix D of the ODBC reference. Pure: bytes and numbers; no handles, no locale, no allocation
 * on the result side.
 *
 * The converter of a column is chosen once (to_c_choose), then called for each cell. */
#ifndef NEON_CONVERT_CONVERT_H
#define NEON_CONVERT_CONVERT_H

#include "convert/typemap.h"

/* The outcome of one conversion; stmt/ turns it into a state by a table: in this order of the enum.
 */
enum conv {
    CONV_OK,
    CONV_TRUNCATED,         /* 01004: character or binary data did not fit; more is to be had */
    CONV_FRACTION_LOST,     /* 01S07 */
    CONV_OUT_OF_RANGE,      /* 22003 */
    CONV_BAD_TEXT,          /* 22018: the text is no value of the target */
    CONV_BAD_DATETIME,      /* 22007 */
    CONV_DATETIME_OVERFLOW, /* 22008 */
    CONV_INTERVAL_OVERFLOW, /* 22015 */
    CONV_NOT_ALLOWED,       /* 07006 */
    CONV_BAD_ENCODING,      /* 22021: parameter text is not valid UTF-8/UTF-16, or holds U+0000 */
    CONV_BAD_LENGTH,        /* HY090 */
    CONV_STRING_TOO_LONG, /* 22001: parameter data does not fit the declared size where the standard
                             wants an error */
    CONV_OOM,             /* HY001 */
};

/* What the session says about text forms; defaults are PostgreSQL's (ISO dates, hex bytea). */
struct conv_env {
    const struct type_options *options; /* never NULL */
    /* What a SQLGetData piece does when the next character does not fit whole. False: the piece
     * ends before it, so that each piece is valid text by itself (the buffer then has up to three
     * bytes or one unit to spare). True: the buffer is filled to the last unit, because clients
     * that add "buffer size minus terminator" units per partial call (pyodbc, LibreOffice) would
     * otherwise add what was left in the buffer. Bound columns never split. */
    bool split_characters;
};

struct to_c;
/* Where the value goes. */
struct to_c_out {
    void *app_buf;      /* may be NULL: nothing is written, total_bytes is still computed */
    SQLLEN cap_bytes;   /* of app_buf; ignored for fixed-size C types */
    SQLLEN total_bytes; /* out: bytes available before this call, without terminator (what the
                           indicator shows) */
    size_t *progress;   /* NULL: the whole value in one go (bound column). SQLGetData: 0 before the
                           first piece, opaque   in between, TO_C_DONE once all was delivered */
    size_t *left_bytes; /* NULL, or a companion of progress that lives as long: remembers what is
                           left, so that reading a long value in pieces costs linear time. Need not
                           be initialised */
};
#define TO_C_DONE SIZE_MAX

typedef enum conv to_c_fn(const struct to_c *spec, const struct cell *cell, struct to_c_out *out);
/* A loop over one column of a block (convert/block.h), from row `first` on: converts rows whose
 * outcome is CONV_OK and writes their lengths, and the NULLs, and returns the first row that is
 * something else; the number of rows when there is none. */
struct to_c_block;
typedef size_t to_c_block_fn(const struct to_c_block *b, size_t first);

/* Rules of every converter:
 * - An outcome other than CONV_OK, CONV_TRUNCATED and CONV_FRACTION_LOST writes nothing the
 * application may use.
 * - cap_bytes <= 0 with a buffer is a question for the length: CONV_TRUNCATED, total_bytes set,
 * progress as it was.
 * - app_buf NULL: CONV_OK, total_bytes set, progress as it was.
 * - Character targets of numbers, dates and intervals: a buffer too short for the whole digits (or
 * the 10, 8, 19 characters of a date, time, timestamp; or the 36 of a GUID) is CONV_OUT_OF_RANGE
 * and nothing is delivered; cut fractions are CONV_TRUNCATED and the rest can be had with the next
 * piece.
 * - A buffer too small for one character of text (after the terminator) still advances by splitting
 * it, if anything fits at all, when the value is read in pieces; a bound column gets an empty
 * string.
 * - SQL_C_NUMERIC: precision 0 in the spec means "not set by the application": the value's own
 * digits and scale, at most 38 digits. Otherwise exactly that scale, cut with CONV_FRACTION_LOST.
 * - Interval C types: precision is SQL_DESC_PRECISION (digits of the fraction field; 0 = 6), scale
 * is SQL_DESC_DATETIME_INTERVAL_PRECISION (digits of the leading field; 0 = as many as fit).
 * - SQL_C_BINARY: text types give their UTF-8 bytes, bytea its bytes, other types what their
 * default C type holds; a value whose reported SQL type is not a standard code gives its text. */
struct to_c {
    to_c_fn *fn; /* NULL = 07006 */
    const struct type_row *row;
    int32_t type_modifier;
    SQLSMALLINT sql_type; /* as reported */
    SQLSMALLINT c_type;   /* resolved, ODBC 3 code, never SQL_C_DEFAULT */
    SQLSMALLINT precision,
        scale; /* of the ARD record: SQL_C_NUMERIC, interval seconds and leading precision */
    const struct conv_env *env;
    bool fixed_size;      /* the C type has a fixed size: no pieces, buffer length ignored */
    size_t c_size;        /* that size in bytes; 0 for character and binary */
    to_c_block_fn *block; /* NULL: fn for each cell */
};

/* Chooses the converter for (type, C type); c_type may be SQL_C_DEFAULT or an ODBC 2 code. False =
 * 07006. */
bool to_c_choose(struct to_c *out, uint32_t oid, int32_t type_modifier,
                 SQLSMALLINT reported_sql_type, SQLSMALLINT c_type, SQLSMALLINT precision,
                 SQLSMALLINT scale, const struct conv_env *env);
/* Bytes one element of a bound column takes in a column-wise array: the fixed size, or the buffer
 * length. 0 = variable. */
size_t c_type_size(SQLSMALLINT c_type);

/* Parameters. The declared types of SQLBindParameter. */
struct from_c {
    SQLSMALLINT c_type;   /* may be SQL_C_DEFAULT or an ODBC 2 code */
    SQLSMALLINT sql_type; /* may be an ODBC 2 code */
    SQLULEN column_size;
    SQLSMALLINT decimal_digits;
    SQLSMALLINT precision, scale; /* of the APD record, SQL_C_NUMERIC */
};
/* Is the pair allowed at all? (07006 at bind time) */
bool from_c_allowed(SQLSMALLINT c_type, SQLSMALLINT sql_type);
/* Appends the PostgreSQL text of *app_value to out. len_bytes: the length for character and binary
 * types, or SQL_NTS; ignored for fixed-size types. app_value may be unaligned. On failure out is as
 * it was.
 *
 * Decisions where the reference leaves room or clients differ:
 * - Declared sizes (column_size, decimal_digits) never cut or refuse a value: many clients pass 0
 * or a guess; the server judges. CONV_STRING_TOO_LONG is character data with a fraction for an
 * integer type, or whole digits beyond it.
 * - CONV_FRACTION_LOST: a number with a fraction for an integer SQL type was cut toward zero; the
 * text was appended (01S07, a warning, appendix D "C to SQL: Numeric" note b).
 * - A timestamp's fraction holds nanoseconds; more than PostgreSQL's six digits that are not zero
 * are CONV_DATETIME_OVERFLOW (22008), never rounded silently.
 * - SQL_C_NUMERIC: scale and precision of the structure; those of the APD record when its precision
 * is 0.
 * - Character data for a datetime type is checked and passed on with its zone, BC, infinity and
 * PostgreSQL's words (now, today, ...). from_c_cast then gives timestamptz for text with a zone, so
 * that no offset is dropped.
 * - SQL_C_TYPE_TIME for a timestamp takes today's date of this machine, as the reference says. */
enum conv from_c_text(const struct from_c *p, const void *app_value, SQLLEN len_bytes,
                      const struct conv_env *env, struct buf *out);
/* For a value of PostgreSQL's type `row`, whatever it is reported as: an interval bound as
 * characters would become ODBC's literal, and what the server reads in that is often another
 * interval (5 days are "5", which is five seconds). It is sent as an interval. */
void from_c_settle(struct from_c *p, const struct type_row *row);
/* The cast to be written behind the marker ("::timestamp", "::int8", ...) so that the server infers
 * the right type, or NULL for none (odbc-features E.3). `text` is the converted value, NULL for SQL
 * NULL. Static text. */
const char *from_c_cast(const struct from_c *p, const struct cell *text);

#endif
