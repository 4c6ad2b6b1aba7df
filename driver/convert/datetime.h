/* Dates and times as text: PostgreSQL's four DateStyles and ODBC's literals, refusing what can be
 * read two ways. */
#ifndef NEON_CONVERT_DATETIME_H
#define NEON_CONVERT_DATETIME_H

#include "base/str.h"
#include "convert/convert.h"

enum datetime_kind { DATETIME_FINITE, DATETIME_INFINITY, DATETIME_MINUS_INFINITY };

struct datetime {
    enum datetime_kind kind;
    bool has_date, has_time;
    bool bc;
    uint32_t year; /* as written: 44 BC is year 44 with bc */
    uint32_t month, day, hour, minute, second;
    uint32_t nanos;
    bool lost_nanos;     /* the text had more than nine digits of fraction, not all 0 */
    struct strview zone; /* "+02", "UTC", ...: a view into the text; ptr NULL when absent */
    bool is_iso;         /* the text is yyyy-mm-dd[ hh:mm:ss...] or a time already */
};

enum datetime_result {
    DATETIME_OK,
    DATETIME_BAD,  /* not a date or time, or one that can be read two ways (01/02/2024) */
    DATETIME_FIELD /* looks like one, but a field is out of its range: 2024-02-30, 25:00:00,
                      24:00:00 */
};

/* Whole text but for blanks around it; also {d '...'}, {t '...'}, {ts '...'}. */
enum datetime_result datetime_parse(const char *s, size_t n, struct datetime *out);

bool datetime_date_is_valid(int year, uint32_t month, uint32_t day);
/* Today on this machine, for the rules of appendix D that want the current date. */
void datetime_today(SQL_DATE_STRUCT *out);

#define DATETIME_TEXT_MAX 64
/* Printers; return the length, no terminator. Fractions without trailing zeros. year: 0 and less =
 * BC. */
size_t datetime_print_date(int year, uint32_t month, uint32_t day, char *out);
size_t datetime_print_time(uint32_t hour, uint32_t minute, uint32_t second, uint32_t nanos,
                           char *out);
/* ISO text of a parsed value with its zone and BC; out has room for DATETIME_TEXT_MAX + zone.len.
 */
size_t datetime_print_iso(const struct datetime *d, char *out);

#endif
