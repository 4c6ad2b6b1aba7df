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

/* Both parts of an offset have its sign; PostgreSQL takes offsets below 16 hours. */
static bool offset_is_valid(const struct timestamp_offset *v)
{
    return v->offset_hour > -16 && v->offset_hour < 16 && v->offset_minute > -60 &&
           v->offset_minute < 60 && v->offset_hour * v->offset_minute >= 0;
}

static size_t print_offset(const struct timestamp_offset *v, char *out)
{
    bool negative = v->offset_hour < 0 || v->offset_minute < 0;
    unsigned hour = (unsigned)(negative ? -v->offset_hour : v->offset_hour);
    unsigned minute = (unsigned)(negative ? -v->offset_minute : v->offset_minute);

    out[0] = negative ? '-' : '+';
    out[1] = (char)('0' + hour / 10);
    out[2] = (char)('0' + hour % 10);
    out[3] = ':';
    out[4] = (char)('0' + minute / 10);
    out[5] = (char)('0' + minute % 10);
    return 6;
}

enum conv from_c_offset(struct from_job *j)
{
    char text[DATETIME_TEXT_MAX * 2];
    struct timestamp_offset v;
    size_t n;

    memcpy(&v, j->app_value, sizeof v);
    if (!date_is_valid(v.year, v.month, v.day) || !time_is_valid(v.hour, v.minute, v.second) ||
        v.fraction > 999999999 || !offset_is_valid(&v))
        return invalid(j);
    if (j->family != SF_CHAR && v.fraction % 1000 != 0)
        return CONV_DATETIME_OVERFLOW;
    n = datetime_print_date(v.year, v.month, v.day, text);
    text[n++] = ' ';
    n += datetime_print_time(v.hour, v.minute, v.second, v.fraction, text + n);
    n += print_offset(&v, text + n);
    return from_c_append(j, text, n);
}
