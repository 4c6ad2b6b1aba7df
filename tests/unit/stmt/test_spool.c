/* Rows kept for scrolling: what is read is what was appended, in any order, in memory and in the
 * file; the memory stays within its limit; failures are errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "stmt/cursor.h"

#define COLUMNS 3

/* The cells of row n: a number, NULL for every third, and text whose length varies. */
static void make_row(uint64_t n, struct cell *out, char *text)
{
    static const char filler[] =
        "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrs";
    int len = snprintf(text, 32, "%llu", (unsigned long long)n);

    out[0] = (struct cell){text, (size_t)len};
    out[1] = n % 3 == 0 ? (struct cell){NULL, 0} : (struct cell){"", 0};
    out[2] = (struct cell){filler, n % sizeof filler};
}

static void append(struct spool *s, uint64_t n)
{
    struct err e = ERR_INIT;
    struct cell row[COLUMNS];
    char text[32];

    make_row(n, row, text);
    assert_true(spool_append(s, row, &e));
}

static void assert_row(struct spool *s, uint64_t n)
{
    struct err e = ERR_INIT;
    struct cell want[COLUMNS];
    struct cell got[COLUMNS];
    char text[32];

    make_row(n, want, text);
    assert_true(spool_row(s, n, got, &e));
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_int_equal(got[i].ptr == NULL, want[i].ptr == NULL);
        assert_int_equal(got[i].len, want[i].len);
        if (want[i].len > 0)
            assert_memory_equal(got[i].ptr, want[i].ptr, want[i].len);
    }
}

static void read_in_any_order(struct spool *s, uint64_t n_rows)
{
    uint64_t at = 1;

    for (int i = 0; i < 2000; i++) {
        at = (at * 6364136223846793005u + 1442695040888963407u) % n_rows;
        spool_begin_read(s);
        assert_row(s, at);
        assert_row(s, (at + 1) % n_rows);
        assert_row(s, at);
        spool_end_read(s);
    }
    for (uint64_t i = 0; i < n_rows; i++) {
        spool_begin_read(s);
        assert_row(s, i);
        spool_end_read(s);
    }
    for (uint64_t i = n_rows; i-- > 0;) {
        spool_begin_read(s);
        assert_row(s, i);
        spool_end_read(s);
    }
}

static void test_rows_in_memory(void **state)
{
    struct spool s;

    (void)state;
    spool_init(&s, COLUMNS, SIZE_MAX);
    s.segment_bytes = 200;
    for (uint64_t i = 0; i < 1000; i++)
        append(&s, i);
    assert_int_equal(s.fd, -1);
    read_in_any_order(&s, 1000);
    spool_release(&s);
}

static void test_rows_beyond_the_limit_go_to_a_file(void **state)
{
    struct spool s;
    const uint64_t n_rows = 20000;

    (void)state;
    spool_init(&s, COLUMNS, 64 << 10);
    s.segment_bytes = 4 << 10;
    for (uint64_t i = 0; i < n_rows; i++) {
        append(&s, i);
        assert_true(spool_held_bytes(&s) <= (72 << 10));
    }
    assert_true(s.fd >= 0);
    read_in_any_order(&s, n_rows);
    assert_true(spool_held_bytes(&s) <= (16 << 10));
    spool_release(&s);
}

/* Cells of the present reading stay while more is appended and written to the file. */
static void test_cells_stay_until_the_next_reading(void **state)
{
    struct spool s;
    struct err e = ERR_INIT;
    struct cell row[COLUMNS];

    (void)state;
    spool_init(&s, COLUMNS, 8 << 10);
    s.segment_bytes = 1 << 10;
    for (uint64_t i = 0; i < 20; i++)
        append(&s, i);
    spool_begin_read(&s);
    assert_true(spool_row(&s, 7, row, &e));
    spool_end_read(&s);
    for (uint64_t i = 20; i < 2000; i++)
        append(&s, i);
    assert_true(s.fd >= 0);
    assert_int_equal(row[0].len, 1);
    assert_memory_equal(row[0].ptr, "7", 1);
    spool_begin_read(&s);
    assert_row(&s, 1999);
    spool_end_read(&s);
    spool_release(&s);
}

static void test_a_row_larger_than_a_segment(void **state)
{
    struct spool s;
    struct err e = ERR_INIT;
    const size_t big = 3 << 20;
    char *bytes = malloc(big);
    struct cell row = {bytes, big};
    struct cell got;

    (void)state;
    memset(bytes, 'x', big);
    spool_init(&s, 1, 1 << 20);
    for (int i = 0; i < 4; i++) {
        bytes[0] = (char)('a' + i);
        assert_true(spool_append(&s, &row, &e));
    }
    for (uint64_t i = 0; i < 4; i++) {
        spool_begin_read(&s);
        assert_true(spool_row(&s, 3 - i, &got, &e));
        assert_int_equal(got.len, big);
        assert_int_equal(got.ptr[0], 'd' - (char)i);
        spool_end_read(&s);
    }
    spool_release(&s);
    free(bytes);
}

static void test_no_folder_for_the_file_is_an_error(void **state)
{
    struct spool s;
    struct err e = ERR_INIT;
    struct cell row[COLUMNS];
    char text[32];
    bool ok = true;
    uint64_t before;

    (void)state;
    assert_int_equal(setenv("TMPDIR", "/nonexistent/neon-odbc", 1), 0);
    spool_init(&s, COLUMNS, 2 << 10);
    s.segment_bytes = 1 << 10;
    make_row(5, row, text);
    for (int i = 0; ok && i < 1000; i++)
        ok = spool_append(&s, row, &e);
    assert_false(ok);
    assert_non_null(strstr(buf_str(&e.text), "CursorMemoryBytes"));
    err_release(&e);
    before = s.n_rows;
    /* With a folder it goes on where it was. */
    unsetenv("TMPDIR");
    assert_true(spool_append(&s, row, &e));
    assert_int_equal(s.n_rows, before + 1);
    spool_release(&s);
}

static void test_every_failing_allocation_is_an_error(void **state)
{
    uint64_t n = 0;
    uint64_t used;

    (void)state;
    do {
        struct spool s;
        struct err e = ERR_INIT;
        struct cell row[COLUMNS];
        char text[32];
        bool ok = true;
        spool_init(&s, COLUMNS, 2 << 10);
        s.segment_bytes = 1 << 10;
        mem_fail_at(++n, 0);
        for (uint64_t i = 0; ok && i < 200; i++) {
            make_row(i, row, text);
            ok = spool_append(&s, row, &e);
        }
        for (uint64_t i = 0; ok && i < s.n_rows; i += 17) {
            spool_begin_read(&s);
            ok = spool_row(&s, i, row, &e);
            spool_end_read(&s);
        }
        used = mem_attempts();
        mem_fail_at(0, 0);
        assert_int_equal(ok, used < n);
        err_release(&e);
        for (uint64_t i = 0; i < s.n_rows; i++) {
            spool_begin_read(&s);
            assert_row(&s, i);
            spool_end_read(&s);
        }
        spool_release(&s);
    } while (used >= n);
    assert_true(n > 3);
}

/* ---- the cursor over it ---- */

static void test_versions_of_rows(void **state)
{
    struct local_result local;
    struct local_column column = {"n", 23, -1, 0};
    struct rows rows = {.row_count = -1};
    struct cursor c = {0};
    struct err e = ERR_INIT;
    struct cell cell;
    uint64_t row = 0;

    (void)state;
    local_result_init(&local, &column, 1);
    for (int i = 1; i <= 9; i++) {
        char digit = (char)('0' + i);
        cell = (struct cell){&digit, 1};
        assert_true(local_result_add(&local, &cell));
    }
    rows_begin_local(&rows, &local);
    cursor_open(&c, 1, 0, 1 << 16);
    assert_true(cursor_need(&c, &rows, 4, &e));
    assert_int_equal(cursor_count(&c), 4);
    assert_false(c.complete);
    assert_true(cursor_need(&c, &rows, CURSOR_ALL, &e));
    assert_int_equal(cursor_count(&c), 9);
    assert_true(cursor_update(&c, 3, &(struct cell){"three", 5}, &e));
    assert_true(cursor_update(&c, 1, &(struct cell){"one", 3}, &e));
    assert_true(cursor_update(&c, 3, &(struct cell){NULL, 0}, &e));
    assert_true(cursor_delete(&c, 5, &e));
    assert_true(cursor_delete(&c, 3, &e));
    assert_true(cursor_add(&c, &(struct cell){"ten", 3}, &row, &e));
    assert_int_equal(row, 10);
    assert_int_equal(cursor_count(&c), 10);
    cursor_begin_read(&c);
    assert_true(cursor_row(&c, 1, &cell, &e));
    assert_memory_equal(cell.ptr, "one", 3);
    assert_true(cursor_row(&c, 2, &cell, &e));
    assert_memory_equal(cell.ptr, "2", 1);
    assert_true(cursor_row(&c, 3, &cell, &e)); /* the last values of a deleted row */
    assert_null(cell.ptr);
    assert_true(cursor_row(&c, 5, &cell, &e));
    assert_memory_equal(cell.ptr, "5", 1);
    assert_true(cursor_row(&c, 10, &cell, &e));
    assert_memory_equal(cell.ptr, "ten", 3);
    cursor_end_read(&c);
    for (uint64_t i = 1; i <= 10; i++)
        assert_int_equal(cursor_is_deleted(&c, i), i == 3 || i == 5);
    cursor_release(&c);
    rows_release(&rows);
    local_result_release(&local);
}

static void assert_cell(struct cursor *c, uint64_t row, const char *want, bool deleted)
{
    struct err e = ERR_INIT;
    struct cell cell;

    cursor_begin_read(c);
    assert_true(cursor_row(c, row, &cell, &e));
    assert_int_equal(cell.len, strlen(want));
    assert_memory_equal(cell.ptr, want, cell.len);
    cursor_end_read(c);
    assert_int_equal(cursor_is_deleted(c, row), deleted);
}

static void test_a_transaction_is_taken_back(void **state)
{
    struct local_result local;
    struct local_column column = {"n", 23, -1, 0};
    struct rows rows = {.row_count = -1};
    struct cursor c = {0};
    struct err e = ERR_INIT;
    uint64_t row = 0;

    (void)state;
    local_result_init(&local, &column, 1);
    for (int i = 0; i < 4; i++)
        assert_true(local_result_add(&local, &(struct cell){"base", 4}));
    rows_begin_local(&rows, &local);
    cursor_open(&c, 1, 0, 1 << 16);
    assert_true(cursor_need(&c, &rows, CURSOR_ALL, &e));
    assert_true(cursor_update(&c, 1, &(struct cell){"one", 3}, &e));
    assert_true(cursor_delete(&c, 2, &e));
    assert_true(cursor_add(&c, &(struct cell){"five", 4}, &row, &e));
    for (int round = 0; round < 2; round++) {
        bool committed = round == 1;
        c.change = 1;
        assert_true(cursor_update(&c, 1, &(struct cell){"once", 4}, &e));
        c.change = 2;
        assert_true(cursor_update(&c, 1, &(struct cell){"twice", 5}, &e));
        assert_true(cursor_update(&c, 3, &(struct cell){"three", 5}, &e));
        assert_true(cursor_delete(&c, 4, &e));
        assert_true(cursor_update(&c, 5, &(struct cell){"fünf", 5}, &e));
        assert_true(cursor_add(&c, &(struct cell){"more", 4}, &row, &e));
        c.change = 0;
        if (!committed) { /* to a savepoint first: what came before it stays */
            cursor_undo(&c, 1);
            assert_cell(&c, 1, "once", false);
            assert_cell(&c, 3, "base", false);
            assert_cell(&c, row, "more", true);
            cursor_undo(&c, 0);
        }
        cursor_keep(&c);
        assert_cell(&c, 1, committed ? "twice" : "one", false);
        assert_cell(&c, 2, "base", true);
        assert_cell(&c, 3, committed ? "three" : "base", false);
        assert_cell(&c, 4, "base", committed);
        assert_cell(&c, 5, committed ? "fünf" : "five", false);
        assert_int_equal(row, 6 + round);
        assert_cell(&c, row, "more", !committed);
    }
    cursor_undo(&c, 0); /* nothing is pending */
    assert_cell(&c, 1, "twice", false);
    cursor_release(&c);
    rows_release(&rows);
    local_result_release(&local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_in_memory),
        cmocka_unit_test(test_rows_beyond_the_limit_go_to_a_file),
        cmocka_unit_test(test_cells_stay_until_the_next_reading),
        cmocka_unit_test(test_a_row_larger_than_a_segment),
        cmocka_unit_test(test_no_folder_for_the_file_is_an_error),
        cmocka_unit_test(test_every_failing_allocation_is_an_error),
        cmocka_unit_test(test_versions_of_rows),
        cmocka_unit_test(test_a_transaction_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
