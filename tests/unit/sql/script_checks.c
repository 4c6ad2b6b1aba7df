/* Invariants of script_parse: the markers stand where they are said to stand, a statement is one
 * statement, reading our own output again changes nothing, casts change nothing else. */
#include "script_checks.h"

#include <stdio.h>
#include <stdlib.h>

#include "sql/call_text.h"
#include "sql/insert_columns.h"
#include "sql/read_shape.h"
#include "sql/setting_text.h"
#include "sql/transaction_text.h"
#include "sql/split.h"
#include "sql/token.h"

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Each note of a marker is a $n of the text, in order. Without foreign $n, each $n has a note. */
static void check_markers(const struct script_stmt *s, bool foreign_dollars)
{
    struct tokens ts = {sv_n(s->text, s->len), 0};
    struct token t;
    size_t seen = 0;
    unsigned highest = 0;

    while (tokens_raw(&ts, &t)) {
        char number[16];
        if (t.kind != TOK_DOLLAR_PARAM)
            continue;
        if (seen < s->n_markers && s->markers[seen].end == ts.pos) {
            snprintf(number, sizeof number, "%u", s->markers[seen].number);
            if (foreign_dollars || t.text.ptr[1] != '0')
                REQUIRE(sv_eq(sv_n(t.text.ptr + 1, t.text.len - 1), sv(number)));
            if (s->markers[seen].number > highest)
                highest = s->markers[seen].number;
            seen++;
        } else {
            REQUIRE(foreign_dollars);
        }
    }
    REQUIRE(seen == s->n_markers);
    REQUIRE(highest == s->n_params);
}

static void check_is_one_statement(const struct script_stmt *s, bool *foreign_dollars)
{
    struct split_piece piece = {.empty = true};
    size_t pos = 0;

    if (split_next(sv_n(s->text, s->len), &pos, &piece))
        REQUIRE(pos == s->len);
    REQUIRE(piece.empty == (s->kind.cls == SQLC_EMPTY));
    *foreign_dollars = piece.foreign_dollars;
}

/* The text as it goes out, read as a text of ours. */
static void check_again(const struct script_stmt *s)
{
    struct script_options plain = {.noscan = true, .dollar_only = true};
    struct script again;
    struct err e = ERR_INIT;

    REQUIRE(script_parse(sv_n(s->text, s->len), &plain, &again, &e));
    REQUIRE(again.n_stmts == 1);
    REQUIRE(again.stmts[0].len == s->len && memcmp(again.stmts[0].text, s->text, s->len) == 0);
    REQUIRE(again.stmts[0].kind.cls == s->kind.cls && again.stmts[0].kind.flags == s->kind.flags);
    script_release(&again);
    err_release(&e);
}

static void check_render(const struct script_stmt *s, bool foreign_dollars)
{
    const char **casts = mem_calloc((size_t)s->n_params + 1, sizeof *casts);
    struct script_options plain = {.noscan = true, .dollar_only = true};
    struct buf out = BUF_INIT(0);
    struct script again;
    struct err e = ERR_INIT;

    REQUIRE(casts != NULL);
    REQUIRE(script_render(s, NULL, &out));
    REQUIRE(out.len == s->len && memcmp(buf_str(&out), s->text, s->len) == 0);
    for (unsigned i = 0; i < s->n_params; i++)
        casts[i] = "::int4";
    buf_reset(&out);
    REQUIRE(script_render(s, casts, &out));
    REQUIRE(script_parse(buf_sv(&out), &plain, &again, &e));
    REQUIRE(again.n_stmts == 1);
    if (!foreign_dollars) {
        REQUIRE(again.stmts[0].n_markers == s->n_markers);
        for (size_t i = 0; i < s->n_markers; i++)
            REQUIRE(again.stmts[0].markers[i].has_cast &&
                    again.stmts[0].markers[i].number == s->markers[i].number);
    }
    REQUIRE(again.stmts[0].kind.cls == s->kind.cls);
    script_release(&again);
    err_release(&e);
    buf_release(&out);
    mem_free(casts);
}

/* Readers of single statements take any text, and point into it. */
static void check_readers(const struct script_stmt *s)
{
    struct strview text = sv_n(s->text, s->len);
    struct setting_call calls[SETTING_MAX_CALLS];
    struct setting_text t;
    struct transaction_modes modes;
    struct buf name = BUF_INIT(0);
    size_t n = setting_calls_read(text, calls, ARRAY_LEN(calls));

    for (size_t i = 0; i < n; i++)
        REQUIRE(calls[i].flag_len > 0 && calls[i].flag_at + calls[i].flag_len <= s->len);
    if (setting_text_read(text, &t) && t.words.len > 0)
        REQUIRE(t.words.ptr >= s->text && t.words.ptr + t.words.len <= s->text + s->len);
    buf_release(&t.name);
    (void)!transaction_modes_read(text, &modes);
    (void)!transaction_savepoint_name(text, &name);
    (void)read_shape_of(text);
    buf_release(&name);
}

/* As arrays it is still one INSERT with the same parameters. */
static void check_columns(const struct script_stmt *s, const struct insert_values *iv)
{
    static const struct script_options plain = {.noscan = true, .dollar_only = true};
    const char **casts = mem_calloc((size_t)s->n_params + 1, sizeof *casts);
    struct buf out = BUF_INIT(0);
    struct script again;
    struct err e = ERR_INIT;

    REQUIRE(casts != NULL);
    for (size_t i = 0; i < s->n_params; i++)
        casts[i] = "::text";
    if (insert_columns_find(s, iv)) {
        REQUIRE(insert_columns_render(s, iv, casts, &out));
        REQUIRE(script_parse(buf_sv(&out), &plain, &again, &e));
        REQUIRE(again.n_stmts == 1 && again.stmts[0].kind.cls == SQLC_INSERT);
        REQUIRE(again.stmts[0].n_markers == s->n_markers);
        REQUIRE(again.stmts[0].n_params == s->n_params);
        script_release(&again);
    }
    buf_release(&out);
    mem_free(casts);
}

/* With three rows it is one INSERT with three times the markers. */
static void check_rows(const struct script_stmt *s)
{
    const char **casts = mem_calloc((size_t)s->n_params * 3 + 1, sizeof *casts);
    struct script_options plain = {.noscan = true, .dollar_only = true};
    struct insert_values iv;
    struct buf out = BUF_INIT(0);
    struct script again;
    struct err e = ERR_INIT;

    REQUIRE(casts != NULL);
    if (insert_values_find(s, &iv) && (size_t)s->n_params * 3 <= SCRIPT_MAX_PARAMS) {
        REQUIRE(iv.open < iv.close && iv.close <= s->len);
        REQUIRE(insert_values_render(s, &iv, casts, 1, &out));
        REQUIRE(out.len == s->len && memcmp(buf_str(&out), s->text, s->len) == 0);
        buf_reset(&out);
        REQUIRE(insert_values_render(s, &iv, casts, 3, &out));
        REQUIRE(script_parse(buf_sv(&out), &plain, &again, &e));
        REQUIRE(again.n_stmts == 1 && again.stmts[0].kind.cls == SQLC_INSERT);
        REQUIRE(again.stmts[0].n_markers == s->n_markers * 3);
        REQUIRE(again.stmts[0].n_params == s->n_params * 3);
        script_release(&again);
        check_columns(s, &iv);
    }
    buf_release(&out);
    mem_free(casts);
}

/* Put together again with all arguments it is the call it was, its markers numbered from 1. */
static void check_call(const struct script_stmt *s)
{
    const char **casts = mem_calloc((size_t)s->n_params + 1, sizeof *casts);
    unsigned *numbers = mem_calloc(s->n_markers + 1, sizeof *numbers);
    struct call_text c;
    struct buf out = BUF_INIT(0);
    size_t n = 0;

    REQUIRE(casts != NULL && numbers != NULL);
    if (call_text_read(s, &c)) {
        bool *keep = mem_calloc(c.n_args + 1, sizeof *keep);
        const char **names = mem_calloc(c.n_args + 1, sizeof *names);
        REQUIRE(keep != NULL && names != NULL && c.close < s->len && c.open < c.close);
        for (size_t i = 0; i < c.n_args; i++) {
            keep[i] = true;
            REQUIRE(c.args[i].start < c.args[i].end && c.args[i].end <= c.close);
        }
        REQUIRE(call_text_render(s, &c, "", keep, names, casts, numbers, &n, &out));
        REQUIRE(n <= s->n_markers);
        mem_free(keep);
        mem_free(names);
        call_text_release(&c);
    }
    buf_release(&out);
    mem_free(casts);
    mem_free(numbers);
}

static void check_statement(const struct script *sc, const struct script_stmt *s)
{
    bool foreign_dollars;

    REQUIRE(s->text != NULL && s->text[s->len] == '\0' && strlen(s->text) == s->len);
    REQUIRE(s->first_param >= 1);
    REQUIRE(s->n_params == 0 || s->first_param - 1 + s->n_params <= sc->n_params);
    REQUIRE(s->has_return_value == (s->return_param != 0) && s->return_param <= sc->n_params);
    REQUIRE(!s->is_call || s->call_body < s->len);
    check_is_one_statement(s, &foreign_dollars);
    check_markers(s, foreign_dollars);
    check_again(s);
    check_render(s, foreign_dollars);
    check_rows(s);
    check_call(s);
    check_readers(s);
}

void script_checks(struct strview text, const struct script_options *o)
{
    struct script s;
    struct err e = ERR_INIT;
    struct buf native = BUF_INIT(0);

    if (script_parse(text, o, &s, &e)) {
        REQUIRE(!err_is_set(&e));
        REQUIRE(s.n_stmts >= 1 && s.n_params <= SCRIPT_MAX_PARAMS);
        for (size_t i = 0; i < s.n_stmts; i++) {
            check_statement(&s, &s.stmts[i]);
            REQUIRE(s.n_stmts == 1 || s.stmts[i].kind.cls != SQLC_EMPTY);
        }
        REQUIRE(script_native(&s, &native));
    } else {
        REQUIRE(err_is_set(&e) && e.text.len > 0);
        REQUIRE(s.n_stmts == 0);
    }
    script_release(&s);
    buf_release(&native);
    err_release(&e);
}
