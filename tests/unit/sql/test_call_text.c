/* call_text.c: calls in pieces, and put together with fewer arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sql/call_text.h"

#define MAX_ARGS 8

/* "schema|name|n_args|text", the text being the call without the arguments of `drop` (bits); "no".
 */
static const char *pieces(const char *sql, unsigned drop)
{
    static char text[512];
    static const char *const casts[MAX_ARGS] = {"::int4", NULL, "::text"};
    struct script_options o = {0};
    struct script sc;
    struct err e = ERR_INIT;
    struct call_text c;
    bool keep[MAX_ARGS];
    const char *names[MAX_ARGS] = {NULL};
    unsigned numbers[MAX_ARGS];
    size_t n = 0;
    struct buf out = BUF_INIT(0);

    assert_true(script_parse(sv(sql), &o, &sc, &e));
    if (!call_text_read(&sc.stmts[0], &c)) {
        script_release(&sc);
        return "no";
    }
    for (size_t i = 0; i < MAX_ARGS; i++)
        keep[i] = (drop >> i & 1) == 0;
    if (drop > 1)
        names[2] = "\"c\" => ";
    assert_true(call_text_render(&sc.stmts[0], &c, "X ", keep, names, casts, numbers, &n, &out));
    snprintf(text, sizeof text, "%s|%s|%zu|%s", c.schema, c.name, c.n_args, buf_str(&out));
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "|%u", numbers[i]);
    buf_release(&out);
    call_text_release(&c);
    script_release(&sc);
    return text;
}

static void test_pieces(void **state)
{
    (void)state;
    assert_string_equal(pieces("{call P(?, ?)}", 0), "|p|2|X P($1::int4, $2)|1|2");
    assert_string_equal(pieces("{call p}", 0), "|p|0|X p()");
    assert_string_equal(pieces("{call \"My S\".\"a\"\"b\"( ? )}", 0),
                        "My S|a\"b|1|X \"My S\".\"a\"\"b\"($1::int4)|1");
    assert_string_equal(pieces("{call db.s.p(1, 'x,(', (SELECT ?), ARRAY[1,2])}", 0),
                        "s|p|4|X db.s.p(1, 'x,(', (SELECT $1::int4), ARRAY[1,2])|1");
    assert_string_equal(pieces("{? = call f(?, ?)}", 1), "|f|2|X f($1)|2");
    assert_string_equal(pieces("{call p(?, ?, ?)}", 2),
                        "|p|3|X p($1::int4, \"c\" => $2::text)|1|3");
    assert_string_equal(pieces("CALL p(?)", 0), "|p|1|X p($1::int4)|1");
    assert_string_equal(pieces("CALL U&\"\\0070\"(?)", 0), "|p|1|X \"p\"($1::int4)|1");
    assert_string_equal(pieces("{call p($1, $1)}", 0), "|p|2|X p($1::int4, $1::int4)|1");
}

static void test_what_is_no_call(void **state)
{
    static const char *const texts[] = {"SELECT f(?)", "CALL p",      "CALL p(?",     "CALL p(?,)",
                                        "CALL p(,)",   "CALL p(?) x", "CALL p(?)(?)", "CALL p(?]",
                                        "CALL",        "CALL .p(?)",  "CALL p.(?)"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(pieces(texts[i], 0), "no") != 0)
            fail_msg("read as a call: %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_what_is_no_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
