/* returning.c: what RETURNING would give, as a read without effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sql/returning.h"

/* The text with runs of spaces as one; "" when it was refused. */
static const char *rewritten(const char *sql)
{
    static char text[1024];
    struct buf out = BUF_INIT(0);
    size_t n = 0;

    if (returning_as_select(sv(sql), &out))
        for (size_t i = 0; i < out.len && n < sizeof text - 1; i++)
            if (!ascii_is_space(out.data[i]) || (n > 0 && text[n - 1] != ' '))
                text[n++] = ascii_is_space(out.data[i]) ? ' ' : out.data[i];
    text[n] = '\0';
    buf_release(&out);
    return text;
}

static void test_texts(void **state)
{
    static const struct {
        const char *sql, *expected;
    } cases[] = {
        {"INSERT INTO t VALUES (1) RETURNING id", "SELECT id FROM t WHERE false"},
        {"insert into t (a, b) values ($1, $2) returning a + $1 as x",
         "SELECT a + NULL as x FROM t WHERE false"},
        {"INSERT INTO s.t AS q SELECT 1 RETURNING q.*", "SELECT q.* FROM s.t AS q WHERE false"},
        {"INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1) RETURNING a",
         "SELECT a FROM t WHERE false"},
        {"UPDATE ONLY t SET a = (SELECT 1 FROM u) WHERE b RETURNING *",
         "SELECT * FROM ONLY t WHERE false"},
        {"UPDATE t q SET a = 1 FROM u, v WHERE b RETURNING q.a",
         "SELECT q.a FROM t q , u, v WHERE false"},
        {"DELETE FROM t USING u WHERE t.a = u.a RETURNING t.a, 'RETURNING'",
         "SELECT t.a, 'RETURNING' FROM t , u WHERE false"},
        {"WITH x AS (SELECT 1) DELETE FROM t RETURNING a",
         "WITH x AS (SELECT 1) SELECT a FROM t WHERE false"},
        {"WITH x AS (DELETE FROM u RETURNING 1) DELETE FROM t RETURNING a", ""},
        {"INSERT INTO t VALUES (1)", ""},
        {"SELECT 1", ""},
        {"", ""},
        {"RETURNING", ""},
        {"UPDATE t RETURNING WITH (OLD AS o) a", ""},
        {"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING a", ""},
        {"INSERT", ""},
        {"INSERT INTO", ""},
        {"DELETE FROM t) RETURNING a",
         "SELECT a FROM t) WHERE false"}, /* the server says what is wrong */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(rewritten(cases[i].sql), cases[i].expected);
}

static void test_out_of_memory(void **state)
{
    struct buf out = BUF_INIT(0);

    (void)state;
    mem_fail_at(1, 0);
    assert_false(returning_as_select(SV_LIT("DELETE FROM t RETURNING a"), &out));
    mem_fail_at(0, 0);
    assert_int_equal(out.failed, BUF_NO_MEMORY);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts),
                                       cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
