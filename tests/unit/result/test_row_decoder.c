/* The decoder: every document fed whole, byte by byte and cut in two at every place gives the same
 * events; whatever comes, it holds little memory and never more than it must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "decoder_events.h"

#define FIELD(name, oid)                                                                           \
    "{\"name\":\"" name "\",\"dataTypeID\":" #oid                                                  \
    ",\"tableID\":16385,\"columnID\":1,\"dataTypeSize\":-1,"                                       \
    "\"dataTypeModifier\":14,\"format\":\"text\"}"

#define EIGHT(s) s s s s s s s s
#define THIRTY_TWO(s) EIGHT(s) EIGHT(s) EIGHT(s) EIGHT(s)

static const struct {
    const char *doc, *events;
} good[] = {
    {"{\"fields\":[" FIELD("n", 23) "," FIELD(
         "z", 25) "],\"rows\":[[\"42\",null],[\"7\",\"\"]],\"command\":\"SELECT\",\"rowCount\":2,"
                  "\"rowAsArray\":true}",
     "F(n:23:14,z:25:14)R['42',null]R['7','']E(SELECT,2)."},
    {"{\"fields\":[" FIELD(
         "id", 20) "],\"rows\":[],\"command\":\"SELECT\",\"rowCount\":0,\"rowAsArray\":false}",
     "F(id:20:14)E(SELECT,0)."},
    {"{\"fields\":[],\"rows\":[],\"command\":\"CREATE\",\"rowCount\":null,\"rowAsArray\":false}",
     "F()E(CREATE,-1)."},
    {"{\"fields\":[],\"rows\":[],\"command\":\"\",\"rowCount\":null,\"rowAsArray\":true}",
     "F()E(,-1)."},
    {"{\"fields\":[],\"rows\":[[],[]],\"command\":\"SELECT\",\"rowCount\":2,\"rowAsArray\":true}",
     "F()R[]R[]E(SELECT,2)."},
    {"{\"results\":[{\"fields\":[" FIELD(
         "a", 23) "],\"rows\":[[\"1\"]],\"command\":\"SELECT\",\"rowCount\":1,\"rowAsArray\":true},"
                  "{\"fields\":[],\"rows\":[],\"command\":\"ROLLBACK\",\"rowCount\":null,"
                  "\"rowAsArray\":true}]}",
     "F(a:23:14)R['1']E(SELECT,1)F()E(ROLLBACK,-1)."},
    {"{\"results\":[]}", "."},
    /* the worked examples of the protocol document: 1, 3, 8 (raw), 7, 16, and 2 as an array */
    {"{\"fields\":[{\"name\":\"n\",\"dataTypeID\":23,\"tableID\":0,\"columnID\":0,\"dataTypeSize\":"
     "4,\"dataTypeModifier\":-1,"
     "\"format\":\"text\"},{\"name\":\"d\",\"dataTypeID\":1082,\"tableID\":0,\"columnID\":0,"
     "\"dataTypeSize\":4,\"dataTypeModifier\":-1,"
     "\"format\":\"text\"},{\"name\":\"z\",\"dataTypeID\":25,\"tableID\":0,\"columnID\":0,"
     "\"dataTypeSize\":-1,\"dataTypeModifier\":-1,"
     "\"format\":\"text\"}],\"rows\":[[\"42\",\"2025-01-31\",null]],\"command\":\"SELECT\","
     "\"rowCount\":1,\"rowAsArray\":true}",
     "F(n:23:-1,d:1082:-1,z:25:-1)R['42','2025-01-31',null]E(SELECT,1)."},
    {"{\"fields\":[" FIELD("a", 25) "," FIELD("b", 25) "," FIELD("c", 25) "," FIELD(
         "d",
         25) "," FIELD("e",
                       25) "," FIELD("f",
                                     25) "," FIELD("g",
                                                   25) "," FIELD("h",
                                                                 25) "],\"rows\":[[null,\"t\","
                                                                     "\"9007199254740993\",\"1.1\","
                                                                     "\"q\\\"\\n\",\"{\\\"a\\\": "
                                                                     "[null], \\\"b\\\": 1}\","
                                                                     "\"{x,\\\"y\\\\\\\"z\\\",NULL,"
                                                                     "\\\"NULL\\\"}\",\"{{1,2},{3,"
                                                                     "4}}\"]],\"command\":"
                                                                     "\"SELECT\",\"rowCount\":1,"
                                                                     "\"rowAsArray\":true}",
     "F(a:25:14,b:25:14,c:25:14,d:25:14,e:25:14,f:25:14,g:25:14,h:25:14)R[null,'t','"
     "9007199254740993','1.1','q\"\n',"
     "'{\"a\": [null], \"b\": 1}','{x,\"y\\\"z\",NULL,\"NULL\"}','{{1,2},{3,4}}']E(SELECT,1)."},
    {"{\"fields\":[" FIELD("a", 701) "," FIELD("b", 700) "," FIELD("c", 701) "," FIELD(
         "d", 701) "],\"rows\":[[\"NaN\",\"-Infinity\",1.0,1e16]],"
                   "\"command\":\"SELECT\",\"rowCount\":1,\"rowAsArray\":true}",
     "F(a:701:14,b:700:14,c:701:14,d:701:14)R['NaN','-Infinity','1.0','1e16']E(SELECT,1)."},
    {"{\"fields\":[" FIELD("id", 20) "," FIELD(
         "sku",
         1043) "],\"rows\":[[\"1\",\"A1\"],[\"2\",\"B2\"]],\"command\":\"INSERT\",\"rowCount\":2,"
               "\"rowAsArray\":true}",
     "F(id:20:14,sku:1043:14)R['1','A1']R['2','B2']E(INSERT,2)."},
    {"{\"results\":[{\"fields\":[" FIELD(
         "sku",
         1043) "],\"rows\":[[\"D4\"]],\"command\":\"INSERT\",\"rowCount\":1,\"rowAsArray\":true},"
               "{\"fields\":[],\"rows\":[],\"command\":\"ROLLBACK\",\"rowCount\":null,"
               "\"rowAsArray\":true}]}",
     "F(sku:1043:14)R['D4']E(INSERT,1)F()E(ROLLBACK,-1)."},
    {"{\"fields\":[" FIELD("i", 23) "," FIELD("b", 20) "," FIELD("t", 16) "," FIELD(
         "m",
         1700) "," FIELD("a",
                         1007) "," FIELD("j",
                                         3802) "," FIELD("y",
                                                         17) "],\"rows\":[[7,\"7\",true,\"1.50\",["
                                                             "1,2],{\"k\": "
                                                             "[1]},\"\\\\x01ff\"]],\"command\":"
                                                             "\"SELECT\",\"rowCount\":1,"
                                                             "\"rowAsArray\":true}",
     "F(i:23:14,b:20:14,t:16:14,m:1700:14,a:1007:14,j:3802:14,y:17:14)R['7','7','true','1.50','[1,"
     "2]','{\"k\": [1]}','\\x01ff']E(SELECT,1)."},
    /* 17, as an array: a label twice is two columns */
    {"{\"fields\":[" FIELD("a", 23) "," FIELD("a",
                                              23) "],\"rows\":[[\"1\",\"2\"]],\"command\":"
                                                  "\"SELECT\",\"rowCount\":1,\"rowAsArray\":true}",
     "F(a:23:14,a:23:14)R['1','2']E(SELECT,1)."},
    {" { \"new\" : {\"x\":[1,\"]}\",{}]} , \"fields\" : [ " FIELD(
         "a", 23) " ] , \"rows\" : [ [ \"1\" ] , [ null ] ] , \"command\" : "
                  "\"X\" , \"rowCount\" : 2 , \"later\":[1] } \n",
     "F(a:23:14)R['1']R[null]E(X,2)."},
    {"{\"fields\":[" FIELD(
         "e", 25) "],\"rows\":[[\"q\\\"b\\\\s\\/"
                  "\\n\\t\\r\\b\\f\"],[\"\\u00e9\\u20ac\\ud83d\\ude00\"],[\"\\ud83dx\"]],"
                  "\"command\":\"S\",\"rowCount\":3}",
     "F(e:25:14)R['q\"b\\s/"
     "\n\t\r\b\f']R['\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80']R['\xEF\xBF\xBDx']E(S,3)."},
    {"{\"fields\":[" FIELD("i", 23) "," FIELD("j", 114) "," FIELD(
         "b", 16) "],\"rows\":[[7,{\"k\": [1,\"}\"]},true],[-1.5e3,[],false]],"
                  "\"command\":\"S\",\"rowCount\":2}",
     "F(i:23:14,j:114:14,b:16:14)R['7','{\"k\": "
     "[1,\"}\"]}','true']R['-1.5e3','[]','false']E(S,2)."},
    {"{\"command\":\"S\",\"rowCount\":1,\"fields\":[{\"name\":\"a\"}],\"rows\":[[\"x\"]]}",
     "F(a:0:-1)R['x']E(S,1)."},
    /* what an escape may be: halves of pairs, NUL, a key; a quote and a backslash side by side;
       bytes that are not UTF-8 */
    {"{\"\\u0066ields\":[" FIELD(
         "a", 25) "],\"rows\":[[\"\\udc00\\ud800\\ud800\\u0041\"],[\"\\u0000\"],[\"\\\\\"],["
                  "\"\\\\\\\"\"],"
                  "[\"\\ud800\\\"\"],[\"\xFF\xC3\"]],\"command\":\"S\",\"rowCount\":6}",
     "F(a:25:14)R['\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
     "A']R['<0>']R['\\']R['\\\"']R['\xEF\xBF\xBD\"']R['\xFF\xC3']E(S,6)."},
    {"{\"fields\":[" FIELD(
         "j", 3802) "],\"rows\":[[{}],[ [ ] "
                    "],[{\"a\\\"]\":[{\"b\":-0.5e+10},null,true,\"\\u00e9\"],\"c\" : {} }]],"
                    "\"command\":\"S\",\"rowCount\":3}",
     "F(j:3802:14)R['{}']R['[ ]']R['{\"a\\\"]\":[{\"b\":-0.5e+10},null,true,\"\\u00e9\"],\"c\" : "
     "{} }']E(S,3)."},
    {"{\"fields\":[" FIELD("d", 114) "],\"rows\":[[" THIRTY_TWO("[")
         THIRTY_TWO("]") "]],\"command\":\"S\",\"rowCount\":1}",
     "F(d:114:14)R['" THIRTY_TWO("[") THIRTY_TWO("]") "']E(S,1)."},
};

static void test_documents_give_the_same_events_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_the_same_however_cut(row_decoder_new_with_chunks, good[i].doc, strlen(good[i].doc),
                                    good[i].events, NULL);
}

#define HEAD "{\"fields\":[" FIELD("a", 23) "],\"rows\":["
#define TAIL "],\"command\":\"S\",\"rowCount\":1}"

/* Each with the part of its message that says what is wrong. */
static const struct {
    const char *doc, *why;
} bad[] = {
    /* truncated */
    {"", "ended early, after 0 bytes"},
    {" ", "ended early, after 1 bytes"},
    {"{", "ended early"},
    {"{\"fields\":[]", "ended early"},
    {HEAD, "ended early"},
    {HEAD "[", "ended early"},
    {HEAD "[\"1\"", "ended early"},
    {HEAD "[\"1\"]", "ended early"},
    {HEAD "[\"1\"]]", "ended early"},
    {HEAD "[\"1\\", "ended early"},
    {HEAD "[\"\\u00", "ended early"},
    {HEAD "[{\"a\":[", "ended early"},
    /* another document: a page of a proxy, an error of Neon given as success, rows as objects */
    {"<html>", "not JSON (at byte 0)"},
    {"[]", "not a JSON object"},
    {"null", "not a JSON object"},
    {"\"query is not supported\"", "not a JSON object"},
    {"{}", "holds no result"},
    {"{\"message\":\"x\",\"code\":\"\"}", "holds no result"},
    {"\xEF\xBB\xBF{}", "not JSON"},
    {HEAD "{\"a\":1}" TAIL, "a row is not an array"},
    /* keys */
    {"{\"rows\":[]}", "before their columns"},
    {"{\"fields\":[],\"fields\":[]}", "there twice"},
    {HEAD "],\"rows\":[]}", "there twice"},
    {"{\"command\":\"a\",\"command\":\"b\"}", "there twice"},
    {"{\"rowCount\":1,\"rowCount\":1}", "there twice"},
    {"{\"results\":[],\"results\":[]}", "where it cannot"},
    {"{\"fields\":[],\"results\":[]}", "where it cannot"},
    {"{\"results\":[{\"results\":[]}]}", "where it cannot"},
    {"{\"results\":{}}", "not an array"},
    {"{\"results\":[1]}", "not an object"},
    {"{\"results\":[{}]}", "without its columns"},
    {"{\"fields\":[]}", "without its columns"},
    {HEAD "]}", "without its columns"},
    {HEAD "],\"command\":\"S\"}", "without its columns"},
    {HEAD "],\"rowCount\":0}", "without its columns"},
    {"{1:2}", "a key is not a string"},
    {"{\"a\" 1}", "a colon"},
    {"{\"a\":}", "a value is missing"},
    {"{\"a\":1,}", "a key is not"},
    {"{,}", "a key is not"},
    /* columns */
    {"{\"fields\":[{}]", "no name"},
    {"{\"fields\":[{\"name\":1}]", "not a string"},
    {"{\"fields\":[1]", "not an object"},
    {"{\"fields\":[{\"name\":\"a\",\"dataTypeID\":\"x\"}]}", "not the number"},
    {"{\"fields\":[{\"dataTypeID\":-1", "ended early"},
    {"{\"fields\":[{\"dataTypeID\":-1,", "not the number"},
    {"{\"fields\":[{\"dataTypeID\":4294967296,", "not the number"},
    {"{\"fields\":[{\"columnID\":40000,", "not the number"},
    {"{\"fields\":[{\"dataTypeSize\":1.5,", "not the number"},
    /* rows */
    {HEAD "[\"1\"],]" TAIL, "a row is not"},
    {HEAD "[]" TAIL, "fewer cells"},
    {HEAD "[\"1\",\"2\"]" TAIL, "more cells"},
    {HEAD "[\"1\" \"2\"]" TAIL, "comma"},
    {HEAD "[,]" TAIL, "no value"},
    {HEAD "[\"1\",]" TAIL, "more cells"},
    {HEAD "[\"1\"}" TAIL, "comma"},
    {HEAD "[\"1\"][\"1\"]" TAIL, "comma"},
    {"{\"fields\":[],\"rows\":[[\"1\"]]", "more cells"},
    {HEAD "[:]" TAIL, "no value"},
    /* values */
    {HEAD "[\"\\x\"]" TAIL, "not JSON"},
    {HEAD "[\"\\u12\"]" TAIL, "not JSON"},
    {HEAD "[\"\\u12g4\"]" TAIL, "not JSON"},
    {HEAD "[\"a\\\n\"]" TAIL, "not JSON"},
    {HEAD "[nul]" TAIL, "not JSON"},
    {HEAD "[nulll]" TAIL, "not JSON"},
    {HEAD "[NULL]" TAIL, "not JSON"},
    {HEAD "[undefined]" TAIL, "not JSON"},
    {HEAD "[NaN]" TAIL, "not JSON"},
    {HEAD "[01]" TAIL, "not JSON"},
    {HEAD "[1.]" TAIL, "not JSON"},
    {HEAD "[.5]" TAIL, "not JSON"},
    {HEAD "[+1]" TAIL, "not JSON"},
    {HEAD "[-]" TAIL, "not JSON"},
    {HEAD "[1e]" TAIL, "not JSON"},
    {HEAD "[1e+]" TAIL, "not JSON"},
    {HEAD "['1']" TAIL, "not JSON"},
    /* nested values */
    {HEAD "[[1}]" TAIL, "not JSON"},
    {HEAD "[{\"a\":1]]" TAIL, "not JSON"},
    {HEAD "[{\"a\"}]" TAIL, "not JSON"},
    {HEAD "[{1:1}]" TAIL, "not JSON"},
    {HEAD "[[1,]]" TAIL, "not JSON"},
    {HEAD "[[,1]]" TAIL, "not JSON"},
    {HEAD "[{,}]" TAIL, "not JSON"},
    {HEAD "[{\"a\":1,}]" TAIL, "not JSON"},
    {HEAD "[[1 2]]" TAIL, "not JSON"},
    {HEAD "[[1:2]]" TAIL, "not JSON"},
    {HEAD "[{\"a\":}]" TAIL, "not JSON"},
    {HEAD "[[\"\\q\"]]" TAIL, "not JSON"},
    {HEAD "[[tru]]" TAIL, "not JSON"},
    {HEAD "[[@]]" TAIL, "not JSON"},
    {HEAD "[" THIRTY_TWO("[") "[", "not JSON"},
    {"{\"a\":" THIRTY_TWO("[") "[", "not JSON"},
    {"{\"a\":" THIRTY_TWO("{\"a\":") "{", "not JSON"},
    /* what follows the rows */
    {HEAD "],\"rowCount\":\"x\"}", "no number"},
    {HEAD "],\"rowCount\":-2}", "no number"},
    {HEAD "],\"rowCount\":1.5}", "no number"},
    {HEAD "],\"rowCount\":99999999999999999999}", "no number"},
    {HEAD "],\"command\":7}", "not a word"},
    {HEAD "],\"command\":null}", "not a word"},
    {HEAD "],\"command\":\"" THIRTY_TWO("x") THIRTY_TWO("x") "x\"", "not a word"},
    {HEAD TAIL " x", "follows the end"},
    {HEAD TAIL "\"", "follows the end"},
    {HEAD TAIL "@", "not JSON"},
    {"Unauthorized", "not a JSON object"},
    {"Bad Gateway", "not JSON"},
    {HEAD TAIL "}", "follows the end"},
    {HEAD TAIL "{}", "follows the end"},
    {HEAD "]}}", "without its columns"},
    {HEAD "] x,", "not JSON"},
    {HEAD "] 1,", "a comma"},
};

static void test_what_is_not_the_protocol_is_one_error_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        size_t len = strlen(bad[i].doc);
        struct err e = ERR_INIT;
        char *got = decode(row_decoder_new_with_chunks, bad[i].doc, len,
                           (struct way){0, len + 1, CHUNK_USUAL}, &e);
        if (got[strlen(got) - 1] != '!' || strstr(buf_str(&e.text), bad[i].why) == NULL)
            fail_msg("%s\n  gave %s %s,\n  wanted \"%s\"", bad[i].doc, got, buf_str(&e.text),
                     bad[i].why);
        assert_string_equal(e.state, "08S01");
        assert_the_same_however_cut(row_decoder_new_with_chunks, bad[i].doc, len, got,
                                    buf_str(&e.text));
        err_release(&e);
        mem_free(got);
    }
}

/* Whatever is missing at the end of an answer, it is never taken for a whole one. */
static void test_a_truncated_answer_is_never_taken_for_a_whole_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        size_t len = strlen(good[i].doc);
        while (len > 0 && good[i].doc[len - 1] != '}')
            len--; /* white space behind the end may be missing */
        for (size_t n = 0; n < len; n++) {
            struct err e = ERR_INIT;
            char *got = decode(row_decoder_new_with_chunks, good[i].doc, n,
                               (struct way){0, n + 1, CHUNK_USUAL}, &e);
            char text[64];
            snprintf(text, sizeof text, "ended early, after %zu bytes", n);
            assert_string_equal(e.state, "08S01");
            assert_non_null(strstr(buf_str(&e.text), text));
            err_release(&e);
            mem_free(got);
        }
    }
}

static void test_columns_stay_until_the_next_are_known(void **state)
{
    static const char first[] = "{\"results\":[{\"fields\":[" FIELD(
        "a", 23) "],\"rows\":[],\"command\":\"S\",\"rowCount\":0},"
                 "{\"fields\":[" FIELD("b", 25) "," FIELD("c", 25);
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    size_t cap = 0;

    (void)state;
    assert_non_null(d);
    memcpy(row_decoder_room(d, &cap, &e), first, sizeof first - 1);
    row_decoder_commit(d, sizeof first - 1);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    assert_int_equal(row_decoder_next(d, &e), DECODE_RESULT_END);
    assert_int_equal(row_decoder_next(d, &e), DECODE_MORE);
    assert_int_equal(row_decoder_n_columns(d), 1);
    assert_string_equal(row_decoder_columns(d)[0].name, "a");
    row_decoder_free(d);
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
        err_release(&e);
        assert_null(row_decoder_room(d, &cap, &e));
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
    static const char *const parts[] = {
        "a",          "bc",      " ",       "\\n",      "\\\"",
        "\\\\",       "\\u0041", "\\u00fc", "\xC3\xA4", "\\ud83d\\ude00",
        "0123456789", ",",       "]",       "[",        "{",
        "null"};
    uint32_t n = rnd(8);

    if (rnd(200) == 0)
        n = 90000; /* longer than a chunk */
    buf_append_char(out, '"');
    while (n-- > 0)
        buf_append_str(out, parts[rnd(ARRAY_LEN(parts))]);
    buf_append_char(out, '"');
}

/* Kept as written when it is a cell: only what json-c writes back the same. */
static void random_nested(struct buf *out, int depth)
{
    uint32_t n = depth > 4 ? 0 : rnd(4);
    bool object = rnd(2);

    buf_append_char(out, object ? '{' : '[');
    for (uint32_t i = 0; i < n; i++) {
        buf_append_str(out, i ? "," : "");
        if (object)
            buf_printf(out, "\"k%u\":", i);
        if (rnd(3) == 0)
            random_nested(out, depth + 1);
        else
            buf_append_str(out, rnd(2)   ? "-12"
                                : rnd(2) ? "\"]}\\\"\\\\\""
                                : rnd(2) ? "null"
                                         : "true");
    }
    buf_append_char(out, object ? '}' : ']');
}

static void random_cell(struct buf *out, bool typed)
{
    switch (rnd(typed ? 10 : 6)) {
    case 0:
        buf_append_str(out, "null");
        return;
    case 6:
        buf_printf(out, "%u", rnd(1000));
        return;
    case 7:
        buf_append_str(out, rnd(2) ? "true" : "false");
        return;
    case 8:
        random_nested(out, 0);
        return;
    default:
        random_string(out);
        return;
    }
}

static void random_space(struct buf *out, bool spaced)
{
    while (spaced && rnd(3) == 0)
        buf_append_char(out, " \n\t\r"[rnd(4)]);
}

static void random_document(struct buf *out, unsigned n_columns, unsigned n_rows)
{
    bool typed = rnd(3) == 0;
    bool spaced = rnd(3) == 0;

    buf_append_str(out, "{\"fields\":[");
    for (unsigned i = 0; i < n_columns; i++)
        buf_printf(out, "%s{\"name\":\"c%u\",\"dataTypeID\":25}", i ? "," : "", i);
    buf_append_str(out, "],\"rows\":[");
    for (unsigned r = 0; r < n_rows; r++) {
        random_space(out, spaced);
        buf_append_str(out, r ? ",[" : "[");
        for (unsigned i = 0; i < n_columns; i++) {
            random_space(out, spaced);
            buf_append_str(out, i ? "," : "");
            random_space(out, spaced);
            random_cell(out, typed);
        }
        random_space(out, spaced);
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
                buf_printf(out, "'%s'",
                           json_object_is_type(v, json_type_string)
                               ? json_object_get_string(v)
                               : json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
        }
        buf_append_str(out, "]");
    }
    buf_printf(out, "E(SELECT,%zu).", json_object_array_length(rows));
    json_object_put(tree);
}

static void test_random_documents_decode_as_json_c_reads_them(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct buf doc = BUF_INIT(0);
        struct buf want = BUF_INIT(0);
        unsigned n_columns = 1 + rnd(6);
        random_document(&doc, n_columns, rnd(40));
        expected_events(doc.data, n_columns, &want);
        assert_events(row_decoder_new_with_chunks, doc.data, doc.len,
                      (struct way){rnd((uint32_t)doc.len), 1 + rnd(5000), CHUNK_USUAL}, want.data,
                      NULL);
        assert_events(row_decoder_new_with_chunks, doc.data, doc.len,
                      (struct way){0, 1 + rnd(100), 16 + rnd(1000)}, want.data, NULL);
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
    size_t most = 0;
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
        most = row_decoder_held_bytes(d) > most ? row_decoder_held_bytes(d) : most;
    }
    assert_true(most <= 4 * len); /* no chunk stays that the value has outgrown */
    assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
    assert_int_equal(row_decoder_row(d)[0].len, len);
    buf_release(&doc);
    row_decoder_free(d);
}

/* A window of rows moves over the result: what is in it stays, whatever lies at a chunk's
 * beginning. */
static void test_releasing_what_is_before_a_row_keeps_it_and_the_rest(void **state)
{
    enum { WINDOW = 30, ROWS = 3000 };
    struct row_decoder *d = row_decoder_new_with_chunks(128);
    struct err e = ERR_INIT;
    static struct cell kept[ROWS];
    size_t most = 0;
    char text[64];

    (void)state;
    assert_non_null(d);
    feed(d, HEAD, sizeof HEAD - 1);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    for (int i = 0; i < ROWS; i++) {
        int n = snprintf(text, sizeof text, "%s[\"%0*d\"]", i ? "," : "", 1 + i % 23, i);
        for (int at = 0; at < n; at++) {
            assert_int_equal(row_decoder_next(d, &e), DECODE_MORE);
            feed(d, text + at, 1);
        }
        assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
        kept[i] = row_decoder_row(d)[0];
        row_decoder_release_before(d, kept[i < WINDOW ? 0 : i - WINDOW].ptr);
        for (int k = i < WINDOW ? 0 : i - WINDOW; k <= i; k++) {
            n = snprintf(text, sizeof text, "%0*d", 1 + k % 23, k);
            assert_int_equal(kept[k].len, n);
            assert_memory_equal(kept[k].ptr, text, (size_t)n);
        }
        most = row_decoder_held_bytes(d) > most ? row_decoder_held_bytes(d) : most;
    }
    assert_true(most <= 16 * 128);
    row_decoder_free(d);
}

/* The caller may release while a row is half decoded: its first cells lie in chunks that are full.
 */
static void test_releasing_keeps_the_cells_of_the_row_under_way(void **state)
{
    static const char *const cells[] = {"0123456789abcdef", "second \\u00fc", "third",
                                        "fourth, a longer one than the others", "5"};
    struct row_decoder *d = row_decoder_new_with_chunks(64);
    struct err e = ERR_INIT;
    char text[512];
    int n = snprintf(text, sizeof text, "[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]", cells[0], cells[1],
                     cells[2], cells[3], cells[4]);

    (void)state;
    assert_non_null(d);
    feed(d, "{\"fields\":[", 11);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(row_decoder_next(d, &e), DECODE_MORE);
        feed(d, i ? ",{\"name\":\"c\"}" : "{\"name\":\"c\"}", i ? 13 : 12);
    }
    feed(d, "],\"rows\":[", 10);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    for (int r = 0; r < 50; r++) {
        for (int i = 0; i < n; i++) {
            assert_int_equal(row_decoder_next(d, &e), DECODE_MORE);
            row_decoder_release_rows(d);
            feed(d, i == 0 && r > 0 ? ",[" : text + i, i == 0 && r > 0 ? 2 : 1);
        }
        assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
        for (int i = 0; i < 5; i++) {
            const char *want = i == 1 ? "second \xC3\xBC" : cells[i];
            assert_int_equal(row_decoder_row(d)[i].len, strlen(want));
            assert_memory_equal(row_decoder_row(d)[i].ptr, want, strlen(want));
        }
        assert_true(row_decoder_held_bytes(d) < 1024);
    }
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
    got = decode(row_decoder_new_with_chunks, doc.data, doc.len,
                 (struct way){0, doc.len, CHUNK_USUAL}, &e);
    assert_string_equal(got, "!");
    assert_non_null(strstr(buf_str(&e.text), "more columns than PostgreSQL"));
    mem_free(got);
    err_release(&e);
    buf_release(&doc);
}

static void test_as_many_columns_as_postgres_has_are_taken(void **state)
{
    struct row_decoder *d = row_decoder_new();
    struct buf doc = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    assert_non_null(d);
    buf_append_str(&doc, "{\"fields\":[");
    for (int i = 0; i < DECODER_MAX_COLUMNS; i++)
        buf_printf(&doc, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
    buf_append_str(&doc, "],\"rows\":[[");
    for (int i = 0; i < DECODER_MAX_COLUMNS; i++) /* more with escapes than the short way takes */
        buf_printf(&doc, "%s\"\\n%d\"", i ? "," : "", i);
    buf_append_str(&doc, "]]");
    feed(d, doc.data, doc.len);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    assert_int_equal(row_decoder_n_columns(d), DECODER_MAX_COLUMNS);
    assert_int_equal(row_decoder_next(d, &e), DECODE_ROW);
    for (int i = 0; i < DECODER_MAX_COLUMNS; i++) {
        const struct cell *c = &row_decoder_row(d)[i];
        char text[16];
        int n = snprintf(text, sizeof text, "\n%d", i);
        assert_int_equal(c->len, n);
        assert_memory_equal(c->ptr, text, (size_t)n);
    }
    buf_release(&doc);
    row_decoder_free(d);
}

/* Decodes with the n-th allocation failing; false: there were fewer than n. Never a crash; ASan
 * sees leaks. */
static bool decode_without_allocation(uint64_t n, int onwards, const char *doc, size_t len)
{
    struct err e = ERR_INIT;
    struct row_decoder *d;
    enum decode_event ev = DECODE_MORE;
    size_t at = 0;
    bool reached;

    mem_fail_at(n, onwards);
    d = row_decoder_new_with_chunks(64);
    while (d != NULL && ev != DECODE_END && ev != DECODE_ERROR) {
        size_t cap = 0;
        char *room;
        ev = row_decoder_next(d, &e);
        if (ev != DECODE_MORE)
            continue; /* rows are not released: chunks add up */
        if (at == len) {
            row_decoder_finish(d);
            continue;
        }
        room = row_decoder_room(d, &cap, &e);
        if (room == NULL) {
            err_release(&e);
            assert_int_equal(row_decoder_next(d, &e), DECODE_ERROR);
            ev = DECODE_ERROR;
            continue;
        }
        cap = cap < len - at ? cap : len - at;
        memcpy(room, doc + at, cap);
        row_decoder_commit(d, cap);
        at += cap;
    }
    reached = mem_attempts() >= n;
    mem_fail_at(0, 0);
    if (d != NULL && ev == DECODE_ERROR)
        assert_string_equal(e.state, "HY001");
    if (d != NULL && !reached)
        assert_int_equal(ev, DECODE_END);
    if (reached)
        assert_true(d == NULL || ev == DECODE_ERROR);
    err_release(&e);
    row_decoder_free(d);
    return reached;
}

static void test_every_allocation_may_fail(void **state)
{
    struct buf doc = BUF_INIT(0);

    (void)state;
    buf_append_str(&doc, "{\"results\":[{\"fields\":[");
    for (int i = 0; i < 40; i++) /* the list of columns grows twice */
        buf_printf(&doc, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
    buf_append_str(&doc, "],\"rows\":[],\"command\":\"S\",\"rowCount\":0},{\"fields\":[{\"name\":"
                         "\"a\"}],\"rows\":[[\"a\"],[\"");
    for (int i = 0; i < 300; i++)
        buf_append_str(&doc, "long");
    buf_append_str(&doc, "\"],[null]],\"command\":\"S\",\"rowCount\":3}]}");
    for (int onwards = 0; onwards < 2; onwards++) {
        uint64_t n = 1;
        while (decode_without_allocation(n, onwards, doc.data, doc.len))
            n++;
        assert_true(n > 50);
    }
    buf_release(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_give_the_same_events_however_they_are_cut),
        cmocka_unit_test(test_what_is_not_the_protocol_is_one_error_however_it_is_cut),
        cmocka_unit_test(test_a_truncated_answer_is_never_taken_for_a_whole_one),
        cmocka_unit_test(test_columns_stay_until_the_next_are_known),
        cmocka_unit_test(test_an_error_stays),
        cmocka_unit_test(test_random_documents_decode_as_json_c_reads_them),
        cmocka_unit_test(test_a_long_result_read_forward_holds_a_few_chunks),
        cmocka_unit_test(test_rows_not_released_stay_readable),
        cmocka_unit_test(test_a_cell_much_longer_than_a_chunk),
        cmocka_unit_test(test_releasing_what_is_before_a_row_keeps_it_and_the_rest),
        cmocka_unit_test(test_releasing_keeps_the_cells_of_the_row_under_way),
        cmocka_unit_test(test_more_columns_than_postgres_has_are_refused),
        cmocka_unit_test(test_as_many_columns_as_postgres_has_are_taken),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
