/* insert_values.c: which INSERTs take several rows, and how they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sql/insert_values.h"

static bool can(const char *sql)
{
    struct script_options o = {0};
    struct script sc;
    struct err e = ERR_INIT;
    struct insert_values iv;
    bool yes;

    assert_true(script_parse(sv(sql), &o, &sc, &e));
    yes = insert_values_find(&sc.stmts[0], &iv);
    script_release(&sc);
    return yes;
}

static void test_which(void **state)
{
    static const char *const yes[] = {
        "INSERT INTO t VALUES (?)",
        "insert into s.t (a, \"values\") values (?, ?)",
        "INSERT INTO t (a,b,c) VALUES (?, 'x', DEFAULT)",
        "INSERT INTO t VALUES (?::jsonb, ?::numeric(10,2), ?::timestamp with time zone, ?::s.e[])",
        "INSERT INTO t VALUES (CAST(? AS double precision), -1, +2.5, null, true, $$a$$)",
        "INSERT INTO t VALUES (?, now(), nextval('s'::regclass), gen_random_uuid())",
        "INSERT INTO t VALUES (?, {d '2020-01-01'}, CURRENT_TIMESTAMP)",
        "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (?)",
        "INSERT INTO t AS q (a) VALUES (?) ON CONFLICT (a) DO NOTHING",
        "/* c */ INSERT INTO t -- c\nVALUES (?) -- c",
        "INSERT INTO t VALUES (?);",
        "INSERT INTO t VALUES ($2, $1, $2)",
    };
    static const char *const no[] = {
        "INSERT INTO t VALUES (1)", /* no parameter: nothing to gather */
        "INSERT INTO t VALUES (?) RETURNING id",
        "INSERT INTO t VALUES (?), (?)",
        "INSERT INTO t SELECT ?",
        "INSERT INTO t (a) SELECT ? FROM (VALUES (1)) v",
        "INSERT INTO t DEFAULT VALUES",
        "INSERT INTO t VALUES (? + 1)",
        "INSERT INTO t VALUES (lower(?))",
        "INSERT INTO t VALUES ((SELECT max(id) FROM t WHERE a = ?))",
        "INSERT INTO t VALUES (?) ON CONFLICT (a) DO UPDATE SET a = 1",
        "INSERT INTO t VALUES (?) ON CONFLICT (a) WHERE b = ? DO NOTHING",
        "WITH x AS (SELECT 1) INSERT INTO t VALUES (?)",
        "WITH x AS (INSERT INTO u VALUES (1) RETURNING 1) INSERT INTO t VALUES (?)",
        "UPDATE t SET a = ?",
        "SELECT ?",
        "VALUES (?)",
        "INSERT INTO t VALUES (?",
        "INSERT INTO t VALUES ()",
        "INSERT INTO t VALUES (?,)",
        "INSERT INTO t VALUES (?::)",
        "INSERT INTO t VALUES (? ?)",
        "INSERT INTO t VALUES (CAST(? AS))",
        "INSERT INTO t VALUES (?) FOR UPDATE",
        "INSERT INTO t VALUES",
        "INSERT",
        "INSERT INTO values (a) values (?)", /* a table of that name: not worth a parser */
        "EXPLAIN INSERT INTO t VALUES (?)",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        if (!can(yes[i]))
            fail_msg("can take rows: %s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (can(no[i]))
            fail_msg("must not take rows: %s", no[i]);
}

static void test_render(void **state)
{
    static const char *const casts[] = {"::int4", NULL, "::int8", "::text", NULL, NULL};
    struct script_options o = {0};
    struct script sc;
    struct err e = ERR_INIT;
    struct insert_values iv;
    struct buf out = BUF_INIT(0);

    (void)state;
    assert_true(script_parse(SV_LIT("INSERT INTO t(a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"), &o,
                             &sc, &e));
    assert_true(insert_values_find(&sc.stmts[0], &iv));
    assert_int_equal(insert_values_max_rows(&sc.stmts[0]), 16383);
    assert_true(insert_values_render(&sc.stmts[0], &iv, casts, 3, &out));
    assert_string_equal(buf_str(&out), "INSERT INTO t(a, b) VALUES ($1::int4, $2),($3::int8, "
                                       "$4::text),($5, $6) ON CONFLICT DO NOTHING");
    script_release(&sc);
    buf_reset(&out);
    assert_true(script_parse(SV_LIT("INSERT INTO t VALUES ($2::jsonb, $1, $2)"), &o, &sc, &e));
    assert_true(insert_values_find(&sc.stmts[0], &iv));
    assert_true(insert_values_render(&sc.stmts[0], &iv, casts, 2, &out));
    assert_string_equal(buf_str(&out), "INSERT INTO t VALUES ($2::jsonb, $1::int4, $2),"
                                       "($4::jsonb, $3::int8, $4::text)");
    script_release(&sc);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_render),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
