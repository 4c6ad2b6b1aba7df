/* The WebSocket's client against a server that takes nothing: what it says is read all the same,
 * and who sends is asked how long to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "transport/ws_client.h"

#define PINGS 80000 /* their answers are more than all buffers between the two hold */
#define LONG_BYTES ((size_t)32 << 20)

/* ---- the server ---- */

struct server {
    int fd, port;
    pthread_t thread;
};

static void send_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        ssize_t done = send(fd, at, n, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        at += done;
        n -= (size_t)done;
    }
}

/* 101 to the request that asks for it. */
static void upgrade(int fd)
{
    char head[4096], text[100], accept[64];
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t len = 0;
    char *key;

    do {
        ssize_t n = recv(fd, head + len, sizeof head - 1 - len, 0);
        if (n <= 0)
            return;
        len += (size_t)n;
        head[len] = '\0';
    } while (strstr(head, "\r\n\r\n") == NULL);
    key = strstr(head, "Sec-WebSocket-Key: ");
    if (key == NULL)
        return;
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)accept, digest, 20);
    dprintf(fd,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Accept: %s\r\n\r\n",
            accept);
}

static void *serve(void *arg)
{
    const struct server *s = arg;
    char ping[127] = {(char)0x89, 125};
    int fd = accept(s->fd, NULL, NULL);

    if (fd < 0)
        return NULL;
    upgrade(fd);
    for (int i = 0; i < PINGS; i++)
        send_all(fd, ping, sizeof ping);
    send_all(fd, "\x82\3end", 5);
    /* until the client, who is told nothing more, has gone: shut down when the test ends */
    (void)accept(s->fd, NULL, NULL);
    close(fd);
    return NULL;
}

static void server_start(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int small = 4096;

    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* Behind the client, whose closed connection ends what is still being sent. */
static void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

/* ---- the client ---- */

struct pair {
    struct server server;
    struct transport *t;
    struct ws_client *ws;
};

static void connect_pair(struct pair *p)
{
    char url[64];
    const struct net_options o = {.host = "ep-x.local.test",
                                  .user = "u",
                                  .database = "d",
                                  .port = 443,
                                  .allow_insecure = true,
                                  .verify = TLS_VERIFY_FULL,
                                  .keep_alive = true,
                                  .api_host = url};
    const struct ws_patience patience = {.deadline = DEADLINE_NONE};
    struct err e = ERR_INIT;
    bool refused;

    server_start(&p->server);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", p->server.port);
    p->t = transport_new(&o, NULL, &e);
    assert_non_null(p->t);
    p->ws = ws_new(p->t, &e);
    assert_non_null(p->ws);
    if (!ws_open(p->ws, url, &patience, &refused, &e))
        fail_msg("%s", buf_str(&e.text));
}

static void release_pair(struct pair *p)
{
    ws_free(p->ws);
    transport_free(p->t);
    server_stop(&p->server);
}

static void test_pings_are_read_though_nobody_takes_their_answers(void **state)
{
    char bytes[64 << 10];
    struct pair p;
    struct err e = ERR_INIT;
    size_t got = 0;

    (void)state;
    connect_pair(&p);
    while (got == 0) {
        enum ws_event ev = ws_read(p.ws, bytes, sizeof bytes, &got, &e);
        if (ev == WS_FAILED || ev == WS_CLOSED)
            fail_msg("%s", buf_str(&e.text));
        if (ev == WS_NOTHING)
            ws_wait(p.ws, 60000);
    }
    assert_int_equal(got, 3);
    assert_memory_equal(bytes, "end", 3);
    release_pair(&p);
}

static bool twice(void *ctx, int64_t since, int64_t *ms, struct err *e)
{
    int *asked = ctx;

    assert_true(since <= clock_now_ms());
    *ms = 1;
    return ++*asked < 2 || err_set(e, ST_HYT01, 0, "No longer.");
}

static void test_who_sends_is_asked_how_long_to_wait(void **state)
{
    struct pair p;
    struct err e = ERR_INIT;
    int asked = 0;
    char *bytes = calloc(1, LONG_BYTES);

    (void)state;
    assert_non_null(bytes);
    connect_pair(&p);
    assert_false(
        ws_send_patiently(p.ws, bytes, LONG_BYTES, &(struct ws_waiter){twice, &asked}, &e));
    assert_string_equal(e.state, "HYT01");
    assert_int_equal(asked, 2);
    err_release(&e);
    assert_false(ws_send(p.ws, "x", 1, &e));
    assert_string_equal(e.state, "08S01");
    err_release(&e);
    free(bytes);
    release_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pings_are_read_though_nobody_takes_their_answers),
        cmocka_unit_test(test_who_sends_is_asked_how_long_to_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
