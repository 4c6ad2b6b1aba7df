/* Writing passwords where nobody else reads them. Called by dsn_store.c. */
#include "setup/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool append_folder(struct buf *out, struct err *e)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (config != NULL && config[0] == '/')
        buf_append_str(out, config);
    else if (home != NULL && home[0] == '/')
        buf_printf(out, "%s/.config", home);
    else
        return err_set(
            e, ST_HY000, 0,
            "There is no place for the password: neither XDG_CONFIG_HOME nor HOME is set "
            "to a folder. Set HOME, or name a file yourself with PWDFile.");
    return buf_append_str(out, "/neon-odbc/") || err_oom(e);
}

static bool plain_in_file_name(unsigned char c)
{
    return ascii_is_digit((char)c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '-' || c == '_' || c >= 0x80;
}

bool secret_file_path(const char *dsn, const char *kind, struct buf *out, struct err *e)
{
    if (!append_folder(out, e))
        return false;
    for (const char *c = dsn; *c != '\0'; c++) {
        if (plain_in_file_name((unsigned char)*c))
            buf_append_char(out, *c);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
    return buf_printf(out, ".%s", kind) || err_oom(e);
}

static bool make_folders(const char *path, struct err *e)
{
    struct buf folder = BUF_INIT(4096);
    bool ok = buf_append_str(&folder, path) || err_oom(e);

    for (char *slash = ok ? strchr(folder.data + 1, '/') : NULL; ok && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder.data, 0700) != 0 && errno != EEXIST)
            ok = err_set(e, ST_HY000, 0, "The folder \"%s\" cannot be made (%s).", folder.data,
                         strerror(errno));
        *slash = '/';
    }
    buf_release(&folder);
    return ok;
}

static bool write_all(int fd, struct strview text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text = sv_n(text.ptr + n, text.len - (size_t)n);
    }
    return true;
}

static bool cannot_write(const char *path, struct err *e)
{
    return err_set(e, ST_HY000, 0, "The file \"%s\" cannot be written (%s).", path,
                   strerror(errno));
}

static bool write_beside(struct secret_file *f, struct strview secret, struct err *e)
{
    int fd;
    bool ok;

    if (!buf_printf(&f->beside, "%s.XXXXXX", f->path.data))
        return err_oom(e);
    fd = mkstemp(f->beside.data); /* 0600 */
    if (fd < 0) {
        buf_reset(&f->beside);
        return cannot_write(f->path.data, e);
    }
    ok = write_all(fd, secret) && write_all(fd, SV_LIT("\n")) && fsync(fd) == 0;
    if (!ok)
        cannot_write(f->path.data, e);
    if (close(fd) != 0 && ok)
        ok = cannot_write(f->path.data, e);
    return ok;
}

bool secret_file_prepare(struct secret_file *f, const char *dsn, const char *kind,
                         struct strview secret, struct err *e)
{
    return secret_file_path(dsn, kind, &f->path, e) && make_folders(f->path.data, e) &&
           write_beside(f, secret, e);
}

bool secret_file_place(struct secret_file *f, struct err *e)
{
    if (rename(f->beside.data, f->path.data) != 0)
        return cannot_write(f->path.data, e);
    buf_reset(&f->beside);
    return true;
}

void secret_file_release(struct secret_file *f)
{
    if (f->beside.len > 0)
        unlink(f->beside.data);
    buf_release(&f->beside);
    buf_release(&f->path);
}

bool secret_file_remove(const char *path, struct err *e)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    return err_set(e, ST_HY000, 0, "The file \"%s\" cannot be removed (%s).", path,
                   strerror(errno));
}
