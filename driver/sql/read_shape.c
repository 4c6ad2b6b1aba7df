/* Looks at the words of a SELECT, VALUES or TABLE. Called by stmt/execute.c. */
#include "sql/read_shape.h"

#include "base/mem.h"
#include "sql/token.h"

/* Their answer is that of a transaction, or of a moment. The first `n_bare` need no parentheses. */
static const char *const varying[] = {"current_timestamp",
                                      "current_time",
                                      "localtimestamp",
                                      "localtime",
                                      "now",
                                      "clock_timestamp",
                                      "statement_timestamp",
                                      "transaction_timestamp",
                                      "timeofday",
                                      "random",
                                      "gen_random_uuid",
                                      "uuid_generate_v4",
                                      "txid_current",
                                      "pg_current_xact_id",
                                      "pg_current_wal_lsn",
                                      "pg_backend_pid"};
static const size_t n_bare = 4;

/* Read no table. */
static const char *const tableless[] = {"version",
                                        "current_schema",
                                        "current_schemas",
                                        "current_setting",
                                        "current_database",
                                        "set_config",
                                        "pg_sleep",
                                        "upper",
                                        "lower",
                                        "length",
                                        "coalesce",
                                        "concat",
                                        "abs",
                                        "round",
                                        "format_type",
                                        "date_trunc",
                                        "to_char",
                                        "extract",
                                        "cast",
                                        "pg_is_in_recovery",
                                        "row",
                                        "nullif",
                                        "substring",
                                        "inet_server_addr"};

static bool is_among(const struct token *t, const char *const *names, size_t n)
{
    for (size_t i = 0; t->kind == TOK_IDENT && i < n; i++)
        if (sv_ieq(t->text, sv(names[i])))
            return true;
    return false;
}

static bool word_is(const struct token *t, const char *word)
{
    return is_among(t, &word, 1);
}

static bool is_varying(const struct token *name, const struct token *behind)
{
    return is_among(name, varying, n_bare) ||
           (behind->kind == TOK_LPAREN && is_among(name, varying, ARRAY_LEN(varying)));
}

/* name( and neither known to read no table nor the name of a type or operator written so. */
static bool may_read(const struct token *name, const struct token *behind)
{
    return (name->kind == TOK_IDENT || name->kind == TOK_QUOTED_IDENT) &&
           behind->kind == TOK_LPAREN && !is_among(name, tableless, ARRAY_LEN(tableless)) &&
           !is_among(name, varying, ARRAY_LEN(varying));
}

struct read_shape read_shape_of(struct strview stmt)
{
    struct read_shape s = {false, true, false};
    struct tokens ts = {stmt, 0};
    struct token t, behind;
    size_t depth = 0, base = 0;
    bool begun = false, past_from = false;

    while (tokens_next(&ts, &t)) {
        (void)tokens_peek(&ts, &behind);
        if (t.kind == TOK_LPAREN && !begun)
            base++; /* ((SELECT 1)) */
        depth += t.kind == TOK_LPAREN;
        depth -= t.kind == TOK_RPAREN && depth > 0;
        begun |= t.kind != TOK_LPAREN;
        if (depth <= base) {
            s.ordered |= word_is(&t, "order") && word_is(&behind, "by");
            past_from |= t.kw == KW_from;
        }
        if (t.kw == KW_from || t.kw == KW_table || word_is(&t, "from"))
            s.tableless = false;
        if (may_read(&t, &behind))
            s.tableless = false;
        if (!past_from && is_varying(&t, &behind))
            s.varies = true;
    }
    return s;
}
