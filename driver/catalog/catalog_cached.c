/* Answers from a picture of the whole schema. A tool that asks for table after table is noticed at
 * the third; from then on the rows of all tables are fetched, once for each function, and it is
 * answered from them until CatalogCache seconds are over or definitions change. A table that the
 * picture does not know is asked for: it may be new. In a transaction with pending changes
 * everything is asked. Called by the files of this folder. */
#include "base/clock.h"
#include "catalog/catalog_result.h"
#include "catalog/like.h"
#include "stmt/catalog_sql.h"
#include "stmt/transaction.h"

#include <stdlib.h>

/* The tables there are: tells a table without rows from one that is not known. */
#define NAMES_KEY "names"
/* clang-format off */
static const char names_sql[] =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "WHERE " IS_TABLE("c") " AND " IS_VISIBLE("n") " AND NOT " IS_SYSTEM("n");
/* clang-format on */

enum names_column { NAMES_SCHEMA, NAMES_TABLE, NAMES_COUNT };

static bool is_usable(const struct stmt *s)
{
    const struct dbc *d = s->dbc;

    return d->options.catalog_cache_s > 0 && !s->cursor_open && !d->tx.failed && !d->tx.defines;
}

static int64_t life_ms(const struct stmt *s)
{
    return s->dbc->options.catalog_cache_s * 1000;
}

/* ---- fetching ---- */

struct filling {
    struct catalog_cache *cache;
    struct catalog_picture *picture;
    bool full;
};

static bool add_row(void *ctx, const struct cell *cells)
{
    struct filling *f = ctx;

    f->full = !catalog_picture_add(f->cache, f->picture, cells);
    return !f->full;
}

/* What ends the call; other failures only mean that there is no picture. */
static bool is_final(const struct stmt *s)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);

    return r != NULL && (strcmp(r->state3, "HY008") == 0 || strncmp(r->state3, "08", 2) == 0);
}

/* *out is NULL when there is none; SQL_ERROR only for what ends the call. */
static SQLRETURN fetch(struct stmt *s, struct strview key, const struct mapped_query *m, size_t by,
                       struct catalog_picture **out)
{
    struct catalog_cache *c = &s->dbc->catalog_cache;
    struct filling f = {c, catalog_cache_add(c, key, m->n_columns, by), false};
    int64_t started = clock_now_ms();
    bool failed_before = s->dbc->tx.failed;
    SQLRETURN rc;

    *out = NULL;
    if (f.picture == NULL)
        return SQL_SUCCESS;
    rc = stmt_run_rows(s, m, add_row, &f);
    /* Forgotten while it was fetched, or of no use. */
    if (rc == SQL_SUCCESS && catalog_picture_finish(f.picture)) {
        catalog_cache_fetched(c, started, clock_now_ms(), life_ms(s));
        *out = f.picture;
        return SQL_SUCCESS;
    }
    catalog_picture_give_up(f.picture);
    catalog_cache_fetched(c, started, clock_now_ms(), life_ms(s));
    /* An error in a transaction of the server's has ended it. */
    if (rc != SQL_SUCCESS && (is_final(s) || s->dbc->tx.in_session))
        return rc;
    diag_clear(&s->handle.diag);
    s->dbc->tx.failed = failed_before; /* it was read-only, and on the side */
    return SQL_SUCCESS;
}

static SQLRETURN fetch_names(struct stmt *s, struct catalog_picture **out)
{
    const struct mapped_query m = {
        .sql = sv(names_sql), .n_in = NAMES_COUNT, .n_columns = NAMES_COUNT};

    *out = catalog_cache_find(&s->dbc->catalog_cache, SV_LIT(NAMES_KEY));
    if (*out != NULL) {
        *out = (*out)->unusable ? NULL : *out;
        return SQL_SUCCESS;
    }
    return fetch(s, SV_LIT(NAMES_KEY), &m, NAMES_TABLE, out);
}

/* The query with the filtered arguments left open; tables of the server stay out. */
static SQLRETURN fetch_all(struct stmt *s, const struct catalog_query *q, struct strview key,
                           struct catalog_picture **out)
{
    struct catalog_shape shape = catalog_shape(s, q->function);
    struct wire_param params[CATALOG_MAX_ARGS];
    const struct mapped_query m = {
        .sql = sv(q->sql),
        .params = params,
        .n_params = q->args->n,
        .n_in = q->map != NULL ? q->n_in : shape.n,
        .n_columns = shape.n,
        .map = q->map,
        .carry = q->carry,
    };

    memcpy(params, q->args->params, sizeof params);
    for (size_t i = 0; i < q->n_filters; i++)
        params[q->filters[i].param] = (struct wire_param){NULL, 0};
    if (q->system_param != 0)
        params[q->system_param] = (struct wire_param){"f", 1};
    return fetch(s, key, &m, q->filters[0].column, out);
}

/* What was asked, but for the filtered arguments. */
static bool write_key(const struct catalog_query *q, struct buf *key)
{
    buf_printf(key, "%d/%zu", (int)q->function, q->filters[0].param);
    for (size_t i = 0; i < q->args->n; i++) {
        const struct wire_param *p = &q->args->params[i];
        bool filtered = i == q->system_param && i != 0;
        for (size_t k = 0; k < q->n_filters; k++)
            filtered |= q->filters[k].param == i;
        if (filtered)
            continue;
        buf_printf(key, "|%zu:", p->ptr != NULL ? p->len + 1 : 0);
        if (p->ptr != NULL)
            buf_append(key, p->ptr, p->len);
    }
    return key->failed == BUF_OK;
}

/* The picture that this can be answered from, if any. */
static SQLRETURN picture(struct stmt *s, const struct catalog_query *q,
                         struct catalog_picture **out, struct catalog_picture **names)
{
    struct buf key = BUF_INIT(CATALOG_ARG_MAX_BYTES * 4);
    SQLRETURN rc = SQL_SUCCESS;

    *out = *names = NULL;
    if (write_key(q, &key)) {
        *out = catalog_cache_find(&s->dbc->catalog_cache, buf_sv(&key));
        if (*out != NULL && (*out)->unusable)
            *out = NULL;
        else
            rc = fetch_names(s, names); /* first: what it names was there when rows are fetched */
        if (*names != NULL && *out == NULL && rc == SQL_SUCCESS)
            rc = fetch_all(s, q, buf_sv(&key), out);
    }
    buf_release(&key);
    return rc;
}

/* ---- answering ---- */

static bool passes(struct cell value, const struct wire_param *wanted, bool is_pattern)
{
    struct strview v = sv_n(value.ptr, value.len);
    struct strview w = sv_n(wanted->ptr, wanted->len);

    if (wanted->ptr == NULL)
        return true;
    return value.ptr != NULL && (is_pattern ? like_matches(v, w) : sv_eq(v, w));
}

static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

/* The rows of the tables whose names match, in the server's order; how many. With rows NULL it only
 * counts. */
static size_t rows_of_table(const struct catalog_picture *p, const struct catalog_query *q,
                            size_t *rows)
{
    const struct wire_param *table = &q->args->params[q->filters[0].param];
    size_t n = 0;

    for (size_t i = 0; i < p->n_groups; i++) {
        const struct catalog_group *g = &p->groups[i];
        if (!passes(g->name, table, q->filters[0].is_pattern))
            continue;
        if (rows != NULL)
            memcpy(rows + n, p->order + g->first, g->count * sizeof *rows);
        n += g->count;
    }
    if (rows != NULL)
        qsort(rows, n, sizeof *rows, by_number);
    return n;
}

/* The schema's argument stands before the table's. */
static bool is_known(const struct catalog_picture *names, const struct catalog_query *q)
{
    const struct catalog_filter *f = &q->filters[0];

    for (size_t i = 0; i < names->n_groups; i++) {
        const struct catalog_group *g = &names->groups[i];
        if (!passes(g->name, &q->args->params[f->param], f->is_pattern))
            continue;
        for (size_t k = 0; k < g->count; k++) {
            const struct cell *row = names->cells + names->order[g->first + k] * NAMES_COUNT;
            if (passes(row[NAMES_SCHEMA], &q->args->params[f->param - 1], f->is_pattern))
                return true;
        }
    }
    return false;
}

static SQLRETURN open_rows(struct stmt *s, const struct catalog_query *q,
                           const struct catalog_picture *p, const size_t *rows, size_t n)
{
    struct catalog_shape shape = catalog_shape(s, q->function);

    stmt_close(s);
    local_result_init(&s->local, shape.columns, shape.n);
    for (size_t i = 0; i < n; i++) {
        const struct cell *row = p->cells + rows[i] * p->n_columns;
        bool wanted = true;
        for (size_t k = 1; k < q->n_filters; k++)
            wanted &= passes(row[q->filters[k].column], &q->args->params[q->filters[k].param],
                             q->filters[k].is_pattern);
        if (wanted && !local_result_add(&s->local, row))
            return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    }
    return stmt_open_local(s);
}

/* *answered false: the picture does not know the table. */
static SQLRETURN answer(struct stmt *s, const struct catalog_query *q,
                        const struct catalog_picture *p, const struct catalog_picture *names,
                        bool *answered)
{
    size_t n = rows_of_table(p, q, NULL);
    size_t *rows;
    SQLRETURN rc;

    *answered = n > 0 || is_known(names, q);
    if (!*answered)
        return SQL_SUCCESS;
    rows = mem_calloc(n + 1, sizeof *rows);
    if (rows == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    rows_of_table(p, q, rows);
    rc = open_rows(s, q, p, rows, n);
    mem_free(rows);
    return rc;
}

SQLRETURN catalog_run(struct stmt *s, const struct catalog_query *q)
{
    struct catalog_picture *p, *names;
    bool answered = false;
    const struct wire_param *table;
    SQLRETURN rc;

    if (q->n_filters == 0 || !is_usable(s))
        return catalog_ask(s, q);
    catalog_cache_refresh(&s->dbc->catalog_cache, clock_now_ms());
    table = &q->args->params[q->filters[0].param];
    if (!catalog_cache_note(&s->dbc->catalog_cache, sv_n(table->ptr, table->len), clock_now_ms(),
                            life_ms(s)))
        return catalog_ask(s, q);
    rc = picture(s, q, &p, &names);
    if (rc == SQL_SUCCESS && p != NULL && names != NULL)
        rc = answer(s, q, p, names, &answered);
    if (rc != SQL_SUCCESS || answered)
        return rc;
    return catalog_ask(s, q);
}
