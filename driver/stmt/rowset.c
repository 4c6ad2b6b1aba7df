/* SQLFetch, SQLFetchScroll and SQLExtendedFetch: which rows come next, and their report. A
 * forward-only cursor hands out what stands in the window of rows; a scrollable one what its spool
 * keeps. The values themselves are fetch.c's. Called by api/. */
#include "stmt/transaction.h"

/* One fetch. */
struct fetch {
    struct scroll_request request;
    SQLULEN *app_fetched;
    SQLUSMALLINT *app_status;
    enum fetched_by fetched_by;
};

void rowset_begin(struct stmt *s)
{
    rowset_release(s);
    local_result_init(&s->rowset.changed, NULL, (size_t)s->ird.count);
    local_result_init(&s->rowset.before, NULL, (size_t)s->ird.count);
    if (s->cursor_open && s->attrs.cursor_type == SQL_CURSOR_STATIC)
        cursor_open(&s->cursor, (size_t)s->ird.count, s->attrs.max_rows,
                    (size_t)s->dbc->options.cursor_memory_bytes);
}

/* SQL_ATTR_CONCURRENCY of the statement's reference: "... substitutes a different concurrency at
 * execute time". */
SQLRETURN rowset_settle_concurrency(struct stmt *s)
{
    if (s->attrs.concurrency != SQL_CONCUR_ROWVER || !s->cursor_open || s->script.n_stmts == 0)
        return SQL_SUCCESS;
    for (size_t i = 1; i <= (size_t)s->ird.count; i++)
        if (desc_record(&s->ird, i)->pg.attnum == -2)
            return SQL_SUCCESS;
    s->attrs.concurrency = SQL_CONCUR_VALUES;
    return diag_post(&s->handle, ST_01S02, 0,
                     "SQL_ATTR_CONCURRENCY was set to SQL_CONCUR_VALUES: comparing row versions "
                     "(SQL_CONCUR_ROWVER) needs the column xmin in the result.");
}

static void forget_changes(struct rowset *r)
{
    local_result_release(&r->changed);
    local_result_release(&r->before);
}

/* The buffers stay for the next result. */
void rowset_release(struct stmt *s)
{
    struct rowset *r = &s->rowset;

    cursor_release(&s->cursor);
    forget_changes(r);
    s->position = (struct scroll_position){BEFORE_START, 0, 0};
    s->getdata = (struct getdata_state){0};
    r->cells = NULL;
    r->n_rows = r->current = 0;
    r->app_status = NULL;
    r->fetched_by = FETCHED_BY_NONE;
}

uint64_t rowset_row_number(const struct stmt *s, size_t index)
{
    return s->position.start + index;
}

static SQLRETURN oom(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
}

/* ---- the rows ---- */

/* Room for the status of n rows, and for their cells. */
static bool reserve(struct rowset *r, size_t n_rows, size_t n_columns, bool cells)
{
    size_t n_cells = n_rows * (n_columns > 0 ? n_columns : 1);

    if (n_rows > r->cap_status) {
        SQLUSMALLINT *grown = mem_realloc_array(r->status, n_rows, sizeof *grown);
        if (grown == NULL)
            return false;
        r->status = grown;
        r->cap_status = n_rows;
    }
    if (cells && n_cells > r->cap_own) {
        struct cell *grown = mem_realloc_array(r->own, n_cells, sizeof *grown);
        if (grown == NULL)
            return false;
        r->own = grown;
        r->cap_own = n_cells;
    }
    return true;
}

static uint64_t forward_left(const struct stmt *s, uint64_t handed_out, uint64_t want)
{
    uint64_t limit = s->attrs.max_rows;
    uint64_t left = limit > handed_out ? limit - handed_out : 0;

    return limit > 0 && left < want ? left : want;
}

/* The next rows of the window. Rows of the last rowset are left behind. */
static SQLRETURN forward(struct stmt *s, const struct fetch *f)
{
    struct rowset *r = &s->rowset;
    uint64_t start = s->position.place == ON_ROWSET ? s->position.start + r->n_rows : 1;
    size_t want = (size_t)forward_left(s, start - 1, f->request.size);
    struct err e = ERR_INIT;

    s->rows.next += r->n_rows;
    r->n_rows = 0;
    if (s->position.place == AFTER_END)
        want = 0;
    if (want > 0 && !rows_fill(&s->rows, want, &e)) {
        /* The rest of the result is lost; what was read stays true. */
        s->position.place = AFTER_END;
        return diag_post_err(&s->handle, &e);
    }
    if (want > rows_available(&s->rows))
        want = rows_available(&s->rows);
    if (want == 0) {
        s->position = (struct scroll_position){AFTER_END, 0, 0};
        return SQL_NO_DATA;
    }
    s->position = (struct scroll_position){ON_ROWSET, start, f->request.size};
    if (!reserve(r, want, s->rows.n_columns, false))
        return oom(s);
    r->cells = s->rows.cells + s->rows.next * s->rows.n_columns;
    r->n_rows = want;
    for (size_t i = 0; i < want; i++)
        r->status[i] = SQL_ROW_SUCCESS;
    return SQL_SUCCESS;
}

static bool read_rows(struct stmt *s, uint64_t start, size_t n, struct err *e)
{
    struct rowset *r = &s->rowset;
    size_t n_columns = (size_t)s->ird.count;
    bool ok = true;

    cursor_begin_read(&s->cursor);
    for (size_t i = 0; ok && i < n; i++) {
        ok = cursor_row(&s->cursor, start + i, r->own + i * n_columns, e);
        r->status[i] = cursor_is_deleted(&s->cursor, start + i) ? SQL_ROW_DELETED : SQL_ROW_SUCCESS;
    }
    cursor_end_read(&s->cursor);
    return ok;
}

static SQLRETURN scroll(struct stmt *s, const struct fetch *f)
{
    struct rowset *r = &s->rowset;
    struct err e = ERR_INIT;
    struct scroll_target t;
    uint64_t n;

    if (!cursor_need(&s->cursor, &s->rows, scroll_needs(&s->position, &f->request), &e))
        return diag_post_err(&s->handle, &e);
    t = scroll_target(&s->position, &f->request, cursor_count(&s->cursor));
    r->n_rows = 0;
    s->position.place = t.place;
    if (t.place != ON_ROWSET)
        return SQL_NO_DATA;
    n = cursor_count(&s->cursor) - t.start + 1;
    n = n < f->request.size ? n : f->request.size;
    s->position = (struct scroll_position){ON_ROWSET, t.start, f->request.size};
    if (!reserve(r, (size_t)n, (size_t)s->ird.count, true))
        return oom(s);
    if (!read_rows(s, t.start, (size_t)n, &e))
        return diag_post_err(&s->handle, &e);
    r->cells = r->own;
    r->n_rows = (size_t)n;
    if (!t.cut)
        return SQL_SUCCESS;
    return diag_post(&s->handle, ST_01S06, 0,
                     "The rowset would begin before the first row: it begins with the first row.");
}

/* ---- changes ---- */

/* The row's place in the rowset; SIZE_MAX: it does not stand there. */
static size_t place_of(const struct stmt *s, uint64_t number)
{
    if (s->position.place != ON_ROWSET || number < s->position.start ||
        number - s->position.start >= s->rowset.n_rows)
        return SIZE_MAX;
    return (size_t)(number - s->position.start);
}

uint64_t rowset_next_change(const struct stmt *s)
{
    return transaction_is_open(s->dbc) ? ++s->dbc->tx.cursor_changes : 0;
}

/* Remembers a row of the rowset before it is changed; a scrollable cursor does so itself. */
static bool remember(struct stmt *s, size_t at, uint64_t change)
{
    struct rowset *r = &s->rowset;
    size_t n = r->before.n_rows;

    if (change == 0)
        return true;
    if (n == r->cap_undo) {
        struct rowset_undo *grown = mem_realloc_array(r->undo, n * 2 + 8, sizeof *grown);
        if (grown == NULL)
            return false;
        r->undo = grown;
        r->cap_undo = n * 2 + 8;
    }
    r->undo[n] = (struct rowset_undo){change, at, r->status[at]};
    return local_result_add(&r->before, r->cells + at * r->before.n_columns);
}

bool rowset_change_row(struct stmt *s, uint64_t number, const struct cell *cells, struct err *e)
{
    struct rowset *r = &s->rowset;
    size_t n_columns = (size_t)s->ird.count;
    size_t at = place_of(s, number);
    uint64_t change = rowset_next_change(s);

    s->cursor.change = change;
    if (s->cursor.open)
        return cursor_update(&s->cursor, number, cells, e);
    if (at == SIZE_MAX)
        return true;
    if (!remember(s, at, change) || !local_result_add(&r->changed, cells))
        return err_oom(e);
    /* The bytes stay where they are; the array of cells does not. */
    memcpy(r->cells + at * n_columns, r->changed.cells + (r->changed.n_rows - 1) * n_columns,
           n_columns * sizeof *cells);
    return true;
}

bool rowset_delete_row(struct stmt *s, uint64_t number, struct err *e)
{
    size_t at = place_of(s, number);
    uint64_t change = rowset_next_change(s);

    s->cursor.change = change;
    if (at != SIZE_MAX && !s->cursor.open && !remember(s, at, change))
        return err_oom(e);
    if (at != SIZE_MAX)
        s->rowset.status[at] = SQL_ROW_DELETED;
    return !s->cursor.open || cursor_delete(&s->cursor, number, e);
}

void rowset_keep(struct stmt *s)
{
    cursor_keep(&s->cursor);
    s->rowset.before.n_rows = 0; /* cells of the rowset may point at its bytes */
}

/* The rowset of a cursor that goes forward only. */
static void undo_rows(struct rowset *r, uint64_t since)
{
    size_t n_columns = r->before.n_columns;

    while (r->before.n_rows > 0 && r->undo[r->before.n_rows - 1].change > since) {
        size_t last = --r->before.n_rows;
        const struct rowset_undo *u = &r->undo[last];
        r->status[u->at] = u->status;
        memcpy(r->cells + u->at * n_columns, r->before.cells + last * n_columns,
               n_columns * sizeof *r->cells);
    }
}

void rowset_undo(struct stmt *s, uint64_t since)
{
    struct err e = ERR_INIT;

    undo_rows(&s->rowset, since);
    if (!s->cursor.open)
        return;
    cursor_undo(&s->cursor, since);
    if (!rowset_reload(s, &e)) /* there is no rowset then */
        err_release(&e);
}

bool rowset_reload(struct stmt *s, struct err *e)
{
    struct rowset *r = &s->rowset;

    s->getdata = (struct getdata_state){0};
    if (!s->cursor.open || s->position.place != ON_ROWSET || r->n_rows == 0)
        return true;
    if (read_rows(s, s->position.start, r->n_rows, e))
        return true;
    r->n_rows = 0;
    return false;
}

SQLUSMALLINT *rowset_app_status(const struct stmt *s)
{
    return s->rowset.fetched_by == FETCHED_BY_EXTENDED ? s->rowset.app_status
                                                       : s->ird.app_array_status_ptr;
}

/* ---- the report ---- */

static void report(const struct stmt *s, const struct fetch *f)
{
    const struct rowset *r = &s->rowset;

    if (f->app_fetched != NULL)
        *f->app_fetched = r->n_rows;
    for (size_t i = 0; f->app_status != NULL && i < f->request.size; i++)
        f->app_status[i] = i < r->n_rows ? r->status[i] : SQL_ROW_NOROW;
}

static SQLRETURN deliver(struct stmt *s)
{
    struct rowset *r = &s->rowset;
    struct block b = {
        .cells = r->cells,
        .n_rows = r->n_rows,
        .status = r->status,
        .first_number = s->position.start,
        .bookmarks_alone = s->attrs.retrieve_data == SQL_RD_OFF,
    };

    if (block_convert(s, &b))
        return block_code(s, &b);
    for (size_t i = 0; i < r->n_rows; i++)
        r->status[i] = SQL_ROW_ERROR;
    return SQL_ERROR;
}

static SQLRETURN run_fetch(struct stmt *s, const struct fetch *f)
{
    struct rowset *r = &s->rowset;
    SQLRETURN moved;
    SQLRETURN rc;

    s->getdata = (struct getdata_state){0};
    s->edited = false;
    forget_changes(r);
    r->current = 0;
    r->size = f->request.size;
    r->app_status = f->app_status;
    r->fetched_by = f->fetched_by;
    moved = s->cursor.open ? scroll(s, f) : forward(s, f);
    if (moved == SQL_ERROR)
        return moved;
    rc = moved == SQL_NO_DATA ? moved : deliver(s);
    report(s, f);
    return rc == SQL_SUCCESS ? moved : rc;
}

/* ---- what may be asked ---- */

static SQLRETURN check(struct stmt *s, const struct fetch *f)
{
    if (!s->executed || !s->cursor_open)
        return diag_post(
            &s->handle, s->executed || s->prepared ? ST_24000 : ST_HY010, 0,
            "There is no result to fetch from: execute a statement that returns rows first.");
    if (s->rowset.fetched_by != FETCHED_BY_NONE && s->rowset.fetched_by != f->fetched_by)
        return diag_post(&s->handle, ST_HY010, 0,
                         "SQLExtendedFetch cannot be mixed with SQLFetch and SQLFetchScroll on one "
                         "result.");
    if (!scroll_is_direction(f->request.direction))
        return diag_post(&s->handle, ST_HY106, 0, "%d is no fetch direction.",
                         f->request.direction);
    if (!s->cursor.open && f->request.direction != SQL_FETCH_NEXT)
        return diag_post(&s->handle, ST_HY106, 0,
                         "The cursor moves forward only: set SQL_ATTR_CURSOR_TYPE to "
                         "SQL_CURSOR_STATIC before executing.");
    if (f->request.direction == SQL_FETCH_BOOKMARK && s->attrs.use_bookmarks == SQL_UB_OFF)
        return diag_post(&s->handle, ST_HY106, 0,
                         "Bookmarks are off: set SQL_ATTR_USE_BOOKMARKS before executing.");
    return SQL_SUCCESS;
}

static SQLRETURN bad_bookmark(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY111, 0,
                     "The bookmark is a null pointer or none of this result.");
}

SQLRETURN stmt_fetch(struct stmt *s)
{
    return stmt_fetch_scroll(s, SQL_FETCH_NEXT, 0);
}

SQLRETURN stmt_fetch_scroll(struct stmt *s, SQLSMALLINT direction, SQLLEN offset)
{
    struct fetch f = {
        .request = {.direction = direction, .offset = offset, .size = s->ard->array_size},
        .app_fetched = s->ird.app_rows_processed_ptr,
        .app_status = s->ird.app_array_status_ptr,
        .fetched_by = FETCHED_BY_FETCH,
    };
    SQLRETURN rc = check(s, &f);

    if (rc != SQL_SUCCESS)
        return rc;
    if (direction == SQL_FETCH_BOOKMARK &&
        !bookmark_read(s, s->attrs.app_fetch_bookmark, SQL_C_DEFAULT, &f.request.bookmark))
        return bad_bookmark(s);
    return run_fetch(s, &f);
}

/* ODBC 2: the rowset size is SQL_ROWSET_SIZE, and a bookmark is the offset itself. */
SQLRETURN stmt_extended_fetch(struct stmt *s, SQLUSMALLINT direction, SQLLEN offset,
                              SQLULEN *app_fetched, SQLUSMALLINT *app_status)
{
    struct fetch f = {
        .request = {.direction = (SQLSMALLINT)direction,
                    .offset = direction == SQL_FETCH_BOOKMARK ? 0 : offset,
                    .bookmark = (uint64_t)offset,
                    .size = s->extended_rowset_size},
        .app_fetched = app_fetched,
        .app_status = app_status,
        .fetched_by = FETCHED_BY_EXTENDED,
    };
    SQLRETURN rc = check(s, &f);

    if (rc != SQL_SUCCESS)
        return rc;
    if (direction == SQL_FETCH_BOOKMARK && offset <= 0)
        return bad_bookmark(s);
    return run_fetch(s, &f);
}
