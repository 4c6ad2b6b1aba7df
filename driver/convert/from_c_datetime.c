/* Date, time and timestamp structures as parameters. States are those of appendix D: an invalid
 * structure is 22007 for a datetime type and 22008 for a character type; a part that would be lost
 * is 22008. */
#include <string.h>

#include "convert/datetime.h"
#include "convert/from_c.h"

static enum conv invalid(const struct from_job *j)
{
    return j->family == SF_CHAR ? CONV_DATETIME_OVERFLOW : CONV_BAD_DATETIME;
}

static bool time_is_valid(uint32_t hour, uint32_t minute, uint32_t second)
{
    return hour < 24 && minute < 60 && second < 60;
}

static bool date_is_valid(SQLSMALLINT year, uint32_t month, uint32_t day)
{
    return year > 0 && datetime_date_is_valid(year, month, day);
}

enum conv from_c_date(struct from_job *j)
{
    char text[DATETIME_TEXT_MAX];
    SQL_DATE_STRUCT v;
    size_t n;

    memcpy(&v, j->app_value, sizeof v);
    if (!date_is_valid(v.year, v.month, v.day))
        return invalid(j);
    n = datetime_print_date(v.year, v.month, v.day, text);
    if (j->family == SF_TIMESTAMP) {
        memcpy(text + n, " 00:00:00", 9);
        n += 9;
    }
    return from_c_append(j, text, n);
}

enum conv from_c_time(struct from_job *j)
{
    char text[DATETIME_TEXT_MAX];
    SQL_DATE_STRUCT today;
    SQL_TIME_STRUCT v;
    size_t n = 0;

    memcpy(&v, j->app_value, sizeof v);
    if (!time_is_valid(v.hour, v.minute, v.second))
        return invalid(j);
    if (j->family == SF_TIMESTAMP) {
        datetime_today(&today);
        n = datetime_print_date(today.year, today.month, today.day, text);
        text[n++] = ' ';
    }
    n += datetime_print_time(v.hour, v.minute, v.second, 0, text + n);
    return from_c_append(j, text, n);
}

enum conv from_c_timestamp(struct from_job *j)
{
    char text[DATETIME_TEXT_MAX];
    SQL_TIMESTAMP_STRUCT v;
    size_t n = 0;

    memcpy(&v, j->app_value, sizeof v);
    if (j->family != SF_TIME && !date_is_valid(v.year, v.month, v.day))
        return invalid(j);
    if ((j->family != SF_DATE && !time_is_valid(v.hour, v.minute, v.second)) ||
        v.fraction > 999999999)
        return invalid(j);
    if (j->family == SF_DATE && (v.hour != 0 || v.minute != 0 || v.second != 0 || v.fraction != 0))
        return CONV_DATETIME_OVERFLOW;
    /* PostgreSQL would round to microseconds without a word. A time keeps its fraction:
     * PostgreSQL's time has one. */
    if (j->family != SF_CHAR && v.fraction % 1000 != 0)
        return CONV_DATETIME_OVERFLOW;
    if (j->family != SF_TIME) {
        n = datetime_print_date(v.year, v.month, v.day, text);
        if (j->family != SF_DATE)
            text[n++] = ' ';
    }
    if (j->family != SF_DATE)
        n += datetime_print_time(v.hour, v.minute, v.second, v.fraction, text + n);
    return from_c_append(j, text, n);
}
