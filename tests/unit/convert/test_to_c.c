/* SQL to C: every row of tests/data/convert/to_c.tsv, and the matrix against appendix D cell by
 * cell. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conv_names.h"
#include "convert/matrix.h"

/* ---- data rows; the fields are explained at the head of to_c.tsv ---- */

#define GUARD 0xA5

static size_t split(char *line, char **fields, size_t max)
{
    size_t n = 0;

    for (char *p = line; p && n < max; n++) {
        fields[n] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = '\0';
    }
    return n;
}

static uint32_t oid_of(const char *name)
{
    const struct type_row *row = typemap_find_name(sv(name));

    if (strcmp(name, "enum") == 0) /* something that is not built in */
        return 123456;
    if (row == NULL)
        fail_msg("no such type: %s", name);
    return row->oid;
}

struct row {
    struct to_c spec;
    bool allowed;
    char text[CONV_VALUE_MAX];
    size_t text_len;
    SQLLEN cap;
    const char *outcome, *total, *value;
};

static void read_row(char **f, struct row *r)
{
    char *type = strtok(f[0], "/");
    char *modifier = strtok(NULL, "/");
    char *reported = strtok(NULL, "/");
    char *c_type = strtok(f[2], "/");
    char *precision = strtok(NULL, "/");
    char *scale = strtok(NULL, "/");
    struct type_desc desc;
    int32_t mod = modifier ? (int32_t)strtol(modifier, NULL, 10) : -1;

    typemap_describe(oid_of(type), mod, &default_options, &desc);
    r->allowed = to_c_choose(&r->spec, oid_of(type), mod,
                             reported ? code_of(sql_type_names, reported) : desc.concise_type,
                             code_of(c_type_names, c_type),
                             precision ? (SQLSMALLINT)strtol(precision, NULL, 10) : 0,
                             scale ? (SQLSMALLINT)strtol(scale, NULL, 10) : 0, &default_env);
    r->text_len = percent_decode(f[1], r->text);
    r->cap = (SQLLEN)strtol(f[3], NULL, 10);
    r->outcome = f[4];
    r->total = f[5];
    r->value = f[6];
}

static int check_row(struct row *r, int line)
{
    /* One byte off the start so that every target is unaligned, and guards on both sides. */
    static unsigned char memory[CONV_VALUE_MAX + 64];
    unsigned char *app_buf = memory + 33;
    size_t size = r->spec.fixed_size ? r->spec.c_size : (size_t)(r->cap > 0 ? r->cap : 0);
    struct cell cell = {r->text, r->text_len};
    struct to_c_out out = {.app_buf = app_buf, .cap_bytes = r->cap};
    char got[CONV_VALUE_MAX * 4] = "";
    char total[32] = "-";
    enum conv outcome = CONV_NOT_ALLOWED;

    memset(memory, GUARD, sizeof memory);
    if (r->allowed)
        outcome = r->spec.fn(&r->spec, &cell, &out);
    for (size_t i = 0; i < sizeof memory; i++) {
        if ((i < 33 || i >= 33 + size) && memory[i] != GUARD) {
            print_error("line %d: wrote outside the buffer\n", line);
            return 1;
        }
    }
    if (outcome == CONV_OK || outcome == CONV_TRUNCATED || outcome == CONV_FRACTION_LOST) {
        (void)snprintf(total, sizeof total, "%ld", (long)out.total_bytes);
        if (size > 0)
            value_to_text(r->spec.c_type, app_buf, out.total_bytes, (SQLLEN)size, got, sizeof got);
    } else {
        strcpy(got, "-");
    }
    if (strcmp(outcome_name(outcome), r->outcome) == 0 && strcmp(total, r->total) == 0 &&
        strcmp(got, r->value) == 0)
        return 0;
    print_error("to_c.tsv:%d: %s as %s: got %s %s %s, expected %s %s %s\n", line, r->text,
                name_of(c_type_names, r->spec.c_type), outcome_name(outcome), total, got,
                r->outcome, r->total, r->value);
    return 1;
}

static void test_rows_of_to_c_tsv(void **state)
{
    FILE *f = fopen(data_path("to_c.tsv"), "r");
    char line[CONV_VALUE_MAX];
    int number = 0;
    int rows = 0;
    int bad = 0;

    (void)state;
    if (f == NULL)
        fail_msg("%s is missing", data_path("to_c.tsv"));
    while (fgets(line, sizeof line, f)) {
        static struct row r;
        char *fields[7];
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (split(line, fields, 7) != 7) {
            print_error("to_c.tsv:%d: not seven fields\n", number);
            bad++;
            continue;
        }
        memset(&r, 0, sizeof r);
        read_row(fields, &r);
        bad += check_row(&r, number);
        rows++;
    }
    fclose(f);
    assert_true(rows > 200);
    assert_int_equal(bad, 0);
}

/* ---- the matrix: appendix D, "SQL to C" ----
 * One string per SQL type, one letter per C type that it may become; everything else is 07006:
 *   T character   B binary   b bit   I integers   F float, double   N numeric   G guid
 *   D date   C clock   S timestamp   1 interval of one field   + interval of several fields */

struct expected {
    const char *type;
    int32_t modifier;
    SQLSMALLINT reported; /* 0: as described */
    const char *cells;
};

static const struct expected expected[] = {
    {"bool", -1, 0, "TBbIFN"},
    {"bool", -1, SQL_VARCHAR, "TBbIFNGDCS1+"},
    {"int2", -1, 0, "TBbIFN1+"},
    {"int4", -1, 0, "TBbIFN1+"},
    {"int8", -1, 0, "TBbIFN1+"},
    {"oid", -1, 0, "TBbIFN1+"},
    {"xid8", -1, 0, "TBbIFN1+"},
    {"float4", -1, 0, "TBbIFN"},
    {"float8", -1, 0, "TBbIFN"},
    {"numeric", -1, 0, "TBbIFN1+"},
    {"numeric", ((10 << 16) | 2) + 4, 0, "TBbIFN1+"},
    {"text", -1, 0, "TBbIFNGDCS1+"},
    {"varchar", 14, 0, "TBbIFNGDCS1+"},
    {"bpchar", 14, 0, "TBbIFNGDCS1+"},
    {"json", -1, 0, "TBbIFNGDCS1+"},
    {"xml", -1, 0, "TBbIFNGDCS1+"},
    {"money", -1, 0, "TBbIFNGDCS1+"},
    {"_int4", -1, 0, "TBbIFNGDCS1+"},
    {"bit", 8, 0, "TBbIFNGDCS1+"},
    {"timetz", -1, 0, "TBbIFNGDCS1+"},
    {"interval", -1, 0, "TBbIFNGDCS1+"},
    {"bytea", -1, 0, "TB"},
    {"bytea", -1, SQL_LONGVARBINARY, "TB"},
    {"date", -1, 0, "TBDS"},
    {"time", -1, 0, "TBCS"},
    {"timestamp", -1, 0, "TBDCS"},
    {"timestamptz", -1, 0, "TBDCS"},
    {"timestamptz", -1, SQL_WVARCHAR, "TBbIFNGDCS1+"},
    {"uuid", -1, 0, "TBG"},
    {"uuid", -1, SQL_WVARCHAR, "TBbIFNGDCS1+"},
    {"interval", -1, SQL_INTERVAL_DAY, "TBIN1+"},
    {"interval", -1, SQL_INTERVAL_YEAR, "TBIN1+"},
    {"interval", -1, SQL_INTERVAL_DAY_TO_SECOND, "TB1+"},
    {"interval", -1, SQL_INTERVAL_YEAR_TO_MONTH, "TB1+"},
    {"int8", -1, SQL_WVARCHAR, "TBbIFNGDCS1+"},
};

static char letter_of(SQLSMALLINT c_type)
{
    static const char letters[CF_COUNT] = {
        [CF_TEXT] = 'T',  [CF_BINARY] = 'B', [CF_BIT] = 'b',      [CF_INT] = 'I',
        [CF_FLOAT] = 'F', [CF_DOUBLE] = 'F', [CF_NUMERIC] = 'N',  [CF_GUID] = 'G',
        [CF_DATE] = 'D',  [CF_TIME] = 'C',   [CF_TIMESTAMP] = 'S'};
    enum c_family family = c_type_family(c_type_resolve(c_type));

    if (family != CF_INTERVAL)
        return letters[family];
    switch (c_type) {
    case SQL_C_INTERVAL_YEAR:
    case SQL_C_INTERVAL_MONTH:
    case SQL_C_INTERVAL_DAY:
    case SQL_C_INTERVAL_HOUR:
    case SQL_C_INTERVAL_MINUTE:
    case SQL_C_INTERVAL_SECOND:
        return '1';
    default:
        return '+';
    }
}

static void test_matrix_is_appendix_d(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const struct expected *e = &expected[i];
        for (const struct named_code *c = c_type_names; c->name; c++) {
            struct type_desc desc;
            struct to_c spec;
            bool want;
            bool got;
            if (c->code == SQL_C_DEFAULT)
                continue;
            typemap_describe(oid_of(e->type), e->modifier, &default_options, &desc);
            got = to_c_choose(&spec, oid_of(e->type), e->modifier,
                              e->reported ? e->reported : desc.concise_type, c->code, 0, 0,
                              &default_env);
            want = strchr(e->cells, letter_of(c->code)) != NULL;
            if (got != want || (got && spec.fn == NULL) ||
                (got && spec.c_size != c_type_size(c->code))) {
                print_error("%s (%d) as %s: %s\n", e->type, e->reported, c->name,
                            got ? "allowed" : "07006");
                bad++;
            }
        }
    }
    assert_int_equal(bad, 0);
}

/* Every built-in type, whatever it is, answers every C type and its default without falling over.
 */
static void test_every_type_answers_every_c_type(void **state)
{
    static const char *const texts[] = {"",
                                        "t",
                                        "0",
                                        "-1",
                                        "1e400",
                                        "NaN",
                                        "infinity",
                                        "2024-01-01",
                                        "24:00:00",
                                        "2024-01-01 00:00:00.1+02 BC",
                                        "\\x",
                                        "\\x0",
                                        "\\",
                                        "P",
                                        "@ ago",
                                        "-",
                                        ".",
                                        "1 day -02:03",
                                        "{1,2}",
                                        "\xff\xfe",
                                        "99999999999999999999999999999999999999999"};
    const struct type_row *row;

    (void)state;
    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        for (const struct named_code *c = c_type_names; c->name; c++) {
            struct type_desc desc;
            struct to_c spec;
            typemap_describe_row(row, -1, &default_options, &desc);
            if (!to_c_choose(&spec, row->oid, -1, desc.concise_type, c->code, 0, 0, &default_env)) {
                assert_int_not_equal(c->code, SQL_C_DEFAULT);
                continue;
            }
            for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
                unsigned char buf[64];
                struct cell cell = {texts[t], strlen(texts[t])};
                struct to_c_out out = {.app_buf = buf, .cap_bytes = 40};
                enum conv r;
                memset(buf, GUARD, sizeof buf);
                r = spec.fn(&spec, &cell, &out);
                assert_true(r != CONV_NOT_ALLOWED && r != CONV_OOM);
                for (size_t k = 40; k < sizeof buf; k++)
                    assert_int_equal(buf[k], GUARD);
                out = (struct to_c_out){.cap_bytes = 40}; /* no buffer: the length only */
                r = spec.fn(&spec, &cell, &out);
                assert_true(r != CONV_TRUNCATED);
            }
        }
    }
}

static void test_options_change_bool_text(void **state)
{
    struct type_options minus = default_options;
    struct conv_env env = {&minus, false};
    struct to_c spec;
    char buf[8];
    struct cell cell = {"t", 1};
    struct to_c_out out = {.app_buf = buf, .cap_bytes = sizeof buf};

    (void)state;
    minus.true_is_minus1 = true;
    assert_true(to_c_choose(&spec, 16, -1, SQL_BIT, SQL_C_CHAR, 0, 0, &env));
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_OK);
    assert_string_equal(buf, "-1");
}

static void test_private_sql_type_gives_text_as_binary(void **state)
{
    struct to_c spec;
    char buf[32];
    struct cell cell = {"2024-01-01 00:00:00+02", 22};
    struct to_c_out out = {.app_buf = buf, .cap_bytes = sizeof buf};

    (void)state;
    assert_true(to_c_choose(&spec, 1184, -1, -20001, SQL_C_BINARY, 0, 0, &default_env));
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_OK);
    assert_int_equal(out.total_bytes, 22);
    assert_memory_equal(buf, cell.ptr, 22);
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
        cmocka_unit_test(test_rows_of_to_c_tsv),
        cmocka_unit_test(test_matrix_is_appendix_d),
        cmocka_unit_test(test_every_type_answers_every_c_type),
        cmocka_unit_test(test_options_change_bool_text),
        cmocka_unit_test(test_private_sql_type_gives_text_as_binary),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
