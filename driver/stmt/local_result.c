/* Rows kept in memory. Bytes go into fixed blocks so that cells can point at them. Called by info/.
 */
#include "stmt/local_result.h"

#define BLOCK_BYTES 65536

void local_result_init(struct local_result *r, const struct local_column *columns, size_t n_columns)
{
    *r = (struct local_result){.columns = columns, .n_columns = n_columns};
}

void local_result_release(struct local_result *r)
{
    for (size_t i = 0; i < r->n_blocks; i++)
        buf_release(&r->blocks[i]);
    mem_free(r->blocks);
    mem_free(r->cells);
    *r = (struct local_result){.columns = r->columns, .n_columns = r->n_columns};
}

/* A block with room for `need` bytes whose memory will not be moved by using it. */
static struct buf *block_with_room(struct local_result *r, size_t need)
{
    struct buf *last = r->n_blocks > 0 ? &r->blocks[r->n_blocks - 1] : NULL;
    struct buf *blocks;

    if (last != NULL && last->cap - last->len > need)
        return last;
    blocks = mem_realloc_array(r->blocks, r->n_blocks + 1, sizeof *blocks);
    if (blocks == NULL)
        return NULL;
    r->blocks = blocks;
    last = &blocks[r->n_blocks];
    buf_init(last, 0);
    if (!buf_reserve(last, need > BLOCK_BYTES ? need : BLOCK_BYTES))
        return NULL;
    r->n_blocks++;
    return last;
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
    size_t need = 1;
    struct buf *block;
    struct cell *row;

    for (size_t i = 0; i < r->n_columns; i++)
        need += cells[i].ptr ? cells[i].len : 0;
    block = block_with_room(r, need);
    if (block == NULL || !grow_rows(r))
        return false;
    row = r->cells + r->n_rows * r->n_columns;
    for (size_t i = 0; i < r->n_columns; i++) {
        row[i] = (struct cell){NULL, 0};
        if (cells[i].ptr == NULL)
            continue;
        row[i] = (struct cell){block->data + block->len, cells[i].len};
        if (!buf_append(block, cells[i].ptr, cells[i].len))
            return false;
    }
    r->n_rows++;
    return true;
}
