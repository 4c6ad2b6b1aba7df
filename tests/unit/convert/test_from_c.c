/* C to SQL: every row of tests/data/convert/from_c.tsv, and the matrix against appendix D cell by
 * cell. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "conv_names.h"
#include "convert/datetime.h"

/* Fields: C type[/precision/scale of the APD]  SQL type  value  length (NTS, = for the value's, a
 * number) outcome  text  cast */
static int check_row(char **f, int line)
{
    static unsigned char memory[CONV_VALUE_MAX * 4 + 1];
    unsigned char *app_value = memory + 1; /* unaligned */
    char *c_name = strtok(f[0], "/");
    char *precision = strtok(NULL, "/");
    char *scale = strtok(NULL, "/");
    struct from_c p = {.c_type = code_of(c_type_names, c_name),
                       .sql_type = code_of(sql_type_names, f[1])};
    SQLSMALLINT c_type = p.c_type == SQL_C_DEFAULT ? typemap_default_c_type(p.sql_type) : p.c_type;
    struct buf out = BUF_INIT(0);
    char got[CONV_VALUE_MAX * 4] = "-";
    const char *cast = "-";
    SQLLEN len;
    enum conv outcome;
    int bad;

    p.precision = precision ? (SQLSMALLINT)strtol(precision, NULL, 10) : 0;
    p.scale = scale ? (SQLSMALLINT)strtol(scale, NULL, 10) : 0;
    memset(memory, 0, sizeof memory);
    len = value_from_text(c_type, f[2], app_value);
    if (strcmp(f[3], "NTS") == 0)
        len = SQL_NTS;
    else if (strcmp(f[3], "=") != 0)
        len = (SQLLEN)strtol(f[3], NULL, 10);
    assert_true(buf_append_str(&out, "before"));
    outcome = from_c_text(&p, app_value, len, &default_env, &out);
    if (outcome == CONV_OK || outcome == CONV_FRACTION_LOST) {
        struct cell text = {out.data + 6, out.len - 6};
        percent_encode(text.ptr, text.len, got, sizeof got);
        cast = from_c_cast(&p, &text);
        cast = cast ? cast : "-";
    } else {
        assert_int_equal(out.len, 6);
        assert_string_equal(buf_str(&out), "before");
    }
    if ((outcome == CONV_NOT_ALLOWED) == from_c_allowed(p.c_type, p.sql_type))
        print_error("line %d: from_c_allowed and from_c_text disagree\n", line);
    bad = strcmp(outcome_name(outcome), f[4]) != 0 || strcmp(got, f[5]) != 0 ||
          strcmp(cast, f[6]) != 0;
    if (bad)
        print_error("from_c.tsv:%d: %s as %s: got %s '%s' %s, expected %s '%s' %s\n", line, f[2],
                    f[1], outcome_name(outcome), got, cast, f[4], f[5], f[6]);
    buf_release(&out);
    return bad;
}

static void test_rows_of_from_c_tsv(void **state)
{
    FILE *f = fopen(data_path("from_c.tsv"), "r");
    char line[CONV_VALUE_MAX];
    int number = 0;
    int rows = 0;
    int bad = 0;

    (void)state;
    if (f == NULL)
        fail_msg("%s is missing", data_path("from_c.tsv"));
    while (fgets(line, sizeof line, f)) {
        char *fields[7];
        size_t n = 0;
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        for (char *p = line; p && n < 7; n++) {
            fields[n] = p;
            p = strchr(p, '\t');
            if (p)
                *p++ = '\0';
        }
        if (n != 7) {
            print_error("from_c.tsv:%d: not seven fields\n", number);
            bad++;
            continue;
        }
        bad += check_row(fields, number);
        rows++;
    }
    fclose(f);
    assert_true(rows > 150);
    assert_int_equal(bad, 0);
}

/* ---- the matrix: appendix D, "C to SQL" ----
 * Letters of groups of SQL types:
 *   T character   I integers   N numeric and decimal   F approximate   b bit   B binary
 *   D date   C time   S timestamp   G guid   y YEAR and MONTH   Y YEAR TO MONTH
 *   d one day-time field   E several day-time fields */

static char letter_of(SQLSMALLINT sql_type)
{
    switch (sql_type) {
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_LONGVARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR:
        return 'T';
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT:
        return 'I';
    case SQL_NUMERIC:
    case SQL_DECIMAL:
        return 'N';
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
        return 'F';
    case SQL_BIT:
        return 'b';
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
        return 'B';
    case SQL_TYPE_DATE:
    case SQL_DATE:
        return 'D';
    case SQL_TYPE_TIME:
    case SQL_TIME:
        return 'C';
    case SQL_TYPE_TIMESTAMP:
    case SQL_TIMESTAMP:
        return 'S';
    case SQL_GUID:
        return 'G';
    case SQL_INTERVAL_YEAR:
    case SQL_INTERVAL_MONTH:
        return 'y';
    case SQL_INTERVAL_YEAR_TO_MONTH:
        return 'Y';
    case SQL_INTERVAL_DAY:
    case SQL_INTERVAL_HOUR:
    case SQL_INTERVAL_MINUTE:
    case SQL_INTERVAL_SECOND:
        return 'd';
    default:
        return 'E';
    }
}

static const char *cells_of(SQLSMALLINT c_type)
{
    switch (c_type) {
    case SQL_C_CHAR:
    case SQL_C_WCHAR:
        return "TINFbBDCSGyYdE";
    case SQL_C_BINARY:
        return "TINFbBDCS";
    case SQL_C_BIT:
    case SQL_C_FLOAT:
    case SQL_C_DOUBLE:
        return "TINFb";
    case SQL_C_GUID:
        return "TG";
    case SQL_C_TYPE_DATE:
    case SQL_C_DATE:
        return "TDS";
    case SQL_C_TYPE_TIME:
    case SQL_C_TIME:
        return "TCS";
    case SQL_C_TYPE_TIMESTAMP:
    case SQL_C_TIMESTAMP:
        return "TDCS";
    case SQL_C_INTERVAL_YEAR:
    case SQL_C_INTERVAL_MONTH:
        return "TINyY";
    case SQL_C_INTERVAL_YEAR_TO_MONTH:
        return "TyY";
    case SQL_C_INTERVAL_DAY:
    case SQL_C_INTERVAL_HOUR:
    case SQL_C_INTERVAL_MINUTE:
    case SQL_C_INTERVAL_SECOND:
        return "TINdE";
    case SQL_C_INTERVAL_DAY_TO_HOUR:
    case SQL_C_INTERVAL_DAY_TO_MINUTE:
    case SQL_C_INTERVAL_DAY_TO_SECOND:
    case SQL_C_INTERVAL_HOUR_TO_MINUTE:
    case SQL_C_INTERVAL_HOUR_TO_SECOND:
    case SQL_C_INTERVAL_MINUTE_TO_SECOND:
        return "TdE";
    default:
        return "TINFbyd"; /* integers and SQL_C_NUMERIC */
    }
}

static void test_matrix_is_appendix_d(void **state)
{
    int bad = 0;

    (void)state;
    for (const struct named_code *c = c_type_names; c->name; c++) {
        for (const struct named_code *s = sql_type_names; s->name; s++) {
            bool want =
                c->code == SQL_C_DEFAULT || strchr(cells_of(c->code), letter_of(s->code)) != NULL;
            if (from_c_allowed(c->code, s->code) != want) {
                print_error("%s as %s: expected %s\n", c->name, s->name,
                            want ? "allowed" : "07006");
                bad++;
            }
        }
    }
    assert_int_equal(bad, 0);
    assert_false(from_c_allowed(SQL_C_CHAR, 77));
    assert_false(from_c_allowed(77, SQL_CHAR));
}

static void test_null_and_text_have_no_cast(void **state)
{
    struct from_c p = {.c_type = SQL_C_SLONG, .sql_type = SQL_INTEGER};
    struct cell null_cell = {NULL, 0};

    (void)state;
    assert_null(from_c_cast(&p, NULL));
    assert_null(from_c_cast(&p, &null_cell));
}

static void test_time_for_a_timestamp_takes_today(void **state)
{
    struct from_c p = {.c_type = SQL_C_TYPE_TIME, .sql_type = SQL_TYPE_TIMESTAMP};
    SQL_TIME_STRUCT t = {10, 20, 30};
    SQL_DATE_STRUCT before;
    SQL_DATE_STRUCT after;
    struct buf out = BUF_INIT(0);
    char first[64];
    char second[64];

    (void)state;
    datetime_today(&before);
    assert_int_equal(from_c_text(&p, &t, 0, &default_env, &out), CONV_OK);
    datetime_today(&after);
    (void)snprintf(first, sizeof first, "%04d-%02u-%02u 10:20:30", before.year, before.month,
                   before.day);
    (void)snprintf(second, sizeof second, "%04d-%02u-%02u 10:20:30", after.year, after.month,
                   after.day);
    assert_true(strcmp(buf_str(&out), first) == 0 || strcmp(buf_str(&out), second) == 0);
    buf_release(&out);
}

/* A buffer with too little room, and every allocation failing: CONV_OOM, and nothing half appended.
 */
static void test_out_of_memory_leaves_the_buffer_as_it_was(void **state)
{
    static const struct {
        SQLSMALLINT c_type, sql_type;
        const char *value;
    } cases[] = {{SQL_C_CHAR, SQL_VARCHAR,
                  "0123456789012345678901234567890123456789012345678901234567890123456789"},
                 {SQL_C_CHAR, SQL_VARBINARY,
                  "0123456789012345678901234567890123456789012345678901234567890123456789"},
                 {SQL_C_WCHAR, SQL_WVARCHAR,
                  "0123456789012345678901234567890123456789012345678901234567890123456789"},
                 {SQL_C_BINARY, SQL_VARBINARY,
                  "00112233445566778899001122334455667788990011223344556677889900112233"},
                 {SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, "2024-01-01 00:00:00.0"},
                 {SQL_C_DOUBLE, SQL_DOUBLE, "0.1"},
                 {SQL_C_INTERVAL_DAY, SQL_INTERVAL_DAY, "3:5 0:0:0.0"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct from_c p = {.c_type = cases[i].c_type, .sql_type = cases[i].sql_type};
        unsigned char value[CONV_VALUE_MAX];
        SQLLEN len = value_from_text(p.c_type, cases[i].value, value);
        struct buf small = BUF_INIT(2);
        struct buf out = BUF_INIT(0);
        assert_int_equal(from_c_text(&p, value, len, &default_env, &small), CONV_OOM);
        assert_int_equal(small.len, 0);
        mem_fail_at(1, 1);
        assert_int_equal(from_c_text(&p, value, len, &default_env, &out), CONV_OOM);
        mem_fail_at(0, 0);
        assert_int_equal(out.len, 0);
        buf_release(&small);
        buf_release(&out);
    }
}

static int setup(void **state)
{
    (void)state;
    conv_test_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_from_c_tsv),
        cmocka_unit_test(test_matrix_is_appendix_d),
        cmocka_unit_test(test_null_and_text_have_no_cast),
        cmocka_unit_test(test_time_for_a_timestamp_takes_today),
        cmocka_unit_test(test_out_of_memory_leaves_the_buffer_as_it_was),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
