/* Intervals as text: PostgreSQL's four IntervalStyles and ODBC's interval literals. */
#ifndef NEON_CONVERT_INTERVAL_H
#define NEON_CONVERT_INTERVAL_H

#include "convert/convert.h"

/* As PostgreSQL holds it: three parts that do not convert into each other. */
struct interval {
    int64_t months, days, usecs;
};

/* The thirteen kinds of ODBC, with commas between: X(kind, first field, last field). */
#define INTERVAL_KINDS(X)                                                                          \
    X(YEAR, YEAR, YEAR), X(MONTH, MONTH, MONTH), X(DAY, DAY, DAY), X(HOUR, HOUR, HOUR),            \
        X(MINUTE, MINUTE, MINUTE), X(SECOND, SECOND, SECOND), X(YEAR_TO_MONTH, YEAR, MONTH),       \
        X(DAY_TO_HOUR, DAY, HOUR), X(DAY_TO_MINUTE, DAY, MINUTE), X(DAY_TO_SECOND, DAY, SECOND),   \
        X(HOUR_TO_MINUTE, HOUR, MINUTE), X(HOUR_TO_SECOND, HOUR, SECOND),                          \
        X(MINUTE_TO_SECOND, MINUTE, SECOND)

enum interval_result { INTERVAL_OK, INTERVAL_BAD, INTERVAL_TOO_LARGE };

/* Whole text but for blanks around it. kind: the SQL_INTERVAL_* code that gives numbers without a
 * unit their meaning
 * ("5" is five days for SQL_INTERVAL_DAY; "04:05" minutes and seconds for MINUTE_TO_SECOND); 0: as
 * PostgreSQL reads them. Also INTERVAL '...' and {interval '...' unit}. infinity is
 * INTERVAL_TOO_LARGE. */
enum interval_result interval_parse(const char *s, size_t n, SQLSMALLINT kind,
                                    struct interval *out);

/* Is the code one of the thirteen? Year-month kinds: YEAR, MONTH, YEAR_TO_MONTH. Single: one field.
 */
bool interval_is_kind(SQLSMALLINT kind);
bool interval_is_year_month(SQLSMALLINT kind);
bool interval_is_single(SQLSMALLINT kind);

/* The C structure of that kind. leading: most digits of the leading field (0: any); fraction:
 * digits of the fraction field. CONV_OK, CONV_FRACTION_LOST (trailing fields cut),
 * CONV_INTERVAL_OVERFLOW. */
enum conv interval_to_struct(const struct interval *v, SQLSMALLINT kind, int leading, int fraction,
                             SQL_INTERVAL_STRUCT *out);
/* Back. CONV_OK or CONV_INTERVAL_OVERFLOW; fraction digits beyond microseconds that are not 0 are
 * an overflow too. */
enum conv interval_from_struct(const SQL_INTERVAL_STRUCT *s, SQLSMALLINT kind, int fraction,
                               struct interval *out);

/* The value of a single-field kind as a count of its unit, in 10^-6: 1.5 seconds = 1500000. Same
 * outcomes. */
enum conv interval_to_count(const struct interval *v, SQLSMALLINT kind, int64_t *millionths);
/* And back. */
bool interval_from_count(SQLSMALLINT kind, int64_t millionths, struct interval *out);

#define INTERVAL_TEXT_MAX 160
/* ISO 8601, which PostgreSQL reads alike under every IntervalStyle. Length; no terminator. */
size_t interval_print_iso(const struct interval *v, char *out);
/* The literal of the kind without quotes: 3 04:05:06.5. False when the value has parts the kind has
 * not. *whole: length without the fraction. */
bool interval_print_literal(const struct interval *v, SQLSMALLINT kind, char *out, size_t *len,
                            size_t *whole);

#endif
