/* The exchange against a scripted TCP server that plays bytes: what is sent how often, when
 * connections break, lie or stall. It is no database: integration with one is in tests/odbc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "transport/lane.h"
#include "transport/transport.h"

/* What the server does with the n-th request it reads whole. */
enum play {
    ANSWER,            /* 200 with a small body, keep-alive */
    ANSWER_THEN_CLOSE, /* the same, then closes silently (an idle connection dies) */
    CLOSE,             /* reads the request, closes without a byte */
    RESET,             /* the same with RST */
    COLD,              /* 500 Control plane request failed */
    ERROR_400,         /* an SQL error */
    HALF,              /* announces more than it sends, then closes */
    SILENCE,           /* never answers */
    GARBAGE,           /* bytes that are no HTTP */
    HUGE_HEADER,       /* a header of a megabyte */
    COLD_ROLE,         /* 500 with an SQLSTATE that no waiting changes */
    BUSY_503,          /* a load balancer's 503 */
    REDIRECT,          /* 302 to another place */
    LOST_BACKEND,      /* 400 connection closed */
    CUT_UPLOAD,        /* resets after the headers, without reading the body */
    ENDLESS_ERROR,     /* a 500 whose body does not end */
    BIG,               /* BIG_BYTES of a pattern */
    BIG_THEN_SILENCE,  /* the same, announced one byte longer, then nothing */
    LOGIN_407,         /* a proxy that wants a login */
    ANSWER_EARLY,      /* 200 behind the headers, before the body was sent */
};

#define BIG_BYTES (3u << 20)

struct client {
    struct server *s;
    int fd; /* -1: closed; under the server's lock */
    pthread_t thread;
    struct client *next;
};

struct server {
    int fd, port;
    pthread_t thread;
    const enum play *script; /* the last one repeats */
    size_t n_script;
    atomic_int turns;    /* requests whose headers were read: where the script is */
    atomic_int requests; /* read whole */
    atomic_int connections;
    atomic_int closed; /* of them */
    atomic_bool stop;
    pthread_mutex_t lock;
    struct client *clients;
};

static void say(int fd, const char *status, const char *body)
{
    dprintf(fd,
            "HTTP/1.1 %s\r\nContent-Type: application/json\r\nneon-request-id: "
            "id-1\r\nContent-Length: %zu\r\n\r\n%s",
            status, strlen(body), body);
}

static void close_hard(int fd)
{
    struct linger l = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

static unsigned char big_byte(size_t i)
{
    return (unsigned char)('a' + i % 23);
}

static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, bytes, n, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        bytes += done;
        n -= (size_t)done;
    }
}

static void send_big(int fd, size_t announced)
{
    char *text = malloc(BIG_BYTES);

    if (text == NULL)
        abort();
    for (size_t i = 0; i < BIG_BYTES; i++)
        text[i] = (char)big_byte(i);
    dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", announced);
    send_all(fd, text, BIG_BYTES);
    free(text);
}

static void wait_for_close(struct server *s, int fd)
{
    while (!atomic_load(&s->stop)) {
        char c;
        if (recv(fd, &c, 1, MSG_DONTWAIT) == 0)
            return;
        usleep(5000);
    }
}

/* More than anyone reads, but not for ever: a client that waits for the end sees one, and fails the
 * test by its message. */
static void send_endless_error(int fd)
{
    char filler[65536];

    memset(filler, 'x', sizeof filler);
    dprintf(fd, "HTTP/1.1 500 Oops\r\nContent-Length: 99999999999\r\n\r\n");
    for (int i = 0; i < 1024; i++)
        if (send(fd, filler, sizeof filler, MSG_NOSIGNAL) < 0)
            return;
}

/* False: the connection is over. */
static bool play(struct server *s, int fd, enum play what)
{
    static char filler[1 << 20];

    switch (what) {
    case ANSWER:
        say(fd, "200 OK", "{\"ok\":1}");
        return true;
    case ANSWER_THEN_CLOSE:
        say(fd, "200 OK", "{\"ok\":1}");
        return false;
    case ANSWER_EARLY:
        say(fd, "200 OK", "{\"ok\":1}");
        while (recv(fd, filler, sizeof filler, 0) > 0)
            continue;
        return false;
    case COLD:
        say(fd, "500 Internal Server Error",
            "{\"message\":\"Control plane request failed\",\"code\":\"\"}");
        return true;
    case ERROR_400:
        say(fd, "400 Bad Request",
            "{\"message\":\"division by zero\",\"code\":\"22012\",\"severity\":\"ERROR\"}");
        return true;
    case HALF:
        dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ok\":");
        return false;
    case SILENCE:
        wait_for_close(s, fd);
        return false;
    case COLD_ROLE:
        say(fd, "500 Internal Server Error",
            "{\"message\":\"no login\",\"code\":\"28000\",\"severity\":\"FATAL\"}");
        return true;
    case BUSY_503:
        say(fd, "503 Service Unavailable", "");
        return true;
    case REDIRECT:
        dprintf(
            fd,
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/sql\r\nContent-Length: 0\r\n\r\n",
            s->port);
        return true;
    case LOST_BACKEND:
        say(fd, "400 Bad Request",
            "{\"message\":\"connection closed\",\"code\":\"\",\"severity\":\"\"}");
        return true;
    case ENDLESS_ERROR:
        send_endless_error(fd);
        return false;
    case BIG:
        send_big(fd, BIG_BYTES);
        return true;
    case BIG_THEN_SILENCE:
        send_big(fd, BIG_BYTES + 1);
        wait_for_close(s, fd);
        return false;
    case LOGIN_407:
        dprintf(fd, "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic "
                    "realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
        return true;
    case GARBAGE:
        dprintf(fd, "\x16\x03\x01 this is no HTTP at all\r\n\r\n");
        return false;
    case HUGE_HEADER:
        memset(filler, 'x', sizeof filler);
        dprintf(fd, "HTTP/1.1 200 OK\r\nX-Big: ");
        for (int i = 0; i < 4; i++)
            if (send(fd, filler, sizeof filler, MSG_NOSIGNAL) < 0)
                break;
        return false;
    case CUT_UPLOAD:
    case RESET:
        close_hard(fd);
        return false;
    case CLOSE:
    default:
        return false;
    }
}

/* Reads one request whole: headers, then Content-Length bytes. False: the connection is over. */
static bool read_request(struct server *s, int fd, enum play *what)
{
    char buf[1 << 16];
    size_t len = 0;
    size_t have;
    size_t want;
    size_t turn;
    char *end;

    do {
        ssize_t n = recv(fd, buf + len, sizeof buf - len - 1, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        buf[len] = '\0';
        end = strstr(buf, "\r\n\r\n");
    } while (end == NULL && len < sizeof buf - 1);
    if (end == NULL)
        return false;
    turn = (size_t)atomic_fetch_add(&s->turns, 1);
    *what = s->script[turn < s->n_script ? turn : s->n_script - 1];
    if (*what == CUT_UPLOAD || *what == ANSWER_EARLY)
        return true;
    have = len - (size_t)(end + 4 - buf);
    end = strstr(buf, "Content-Length: ");
    want = end ? (size_t)atol(end + 16) : 0;
    while (have < want) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    atomic_fetch_add(&s->requests, 1);
    return true;
}

static void *serve_client(void *arg)
{
    struct client *c = arg;
    struct timeval tv = {5, 0};
    enum play what = ANSWER;

    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    while (!atomic_load(&c->s->stop) && read_request(c->s, c->fd, &what))
        if (!play(c->s, c->fd, what))
            break;
    pthread_mutex_lock(&c->s->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->s->lock);
    atomic_fetch_add(&c->s->closed, 1);
    return NULL;
}

static void *serve(void *arg)
{
    struct server *s = arg;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        struct client *c = calloc(1, sizeof *c);
        if (c == NULL)
            abort();
        atomic_fetch_add(&s->connections, 1);
        *c = (struct client){.s = s, .fd = fd};
        pthread_mutex_lock(&s->lock);
        c->next = s->clients;
        s->clients = c;
        pthread_mutex_unlock(&s->lock);
        if (pthread_create(&c->thread, NULL, serve_client, c) != 0)
            abort();
    }
    return NULL;
}

static void server_start(struct server *s, const enum play *script, size_t n)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int small = 4096;

    memset(s, 0, sizeof *s);
    s->script = script;
    s->n_script = n;
    pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    /* an upload that nobody reads must not fit into the kernel's buffers */
    setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    struct client *next;

    atomic_store(&s->stop, true);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    pthread_mutex_lock(&s->lock);
    for (struct client *c = s->clients; c != NULL; c = c->next)
        if (c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    for (struct client *c = s->clients; c != NULL; c = next) {
        next = c->next;
        pthread_join(c->thread, NULL);
        free(c);
    }
    pthread_mutex_destroy(&s->lock);
}

/* ---- the client side ---- */

static struct net_options usual_options(const struct server *s, char *url, size_t cap)
{
    struct net_options o = {.host = "ep-x.local.test",
                            .user = "app",
                            .password = "pw",
                            .database = "db",
                            .port = 443,
                            .allow_insecure = true,
                            .pool_opt_in = true,
                            .verify = TLS_VERIFY_FULL,
                            .keep_alive = true,
                            .max_idle_s = 55,
                            .retry_count = 2,
                            .retry_interval_ms = 20,
                            .max_request_bytes = 1 << 20,
                            .user_agent = "test"};

    snprintf(url, cap, "http://127.0.0.1:%d", s->port);
    o.api_host = url;
    return o;
}

static struct transport *connect_to(const struct server *s, struct err *e)
{
    char url[64];
    struct net_options o = usual_options(s, url, sizeof url);

    return transport_new(&o, NULL, e);
}

static struct wire_request write_request(void)
{
    static const struct wire_stmt insert = {{"INSERT", 6}, NULL, 0};
    return (struct wire_request){.stmts = &insert, .n_stmts = 1, .deadline = DEADLINE_NONE};
}

/* One exchange, body read to its end. */
static bool once(struct transport *t, const struct wire_request *r, struct err *e)
{
    struct exchange *x = exchange_start(t, r, e);
    enum exchange_read got = EXCHANGE_FAILED;
    char body[256];
    size_t n;

    if (x == NULL)
        return false;
    do
        got = exchange_read(x, body, sizeof body, &n, e);
    while (got == EXCHANGE_DATA);
    exchange_free(x);
    return got == EXCHANGE_END;
}

static const struct {
    const char *name;
    enum play script[4];
    size_t n;
    bool repeatable, warm; /* warm: a first exchange leaves a kept connection behind */
    const char *state;     /* "" = success */
    int requests;          /* of the exchange looked at */
    bool unknown;
} cases[] = {
    {"answered", {ANSWER}, 1, false, false, "", 1, false},
    {"closed without an answer", {CLOSE}, 1, false, false, "08S01", 1, true},
    {"reset without an answer", {RESET}, 1, false, false, "08S01", 1, true},
    {"closed, but repeatable", {CLOSE, CLOSE, ANSWER}, 3, true, false, "", 3, false},
    {"closed again and again", {CLOSE}, 1, true, false, "08S01", 3, true},
    {"an SQL error", {ERROR_400}, 1, true, false, "22012", 1, false},
    {"the compute wakes up", {COLD, COLD, ANSWER}, 3, false, false, "", 3, false},
    {"half a body", {HALF}, 1, false, false, "08S01", 1, true},
    {"no HTTP", {GARBAGE}, 1, false, false, "08S01", 1, true},
    {"a huge header", {HUGE_HEADER}, 1, false, false, "08S01", 1, true},
    {"a role that may not log in is not tried again",
     {COLD_ROLE, ANSWER},
     2,
     false,
     false,
     "28000",
     1,
     false},
    {"a 503 may have run", {BUSY_503, ANSWER}, 2, false, false, "08S01", 1, true},
    {"a 503, but repeatable", {BUSY_503, ANSWER}, 2, true, false, "", 2, false},
    {"a redirect is not followed", {REDIRECT, ANSWER}, 2, false, false, "08S01", 1, false},
    {"the database went away", {LOST_BACKEND, ANSWER}, 2, false, false, "08S01", 1, true},
    {"an error whose body does not end", {ENDLESS_ERROR}, 1, false, false, "08S01", 1, true},
    /* libcurl by itself would send these a second time */
    {"kept connection: closed after the request",
     {ANSWER, CLOSE, ANSWER},
     3,
     false,
     true,
     "08S01",
     1,
     true},
    {"kept connection: reset after the request",
     {ANSWER, RESET, ANSWER},
     3,
     false,
     true,
     "08S01",
     1,
     true},
    {"kept connection: closed, repeatable", {ANSWER, CLOSE, ANSWER}, 3, true, true, "", 2, false},
    {"kept connection: died while idle", {ANSWER_THEN_CLOSE, ANSWER}, 2, false, true, "", 1, false},
};

static void test_what_is_sent_how_often(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct server s;
        struct err e = ERR_INIT;
        struct wire_request r = write_request();
        struct transport *t;
        int before;
        bool ok;
        server_start(&s, cases[i].script, cases[i].n);
        t = connect_to(&s, &e);
        assert_non_null(t);
        if (cases[i].warm) {
            assert_true(once(t, &r, &e));
            while (cases[i].script[0] == ANSWER_THEN_CLOSE && atomic_load(&s.closed) == 0)
                usleep(1000);
        }
        before = atomic_load(&s.requests);
        r.repeatable = cases[i].repeatable;
        ok = once(t, &r, &e);
        if (ok != (cases[i].state[0] == '\0') || strcmp(e.state, cases[i].state) != 0)
            fail_msg("%s: state \"%s\" (%s)", cases[i].name, e.state, buf_str(&e.text));
        if (atomic_load(&s.requests) - before != cases[i].requests)
            fail_msg("%s: %d requests", cases[i].name, atomic_load(&s.requests) - before);
        if (!ok && (e.effect == EFFECT_UNKNOWN) != cases[i].unknown)
            fail_msg("%s: effect %d (%s)", cases[i].name, (int)e.effect, buf_str(&e.text));
        if (!ok && cases[i].unknown && !cases[i].repeatable &&
            strstr(buf_str(&e.text), "unknown") == NULL)
            fail_msg("%s: %s", cases[i].name, buf_str(&e.text));
        assert_int_equal(transport_is_dead(t), !ok && e.native > 1000); /* no HTTP answer came */
        err_release(&e);
        transport_free(t);
        server_stop(&s);
    }
}

/* The megabyte that was read is what the message speaks of, not the end that never came. */
static void test_an_error_whose_body_does_not_end_is_told_by_its_status(void **state)
{
    static const enum play script[] = {ENDLESS_ERROR};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    assert_false(once(t, &r, &e));
    if (strstr(buf_str(&e.text), "HTTP status 500") == NULL)
        fail_msg("%s", buf_str(&e.text));
    assert_int_equal(e.native, 500);
    err_release(&e);
    transport_free(t);
    server_stop(&s);
}

static void test_a_lost_commit_is_08007(void **state)
{
    static const enum play script[] = {CLOSE};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    r.committing = true;
    assert_false(once(t, &r, &e));
    assert_string_equal(e.state, "08007");
    err_release(&e);
    transport_free(t);
    server_stop(&s);
}

static void test_refused_is_08001_while_connecting_and_08s01_later(void **state)
{
    static const enum play script[] = {ANSWER};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    server_stop(&s);
    r.connecting = true;
    assert_false(once(t, &r, &e));
    assert_string_equal(e.state, "08001");
    assert_int_equal(e.effect, EFFECT_NONE);
    assert_true(e.native > 1000);
    err_release(&e);
    r.connecting = false;
    assert_false(once(t, &r, &e));
    assert_string_equal(e.state, "08S01");
    assert_null(strstr(buf_str(&e.text), "unknown"));
    err_release(&e);
    transport_free(t);
}

static void test_timeouts(void **state)
{
    static const enum play script[] = {SILENCE};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    r.deadline = clock_now_ms() + 200;
    assert_false(once(t, &r, &e));
    assert_string_equal(e.state, "HYT00");
    err_release(&e);
    r.deadline = DEADLINE_NONE;
    r.read_timeout_s = 1;
    assert_false(once(t, &r, &e));
    assert_string_equal(e.state, "HYT01");
    err_release(&e);
    r.connecting = true;
    r.read_timeout_s = 0;
    r.deadline = clock_now_ms() + 200;
    assert_false(once(t, &r, &e));
    assert_string_equal(e.state, "HYT00");
    assert_non_null(strstr(buf_str(&e.text), "LoginTimeout"));
    err_release(&e);
    assert_true(atomic_load(&s.requests) <= 3); /* none again: what was not heard of may have run */
    transport_free(t);
    server_stop(&s);
}

static void *cancel_soon(void *x)
{
    usleep(100000);
    exchange_cancel(x);
    return NULL;
}

static void test_cancel_from_another_thread(void **state)
{
    static const enum play script[] = {SILENCE};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    for (int i = 0; i < 3; i++) {
        struct exchange *x = exchange_new(t, &e);
        pthread_t th;
        assert_non_null(x);
        if (i == 2)
            exchange_cancel(x); /* before it begins */
        assert_int_equal(pthread_create(&th, NULL, cancel_soon, x), 0);
        assert_false(exchange_begin(x, &r, &e));
        assert_string_equal(e.state, "HY008");
        pthread_join(th, NULL);
        err_release(&e);
        exchange_free(x);
    }
    transport_free(t);
    server_stop(&s);
}

static void test_an_exchange_may_be_given_up_at_any_point(void **state)
{
    static const enum play script[] = {ANSWER};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;
    char byte;
    size_t n;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    exchange_free(exchange_new(t, &e));
    exchange_free(exchange_start(t, &r, &e));
    {
        struct exchange *x = exchange_start(t, &r, &e);
        assert_int_equal(exchange_read(x, &byte, 1, &n, &e), EXCHANGE_DATA);
        assert_int_equal(n, 1);
        assert_string_equal(exchange_info(x)->request_id, "id-1");
        exchange_free(x);
    }
    assert_true(once(t, &r, &e));
    transport_free(t);
    server_stop(&s);
}

/* ---- uploads, downloads ---- */

/* A body that the server did not take whole cannot have been executed, whatever it answers. */
static void test_half_an_upload_is_sent_again(void **state)
{
    static const enum play script[] = {CUT_UPLOAD, ANSWER_EARLY, ANSWER};
    static char big[8 << 20];
    const struct wire_param p = {big, sizeof big};
    const struct wire_stmt s1 = {SV_LIT("INSERT"), &p, 1};
    struct wire_request r = {.stmts = &s1, .n_stmts = 1, .deadline = DEADLINE_NONE};
    struct server s;
    struct err e = ERR_INIT;
    struct net_options o;
    struct transport *t;
    char url[64];

    (void)state;
    memset(big, 'x', sizeof big);
    server_start(&s, script, 3);
    o = usual_options(&s, url, sizeof url);
    o.max_request_bytes = 16 << 20;
    t = transport_new(&o, NULL, &e);
    if (!once(t, &r, &e))
        fail_msg("%s %s", e.state, buf_str(&e.text));
    assert_int_equal(atomic_load(&s.turns), 3);
    assert_int_equal(atomic_load(&s.requests), 1);
    transport_free(t);
    server_stop(&s);
}

/* On a kept connection something arrives that nobody asked for: not the answer to what is asked
 * next. */
static void test_an_answer_that_was_there_before_the_request_is_not_its_own(void **state)
{
    static const enum play script[] = {ANSWER};
    struct wire_request r = write_request();
    struct server s;
    struct err e = ERR_INIT;
    struct transport *t;
    struct exchange *x;
    char body[64];
    size_t n;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    assert_true(once(t, &r, &e));
    pthread_mutex_lock(&s.lock);
    say(s.clients->fd, "200 OK", "{\"ok\":2}");
    pthread_mutex_unlock(&s.lock);
    x = exchange_start(t, &r, &e);
    if (x == NULL)
        fail_msg("%s %s", e.state, buf_str(&e.text));
    assert_int_equal(exchange_read(x, body, sizeof body, &n, &e), EXCHANGE_DATA);
    assert_int_equal(n, 8);
    assert_memory_equal(body, "{\"ok\":1}", 8);
    exchange_free(x);
    assert_int_equal(atomic_load(&s.requests), 2);
    transport_free(t);
    server_stop(&s);
}

/* Reads with buffers of changing size, so that the transfer pauses at every possible place. */
static size_t read_big(struct exchange *x, enum exchange_read *last, struct err *e)
{
    static const size_t sizes[] = {1, 7, 4096, 100000, 32768, 33000, 65536};
    static char buf[100000];
    size_t at = 0;
    size_t n;

    for (size_t i = 0; (*last = exchange_read(x, buf, sizes[i % 7], &n, e)) == EXCHANGE_DATA; i++) {
        assert_true(n > 0 && n <= sizes[i % 7]);
        for (size_t k = 0; k < n; k++)
            if ((unsigned char)buf[k] != big_byte(at + k))
                fail_msg("byte %zu is wrong", at + k);
        at += n;
    }
    return at;
}

static void test_a_body_arrives_whole_whatever_the_buffers(void **state)
{
    static const enum play script[] = {BIG};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    for (int i = 0; i < 3; i++) {
        enum exchange_read last;
        struct exchange *x = exchange_start(t, &r, &e);
        assert_non_null(x);
        assert_int_equal(read_big(x, &last, &e), BIG_BYTES);
        assert_int_equal(last, EXCHANGE_END);
        exchange_free(x);
    }
    assert_int_equal(atomic_load(&s.connections), 1); /* read to the end: kept */
    transport_free(t);
    server_stop(&s);
}

static void test_a_body_that_stops_ends_at_either_timeout_or_a_cancel(void **state)
{
    static const enum play script[] = {BIG_THEN_SILENCE};
    static const char *const states[] = {"HYT00", "HYT01", "HY008"};
    struct server s;
    struct err e = ERR_INIT;
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    for (int i = 0; i < 3; i++) {
        struct wire_request r = write_request();
        enum exchange_read last;
        struct exchange *x;
        pthread_t th;
        r.deadline = i == 0 ? clock_now_ms() + 5000 : DEADLINE_NONE; /* the head is there before */
        r.read_timeout_s = i == 1 ? 3 : 0;
        x = exchange_start(t, &r, &e);
        assert_non_null(x);
        if (i == 2)
            assert_int_equal(pthread_create(&th, NULL, cancel_soon, x), 0);
        read_big(x, &last, &e);
        assert_int_equal(last, EXCHANGE_FAILED);
        assert_string_equal(e.state, states[i]);
        assert_int_equal(e.effect, EFFECT_UNKNOWN);
        if (i == 2)
            pthread_join(th, NULL);
        err_release(&e);
        exchange_free(x);
    }
    transport_free(t);
    server_stop(&s);
}

static void test_more_than_max_response_bytes_is_54000(void **state)
{
    static const enum play script[] = {BIG};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct net_options o;
    struct transport *t;
    enum exchange_read last;
    struct exchange *x;
    char url[64];

    (void)state;
    server_start(&s, script, 1);
    o = usual_options(&s, url, sizeof url);
    o.max_response_bytes = 1 << 20;
    t = transport_new(&o, NULL, &e);
    x = exchange_start(t, &r, &e);
    assert_non_null(x);
    assert_true(read_big(x, &last, &e) <= 1 << 20);
    assert_int_equal(last, EXCHANGE_FAILED);
    assert_string_equal(e.state, "54000");
    assert_non_null(strstr(buf_str(&e.text), "MaxResponseBytes=1048576"));
    err_release(&e);
    exchange_free(x);
    transport_free(t);
    server_stop(&s);
}

/* ---- waiting for a compute ---- */

static void test_a_compute_that_does_not_wake_up_ends_at_the_login_timeout(void **state)
{
    static const enum play script[] = {COLD};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    r.connecting = true;
    r.deadline = clock_now_ms() + 3000;
    assert_false(once(t, &r, &e));
    assert_true(clock_now_ms() >= r.deadline); /* not given up before */
    assert_string_equal(e.state, "08001");
    assert_non_null(strstr(buf_str(&e.text), "LoginTimeout"));
    assert_true(atomic_load(&s.requests) > 3); /* more than retry_count allows */
    err_release(&e);
    transport_free(t);
    server_stop(&s);
}

static struct log *open_log(char *path);
static char *read_all(const char *path);

struct between {
    struct exchange *x;
    const char *log_path;
};

/* The failed attempt has its line in the log when the wait begins. */
static void *cancel_between(void *arg)
{
    const struct between *b = arg;
    bool failed = false;

    while (!failed) {
        char *text;
        struct stat st;
        usleep(1000);
        if (stat(b->log_path, &st) != 0 || st.st_size == 0)
            continue;
        text = read_all(b->log_path);
        failed = strstr(text, "attempt=1") != NULL;
        free(text);
    }
    exchange_cancel(b->x);
    return NULL;
}

static void test_a_cancel_ends_the_wait_between_two_attempts(void **state)
{
    static const enum play script[] = {COLD};
    char path[] = "/tmp/neon-odbc-test-XXXXXX";
    struct log *log = open_log(path);
    struct between b = {.log_path = path};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct net_options o;
    struct transport *t;
    struct exchange *x;
    pthread_t th;
    char url[64];

    (void)state;
    server_start(&s, script, 1);
    o = usual_options(&s, url, sizeof url);
    o.retry_interval_ms = 60000;
    t = transport_new(&o, log, &e);
    x = exchange_new(t, &e);
    b.x = x;
    assert_int_equal(pthread_create(&th, NULL, cancel_between, &b), 0);
    assert_false(exchange_begin(x, &r, &e));
    pthread_join(th, NULL);
    assert_string_equal(e.state, "HY008");
    assert_int_equal(e.effect, EFFECT_NONE); /* the 500 said that nothing ran */
    assert_null(strstr(buf_str(&e.text), "unknown"));
    assert_int_equal(atomic_load(&s.requests), 1);
    err_release(&e);
    exchange_free(x);
    transport_free(t);
    server_stop(&s);
    log_close(log);
    unlink(path);
}

/* ---- names ---- */

static sem_t resolver_asked, resolver_may_go;

/* Stands in front of the C library's for libcurl too: one name is never answered while the test
 * runs. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (name != NULL && strcmp(name, "stuck.example.net") == 0) {
        sem_post(&resolver_asked);
        sem_wait(&resolver_may_go);
        return EAI_AGAIN;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, out);
}

static void test_a_name_server_that_does_not_answer_holds_nobody_up(void **state)
{
    struct net_options o = {.host = "ep-x.local.test",
                            .user = "app",
                            .password = "pw",
                            .database = "db",
                            .port = 443,
                            .verify = TLS_VERIFY_FULL,
                            .keep_alive = true,
                            .max_idle_s = 55,
                            .retry_count = 2,
                            .retry_interval_ms = 20,
                            .api_host = "https://stuck.example.net",
                            .user_agent = "test"};
    struct wire_request r = write_request();
    struct err e = ERR_INIT;
    struct transport *t;

    (void)state;
    if (curl_version_info(CURLVERSION_NOW)->version_num < 0x075700) {
        print_message("skipped: before 7.87, libcurl waits for its resolver\n");
        skip();
    }
    assert_int_equal(sem_init(&resolver_asked, 0, 0), 0);
    assert_int_equal(sem_init(&resolver_may_go, 0, 0), 0);
    t = transport_new(&o, NULL, &e);
    assert_non_null(t);
    r.connecting = true;
    r.deadline = clock_now_ms() + 2000;
    assert_false(
        once(t, &r,
             &e)); /* with the resolver still stuck: were it waited for, this would never return */
    if (strcmp(e.state, "HYT00") != 0)
        fail_msg("%s %s", e.state, buf_str(&e.text));
    err_release(&e);
    assert_int_equal(sem_wait(&resolver_asked), 0); /* it really was asked */
    sem_post(&resolver_may_go);
    transport_free(t);
}

/* ---- secrets ---- */

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static struct log *open_log(char *path)
{
    struct err e = ERR_INIT;
    struct log *log;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    log = log_open(path, LOG_WIRE, &e);
    assert_non_null(log);
    return log;
}

/* Everything an attempt may write or say, searched for every secret in every form. */
static void assert_no_secret(const char *text)
{
    static const char *const secrets[] = {"p@ss/w0rd", "p%40ss%2Fw0rd", "s3cret", "c3Vy",
                                          "eyJhbGci"};

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (strstr(text, secrets[i]) != NULL)
            fail_msg("\"%s\" stands in: %s", secrets[i], text);
}

static void test_one_line_a_request_and_no_secret_in_any(void **state)
{
    static const enum play script[] = {ANSWER, CLOSE};
    char path[] = "/tmp/neon-transport-log.XXXXXX";
    struct wire_request r = write_request();
    struct server s;
    struct err e = ERR_INIT;
    struct net_options o;
    struct transport *t;
    struct log *log = open_log(path);
    char url[64];
    char *text;
    char *line;

    (void)state;
    server_start(&s, script, 2);
    o = usual_options(&s, url, sizeof url);
    o.password = "p@ss/w0rd";
    t = transport_new(&o, log, &e);
    assert_true(once(t, &r, &e));
    assert_false(once(t, &r, &e));
    assert_no_secret(buf_str(&e.text));
    err_release(&e);
    transport_free(t);
    log_close(log);
    server_stop(&s);
    text = read_all(path);
    unlink(path);
    assert_no_secret(text);
    line = strstr(text, " R POST ");
    assert_non_null(line);
    assert_non_null(strstr(line, "/sql http/1.1 200 "));
    assert_non_null(strstr(line, " out=18 in=8 id=id-1 attempt=1\n"));
    assert_null(strstr(line + 1, " R POST "));
    assert_non_null(strstr(line, " E POST ")); /* the second, which failed */
    free(text);
}

static const struct {
    const char *proxy, *user, *password; /* each before host and port */
    const char *environment;
    const char *state, *says;
    int native;
} proxies[] = {
    {NULL, NULL, NULL, "http://surfer:s3cret@", "08001", "407", 407},
    {"http://surfer:s3cret@", NULL, NULL, NULL, "08001", "407", 407},
    {"http://", "surfer", "s3cret", NULL, "08001", "407", 407},
    {NULL, NULL, NULL, "strange://surfer:s3cret@", "08001", "", 0}, /* libcurl would quote it */
};

static void test_a_proxys_login_is_never_told(void **state)
{
    static const enum play script[] = {LOGIN_407};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
        char path[] = "/tmp/neon-transport-log.XXXXXX";
        struct wire_request r = write_request();
        struct server s;
        struct err e = ERR_INIT;
        struct net_options o;
        struct transport *t;
        struct log *log = open_log(path);
        char url[64];
        char proxy[128];
        char *text;
        server_start(&s, script, 1);
        o = usual_options(&s, url, sizeof url);
        o.api_host = "https://db.example.net";
        o.password = "p@ss/w0rd";
        snprintf(proxy, sizeof proxy, "%s127.0.0.1:%d",
                 proxies[i].proxy != NULL ? proxies[i].proxy : proxies[i].environment, s.port);
        o.proxy = proxies[i].proxy != NULL ? proxy : NULL;
        o.proxy_user = proxies[i].user;
        o.proxy_password = proxies[i].password;
        if (proxies[i].environment != NULL)
            setenv("https_proxy", proxy, 1);
        t = transport_new(&o, log, &e);
        assert_non_null(t);
        r.connecting = true;
        assert_false(once(t, &r, &e));
        unsetenv("https_proxy");
        assert_string_equal(e.state, proxies[i].state);
        if (strstr(buf_str(&e.text), proxies[i].says) == NULL)
            fail_msg("%s", buf_str(&e.text));
        if (proxies[i].native != 0)
            assert_int_equal(e.native, proxies[i].native);
        assert_int_equal(e.effect, EFFECT_NONE);
        assert_no_secret(buf_str(&e.text));
        err_release(&e);
        transport_free(t);
        log_close(log);
        server_stop(&s);
        text = read_all(path);
        unlink(path);
        assert_no_secret(text);
        free(text);
    }
}

/* CAFile is "instead of the system's": libcurl's default folder of certificates must be gone too.
 */
static void test_an_own_ca_replaces_the_systems_store(void **state)
{
    static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                          "/etc/pki/tls/certs/ca-bundle.crt"};
    static const enum play script[] = {GARBAGE};
    char path[] = "/tmp/neon-transport-log.XXXXXX";
    struct wire_request r = write_request();
    struct server s;
    struct err e = ERR_INIT;
    struct net_options o;
    struct transport *t;
    struct log *log;
    char url[64];
    char *text;
    const char *ca = access(bundles[0], R_OK) == 0 ? bundles[0] : bundles[1];

    (void)state;
    if (access(ca, R_OK) != 0) {
        print_message("skipped: no file of certificates found to stand for a private one\n");
        skip();
    }
    log = open_log(path);
    server_start(&s, script, 1);
    o = usual_options(&s, url, sizeof url);
    memmove(url + 5, url + 4, strlen(url + 4) + 1);
    url[4] = 's';
    o.ca_file = ca;
    o.retry_count = 0;
    t = transport_new(&o, log, &e);
    assert_non_null(t);
    r.deadline = clock_now_ms() + 2000; /* the server waits for a request that never comes */
    assert_false(once(t, &r, &e));
    err_release(&e);
    transport_free(t);
    log_close(log);
    server_stop(&s);
    text = read_all(path);
    unlink(path);
    assert_non_null(strstr(text, ca));
    if (strstr(text, "CApath: none") == NULL)
        fail_msg("the system's folder is still trusted: %s", text);
    free(text);
}

/* ---- processes ---- */

static int socket_to(int port)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in a;
        socklen_t len = sizeof a;
        if (getpeername(fd, (struct sockaddr *)&a, &len) == 0 && a.sin_family == AF_INET &&
            ntohs(a.sin_port) == port)
            return fd;
    }
    return -1;
}

static void test_a_started_program_does_not_inherit_connections(void **state)
{
    static const enum play script[] = {ANSWER};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;
    int fd;

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    assert_true(once(t, &r, &e));
    fd = socket_to(s.port);
    assert_true(fd >= 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    transport_free(t);
    server_stop(&s);
}

/* What the child does with its parent's things: nothing that the parent notices. */
static int live_as_child(struct transport *t, struct exchange *parents)
{
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    char byte;
    size_t n;

    if (!transport_is_foreign(t) || lane_idle_count() != 0)
        return 10;
    if (exchange_read(parents, &byte, 0, &n, &e) != EXCHANGE_FAILED)
        return 11;
    err_release(&e);
    exchange_free(parents);
    return once(t, &r, &e) && lane_idle_count() == 1 ? 0 : 12;
}

static void test_a_child_leaves_its_parents_connections_alone(void **state)
{
    static const enum play script[] = {ANSWER, BIG, ANSWER, ANSWER};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct transport *t;
    struct exchange *x;
    enum exchange_read last;
    int status = -1;
    pid_t child;

    (void)state;
    server_start(&s, script, 4);
    t = connect_to(&s, &e);
    assert_true(once(t, &r, &e)); /* an idle lane, which the next exchange takes */
    x = exchange_start(t, &r, &e);
    assert_non_null(x);
    child = fork();
    if (child == 0)
        _exit(live_as_child(t, x));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read_big(x, &last, &e), BIG_BYTES); /* undisturbed */
    assert_int_equal(last, EXCHANGE_END);
    exchange_free(x);
    assert_true(once(t, &r, &e));
    assert_int_equal(atomic_load(&s.connections), 2); /* the parent's one, and the child's own */
    transport_free(t);
    server_stop(&s);
}

/* ---- threads ---- */

static void test_transports_share_lanes_when_nothing_differs(void **state)
{
    static const enum play script[] = {ANSWER};
    struct server s;
    struct err e = ERR_INIT;
    struct wire_request r = write_request();
    struct net_options o;
    char url[64];

    (void)state;
    server_start(&s, script, 1);
    o = usual_options(&s, url, sizeof url);
    for (int i = 0; i < 4; i++) {
        struct transport *t;
        o.ip_version = i == 3 ? 4 : 0;
        o.password = i % 2 ? "other" : "pw"; /* of the request, not of the connection */
        t = transport_new(&o, NULL, &e);
        assert_true(once(t, &r, &e));
        transport_free(t);
    }
    assert_int_equal(atomic_load(&s.connections), 2);
    server_stop(&s);
}

#define THREADS 8
#define ROUNDS 40

struct cancel {
    struct exchange *x;
    useconds_t after_us;
};

static void *cancel_after(void *arg)
{
    struct cancel *c = arg;

    usleep(c->after_us);
    exchange_cancel(c->x);
    return NULL;
}

static void *hammer(void *arg)
{
    struct transport *t = arg;
    struct wire_request r = write_request();
    unsigned seed = (unsigned)(uintptr_t)&r;

    for (int i = 0; i < ROUNDS; i++) {
        struct err e = ERR_INIT;
        struct exchange *x = exchange_new(t, &e);
        struct cancel c = {x, (useconds_t)(rand_r(&seed) % 3000)};
        pthread_t th;
        bool cancelled = i % 3 == 0;
        char body[64];
        size_t n = 0;
        if (x == NULL)
            abort();
        if (cancelled && pthread_create(&th, NULL, cancel_after, &c) != 0)
            abort();
        /* The server closes every fourth kept connection: a request may meet the closing one, and
         * is then not sent again. */
        if (!exchange_begin(x, &r, &e)) {
            if (strcmp(e.state, "08S01") != 0 && (!cancelled || strcmp(e.state, "HY008") != 0))
                abort();
        } else if (exchange_read(x, body, sizeof body, &n, &e) != EXCHANGE_DATA || n != 8 ||
                   memcmp(body, "{\"ok\":1}", 8) != 0) {
            abort();
        }
        if (cancelled)
            pthread_join(th, NULL);
        exchange_free(x);
        err_release(&e);
    }
    return NULL;
}

/* Several threads on one transport, each exchange on a lane of its own, some cancelled at random
 * moments. */
static void test_threads_share_a_transport(void **state)
{
    enum play script[THREADS * ROUNDS];
    struct server s;
    struct err e = ERR_INIT;
    struct transport *t;
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(script); i++)
        script[i] = i % 4 == 3 ? ANSWER_THEN_CLOSE : ANSWER;
    server_start(&s, script, ARRAY_LEN(script));
    t = connect_to(&s, &e);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, t), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&s.requests) <= THREADS * ROUNDS); /* none was sent twice */
    assert_true(lane_idle_count() <= LANE_MAX_IDLE);
    transport_free(t);
    server_stop(&s);
}

int main(void)
{
    static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                            "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sent_how_often),
        cmocka_unit_test(test_an_error_whose_body_does_not_end_is_told_by_its_status),
        cmocka_unit_test(test_a_lost_commit_is_08007),
        cmocka_unit_test(test_refused_is_08001_while_connecting_and_08s01_later),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_cancel_from_another_thread),
        cmocka_unit_test(test_an_exchange_may_be_given_up_at_any_point),
        cmocka_unit_test(test_half_an_upload_is_sent_again),
        cmocka_unit_test(test_an_answer_that_was_there_before_the_request_is_not_its_own),
        cmocka_unit_test(test_a_body_arrives_whole_whatever_the_buffers),
        cmocka_unit_test(test_a_body_that_stops_ends_at_either_timeout_or_a_cancel),
        cmocka_unit_test(test_more_than_max_response_bytes_is_54000),
        cmocka_unit_test(test_a_compute_that_does_not_wake_up_ends_at_the_login_timeout),
        cmocka_unit_test(test_a_cancel_ends_the_wait_between_two_attempts),
        cmocka_unit_test(test_a_name_server_that_does_not_answer_holds_nobody_up),
        cmocka_unit_test(test_one_line_a_request_and_no_secret_in_any),
        cmocka_unit_test(test_a_proxys_login_is_never_told),
        cmocka_unit_test(test_an_own_ca_replaces_the_systems_store),
        cmocka_unit_test(test_a_started_program_does_not_inherit_connections),
        cmocka_unit_test(test_a_child_leaves_its_parents_connections_alone),
        cmocka_unit_test(test_transports_share_lanes_when_nothing_differs),
        cmocka_unit_test(test_threads_share_a_transport),
    };

    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        unsetenv(variables[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
