/* The conversions against a real PostgreSQL: the OIDs of types.def, the names as CREATE TABLE takes
 * them, the casts, and random values of thirty types from the server's text to C and back, compared
 * by the server. Talks to it through psql. Skipped without NEON_TEST_PG_URL. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "conv_names.h"

static char script_path[] = "/tmp/neon-convert-XXXXXX";

/* Runs the script; the rows of its results, unaligned, one per line. */
static void run_script(const struct buf *script, struct buf *answer)
{
    char command[2048];
    char block[65536];
    FILE *f = fopen(script_path, "w");
    size_t n;
    int status;

    assert_non_null(f);
    assert_int_equal(fwrite(script->data, 1, script->len, f), script->len);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(command, sizeof command,
                   "PGCLIENTENCODING=UTF8 psql -X -q -A -t -v ON_ERROR_STOP=1 -f %s "
                   "\"$NEON_TEST_PG_URL\" 2>&1",
                   script_path);
    f = popen(command, "r");
    assert_non_null(f);
    buf_reset(answer);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        assert_true(buf_append(answer, block, n));
    status = pclose(f);
    if (status != 0)
        fail_msg("psql: %s", buf_str(answer) + (answer->len > 1000 ? answer->len - 1000
                                                                   : 0)); /* the error ends it */
}

static void skip_without_server(void)
{
    if (getenv("NEON_TEST_PG_URL") == NULL) {
        print_message("NEON_TEST_PG_URL is not set: no PostgreSQL to compare with\n");
        skip();
    }
}

/* ---- the table of types ---- */

static void test_oids_are_the_servers(void **state)
{
    struct buf script = BUF_INIT(0);
    struct buf answer = BUF_INIT(0);
    const struct type_row *row;
    int rows = 0;

    (void)state;
    skip_without_server();
    buf_append_str(&script, "create temp table ours(oid int8, typname text, elem int8);\n");
    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        if (row->flags & TYPE_ALIAS)
            continue;
        buf_printf(&script, "insert into ours values (%u, '%s', %u);\n", row->oid, row->typname,
                   row->element_oid);
        rows++;
    }
    /* Wrong OIDs, then types of the server that no row has: composites of system tables and
     * internals aside. */
    buf_append_str(
        &script,
        "select 'wrong: ' || o.typname || ' ' || o.oid from ours o left join pg_type t on t.oid = "
        "o.oid "
        "where t.typname is distinct from o.typname or (o.elem <> 0 and t.typelem <> o.elem);\n"
        "select 'missing: ' || typname || ' ' || oid from pg_type t where typnamespace = "
        "'pg_catalog'::regnamespace and typtype in ('b', 'r', 'm') and oid < 10000 and not exists "
        "(select 1 from ours o where o.oid = t.oid) and not (typelem <> 0 and exists (select 1 "
        "from pg_type e "
        "where e.oid = t.typelem and e.typtype in ('p', 'c'))) and typname not in ('pg_node_tree', "
        "'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'pg_brin_bloom_summary', "
        "'pg_brin_minmax_multi_summary');\n");
    run_script(&script, &answer);
    assert_true(rows > 140);
    assert_string_equal(buf_str(&answer), "");
    buf_release(&script);
    buf_release(&answer);
}

static void test_type_names_create_columns(void **state)
{
    struct buf script = BUF_INIT(0);
    struct buf answer = BUF_INIT(0);
    const struct type_row *row;

    (void)state;
    skip_without_server();
    buf_append_str(&script, "set client_min_messages = error; create temp table t0(a int4");
    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        if (!(row->flags & TYPE_PSEUDO))
            buf_printf(&script, ", c%zu %s", i, row->name);
    }
    buf_append_str(&script, ");\ncreate temp table t1(a int4");
    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        if (!(row->flags & TYPE_PSEUDO) && strcmp(row->create_params, "length") == 0)
            buf_printf(&script, ", c%zu %s(7)", i, row->name);
        if (!(row->flags & TYPE_PSEUDO) && strcmp(row->create_params, "precision") == 0)
            buf_printf(&script, ", c%zu %s(3)", i, row->name);
        if (!(row->flags & TYPE_PSEUDO) && strcmp(row->create_params, "precision,scale") == 0)
            buf_printf(&script, ", c%zu %s(10,2)", i, row->name);
    }
    /* Type and modifier of each column, to compare what is described with the row it was made from.
     */
    buf_append_str(&script, ");\nselect 'col ' || substr(attname, 2) || ' ' || atttypid || ' ' || "
                            "atttypmod from pg_attribute "
                            "where attrelid = 't0'::regclass and attnum > 1 order by attnum;\n");
    run_script(&script, &answer);
    for (const char *p = buf_str(&answer); p && *p;
         p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        unsigned long index;
        unsigned oid;
        int modifier;
        assert_int_equal(sscanf(p, "col %lu %u %d", &index, &oid, &modifier), 3);
        row = typemap_row(index);
        assert_non_null(row);
        assert_int_equal(oid, row->oid);
        if (row->family == FAM_INTERVAL && (row->flags & TYPE_ALIAS)) {
            struct type_options o = default_options;
            struct type_desc d;
            o.interval_as = SQL_INTERVAL_DAY_TO_SECOND;
            typemap_describe(oid, modifier, &o, &d);
            assert_int_equal(d.concise_type, row->sql_type);
            assert_string_equal(d.type_name, row->name);
        }
    }
    buf_release(&script);
    buf_release(&answer);
}

/* ---- casts ---- */

static void test_casts_make_the_server_infer(void **state)
{
    /* A statement with one marker, the C and SQL type of its parameter, the value, the answer. */
    static const struct {
        const char *before, *after;
        SQLSMALLINT c_type, sql_type;
        const char *value, *answer;
    } cases[] = {
        {"select pg_typeof(", ")", SQL_C_SLONG, SQL_INTEGER, "5", "integer"},
        {"select pg_typeof(", ")", SQL_C_SBIGINT, SQL_BIGINT, "5", "integer"},
        {"select pg_typeof(", ")", SQL_C_SBIGINT, SQL_BIGINT, "2147483648", "bigint"},
        {"select pg_typeof(", ")", SQL_C_SBIGINT, SQL_BIGINT, "-2147483648", "integer"},
        {"select pg_typeof(", ")", SQL_C_UBIGINT, SQL_BIGINT, "18446744073709551615", "numeric"},
        {"select left('hello', ", ")", SQL_C_SBIGINT, SQL_BIGINT, "2", "he"},
        {"select 1 + ", "", SQL_C_SLONG, SQL_INTEGER, "2", "3"},
        {"select ", " + 0.5", SQL_C_DOUBLE, SQL_DOUBLE, "1.5", "2"},
        {"select pg_typeof(", ")", SQL_C_DOUBLE, SQL_DOUBLE, "nan", "double precision"},
        {"select ", " = 0.1::float4", SQL_C_FLOAT, SQL_REAL, "0.1", "t"},
        {"select ", "", SQL_C_DOUBLE, SQL_DOUBLE, "-0", "-0"},
        {"select pg_typeof(", ")", SQL_C_NUMERIC, SQL_NUMERIC, "10,2:150", "numeric"},
        {"select ", "", SQL_C_NUMERIC, SQL_NUMERIC, "38,10:12345678901234567890123456789012345678",
         "1234567890123456789012345678.9012345678"},
        {"select not ", "", SQL_C_BIT, SQL_BIT, "1", "f"},
        {"select ", "::text", SQL_C_BINARY, SQL_VARBINARY, "00ff5c27", "\\x00ff5c27"},
        {"select md5(", ")", SQL_C_BINARY, SQL_VARBINARY, "", "d41d8cd98f00b204e9800998ecf8427e"},
        {"select date_trunc('day', ", ")", SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP,
         "2024-02-29 12:34:56.0", "2024-02-29 00:00:00"},
        {"select timestamp '2024-01-02 00:00' > ", " - interval '1 day'", SQL_C_TYPE_TIMESTAMP,
         SQL_TYPE_TIMESTAMP, "2024-01-02 12:00:00.0", "t"},
        {"select extract(year from ", ")", SQL_C_TYPE_DATE, SQL_TYPE_DATE, "2024-02-29", "2024"},
        {"select ", " + interval '1 hour'", SQL_C_TYPE_TIME, SQL_TYPE_TIME, "10:20:30", "11:20:30"},
        {"set timezone = 'UTC'; select ", "", SQL_C_CHAR, SQL_TYPE_TIMESTAMP,
         "2024-02-29 12:00:00+02", "2024-02-29 10:00:00+00"},
        {"set timezone = 'UTC'; select timestamptz '2024-02-29 12:00:00+00' = ", "",
         SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, "2024-02-29 12:00:00.0", "t"},
        {"select ", "", SQL_C_CHAR, SQL_TYPE_TIME, "12:00:00+02", "12:00:00+02"},
        {"select ", "", SQL_C_TYPE_DATE, SQL_TYPE_DATE, "12024-01-01", "12024-01-01"},
        {"select ", " is null", SQL_C_GUID, SQL_GUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "f"},
        {"set intervalstyle = 'sql_standard'; set intervalstyle = 'postgres'; select ", "",
         SQL_C_INTERVAL_YEAR_TO_MONTH, SQL_INTERVAL_YEAR_TO_MONTH, "7:-1-2", "-1 years -2 mons"},
        {"select ", "", SQL_C_INTERVAL_DAY_TO_SECOND, SQL_INTERVAL_DAY_TO_SECOND,
         "10:-3 4:5:6.700000", "-3 days -04:05:06.7"},
        {"select 1 where 5 = ", "", SQL_C_CHAR, SQL_VARCHAR, "5", "1"}, /* text stays untyped */
        {"select ", "", SQL_C_WCHAR, SQL_WVARCHAR, "O'Brien %F0%9F%98%80",
         "O'Brien \xF0\x9F\x98\x80"},
    };

    (void)state;
    skip_without_server();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned char value[CONV_VALUE_MAX];
        struct from_c p = {.c_type = cases[i].c_type, .sql_type = cases[i].sql_type};
        SQLLEN len = value_from_text(p.c_type, cases[i].value, value);
        struct buf text = BUF_INIT(0);
        struct buf script = BUF_INIT(0);
        struct buf answer = BUF_INIT(0);
        const char *select = strstr(cases[i].before, "select ");
        const char *cast;
        struct cell cell;
        assert_int_equal(from_c_text(&p, value, len, &default_env, &text), CONV_OK);
        cell = (struct cell){buf_str(&text), text.len};
        cast = from_c_cast(&p, &cell);
        /* PREPARE without types infers as a Parse with untyped parameters does. */
        buf_append(&script, cases[i].before, (size_t)(select - cases[i].before));
        buf_printf(&script, "\nprepare p as %s$1%s%s;\nexecute p(", select, cast ? cast : "",
                   cases[i].after);
        buf_append_char(&script, '\'');
        for (size_t k = 0; k < text.len; k++) {
            if (text.data[k] == '\'')
                buf_append_char(&script, '\'');
            buf_append_char(&script, text.data[k]);
        }
        buf_append_str(&script, "');\n");
        run_script(&script, &answer);
        if (answer.len > 0)
            answer.data[answer.len - 1] = '\0';
        if (strcmp(buf_str(&answer), cases[i].answer) != 0)
            fail_msg("%s ? %s with %s: '%s', expected '%s'", cases[i].before, cases[i].after,
                     cases[i].value, buf_str(&answer), cases[i].answer);
        buf_release(&text);
        buf_release(&script);
        buf_release(&answer);
    }
}

/* ---- random values ---- */

#define VALUES 10000

static const struct {
    const char *type, *expression; /* SQL that makes a random value from i and random() */
    SQLSMALLINT c_type, sql_type;
} types[] = {
#define RANDOM_TYPE(type, expression, c_type, sql_type) {type, expression, c_type, sql_type},
#include "random_types.def"
};

/* How a session or a role may have changed the text forms. */
static const char *const settings[] = {
    "set timezone = 'Europe/Berlin';",
    "set datestyle = 'German'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape'; set "
    "timezone = 'America/New_York';",
    "set datestyle = 'ISO, DMY'; set intervalstyle = 'sql_standard'; set timezone = "
    "'Asia/Kathmandu';",
    "set datestyle = 'Postgres, MDY'; set intervalstyle = 'postgres_verbose'; set bytea_output = "
    "'escape'; "
    "set timezone = 'UTC';",
};

static uint32_t oid_by_type(const char *type, int32_t *modifier)
{
    static const struct {
        const char *type;
        uint32_t oid;
        int32_t modifier;
    } known[] = {{"numeric(20,4)", 1700, ((20 << 16) | 4) + 4},
                 {"varchar(20)", 1043, 24},
                 {"char(12)", 1042, 16},
                 {"time(0)", 1083, 0},
                 {"int4[]", 1007, -1},
                 {"text[]", 1009, -1},
                 {"bit(9)", 1560, 9}};

    *modifier = -1;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].type, type) == 0) {
            *modifier = known[i].modifier;
            return known[i].oid;
        }
    }
    assert_non_null(typemap_find_name(sv(type)));
    return typemap_find_name(sv(type))->oid;
}

/* COPY's text form. */
static void copy_escape(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\\' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r')
            buf_append_char(out, '\\');
        buf_append_char(out, s[i] == '\n' ? 'n' : s[i] == '\t' ? 't' : s[i] == '\r' ? 'r' : s[i]);
    }
}

/* One line of the server: to C, back to text; appends "type, original, ours". False: refused. */
static bool one_value(size_t t, const char *s, size_t n, struct buf *copy)
{
    unsigned char value[CONV_VALUE_MAX];
    struct from_c p = {.c_type = types[t].c_type, .sql_type = types[t].sql_type};
    int32_t modifier;
    uint32_t oid = oid_by_type(types[t].type, &modifier);
    struct to_c_out out = {.app_buf = value, .cap_bytes = sizeof value};
    struct cell cell = {s, n};
    struct buf text = BUF_INIT(0);
    struct type_desc desc;
    struct to_c spec;
    enum conv r;

    typemap_describe(oid, modifier, &default_options, &desc);
    assert_true(to_c_choose(&spec, oid, modifier, desc.concise_type, p.c_type, 0, 0, &default_env));
    r = spec.fn(&spec, &cell, &out);
    if (r == CONV_OK)
        r = from_c_text(&p, value, out.total_bytes, &default_env, &text);
    if (r != CONV_OK) {
        buf_release(&text);
        /* A date that can be read two ways is refused, which is right; nothing else is. */
        if (r == CONV_BAD_DATETIME || r == CONV_BAD_TEXT)
            return false;
        fail_msg("%s '%.*s' as %s: %s", types[t].type, (int)n, s, name_of(c_type_names, p.c_type),
                 outcome_name(r));
    }
    buf_printf(copy, "%zu\t", t);
    copy_escape(copy, s, n);
    buf_append_char(copy, '\t');
    copy_escape(copy, buf_str(&text), text.len);
    buf_append_char(copy, '\n');
    buf_release(&text);
    return true;
}

static void round_trip_under(const char *setting, size_t values, bool may_refuse)
{
    struct buf script = BUF_INIT(0);
    struct buf answer = BUF_INIT(0);
    struct buf copy = BUF_INIT(0);
    size_t refused = 0;
    size_t lines = 0;

    buf_printf(&script, "%s do 'begin perform setseed(0.5); end';\n", setting);
    for (size_t t = 0; t < ARRAY_LEN(types); t++)
        buf_printf(&script,
                   "select '%zu ' || (x::%s)::text from (select %s as x from generate_series(1, "
                   "%zu) i) s;\n",
                   t, types[t].type, types[t].expression, values);
    run_script(&script, &answer);
    for (const char *p = buf_str(&answer); *p;) {
        const char *end = strchr(p, '\n');
        char *text;
        unsigned long t = strtoul(p, &text, 10);
        assert_non_null(end);
        assert_true(t < ARRAY_LEN(types) && *text == ' ');
        text++;
        /* "char" drops its padding in ::text; anything else is as the server sends it. */
        refused += !one_value(t, text, (size_t)(end - text), &copy);
        lines++;
        p = end + 1;
    }
    assert_int_equal(lines, values * ARRAY_LEN(types));
    if (!may_refuse)
        assert_int_equal(refused, 0);
    /* Numbers, dates, ... must be equal as values and as text; only the server knows how its types
     * compare. */
    buf_reset(&script);
    buf_printf(&script,
               "%s\ncreate temp table r(t int, theirs text, ours text);\ncopy r from stdin;\n",
               setting);
    buf_append_sv(&script, buf_sv(&copy));
    buf_append_str(&script, "\\.\n");
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        /* The structure cannot tell 1 day -01:00:00 from 23:00:00, which are equal but print
         * differently. */
        const char *as_text = types[t].c_type == SQL_C_INTERVAL_DAY_TO_SECOND ? "" : "::text";
        buf_printf(&script,
                   "select '%s as %s: ' || theirs || ' became ' || ours from r where t = %zu and "
                   "(theirs::%s)%s "
                   "is distinct from (ours::%s)%s limit 3;\n",
                   types[t].type, name_of(c_type_names, types[t].c_type), t, types[t].type, as_text,
                   types[t].type, as_text);
    }
    run_script(&script, &answer);
    assert_string_equal(buf_str(&answer), "");
    buf_release(&script);
    buf_release(&answer);
    buf_release(&copy);
}

static void test_random_values_of_thirty_types(void **state)
{
    (void)state;
    skip_without_server();
    round_trip_under(settings[0], VALUES, false);
}

static void test_random_values_under_odd_settings(void **state)
{
    (void)state;
    skip_without_server();
    for (size_t i = 1; i < ARRAY_LEN(settings); i++)
        round_trip_under(settings[i], 500, i == 3);
}

static int setup(void **state)
{
    int fd = mkstemp(script_path);

    (void)state;
    conv_test_init();
    return fd < 0 || close(fd) != 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(script_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oids_are_the_servers),
        cmocka_unit_test(test_type_names_create_columns),
        cmocka_unit_test(test_casts_make_the_server_infer),
        cmocka_unit_test(test_random_values_of_thirty_types),
        cmocka_unit_test(test_random_values_under_odd_settings),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
