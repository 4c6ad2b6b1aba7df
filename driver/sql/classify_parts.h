/* The two steps of classify.c: classify_verb.c and classify_walk.c. Private to them. */
#ifndef NEON_SQL_CLASSIFY_PARTS_H
#define NEON_SQL_CLASSIFY_PARTS_H

#include "sql/classify.h"
#include "sql/reader.h"

/* Behind EXPLAIN: reads its options. Returns whether the statement is executed. */
bool classify_explain_executes(struct reader *r);
/* The class, and the flags that the words behind the verb decide. r->base is then the number of
 * parentheses around the whole statement. */
struct sql_kind classify_verb(struct reader *r);
/* The flags of all the words. `r` stands at the first word, its base is known. */
unsigned classify_walk(struct reader r, struct sql_kind k);

/* sql_classify, but for what stands in the body of a DO. */
struct sql_kind classify_without_body(struct strview stmt);

#endif
