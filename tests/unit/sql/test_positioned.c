/* WHERE CURRENT OF found in texts, and SELECTs of one table told from others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sql/positioned.h"

static void test_where_current_of(void **state)
{
    static const struct {
        const char *text, *table, *cursor; /* cursor NULL: none */
    } cases[] = {
        {"UPDATE t SET a = 1 WHERE CURRENT OF c", "t", "c"},
        {"update only s . \"T x\" as q set a = (select 1 from u where b = 2) where current of "
         "\"My \"\"c\"",
         "s . \"T x\"", "\"My \"\"c\""},
        {"DELETE FROM t -- x\n WHERE /* y */ CURRENT OF SQL_CUR1 -- end\n", "t", "SQL_CUR1"},
        {"delete from only a.b.c where current of d;", "a.b.c", "d"},
        {"DELETE FROM t WHERE CURRENT OF", NULL, NULL},
        {"DELETE FROM t WHERE a = (SELECT 1 WHERE CURRENT OF c)", NULL, NULL},
        {"UPDATE t SET a = 'WHERE CURRENT OF c'", NULL, NULL},
        {"UPDATE t SET a = 1 WHERE CURRENT OF c RETURNING a", NULL, NULL},
        {"UPDATE t SET a = 1 WHERE b = 1 AND CURRENT OF c", NULL, NULL},
        {"SELECT 1 FROM t WHERE CURRENT OF c", NULL, NULL},
        {"WITH x AS (SELECT 1) UPDATE t SET a = 1 WHERE CURRENT OF c", NULL, NULL},
        {"UPDATE a.b.c.d SET x = 1 WHERE CURRENT OF c", NULL, NULL},
        {"UPDATE", NULL, NULL},
        {"DELETE FROM t. WHERE CURRENT OF c", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct positioned_text p;
        struct strview text = sv(cases[i].text);
        if (positioned_read(text, &p) != (cases[i].cursor != NULL))
            fail_msg("case %zu", i);
        if (cases[i].cursor == NULL)
            continue;
        assert_true(sv_eq(p.cursor, sv(cases[i].cursor)));
        assert_true(
            sv_eq(sv_n(text.ptr + p.table_start, p.table_end - p.table_start), sv(cases[i].table)));
        assert_true(sv_ieq(sv_n(text.ptr + p.condition_start, 5), sv("where")));
        assert_true(p.cursor.ptr + p.cursor.len == text.ptr + p.condition_end);
    }
}

static void test_one_table(void **state)
{
    static const char *const one[] = {
        "SELECT * FROM t",
        "SELECT a, b FROM s.t AS x WHERE a IN (SELECT 1 FROM u, v) ORDER BY a, b LIMIT 3",
        "SELECT extract(year FROM d), a FROM t FOR UPDATE OF t",
        "SELECT a IS DISTINCT FROM 1, b FROM t",
        "SELECT (SELECT max(x) FROM u JOIN v ON true), a FROM t",
        "SELECT a FROM (SELECT a, b FROM t) q",
        "SELECT a FROM t GROUP BY a, b",
    };
    static const char *const other[] = {
        "SELECT 1",
        "SELECT a FROM t, u",
        "SELECT a FROM t JOIN u ON true",
        "SELECT a FROM t CROSS JOIN u",
        "SELECT a FROM t UNION SELECT a FROM t",
        "SELECT a FROM t EXCEPT SELECT 1",
        "VALUES (1, 2)",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        if (!positioned_reads_one_table(sv(one[i])))
            fail_msg("one: %s", one[i]);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        if (positioned_reads_one_table(sv(other[i])))
            fail_msg("other: %s", other[i]);
}

static void test_rows_of_a_table_as_they_are(void **state)
{
    static const char *const sure[] = {
        "SELECT a FROM t",
        "SELECT a, b AS c FROM s.t WHERE b > 1 ORDER BY a",
        "SELECT a FROM t GROUP BY a, b",
    };
    static const char *const doubtful[] = {
        "SELECT a FROM t LEFT JOIN u ON true",
        "SELECT a FROM (SELECT a FROM t LEFT JOIN u ON true) q",
        "SELECT a FROM (SELECT a FROM t) q",
        "WITH q AS (TABLE v) SELECT a FROM q",
        "SELECT a FROM t GROUP BY ROLLUP (a)",
        "SELECT a FROM t GROUP BY CUBE (a)",
        "SELECT a FROM t GROUP BY GROUPING SETS ((a), ())",
        "SELECT a, (SELECT b FROM u) FROM t",
        "SELECT 1",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof sure / sizeof sure[0]; i++)
        if (!positioned_adds_no_nulls(sv(sure[i])))
            fail_msg("sure: %s", sure[i]);
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++)
        if (positioned_adds_no_nulls(sv(doubtful[i])))
            fail_msg("doubtful: %s", doubtful[i]);
}

static void test_names(void **state)
{
    struct buf b = BUF_INIT(0);

    (void)state;
    assert_true(positioned_name(sv("Abc"), &b));
    assert_string_equal(buf_str(&b), "abc");
    buf_reset(&b);
    assert_true(positioned_name(sv("\"A\"\"b\""), &b));
    assert_string_equal(buf_str(&b), "A\"b");
    buf_release(&b);
    assert_false(positioned_name(sv(""), &b));
    assert_false(positioned_name(sv("\""), &b));
    assert_true(positioned_means(sv("SQL_CUR1"), "SQL_CUR1"));
    assert_true(positioned_means(sv("sql_cur1"), "SQL_CUR1"));
    assert_true(positioned_means(sv("\"x Y\""), "x Y"));
    assert_false(positioned_means(sv("\"x y\""), "x Y"));
    assert_false(positioned_means(sv("x"), "xy"));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_current_of),
        cmocka_unit_test(test_one_table),
        cmocka_unit_test(test_rows_of_a_table_as_they_are),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
