/* A schema of 5000 tables with 20 columns: everything in one call and one answer of the endpoint,
 * which is bounded, and table by table from memory. */
#include "catalog_calls.h"

#define N_TABLES 5000
#define N_COLUMNS 20

static int make_tables(void **state)
{
    (void)state;
    pg_admin(
        "set client_min_messages = error; create schema large authorization app; "
        "create procedure large.make(n int) language plpgsql as $$ declare cols text; begin "
        "select string_agg(format('a_column_of_some_length_%s %s', i, case when i % 5 = 0 then "
        "'numeric(12,2) not null default 0' else 'varchar(40)' end), ', ') into cols from "
        "generate_series(1, 20) i; for i in 1 .. n loop execute format('create table "
        "large.the_table_with_the_number_%s (%s)', i, cols); "
        "if i % 500 = 0 then commit; end if; end loop; end $$; call large.make(5000)");
    return 0;
}

/* In parts: each table takes a lock. */
static int drop_tables(void **state)
{
    (void)state;
    pg_admin(
        "set client_min_messages = error; "
        "create procedure large.unmake(n int) language plpgsql as $$ begin for i in 1 .. n loop "
        "execute format('drop table large.the_table_with_the_number_%s', i); "
        "if i % 500 = 0 then commit; end if; end loop; end $$; call large.unmake(5000); "
        "drop schema large cascade");
    return 0;
}

static long rows(SQLHSTMT s, const struct call *c)
{
    long n = 0;

    assert_stmt_ok(s, call_narrow(s, c));
    while (SQLFetch(s) == SQL_SUCCESS)
        n++;
    SQLFreeStmt(s, SQL_CLOSE);
    return n;
}

static void test_everything_comes_in_one_answer(void **state)
{
    static const struct call tables = {TABLES, {NULL, "large", NULL, NULL}, 0, 0, 0};
    static const struct call columns = {COLUMNS, {NULL, "large", NULL, NULL}, 0, 0, 0};
    static const struct call one = {COLUMNS, {NULL, "large", "%", "%length\\_7"}, 0, 0, 0};
    static const struct call privileges = {TABLE_PRIVILEGES, {NULL, "large", NULL}, 0, 0, 0};
    SQLHSTMT s = ((struct fixture *)*state)->stmt;
    long before = gateway_requests();

    assert_int_equal(rows(s, &tables), N_TABLES);
    assert_int_equal(rows(s, &columns), N_TABLES * N_COLUMNS);
    assert_int_equal(rows(s, &one), N_TABLES);
    assert_true(rows(s, &privileges) >= 7 * N_TABLES);
    assert_int_equal(gateway_requests() - before, 4);
}

static void test_table_by_table_from_memory(void **state)
{
    static const enum function f[] = {COLUMNS, PRIMARY_KEYS, FOREIGN_KEYS, STATISTICS};
    SQLHSTMT s = ((struct fixture *)*state)->stmt;
    long before = gateway_requests();
    long n = 0;

    for (int i = 1; i <= 300; i++)
        for (size_t k = 0; k < 4; k++) {
            char name[64];
            struct call c = {f[k], {NULL, "large", name, NULL, NULL, NULL}, 0, 0, 0};
            snprintf(name, sizeof name, "the_table_with_the_number_%d", i * 16);
            if (f[k] == FOREIGN_KEYS)
                c = (struct call){f[k], {NULL, NULL, NULL, NULL, "large", name}, 0, 0, 0};
            c.first = f[k] == STATISTICS ? SQL_INDEX_ALL : 0;
            n += rows(s, &c);
        }
    assert_int_equal(n, 300 * (N_COLUMNS + 1)); /* the columns, and the table's size */
    assert_int_equal(gateway_requests() - before, 2 * 4 + 1 + 4);
}

static int setup(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    gateway_reset();
    fixture_connect(f, "DSN=neon;CatalogCache=3600");
    *state = f;
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_everything_comes_in_one_answer),
        T(test_table_by_table_from_memory),
    };
    return cmocka_run_group_tests(tests, make_tables, drop_tables);
}
