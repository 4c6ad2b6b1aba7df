/* tx.c: the queue of a buffered transaction: order, savepoints, limits, and memory that runs out at
 * every allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "handle/tx.h"
#include "sql/script.h"
#include "transport/request_body.h"

#define PLENTY ((size_t)1 << 20)

static const struct wire_param params[] = {{"one", 3}, {NULL, 0}, {"", 0}};

static bool add(struct tx *t, enum tx_item_kind kind, const char *sql, struct err *e)
{
    return tx_add(t, kind, sv(sql), params, ARRAY_LEN(params), PLENTY, e);
}

static void expect(const struct tx *t, bool checks, const char *wanted)
{
    struct wire_stmt out[16];
    char text[256] = "";
    size_t n = tx_wire(t, checks, out);

    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s;", (int)out[i].sql.len,
                 out[i].sql.ptr);
    assert_string_equal(text, wanted);
}

static void test_order_and_kinds(void **state)
{
    struct err e = ERR_INIT;
    struct tx t;
    struct wire_stmt out[4];

    (void)state;
    tx_init(&t);
    assert_false(t.used);
    assert_true(add(&t, TX_WRITE, "a", &e));
    assert_true(add(&t, TX_CHECK, "b", &e));
    assert_true(add(&t, TX_WRITE, "c", &e));
    assert_true(t.used);
    expect(&t, true, "a;b;c;");
    expect(&t, false, "a;c;");
    assert_int_equal(tx_wire(&t, true, out), 3);
    assert_int_equal(out[0].n_params, 3);
    assert_memory_equal(out[0].params[0].ptr, "one", 3);
    assert_null(out[0].params[1].ptr);
    assert_non_null(out[0].params[2].ptr);
    tx_drop_last(&t);
    expect(&t, true, "a;b;");
    assert_int_equal(t.n_writes, 1);
    tx_reset(&t);
    assert_int_equal(t.bytes, 0);
    assert_int_equal(t.read_only, -1);
    tx_drop_last(&t);
    tx_reset(&t);
}

static void test_savepoints(void **state)
{
    struct err e = ERR_INIT;
    struct tx t;

    (void)state;
    tx_init(&t);
    assert_true(add(&t, TX_WRITE, "a", &e));
    assert_true(tx_savepoint(&t, SV_LIT("x"), &e));
    assert_true(add(&t, TX_WRITE, "b", &e));
    assert_true(tx_savepoint(&t, SV_LIT("x"), &e)); /* hides the first */
    assert_true(add(&t, TX_WRITE, "c", &e));
    t.failed = true;
    assert_true(tx_rollback_to(&t, SV_LIT("x"), &e));
    assert_false(t.failed);
    expect(&t, true, "a;b;");
    assert_true(tx_rollback_to(&t, SV_LIT("x"), &e)); /* it stays */
    assert_true(tx_release(&t, SV_LIT("x"), &e));
    assert_true(tx_rollback_to(&t, SV_LIT("x"), &e));
    expect(&t, true, "a;");
    assert_true(tx_release(&t, SV_LIT("x"), &e));
    assert_false(tx_release(&t, SV_LIT("x"), &e));
    assert_string_equal(e.state, "3B001");
    err_release(&e);
    for (int i = 0; i < 100; i++)
        assert_true(tx_savepoint(&t, SV_LIT("many"), &e));
    tx_reset(&t);
}

/* What was read behind a savepoint is checked although what was written there is undone. */
static void test_checks_outlive_their_savepoint(void **state)
{
    struct err e = ERR_INIT;
    struct tx t;

    (void)state;
    tx_init(&t);
    assert_true(add(&t, TX_WRITE, "a", &e));
    assert_true(tx_savepoint(&t, SV_LIT("x"), &e));
    assert_true(add(&t, TX_CHECK, "r", &e));
    assert_true(tx_rollback_to(&t, SV_LIT("x"), &e)); /* nothing to undo */
    expect(&t, true, "a;r;");
    assert_true(tx_savepoint(&t, SV_LIT("y"), &e));
    assert_true(add(&t, TX_WRITE, "b", &e));
    assert_true(add(&t, TX_CHECK, "s", &e));
    assert_true(add(&t, TX_WRITE, "c", &e));
    assert_true(tx_rollback_to(&t, SV_LIT("y"), &e));
    expect(&t, false, "a;");
    expect(&t, true,
           "a;r;SAVEPOINT neon_odbc_0;b;s;ROLLBACK TO SAVEPOINT neon_odbc_0;RELEASE SAVEPOINT "
           "neon_odbc_0;");
    assert_int_equal(t.n_writes, 1);
    assert_int_equal(t.n_checks, 2);
    assert_int_equal(t.n_undone, 4);
    assert_true(tx_rollback_to(&t, SV_LIT("y"), &e)); /* again: nothing more */
    assert_int_equal(t.n_items, 7);
    assert_true(tx_rollback_to(&t, SV_LIT("x"), &e)); /* inside another */
    expect(&t, true,
           "a;r;SAVEPOINT neon_odbc_1;SAVEPOINT neon_odbc_0;b;s;ROLLBACK TO SAVEPOINT "
           "neon_odbc_1;RELEASE SAVEPOINT neon_odbc_1;");
    tx_reset(&t);
}

static void test_rows_join(void **state)
{
    const struct script_options o = {.noscan = true};
    static const char *const casts[] = {NULL, "::int4"};
    struct script sc = {0};
    struct insert_values place;
    struct wire_stmt out[4];
    struct err e = ERR_INIT;
    struct tx t;

    (void)state;
    assert_true(script_parse(SV_LIT("INSERT INTO t VALUES ($1, $2)"), &o, &sc, &e));
    assert_true(insert_values_find(&sc.stmts[0], &place));
    tx_init(&t);
    for (int i = 0; i < 9; i++)
        assert_true(tx_add_row(&t, &sc.stmts[0], &place, casts, params, PLENTY, &e));
    assert_int_equal(t.n_items, 1);
    assert_true(tx_prepare(&t, &e));
    assert_int_equal(tx_wire(&t, true, out), 1);
    assert_int_equal(out[0].n_params, 18);
    assert_memory_equal(out[0].sql.ptr, "INSERT INTO t VALUES ($1, $2::int4),($3, $4::int4),", 50);
    assert_memory_equal(out[0].params[16].ptr, "one", 3);
    assert_null(out[0].params[17].ptr);
    assert_true(request_body_bytes(&out[0]) <= t.bytes);
    assert_true(tx_savepoint(&t, SV_LIT("x"), &e));
    assert_true(tx_add_row(&t, &sc.stmts[0], &place, casts, params, PLENTY, &e));
    assert_int_equal(t.n_items, 2);
    assert_false(tx_add_row(&t, &sc.stmts[0], &place, casts, params, t.bytes, &e));
    assert_string_equal(e.state, "54000");
    err_release(&e);
    tx_reset(&t);
    for (uint64_t n = 1; n < 24; n++) {
        bool ok = true;
        e = ERR_INIT;
        mem_fail_at(n, 0);
        for (int i = 0; ok && i < 6; i++)
            ok = tx_add_row(&t, &sc.stmts[0], &place, casts, params, PLENTY, &e);
        ok = ok && tx_prepare(&t, &e);
        mem_fail_at(0, 0);
        if (!ok)
            assert_string_equal(e.state, "HY001");
        err_release(&e);
        tx_reset(&t);
    }
    script_release(&sc);
}

static void test_counts_are_guarded_at_the_commit(void **state)
{
    struct err e = ERR_INIT;
    struct wire_stmt out[2];
    struct tx t;

    (void)state;
    tx_init(&t);
    assert_true(add(&t, TX_WRITE, "UPDATE t SET a = 1", &e));
    assert_true(tx_expect(&t, 0, 5, PLENTY));
    assert_false(tx_expect(&t, 0, 5, 100));
    assert_true(tx_prepare(&t, &e));
    expect(&t, false, "UPDATE t SET a = 1;");
    assert_int_equal(tx_wire(&t, true, out), 1);
    assert_memory_equal(out[0].sql.ptr, "WITH neon_odbc_changed AS (", 27);
    assert_true(request_body_bytes(&out[0]) <= t.bytes);
    tx_reset(&t);
}

static void test_limits(void **state)
{
    struct err e = ERR_INIT;
    struct tx t;
    size_t limit;

    (void)state;
    tx_init(&t);
    assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, PLENTY, &e));
    assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, PLENTY, &e));
    limit = t.bytes / 2 * 3 + 1024; /* what stands around them */
    assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, limit, &e));
    assert_false(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, limit, &e));
    assert_string_equal(e.state, "54000");
    assert_int_equal(t.n_items, 3);
    err_release(&e);
    tx_reset(&t);
}

static void test_no_more_statements_than_a_request_may_hold(void **state)
{
    struct err e = ERR_INIT;
    struct tx t;

    (void)state;
    tx_init(&t);
    for (size_t i = 0; i < TX_MAX_ITEMS; i++)
        assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, SIZE_MAX / 2, &e));
    assert_false(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, SIZE_MAX / 2, &e));
    assert_string_equal(e.state, "54000");
    assert_int_equal(t.n_items, TX_MAX_ITEMS);
    err_release(&e);
    tx_reset(&t);
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 12; n++) {
        struct err e = ERR_INIT;
        struct tx t;
        bool ok = true;
        tx_init(&t);
        mem_fail_at(n, 0);
        for (int i = 0; ok && i < 2; i++)
            ok = add(&t, TX_WRITE, "a", &e) && tx_savepoint(&t, SV_LIT("s"), &e);
        mem_fail_at(0, 0);
        if (!ok)
            assert_string_equal(e.state, "HY001");
        assert_int_equal(t.n_items, t.n_writes);
        err_release(&e);
        tx_reset(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_kinds),
        cmocka_unit_test(test_savepoints),
        cmocka_unit_test(test_checks_outlive_their_savepoint),
        cmocka_unit_test(test_rows_join),
        cmocka_unit_test(test_counts_are_guarded_at_the_commit),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_more_statements_than_a_request_may_hold),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
