/* The one place that sees application text. Called by the entry points only. */
#include "api/text_arg.h"

#include "base/utf.h"

static SQLWCHAR wide_at(const void *p, size_t i)
{
    SQLWCHAR c;

    memcpy(&c, (const char *)p + i * sizeof c, sizeof c);
    return c;
}

static size_t nts_length(const struct text_in *in)
{
    size_t n = 0;

    if (!in->wide)
        return strlen(in->app);
    while (wide_at(in->app, n) != 0)
        n++;
    return n;
}

static bool read_wide(const struct text_in *in, size_t n, struct buf *out, bool *bad)
{
    size_t room = sizeof(SQLWCHAR) == 2 ? utf8_max_of_utf16(n) : n * 4;
    size_t len;

    *bad = false;
    if (!buf_reserve(out, room))
        return false;
    len = sizeof(SQLWCHAR) == 2 ? utf16_to_utf8(in->app, n, out->data)
                                : utf32_to_utf8(in->app, n, out->data);
    *bad = len == SIZE_MAX;
    out->len = *bad ? 0 : len;
    out->data[out->len] = '\0';
    return true;
}

SQLRETURN text_in_read(struct handle *post_on, struct text_in in, struct text *out)
{
    size_t n;
    bool bad = false;
    bool ok;

    *out = TEXT_INIT;
    if (in.app == NULL)
        return SQL_SUCCESS;
    if (in.len < 0 && in.len != SQL_NTS)
        return diag_post(post_on, ST_HY090, 0,
                         "The length %lld of a text argument is neither SQL_NTS nor at least 0.",
                         (long long)in.len);
    if (in.in_bytes && in.len >= 0) {
        if (in.len % (SQLLEN)sizeof(SQLWCHAR) != 0)
            return diag_post(
                post_on, ST_HY090, 0,
                "The length %lld of a text argument is in bytes and must be a multiple "
                "of the character size %zu.",
                (long long)in.len, sizeof(SQLWCHAR));
        in.len /= (SQLLEN)sizeof(SQLWCHAR);
    }
    n = in.len == SQL_NTS ? nts_length(&in) : (size_t)in.len;
    out->is_null = false;
    ok = in.wide ? read_wide(&in, n, &out->utf8, &bad) : buf_append(&out->utf8, in.app, n);
    if (!ok)
        return diag_post(post_on, ST_HY001, 0, "Out of memory.");
    if (bad)
        return diag_post(post_on, ST_22021, 0,
                         "A text argument is not valid UTF-16: it holds half of a surrogate pair.");
    return SQL_SUCCESS;
}

void text_release(struct text *t)
{
    buf_release_secret(&t->utf8);
    t->is_null = true;
}

struct strview text_sv(const struct text *t)
{
    return t->is_null ? (struct strview){NULL, 0} : buf_sv(&t->utf8);
}

static void put_len(const struct text_out *o, size_t len)
{
    if (o->app_len == NULL)
        return;
    if (o->len_is_integer) {
        SQLINTEGER v = (SQLINTEGER)len;
        memcpy(o->app_len, &v, sizeof v);
    } else {
        SQLSMALLINT v = (SQLSMALLINT)(len > 32767 ? 32767 : len);
        memcpy(o->app_len, &v, sizeof v);
    }
}

static bool put_narrow(const struct text_out *o, struct strview s)
{
    size_t room;
    size_t n;

    if (o->app_buf == NULL)
        return true;
    if (o->cap == 0)
        return false;
    room = (size_t)o->cap - 1;
    n = s.len <= room ? s.len : utf8_floor(s.ptr, room);
    if (n > 0)
        memcpy(o->app_buf, s.ptr, n);
    ((char *)o->app_buf)[n] = '\0';
    return n == s.len;
}

static size_t wide_length(struct strview s)
{
    return sizeof(SQLWCHAR) == 2 ? utf16_units_of_utf8(s.ptr, s.len) : utf8_chars(s.ptr, s.len);
}

static bool put_wide(const struct text_out *o, struct strview s)
{
    size_t cap = (size_t)o->cap / (o->unit == UNIT_W_BYTES ? sizeof(SQLWCHAR) : 1);
    size_t used = 0;
    size_t units;
    SQLWCHAR zero = 0;

    if (o->app_buf == NULL)
        return true;
    if (cap == 0)
        return false;
    units = sizeof(SQLWCHAR) == 2 ? utf8_to_utf16(s.ptr, s.len, o->app_buf, cap - 1, &used)
                                  : utf8_to_utf32(s.ptr, s.len, o->app_buf, cap - 1, &used);
    memcpy((char *)o->app_buf + units * sizeof zero, &zero, sizeof zero);
    return used == s.len;
}

SQLRETURN text_out_put(struct handle *post_on, const struct text_out *o, struct strview utf8)
{
    size_t len = o->unit == UNIT_A ? utf8.len : wide_length(utf8);
    bool whole;

    if (o->app_buf != NULL && o->cap < 0)
        return post_on ? diag_post(post_on, ST_HY090, 0, "The buffer length %lld is negative.",
                                   (long long)o->cap)
                       : SQL_ERROR;
    if (o->app_buf != NULL && o->unit == UNIT_W_BYTES && o->cap % (SQLLEN)sizeof(SQLWCHAR) != 0)
        return post_on
                   ? diag_post(post_on, ST_HY090, 0,
                               "The buffer length %lld is in bytes and must be a multiple of the "
                               "character size %zu.",
                               (long long)o->cap, sizeof(SQLWCHAR))
                   : SQL_ERROR;
    whole = o->unit == UNIT_A ? put_narrow(o, utf8) : put_wide(o, utf8);
    put_len(o, o->unit == UNIT_W_BYTES ? len * sizeof(SQLWCHAR) : len);
    if (whole)
        return SQL_SUCCESS;
    if (post_on != NULL)
        return diag_post(post_on, ST_01004, 0, "The text is longer than the buffer and was cut.");
    return SQL_SUCCESS_WITH_INFO;
}
