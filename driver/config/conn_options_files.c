/* The files that keywords name. Passwords and tokens that live in one of their own, as container
 * platforms mount them, are read when connecting and never kept by name; certificates and keys are
 * libcurl's to read, and are only looked at here: it passes over a folder that is none, and says
 * nothing of what it does not need. Called by SQLConnect and its sisters through
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

/* Not opened: a pipe's writer would lose its reader. */
static bool can_be_read(const char *path, bool folder, const char **why)
{
    struct stat st;

    *why = NULL;
    if (stat(path, &st) != 0 || faccessat(AT_FDCWD, path, folder ? X_OK : R_OK, AT_EACCESS) != 0)
        *why = strerror(errno);
    else if (folder && !S_ISDIR(st.st_mode))
        *why = "it is not a folder";
    else if (!folder && S_ISDIR(st.st_mode))
        *why = "it is a folder";
    return *why == NULL;
}

static bool check_certificates(const struct conn_options *o, struct err *e)
{
    static const struct {
        enum conn_key_id id;
        bool folder;
        const char *remedy;
    } named[] = {
        {CONN_KEY_ca_file, false,
         "Name a file of certificates in PEM; for a folder of them as openssl rehash makes it "
         "there "
         "is CAPath."},
        {CONN_KEY_ca_path, true,
         "Name a folder of certificates as openssl rehash makes it; for a file of them there is "
         "CAFile."},
        {CONN_KEY_crl_file, false, "Name a file of revoked certificates in PEM."},
        {CONN_KEY_client_cert, false, "Name a file with the certificate in PEM."},
        {CONN_KEY_client_key, false, "Name a file with the certificate's private key in PEM."},
    };

    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        const char *path = conn_options_text(o, named[i].id);
        const char *why;
        if (path == NULL || (named[i].id == CONN_KEY_ca_file && conn_options_ca_is_system(o)) ||
            can_be_read(path, named[i].folder, &why))
            continue;
        return err_set(e, ST_08001, 0, "%s names \"%s\", which cannot be used (%s). %s",
                       conn_key_row(named[i].id)->name, path, why, named[i].remedy);
    }
    return true;
}

bool conn_options_load_files(struct conn_options *o, struct err *e)
{
    if (!check_certificates(o, e))
        return false;
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
