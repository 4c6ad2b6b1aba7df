/* SQLSetPos: goes to a row of the rowset, reads it again, changes it or deletes it. Called by api/.
 */
#include "stmt/stmt.h"

static SQLRETURN check(struct stmt *s, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock)
{
    if (operation != SQL_POSITION)
        return diag_post(&s->handle, ST_HYC00, 0, "SQLSetPos: operation %u is not available.",
                         (unsigned)operation);
    if (lock != SQL_LOCK_NO_CHANGE)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "Rows cannot be locked by SQLSetPos: use SQL_LOCK_NO_CHANGE.");
    if (!s->executed || !s->cursor_open)
        return diag_post(&s->handle, s->executed ? ST_24000 : ST_HY010, 0,
                         "There is no result whose rows could be gone to.");
    if (s->position.place != ON_ROWSET || s->rowset.n_rows == 0)
        return diag_post(&s->handle, ST_24000, 0, "There is no rowset: fetch one first.");
    if (row == 0 && operation == SQL_POSITION)
        return diag_post(&s->handle, ST_HY109, 0,
                         "The cursor cannot be positioned on all rows: name one, from 1.");
    if (row > s->rowset.n_rows)
        return diag_post(&s->handle, ST_HY107, 0, "Row %llu is not in the rowset of %zu rows.",
                         (unsigned long long)row, s->rowset.n_rows);
    return SQL_SUCCESS;
}

SQLRETURN stmt_set_pos(struct stmt *s, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock)
{
    SQLRETURN rc = check(s, row, operation, lock);

    if (rc != SQL_SUCCESS)
        return rc;
    s->rowset.current = (size_t)row - 1;
    s->getdata = (struct getdata_state){0};
    return SQL_SUCCESS;
}
