/* LIKE at hand: as PostgreSQL's, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "catalog/like.h"

static const struct {
    const char *text, *pattern;
    bool matches;
} cases[] = {
    {"", "", true},
    {"a", "", false},
    {"", "%", true},
    {"", "%%", true},
    {"", "_", false},
    {"abc", "abc", true},
    {"abc", "ABC", false},
    {"abc", "a%", true},
    {"abc", "%c", true},
    {"abc", "%b%", true},
    {"abc", "%bb%", false},
    {"abc", "a_c", true},
    {"abc", "a__", true},
    {"abc", "a___", false},
    {"abc", "____%", false},
    {"abc", "___%", true},
    {"abcabd", "%ab_", true},
    {"abcabd", "%abc", false},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%a%a%c", false},
    {"mississippi", "%iss%ip%i", true},
    {"a_c", "a\\_c", true},
    {"abc", "a\\_c", false},
    {"a%c", "a\\%c", true},
    {"a%%c", "a\\%c", false},
    {"a\\c", "a\\\\c", true},
    {"a\\c", "a\\c", false}, /* an escaped c */
    {"ac", "a\\c", true},
    {"a\\", "a\\", true}, /* at the end it means itself */
    {"Straße", "Stra_e", true},
    {"動物園🦊", "動物園_", true},
    {"動物園🦊", "____", true},
    {"動物園🦊", "_____", false},
    {"動物園🦊", "%🦊", true},
    {"é", "_", true},
    {"\xC3", "_", true}, /* no character, but something */
    {"\xC3\xC3", "__", true},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (like_matches(sv(cases[i].text), sv(cases[i].pattern)) != cases[i].matches)
            fail_msg("'%s' LIKE '%s' is wrong", cases[i].text, cases[i].pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
