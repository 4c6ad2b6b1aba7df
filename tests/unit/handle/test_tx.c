/* tx.c: the queue of a buffered transaction: order, savepoints, limits, and memory that runs out at
 * every allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "handle/tx.h"

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

static void test_limits(void **state)
{
    struct err e = ERR_INIT;
    struct tx t;

    (void)state;
    tx_init(&t);
    assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, 100, &e));
    assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, 100, &e));
    assert_true(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, 100, &e));
    assert_false(tx_add(&t, TX_WRITE, SV_LIT("x"), NULL, 0, 100, &e));
    assert_string_equal(e.state, "54000");
    assert_int_equal(t.n_items, 3);
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
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
