/* Several executions of one INSERT as one statement with several rows. Called by tx.c. */
#include "handle/tx_rows.h"

#include "base/mem.h"

static void unprepare(struct tx_rows *r)
{
    buf_reset(&r->sql);
    mem_free(r->flat);
    r->flat = NULL;
    param_columns_release(&r->columns);
    r->prepared = false;
}

void tx_rows_free(struct tx_rows *r)
{
    if (r == NULL)
        return;
    for (size_t i = 1; i < r->n; i++)
        mem_free(r->blocks[i - 1]);
    mem_free(r->blocks);
    mem_free(r->st.text);
    mem_free(r->st.markers);
    mem_free(r->casts);
    unprepare(r);
    buf_release(&r->sql);
    mem_free(r);
}

static bool grow(struct tx_rows *r)
{
    size_t cap = r->cap ? r->cap * 2 : 4;
    size_t per_row = r->st.n_params;
    const char **casts;
    struct wire_param **blocks;

    if (r->n < r->cap)
        return true;
    casts = mem_realloc_array(r->casts, cap * per_row, sizeof *casts);
    if (casts == NULL)
        return false;
    r->casts = casts;
    blocks = mem_realloc_array(r->blocks, cap, sizeof *blocks);
    if (blocks == NULL)
        return false;
    r->blocks = blocks;
    r->cap = cap;
    return true;
}

static bool copy_stmt(struct script_stmt *to, const struct script_stmt *from)
{
    *to = (struct script_stmt){.len = from->len,
                               .kind = from->kind,
                               .n_params = from->n_params,
                               .n_markers = from->n_markers};
    to->text = mem_strndup(from->text, from->len);
    to->markers = mem_calloc(from->n_markers, sizeof *to->markers);
    if (to->text == NULL || to->markers == NULL)
        return false;
    memcpy(to->markers, from->markers, from->n_markers * sizeof *to->markers);
    return true;
}

struct tx_rows *tx_rows_new(const struct script_stmt *st, const struct insert_values *place,
                            const char *const *casts)
{
    struct tx_rows *r = mem_calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    buf_init(&r->sql, 0);
    r->place = *place;
    if (!copy_stmt(&r->st, st) || !grow(r)) {
        tx_rows_free(r);
        return NULL;
    }
    memcpy(r->casts, casts, st->n_params * sizeof *casts);
    r->n = 1;
    return r;
}

bool tx_rows_fit(const struct tx_rows *r, const struct script_stmt *st)
{
    return r->st.len == st->len && r->st.n_params == st->n_params &&
           r->n < insert_values_max_rows(st) && memcmp(r->st.text, st->text, st->len) == 0;
}

bool tx_rows_adopt(struct tx_rows *r, const char *const *casts, struct wire_param *block)
{
    if (!grow(r))
        return false;
    memcpy(r->casts + r->n * r->st.n_params, casts, r->st.n_params * sizeof *casts);
    r->blocks[r->n - 1] = block;
    r->n++;
    unprepare(r);
    return true;
}

static bool write_rows(struct tx_rows *r)
{
    if (r->n >= PARAM_COLUMNS_MIN_ROWS && insert_columns_find(&r->st, &r->place))
        switch (param_columns_make(&r->st, &r->place, r->flat, r->casts, NULL, r->n, &r->columns)) {
        case PARAM_COLUMNS_MADE:
            return true;
        case PARAM_COLUMNS_UNFIT:
            break;
        case PARAM_COLUMNS_OOM:
        default:
            return false;
        }
    return insert_values_render(&r->st, &r->place, r->casts, r->n, &r->sql);
}

bool tx_rows_prepare(struct tx_rows *r, const struct wire_param *first)
{
    size_t per_row = r->st.n_params;

    if (r->n == 1 || r->prepared)
        return true;
    unprepare(r);
    r->flat = mem_calloc(r->n * per_row, sizeof *r->flat);
    if (r->flat == NULL)
        return false;
    memcpy(r->flat, first, per_row * sizeof *first);
    for (size_t i = 1; i < r->n; i++)
        memcpy(r->flat + i * per_row, r->blocks[i - 1], per_row * sizeof *first);
    r->prepared = write_rows(r);
    return r->prepared;
}
