/* A read inside a buffered transaction: what waits, then the read, then ROLLBACK, as one batch
 * (design section 3). The read sees the pending writes, and nothing is committed. With nothing
 * pending: a read-only batch. */
#ifndef NEON_STMT_PREVIEW_H
#define NEON_STMT_PREVIEW_H

#include "handle/dbc.h"
#include "sql/classify.h"

#define PREVIEW_NO_CHECK SIZE_MAX

struct preview {
    struct wire_stmt *stmts; /* owned */
    size_t n;
    size_t n_before, n_behind; /* results before the read's and behind it */
    size_t check_at;           /* which of those before is the read's checksum; PREVIEW_NO_CHECK */
    bool read_only;            /* nothing waits */
    bool ordered;              /* the checksum depends on the order of the rows */
    struct buf check_sql;      /* asks for the checksum */
};

/* `read` is borrowed. What may stand in FROM (...) and reads tables gets a checksum where the
 * isolation level asks for it. */
bool preview_build(struct dbc *d, const struct wire_stmt *read, const struct sql_kind *kind,
                   struct preview *out, struct err *e) NEON_MUST_CHECK;
void preview_release(struct preview *p);
/* Adds the check that the commit makes: the read's checksum must be `checksum` again. */
bool preview_add_check(struct dbc *d, const struct wire_stmt *read, bool ordered,
                       struct strview checksum, struct err *e) NEON_MUST_CHECK;

#endif
