/* The decoder: every document fed whole, byte by byte and cut in two at every place gives the same events; whatever comes,
 * it holds little memory and never more than it must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "result/row_decoder.h"

#define FIELD(name, oid) "{\"name\":\"" name "\",\"dataTypeID\":" #oid ",\"tableID\":16385,\"columnID\":1,\"dataTypeSize\":-1," \
                         "\"dataTypeModifier\":14,\"format\":\"text\"}"

/* Puts the next event as one line of text: F(name:oid:modifier,...) R[cell,null] E(command,count) . ! */
static enum decode_event append_event(struct row_decoder *d, struct buf *out, struct err *e)
{
    enum decode_event ev = row_decoder_next(d, e);

    switch (ev) {
    case DECODE_FIELDS:
        buf_append_str(out, "F(");
        for (size_t i = 0; i < row_decoder_n_columns(d); i++) {
            const struct column *c = &row_decoder_columns(d)[i];
            buf_printf(out, "%s%s:%u:%d", i ? "," : "", c->name, c->type_oid, c->type_modifier);
        }
        buf_append_str(out, ")");
        break;
    case DECODE_ROW:
        buf_append_str(out, "R[");
        for (size_t i = 0; i < row_decoder_n_columns(d); i++) {
            const struct cell *c = &row_decoder_row(d)[i];
            buf_append_str(out, i ? "," : "");
            if (c->ptr == NULL)
                buf_append_str(out, "null");
            else
                buf_printf(out, "'%.*s'", (int)c->len, c->ptr);
        }
        buf_append_str(out, "]");
        break;
    case DECODE_RESULT_END:
        buf_printf(out, "E(%.*s,%lld)", (int)row_decoder_command(d).len, row_decoder_command(d).ptr,
                   (long long)row_decoder_row_count(d));
        break;
    case DECODE_END:
        buf_append_str(out, ".");
        break;
    case DECODE_ERROR:
        buf_append_str(out, "!");
        break;
    case DECODE_MORE:
    default:
        break;
    }
    return ev;
}

/* Feeds the document in pieces: [0, cut), then pieces of `step` bytes. Returns the events as text; *e holds an error. */
static char *decode(const char *doc, size_t len, size_t cut, size_t step, struct err *e)
{
    struct row_decoder *d = row_decoder_new();
    struct buf out = BUF_INIT(0);
    size_t at = 0;
    enum decode_event ev;

    assert_non_null(d);
    do {
        ev = append_event(d, &out, e);
        if (ev == DECODE_MORE) {
            size_t cap = 0;
            size_t n = at < cut ? cut - at : step;
            char *room;
            row_decoder_release_rows(d);
            if (at == len) {
                row_decoder_finish(d);
                continue;
            }
            room = row_decoder_room(d, &cap, e);
            assert_non_null(room);
            n = n < len - at ? n : len - at;
            n = n < cap ? n : cap;
            memcpy(room, doc + at, n);
            row_decoder_commit(d, n);
            at += n;
        }
    } while (ev != DECODE_END && ev != DECODE_ERROR);
    row_decoder_free(d);
    return buf_take(&out);
}

static void assert_events(const char *doc, size_t len, size_t cut, size_t step, const char *want)
{
    struct err e = ERR_INIT;
    char *got = decode(doc, len, cut, step, &e);

    if (strcmp(got, want) != 0)
        fail_msg("cut at %zu, steps of %zu:\n  %s\n  gave   %s\n  wanted %s", cut, step, doc, got, want);
    if (got[strlen(got) - 1] == '!')
        assert_string_equal(e.state, "08S01");
    err_release(&e);
    mem_free(got);
}

static void assert_events_however_cut(const char *doc, const char *want)
{
    size_t len = strlen(doc);

    assert_events(doc, len, 0, len, want);
    assert_events(doc, len, 0, 1, want);
    for (size_t cut = 1; cut < len; cut++)
        assert_events(doc, len, cut, len, want);
}

static const struct {
    const char *doc, *events;
} good[] = {
    {"{\"fields\":[" FIELD("n", 23) "," FIELD("z", 25) "],\"rows\":[[\"42\",null],[\"7\",\"\"]],\"command\":\"SELECT\",\"rowCount\":2,"
     "\"rowAsArray\":true}", "F(n:23:14,z:25:14)R['42',null]R['7','']E(SELECT,2)."},
    {"{\"fields\":[" FIELD("id", 20) "],\"rows\":[],\"command\":\"SELECT\",\"rowCount\":0,\"rowAsArray\":false}",
     "F(id:20:14)E(SELECT,0)."},
    {"{\"fields\":[],\"rows\":[],\"command\":\"CREATE\",\"rowCount\":null,\"rowAsArray\":false}", "F()E(CREATE,-1)."},
    {"{\"fields\":[],\"rows\":[],\"command\":\"\",\"rowCount\":null,\"rowAsArray\":true}", "F()E(,-1)."},
    {"{\"fields\":[],\"rows\":[[],[]],\"command\":\"SELECT\",\"rowCount\":2,\"rowAsArray\":true}", "F()R[]R[]E(SELECT,2)."},
    {"{\"results\":[{\"fields\":[" FIELD("a", 23) "],\"rows\":[[\"1\"]],\"command\":\"SELECT\",\"rowCount\":1,\"rowAsArray\":true},"
     "{\"fields\":[],\"rows\":[],\"command\":\"ROLLBACK\",\"rowCount\":null,\"rowAsArray\":true}]}",
     "F(a:23:14)R['1']E(SELECT,1)F()E(ROLLBACK,-1)."},
    {"{\"results\":[]}", "."},
    {" { \"new\" : {\"x\":[1,\"]}\",{}]} , \"fields\" : [ " FIELD("a", 23) " ] , \"rows\" : [ [ \"1\" ] , [ null ] ] , \"command\" : "
     "\"X\" , \"rowCount\" : 2 , \"later\":[1] } \n", "F(a:23:14)R['1']R[null]E(X,2)."},
    {"{\"fields\":[" FIELD("e", 25) "],\"rows\":[[\"q\\\"b\\\\s\\/\\n\\t\\r\\b\\f\"],[\"\\u00e9\\u20ac\\ud83d\\ude00\"],[\"\\ud83dx\"]],"
     "\"command\":\"S\",\"rowCount\":3}",
     "F(e:25:14)R['q\"b\\s/\n\t\r\b\f']R['\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80']R['\xEF\xBF\xBDx']E(S,3)."},
    {"{\"fields\":[" FIELD("i", 23) "," FIELD("j", 114) "," FIELD("b", 16) "],\"rows\":[[7,{\"k\": [1,\"}\"]},true],[-1.5e3,[],false]],"
     "\"command\":\"S\",\"rowCount\":2}", "F(i:23:14,j:114:14,b:16:14)R['7','{\"k\": [1,\"}\"]}','true']R['-1.5e3','[]','false']E(S,2)."},
    {"{\"command\":\"S\",\"rowCount\":1,\"fields\":[{\"name\":\"a\"}],\"rows\":[[\"x\"]]}", "F(a:0:-1)R['x']E(S,1)."},
};

static void test_documents_give_the_same_events_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_events_however_cut(good[i].doc, good[i].events);
}

#define HEAD "{\"fields\":[" FIELD("a", 23) "],\"rows\":["
static const char *const bad[] = {
    "", " ", "[]", "null", "<html>", "{", "{}", "{\"message\":\"x\",\"code\":\"\"}", "{\"rows\":[]}", "{\"fields\":[]",
    HEAD, HEAD "[", HEAD "[\"1\"", HEAD "[\"1\"]", HEAD "[\"1\"]]", HEAD "[\"1\"],]", HEAD "[]", HEAD "[\"1\",\"2\"]]", HEAD "{\"a\":1}]",
    HEAD "[\"1\"]],\"rowCount\":\"x\"}", HEAD "[\"1\"]],\"rowCount\":-2}", HEAD "[\"1\"]],\"command\":7}", HEAD "[\"\\x\"]]}",
    HEAD "[\"\\u12\"]]}", HEAD "]} x", HEAD "]}}", HEAD "],\"rows\":[]}", HEAD "[\"1\" \"2\"]]}", HEAD "[,]]}", HEAD "[\"1\",]]}",
    "{\"fields\":[{}],\"rows\":[]}", "{\"fields\":[{\"name\":1}],\"rows\":[]}", "{\"fields\":[{\"name\":\"a\",\"dataTypeID\":\"x\"}]}",
    "{\"fields\":[],\"fields\":[]}", "{\"results\":{}}", "{\"results\":[1]}", "{\"results\":[{}]}", "{1:2}", "{\"a\" 1}", "{\"a\":}",
    HEAD "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
};

static void test_what_is_not_the_protocol_is_one_error_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        size_t len = strlen(bad[i]);
        for (size_t cut = 0; cut <= len; cut++) {
            struct err e = ERR_INIT;
            char *got = decode(bad[i], len, cut, 1, &e);
            if (got[strlen(got) - 1] != '!')
                fail_msg("\"%s\" was taken as %s", bad[i], got);
            assert_string_equal(e.state, "08S01");
            assert_true(e.text.len > 40);
            err_release(&e);
            mem_free(got);
        }
    }
}

static void test_an_error_stays(void **state)
{
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    size_t cap = 0;

    (void)state;
    assert_non_null(d);
    memcpy(row_decoder_room(d, &cap, &e), "[", 1);
    row_decoder_commit(d, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(row_decoder_next(d, &e), DECODE_ERROR);
        assert_string_equal(e.state, "08S01");
    }
    err_release(&e);
    row_decoder_free(d);
}

/* ---- against json-c, with seeded random documents ---- */

static uint32_t seed = 1;
static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void random_string(struct buf *out)
{
    static const char *const parts[] = {"a", "bc", " ", "\\n", "\\\"", "\\\\", "\\u0041", "\\u00fc", "\xC3\xA4", "\\ud83d\\ude00", "0123456789",
                                        ",", "]", "[", "{", "null"};
    uint32_t n = rnd(8);

    if (rnd(200) == 0)
        n = 40000; /* longer than a chunk */
    buf_append_char(out, '"');
    while (n-- > 0)
        buf_append_str(out, parts[rnd(ARRAY_LEN(parts))]);
    buf_append_char(out, '"');
}

static void random_document(struct buf *out, unsigned n_columns, unsigned n_rows)
{
    buf_append_str(out, "{\"fields\":[");
    for (unsigned i = 0; i < n_columns; i++)
        buf_printf(out, "%s{\"name\":\"c%u\",\"dataTypeID\":25}", i ? "," : "", i);
    buf_append_str(out, "],\"rows\":[");
    for (unsigned r = 0; r < n_rows; r++) {
        buf_append_str(out, r ? ",[" : "[");
        for (unsigned i = 0; i < n_columns; i++) {
            buf_append_str(out, i ? "," : "");
            if (rnd(5) == 0)
                buf_append_str(out, "null");
            else
                random_string(out);
        }
        buf_append_str(out, "]");
    }
    buf_printf(out, "],\"command\":\"SELECT\",\"rowCount\":%u}", n_rows);
}

/* The same text that append_event makes, from json-c's tree. */
static void expected_events(const char *doc, unsigned n_columns, struct buf *out)
{
    json_object *tree = json_tokener_parse(doc);
    json_object *rows = NULL;

    assert_non_null(tree);
    json_object_object_get_ex(tree, "rows", &rows);
    buf_append_str(out, "F(");
    for (unsigned i = 0; i < n_columns; i++)
        buf_printf(out, "%sc%u:25:-1", i ? "," : "", i);
    buf_append_str(out, ")");
    for (size_t r = 0; r < json_object_array_length(rows); r++) {
        json_object *row = json_object_array_get_idx(rows, r);
        buf_append_str(out, "R[");
        for (unsigned i = 0; i < n_columns; i++) {
            json_object *v = json_object_array_get_idx(row, i);
            buf_append_str(out, i ? "," : "");
            if (v == NULL)
                buf_append_str(out, "null");
            else
                buf_printf(out, "'%s'", json_object_get_string(v));
        }
        buf_append_str(out, "]");
    }
    buf_printf(out, "E(SELECT,%zu).", json_object_array_length(rows));
    json_object_put(tree);
}

static void test_random_documents_decode_as_json_c_reads_them(void **state)
{
    (void)state;
    for (int i = 0; i < 150; i++) {
        struct buf doc = BUF_INIT(0);
        struct buf want = BUF_INIT(0);
        unsigned n_columns = 1 + rnd(6);
        random_document(&doc, n_columns, rnd(40));
        expected_events(doc.data, n_columns, &want);
        assert_events(doc.data, doc.len, rnd((uint32_t)doc.len), 1 + rnd(5000), want.data);
        buf_release(&doc);
        buf_release(&want);
    }
}

/* ---- memory ---- */

static void feed(struct row_decoder *d, const char *s, size_t len)
{
    struct err e = ERR_INIT;

    while (len > 0) {
        size_t cap = 0;
        char *room = row_decoder_room(d, &cap, &e);
        size_t n = len < cap ? len : cap;
        assert_non_null(room);
        memcpy(room, s, n);
        row_decoder_commit(d, n);
        s += n;
        len -= n;
    }
}

static void test_a_long_result_read_forward_holds_a_few_chunks(void **state)
{
    static const char row[] = "[\"0123456789012345678901234567890123456789\"],";
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    size_t most = 0;

    (void)state;
    assert_non_null(d);
    feed(d, HEAD, sizeof HEAD - 1);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    for (int i = 0; i < 400000; i++) {
        feed(d, row, sizeof row - 1);
        assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
        row_decoder_release_rows(d);
        if (row_decoder_held_bytes(d) > most)
            most = row_decoder_held_bytes(d);
    }
    assert_true(most <= (size_t)2 << 20);
    row_decoder_free(d);
}

static void test_rows_not_released_stay_readable(void **state)
{
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    static struct cell kept[20000];
    char text[64];

    (void)state;
    assert_non_null(d);
    feed(d, HEAD, sizeof HEAD - 1);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    for (int i = 0; i < 20000; i++) {
        int n = snprintf(text, sizeof text, "%s[\"%050d\"]", i ? "," : "", i);
        feed(d, text, (size_t)n);
        assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
        kept[i] = row_decoder_row(d)[0];
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "%050d", i);
        assert_int_equal(kept[i].len, 50);
        assert_memory_equal(kept[i].ptr, text, 50);
    }
    /* and releasing what came before a row keeps that row */
    row_decoder_release_before(d, kept[15000].ptr);
    for (int i = 15000; i < 20000; i++) {
        snprintf(text, sizeof text, "%050d", i);
        assert_memory_equal(kept[i].ptr, text, 50);
    }
    row_decoder_free(d);
}

static void test_a_cell_much_longer_than_a_chunk(void **state)
{
    size_t len = (size_t)20 << 20;
    struct buf doc = BUF_INIT(0);
    struct err e = ERR_INIT;
    struct row_decoder *d = row_decoder_new();

    (void)state;
    buf_append_str(&doc, HEAD "[\"");
    assert_true(buf_reserve(&doc, len + 64));
    memset(doc.data + doc.len, 'x', len);
    doc.len += len;
    buf_append_str(&doc, "\"]]}");
    feed(d, doc.data, sizeof HEAD + 10);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    for (size_t at = sizeof HEAD + 10; at < doc.len; at += 65536) {
        assert_int_equal(row_decoder_next(d, &e), DECODE_MORE);
        feed(d, doc.data + at, doc.len - at < 65536 ? doc.len - at : 65536);
    }
    assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
    assert_int_equal(row_decoder_row(d)[0].len, len);
    buf_release(&doc);
    row_decoder_free(d);
}

static void test_more_columns_than_postgres_has_are_refused(void **state)
{
    struct buf doc = BUF_INIT(0);
    struct err e = ERR_INIT;
    char *got;

    (void)state;
    buf_append_str(&doc, "{\"fields\":[");
    for (int i = 0; i <= DECODER_MAX_COLUMNS; i++)
        buf_append_str(&doc, i ? ",{\"name\":\"a\"}" : "{\"name\":\"a\"}");
    buf_append_str(&doc, "],\"rows\":[]}");
    got = decode(doc.data, doc.len, 0, doc.len, &e);
    assert_string_equal(got, "!");
    mem_free(got);
    err_release(&e);
    buf_release(&doc);
}

/* Every allocation fails once: HY001 or the document's own result, never a crash (ASan sees leaks). */
static void test_allocation_failure_is_reported(void **state)
{
    const char *doc = good[5].doc;
    size_t len = strlen(doc);
    int failures = 0;

    (void)state;
    for (uint64_t n = 1; n < 12; n++) {
        struct err e = ERR_INIT;
        struct row_decoder *d;
        size_t cap = 0;
        char *room;
        mem_fail_at(n, 0);
        d = row_decoder_new();
        room = d ? row_decoder_room(d, &cap, &e) : NULL;
        if (room != NULL) {
            enum decode_event ev;
            memcpy(room, doc, len);
            row_decoder_commit(d, len);
            row_decoder_finish(d);
            do
                ev = row_decoder_next(d, &e);
            while (ev != DECODE_END && ev != DECODE_ERROR);
            if (ev == DECODE_ERROR)
                assert_string_equal(e.state, "HY001");
            failures += ev == DECODE_ERROR;
        }
        mem_fail_at(0, 0);
        err_release(&e);
        row_decoder_free(d);
    }
    assert_true(failures >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_give_the_same_events_however_they_are_cut),
        cmocka_unit_test(test_what_is_not_the_protocol_is_one_error_however_it_is_cut),
        cmocka_unit_test(test_an_error_stays),
        cmocka_unit_test(test_random_documents_decode_as_json_c_reads_them),
        cmocka_unit_test(test_a_long_result_read_forward_holds_a_few_chunks),
        cmocka_unit_test(test_rows_not_released_stay_readable),
        cmocka_unit_test(test_a_cell_much_longer_than_a_chunk),
        cmocka_unit_test(test_more_columns_than_postgres_has_are_refused),
        cmocka_unit_test(test_allocation_failure_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
