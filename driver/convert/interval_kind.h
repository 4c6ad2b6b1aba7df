/* Inside convert/ only: the thirteen kinds of ODBC intervals and adding up fields, shared by the
 * reader (interval_parse.c) and the rest (interval.c). */
#ifndef NEON_CONVERT_INTERVAL_KIND_H
#define NEON_CONVERT_INTERVAL_KIND_H

#include "convert/interval.h"

#define USECS_PER_SECOND INT64_C(1000000)
#define USECS_PER_MINUTE (60 * USECS_PER_SECOND)
#define USECS_PER_HOUR (60 * USECS_PER_MINUTE)
#define USECS_PER_DAY (24 * USECS_PER_HOUR)

enum field { F_YEAR, F_MONTH, F_DAY, F_HOUR, F_MINUTE, F_SECOND, F_COUNT };

struct interval_kind {
    SQLSMALLINT code; /* SQL_INTERVAL_*, which is also the C type */
    SQLINTERVAL c_kind;
    enum field first, last;
};

/* The row of a code, or NULL. */
const struct interval_kind *interval_kind_find(SQLSMALLINT code);
/* The kind that has that one field. */
const struct interval_kind *interval_kind_single(enum field f);

/* Adds a count of a field and millionths of a second, both negated when `negative`. Fractions of
 * other fields than seconds are INTERVAL_BAD. */
enum interval_result interval_add_field(struct interval *v, enum field f, bool negative,
                                        int64_t count, int64_t micros);
/* *sum += count * unit, or false. */
bool interval_add_scaled(int64_t *sum, int64_t count, int64_t unit);

#endif
