/* Passwords and tokens that live in a file of their own, as container platforms mount them. Read
 * when connecting, never kept by name. Called by SQLConnect and its sisters through
 * conn_options_load_files. */
#include "config/conn_options.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_FILE_MAX_BYTES 65536

/* Whatever the path names (a FIFO, a device), opening and checking it must not hang. */
static int open_checked(const char *keyword, const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        err_set(e, ST_HY024, 0,
                "%s names \"%s\", which cannot be opened (%s). Correct the path or the file's "
                "permissions.",
                keyword, path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(e, ST_HY024, 0, "%s names \"%s\", which is not a regular file.", keyword, path);
    } else if ((st.st_mode & 077) != 0) {
        err_set(e, ST_HY024, 0,
                "%s names \"%s\", which other users of this machine may read or write (mode %03o). "
                "Close it to "
                "them: chmod 600 \"%s\"",
                keyword, path, (unsigned)(st.st_mode & 0777), path);
    } else if (st.st_size > SECRET_FILE_MAX_BYTES) {
        err_set(e, ST_HY024, 0,
                "%s names \"%s\", which is larger than %d bytes: that is not a password or token.",
                keyword, path, SECRET_FILE_MAX_BYTES);
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

/* All of the file into `text`, which has room for it; false: reading failed. */
static bool read_all(int fd, struct buf *text)
{
    for (;;) {
        ssize_t n = read(fd, text->data + text->len, text->cap - 1 - text->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        text->len += (size_t)n;
        text->data[text->len] = '\0';
        if (text->len == text->cap - 1)
            return true;
    }
}

/* The line end that every editor adds is not part of the secret; other white space of a password
 * is. */
static struct strview without_line_end(struct strview s)
{
    if (s.len > 0 && s.ptr[s.len - 1] == '\n')
        s.len--;
    if (s.len > 0 && s.ptr[s.len - 1] == '\r')
        s.len--;
    return s;
}

static bool load(struct conn_options *o, enum conn_key_id file_id, enum conn_key_id secret_id,
                 struct err *e)
{
    const char *keyword = conn_key_row(file_id)->name;
    const char *path = conn_options_text(o, file_id);
    enum conn_source source = (enum conn_source)o->source[file_id];
    struct buf text = BUF_INIT(SECRET_FILE_MAX_BYTES + 1);
    struct strview secret;
    int fd = open_checked(keyword, path, e);
    bool ok = false;

    if (fd < 0)
        return false;
    if (!buf_reserve(&text, SECRET_FILE_MAX_BYTES + 1)) {
        err_oom(e);
    } else if (!read_all(fd, &text)) {
        err_set(e, ST_HY024, 0, "%s names \"%s\", which cannot be read (%s).", keyword, path,
                strerror(errno));
    } else {
        secret =
            secret_id == CONN_KEY_token ? sv_trim(buf_sv(&text)) : without_line_end(buf_sv(&text));
        conn_options_clear(o, secret_id);
        if (secret.len == 0)
            err_set(e, ST_HY024, 0, "%s names \"%s\", which is empty.", keyword, path);
        else
            ok = conn_options_set(o, sv(conn_key_row(secret_id)->name), secret, source, NULL, e);
    }
    close(fd);
    buf_release_secret(&text);
    return ok;
}

bool conn_options_load_files(struct conn_options *o, struct err *e)
{
    /* A file wins over the secret itself only when it comes from a higher source, or is read again.
     */
    if (o->pwd_file != NULL &&
        (o->pwd_from_file || o->source[CONN_KEY_pwd] < o->source[CONN_KEY_pwd_file])) {
        if (!load(o, CONN_KEY_pwd_file, CONN_KEY_pwd, e))
            return false;
        o->pwd_from_file = true;
    }
    if (o->token_file != NULL &&
        (o->token_from_file || o->source[CONN_KEY_token] < o->source[CONN_KEY_token_file])) {
        if (!load(o, CONN_KEY_token_file, CONN_KEY_token, e))
            return false;
        o->token_from_file = true;
    }
    return true;
}
