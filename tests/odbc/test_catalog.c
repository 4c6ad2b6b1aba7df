/* The catalog functions against golden tables (tests/data/catalog): a schema with every kind of
 * object and name, asked through the narrow and the wide names, each call one request. With
 * NEON_GOLDEN_UPDATE=1 the tables are written instead of compared: read the difference before you
 * keep it. */
#include "catalog_calls.h"

#include <unistd.h>

#define ODD "Odd \"zoo"

/* ---- comparing ---- */

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *data;
    long n;

    if (f == NULL)
        fail_msg("%s cannot be read", path);
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    data = calloc(1, (size_t)n + 1);
    assert_int_equal(fread(data, 1, (size_t)n, f), n);
    fclose(f);
    return data;
}

static void first_difference(const char *name, const char *wanted, const char *got)
{
    size_t line = 1;
    size_t start = 0;

    for (size_t i = 0;; i++) {
        if (wanted[i] != got[i])
            break;
        if (wanted[i] == '\0')
            return;
        if (wanted[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    fail_msg("%s differs from line %zu on:\n  wanted %.*s\n  got    %.*s", name, line,
             (int)strcspn(wanted + start, "\n"), wanted + start, (int)strcspn(got + start, "\n"),
             got + start);
}

static void compare(const char *name, const struct text *got)
{
    char path[1024];
    char *wanted;

    snprintf(path, sizeof path, "%s/tests/data/catalog/%s.txt", test_env("NEON_TEST_SRCDIR"), name);
    if (getenv("NEON_GOLDEN_UPDATE") != NULL) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(got->data, f);
        fclose(f);
        return;
    }
    wanted = read_file(path);
    first_difference(name, wanted, got->data);
    free(wanted);
}

/* Each call by both names; equal, and one request. */
static void run_golden(struct fixture *f, const char *name, const struct call *calls, size_t n)
{
    struct text all = {NULL, 0, 0};

    for (size_t i = 0; i < n; i++) {
        struct text narrow = {NULL, 0, 0};
        struct text wide = {NULL, 0, 0};
        long before = gateway_requests();
        put_call(&calls[i], &all);
        assert_stmt_ok(f->stmt, call_narrow(f->stmt, &calls[i]));
        render(f->stmt, &narrow);
        assert_int_equal(gateway_requests() - before, 1);
        assert_stmt_ok(f->stmt, call_wide(f->stmt, &calls[i]));
        render(f->stmt, &wide);
        assert_int_equal(gateway_requests() - before, 2);
        assert_string_equal(narrow.data, wide.data);
        put(&all, narrow.data);
        free(narrow.data);
        free(wide.data);
    }
    compare(name, &all);
    free(all.data);
}

#define GOLDEN(name, ...)                                                                          \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        static const struct call calls[] = {__VA_ARGS__};                                          \
        run_golden(*state, #name, calls, sizeof calls / sizeof calls[0]);                          \
    }

/* ---- the golden tables ---- */

GOLDEN(tables, {TABLES, {NULL, "zoo", NULL, NULL}, 0, 0, 0},
       {TABLES, {"shop", ODD, "%", ""}, 0, 0, 0}, {TABLES, {NULL, "zoo_x", NULL, "TABLE"}, 0, 0, 0},
       {TABLES, {NULL, "zoo\\_x", NULL, "TABLE"}, 0, 0, 0},
       {TABLES, {NULL, "zoo\\%x", "same%", "'TABLE','VIEW'"}, 0, 0, 0},
       {TABLES, {NULL, ODD, "a_b", "TABLE,"}, 0, 0, 0},
       {TABLES, {NULL, ODD, "a\\_b", "TABLE,"}, 0, 0, 0},
       {TABLES, {NULL, ODD, "100\\%", NULL}, 0, 0, 0},
       {TABLES, {NULL, ODD, "back\\\\slash", NULL}, 0, 0, 0},
       {TABLES, {NULL, ODD, "動物園_", NULL}, 0, 0, 0},
       {TABLES, {NULL, "zoo", "%", "VIEW, MATERIALIZED VIEW ,foreign table"}, 0, 0, 0},
       {TABLES, {NULL, "zoo", "%", "VIEW,TABLE,%,"}, 0, 0, 0},
       {TABLES, {NULL, "zoo", "", NULL}, 0, 0, 0}, {TABLES, {"", "", "keepers", "VIEW"}, 0, 0, 0},
       {TABLES, {"nowhere", "zoo", "%", NULL}, 0, 0, 0},
       {TABLES, {"sh%", "zoo", "keep%", NULL}, 0, 0, 0},
       {TABLES, {NULL, NULL, "pg_class", NULL}, 0, 0, 0},
       {TABLES, {NULL, "pg\\_catalog", "pg\\_am%", "SYSTEM TABLE"}, 0, 0, 0},
       {TABLES, {"%", "", "", NULL}, 0, 0, 0})

GOLDEN(columns, {COLUMNS, {NULL, "zoo", "every_kind", NULL}, 0, 0, 0},
       {COLUMNS, {NULL, ODD, "%", "%"}, 0, 0, 0},
       {COLUMNS, {NULL, ODD, "Mixed Case", "a_b"}, 0, 0, 0},
       {COLUMNS, {NULL, ODD, "Mixed Case", "a\\_b"}, 0, 0, 0},
       {COLUMNS, {NULL, ODD, "Mixed Case", "a\\%b"}, 0, 0, 0},
       {COLUMNS, {"shop", "zoo", "measured%", "place"}, 0, 0, 0},
       {COLUMNS, {NULL, "zoo", "bird", NULL}, 0, 0, 0},
       {COLUMNS, {NULL, "zoo", "census", NULL}, 0, 0, 0},
       {COLUMNS, {NULL, "zoo", "keepers", NULL}, 0, 0, 0},
       {COLUMNS, {NULL, "zoo", "elsewhere", NULL}, 0, 0, 0},
       {COLUMNS, {NULL, "zoo", "keepers", ""}, 0, 0, 0},
       {COLUMNS, {NULL, "zoo_x", "same\\_name", NULL}, 0, 0, 0},
       {COLUMNS, {NULL, NULL, "pg_namespace", "nsp%"}, 0, 0, 0})

GOLDEN(primary_keys, {PRIMARY_KEYS, {NULL, "zoo", "every_kind"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "species"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "measured"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "animal"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "bird"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "measured_2025"}, 0, 0, 0},
       {PRIMARY_KEYS, {"", "", "same_name"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo%x", "same_name"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, ODD, "Mixed Case"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, ODD, "mixed case"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "no_primary"}, 0, 0, 0},
       {PRIMARY_KEYS, {NULL, "zoo", "%"}, 0, 0, 0}, {PRIMARY_KEYS, {NULL, "zoo", ""}, 0, 0, 0},
       {PRIMARY_KEYS, {"nowhere", "zoo", "species"}, 0, 0, 0})

GOLDEN(foreign_keys, {FOREIGN_KEYS, {NULL, NULL, NULL, NULL, "zoo", "specimen"}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "species", NULL, NULL, NULL}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "specimen", "", "", ""}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "specimen", NULL, "zoo", "specimen"}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "specimen", NULL, "zoo_x", "visit"}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, NULL, NULL, NULL, "zoo_x", "visit"}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "measured", NULL, NULL, NULL}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "measured_2025", NULL, NULL, NULL}, 0, 0, 0},
       {FOREIGN_KEYS, {NULL, "zoo", "keepers", NULL, NULL, NULL}, 0, 0, 0})

GOLDEN(statistics, {STATISTICS, {NULL, "zoo", "specimen"}, SQL_INDEX_ALL, SQL_QUICK, 0},
       {STATISTICS, {NULL, "zoo", "specimen"}, SQL_INDEX_UNIQUE, SQL_ENSURE, 0},
       {STATISTICS, {"shop", "zoo", "species"}, SQL_INDEX_ALL, SQL_QUICK, 0},
       {STATISTICS, {NULL, "zoo", "measured"}, SQL_INDEX_ALL, SQL_QUICK, 0},
       {STATISTICS, {NULL, "zoo", "keepers"}, SQL_INDEX_ALL, SQL_QUICK, 0},
       {STATISTICS, {NULL, "zoo", "census"}, SQL_INDEX_ALL, SQL_QUICK, 0},
       {STATISTICS, {NULL, "zoo", "spec%"}, SQL_INDEX_ALL, SQL_QUICK, 0},
       {STATISTICS, {NULL, NULL, "same_name"}, SQL_INDEX_ALL, SQL_QUICK, 0})

#define BEST(schema, table, nullable)                                                              \
    {                                                                                              \
        SPECIAL_COLUMNS, {NULL, schema, table}, SQL_BEST_ROWID, SQL_SCOPE_SESSION, nullable        \
    }
#define ROWVER(schema, table)                                                                      \
    {                                                                                              \
        SPECIAL_COLUMNS, {NULL, schema, table}, SQL_ROWVER, SQL_SCOPE_CURROW, SQL_NULLABLE         \
    }
GOLDEN(special_columns, BEST("zoo", "every_kind", SQL_NULLABLE),
       BEST("zoo", "species", SQL_NO_NULLS), BEST("zoo", "no_primary", SQL_NULLABLE),
       BEST("zoo", "deferred_key", SQL_NULLABLE), BEST("zoo_x", "visit", SQL_NO_NULLS),
       BEST("zoo", "keyless", SQL_NULLABLE), BEST("zoo", "keepers", SQL_NULLABLE),
       BEST("zoo", "animal", SQL_NULLABLE), BEST("zoo", "measured", SQL_NO_NULLS),
       BEST(NULL, "same_name", SQL_NULLABLE), ROWVER("zoo", "species"), ROWVER("zoo", "measured"),
       ROWVER("zoo", "keepers"), ROWVER("zoo", "elsewhere"))

GOLDEN(privileges, {TABLE_PRIVILEGES, {NULL, "zoo", "species"}, 0, 0, 0},
       {TABLE_PRIVILEGES, {NULL, ODD, "a\\_b"}, 0, 0, 0},
       {TABLE_PRIVILEGES, {NULL, "zoo", "specimen"}, 0, 0, 0},
       {COLUMN_PRIVILEGES, {NULL, "zoo", "specimen", "place"}, 0, 0, 0},
       {COLUMN_PRIVILEGES, {NULL, "zoo", "species", "%e"}, 0, 0, 0},
       {COLUMN_PRIVILEGES, {NULL, "zoo", "spec%", NULL}, 0, 0, 0})

GOLDEN(procedures, {PROCEDURES, {NULL, "zoo", NULL}, 0, 0, 0},
       {PROCEDURES, {"shop", "z_o", "f%"}, 0, 0, 0}, {PROCEDURES, {NULL, "zoo", ""}, 0, 0, 0},
       {PROCEDURES, {NULL, NULL, "current_database"}, 0, 0, 0},
       {PROCEDURE_COLUMNS, {NULL, "zoo", "%", NULL}, 0, 0, 0},
       {PROCEDURE_COLUMNS, {NULL, "zoo", "area", "h"}, 0, 0, 0},
       {PROCEDURE_COLUMNS, {NULL, "zoo", "area", ""}, 0, 0, 0},
       {PROCEDURE_COLUMNS, {NULL, "zoo", "are", NULL}, 0, 0, 0})

/* ---- what came with later servers ---- */

static bool rows_have(SQLHSTMT s, const struct call *c, const char *wanted)
{
    struct text t = {NULL, 0, 0};
    bool found;

    assert_stmt_ok(s, call_narrow(s, c));
    render(s, &t);
    found = strstr(t.data, wanted) != NULL;
    free(t.data);
    return found;
}

static void test_later_servers(void **state)
{
    static const struct call strict = BEST("zoo", "later", SQL_NO_NULLS);
    static const struct call loose = BEST("zoo", "later", SQL_NULLABLE);
    static const struct call columns = {COLUMNS, {NULL, "zoo", "later", NULL}, 0, 0, 0};
    SQLHSTMT s = ((struct fixture *)*state)->stmt;
    long long version = query_number(s, "SELECT current_setting('server_version_num')::int");

    run(s, "CREATE TABLE zoo.later (a int, b int)");
    if (version >= 150000) {
        run(s, "ALTER TABLE zoo.later ADD CONSTRAINT later_key UNIQUE NULLS NOT DISTINCT (a)");
        assert_false(rows_have(s, &strict, "2|a|4"));
        assert_true(rows_have(s, &loose, "2|a|4"));
    }
    if (version >= 180000) {
        run(s, "ALTER TABLE zoo.later ADD CONSTRAINT later_b NOT NULL b NOT VALID");
        assert_true(rows_have(s, &columns, "|b|4|int4|10|4|0|10|1|"));
        run(s, "ALTER TABLE zoo.later VALIDATE CONSTRAINT later_b");
        assert_true(rows_have(s, &columns, "|b|4|int4|10|4|0|10|0|"));
        run(s, "ALTER TABLE zoo.later ADD COLUMN v int GENERATED ALWAYS AS (a + 1) VIRTUAL");
        assert_true(rows_have(s, &columns, "|v|4|int4|10|4|0|10|1|~|~|4|~|~|3|YES|NO|YES|"));
    }
    run(s, "DROP TABLE zoo.later");
    assert_int_equal(query_number(s, "SELECT count(*) FROM aclexplode(acldefault('r', 10)) WHERE "
                                     "privilege_type = 'MAINTAIN'"),
                     version >= 170000);
}

/* Counted, so without answers from memory. */
static int setup(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    gateway_reset();
    fixture_connect(f, "DSN=neon;CatalogCache=0");
    *state = f;
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_tables),       T(test_columns),    T(test_primary_keys),
        T(test_foreign_keys), T(test_statistics), T(test_special_columns),
        T(test_privileges),   T(test_procedures), T(test_later_servers),
    };
    return cmocka_run_group_tests(tests, load_schema, drop_schema);
}
