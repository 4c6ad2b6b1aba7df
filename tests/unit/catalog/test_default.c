/* COLUMN_DEF: a lone literal loses the cast that the server writes behind it; everything else stays
 * as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "catalog/catalog_result.h"

#define TEXT_OID 25
#define INT_OID 23

static const struct {
    uint32_t type;
    const char *expression, *shown;
} cases[] = {
    {TEXT_OID, "'x'::character varying", "'x'"},
    {TEXT_OID, "'it''s'::text", "'it''s'"},
    {TEXT_OID, "''::text", "''"},
    {TEXT_OID, "'''::'::text", "'''::'"},
    {TEXT_OID, "'x'::character varying(10)", "'x'"},
    {TEXT_OID, "'fine'::zoo.\"Mood of (the) day\"", "'fine'"},
    {TEXT_OID, "'{1,2}'::integer[]", "'{1,2}'"},
    {TEXT_OID, "'1 day'::interval day to second(3)", "'1 day'"},
    {TEXT_OID, "NULL::character varying", "NULL"},
    {TEXT_OID, "NULL", "NULL"},
    {TEXT_OID, "'x'", "'x'"},
    {TEXT_OID, "('a'::text || 'b'::text)", "('a'::text || 'b'::text)"},
    {TEXT_OID, "'a'::text || 'b'::text", "'a'::text || 'b'::text"},
    {TEXT_OID, "'a'::text COLLATE \"C\"", "'a'::text COLLATE \"C\""},
    {TEXT_OID, "'now'::text::date", "'now'::text::date"},
    {TEXT_OID, "'x", "'x"},
    {TEXT_OID, "'", "'"},
    {TEXT_OID, "NULLIF(1, 2)", "NULLIF(1, 2)"},
    {TEXT_OID, "NULLS", "NULLS"},
    {TEXT_OID, "E'\\\\n'::text", "E'\\\\n'::text"},
    {TEXT_OID, "'x'::", "'x'::"},
    {TEXT_OID, "'x'::a\"b", "'x'::a\"b"},
    {TEXT_OID, "nextval('s'::regclass)", "nextval('s'::regclass)"},
    {TEXT_OID, "", ""},
    {INT_OID, "'-1'::integer", "-1"},
    {INT_OID, "'-1.5e3'::numeric", "-1.5e3"},
    {INT_OID, "'NaN'::double precision", "'NaN'"},
    {INT_OID, "''::integer", "''"},
    {INT_OID, "7", "7"},
    {INT_OID, "NULL::integer", "NULL"},
};

static void test_cases(void **state)
{
    struct type_options o;

    (void)state;
    type_options_default(&o);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct type_desc t;
        struct cell shown;
        typemap_describe(cases[i].type, -1, &o, &t);
        shown =
            catalog_default((struct cell){cases[i].expression, strlen(cases[i].expression)}, &t);
        if (!sv_eq(sv_n(shown.ptr, shown.len), sv(cases[i].shown)))
            fail_msg("%s is shown as %.*s", cases[i].expression, (int)shown.len, shown.ptr);
    }
}

static void test_none_stays_none(void **state)
{
    struct type_options o;
    struct type_desc t;

    (void)state;
    type_options_default(&o);
    typemap_describe(TEXT_OID, -1, &o, &t);
    assert_null(catalog_default((struct cell){NULL, 0}, &t).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_none_stays_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
