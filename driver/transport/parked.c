/* What was put aside. */
#include "transport/parked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
    return err_set(e, ST_HY000, 0,
                   "The rest of an earlier result, which has to be kept while another statement "
                   "runs, cannot be %s a temporary file (errno %d). Make room in TMPDIR, or read "
                   "or close the earlier result first.",
                   what, errno);
}

static bool open_file(struct parked *p, struct err *e)
{
    const char *dir = getenv("TMPDIR");
    struct buf path = BUF_INIT(4096);

    buf_append_str(&path, dir != NULL && dir[0] == '/' ? dir : "/tmp");
    if (!buf_append_str(&path, "/neonodbc-XXXXXX")) {
        buf_release(&path);
        return err_oom(e);
    }
    p->fd = mkostemp(path.data, O_CLOEXEC);
    if (p->fd >= 0)
        (void)unlink(path.data);
    buf_release(&path);
    return p->fd >= 0 || no_disk(e, "written to");
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
    if (p->fd < 0 && !open_file(p, e))
        return false;
    while (len > 0) {
        ssize_t n = pwrite(p->fd, bytes, len, (off_t)p->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return no_disk(e, "written to");
        bytes += n;
        len -= (size_t)n;
        p->written += (uint64_t)n;
    }
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
    for (;;) {
        ssize_t n;
        if (in_file == 0)
            return true;
        n = pread(p->fd, dst, in_file < cap ? (size_t)in_file : cap, (off_t)p->read);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return no_disk(e, "read from");
        p->read += (uint64_t)n;
        *got = (size_t)n;
        return true;
    }
}
