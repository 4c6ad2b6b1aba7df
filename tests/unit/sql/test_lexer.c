/* The lexer: tests/data/lexer, and its invariant under random bytes. */
#include "sql/lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "casefile.h"

static const char *const kind_names[] = {
    [TOK_SPACE] = "space",
    [TOK_LINE_COMMENT] = "line-comment",
    [TOK_BLOCK_COMMENT] = "block-comment",
    [TOK_STRING] = "string",
    [TOK_DOLLAR_STRING] = "dollar-string",
    [TOK_QUOTED_IDENT] = "quoted-ident",
    [TOK_IDENT] = "ident",
    [TOK_NUMBER] = "number",
    [TOK_DOLLAR_PARAM] = "param",
    [TOK_QUESTION] = "question",
    [TOK_LBRACE] = "{",
    [TOK_RBRACE] = "}",
    [TOK_LPAREN] = "(",
    [TOK_RPAREN] = ")",
    [TOK_LBRACKET] = "[",
    [TOK_RBRACKET] = "]",
    [TOK_COMMA] = ",",
    [TOK_SEMICOLON] = ";",
    [TOK_DOT] = ".",
    [TOK_COLON] = ":",
    [TOK_CAST] = "cast",
    [TOK_OPERATOR] = "operator",
    [TOK_ILLEGAL] = "illegal",
};

/* "kind text" a line, spaces left out; a line break in a token is shown as \n. */
static void list_tokens(const struct testcase *c, struct buf *out)
{
    for (size_t pos = 0; pos < c->input.len;) {
        enum tok kind;
        size_t len = lexer_next(c->input.ptr + pos, c->input.len - pos, &kind);
        if (kind != TOK_SPACE) {
            buf_printf(out, "%s ", kind_names[kind]);
            for (size_t i = pos; i < pos + len; i++)
                buf_append_str(out,
                               c->input.ptr[i] == '\n' ? "\\n" : (char[]){c->input.ptr[i], '\0'});
            buf_append_char(out, '\n');
        }
        pos += len;
    }
}

static void test_lexer_follows_postgresql(void **state)
{
    (void)state;
    casefile_check("lexer/tokens.txt", 45, list_tokens);
}

/* xorshift: the same bytes on every machine. */
static uint64_t random_next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void check_covers(const char *s, size_t n)
{
    size_t pos = 0;

    while (pos < n) {
        enum tok kind = TOK_ILLEGAL;
        size_t len = lexer_next(s + pos, n - pos, &kind);
        assert_true(len > 0);
        assert_true(len <= n - pos);
        assert_true(kind <= TOK_ILLEGAL);
        pos += len;
    }
    assert_int_equal(pos, n);
}

static void test_lexer_covers_random_bytes_with_tokens(void **state)
{
    static const char likely[] = "'\"$/*-\\?{}()[];:.,eEuU&xXbBnN019a_ \n\t+=<>|@";
    uint64_t seed = 42;
    char text[200];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t n = random_next(&seed) % sizeof text;
        for (size_t i = 0; i < n; i++) {
            uint64_t r = random_next(&seed);
            text[i] = round % 2 ? (char)r : likely[r % (sizeof likely - 1)];
        }
        check_covers(text, n);
    }
}

static void test_lexer_reads_no_byte_behind_the_end(void **state)
{
    static const char *const texts[] = {
        "'it''s'",    "E'a\\'b'", "U&'x'",      "U&\"x\"", "$tag$x$tag$", "$$x$$", "/* /* */ */",
        "-- x\n",     "::int",    ":=",         "1.5e-10", "0x1F",        "$123",  "a$b",
        "\"a\"\"b\"", "..",       "E'a'\n 'b'", "<=-+--",  "1_000.5e+3"};

    (void)state;
    /* Every prefix, in a block of exactly its size: a sanitizer sees one byte too far. */
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (size_t n = 1; n <= strlen(texts[i]); n++) {
            char *copy = mem_alloc(n);
            assert_non_null(copy);
            memcpy(copy, texts[i], n);
            check_covers(copy, n);
            mem_free(copy);
        }
}

static void test_lexer_unterminated_runs_to_the_end(void **state)
{
    static const char *const texts[] = {"'abc",      "E'abc\\'", "\"abc", "U&\"a", "$$abc",
                                        "$a$abc$b$", "/* /* */", "'a''",  "N'x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        enum tok kind;
        assert_int_equal(lexer_next(texts[i], strlen(texts[i]), &kind), strlen(texts[i]));
        assert_int_equal(kind, TOK_ILLEGAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lexer_follows_postgresql),
        cmocka_unit_test(test_lexer_covers_random_bytes_with_tokens),
        cmocka_unit_test(test_lexer_reads_no_byte_behind_the_end),
        cmocka_unit_test(test_lexer_unterminated_runs_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
