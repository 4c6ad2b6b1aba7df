/* Writes what script_parse made of a text, for the case files of tests/data/script and
 * tests/data/escapes. */
#include "script_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "sql/script.h"

static void dump_statement(const struct script_stmt *s, size_t n_stmts, struct buf *out)
{
    const char *sep = "    ";

    buf_append(out, s->text, s->len);
    if (s->len == 0 || s->text[s->len - 1] != '\n')
        buf_append_char(out, '\n');
    if (n_stmts > 1 && s->n_params > 0) {
        buf_printf(out, "%s$1 is parameter %u", sep, s->first_param);
        sep = "; ";
    }
    if (s->is_call) {
        buf_printf(out, "%scall of %s", sep, s->text + s->call_body);
        sep = "; ";
    }
    if (s->has_return_value) {
        buf_printf(out, "%sreturns parameter %u, $1 is parameter %u", sep, s->return_param,
                   s->first_param);
        sep = "; ";
    }
    for (size_t i = 0; i < s->n_markers; i++) {
        buf_printf(out, "%s%u%s", i > 0 ? " " : sep, s->markers[i].number,
                   s->markers[i].has_cast ? "cast" : "");
        assert_true(s->markers[i].end <= s->len);
        sep = "; ";
    }
    if (sep[0] != ' ')
        buf_append_char(out, '\n');
}

void script_dump_case(const struct testcase *c, struct buf *out)
{
    struct script_options o = {.noscan = testcase_has(c, "noscan"),
                               .dollar_only = testcase_has(c, "dollar")};
    struct script s;
    struct err e = ERR_INIT;
    unsigned accounted = 0;

    if (testcase_has(c, "escape"))
        o.question = QUESTION_ESCAPE;
    if (testcase_has(c, "off"))
        o.question = QUESTION_OFF;
    if (!script_parse(c->input, &o, &s, &e)) {
        buf_printf(out, "%s %s", e.state, buf_str(&e.text));
        err_release(&e);
        return;
    }
    for (size_t i = 0; i < s.n_stmts; i++) {
        dump_statement(&s.stmts[i], s.n_stmts, out);
        if (s.stmts[i].n_params > 0 || s.stmts[i].has_return_value)
            accounted = s.stmts[i].first_param - 1 + s.stmts[i].n_params;
    }
    if (accounted != s.n_params)
        buf_printf(out, "%u parameters\n", s.n_params);
    script_release(&s);
}
