/* failure.c: reading libpq's verbose message of a failed connect, and the shape of the error body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/buf.h"
#include "gateway/failure.h"

#define PREFIX "connection to server at \"127.0.0.1\", port 5432 failed: "

static void test_connect_error_keeps_all_fields(void **state)
{
    struct failure f = {0};
    (void)state;
    assert_true(failure_from_connect(&f, PREFIX "FATAL:  42501: permission denied\n"
                                                "DETAIL:  User does not have it.\n"
                                                "HINT:  Ask for it.\n"
                                                "LOCATION:  CheckMyDatabase, postinit.c:401\n"));
    assert_int_equal(f.status, 500);
    assert_string_equal(f.field[FAILURE_MESSAGE], "permission denied");
    assert_string_equal(f.field[FAILURE_CODE], "42501");
    assert_string_equal(f.field[FAILURE_SEVERITY], "FATAL");
    assert_string_equal(f.field[FAILURE_DETAIL], "User does not have it.");
    assert_string_equal(f.field[FAILURE_HINT], "Ask for it.");
    assert_string_equal(f.field[FAILURE_FILE], "postinit.c");
    assert_string_equal(f.field[FAILURE_LINE], "401");
    assert_string_equal(f.field[FAILURE_ROUTINE], "CheckMyDatabase");
    failure_release(&f);
}

static void test_last_attempt_of_sslmode_prefer_counts(void **state)
{
    struct failure f = {0};
    (void)state;
    assert_true(failure_from_connect(&f,
                                     PREFIX "FATAL:  28000: no pg_hba.conf entry, SSL encryption\n"
                                            "LOCATION:  ClientAuthentication, auth.c:543\n" PREFIX
                                            "FATAL:  53300: too many clients already\n"
                                            "LOCATION:  InitProcess, proc.c:360\n"));
    assert_string_equal(f.field[FAILURE_CODE], "53300");
    assert_string_equal(f.field[FAILURE_ROUTINE], "InitProcess");
    failure_release(&f);
}

static void test_message_without_sqlstate_is_not_from_the_server(void **state)
{
    struct failure f = {0};
    (void)state;
    assert_false(failure_from_connect(&f, PREFIX "Connection refused\n\tIs the server running?\n"));
    assert_false(failure_from_connect(&f, PREFIX "FATAL:  no code\n"));
    assert_false(failure_from_connect(&f, ""));
    assert_int_equal(f.status, 0);
}

static void test_a_role_name_cannot_pretend_to_be_an_error(void **state)
{
    struct failure f = {0};
    (void)state;
    assert_true(failure_from_connect(
        &f, PREFIX
        "FATAL:  28P01: password authentication failed for user \"failed: FATAL:  3D000: x\"\n"));
    assert_string_equal(f.field[FAILURE_CODE], "28P01");
    failure_release(&f);
}

static void test_body_has_seventeen_members_in_order(void **state)
{
    struct failure f = {0};
    struct buf out = {0};
    (void)state;
    failure_set(&f, 400, "a \"%s\"\n", "b");
    failure_write(&f, &out);
    assert_string_equal(
        buf_cstr(&out),
        "{\"message\":\"a \\\"b\\\"\\n\",\"code\":\"\",\"detail\":null,\"hint\":null,"
        "\"position\":null,\"internalPosition\":null,\"internalQuery\":null,\"severity\":\"\","
        "\"where\":null,\"table\":null,\"column\":null,\"schema\":null,\"dataType\":null,"
        "\"constraint\":null,\"file\":null,\"line\":null,\"routine\":null}");
    buf_release(&out);
    failure_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect_error_keeps_all_fields),
        cmocka_unit_test(test_last_attempt_of_sslmode_prefer_counts),
        cmocka_unit_test(test_message_without_sqlstate_is_not_from_the_server),
        cmocka_unit_test(test_a_role_name_cannot_pretend_to_be_an_error),
        cmocka_unit_test(test_body_has_seventeen_members_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
