/* Rows kept in memory. Called by info/, and in stmt/ for rows that are changed, mapped or made. */
#include "stmt/local_result.h"

void local_result_init(struct local_result *r, const struct local_column *columns, size_t n_columns)
{
    *r = (struct local_result){.columns = columns, .n_columns = n_columns};
}

void local_result_release(struct local_result *r)
{
    cell_copies_release(&r->kept);
    mem_free(r->cells);
    *r = (struct local_result){.columns = r->columns, .n_columns = r->n_columns};
}

static bool grow_rows(struct local_result *r)
{
    size_t cap = r->cap_rows ? r->cap_rows * 2 : 32;
    struct cell *cells;

    if (r->n_rows < r->cap_rows)
        return true;
    cells = mem_realloc_array(r->cells, cap * r->n_columns, sizeof *cells);
    if (cells == NULL)
        return false;
    r->cells = cells;
    r->cap_rows = cap;
    return true;
}

bool local_result_add(struct local_result *r, const struct cell *cells)
{
    if (!grow_rows(r) ||
        !cell_copies_add(&r->kept, cells, r->n_columns, r->cells + r->n_rows * r->n_columns))
        return false;
    r->n_rows++;
    return true;
}
