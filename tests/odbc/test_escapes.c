/* Every {fn} function that SQLGetInfo claims, and the other escapes, executed:
 * tests/data/escapes/functions.tsv holds an expression and its value on each line. */
#include "odbc_test.h"

static char *trimmed(char *line)
{
    size_t n = strlen(line);

    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        line[--n] = '\0';
    return line;
}

static void test_every_function_gives_the_value_of_the_table(void **state)
{
    struct fixture *f = *state;
    char path[1024];
    char line[8192];
    char sql[8400];
    FILE *file;
    int checked = 0;
    int wrong = 0;

    snprintf(path, sizeof path, "%s/tests/data/escapes/functions.tsv",
             test_env("NEON_TEST_SRCDIR"));
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *tab = strchr(trimmed(line), '\t');
        const char *got;
        if (line[0] == '#' || tab == NULL)
            continue;
        *tab = '\0';
        snprintf(sql, sizeof sql, "SELECT CAST((%s) AS text)", line);
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        if (!SQL_SUCCEEDED(SQLExecDirect(f->stmt, (SQLCHAR *)sql, SQL_NTS))) {
            print_error("%s: %s\n", line, diag_text(SQL_HANDLE_STMT, f->stmt));
            wrong++;
            continue;
        }
        got = query_text(f->stmt, sql);
        got = strcmp(got, "(null)") == 0 ? "NULL" : got;
        if (strcmp(got, tab + 1) != 0) {
            print_error("%s gave %s, wanted %s\n", line, got, tab + 1);
            wrong++;
        }
        checked++;
    }
    fclose(file);
    assert_int_equal(wrong, 0);
    assert_true(checked > 200);
}

static void test_the_other_escapes(void **state)
{
    static const struct {
        const char *sql, *value;
    } rows[] = {
        {"SELECT {d '2026-02-28'}", "2026-02-28"},
        {"SELECT {t '23:59:58'}", "23:59:58"},
        {"SELECT {ts '2026-02-28 23:59:58.5'}", "2026-02-28 23:59:58.5"},
        {"SELECT {guid '00000000-0000-0000-0000-00000000000A'}",
         "00000000-0000-0000-0000-00000000000a"},
        {"SELECT count(*) FROM {oj customers c LEFT OUTER JOIN orders o ON o.customer_id = c.id "
         "AND false} WHERE c.id = 1",
         "1"},
        {"SELECT 'a%b' LIKE 'a\\%b' {escape '\\'}", "1"},
        {"SELECT CASE WHEN 1 = 1 THEN {fn UCASE({fn CONCAT('a', 'b')})} END", "AB"},
        {"SELECT '{fn UCASE(x)} {d}' || $${ts}$$ -- {d '\n", "{fn UCASE(x)} {d}{ts}"},
        {"SELECT '{\"k\": {\"d\": 1}}'::json -> 'k'", "{\"d\": 1}"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(query_text(f->stmt, rows[i].sql), rows[i].value);
}

/* With SQL_ATTR_NOSCAN the text goes as it is: the server sees the braces. */
static void test_noscan_leaves_escapes_alone(void **state)
{
    struct fixture *f = *state;

    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_NOSCAN, (SQLPOINTER)SQL_NOSCAN_ON, 0));
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT {d '2026-02-28'}"), SQL_NTS),
                      "42601");
    assert_stmt_ok(f->stmt,
                   SQLSetStmtAttr(f->stmt, SQL_ATTR_NOSCAN, (SQLPOINTER)SQL_NOSCAN_OFF, 0));
    assert_string_equal(query_text(f->stmt, "SELECT {d '2026-02-28'}"), "2026-02-28");
}

static void test_call_runs_a_procedure(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER v = 7;

    run(f->stmt, "DROP TABLE IF EXISTS called");
    run(f->stmt, "CREATE TABLE called (v int)");
    run(f->stmt,
        "CREATE OR REPLACE PROCEDURE note(v int) LANGUAGE sql AS 'INSERT INTO called VALUES (v)'");
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER,
                                             0, 0, &v, 0, NULL));
    run(f->stmt, "{call note(?)}");
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_int_equal(query_number(f->stmt, "SELECT v FROM called"), 7);
    run(f->stmt, "DROP PROCEDURE note(int)");
    run(f->stmt, "DROP TABLE called");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_every_function_gives_the_value_of_the_table),
        T(test_the_other_escapes),
        T(test_noscan_leaves_escapes_alone),
        T(test_call_runs_a_procedure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
