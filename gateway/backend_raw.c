/* See backend_raw.h. libpq does what it does best (addresses, TLS, SCRAM, retries through
 * backend.c); afterwards the bytes belong to the client of a WebSocket session.
 */
#include "gateway/backend_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/buf.h"

#define DEFAULT_PORT "5432"
#define RAW_CONNECT_TIMEOUT_MS 2000

void raw_from_backend(struct raw *r, const struct backend *b)
{
    *r = (struct raw){.fd = PQsocket(b->conn), .conn = b->conn};
    if (PQsslInUse(b->conn))
        r->ssl = PQsslStruct(b->conn, "OpenSSL");
    if (r->ssl) /* what is retried may have moved, and grown, meanwhile */
        SSL_set_mode(r->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/* ---- a connection without libpq ---------------------------------------------------------- */

static int connect_to(const struct sockaddr *a, socklen_t len, const struct watch *w)
{
    int error = 0;
    socklen_t error_len = sizeof error;
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, a, len) == 0)
        return fd;
    if (errno == EINPROGRESS && watch_wait(w, fd, POLLOUT, RAW_CONNECT_TIMEOUT_MS) == WAIT_READY &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 && error == 0)
        return fd;
    close(fd);
    return -1;
}

static int open_unix(const char *folder, const char *port, const struct watch *w)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.%s", folder, port);
    if (n < 0 || (size_t)n >= sizeof a.sun_path)
        return -1;
    return connect_to((const struct sockaddr *)&a, sizeof a, w);
}

static int open_tcp(const char *host, const char *port, const struct watch *w)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = connect_to(a->ai_addr, a->ai_addrlen, w);
    freeaddrinfo(list);
    return fd;
}

enum run_result raw_open(struct raw *r, const struct pg_target *target, const struct watch *w,
                         struct failure *f)
{
    const char *host = target->hostaddr ? target->hostaddr : target->host;
    const char *port = target->port ? target->port : DEFAULT_PORT;
    int fd = host[0] == '/' ? open_unix(host, port, w) : open_tcp(host, port, w);
    *r = (struct raw){.fd = fd, .own_fd = true};
    if (fd >= 0)
        return RUN_OK;
    if (w && watch_wait(w, -1, 0, 0) == WAIT_GONE)
        return RUN_GONE;
    failure_set(f, 500, "Couldn't connect to compute node");
    return RUN_FAILED;
}

/* ---- bytes ------------------------------------------------------------------------------- */

static ssize_t ssl_result(struct raw *r, int n)
{
    int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(r->ssl, n);
    ERR_clear_error();
    if (n > 0)
        return n;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    if (why == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = ECONNRESET;
    return -1;
}

ssize_t raw_read(struct raw *r, uint8_t *out, size_t cap)
{
    ssize_t n;
    if (r->ssl)
        return ssl_result(r, SSL_read(r->ssl, out, (int)cap));
    do
        n = recv(r->fd, out, cap, 0);
    while (n < 0 && errno == EINTR);
    return n;
}

ssize_t raw_write(struct raw *r, const uint8_t *bytes, size_t n)
{
    ssize_t written;
    if (r->ssl)
        return ssl_result(r, SSL_write(r->ssl, bytes, (int)n));
    do
        written = send(r->fd, bytes, n, MSG_NOSIGNAL);
    while (written < 0 && errno == EINTR);
    return written;
}

void raw_release(struct raw *r)
{
    if (r->fd >= 0)
        shutdown(r->fd, SHUT_RDWR);
    if (r->fd >= 0 && r->own_fd)
        close(r->fd);
    *r = (struct raw){.fd = -1};
}

/* ---- messages that libpq has swallowed --------------------------------------------------- */

static void put_u32(struct buf *out, uint32_t v)
{
    const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                              (uint8_t)v};
    buf_put(out, bytes, sizeof bytes);
}

static void put_parameter(struct buf *out, const char *name, const char *value)
{
    size_t name_len = strlen(name) + 1;
    size_t value_len = strlen(value) + 1;
    buf_putc(out, 'S');
    put_u32(out, (uint32_t)(4 + name_len + value_len));
    buf_put(out, name, name_len);
    buf_put(out, value, value_len);
}

void raw_greeting(const struct backend *b, uint64_t key, struct buf *out)
{
    static const char *const reported[] = {
        "application_name",
        "client_encoding",
        "DateStyle",
        "default_transaction_read_only",
        "in_hot_standby",
        "integer_datetimes",
        "IntervalStyle",
        "is_superuser",
        "scram_iterations",
        "search_path",
        "server_encoding",
        "server_version",
        "session_authorization",
        "standard_conforming_strings",
        "TimeZone",
    };
    static const char ready[] = {'Z', 0, 0, 0, 5, 'I'};
    buf_putc(out, 'R');
    put_u32(out, 8);
    put_u32(out, 0);
    for (size_t i = 0; i < sizeof reported / sizeof reported[0]; i++) {
        const char *value = PQparameterStatus(b->conn, reported[i]);
        if (value)
            put_parameter(out, reported[i], value);
    }
    buf_putc(out, 'K');
    put_u32(out, 12);
    put_u32(out, (uint32_t)(key >> 32));
    put_u32(out, (uint32_t)key);
    buf_put(out, ready, sizeof ready);
}

/* Begins a message; end_message writes its length. */
static size_t begin_message(struct buf *out, char type)
{
    buf_putc(out, type);
    put_u32(out, 0);
    return out->len - 4;
}

static void end_message(struct buf *out, size_t start)
{
    if (out->failed)
        return;
    size_t len = out->len - start;
    for (int i = 0; i < 4; i++)
        out->data[start + (size_t)i] = (char)(len >> (24 - 8 * i));
}

static void put_field(struct buf *out, char id, const char *value)
{
    if (!value)
        return;
    buf_putc(out, id);
    buf_put(out, value, strlen(value) + 1);
}

void raw_error(struct buf *out, char type, const char *severity, const char *code,
               const char *message)
{
    size_t start = begin_message(out, type);
    put_field(out, 'S', severity);
    put_field(out, 'C', code);
    put_field(out, 'M', message);
    buf_putc(out, '\0');
    end_message(out, start);
}

void raw_notice(void *arg, const PGresult *res)
{
    static const char fields[] =
        "SVCMDHPpqWstcdnFLR"; /* the codes are libpq's PG_DIAG_ constants */
    struct buf *out = arg;
    size_t start = begin_message(out, 'N');
    for (size_t i = 0; i < sizeof fields - 1; i++)
        put_field(out, fields[i], PQresultErrorField(res, fields[i]));
    buf_putc(out, '\0');
    end_message(out, start);
}
