/* neon-gateway: Neon's HTTP and WebSocket protocol in front of any PostgreSQL.
 *
 * Starts the parts in order, says which URL to use, waits for SIGINT or SIGTERM, and stops them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/control.h"
#include "gateway/http.h"
#include "gateway/jwt.h"
#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/options.h"
#include "gateway/pool.h"
#include "gateway/tls_cert.h"

#define PEM_MAX_BYTES ((size_t)1 << 20)

/* Replaces the file whole, so that a reader never sees half of it. */
static bool write_file(const char *path, const char *text)
{
    char *temp = NULL;
    if (asprintf(&temp, "%s.tmp.%ld", path, (long)getpid()) < 0)
        return false;
    FILE *file = fopen(temp, "we");
    bool ok = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        ok = false;
    ok = ok && rename(temp, path) == 0;
    if (!ok)
        fprintf(stderr, "neon-gateway: cannot write %s: %s\n", path, strerror(errno));
    free(temp);
    return ok;
}

static char *read_file(const char *path)
{
    struct buf text = {0};
    char chunk[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (file) {
        while ((n = fread(chunk, 1, sizeof chunk, file)) > 0 && text.len < PEM_MAX_BYTES)
            buf_put(&text, chunk, n);
        fclose(file);
    }
    if (!file || text.len == 0) {
        fprintf(stderr, "neon-gateway: cannot read %s: %s\n", path,
                file ? "the file is empty" : strerror(errno));
        buf_release(&text);
        return NULL;
    }
    return buf_take(&text);
}

static bool load_tls(const struct options *o, char **cert, char **key)
{
    if (o->tls_cert) {
        *cert = read_file(o->tls_cert);
        *key = *cert ? read_file(o->tls_key) : NULL;
    } else if (o->tls) {
        if (!tls_cert_make(cert, key))
            fprintf(stderr, "neon-gateway: OpenSSL could not make a certificate\n");
    } else {
        return true;
    }
    if (!*cert || !*key)
        return false;
    return !o->tls_cert_out || write_file(o->tls_cert_out, *cert);
}

static void announce(const struct options *o, unsigned port, enum auth_mode mode)
{
    const struct pg_target *t = &o->sql.target;
    bool tls = o->tls || o->tls_cert;
    char host[256];
    char url[300];
    const char *colon = strrchr(o->listen, ':');
    snprintf(host, sizeof host, "%.*s", (int)(colon - o->listen), o->listen);
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "[::]") == 0 || host[0] == '\0')
        snprintf(host, sizeof host, "127.0.0.1");
    snprintf(url, sizeof url, "%s://%s:%u", tls ? "https" : "http", host, port);
    printf("neon-gateway: serving %s/sql for PostgreSQL at %s:%s; use "
           "Url=postgresql://%s@localhost/DB;ApiHost=%s%s\n",
           url, t->hostaddr ? t->hostaddr : t->host, t->port ? t->port : "5432",
           o->sql.jwt ? "ROLE" : "USER:PASSWORD", url, tls ? "" : ";AllowInsecure=1");
    fflush(stdout);
    if (!o->sql.jwt && mode == AUTH_CONNECT)
        fprintf(stderr, "neon-gateway: passwords are checked by connecting and nothing is pooled, "
                        "because --pg names no role that may read pg_authid\n");
    log_line("serving %s/sql for PostgreSQL at %s:%s", url, t->hostaddr ? t->hostaddr : t->host,
             t->port ? t->port : "5432");
}

/* Serves until a signal; everything before it has succeeded. */
static int serve(struct options *o, struct http_config *http, int listen_fd, unsigned port,
                 const sigset_t *signals)
{
    char text[16];
    int got = 0;
    if (!pool_start(&o->pool))
        return 1;
    int status = 1;
    if (http_start(http, listen_fd)) {
        snprintf(text, sizeof text, "%u\n", port);
        if (!o->port_file || write_file(o->port_file, text)) {
            announce(o, port, o->sql.auth_mode);
            sigwait(signals, &got);
            log_line("stopping on signal %d", got);
            status = 0;
        }
    }
    const uint64_t one = 1;
    if (write(http->stop_fd, &one, sizeof one) != (ssize_t)sizeof one)
        status = 1;
    http_stop();
    pool_stop();
    return status;
}

static int run(struct options *o, const sigset_t *signals)
{
    char *cert = NULL;
    char *key = NULL;
    unsigned port = 0;
    bool loopback = false;
    int status = 1;
    int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int listen_fd = -1;
    if (stop_fd < 0 || (o->log && !log_open(o->log)) || !load_tls(o, &cert, &key) ||
        (o->sql.jwt && !jwt_start(&o->jwt)))
        goto done;
    if (!auth_start(&o->sql.target, stop_fd, &o->sql.auth_mode))
        goto done;
    listen_fd = net_listen(o->listen, &port, &loopback);
    if (listen_fd < 0)
        goto done;
    if (o->control && !loopback) {
        fprintf(stderr,
                "neon-gateway: --control shows request bodies and breaks answers on demand, "
                "so it is only possible with --listen on a loopback address\n");
        goto done;
    }
    if (o->control)
        control_enable();
    control_set_ws_mode((int)o->websocket);
    struct http_config http = {
        .sql = o->sql, .tls_cert_pem = cert, .tls_key_pem = key, .stop_fd = stop_fd};
    status = serve(o, &http, listen_fd, port, signals);
    listen_fd = -1; /* closed with the server */
done:
    auth_stop();
    jwt_stop();
    if (listen_fd >= 0)
        close(listen_fd);
    if (stop_fd >= 0)
        close(stop_fd);
    free(cert);
    free(key);
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    sigset_t signals;
    switch (options_parse(&o, argc, argv)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_WRONG:
        options_release(&o);
        return 2;
    case OPTIONS_RUN:
        break;
    }
    options_clean_environment();
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by every thread; sigwait takes them */
    int status = run(&o, &signals);
    options_release(&o);
    return status;
}
