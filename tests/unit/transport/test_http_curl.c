/* The exchange against a scripted TCP server that plays bytes: what is sent how often, when
 * connections break, lie or stall. It is no database: integration with one is in tests/odbc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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
};

struct server {
    int fd, port;
    pthread_t thread;
    const enum play *script; /* the last one repeats */
    size_t n_script;
    atomic_int requests; /* read whole */
    atomic_int client;   /* the connection being served, or -1 */
    atomic_bool stop;
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
        while (!atomic_load(&s->stop)) {
            char c;
            if (recv(fd, &c, 1, MSG_DONTWAIT) == 0)
                return false;
            usleep(5000);
        }
        return false;
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
    case RESET:
        close_hard(fd);
        return false;
    case CLOSE:
    default:
        return false;
    }
}

/* Reads one request whole: headers, then Content-Length bytes. */
static bool read_request(struct server *s, int fd)
{
    static _Thread_local char buf[1 << 16];
    size_t len = 0;

    for (;;) {
        char *end;
        ssize_t n = recv(fd, buf + len, sizeof buf - len - 1, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        buf[len] = '\0';
        end = strstr(buf, "\r\n\r\n");
        if (end != NULL) {
            char *cl = strstr(buf, "Content-Length: ");
            size_t want = cl ? (size_t)atol(cl + 16) : 0;
            if (len - (size_t)(end + 4 - buf) >= want) {
                atomic_fetch_add(&s->requests, 1);
                return true;
            }
        }
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;

    while (!atomic_load(&s->stop)) {
        int fd = accept(s->fd, NULL, NULL);
        struct timeval tv = {5, 0};
        if (fd < 0)
            break;
        atomic_store(&s->client, fd);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
        while (!atomic_load(&s->stop) && read_request(s, fd)) {
            size_t n = (size_t)atomic_load(&s->requests) - 1;
            if (!play(s, fd, s->script[n < s->n_script ? n : s->n_script - 1]))
                break;
        }
        atomic_store(&s->client, -1);
        close(fd);
    }
    return NULL;
}

static void server_start(struct server *s, const enum play *script, size_t n)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    memset(s, 0, sizeof *s);
    s->script = script;
    s->n_script = n;
    atomic_store(&s->client, -1);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    int client = atomic_load(&s->client);

    atomic_store(&s->stop, true);
    if (client >= 0)
        shutdown(client, SHUT_RDWR); /* it may wait for the next request on a kept connection */
    shutdown(s->fd, SHUT_RDWR);
    close(s->fd);
    pthread_join(s->thread, NULL);
}

/* ---- the client side ---- */

static struct transport *connect_to(const struct server *s, struct err *e)
{
    char url[64];
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

    snprintf(url, sizeof url, "http://127.0.0.1:%d", s->port);
    o.api_host = url;
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
            usleep(20000);
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
        assert_int_equal(transport_is_dead(t), !ok && strncmp(e.state, "08", 2) == 0);
        err_release(&e);
        transport_free(t);
        server_stop(&s);
    }
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
    assert_int_equal(atomic_load(&s.requests), 3);
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

/* ---- threads ---- */

#define THREADS 6
#define ROUNDS 40

static void *hammer(void *arg)
{
    struct transport *t = arg;
    struct wire_request r = write_request();

    for (int i = 0; i < ROUNDS; i++) {
        struct err e = ERR_INIT;
        struct exchange *x = exchange_new(t, &e);
        pthread_t th;
        bool cancelled = i % 5 == 0;
        if (x == NULL)
            abort();
        if (cancelled)
            pthread_create(&th, NULL, cancel_soon, x);
        /* The server closes kept connections at once: a request may meet the closing one, and is
         * then not sent again. */
        if (!exchange_begin(x, &r, &e) && strcmp(e.state, "HY008") != 0 &&
            strcmp(e.state, "08S01") != 0)
            abort();
        if (cancelled)
            pthread_join(th, NULL);
        exchange_free(x);
        err_release(&e);
    }
    return NULL;
}

/* Several threads on one transport, each exchange on a lane of its own. The server takes one
 * connection at a time, so the others wait for theirs: that is the point. */
static void test_threads_share_a_transport(void **state)
{
    static const enum play script[] = {ANSWER_THEN_CLOSE};
    struct server s;
    struct err e = ERR_INIT;
    struct transport *t;
    pthread_t threads[THREADS];

    (void)state;
    server_start(&s, script, 1);
    t = connect_to(&s, &e);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, t), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    transport_free(t);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sent_how_often),
        cmocka_unit_test(test_a_lost_commit_is_08007),
        cmocka_unit_test(test_refused_is_08001_while_connecting_and_08s01_later),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_cancel_from_another_thread),
        cmocka_unit_test(test_an_exchange_may_be_given_up_at_any_point),
        cmocka_unit_test(test_threads_share_a_transport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
