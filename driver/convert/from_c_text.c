/* Character and binary parameters: checked for encoding, and for the SQL type they claim to be.
 *
 * The text is appended first and looked at there, so UTF-16 needs no second buffer; from_c.c takes
 * it back on failure. */
#include <string.h>

#include "base/utf.h"
#include "convert/datetime.h"
#include "convert/from_c.h"
#include "convert/interval.h"
#include "convert/matrix.h"
#include "convert/numeric.h"

/* ---- getting the text ---- */

static size_t wide_strlen(const char *app_s)
{
    size_t n = 0;
    SQLWCHAR u;

    for (;;) {
        memcpy(&u, app_s + n * sizeof u, sizeof u);
        if (u == 0)
            return n;
        n++;
    }
}

/* Valid UTF-8 without U+0000, which PostgreSQL's text cannot hold. */
static bool text_is_clean(const char *s, size_t n)
{
    return memchr(s, '\0', n) == NULL && utf8_is_valid(s, n);
}

static enum conv append_narrow(struct from_job *j)
{
    const char *app_s = j->app_value;
    size_t n = j->len_bytes == SQL_NTS ? strlen(app_s) : (size_t)j->len_bytes;

    if (!text_is_clean(app_s, n))
        return CONV_BAD_ENCODING;
    return from_c_append(j, app_s, n);
}

/* Narrows a run of ASCII; returns the units done. */
static size_t narrow_ascii(const char *app_s, size_t units, char *dst)
{
    size_t i = 0;

    for (; i < units; i++) {
        SQLWCHAR u;
        memcpy(&u, app_s + i * sizeof u, sizeof u);
        if (u == 0 || u >= 0x80)
            break;
        dst[i] = (char)u;
    }
    return i;
}

static enum conv append_wide(struct from_job *j)
{
    const char *app_s = j->app_value;
    size_t units;
    size_t done;
    size_t written;
    char *dst;

    if (j->len_bytes != SQL_NTS && (size_t)j->len_bytes % sizeof(SQLWCHAR) != 0)
        return CONV_BAD_LENGTH;
    units = j->len_bytes == SQL_NTS ? wide_strlen(app_s) : (size_t)j->len_bytes / sizeof(SQLWCHAR);
    /* Worst case: three bytes from a UTF-16 unit, four from a UTF-32 one. */
    if (units > SIZE_MAX / 4 || !buf_reserve(j->out, units * (sizeof(SQLWCHAR) == 2 ? 3 : 4)))
        return CONV_OOM;
    dst = j->out->data + j->out->len;
    done = narrow_ascii(app_s, units, dst);
    if (sizeof(SQLWCHAR) == 2)
        written = utf16_to_utf8(app_s + done * sizeof(SQLWCHAR), units - done, dst + done);
    else
        written = utf32_to_utf8(app_s + done * sizeof(SQLWCHAR), units - done, dst + done);
    if (written == SIZE_MAX || memchr(dst + done, '\0', written) != NULL) {
        j->out->data[j->out->len] = '\0';
        return CONV_BAD_ENCODING;
    }
    j->out->len += done + written;
    j->out->data[j->out->len] = '\0';
    return CONV_OK;
}

/* Appends the source as UTF-8; *text is a view of what was appended. */
static enum conv append_source(struct from_job *j, struct strview *text)
{
    size_t mark = j->out->len;
    enum conv r;

    if (j->len_bytes < 0 && j->len_bytes != SQL_NTS)
        return CONV_BAD_LENGTH;
    r = j->c_type == SQL_C_WCHAR ? append_wide(j) : append_narrow(j);
    *text = sv_n(j->out->data + mark, j->out->len - mark);
    return r;
}

/* Puts other text in the place of the view just appended. */
static enum conv replace(struct from_job *j, struct strview old, const char *s, size_t n)
{
    j->out->len -= old.len;
    return from_c_append(j, s, n);
}

/* ---- targets ---- */

enum conv from_c_text_char(struct from_job *j)
{
    struct strview text;

    return append_source(j, &text);
}

enum conv from_c_text_number(struct from_job *j)
{
    char copy[NUMBER_TEXT_MAX];
    struct strview text;
    struct strview number;
    struct decimal d;
    enum conv r = append_source(j, &text);

    if (r != CONV_OK)
        return r;
    number = sv_trim(text);
    if (number.len <= sizeof copy) {
        memcpy(copy, number.ptr, number.len);
        j->out->len -= text.len;
        return from_c_append_number(j, copy, number.len, true);
    }
    /* Hundreds of digits fit nothing but a numeric, which takes any. */
    if (number_parse(number.ptr, number.len, &d) != NUMBER_FINITE)
        return CONV_BAD_TEXT;
    if (j->family == SF_INT)
        return CONV_STRING_TOO_LONG;
    if (j->family == SF_FLOAT) {
        double v;
        return decimal_to_double(&d, &v) ? CONV_OK : CONV_OUT_OF_RANGE;
    }
    return CONV_OK;
}

enum conv from_c_text_bit(struct from_job *j)
{
    static const struct {
        const char *word;
        char bit;
    } words[] = {{"t", '1'}, {"true", '1'}, {"f", '0'}, {"false", '0'}};
    struct strview text;
    struct strview word;
    enum conv r = append_source(j, &text);

    if (r != CONV_OK)
        return r;
    word = sv_trim(text);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (sv_ieq(word, sv(words[i].word)))
            return replace(j, text, &words[i].bit, 1);
    }
    j->out->len -= text.len;
    j->out->data[j->out->len] = '\0';
    return from_c_text_number(j);
}

static bool is_hex(char c)
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

/* Pairs of hexadecimal digits; an odd last one is not converted (appendix D, "C to SQL:
 * Character"). */
enum conv from_c_text_binary(struct from_job *j)
{
    struct strview text;
    enum conv r = from_c_append(j, "\\x", 2);

    if (r == CONV_OK)
        r = append_source(j, &text);
    if (r != CONV_OK)
        return r;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_hex(text.ptr[i]))
            return CONV_BAD_TEXT;
    }
    j->out->len -= text.len % 2;
    j->out->data[j->out->len] = '\0';
    return CONV_OK;
}

/* What PostgreSQL reads as a date or time, and ODBC does not. */
static bool is_server_word(struct strview word, enum sql_family family)
{
    static const struct {
        const char *word;
        bool date, time;
    } words[] = {
        {"infinity", true, false},  {"-infinity", true, false}, {"epoch", true, false},
        {"now", true, true},        {"today", true, false},     {"tomorrow", true, false},
        {"yesterday", true, false}, {"allballs", false, true},  {"24:00:00", false, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (sv_ieq(word, sv(words[i].word)))
            return family == SF_TIME ? words[i].time : words[i].date;
    }
    return false;
}

static void add_today(struct datetime *d)
{
    SQL_DATE_STRUCT today;

    datetime_today(&today);
    d->year = (uint32_t)today.year;
    d->month = today.month;
    d->day = today.day;
    d->has_date = true;
}

enum conv from_c_text_datetime(struct from_job *j)
{
    char iso[DATETIME_TEXT_MAX * 2];
    struct strview text;
    struct datetime d;
    enum conv r = append_source(j, &text);

    if (r != CONV_OK)
        return r;
    if (is_server_word(sv_trim(text), j->family))
        return CONV_OK;
    if (datetime_parse(text.ptr, text.len, &d) != DATETIME_OK || d.zone.len > DATETIME_TEXT_MAX)
        return CONV_BAD_TEXT;
    if (j->family == SF_TIME ? !d.has_time : (j->family == SF_DATE && !d.has_date))
        return CONV_BAD_TEXT;
    if (d.lost_nanos || d.nanos % 1000 != 0)
        return CONV_DATETIME_OVERFLOW;
    if (j->family == SF_DATE && (d.hour | d.minute | d.second | d.nanos) != 0)
        return CONV_DATETIME_OVERFLOW;
    if (j->family == SF_TIMESTAMP && !d.has_date)
        add_today(&d);
    if (j->family == SF_DATE) {
        d.has_time = false;
        d.zone = sv_n(NULL, 0);
    }
    if (j->family == SF_TIME) {
        d.has_date = false;
        d.bc = false;
    }
    return replace(j, text, iso, datetime_print_iso(&d, iso));
}

enum conv from_c_text_guid(struct from_job *j)
{
    char canonical[UUID_CHARS];
    struct strview text;
    struct strview uuid;
    SQLGUID g;
    enum conv r = append_source(j, &text);

    if (r != CONV_OK)
        return r;
    uuid = sv_trim(text);
    if (!uuid_parse(uuid.ptr, uuid.len, &g))
        return CONV_BAD_TEXT;
    uuid_print(&g, canonical);
    return replace(j, text, canonical, sizeof canonical);
}

enum conv from_c_text_interval(struct from_job *j)
{
    char iso[INTERVAL_TEXT_MAX];
    char literal[INTERVAL_TEXT_MAX];
    struct strview text;
    struct interval v;
    size_t len;
    size_t whole;
    enum conv r = append_source(j, &text);

    if (r != CONV_OK)
        return r;
    switch (interval_parse(text.ptr, text.len, j->sql_type, &v)) {
    case INTERVAL_OK:
        break;
    case INTERVAL_TOO_LARGE:
        return CONV_INTERVAL_OVERFLOW;
    default:
        return CONV_BAD_TEXT;
    }
    /* Fields the declared type has not would be cut. */
    if (!interval_print_literal(&v, j->sql_type, literal, &len, &whole))
        return CONV_INTERVAL_OVERFLOW;
    return replace(j, text, iso, interval_print_iso(&v, iso));
}

/* ---- SQL_C_BINARY ---- */

/* For a character type the bytes are the characters (appendix D, "C to SQL: Binary"). */
enum conv from_c_bytes_char(struct from_job *j)
{
    if (j->len_bytes < 0)
        return CONV_BAD_LENGTH;
    return append_narrow(j);
}

enum conv from_c_bytes_binary(struct from_job *j)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *app_bytes = j->app_value;
    size_t n = (size_t)j->len_bytes;
    char *dst;

    if (j->len_bytes < 0)
        return CONV_BAD_LENGTH;
    if (n > SIZE_MAX / 2 - 2 || !buf_reserve(j->out, n * 2 + 2))
        return CONV_OOM;
    dst = j->out->data + j->out->len;
    *dst++ = '\\';
    *dst++ = 'x';
    for (size_t i = 0; i < n; i++) {
        *dst++ = hex[app_bytes[i] >> 4];
        *dst++ = hex[app_bytes[i] & 15];
    }
    *dst = '\0';
    j->out->len += n * 2 + 2;
    return CONV_OK;
}
