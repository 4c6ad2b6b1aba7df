/* 10,000 random values of each of some thirty types, there and back through the driver: read in
 * blocks as text, which must be psql's byte for byte, and in a native C type; written again as
 * arrays of parameters; compared by the server. Fewer of them under two more locales of the
 * process and for SQLGetData. The values are the same in every run. */
#include <strings.h>
#include <unistd.h>

#include "odbc_test.h"

#define BLOCK 1000
#define TEXT_BYTES 512
#define WIDE_UNITS 256
#define NULL_TEXT "~null~"
#define NULL_EVERY 97

static const struct {
    const char *type, *expression;
    SQLSMALLINT c_type, sql_type;
} types[] = {
#define RANDOM_TYPE(type, expression, c_type, sql_type) {type, expression, c_type, sql_type},
#include "../unit/convert/random_types.def"
};

#define N_TYPES (sizeof types / sizeof types[0])
#define MAX_VALUES 10000

/* Tables of each type, random_theirs_PID_T: the server's values; random_ours_PID_T: what the driver
 * wrote of them. One psql makes them all, one tells their text, one compares them: starting one for
 * each type would cost more than all else. */
#define TABLE "random_%s_%ld_%zu"
#define THEIRS(t) "theirs", (long)getpid(), (t)
#define OURS(t) "ours", (long)getpid(), (t)
static int n_values; /* the first of each */

/* One block of rows, bound by column. */
static SQLINTEGER keys[BLOCK];
static SQLLEN key_len[BLOCK];
static char texts[BLOCK][TEXT_BYTES];
static SQLLEN text_len[BLOCK];
static unsigned char natives[BLOCK * TEXT_BYTES];
static SQLLEN native_len[BLOCK];

static size_t native_size(SQLSMALLINT c_type)
{
    switch (c_type) {
    case SQL_C_BIT:
        return 1;
    case SQL_C_SSHORT:
        return sizeof(SQLSMALLINT);
    case SQL_C_SLONG:
    case SQL_C_ULONG:
        return sizeof(SQLINTEGER);
    case SQL_C_SBIGINT:
        return sizeof(SQLBIGINT);
    case SQL_C_FLOAT:
        return sizeof(float);
    case SQL_C_DOUBLE:
        return sizeof(double);
    case SQL_C_NUMERIC:
        return sizeof(SQL_NUMERIC_STRUCT);
    case SQL_C_GUID:
        return sizeof(SQLGUID);
    case SQL_C_TYPE_DATE:
        return sizeof(SQL_DATE_STRUCT);
    case SQL_C_TYPE_TIME:
        return sizeof(SQL_TIME_STRUCT);
    case SQL_C_TYPE_TIMESTAMP:
        return sizeof(SQL_TIMESTAMP_STRUCT);
    case SQL_C_INTERVAL_DAY_TO_SECOND:
    case SQL_C_INTERVAL_YEAR_TO_MONTH:
        return sizeof(SQL_INTERVAL_STRUCT);
    case SQL_C_WCHAR:
        return WIDE_UNITS * sizeof(SQLWCHAR);
    default: /* SQL_C_CHAR, SQL_C_BINARY */
        return TEXT_BYTES;
    }
}

/* ---- psql's text ---- */

struct psql {
    FILE *out;
    char path[512];
};

/* The first values of all types, one type after the other. */
static void open_psql(struct psql *p, const char *column)
{
    char command[2048];
    FILE *f;

    snprintf(p->path, sizeof p->path, "%s/tmp/random.%ld.sql", test_env("NEON_TEST_DIR"),
             (long)getpid());
    f = fopen(p->path, "w");
    assert_non_null(f);
    for (size_t t = 0; t < N_TYPES; t++)
        fprintf(f, "select %s from " TABLE " where k <= %d order by k;\n", column, THEIRS(t),
                n_values);
    assert_int_equal(fclose(f), 0);
    snprintf(command, sizeof command,
             "PGCLIENTENCODING=UTF8 psql -X -q -A -t -P 'null=" NULL_TEXT
             "' -v ON_ERROR_STOP=1 -f '%s' \"$NEON_TEST_PG_URL\"",
             p->path);
    p->out = popen(command, "r");
    assert_non_null(p->out);
}

static const char *psql_line(struct psql *p)
{
    static char line[4 * TEXT_BYTES];

    assert_non_null(fgets(line, sizeof line, p->out));
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void close_psql(struct psql *p)
{
    assert_int_equal(fgetc(p->out), EOF);
    assert_int_equal(pclose(p->out), 0);
    unlink(p->path);
}

/* The text that ODBC has of psql's: a boolean is a bit, bytes have no prefix. */
static const char *odbc_text(size_t t, const char *line)
{
    if (strcmp(line, NULL_TEXT) == 0)
        return line;
    if (strcmp(types[t].type, "bool") == 0)
        return line[0] == 't' ? "1" : "0";
    return strcmp(types[t].type, "bytea") == 0 ? line + 2 : line;
}

/* Hexadecimal digits are compared as such: ODBC's are in upper case. */
static bool same_text(size_t t, const char *a, const char *b)
{
    return strcmp(types[t].type, "bytea") == 0 ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

static void compare_block(size_t t, struct psql *psql, SQLULEN rows)
{
    for (SQLULEN i = 0; i < rows; i++) {
        const char *wanted = odbc_text(t, psql_line(psql));
        const char *got = text_len[i] == SQL_NULL_DATA ? NULL_TEXT : texts[i];
        if (!same_text(t, wanted, got))
            fail_msg("%s, row %d: psql has '%s', the driver '%s'", types[t].type, keys[i], wanted,
                     got);
        if (text_len[i] != SQL_NULL_DATA)
            assert_int_equal(text_len[i], strlen(got));
        assert_true((native_len[i] == SQL_NULL_DATA) == (text_len[i] == SQL_NULL_DATA));
    }
}

/* ---- there and back ---- */

static void set_block(SQLHSTMT stmt, SQLULEN *fetched)
{
    assert_stmt_ok(stmt,
                   SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(size_t)BLOCK, 0));
    assert_stmt_ok(stmt, SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, fetched, 0));
}

static void bind_columns(SQLHSTMT stmt, size_t t)
{
    SQLLEN size = (SQLLEN)native_size(types[t].c_type);

    assert_stmt_ok(stmt, SQLBindCol(stmt, 1, SQL_C_SLONG, keys, sizeof keys[0], key_len));
    assert_stmt_ok(stmt, SQLBindCol(stmt, 2, SQL_C_CHAR, texts, TEXT_BYTES, text_len));
    assert_stmt_ok(stmt, SQLBindCol(stmt, 3, types[t].c_type, natives, size, native_len));
}

static void bind_parameters(SQLHSTMT stmt, size_t t)
{
    SQLLEN size = (SQLLEN)native_size(types[t].c_type);

    assert_stmt_ok(stmt, SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0,
                                          keys, sizeof keys[0], key_len));
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 2, SQL_PARAM_INPUT, types[t].c_type,
                                          types[t].sql_type, 0, 0, natives, size, native_len));
}

/* Reads all values in blocks, compares their text, and writes each block again. */
static void copy_values(struct fixture *f, size_t t, struct psql *psql)
{
    char sql[256];
    SQLULEN fetched = 0;
    SQLHSTMT writer = new_stmt(f);
    int total = 0;
    SQLRETURN rc;

    set_block(f->stmt, &fetched);
    bind_columns(f->stmt, t);
    bind_parameters(writer, t);
    snprintf(sql, sizeof sql, "INSERT INTO " TABLE " VALUES (?, ?)", OURS(t));
    assert_stmt_ok(writer, SQLPrepare(writer, sqltext(sql), SQL_NTS));
    snprintf(sql, sizeof sql, "SELECT k, v, v FROM " TABLE " WHERE k <= %d ORDER BY k", THEIRS(t),
             n_values);
    run(f->stmt, sql);
    while ((rc = SQLFetch(f->stmt)) != SQL_NO_DATA) {
        if (rc != SQL_SUCCESS)
            fail_msg("%s: %s %s", types[t].type, diag_state(SQL_HANDLE_STMT, f->stmt),
                     diag_text(SQL_HANDLE_STMT, f->stmt));
        compare_block(t, psql, fetched);
        assert_stmt_ok(writer,
                       SQLSetStmtAttr(writer, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)fetched, 0));
        rc = SQLExecute(writer);
        if (rc != SQL_SUCCESS)
            fail_msg("%s as %d: %s", types[t].type, types[t].c_type,
                     diag_text(SQL_HANDLE_STMT, writer));
        total += (int)fetched;
    }
    assert_int_equal(total, n_values);
    SQLFreeHandle(SQL_HANDLE_STMT, writer);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    SQLFreeStmt(f->stmt, SQL_UNBIND);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)1, 0));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_ROWS_FETCHED_PTR, NULL, 0));
}

/* One text for pg_admin, of a part for each type. */
static char script[N_TYPES * 2048];

#define ADD(...)                                                                                   \
    (at += (size_t)snprintf(script + at, sizeof script - at, __VA_ARGS__),                         \
     assert_true(at < sizeof script))

static void make_values(void)
{
    size_t at = 0;

    ADD("SET ROLE app");
    for (size_t t = 0; t < N_TYPES; t++) {
        ADD("; DO $$ BEGIN PERFORM setseed(0.5); END $$; CREATE TABLE " TABLE
            " (k int PRIMARY KEY, v %s); CREATE TABLE " TABLE " (k int PRIMARY KEY, v %s); ",
            THEIRS(t), types[t].type, OURS(t), types[t].type);
        ADD("INSERT INTO " TABLE " SELECT i, CASE WHEN i %% %d <> 0 THEN x END FROM "
            "(SELECT i, (%s)::%s AS x FROM generate_series(1, %d) i) s",
            THEIRS(t), NULL_EVERY, types[t].expression, types[t].type, MAX_VALUES);
    }
    pg_admin(script);
}

static void empty_ours(void)
{
    size_t at = 0;

    for (size_t t = 0; t < N_TYPES; t++)
        ADD("%s " TABLE, t == 0 ? "TRUNCATE" : ",", OURS(t));
    pg_admin(script);
}

static void drop_tables(void)
{
    size_t at = 0;

    for (size_t t = 0; t < N_TYPES; t++)
        ADD("%s " TABLE ", " TABLE, t == 0 ? "DROP TABLE" : ",", THEIRS(t), OURS(t));
    pg_admin(script);
}

/* Of each type a line: how many there are, how many differ, and one of those. */
static void check_copies(void)
{
    char wanted[40];
    const char *line;
    size_t at = 0;

    for (size_t t = 0; t < N_TYPES; t++) {
        /* The structure cannot tell 1 day -01:00:00 from 23:00:00, which are equal but print
         * differently. */
        const char *as_text = types[t].c_type == SQL_C_INTERVAL_DAY_TO_SECOND ? "" : "::text";
        ADD("SELECT concat(count(*), ' ', count(*) FILTER (WHERE d), min(': ' || v) FILTER (WHERE "
            "d)) FROM (SELECT a.v%s IS DISTINCT FROM b.v%s AS d, concat(a.v, ' became ', b.v) AS v "
            "FROM " TABLE " b FULL JOIN (SELECT * FROM " TABLE " WHERE k <= %d) a USING (k)) s;\n",
            as_text, as_text, OURS(t), THEIRS(t), n_values);
    }
    snprintf(wanted, sizeof wanted, "%d 0", n_values);
    line = pg_admin(script);
    for (size_t t = 0; t < N_TYPES; t++) {
        size_t len = strcspn(line, "\n");
        if (len != strlen(wanted) || strncmp(line, wanted, len) != 0)
            fail_msg("%s as %d: there are, differ: %.*s", types[t].type, types[t].c_type, (int)len,
                     line);
        line += len + (line[len] == '\n');
    }
}

static void test_random_values_there_and_back(void **state)
{
    struct psql psql;

    empty_ours();
    open_psql(&psql, "v");
    for (size_t t = 0; t < N_TYPES; t++)
        copy_values(*state, t, &psql);
    close_psql(&psql);
    check_copies();
}

/* SQLGetData in pieces of a few bytes makes up the same text as the bound column. */
static void test_random_values_in_pieces(void **state)
{
    struct fixture *f = *state;
    struct psql psql;

    open_psql(&psql, "v::text");
    for (size_t t = 0; t < N_TYPES; t++) {
        char sql[256];
        snprintf(sql, sizeof sql, "SELECT k, v::text FROM " TABLE " WHERE k <= %d ORDER BY k",
                 THEIRS(t), n_values);
        run(f->stmt, sql);
        while (SQLFetch(f->stmt) != SQL_NO_DATA) {
            const char *line;
            char piece[8];
            SQLLEN len = 0;
            SQLRETURN rc;
            size_t n = 0;
            texts[0][0] = '\0';
            while ((rc = SQLGetData(f->stmt, 2, SQL_C_CHAR, piece, sizeof piece, &len)) !=
                   SQL_NO_DATA) {
                assert_true(SQL_SUCCEEDED(rc));
                if (len == SQL_NULL_DATA)
                    snprintf(piece, sizeof piece, "%s", NULL_TEXT);
                n += (size_t)snprintf(texts[0] + n, TEXT_BYTES - n, "%s", piece);
            }
            line = psql_line(&psql);
            if (strcmp(texts[0], line) != 0)
                fail_msg("%s: '%s' in pieces is '%s'", types[t].type, line, texts[0]);
        }
        SQLFreeStmt(f->stmt, SQL_CLOSE);
    }
    close_psql(&psql);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    static const struct {
        const char *locale;
        int values;
    } runs[] = {{"C.UTF-8", MAX_VALUES}, {"POSIX", 300}, {"de_DE.UTF-8", 300}};
    const struct CMUnitTest all[] = {T(test_random_values_there_and_back)};
    const struct CMUnitTest pieces[] = {T(test_random_values_in_pieces)};
    int failed = 0;

    make_values();
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        if (!switch_locale(runs[i].locale)) {
            print_message("locale %s cannot be had: tests/deps.sh installs locales\n",
                          runs[i].locale);
            failed++;
            continue;
        }
        n_values = runs[i].values;
        failed += cmocka_run_group_tests_name(runs[i].locale, all, NULL, NULL);
    }
    n_values = 100;
    failed += cmocka_run_group_tests_name("pieces", pieces, NULL, NULL);
    drop_tables();
    return failed;
}
