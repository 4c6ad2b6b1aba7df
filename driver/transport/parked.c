/* What was put aside. */
#include "transport/parked.h"

#include <errno.h>
#include <unistd.h>

#include "base/temp_file.h"

void parked_init(struct parked *p)
{
    *p = (struct parked){.fd = -1, .memory_bytes = PARKED_MEMORY_BYTES};
    buf_init(&p->mem, 0);
}

void parked_release(struct parked *p)
{
    if (p->fd >= 0)
        close(p->fd);
    buf_release(&p->mem);
    parked_init(p);
}

static bool no_disk(struct err *e, const char *what)
{
    int code = errno;

    return err_set(e, ST_HY000, code,
                   "The rest of an earlier result, which has to be kept while another statement "
                   "runs, cannot be %s a temporary file in %s (errno %d). Make room there, point "
                   "TMPDIR to another folder, or read or close the earlier result first.",
                   what, temp_file_folder(), code);
}

bool parked_append(struct parked *p, const char *bytes, size_t len, struct err *e)
{
    if (p->fd < 0 && p->mem.len - p->mem_pos + len <= p->memory_bytes) {
        if (p->mem_pos == p->mem.len) {
            buf_reset(&p->mem);
            p->mem_pos = 0;
        }
        return buf_append(&p->mem, bytes, len) || err_oom(e);
    }
    if (p->fd < 0 && (p->fd = temp_file_open()) < 0)
        return no_disk(e, "written to");
    if (!temp_file_write(p->fd, bytes, len, (int64_t)p->written))
        return no_disk(e, "written to");
    p->written += len;
    return true;
}

bool parked_is_empty(const struct parked *p)
{
    return p->mem_pos == p->mem.len && p->read == p->written;
}

bool parked_take(struct parked *p, char *dst, size_t cap, size_t *got, struct err *e)
{
    size_t left = p->mem.len - p->mem_pos;
    uint64_t in_file = p->written - p->read;

    *got = left < cap ? left : cap;
    if (*got > 0) {
        memcpy(dst, p->mem.data + p->mem_pos, *got);
        p->mem_pos += *got;
        if (p->mem_pos == p->mem.len) {
            buf_release(&p->mem);
            p->mem_pos = 0;
        }
        return true;
    }
    *got = in_file < cap ? (size_t)in_file : cap;
    if (!temp_file_read(p->fd, dst, *got, (int64_t)p->read))
        return no_disk(e, "read from");
    p->read += *got;
    return true;
}
