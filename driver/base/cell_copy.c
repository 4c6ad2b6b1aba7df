/* Copies of cells in blocks that do not move. Called by stmt/local_result.c and
 * handle/catalog_cache.c. */
#include "base/cell_copy.h"

#define BLOCK_BYTES 65536

void cell_copies_release(struct cell_copies *c)
{
    for (size_t i = 0; i < c->n_blocks; i++)
        buf_release(&c->blocks[i]);
    mem_free(c->blocks);
    *c = (struct cell_copies){0};
}

/* A block with room for `need` bytes whose memory will not be moved by using it. */
static struct buf *block_with_room(struct cell_copies *c, size_t need)
{
    struct buf *last = c->n_blocks > 0 ? &c->blocks[c->n_blocks - 1] : NULL;
    struct buf *blocks;

    if (last != NULL && last->cap - last->len > need)
        return last;
    blocks = mem_realloc_array(c->blocks, c->n_blocks + 1, sizeof *blocks);
    if (blocks == NULL)
        return NULL;
    c->blocks = blocks;
    last = &blocks[c->n_blocks];
    buf_init(last, 0);
    if (!buf_reserve(last, need > BLOCK_BYTES ? need : BLOCK_BYTES))
        return NULL;
    c->n_blocks++;
    c->bytes += last->cap;
    return last;
}

bool cell_copies_add(struct cell_copies *c, const struct cell *from, size_t n, struct cell *to)
{
    size_t need = 1;
    struct buf *block;

    for (size_t i = 0; i < n; i++)
        need += from[i].ptr != NULL ? from[i].len : 0;
    block = block_with_room(c, need);
    if (block == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        to[i] = (struct cell){NULL, 0};
        if (from[i].ptr == NULL)
            continue;
        to[i] = (struct cell){block->data + block->len, from[i].len};
        if (!buf_append(block, from[i].ptr, from[i].len))
            return false;
    }
    return true;
}
