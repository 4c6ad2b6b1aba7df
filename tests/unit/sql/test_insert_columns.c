/* Rows of an INSERT as arrays: which INSERTs, the text, and the text of elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sql/insert_columns.h"
#include "sql/type_name.h"

static bool parse(const char *text, struct script *sc, struct insert_values *iv)
{
    struct script_options o = {0};
    struct err e = ERR_INIT;

    assert_true(script_parse(sv(text), &o, sc, &e));
    return sc->n_stmts == 1 && insert_values_find(&sc->stmts[0], iv);
}

static bool can(const char *text)
{
    struct script sc;
    struct insert_values iv;
    bool yes = parse(text, &sc, &iv) && insert_columns_find(&sc.stmts[0], &iv);

    script_release(&sc);
    return yes;
}

static void test_which(void **state)
{
    static const char *const yes[] = {
        "INSERT INTO t VALUES (?)",
        "INSERT INTO t (a, b) VALUES ($1, $2)",
        "INSERT INTO t VALUES ($1::INTEGER, $2::varchar(20), $3::Numeric(10, 2), $4 :: jsonb)",
        "INSERT INTO t VALUES ($1::TIMESTAMP(3) WITH TIME ZONE, $2::double /* c */ precision, $3)",
        "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (?::uuid) ON CONFLICT (a) DO NOTHING",
    };
    static const char *const no[] = {
        "INSERT INTO t VALUES ($2, $1)",       "INSERT INTO t VALUES ($1, $1)",
        "INSERT INTO t VALUES ($1, 1)",        "INSERT INTO t VALUES ($1, DEFAULT)",
        "INSERT INTO t VALUES ($1::int[])",    "INSERT INTO t VALUES ($1::mood)",
        "INSERT INTO t VALUES ($1::s.text)",   "INSERT INTO t VALUES ($1::\"text\")",
        "INSERT INTO t VALUES ($1::box)",      "INSERT INTO t VALUES ($1::int::text)",
        "INSERT INTO t VALUES (-$1)",          "INSERT INTO t VALUES (CAST($1 AS int))",
        "INSERT INTO t VALUES ($1::float(9))", "INSERT INTO t VALUES ($1::int4range)",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        if (!can(yes[i]))
            fail_msg("can go by columns: %s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (can(no[i]))
            fail_msg("cannot go by columns: %s", no[i]);
}

static void test_render(void **state)
{
    static const char *const casts[] = {NULL, "::int4"};
    struct script sc;
    struct insert_values iv;
    struct buf out = BUF_INIT(0);

    (void)state;
    assert_true(
        parse("INSERT INTO t(a, b) VALUES ($1::varchar(2), $2) ON CONFLICT DO NOTHING", &sc, &iv));
    assert_true(insert_columns_find(&sc.stmts[0], &iv));
    assert_true(insert_columns_render(&sc.stmts[0], &iv, casts, &out));
    assert_string_equal(buf_str(&out),
                        "INSERT INTO t(a, b) SELECT * FROM ROWS FROM (pg_catalog.unnest($1"
                        "::varchar(2)[]), pg_catalog.unnest($2::int4[])) ON CONFLICT DO NOTHING");
    script_release(&sc);
    buf_release(&out);
}

static void test_elements(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", "{\"\""},       {"-1.5e+3", "{-1.5e+3"},       {"null", "{\"null\""},
        {"NULLs", "{NULLs"}, {"a b", "{\"a b\""},           {"a\"\\b", "{\"a\\\"\\\\b\""},
        {"{,}", "{\"{,}\""}, {"\\x00ff", "{\"\\\\x00ff\""}, {"2024-01-02", "{2024-01-02"},
        {"\n", "{\"\n\""},   {"\xc3\xa9", "{\"\xc3\xa9\""}, {NULL, "{NULL"},
    };
    struct buf out = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = cases[i].in != NULL ? strlen(cases[i].in) : 0;
        buf_reset(&out);
        assert_true(insert_columns_element(&out, true, cases[i].in, len));
        assert_string_equal(buf_str(&out), cases[i].out);
        assert_true(insert_columns_extra_bytes(cases[i].in, len) + len >= out.len ||
                    cases[i].in == NULL);
    }
    assert_true(insert_columns_element(&out, false, "1", 1));
    assert_string_equal(buf_str(&out), "{NULL,1");
    buf_release(&out);
}

static uint32_t oid_of(const char *name)
{
    struct tokens ts = {sv(name), 0};
    struct token t;
    size_t end = 0;
    uint32_t oid;

    tokens_next(&ts, &t);
    oid = type_name_read(&ts, &t, &end);
    if (oid != 0)
        assert_int_equal(end, strcspn(name, ",#"));
    return oid;
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(oid_of("INTEGER"), 23);
    assert_int_equal(oid_of("time (6) without time zone"), 1083);
    assert_int_equal(oid_of("character varying(3), x"), 1043);
    assert_int_equal(oid_of("float"), 701);
    assert_int_equal(oid_of("timestamp with time zone# x"), 1184);
    assert_int_equal(oid_of("float(24)"), 0);
    assert_int_equal(oid_of("numeric(1)(2)"), 0);
    assert_int_equal(oid_of("integer ARRAY"), 0);
    assert_int_equal(oid_of("integer[3]"), 0);
    assert_int_equal(oid_of("pg_catalog.int4"), 0);
    assert_int_equal(oid_of(""), 0);
    assert_int_equal(oid_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                     0);
    assert_string_equal(type_name_cast(1184), "::timestamptz");
    assert_null(type_name_cast(0));
    assert_true(type_name_is_cast("::int4"));
    assert_false(type_name_is_cast("::int4::bool"));
    assert_null(type_name_cast(603)); /* box: elements of its arrays are separated by ';' */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
