/* transaction_text.c: names of savepoints, modes of transactions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sql/transaction_text.h"

static void test_savepoint_names(void **state)
{
    static const struct {
        const char *sql, *name;
    } cases[] = {
        {"SAVEPOINT a", "a"},
        {"savepoint ABC ;", "abc"},
        {"RELEASE SAVEPOINT \"A \"\"b\"", "A \"b"},
        {"ROLLBACK WORK TO SAVEPOINT x -- comment", "x"},
        {"ROLLBACK /* a */ TO \xC3\xA9", "\xC3\xA9"},
        {"; RELEASE a", "a"},
        {"RELEASE savepoint", "savepoint"},
        {"ROLLBACK TO SAVEPOINT savepoint", "savepoint"},
        {"SAVEPOINT n23456789012345678901234567890123456789012345678901234567890123x",
         "n23456789012345678901234567890123456789012345678901234567890123"},
        {"SAVEPOINT n2345678901234567890123456789012345678901234567890123456789012\xC3\xA9",
         "n2345678901234567890123456789012345678901234567890123456789012"},
        {"SAVEPOINT \"select\"", "select"},
        {"SAVEPOINT selects", "selects"},
        {"SAVEPOINT begin", "begin"},
        {"SAVEPOINT Select", NULL},
        {"RELEASE left", NULL},
        {"ROLLBACK TO SAVEPOINT with", NULL},
        {"SAVEPOINT \"\"", NULL},
        {"SAVEPOINT a b", NULL},
        {"RELEASE a b", NULL},
        {"ROLLBACK a", NULL},
        {"ROLLBACK TO SAVEPOINT a AND CHAIN", NULL},
        {"ABORT TO a", NULL},
        {"SAVEPOINT", NULL},
        {"SAVEPOINT 1", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf name = BUF_INIT(0);
        bool found = transaction_savepoint_name(sv(cases[i].sql), &name);
        assert_int_equal(found, cases[i].name != NULL);
        if (found)
            assert_string_equal(buf_str(&name), cases[i].name);
        buf_release(&name);
    }
}

static void test_ends_that_are_whole(void **state)
{
    static const struct {
        const char *sql;
        bool whole;
    } cases[] = {
        {"COMMIT", true},
        {"; end work;;", true},
        {"ROLLBACK /* a */ TRANSACTION AND CHAIN -- b", true},
        {"ABORT AND NO CHAIN", true},
        {"COMMIT a", false},
        {"COMMIT WORK TRANSACTION", false},
        {"COMMIT AND", false},
        {"ROLLBACK AND CHAIN AND CHAIN", false},
        {"END IF", false},
        {"COMMIT PREPARED 'a'", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(transaction_end_is_whole(sv(cases[i].sql)), cases[i].whole);
}

static void test_modes(void **state)
{
    static const struct {
        const char *sql;
        bool ok;
        struct transaction_modes want;
    } cases[] = {
        {"BEGIN", true, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"begin work;", true, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE",
         true,
         {LEVEL_SERIALIZABLE, SWITCH_ON, SWITCH_ON}},
        {"BEGIN ISOLATION LEVEL repeatable read READ WRITE",
         true,
         {LEVEL_REPEATABLE_READ, SWITCH_OFF, SWITCH_UNSAID}},
        {"SET TRANSACTION ISOLATION LEVEL READ COMMITTED NOT DEFERRABLE",
         true,
         {LEVEL_READ_COMMITTED, SWITCH_UNSAID, SWITCH_OFF}},
        {"BEGIN ISOLATION LEVEL READ UNCOMMITTED /* x */",
         true,
         {LEVEL_READ_UNCOMMITTED, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"BEGIN ISOLATION LEVEL CHAOS", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"; START TRANSACTION;", true, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"READ ONLY, NOT DEFERRABLE", true, {LEVEL_UNSAID, SWITCH_ON, SWITCH_OFF}},
        {"BEGIN READ", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"BEGIN WORK WORK", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"BEGIN READ ONLY,", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"BEGIN SERIALIZABLE", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"SET TRANSACTION", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
        {"SET CONSTRAINTS ALL DEFERRED", false, {LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct transaction_modes got;
        assert_int_equal(transaction_modes_read(sv(cases[i].sql), &got), cases[i].ok);
        if (cases[i].ok)
            assert_memory_equal(&got, &cases[i].want, sizeof got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_savepoint_names),
                                       cmocka_unit_test(test_ends_that_are_whole),
                                       cmocka_unit_test(test_modes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
