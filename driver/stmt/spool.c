/* A row in a segment: its length (8 bytes), then each cell: its length + 1 (8 bytes, 0 = NULL) and
 * its bytes. Called by cursor.c. */
#include "stmt/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/temp_file.h"

void spool_init(struct spool *s, size_t n_columns, size_t limit_bytes)
{
    *s = (struct spool){.n_columns = n_columns,
                        .limit_bytes = limit_bytes,
                        .segment_bytes = SPOOL_SEGMENT_BYTES,
                        .fd = -1,
                        .reading = 1};
}

void spool_release(struct spool *s)
{
    for (size_t i = 0; i < s->n_segments; i++)
        mem_free(s->segments[i].mem);
    mem_free(s->segments);
    mem_free(s->loaded);
    if (s->fd >= 0)
        close(s->fd);
    *s = (struct spool){.fd = -1};
}

size_t spool_held_bytes(const struct spool *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_segments; i++)
        n += s->segments[i].mem != NULL ? s->segments[i].cap_bytes : 0;
    return n;
}

/* ---- the file ---- */

static bool file_failed(const char *what, struct err *e)
{
    int code = errno;

    return err_set(e, ST_HY000, code,
                   "A scrollable result is larger than CursorMemoryBytes, and the temporary file "
                   "for its rows could not be %s in %s (system error %d). Make room there, point "
                   "TMPDIR to another folder, raise CursorMemoryBytes, or use a forward-only "
                   "cursor.",
                   what, temp_file_folder(), code);
}

/* ---- segments ---- */

static bool note_loaded(struct spool *s, size_t index, struct err *e)
{
    if (s->n_loaded == s->cap_loaded) {
        size_t cap = s->cap_loaded ? s->cap_loaded * 2 : 8;
        size_t *grown = mem_realloc_array(s->loaded, cap, sizeof *grown);
        if (grown == NULL)
            return err_oom(e);
        s->loaded = grown;
        s->cap_loaded = cap;
    }
    s->loaded[s->n_loaded++] = index;
    return true;
}

/* To the file; its memory goes unless the present reading has cells in it. */
static bool write_segment(struct spool *s, size_t index, struct err *e)
{
    struct spool_segment *g = &s->segments[index];

    if (s->fd < 0 && (s->fd = temp_file_open()) < 0)
        return file_failed("made", e);
    if (!temp_file_write(s->fd, g->mem, g->bytes, s->file_bytes))
        return file_failed("written", e);
    if (g->reading == s->reading) {
        if (!note_loaded(s, index, e))
            return false;
    } else {
        mem_free(g->mem);
        g->mem = NULL;
    }
    g->at = s->file_bytes;
    s->file_bytes += (int64_t)g->bytes;
    s->memory_bytes -= g->cap_bytes;
    s->n_written = index + 1;
    return true;
}

/* All but the last, which still takes rows. Once there is a file, everything goes there. */
static bool write_full_segments(struct spool *s, struct err *e)
{
    if (s->fd < 0 && s->memory_bytes <= s->limit_bytes)
        return true;
    while (s->n_written + 1 < s->n_segments)
        if (!write_segment(s, s->n_written, e))
            return false;
    return true;
}

static bool add_segment(struct spool *s, size_t need, struct err *e)
{
    size_t cap_bytes = need > s->segment_bytes ? need : s->segment_bytes;
    char *mem;

    if (s->n_segments == s->cap_segments) {
        size_t cap = s->cap_segments ? s->cap_segments * 2 : 4;
        struct spool_segment *grown = mem_realloc_array(s->segments, cap, sizeof *grown);
        if (grown == NULL)
            return err_oom(e);
        s->segments = grown;
        s->cap_segments = cap;
    }
    mem = mem_alloc(cap_bytes);
    if (mem == NULL)
        return err_oom(e);
    s->segments[s->n_segments++] = (struct spool_segment){
        .first_row = s->n_rows, .cap_bytes = cap_bytes, .mem = mem, .at = -1};
    s->memory_bytes += cap_bytes;
    return true;
}

/* ---- rows ---- */

static char *put_u64(char *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static uint64_t get_u64(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static size_t row_bytes(const struct spool *s, const struct cell *cells)
{
    size_t n = sizeof(uint64_t) * (s->n_columns + 1);

    for (size_t i = 0; i < s->n_columns; i++)
        n += cells[i].ptr != NULL ? cells[i].len : 0;
    return n;
}

bool spool_append(struct spool *s, const struct cell *cells, struct err *e)
{
    size_t need = row_bytes(s, cells);
    struct spool_segment *last = s->n_segments > 0 ? &s->segments[s->n_segments - 1] : NULL;
    char *p;

    if (last == NULL || last->cap_bytes - last->bytes < need) {
        if (!write_full_segments(s, e) || !add_segment(s, need, e))
            return false;
        last = &s->segments[s->n_segments - 1];
    }
    p = put_u64(last->mem + last->bytes, need);
    for (size_t i = 0; i < s->n_columns; i++) {
        p = put_u64(p, cells[i].ptr != NULL ? (uint64_t)cells[i].len + 1 : 0);
        if (cells[i].ptr != NULL && cells[i].len > 0) {
            memcpy(p, cells[i].ptr, cells[i].len);
            p += cells[i].len;
        }
    }
    last->bytes += need;
    last->n_rows++;
    s->n_rows++;
    return true;
}

/* ---- reading ---- */

void spool_begin_read(struct spool *s)
{
    s->reading++;
}

void spool_end_read(struct spool *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n_loaded; i++) {
        struct spool_segment *g = &s->segments[s->loaded[i]];
        if (g->reading == s->reading) {
            s->loaded[kept++] = s->loaded[i];
        } else {
            mem_free(g->mem);
            g->mem = NULL;
        }
    }
    s->n_loaded = kept;
}

static bool load(struct spool *s, size_t index, struct err *e)
{
    struct spool_segment *g = &s->segments[index];

    if (g->mem == NULL) {
        char *mem = mem_alloc(g->bytes);
        if (mem == NULL)
            return err_oom(e);
        bool ok = temp_file_read(s->fd, mem, g->bytes, g->at) || file_failed("read", e);
        if (!ok || !note_loaded(s, index, e)) {
            mem_free(mem);
            return false;
        }
        g->mem = mem;
        g->cap_bytes = g->bytes;
    }
    g->reading = s->reading;
    return true;
}

static size_t find_segment(const struct spool *s, uint64_t row)
{
    size_t low = 0;
    size_t high = s->n_segments;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->segments[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool spool_row(struct spool *s, uint64_t row, struct cell *out, struct err *e)
{
    size_t index = find_segment(s, row);
    struct spool_segment *g = &s->segments[index];
    bool hinted = s->hint_segment == index && s->hint_row >= g->first_row && s->hint_row <= row;
    size_t at = hinted ? s->hint_at : 0;
    const char *p;

    if (!load(s, index, e))
        return false;
    for (uint64_t r = hinted ? s->hint_row : g->first_row; r < row; r++)
        at += (size_t)get_u64(g->mem + at);
    p = g->mem + at + sizeof(uint64_t);
    for (size_t i = 0; i < s->n_columns; i++) {
        uint64_t len = get_u64(p);
        p += sizeof len;
        out[i] = len == 0 ? (struct cell){NULL, 0} : (struct cell){p, (size_t)(len - 1)};
        p += len == 0 ? 0 : len - 1;
    }
    s->hint_segment = index;
    s->hint_at = at;
    s->hint_row = row;
    return true;
}
