/* Taking keywords in: rules that hold for every row of the table. What single keywords mean:
 * tests/data/connstr/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/conn_options.h"

static bool set(struct conn_options *o, int id, struct strview value, enum conn_source source,
                struct err *e)
{
    return conn_options_set(o, sv(conn_key_row((enum conn_key_id)id)->name), value, source, NULL,
                            e);
}

static bool is_text(const struct conn_key *row)
{
    return row->kind == CONN_TEXT || row->kind == CONN_PATH;
}

/* HY024, the keyword in the message, the value in it unless it is a secret. */
static void check_refused(int id, const char *value)
{
    const struct conn_key *row = conn_key_row((enum conn_key_id)id);
    struct conn_options o;
    struct err e = ERR_INIT;
    bool shown;

    conn_options_init(&o);
    assert_false(set(&o, id, sv(value), CONN_SRC_STRING, &e));
    assert_string_equal(e.state, "HY024");
    assert_memory_equal(buf_str(&e.text), row->name, strlen(row->name));
    shown = strstr(buf_str(&e.text), value) != NULL;
    assert_true(shown == ((row->flags & CK_SECRET) == 0));
    assert_int_equal(o.source[id], CONN_SRC_DEFAULT);
    conn_options_release(&o);
    err_release(&e);
}

static void test_rubbish_is_refused_by_every_keyword_that_is_no_text(void **state)
{
    size_t refused = 0;

    (void)state;
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        enum conn_key_kind kind = conn_key_row((enum conn_key_id)id)->kind;
        if (kind != CONN_BOOL && kind != CONN_INT && kind != CONN_CHOICE)
            continue;
        check_refused(id, "rubbish");
        refused++;
    }
    assert_true(refused > 35);
}

static void test_numbers_beyond_their_range_are_refused(void **state)
{
    (void)state;
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const struct conn_key *row = conn_key_row((enum conn_key_id)id);
        struct buf text = BUF_INIT(0);
        if (row->kind != CONN_INT)
            continue;
        buf_printf(&text, "%lld", (long long)row->max + 1);
        check_refused(id, buf_str(&text));
        buf_reset(&text);
        buf_printf(&text, "%lld", (long long)row->min - 1);
        check_refused(id, buf_str(&text));
        buf_release(&text);
    }
}

static void test_texts_have_a_greatest_length(void **state)
{
    char *text = malloc(40000);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 40000);
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const struct conn_key *row = conn_key_row((enum conn_key_id)id);
        struct conn_options o;
        struct err e = ERR_INIT;
        if (!is_text(row))
            continue;
        conn_options_init(&o);
        text[0] = id == CONN_KEY_ws_path ? '/' : 'a';
        assert_false(set(&o, id, sv_n(text, (size_t)row->max + 1), CONN_SRC_STRING, &e));
        assert_string_equal(e.state, "HY024");
        assert_true(e.text.len < 400);
        assert_null(conn_options_text(&o, (enum conn_key_id)id));
        assert_true(set(&o, id, sv_n(text, (size_t)row->max), CONN_SRC_STRING, &e));
        assert_int_equal(strlen(conn_options_text(&o, (enum conn_key_id)id)), row->max);
        conn_options_release(&o);
        err_release(&e);
    }
    free(text);
}

static void test_nul_and_header_breaking_characters_are_refused(void **state)
{
    static const struct strview bad[] = {SV_LIT("a\0b"), SV_LIT("a\r\nb"), SV_LIT("a\x7F"),
                                         SV_LIT("\xC3\xBC")};
    size_t ascii = 0;

    (void)state;
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const struct conn_key *row = conn_key_row((enum conn_key_id)id);
        if (!is_text(row))
            continue;
        ascii += (row->flags & CK_ASCII) != 0;
        for (size_t i = 0; i < ((row->flags & CK_ASCII) != 0 ? ARRAY_LEN(bad) : 1); i++) {
            struct conn_options o;
            struct err e = ERR_INIT;
            conn_options_init(&o);
            assert_false(set(&o, id, bad[i], CONN_SRC_STRING, &e));
            assert_string_equal(e.state, "HY024");
            for (size_t k = 0; k < e.text.len; k++)
                assert_in_range((unsigned char)e.text.data[k], ' ', '~');
            conn_options_release(&o);
            err_release(&e);
        }
    }
    assert_true(ascii >= 8);
}

/* For every pair of sources and every text keyword: the higher wins, in the order in which config.c
 * takes them. */
static void test_the_higher_source_wins(void **state)
{
    (void)state;
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const char *first = id == CONN_KEY_ws_path ? "/first" : "first";
        if (!is_text(conn_key_row((enum conn_key_id)id)))
            continue;
        for (int high = CONN_SRC_STRING; high > CONN_SRC_DEFAULT; high--) {
            for (int low = high; low > CONN_SRC_DEFAULT; low--) {
                struct conn_options o;
                struct err e = ERR_INIT;
                conn_options_init(&o);
                assert_true(set(&o, id, sv(first), (enum conn_source)high, &e));
                assert_true(set(&o, id, SV_LIT("second"), (enum conn_source)low, &e));
                assert_string_equal(conn_options_text(&o, (enum conn_key_id)id), first);
                assert_int_equal(o.source[id], high);
                conn_options_release(&o);
            }
        }
    }
}

static void test_a_value_of_a_higher_source_replaces(void **state)
{
    struct conn_options o;
    struct err e = ERR_INIT;

    (void)state;
    conn_options_init(&o);
    assert_true(set(&o, CONN_KEY_pwd, SV_LIT("low"), CONN_SRC_DSN, &e));
    assert_true(set(&o, CONN_KEY_pwd, SV_LIT("high"), CONN_SRC_STRING, &e));
    assert_string_equal(o.pwd, "high");
    conn_options_release(&o);
}

static void test_warnings_are_bounded(void **state)
{
    struct conn_options o;
    struct config_warnings w;
    struct err e = ERR_INIT;

    (void)state;
    conn_options_init(&o);
    config_warnings_init(&w);
    for (int i = 0; i < 1000; i++)
        assert_true(conn_options_set(&o, SV_LIT("Bogus"), SV_LIT("1"), CONN_SRC_STRING, &w, &e));
    assert_int_equal(w.n, CONFIG_WARNINGS_MAX);
    assert_non_null(strstr(w.item[CONFIG_WARNINGS_MAX - 1].text, "more remarks"));
    config_warnings_release(&w);
    assert_int_equal(w.n, 0);
    conn_options_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rubbish_is_refused_by_every_keyword_that_is_no_text),
        cmocka_unit_test(test_numbers_beyond_their_range_are_refused),
        cmocka_unit_test(test_texts_have_a_greatest_length),
        cmocka_unit_test(test_nul_and_header_breaking_characters_are_refused),
        cmocka_unit_test(test_the_higher_source_wins),
        cmocka_unit_test(test_a_value_of_a_higher_source_replaces),
        cmocka_unit_test(test_warnings_are_bounded),
    };
    return cmocka_run_group_tests_name("conn_options_set", tests, NULL, NULL);
}
