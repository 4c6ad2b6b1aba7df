/* A session's messages as results: however the stream is cut the events are the same, whatever is
 * not the protocol is one error, and a reader of any result holds a few chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "decoder_events.h"

#define MAKE row_decoder_new_pgwire_with_chunks

/* ---- messages ---- */

static void put_number(struct buf *b, uint32_t v, unsigned n_bytes)
{
    while (n_bytes-- > 0)
        buf_append_char(b, (char)(v >> 8 * n_bytes));
}

static void put_message(struct buf *b, char type, const char *body, size_t len)
{
    buf_append_char(b, type);
    put_number(b, (uint32_t)len + 4, 4);
    buf_append(b, body, len);
}

#define PUT(b, type, body) put_message((b), (type), (body), sizeof(body) - 1)

/* A column of the table's first, integer or text. */
#define COLUMN(name, oid) name "\0\0\0\1\1\0\1\0\0\0" oid "\0\4\0\0\0\x0e\0\0"
#define INTEGER "\x17"
#define ROW_OF_1                                                                                   \
    "\0\1\0\0\0\1"                                                                                 \
    "1"

struct message {
    char type;
    const char *body;
    size_t len;
};
#define M(type, body)                                                                              \
    {                                                                                              \
        (type), (body), sizeof(body) - 1                                                           \
    }

static const struct {
    struct message m[10];
    const char *events;
} good[] = {
    {{M('1', ""), M('2', ""), M('T', "\0\1" COLUMN("a", INTEGER)), M('D', ROW_OF_1),
      M('D', "\0\1\xff\xff\xff\xff"), M('D', "\0\1\0\0\0\0"), M('C', "SELECT 3\0"), M('Z', "I")},
     "F(a:23:14)R['1']R[null]R['']E(SELECT,3)."},
    {{M('T', "\0\2" COLUMN("a", INTEGER) COLUMN("a", "\x19")),
      M('D', "\0\2\0\0\0\3x\0y\xff\xff\xff\xff"), M('C', "SELECT 1\0")},
     "F(a:23:14,a:25:14)R['x<0>y',null]E(SELECT,1)."},
    {{M('n', ""), M('C', "INSERT 0 5\0")}, "F()E(INSERT,5)."},
    {{M('C', "CREATE TABLE\0")}, "F()E(CREATE,-1)."}, /* the simple protocol describes nothing */
    {{M('I', "")}, "F()E(,-1)."},
    {{M('n', ""), M('I', ""), M('n', ""), M('C', "BEGIN\0")}, "F()E(,-1)F()E(BEGIN,-1)."},
    {{M('T', "\0\0"), M('D', "\0\0"), M('C', "SELECT 1\0")}, "F()R[]E(SELECT,1)."},
    /* what the server says by the way is passed over, in every place */
    {{M('N', "SNOTICE\0\0"), M('T', "\0\1" COLUMN("a", INTEGER)), M('S', "TimeZone\0UTC\0"),
      M('D', ROW_OF_1), M('A', "\0\0\0\1c\0p\0"), M('C', "SELECT 1\0"), M('Z', "T")},
     "F(a:23:14)R['1']E(SELECT,1)."},
    /* in portions: the last tells its own number of rows only */
    {{M('T', "\0\1" COLUMN("a", INTEGER)), M('D', ROW_OF_1), M('s', ""), M('Z', "T"),
      M('D', ROW_OF_1), M('C', "SELECT 1\0"), M('Z', "T")},
     "F(a:23:14)R['1']R['1']E(SELECT,2)."},
    {{M('T', "\0\1" COLUMN("a", INTEGER)), M('D', ROW_OF_1), M('C', "INSERT 0 1\0"),
      M('T', "\0\1" COLUMN("b", INTEGER)), M('C', "SELECT 0\0")},
     "F(a:23:14)R['1']E(INSERT,1)F(b:23:14)E(SELECT,0)."},
    {{M('H', "\0\0\1\0\0"), M('d', "1\tx\n"), M('d', ""), M('c', ""), M('C', "COPY 2\0")},
     "F(copy_data:25:-1)R['1\tx\n']R['']E(COPY,2)."},
    {{M('n', ""), M('C', "MOVE 99999999999999999999\0")}, "F()E(MOVE,-1)."},
};

static struct buf stream_of(const struct message *m, size_t n)
{
    struct buf b = BUF_INIT(0);

    for (size_t i = 0; i < n && m[i].type != '\0'; i++)
        put_message(&b, m[i].type, m[i].body, m[i].len);
    assert_int_equal(b.failed, BUF_OK);
    return b;
}

static void test_messages_give_the_same_events_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct buf b = stream_of(good[i].m, ARRAY_LEN(good[i].m));
        assert_the_same_however_cut(MAKE, b.data, b.len, good[i].events, NULL);
        buf_release(&b);
    }
}

/* Whatever is missing at the end, it is an error: or exactly the messages behind the last result.
 */
static void test_a_truncated_stream_is_never_taken_for_a_whole_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct buf b = stream_of(good[i].m, ARRAY_LEN(good[i].m));
        for (size_t n = 0; n < b.len; n++) {
            struct err e = ERR_INIT;
            char *got = decode(MAKE, b.data, n, (struct way){0, n + 1, CHUNK_USUAL}, &e);
            size_t len = strlen(got);
            if (got[len - 1] != '!') { /* between two results, or behind the last */
                assert_int_equal(got[len - 1], '.');
                assert_true(len == 1 || got[len - 2] == ')');
                assert_true(len == 1 || strncmp(got, good[i].events, len - 1) == 0);
            } else {
                assert_string_equal(e.state, "08S01");
            }
            err_release(&e);
            mem_free(got);
        }
        buf_release(&b);
    }
}

/* Each with the part of its message that says what is wrong. */
static const struct {
    const char *bytes;
    size_t len;
    const char *why;
} bad[] = {
#define B(bytes, why)                                                                              \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, why                                                              \
    }
    B("D\0\0\0\3", "length that cannot be"),
    B("D\0\0\0\0", "length that cannot be"),
    B("D\xff\xff\xff\xff", "length that cannot be"),
    B("D\x40\0\0\5", "length that cannot be"),
    B("D\0\0\0\x0b" ROW_OF_1, "as many values"),
    B("d\0\0\0\5x", "without a copy"),
    B("T\0\0\0\6\xff\xff", "columns is not well formed"),
    B("T\0\0\0\6\0\1", "columns is not well formed"),
    B("T\0\0\0\7\0\1x", "columns is not well formed"),
    B("T\0\0\0\7\0\0x", "columns is not well formed"),
    B("T\0\0\0\5x", "columns is not well formed"),
    B("T\0\0\0\4", "columns is not well formed"),
    /* a column in binary */
    B("T\0\0\0\x1a\0\1"
      "a\0\0\0\1\1\0\1\0\0\0\x17\0\4\0\0\0\x0e\0\1",
      "columns is not well formed"),
    B("C\0\0\0\4", "name of a command"),
    B("C\0\0\0\5x", "name of a command"),
    B("C\0\0\0\7x\0y", "name of a command"),
    B("C\0\0\0\x49"
      "12345678901234567890123456789012345678901234567890123456789012345678\0",
      "command is too long"),
    B("n\0\0\0\4n\0\0\0\4", "before the last one has ended"),
    B("n\0\0\0\4T\0\0\0\6\0\0", "before the last one has ended"),
    B("n\0\0\0\4H\0\0\0\4", "before the last result has ended"),
    B("n\0\0\0\4d\0\0\0\5x", "without a copy"),
    B("n\0\0\0\4", "ended early"),
#define ONE "T\0\0\0\x1a\0\1" COLUMN("a", INTEGER)
    B(ONE "D\0\0\0\6\0\2", "as many values"),
    B(ONE "D\0\0\0\6\0\0", "as many values"),
    B(ONE "D\0\0\0\4", "as many values"),
    B(ONE "D\0\0\0\6\0\1", "longer than its row"),
    B(ONE "D\0\0\0\x0a\0\1\0\0\0\1", "longer than its row"),
    B(ONE "D\0\0\0\x0b\0\1\0\0\0\2x", "longer than its row"),
    B(ONE "D\0\0\0\x0a\0\1\xff\xff\xff\xfe", "longer than its row"),
    B(ONE "D\0\0\0\x0a\0\1\x7f\xff\xff\xff", "longer than its row"),
    B(ONE "D\0\0\0\x0c\0\1\0\0\0\1xy", "not as long as its values"),
    B(ONE ONE, "before the last one has ended"),
    B(ONE "D\0\0\0\x0b" ROW_OF_1, "ended early"),
};

static void test_what_is_not_the_protocol_is_one_error_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = ERR_INIT;
        char *got =
            decode(MAKE, bad[i].bytes, bad[i].len, (struct way){0, bad[i].len, CHUNK_USUAL}, &e);
        if (got[strlen(got) - 1] != '!' || strstr(buf_str(&e.text), bad[i].why) == NULL)
            fail_msg("%zu gave %s %s, wanted \"%s\"", i, got, buf_str(&e.text), bad[i].why);
        assert_string_equal(e.state, "08S01");
        assert_the_same_however_cut(MAKE, bad[i].bytes, bad[i].len, got, buf_str(&e.text));
        err_release(&e);
        mem_free(got);
    }
}

static void test_too_many_columns(void **state)
{
    static const char column[] = COLUMN("c", INTEGER);
    struct buf body = BUF_INIT(0);
    struct buf b = BUF_INIT(0);
    struct err e = ERR_INIT;
    char *got;

    (void)state;
    put_number(&body, DECODER_MAX_COLUMNS + 1, 2);
    for (size_t i = 0; i <= DECODER_MAX_COLUMNS; i++)
        buf_append(&body, column, sizeof column - 1);
    put_message(&b, 'T', body.data, body.len);
    got = decode(MAKE, b.data, b.len, (struct way){0, b.len, CHUNK_USUAL}, &e);
    assert_string_equal(got, "!");
    assert_string_equal(e.state, "08S01");
    err_release(&e);
    mem_free(got);
    buf_release(&body);
    buf_release(&b);
}

/* Feeds a message as often as it takes to see so many rows; returns the most bytes ever held. */
static size_t most_held(struct row_decoder *d, const struct buf *row, size_t n_rows)
{
    struct err e = ERR_INIT;
    size_t most = 0, fed = 0;
    size_t cap, n;
    char *room;

    for (size_t seen = 0; seen < n_rows;) {
        enum decode_event ev = row_decoder_next(d, &e);
        seen += ev == DECODE_ROW;
        if (ev != DECODE_MORE)
            continue;
        row_decoder_release_rows(d);
        room = row_decoder_room(d, &cap, &e);
        assert_non_null(room);
        n = row->len - fed % row->len;
        n = n < cap ? n : cap;
        memcpy(room, row->data + fed % row->len, n);
        row_decoder_commit(d, n);
        fed += n;
        most = row_decoder_held_bytes(d) > most ? row_decoder_held_bytes(d) : most;
    }
    return most;
}

static void feed_all(struct row_decoder *d, const struct buf *b)
{
    struct err e = ERR_INIT;
    size_t cap;
    char *room = row_decoder_room(d, &cap, &e);

    assert_non_null(room);
    assert_true(cap >= b->len);
    memcpy(room, b->data, b->len);
    row_decoder_commit(d, b->len);
}

static void test_a_reader_of_any_result_holds_a_few_chunks(void **state)
{
    struct row_decoder *d = row_decoder_new_pgwire();
    struct buf head = BUF_INIT(0);
    struct buf row = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    assert_non_null(d);
    PUT(&head, 'T', "\0\1" COLUMN("a", INTEGER));
    PUT(&row, 'D', ROW_OF_1);
    feed_all(d, &head);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    assert_true(most_held(d, &row, 2000000) <= 4 * CHUNK_USUAL);
    row_decoder_free(d);
    buf_release(&head);
    buf_release(&row);
}

/* What a message says of its length takes no memory: only what has come does. */
static void test_an_announced_length_takes_no_memory(void **state)
{
    struct row_decoder *d = row_decoder_new_pgwire();
    struct buf b = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    assert_non_null(d);
    PUT(&b, 'T', "\0\1" COLUMN("a", INTEGER));
    buf_append(&b, "D\x3f\xff\xff\xff\0\1\x3f\xff\xff\xf5", 11);
    feed_all(d, &b);
    assert_int_equal(row_decoder_next(d, &e), DECODE_FIELDS);
    assert_int_equal(row_decoder_next(d, &e), DECODE_MORE);
    assert_true(row_decoder_held_bytes(d) <= 4 * CHUNK_USUAL);
    row_decoder_finish(d);
    assert_int_equal(row_decoder_next(d, &e), DECODE_ERROR);
    assert_string_equal(e.state, "08S01");
    err_release(&e);
    row_decoder_free(d);
    buf_release(&b);
}

/* Cells stay where they are until they are released, also when their chunk is full. */
static void test_cells_stay_until_they_are_released(void **state)
{
    struct row_decoder *d = row_decoder_new_pgwire_with_chunks(64);
    struct buf b = BUF_INIT(0);
    struct cell cells[50];
    struct err e = ERR_INIT;
    size_t n = 0, fed = 0;

    (void)state;
    assert_non_null(d);
    PUT(&b, 'T', "\0\1" COLUMN("a", INTEGER));
    for (char c = 'A'; c < 'A' + 50; c++) {
        const char body[] = {0, 1, 0, 0, 0, 1, c};
        put_message(&b, 'D', body, sizeof body);
    }
    while (n < 50) {
        enum decode_event ev = row_decoder_next(d, &e);
        size_t cap;
        char *room;
        if (ev == DECODE_ROW)
            cells[n++] = row_decoder_row(d)[0];
        if (ev != DECODE_MORE)
            continue;
        room = row_decoder_room(d, &cap, &e);
        assert_non_null(room);
        cap = cap < b.len - fed ? cap : b.len - fed;
        memcpy(room, b.data + fed, cap);
        row_decoder_commit(d, cap);
        fed += cap;
    }
    for (size_t i = 0; i < 50; i++)
        assert_true(cells[i].len == 1 && cells[i].ptr[0] == (char)('A' + i));
    row_decoder_free(d);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_give_the_same_events_however_they_are_cut),
        cmocka_unit_test(test_a_truncated_stream_is_never_taken_for_a_whole_one),
        cmocka_unit_test(test_what_is_not_the_protocol_is_one_error_however_it_is_cut),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_a_reader_of_any_result_holds_a_few_chunks),
        cmocka_unit_test(test_an_announced_length_takes_no_memory),
        cmocka_unit_test(test_cells_stay_until_they_are_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
