/* The request writer: protocol section 3, with every parameter a string or null. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "transport/request_body.h"

static void assert_body(const struct wire_request *r, const char *want)
{
    struct buf out = BUF_INIT(1 << 20);
    struct err e = ERR_INIT;

    assert_true(request_body_write(r, &out, &e));
    assert_string_equal(buf_str(&out), want);
    buf_release(&out);
}

static void test_single_and_batch(void **state)
{
    const struct wire_param params[] = {{"41", 2}, {NULL, 0}, {"", 0}, {"q\"\\\n\x01\xC3\xA9", 7}};
    const struct wire_stmt stmts[] = {{SV_LIT("SELECT $1"), params, 4},
                                      {SV_LIT("SELECT 2"), NULL, 0}};
    struct wire_request r = {.stmts = stmts, .n_stmts = 1};

    (void)state;
    assert_body(
        &r,
        "{\"query\":\"SELECT $1\",\"params\":[\"41\",null,\"\",\"q\\\"\\\\\\n\\u0001\xC3\xA9\"]}");
    r.batch = true;
    assert_body(&r, "{\"queries\":[{\"query\":\"SELECT "
                    "$1\",\"params\":[\"41\",null,\"\",\"q\\\"\\\\\\n\\u0001\xC3\xA9\"]}]}");
    r.batch = false;
    r.n_stmts = 2;
    r.stmts = stmts;
    assert_body(&r, "{\"queries\":[{\"query\":\"SELECT "
                    "$1\",\"params\":[\"41\",null,\"\",\"q\\\"\\\\\\n\\u0001\xC3\xA9\"]},"
                    "{\"query\":\"SELECT 2\"}]}");
}

static void test_every_byte_comes_back_from_a_json_reader(void **state)
{
    char text[127];
    const struct wire_param p = {text, sizeof text};
    const struct wire_stmt s = {SV_LIT("x"), &p, 1};
    const struct wire_request r = {.stmts = &s, .n_stmts = 1};
    struct buf out = BUF_INIT(1 << 16);
    struct err e = ERR_INIT;
    json_object *doc;
    json_object *params;
    json_object *value;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i + 1);
    assert_true(request_body_write(&r, &out, &e));
    doc = json_tokener_parse(buf_str(&out));
    assert_non_null(doc);
    assert_true(json_object_object_get_ex(doc, "params", &params));
    value = json_object_array_get_idx(params, 0);
    assert_int_equal(json_object_get_string_len(value), sizeof text);
    assert_memory_equal(json_object_get_string(value), text, sizeof text);
    json_object_put(doc);
    buf_release(&out);
}

static void test_a_request_over_the_limit_is_refused_by_name(void **state)
{
    static char big[100000];
    const struct wire_param p = {big, sizeof big};
    const struct wire_stmt s = {SV_LIT("SELECT $1"), &p, 1};
    const struct wire_request r = {.stmts = &s, .n_stmts = 1};
    struct buf out = BUF_INIT(65536);
    struct err e = ERR_INIT;

    (void)state;
    memset(big, 'x', sizeof big);
    assert_false(request_body_write(&r, &out, &e));
    assert_string_equal(e.state, "54000");
    assert_non_null(strstr(buf_str(&e.text), "MaxRequestBytes=65536"));
    err_release(&e);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_and_batch),
        cmocka_unit_test(test_every_byte_comes_back_from_a_json_reader),
        cmocka_unit_test(test_a_request_over_the_limit_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
