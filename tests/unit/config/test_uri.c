/* URLs and conninfo texts: decoding, and that no message ever shows a password, wherever the text
 * is broken. What URLs mean: tests/data/connstr/urls.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "config/uri.h"

static void test_decoding(void **state)
{
    static const struct {
        struct strview text, want;
        bool ok;
    } cases[] = {
        {SV_LIT(""), SV_LIT(""), true},         {SV_LIT("abc"), SV_LIT("abc"), true},
        {SV_LIT("%41"), SV_LIT("A"), true},     {SV_LIT("%2f%2F"), SV_LIT("//"), true},
        {SV_LIT("a+b"), SV_LIT("a+b"), true},   {SV_LIT("%FF%80"), SV_LIT("\xFF\x80"), true},
        {SV_LIT("%25%25"), SV_LIT("%%"), true}, {SV_LIT("%"), SV_LIT(""), false},
        {SV_LIT("%4"), SV_LIT(""), false},      {SV_LIT("a%4"), SV_LIT(""), false},
        {SV_LIT("%4g"), SV_LIT(""), false},     {SV_LIT("%g4"), SV_LIT(""), false},
        {SV_LIT("%00"), SV_LIT(""), false},     {SV_LIT("% 4"), SV_LIT(""), false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_INIT(0);
        assert_true(uri_decode(&out, cases[i].text) == cases[i].ok);
        if (cases[i].ok)
            assert_true(sv_eq(buf_sv(&out), cases[i].want));
        buf_release(&out);
    }
}

/* A view that is exactly as long as it says: a sanitizer sees a byte read beyond it. */
static void test_a_cut_escape_reads_nothing_beyond_the_text(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        char *exact = mem_strndup("%41", 3);
        char *cut = mem_alloc(n);
        struct buf out = BUF_INIT(0);
        assert_non_null(exact);
        assert_non_null(cut);
        memcpy(cut, exact, n);
        assert_true(uri_decode(&out, sv_n(cut, n)) == (n == 3));
        buf_release(&out);
        mem_free(cut);
        mem_free(exact);
    }
}

static uint32_t seed = 7;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static bool shows(const char *text, const char *secret)
{
    return strstr(text, secret) != NULL;
}

/* Breaks a good URL at random places; the password's two halves must not be seen in any message. */
static void break_and_check(const char *good,
                            bool (*read)(struct conn_options *, struct strview, enum conn_source,
                                         struct config_warnings *, struct err *))
{
    static const char breakers[] = "/?#@:%&=,[]'\"\\ ";
    size_t failed = 0;

    for (int round = 0; round < 20000; round++) {
        struct conn_options o;
        struct config_warnings w;
        struct err e = ERR_INIT;
        struct buf text = BUF_INIT(0);
        size_t len = strlen(good);
        conn_options_init(&o);
        config_warnings_init(&w);
        buf_append(&text, good, random_below(12) == 0 ? random_below((uint32_t)len) : len);
        for (uint32_t k = random_below(4); k > 0 && text.len > 0; k--)
            text.data[random_below((uint32_t)text.len)] =
                breakers[random_below(sizeof breakers - 1)];
        if (!read(&o, buf_sv(&text), CONN_SRC_URL, &w, &e)) {
            failed++;
            assert_string_equal(e.state, "HY024");
            if (shows(buf_str(&e.text), "hunt") || shows(buf_str(&e.text), "WXYZ"))
                fail_msg("%s gives %s", buf_str(&text), buf_str(&e.text));
        }
        for (size_t i = 0; i < w.n; i++)
            if (shows(w.item[i].text, "hunt") || shows(w.item[i].text, "WXYZ"))
                fail_msg("%s gives %s", buf_str(&text), w.item[i].text);
        config_warnings_release(&w);
        conn_options_release(&o);
        err_release(&e);
        buf_release(&text);
    }
    assert_true(failed > 1000);
}

static void test_no_broken_text_shows_a_password(void **state)
{
    (void)state;
    break_and_check("postgresql://user:huntWXYZ@host:443/db?sslmode=require&application_name=app",
                    uri_read);
    break_and_check("postgresql://host/db?user=u&password=huntWXYZ&sslmode=require", uri_read);
    break_and_check("host=h port=443 user=u password='huntWXYZ' dbname=d sslmode=require",
                    uri_read_conninfo);
    break_and_check("host=h password=huntWXYZ sslmode=require", uri_read_conninfo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_a_cut_escape_reads_nothing_beyond_the_text),
        cmocka_unit_test(test_no_broken_text_shows_a_password),
    };
    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
