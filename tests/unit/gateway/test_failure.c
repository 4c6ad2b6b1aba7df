/* failure.c: reading libpq's verbose message of a failed connect, and the shape of the error body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/* lc_messages of the server, before anybody has logged in; the labels are libpq's. */
static void test_a_server_with_messages_in_another_language(void **state)
{
    static const char *const severities[] = {"FATALT", "\xd0\x92\xd0\x90\xd0\x96\xd0\x9d\xd0\x9e",
                                             "\xc3\x96L\xc3\x9cMC\xc3\x9cL (FATAL)"};
    char text[400];
    (void)state;
    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++)
        for (int attempts = 0; attempts < 2; attempts++) {
            struct failure f = {0};
            snprintf(text, sizeof text,
                     "%s%s:  3D000: Datenbank \xc2\xbbx:  42501: y\xc2\xab existiert nicht\n"
                     "DETAIL:  Es gibt sie nicht.\nLOCATION:  InitPostgres, postinit.c:9\n",
                     attempts ? PREFIX "FATAL:  28000: no\n" PREFIX : "", severities[i]);
            assert_true(failure_from_connect(&f, text));
            assert_string_equal(f.field[FAILURE_SEVERITY], severities[i]);
            assert_string_equal(f.field[FAILURE_CODE], "3D000");
            assert_string_equal(f.field[FAILURE_DETAIL], "Es gibt sie nicht.");
            assert_string_equal(f.field[FAILURE_ROUTINE], "InitPostgres");
            failure_release(&f);
        }
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
        cmocka_unit_test(test_a_server_with_messages_in_another_language),
        cmocka_unit_test(test_message_without_sqlstate_is_not_from_the_server),
        cmocka_unit_test(test_a_role_name_cannot_pretend_to_be_an_error),
        cmocka_unit_test(test_body_has_seventeen_members_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
