/* neon-odbc query: one statement through the driver manager, its rows as a table, CSV or JSON. The
 * same way that every application goes, so that what works here works there. */
#include "tool/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

#include "base/utf.h"
#include "sql/split.h"

#define PIECE_BYTES 8192
#define TABLE_ROWS 1000 /* the table's columns are as wide as the first so many rows need */

struct column {
    char name[256];
    SQLSMALLINT sql_type;
    size_t width_chars;
};

struct result {
    SQLHSTMT stmt;
    struct column *columns;
    SQLSMALLINT n;
    struct buf value; /* of the column last read */
    bool is_null;
};

static int diagnose(const struct tool_args *a, SQLSMALLINT type, SQLHANDLE h)
{
    SQLCHAR state[6], text[4096];
    SQLINTEGER native;
    SQLSMALLINT len;

    for (SQLSMALLINT i = 1;
         SQL_SUCCEEDED(SQLGetDiagRec(type, h, i, state, &native, text, sizeof text, &len)); i++)
        tool_fail(a, "%s: %s", (char *)state, (char *)text);
    return 1;
}

/* Warnings, and the server's notices: on stderr, so that what is on stdout stays data. */
static void warn(const struct tool_args *a, SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h)
{
    if (rc == SQL_SUCCESS_WITH_INFO)
        diagnose(a, type, h);
}

static bool is_number(SQLSMALLINT sql_type)
{
    static const SQLSMALLINT numbers[] = {SQL_SMALLINT, SQL_INTEGER, SQL_BIGINT,
                                          SQL_TINYINT,  SQL_REAL,    SQL_DOUBLE,
                                          SQL_NUMERIC,  SQL_DECIMAL, SQL_FLOAT};

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (numbers[i] == sql_type)
            return true;
    return false;
}

static bool describe(struct result *r)
{
    SQLNumResultCols(r->stmt, &r->n);
    r->columns = mem_calloc((size_t)r->n + 1, sizeof *r->columns);
    for (SQLSMALLINT i = 0; r->columns != NULL && i < r->n; i++) {
        struct column *c = &r->columns[i];
        SQLDescribeCol(r->stmt, (SQLUSMALLINT)(i + 1), (SQLCHAR *)c->name, sizeof c->name, NULL,
                       &c->sql_type, NULL, NULL, NULL);
        c->width_chars = utf8_chars(c->name, strlen(c->name));
    }
    return r->columns != NULL;
}

/* The whole value, in pieces. */
static bool read_value(struct result *r, SQLSMALLINT column)
{
    char piece[PIECE_BYTES];
    SQLLEN ind = 0;
    SQLRETURN rc;

    buf_reset(&r->value);
    r->is_null = false;
    while ((rc = SQLGetData(r->stmt, (SQLUSMALLINT)column, SQL_C_CHAR, piece, sizeof piece,
                            &ind)) != SQL_NO_DATA) {
        if (!SQL_SUCCEEDED(rc))
            return false;
        if (ind == SQL_NULL_DATA) {
            r->is_null = true;
            return true;
        }
        if (!buf_append_str(&r->value, piece))
            return false;
        if (rc == SQL_SUCCESS)
            break;
    }
    return true;
}

/* ---- the three forms ---- */

static void csv_text(const char *text, size_t len)
{
    bool quoted = len == 0 || strpbrk(text, ",\"\r\n") != NULL;

    if (quoted)
        putchar('"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            putchar('"');
        putchar(text[i]);
    }
    if (quoted)
        putchar('"');
}

static bool print_csv(struct result *r)
{
    SQLRETURN rc;

    for (SQLSMALLINT i = 0; i < r->n; i++) {
        if (i > 0)
            putchar(',');
        csv_text(r->columns[i].name, strlen(r->columns[i].name));
    }
    putchar('\n');
    while (SQL_SUCCEEDED(rc = SQLFetch(r->stmt))) {
        for (SQLSMALLINT i = 0; i < r->n; i++) {
            if (!read_value(r, (SQLSMALLINT)(i + 1)))
                return false;
            if (i > 0)
                putchar(',');
            if (!r->is_null)
                csv_text(buf_str(&r->value), r->value.len);
        }
        putchar('\n');
    }
    return rc == SQL_NO_DATA;
}

/* NaN and Infinity are no JSON numbers. */
static bool is_json_number(const struct result *r, SQLSMALLINT i)
{
    return is_number(r->columns[i].sql_type) && r->value.len > 0 &&
           strpbrk(buf_str(&r->value), "NnIi") == NULL;
}

static void json_value(const struct result *r, SQLSMALLINT i)
{
    if (r->is_null)
        fputs("null", stdout);
    else if (r->columns[i].sql_type == SQL_BIT)
        fputs(buf_str(&r->value)[0] == '1' ? "true" : "false", stdout);
    else if (is_json_number(r, i))
        fputs(buf_str(&r->value), stdout);
    else
        tool_json_text(buf_str(&r->value), r->value.len);
}

/* One array of objects; empty for a statement without rows. */
static bool print_json(struct result *r)
{
    bool first = true;
    SQLRETURN rc;

    putchar('[');
    if (r->n == 0) {
        putchar(']');
        return true;
    }
    for (; SQL_SUCCEEDED(rc = SQLFetch(r->stmt)); first = false) {
        fputs(first ? "\n {" : ",\n {", stdout);
        for (SQLSMALLINT i = 0; i < r->n; i++) {
            if (!read_value(r, (SQLSMALLINT)(i + 1)))
                return false;
            if (i > 0)
                fputs(", ", stdout);
            tool_json_text(r->columns[i].name, strlen(r->columns[i].name));
            fputs(": ", stdout);
            json_value(r, i);
        }
        putchar('}');
    }
    if (rc != SQL_NO_DATA)
        return false;
    fputs(first ? "]" : "\n]", stdout);
    return true;
}

struct table {
    char **cells; /* owned, NULL = NULL */
    size_t n_rows, cap_rows;
};

static void table_release(struct table *t, SQLSMALLINT n)
{
    for (size_t i = 0; i < t->n_rows * (size_t)n; i++)
        mem_free(t->cells[i]);
    mem_free(t->cells);
}

/* Control characters would break the lines of the table, or command the terminal. */
static char *one_line(const struct buf *value)
{
    char *text = mem_strndup(buf_str(value), value->len);
    char *to = text;

    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        bool c1 = (unsigned char)*c == 0xC2 && (unsigned char)c[1] >= 0x80 &&
                  (unsigned char)c[1] < 0xA0; /* U+0080 to U+009F */
        *to++ = (unsigned char)*c < ' ' || *c == 0x7F || c1 ? ' ' : *c;
        c += c1;
    }
    if (text != NULL)
        *to = '\0';
    return text;
}

static bool table_row(struct result *r, struct table *t)
{
    size_t n = (size_t)r->n;
    char **grown;

    if (t->n_rows == t->cap_rows) {
        grown = mem_realloc_array(t->cells, (t->cap_rows + 64) * n, sizeof *grown);
        if (grown == NULL)
            return false;
        t->cells = grown;
        t->cap_rows += 64;
    }
    memset(t->cells + t->n_rows * n, 0, n * sizeof *t->cells);
    t->n_rows++;
    for (SQLSMALLINT i = 0; i < r->n; i++) {
        char **cell = &t->cells[(t->n_rows - 1) * n + (size_t)i];
        size_t width;
        if (!read_value(r, (SQLSMALLINT)(i + 1)) ||
            (!r->is_null && (*cell = one_line(&r->value)) == NULL))
            return false;
        width = r->is_null ? 4 : utf8_chars(*cell, strlen(*cell));
        if (width > r->columns[i].width_chars)
            r->columns[i].width_chars = width;
    }
    return true;
}

static void pad(const char *text, size_t width_chars, bool right, bool last)
{
    size_t chars = utf8_chars(text, strlen(text));
    int spaces = chars < width_chars ? (int)(width_chars - chars) : 0;

    if (right)
        printf("%*s%s", spaces, "", text);
    else
        printf("%s%*s", text, last ? 0 : spaces, "");
}

static void table_print(const struct result *r, const struct table *t, bool heading)
{
    for (SQLSMALLINT i = 0; heading && i < r->n; i++) {
        fputs(i > 0 ? "  " : "", stdout);
        pad(r->columns[i].name, r->columns[i].width_chars, is_number(r->columns[i].sql_type),
            i == r->n - 1);
    }
    for (SQLSMALLINT i = 0; heading && i < r->n; i++) {
        fputs(i > 0 ? "  " : "\n", stdout);
        for (size_t k = 0; k < r->columns[i].width_chars; k++)
            putchar('-');
    }
    if (heading)
        putchar('\n');
    for (size_t row = 0; row < t->n_rows; row++) {
        for (SQLSMALLINT i = 0; i < r->n; i++) {
            const char *cell = t->cells[row * (size_t)r->n + (size_t)i];
            fputs(i > 0 ? "  " : "", stdout);
            pad(cell != NULL ? cell : "NULL", r->columns[i].width_chars,
                is_number(r->columns[i].sql_type), i == r->n - 1);
        }
        putchar('\n');
    }
}

static bool print_table(struct result *r)
{
    struct table t = {NULL, 0, 0};
    bool ok = true, heading = true;
    size_t total = 0;
    SQLRETURN rc;

    do {
        rc = SQLFetch(r->stmt);
        ok = !SQL_SUCCEEDED(rc) || table_row(r, &t);
        if (ok && (rc == SQL_NO_DATA || t.n_rows == TABLE_ROWS)) {
            table_print(r, &t, heading);
            total += t.n_rows;
            table_release(&t, r->n);
            t = (struct table){NULL, 0, 0};
            heading = false;
        }
    } while (ok && SQL_SUCCEEDED(rc));
    table_release(&t, r->n);
    if (ok && rc == SQL_NO_DATA)
        printf("(%zu row%s)\n", total, total == 1 ? "" : "s");
    return ok && rc == SQL_NO_DATA;
}

/* ---- the command ---- */

static bool print_count(const struct result *r)
{
    SQLLEN count = -1;

    if (!SQL_SUCCEEDED(SQLRowCount(r->stmt, &count)))
        return true;
    if (count >= 0)
        printf("%ld row%s changed\n", (long)count, count == 1 ? "" : "s");
    else
        puts("done");
    return true;
}

static bool print_result(const struct tool_args *a, struct result *r)
{
    if (a->json)
        return print_json(r);
    if (r->n > 0)
        return a->csv ? print_csv(r) : print_table(r);
    return a->csv || print_count(r);
}

/* JSON is one document: that of the only statement, or an array with one for each. It is closed
 * when all went well only: what is cut off must not look whole. */
static bool print_results(const struct tool_args *a, SQLHSTMT stmt, bool several)
{
    bool in_array = a->json && several;
    bool ok = true;

    fputs(in_array ? "[" : "", stdout);
    for (SQLRETURN more = SQL_SUCCESS; ok && SQL_SUCCEEDED(more);) {
        struct result r = {.stmt = stmt, .value = BUF_INIT(0)};
        tool_progress("");
        ok = describe(&r) && print_result(a, &r);
        buf_release(&r.value);
        mem_free(r.columns);
        more = ok ? SQLMoreResults(stmt) : SQL_ERROR;
        warn(a, more, SQL_HANDLE_STMT, stmt);
        ok = ok && more != SQL_ERROR;
        fputs(in_array && SQL_SUCCEEDED(more) ? ",\n" : "", stdout);
    }
    fputs(in_array && ok ? "]" : "", stdout);
    fputs(a->json ? "\n" : "", stdout);
    fflush(stdout);
    return ok;
}

/* A text of several statements has several results, whatever its data. */
static bool is_several(const char *text)
{
    struct split_piece piece;
    size_t pos = 0;
    size_t n = 0;

    while (split_next(sv(text), &pos, &piece))
        n += !piece.empty;
    return n > 1;
}

static int run(const struct tool_args *a, SQLHDBC dbc, char *statement)
{
    SQLHSTMT stmt = NULL;
    SQLRETURN rc;
    int status = 0;

    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt)))
        return diagnose(a, SQL_HANDLE_DBC, dbc);
    rc = SQLExecDirect(stmt, (SQLCHAR *)statement, SQL_NTS);
    warn(a, rc, SQL_HANDLE_STMT, stmt);
    if ((rc != SQL_NO_DATA && !SQL_SUCCEEDED(rc)) || !print_results(a, stmt, is_several(statement)))
        status = diagnose(a, SQL_HANDLE_STMT, stmt);
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    return status;
}

/* The driver manager's own error names no remedy. */
static void say_what_to_do(SQLHDBC dbc)
{
    SQLCHAR state[6] = "";

    SQLGetDiagRec(SQL_HANDLE_DBC, dbc, 1, state, NULL, NULL, 0, NULL);
    if (strncmp((const char *)state, "IM002", 5) == 0)
        fputs(
            "-> neon-odbc dsn list shows the data sources, neon-odbc dsn add makes one. When it is "
            "there, the driver is not registered: neon-odbc register\n",
            stderr);
    else if (strncmp((const char *)state, "01000", 5) == 0)
        fputs("-> The driver's file is gone, is not registered under that name, or lacks a library "
              "(ldd shows which): neon-odbc register\n",
              stderr);
}

static int connect_and_run(const struct tool_args *a, SQLHENV env, struct buf *connstr,
                           char *statement)
{
    SQLHDBC dbc = NULL;
    SQLRETURN rc;
    int status;

    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc)))
        return diagnose(a, SQL_HANDLE_ENV, env);
    tool_progress("connecting...");
    rc = SQLDriverConnect(dbc, NULL, (SQLCHAR *)connstr->data, SQL_NTS, NULL, 0, NULL,
                          SQL_DRIVER_NOPROMPT);
    warn(a, rc, SQL_HANDLE_DBC, dbc);
    if (SQL_SUCCEEDED(rc)) {
        tool_progress("running...");
        status = run(a, dbc, statement);
        if (!SQL_SUCCEEDED(SQLDisconnect(dbc))) {
            SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK);
            SQLDisconnect(dbc);
            status = tool_fail(a, "the transaction was left open, so it is rolled back and nothing "
                                  "of it is stored. End it in the same text: BEGIN; ...; COMMIT");
        }
    } else {
        status = diagnose(a, SQL_HANDLE_DBC, dbc);
        say_what_to_do(dbc);
    }
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    return status;
}

/* A file that Windows has made begins with a byte order mark. */
static char *without_mark(char *text)
{
    static const char mark[] = "\xEF\xBB\xBF";

    return text + (strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0);
}

/* The statement of the command line, or all that is left of stdin. */
static bool read_statement(const char *word, struct buf *out, struct err *e)
{
    int c;

    if (strcmp(word, "-") != 0)
        return buf_append_str(out, word) || err_oom(e);
    while ((c = getchar()) != EOF) {
        if (tool_read_char(out, c, e))
            continue;
        if (out->failed == BUF_FULL) {
            err_release(e);
            err_set(e, ST_54000, 0, "The statement on stdin has more than %zu bytes.", out->max);
        }
        return false;
    }
    return out->len > 0 || err_set(e, ST_HY000, 0, "There is no statement on stdin.");
}

int cmd_query(const struct tool_args *a)
{
    struct buf statement = BUF_INIT(64 << 20);
    struct buf connstr = BUF_INIT(131072);
    struct err e = ERR_INIT;
    SQLHENV env = NULL;
    char *name;
    bool ok;
    int status;

    if (a->n_words != 2 || (a->csv && a->json))
        return tool_fail(a, "usage: neon-odbc query NAME 'select ...' [--csv|--json] (-: the "
                            "statement comes from stdin)"),
               2;
    name = tool_take_secret(a->words[0]);
    ok = name != NULL && tool_connstr(name, &connstr, &e);
    /* a URL needs a driver's name; a data source has its own */
    ok = ok && (strncmp(connstr.data, "DSN", 3) == 0 || buf_append_str(&connstr, "Driver={Neon};"));
    mem_free(name);
    ok = ok && read_statement(a->words[1], &statement, &e);
    if (!ok) {
        if (!err_is_set(&e))
            err_oom(&e);
        return tool_fail_err(a, &e);
    }
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    status = connect_and_run(a, env, &connstr, without_mark(statement.data));
    SQLFreeHandle(SQL_HANDLE_ENV, env);
    buf_release(&statement);
    buf_release_secret(&connstr);
    return status;
}
