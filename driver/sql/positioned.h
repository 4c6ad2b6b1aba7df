/* Statements about the row a cursor stands on: UPDATE and DELETE ... WHERE CURRENT OF, and whether
 * a SELECT reads one table alone, and as it is. Pure text; nothing is known of tables. */
#ifndef NEON_SQL_POSITIONED_H
#define NEON_SQL_POSITIONED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct positioned_text {
    struct strview cursor;         /* as written */
    size_t table_start, table_end; /* bytes: the table's name, qualified or not */
    struct strview parts[3];       /* of that name, as written */
    size_t n_parts;
    size_t condition_start, condition_end; /* bytes: "WHERE CURRENT OF name" */
};

/* False: the statement does not end in WHERE CURRENT OF and a name. */
bool positioned_read(struct strview stmt, struct positioned_text *out);
/* True when the statement has one FROM at its top level, with one item: no comma, no JOIN, no
 * UNION. */
bool positioned_reads_one_table(struct strview stmt);
/* True when no row of the SELECT's result can be NULL in a column that its table keeps from being
 * so: it reads one table by itself, without a subquery, a CTE or a grouping that puts NULL in
 * places. False where that is not sure. */
bool positioned_adds_no_nulls(struct strview stmt);
/* The name that an identifier stands for: folded to lower case unless it is quoted. False: out of
 * memory, or the text is no such identifier. */
bool positioned_name(struct strview ident, struct buf *out) NEON_MUST_CHECK;
/* Is the name what the identifier says? Not quoted: whatever the case. */
bool positioned_means(struct strview ident, const char *name);

#endif
