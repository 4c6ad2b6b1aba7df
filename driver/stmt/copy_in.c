/* The data of COPY ... FROM STDIN goes out as the application hands it over, in pieces of any size:
 * nothing of it is kept. Wide text becomes UTF-8 on the way; other bytes are the server's to read.
 * Called by execute.c, params.c and stmt.c. */
#include "stmt/copy_in.h"

#include "base/utf.h"
#include "stmt/execute.h"
#include "stmt/params.h"
#include "stmt/session.h"

#define WIDE_PIECE_UNITS 8192

static bool is_fit(SQLSMALLINT c_type)
{
    return c_type == SQL_C_CHAR || c_type == SQL_C_WCHAR || c_type == SQL_C_BINARY;
}

/* ---- sending ---- */

static SQLRETURN put(struct stmt *s, const void *bytes, size_t len)
{
    struct err e = ERR_INIT;

    if (session_copy_put(s->stream.exchange, bytes, len, &e))
        return SQL_SUCCESS;
    s->copy_in.active = false;
    return execute_failed(s, &e);
}

/* The server is told to undo it. */
static SQLRETURN refuse_text(struct stmt *s)
{
    stmt_close(s);
    return diag_post(&s->handle, ST_22021, 0,
                     "The data of COPY is no valid UTF-16 or UTF-32: nothing was copied.");
}

static bool is_first_half(const char *last_unit)
{
    SQLWCHAR u;

    memcpy(&u, last_unit, sizeof u);
    return sizeof u == 2 && u >= 0xD800 && u < 0xDC00;
}

/* One slice behind what was carried over; the beginning of a character at its end is carried on. */
static SQLRETURN put_slice(struct stmt *s, const char *app, size_t n)
{
    struct copy_in *c = &s->copy_in;
    char wide[sizeof c->carry + WIDE_PIECE_UNITS * sizeof(SQLWCHAR)];
    char text[(sizeof wide / sizeof(SQLWCHAR)) * (sizeof(SQLWCHAR) == 2 ? 3 : 4)];
    size_t len = c->n_carry + n;
    size_t whole, written;

    memcpy(wide, c->carry, c->n_carry);
    memcpy(wide + c->n_carry, app, n);
    whole = len - len % sizeof(SQLWCHAR);
    if (whole > 0 && is_first_half(wide + whole - sizeof(SQLWCHAR)))
        whole -= sizeof(SQLWCHAR);
    c->n_carry = len - whole;
    memcpy(c->carry, wide + whole, c->n_carry);
    written = sizeof(SQLWCHAR) == 2 ? utf16_to_utf8(wide, whole / sizeof(SQLWCHAR), text)
                                    : utf32_to_utf8(wide, whole / sizeof(SQLWCHAR), text);
    return written == SIZE_MAX ? refuse_text(s) : put(s, text, written);
}

static SQLRETURN put_wide(struct stmt *s, const char *app, size_t n)
{
    const size_t most = WIDE_PIECE_UNITS * sizeof(SQLWCHAR);
    SQLRETURN rc = SQL_SUCCESS;

    for (; n > 0 && rc == SQL_SUCCESS; n -= n < most ? n : most, app += most)
        rc = put_slice(s, app, n < most ? n : most);
    return rc;
}

static SQLRETURN put_value(struct stmt *s, SQLSMALLINT c_type, const void *app, SQLLEN len)
{
    size_t n =
        (size_t)(len == SQL_NTS && c_type != SQL_C_BINARY ? params_nts_bytes(c_type, app) : len);

    return c_type == SQL_C_WCHAR ? put_wide(s, app, n) : put(s, app, n);
}

/* ---- what the application says ---- */

static SQLRETURN check_length(struct stmt *s, SQLSMALLINT c_type, const void *app, SQLLEN len)
{
    if (len == SQL_NULL_DATA)
        return diag_post(&s->handle, ST_HY020, 0,
                         "The data of COPY cannot be NULL. Without rows it is an empty text.");
    if (len < 0 && !(len == SQL_NTS && c_type != SQL_C_BINARY))
        return diag_post(&s->handle, ST_HY090, 0, "The length %lld is not valid.", (long long)len);
    if (app == NULL && len != 0)
        return diag_post(&s->handle, ST_HY009, 0, "The data pointer is null.");
    return SQL_SUCCESS;
}

static SQLRETURN find_data(struct stmt *s, struct param_source *p)
{
    const struct desc_rec *apd = desc_record(s->apd, 1);
    SQLRETURN rc;

    if (apd == NULL || !apd->bound)
        return diag_post(
            &s->handle, ST_07002, 0,
            "COPY ... FROM STDIN needs its data: bind it as parameter 1 "
            "(SQLBindParameter), whole or as SQL_DATA_AT_EXEC, SQL_C_CHAR, SQL_C_WCHAR "
            "or SQL_C_BINARY.");
    rc = params_source(s, 0, 0, p);
    if (rc != SQL_SUCCESS)
        return rc;
    if (!is_fit(params_c_type(&p->type)) || p->io_type != SQL_PARAM_INPUT)
        return diag_post(&s->handle, ST_07006, 0,
                         "The data of COPY is bound as SQL_C_CHAR (UTF-8), SQL_C_WCHAR or "
                         "SQL_C_BINARY, as input.");
    return params_is_at_exec(p->len)
               ? SQL_SUCCESS
               : check_length(s, params_c_type(&p->type), p->app_value, p->len);
}

static SQLRETURN begin(struct stmt *s)
{
    struct buf text = BUF_INIT(0);
    SQLRETURN rc = script_render(&s->script.stmts[0], NULL, &text)
                       ? session_copy_begin(s, buf_sv(&text))
                       : diag_post(&s->handle, ST_HY001, 0, "Out of memory.");

    buf_release(&text);
    return rc;
}

SQLRETURN copy_in_execute(struct stmt *s)
{
    struct param_source p;
    SQLRETURN first, rc = s->dbc->tx.failed ? execute_refuse_failed(s) : find_data(s, &p);

    if (rc != SQL_SUCCESS)
        return rc;
    first = begin(s);
    if (!SQL_SUCCEEDED(first))
        return first;
    if (params_is_at_exec(p.len))
        return SQL_NEED_DATA;
    rc = put_value(s, params_c_type(&p.type), p.app_value, p.len);
    if (rc == SQL_SUCCESS)
        rc = copy_in_end(s);
    return rc == SQL_SUCCESS ? first : rc;
}

SQLRETURN copy_in_put_data(struct stmt *s, SQLSMALLINT c_type, const void *app_data,
                           SQLLEN len_or_ind)
{
    SQLRETURN rc = check_length(s, c_type, app_data, len_or_ind);

    if (rc != SQL_SUCCESS)
        return rc;
    s->need_data.params[s->need_data.current].started = true;
    rc = put_value(s, c_type, app_data, len_or_ind);
    if (rc == SQL_SUCCESS)
        return rc;
    if (s->need_data.direct)
        s->prepared = false;
    need_data_release(&s->need_data);
    return rc;
}

SQLRETURN copy_in_end(struct stmt *s)
{
    return s->copy_in.n_carry > 0 ? refuse_text(s) : session_copy_finish(s);
}

void copy_in_forget(struct stmt *s)
{
    if (s->copy_in.active)
        session_note_state(s->dbc);
    s->copy_in = (struct copy_in){.began = s->copy_in.began};
}
