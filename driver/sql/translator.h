/* The state of escapes_translate and what the clauses share. Private to escapes.c, scalar.c and
 * translator.c. */
#ifndef NEON_SQL_TRANSLATOR_H
#define NEON_SQL_TRANSLATOR_H

#include "sql/escapes.h"
#include "sql/token.h"

struct translator {
    struct tokens in;
    const struct script_options *o;
    struct translation *r;
    struct err *e;
    unsigned depth;    /* of clauses */
    bool glue_check;   /* the next piece stands behind a replacement */
    bool at_start;     /* no word of the statement yet */
    bool after_call;   /* only ; may follow */
    size_t call_start; /* byte offset of that {call} */
};

/* A piece of the author's text for a message. */
struct translator_place {
    size_t number; /* in characters, from 1 */
    int len;       /* bytes of the excerpt */
    const char *text;
    const char *more;
};

struct translator_place translator_place(const struct translator *tr, size_t at);
/* 42000: "The escape clause at character 8, near "..", <what>". Returns false. */
bool translator_fail(struct translator *tr, size_t at, const char *what);

/* Appends; false: HY001, or 54000 when the translation has outgrown its text beyond all reason
 * (out->max). */
bool translator_put(struct translator *tr, struct buf *out, struct strview s) NEON_MUST_CHECK;
/* The same for what stands in place of a clause: words around it must not run together. */
bool translator_put_replacement(struct translator *tr, struct buf *out,
                                struct strview s) NEON_MUST_CHECK;

#define TRANSLATOR_MAX_ARGS 8

/* The arguments of a function, as offsets into the text they were copied to. */
struct translator_args {
    size_t n; /* 0 for none; may exceed TRANSLATOR_MAX_ARGS */
    /* Where the comma behind each stood, and for the last the end. */
    size_t end[TRANSLATOR_MAX_ARGS];
};

/* Copies up to the `stop` that closes what is open (TOK_RPAREN or TOK_RBRACE, which is consumed and
 * not copied), or to the end of the text at depth 0. `a`, when not NULL, gets the places of the
 * commas on the way. */
bool translator_copy_until(struct translator *tr, struct buf *out, enum tok stop,
                           struct translator_args *a, size_t opened_at) NEON_MUST_CHECK;
/* The next significant token of a clause; false at the end of the text. */
bool translator_next(struct translator *tr, size_t opened_at, struct token *t) NEON_MUST_CHECK;
/* The clause's }; false with the message `otherwise` for anything else. */
bool translator_close(struct translator *tr, size_t opened_at,
                      const char *otherwise) NEON_MUST_CHECK;

/* escapes.c: the clause whose { was just read. *known is false, and nothing consumed, when it is
 * none. */
bool escapes_clause(struct translator *tr, struct buf *out, const struct token *brace,
                    bool *known) NEON_MUST_CHECK;
/* scalar.c: {fn ..}; tr stands behind the word fn. */
bool scalar_clause(struct translator *tr, struct buf *out, const char *word,
                   size_t at) NEON_MUST_CHECK;

#endif
