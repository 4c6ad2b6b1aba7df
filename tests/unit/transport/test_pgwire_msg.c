/* Messages of PostgreSQL's protocol: those we write, byte by byte; those we read, in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "transport/pgwire_msg.h"

/* ---- to the server ---- */

#define SAYS(call, want)                                                                           \
    do {                                                                                           \
        struct buf out = BUF_INIT(0);                                                              \
        call;                                                                                      \
        assert_int_equal(out.len, sizeof(want) - 1);                                               \
        assert_memory_equal(out.data, want, sizeof(want) - 1);                                     \
        buf_release(&out);                                                                         \
    } while (0)

static void test_what_we_say(void **state)
{
    static const struct pgwire_setting settings[] = {{"user", "u"}, {"options", NULL}, {"a", ""}};
    static const struct wire_param params[] = {{"x\0y", 3}, {NULL, 0}, {"", 0}};

    (void)state;
    SAYS(pgwire_startup(&out, settings, 3), "\0\0\0\x13\0\3\0\0user\0u\0a\0\0\0");
    SAYS(pgwire_cancel(&out, 0x01020304, 0xfffefdfc),
         "\0\0\0\x10\x04\xd2\x16\x2e\1\2\3\4\xff\xfe\xfd\xfc");
    SAYS(pgwire_password(&out, "pw"), "p\0\0\0\7pw\0");
    SAYS(pgwire_sasl_initial(&out, "M", SV_LIT("n,,")), "p\0\0\0\x0dM\0\0\0\0\3n,,");
    SAYS(pgwire_sasl_response(&out, SV_LIT("c=")), "p\0\0\0\6c=");
    SAYS(pgwire_query(&out, SV_LIT("q")), "Q\0\0\0\6q\0");
    SAYS(pgwire_parse(&out, "s", SV_LIT("q")), "P\0\0\0\x0as\0q\0\0\0");
    SAYS(pgwire_bind(&out, "p", "s", params, 3), "B\0\0\0\x21p\0s\0\0\1\0\0\0\3\0\0\0\3x\0y"
                                                 "\xff\xff\xff\xff\0\0\0\0\0\1\0\0");
    SAYS(pgwire_describe(&out, 'P', ""), "D\0\0\0\6P\0");
    SAYS(pgwire_close(&out, 'S', "s"), "C\0\0\0\7Ss\0");
    SAYS(pgwire_execute(&out, "p", 258), "E\0\0\0\x0ap\0\0\0\1\2");
    SAYS(pgwire_plain(&out, 'S'), "S\0\0\0\4");
    SAYS(pgwire_copy_data(&out, SV_LIT("1\n")), "d\0\0\0\6"
                                                "1\n");
    SAYS(pgwire_copy_fail(&out, "no"), "f\0\0\0\7no\0");
}

/* ---- from the server ---- */

struct found {
    struct buf types; /* and bodies */
    uint64_t n_rows;
};

static struct found scan(struct strview whole, size_t step, size_t first, bool keep_all)
{
    struct found f = {.types = BUF_INIT(0)};
    struct pgwire_scan s;
    struct pgwire_message m;
    struct err e = ERR_INIT;

    pgwire_scan_init(&s);
    s.keep_all = keep_all;
    while (whole.len > 0) {
        size_t n = first > 0 ? first : step;
        struct strview in = sv_n(whole.ptr, n < whole.len ? n : whole.len);
        first = 0;
        whole = sv_n(whole.ptr + in.len, whole.len - in.len);
        while (pgwire_scan_next(&s, &in, &m, &e) == PGWIRE_MESSAGE) {
            buf_append_char(&f.types, m.type);
            buf_append_sv(&f.types, m.body);
            buf_append_char(&f.types, '|');
        }
        assert_int_equal(in.len, 0);
    }
    assert_false(err_is_set(&e));
    f.n_rows = s.n_rows;
    pgwire_scan_release(&s);
    return f;
}

static void assert_found(struct found f, const char *want, size_t len, uint64_t n_rows)
{
    assert_int_equal(f.types.len, len);
    assert_memory_equal(buf_str(&f.types), want, len);
    assert_int_equal(f.n_rows, n_rows);
    buf_release(&f.types);
}

static void test_messages_cut_anywhere(void **state)
{
    static const char bytes[] = "1\0\0\0\4"
                                "2\0\0\0\4"
                                "T\0\0\0\6\0\0"
                                "D\0\0\0\x0b\0\1\0\0\0\1x"
                                "N\0\0\0\x08Mab\0"
                                "d\0\0\0\5x"
                                "C\0\0\0\x0dSELECT 1\0"
                                "Z\0\0\0\5I";
    static const char some[] = "1|NMab\0|CSELECT 1\0|ZI|";
    static const char all[] = "1|2|T\0\0|D\0\1\0\0\0\1x|NMab\0|dx|CSELECT 1\0|ZI|";
    const struct strview whole = {bytes, sizeof bytes - 1};

    (void)state;
    for (size_t cut = 1; cut <= whole.len; cut++) {
        assert_found(scan(whole, whole.len, cut, false), some, sizeof some - 1, 2);
        assert_found(scan(whole, whole.len, cut, true), all, sizeof all - 1, 2);
    }
    for (size_t step = 1; step < 9; step++)
        assert_found(scan(whole, step, 0, false), some, sizeof some - 1, 2);
}

static void test_bad_messages(void **state)
{
    static const struct {
        const char *bytes, *why;
    } bad[] = {
        {"!\0\0\0\4", "unknown"},
        {"\0\0\0\0\4", "unknown"},
        {"V\0\0\0\4", "unknown"}, /* what a server does not send */
        {"Q\0\0\0\4", "unknown"},
        {"p\0\0\0\4", "unknown"},
        {"C\0\0\0\3", "length"},
        {"C\0\0\0\0", "length"},
        {"D\xff\xff\xff\xff", "length"},
        {"D\x40\0\0\5", "length"},
        {"Z\x7f\0\0\0", "length"},
        {"C\0\4\0\5", "too long for its kind"},
        {"S\x3f\0\0\0", "too long for its kind"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad) * 2; i++) {
        struct pgwire_scan s;
        struct pgwire_message m;
        struct err e = ERR_INIT;
        struct strview in = {bad[i / 2].bytes, 5};
        pgwire_scan_init(&s);
        s.keep_all = i % 2 != 0;
        assert_int_equal(pgwire_scan_next(&s, &in, &m, &e), PGWIRE_BAD);
        assert_string_equal(e.state, "08S01");
        if (strstr(buf_str(&e.text), bad[i / 2].why) == NULL)
            fail_msg("%zu: %s", i / 2, buf_str(&e.text));
        err_release(&e);
        pgwire_scan_release(&s);
    }
}

/* A description has its limit too, for whoever keeps it. */
static void test_a_description_without_end(void **state)
{
    struct pgwire_scan s;
    struct pgwire_message m;
    struct err e = ERR_INIT;
    struct strview in = SV_LIT("T\x3f\xff\xff\xff");

    (void)state;
    pgwire_scan_init(&s);
    s.keep_all = true;
    assert_int_equal(pgwire_scan_next(&s, &in, &m, &e), PGWIRE_BAD);
    assert_string_equal(e.state, "08S01");
    err_release(&e);
    pgwire_scan_release(&s);
}

/* An error's text is kept as far as it goes, and the rest is passed over. */
static void test_a_long_error(void **state)
{
    const size_t len = 3 * PGWIRE_KEEP_BYTES;
    struct buf b = BUF_INIT(0);
    struct pgwire_scan s;
    struct pgwire_message m;
    struct err e = ERR_INIT;
    struct strview in;
    struct pg_fields *f;

    (void)state;
    buf_append(&b, "E\0\x0c\0\4C42601", 11);
    buf_append(&b, "\0M", 2);
    while (b.len < 5 + len)
        assert_true(buf_append_char(&b, 'x'));
    assert_true(buf_append(&b, "Z\0\0\0\5T", 6));
    pgwire_scan_init(&s);
    in = buf_sv(&b);
    assert_int_equal(pgwire_scan_next(&s, &in, &m, &e), PGWIRE_MESSAGE);
    assert_int_equal(m.type, 'E');
    assert_int_equal(m.body_bytes, len);
    assert_int_equal(m.body.len, PGWIRE_KEEP_BYTES);
    f = pgwire_fields(m.body);
    assert_non_null(f);
    assert_string_equal(f->value[PG_CODE], "42601");
    pg_fields_free(f);
    assert_int_equal(pgwire_scan_next(&s, &in, &m, &e), PGWIRE_MESSAGE);
    assert_int_equal(m.type, 'Z');
    pgwire_scan_release(&s);
    buf_release(&b);
}

static void test_fields_of_errors(void **state)
{
    static const char body[] = "SFEHLER\0VERROR\0C23505\0Mtwice\0DKey\0HTry\0sshop\0titem\0ccol\0"
                               "dtype\0nitem_pkey\0P7\0?new\0Fx.c\0L1\0Rf\0\0MNo";
    struct pg_fields *f = pgwire_fields(sv_n(body, sizeof body - 1));

    (void)state;
    assert_non_null(f);
    assert_string_equal(f->value[PG_SEVERITY], "ERROR"); /* which no language changes */
    assert_string_equal(f->value[PG_CODE], "23505");
    assert_string_equal(f->value[PG_MESSAGE], "twice");
    assert_string_equal(f->value[PG_DETAIL], "Key");
    assert_string_equal(f->value[PG_HINT], "Try");
    assert_string_equal(f->value[PG_SCHEMA], "shop");
    assert_string_equal(f->value[PG_TABLE], "item");
    assert_string_equal(f->value[PG_COLUMN], "col");
    assert_string_equal(f->value[PG_DATA_TYPE], "type");
    assert_string_equal(f->value[PG_CONSTRAINT], "item_pkey");
    assert_string_equal(f->value[PG_POSITION], "7");
    assert_string_equal(f->value[PG_ROUTINE], "f");
    pg_fields_free(f);
    for (size_t n = 0; n < sizeof body; n++) { /* cut at every place */
        f = pgwire_fields(sv_n(body, n));
        assert_non_null(f);
        pg_fields_free(f);
    }
}

static void test_reading_past_the_end(void **state)
{
    struct pgwire_reader r = pgwire_reader(SV_LIT("\1\2\3\4\5\6\7text\0rest"));

    (void)state;
    assert_int_equal(pgwire_u32(&r), 0x01020304);
    assert_int_equal(pgwire_u16(&r), 0x0506);
    assert_int_equal(pgwire_byte(&r), 7);
    assert_true(sv_eq(pgwire_text(&r), SV_LIT("text")));
    assert_false(r.bad);
    assert_true(sv_eq(pgwire_rest(&r), SV_LIT("rest")));
    assert_false(r.bad);
    assert_int_equal(pgwire_byte(&r), 0);
    assert_true(r.bad);
    r = pgwire_reader(SV_LIT("\1\2\3"));
    assert_int_equal(pgwire_u32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(pgwire_u16(&r), 0); /* nothing is read after that */
    r = pgwire_reader(SV_LIT("unended"));
    assert_int_equal(pgwire_text(&r).len, 7);
    assert_true(r.bad);
    r = pgwire_reader((struct strview){NULL, 0});
    assert_int_equal(pgwire_text(&r).len, 0);
    assert_true(r.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_we_say),
        cmocka_unit_test(test_messages_cut_anywhere),
        cmocka_unit_test(test_bad_messages),
        cmocka_unit_test(test_a_description_without_end),
        cmocka_unit_test(test_a_long_error),
        cmocka_unit_test(test_fields_of_errors),
        cmocka_unit_test(test_reading_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
