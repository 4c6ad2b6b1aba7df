/* Where a fetch takes the cursor: the tables of SQLFetchScroll's reference, "Positioning the
 * Cursor". Pure numbers; rows are numbered from 1. */
#ifndef NEON_STMT_SCROLL_H
#define NEON_STMT_SCROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sql.h>
#include <sqlext.h>

enum scroll_place { BEFORE_START, ON_ROWSET, AFTER_END };

struct scroll_position {
    enum scroll_place place;
    uint64_t start; /* ON_ROWSET: of the rowset */
    uint64_t size;  /* ON_ROWSET: the rowset size it was fetched with */
};

struct scroll_request {
    SQLSMALLINT direction; /* SQL_FETCH_... */
    int64_t offset;        /* ABSOLUTE, RELATIVE, BOOKMARK */
    uint64_t bookmark;     /* BOOKMARK: a row number */
    uint64_t size;         /* the rowset size now */
};

struct scroll_target {
    enum scroll_place place;
    uint64_t start;
    bool cut; /* 01S06: the rowset was asked for before the first row, and begins with it */
};

/* False: no direction of ODBC. */
bool scroll_is_direction(SQLSMALLINT direction);
/* The row that must be known to exist, or not to, before the target can be told; UINT64_MAX: the
 * end of the result. */
uint64_t scroll_needs(const struct scroll_position *now, const struct scroll_request *r);
/* `last`: rows that are there; when the result has more of them, at least scroll_needs. */
struct scroll_target scroll_target(const struct scroll_position *now,
                                   const struct scroll_request *r, uint64_t last);

#endif
