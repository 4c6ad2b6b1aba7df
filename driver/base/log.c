/* The log sink and its redactor. Writes whole lines with one write(2); control characters are
 * escaped so that a value cannot forge a line. Called by transport/, stmt/ and api/. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX_BYTES 65536
#define LOG_SECRETS_MAX 256 /* each secret has up to six forms */
#define SECRET_MIN_BYTES 3

struct log {
    int fd;
    enum log_level level;
    pthread_mutex_t lock;
    struct secret {
        struct strview text; /* owned copy */
        bool is_base64;
    } secrets[LOG_SECRETS_MAX];
    size_t n_secrets;
};

static int open_private(const char *path)
{
    struct stat st;
    /* O_NONBLOCK: opening a FIFO must not wait for somebody who reads it. */
    int fd = open(
        path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

    if (fd < 0)
        return -1;
    /* A file that was there before may be readable by others: close it to them. One that somebody
     * else made stays theirs, even when we are root. */
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        fchmod(fd, 0600) != 0) {
        close(fd);
        errno = EPERM;
        return -1;
    }
    return fd;
}

struct log *log_open(const char *path, enum log_level level, struct err *e)
{
    struct log *l = mem_calloc(1, sizeof *l);

    if (l == NULL) {
        err_oom(e);
        return NULL;
    }
    l->fd = open_private(path);
    if (l->fd < 0) {
        err_set(e, ST_HY000, 0,
                "The log file \"%s\" cannot be opened (%s). It must be a regular file that belongs "
                "to this user, not "
                "a symbolic link; correct LogFile or set LogLevel=0.",
                path, strerror(errno));
        mem_free(l);
        return NULL;
    }
    l->level = level;
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void log_close(struct log *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->n_secrets; i++) {
        char *copy = (char *)(uintptr_t)l->secrets[i].text.ptr;
        mem_free_secret(copy, l->secrets[i].text.len);
    }
    close(l->fd);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

static bool keep_secret(struct log *l, struct strview s, bool is_base64)
{
    char *copy;

    if (s.len < SECRET_MIN_BYTES)
        return true;
    for (size_t i = 0; i < l->n_secrets; i++)
        if (sv_eq(l->secrets[i].text, s))
            return true;
    if (l->n_secrets == LOG_SECRETS_MAX)
        return false;
    copy = mem_strndup(s.ptr, s.len);
    if (copy == NULL)
        return false;
    l->secrets[l->n_secrets++] = (struct secret){sv_n(copy, s.len), is_base64};
    return true;
}

static bool keep_percent_encoded(struct log *l, struct strview s, const char *escape)
{
    struct buf b = BUF_INIT(LOG_LINE_MAX_BYTES * 3);
    bool ok;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     (c != 0 && strchr("-._~", c) != NULL);
        buf_append_char(&b, plain ? (char)c : '%');
        if (!plain) {
            buf_append_char(&b, escape[c >> 4]);
            buf_append_char(&b, escape[c & 15]);
        }
    }
    ok = !b.failed && keep_secret(l, buf_sv(&b), false);
    buf_release_secret(&b);
    return ok;
}

/* base64 of the secret alone; `skip` bytes of shift cover the three alignments inside a longer
 * text. */
static bool keep_base64(struct log *l, struct strview s, size_t skip)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf b = BUF_INIT(LOG_LINE_MAX_BYTES * 2);
    bool ok = true;

    for (size_t i = skip; i + 3 <= s.len; i += 3) {
        uint32_t v = ((uint32_t)(unsigned char)s.ptr[i] << 16) |
                     ((uint32_t)(unsigned char)s.ptr[i + 1] << 8) | (unsigned char)s.ptr[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            buf_append_char(&b, digits[(v >> shift) & 63]);
    }
    if (b.len >= 8)
        ok = keep_secret(l, buf_sv(&b), true);
    ok = ok && !b.failed;
    buf_release_secret(&b);
    return ok;
}

bool log_add_secret(struct log *l, struct strview secret)
{
    bool ok = true;

    if (l == NULL || secret.ptr == NULL || secret.len < SECRET_MIN_BYTES)
        return true;
    pthread_mutex_lock(&l->lock);
    ok = keep_secret(l, secret, false) && keep_percent_encoded(l, secret, "0123456789ABCDEF") &&
         keep_percent_encoded(l, secret, "0123456789abcdef");
    for (size_t skip = 0; ok && skip < 3; skip++)
        ok = keep_base64(l, secret, skip);
    pthread_mutex_unlock(&l->lock);
    return ok;
}

bool log_wants(const struct log *l, enum log_level level)
{
    return l != NULL && level != LOG_OFF && level <= l->level;
}

static bool is_base64_digit(char c)
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '+' ||
           c == '/' || c == '=';
}

/* Marks every byte of `text` that belongs to a secret, overlapping ones too. Around a piece of
 * base64 the neighbours carry the secret's first and last bytes: a group of four on either side
 * goes with it. */
static void mark_secrets(const struct log *l, struct strview text, char *mask)
{
    for (size_t i = 0; i < text.len; i++) {
        for (size_t k = 0; k < l->n_secrets; k++) {
            struct strview s = l->secrets[k].text;
            size_t from = i;
            size_t to = i + s.len;
            if (s.len > text.len - i || memcmp(s.ptr, text.ptr + i, s.len) != 0)
                continue;
            for (size_t n = 0; l->secrets[k].is_base64 && n < 4; n++) {
                from -= from > 0 && is_base64_digit(text.ptr[from - 1]) ? 1 : 0;
                to += to < text.len && is_base64_digit(text.ptr[to]) ? 1 : 0;
            }
            memset(mask + from, 1, to - from);
        }
    }
}

static void append_redacted(const struct log *l, struct buf *out, struct strview text)
{
    char *mask = mem_calloc(text.len, 1);

    if (mask == NULL) {
        buf_append_str(out, "(no memory for this line)");
        return;
    }
    mark_secrets(l, text, mask);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (mask[i] != 0) {
            if (i == 0 || mask[i - 1] == 0)
                buf_append_str(out, "***");
        } else if (c < 0x20 || c == 0x7F) {
            buf_printf(out, "\\x%02x", c);
        } else {
            buf_append_char(out, (char)c);
        }
    }
    mem_free(mask);
}

static void append_stamp(struct buf *out, enum log_level level)
{
    static const char letters[] = "?ERSCW";
    struct timespec ts;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %c ", tm.tm_year + 1900, tm.tm_mon + 1,
               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000, letters[level]);
}

void log_line(struct log *l, enum log_level level, const char *fmt, ...)
{
    struct buf text = BUF_INIT(LOG_LINE_MAX_BYTES);
    struct buf line = BUF_INIT(LOG_LINE_MAX_BYTES * 4);
    va_list ap;

    if (!log_wants(l, level))
        return;
    va_start(ap, fmt);
    if (!buf_vprintf(&text, fmt, ap)) {
        buf_reset(&text);
        buf_append_str(&text, "(a line longer than the log allows)");
    }
    va_end(ap);
    pthread_mutex_lock(&l->lock);
    append_stamp(&line, level);
    append_redacted(l, &line, buf_sv(&text));
    buf_append_char(&line, '\n');
    if (!line.failed && write(l->fd, line.data, line.len) < 0) {
        /* A full disk must not stop the application's query. */
        line.failed = BUF_FULL;
    }
    pthread_mutex_unlock(&l->lock);
    buf_release_secret(&text);
    buf_release(&line);
}
