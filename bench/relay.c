/* One thread, one poll: bytes read are queued with the time at which they may go. Called by
 * bench_sessions.c and bench_relay.c. */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
#define MAX_QUEUED_BYTES (64L * 1024 * 1024)
#define MAX_LINES 128

struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t at, len;
    char data[];
};

/* One direction of a connection. */
struct line {
    int from, to;
    struct chunk *first, *last;
    long queued;
    bool ended; /* nothing more is read */
};

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void make_quick(int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int dial(const char *host, int port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[16];
    int fd = -1;

    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -1;
    fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static void take(struct line *l, int64_t delay_us)
{
    struct chunk *c = malloc(sizeof *c + CHUNK_BYTES);
    ssize_t n = c != NULL ? read(l->from, c->data, CHUNK_BYTES) : -1;

    if (n <= 0) {
        l->ended |= n == 0 || (errno != EAGAIN && errno != EINTR);
        free(c);
        return;
    }
    *c = (struct chunk){.due_us = now_us() + delay_us, .len = (size_t)n};
    if (l->last != NULL)
        l->last->next = c;
    else
        l->first = c;
    l->last = c;
    l->queued += n;
}

static void drop(struct line *l)
{
    struct chunk *c = l->first;

    l->queued -= (long)c->len;
    l->first = c->next;
    if (l->first == NULL)
        l->last = NULL;
    free(c);
}

static void give(struct line *l)
{
    while (l->first != NULL && l->first->due_us <= now_us()) {
        struct chunk *c = l->first;
        ssize_t n = send(l->to, c->data + c->at, c->len - c->at, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0)
            c->at = c->len; /* nobody is there any more */
        else
            c->at += (size_t)n;
        if (c->at == c->len)
            drop(l);
    }
}

static void open_lines(struct line *lines, int *n, int listener, const char *host, int port)
{
    int client = accept(listener, NULL, NULL);
    int server = client >= 0 && *n + 2 <= MAX_LINES ? dial(host, port) : -1;

    if (server < 0) {
        if (client >= 0)
            close(client);
        return;
    }
    make_quick(client);
    make_quick(server);
    lines[(*n)++] = (struct line){.from = client, .to = server};
    lines[(*n)++] = (struct line){.from = server, .to = client};
}

/* Lines come in pairs: both go when both have ended, or one direction's end is told on. */
static void close_ended(struct line *lines, int *n)
{
    for (int i = 0; i < *n; i += 2) {
        struct line *a = &lines[i];
        struct line *b = &lines[i + 1];
        bool over = (a->ended && a->first == NULL) || (b->ended && b->first == NULL);
        if (!over)
            continue;
        while (a->first != NULL)
            drop(a);
        while (b->first != NULL)
            drop(b);
        close(a->from);
        close(a->to);
        lines[i] = lines[*n - 2];
        lines[i + 1] = lines[*n - 1];
        *n -= 2;
        i -= 2;
    }
}

static struct timespec until_due(const struct line *lines, int n)
{
    int64_t wait = 1000000;
    int64_t now = now_us();

    for (int i = 0; i < n; i++)
        if (lines[i].first != NULL && lines[i].first->due_us - now < wait)
            wait = lines[i].first->due_us > now ? lines[i].first->due_us - now : 0;
    return (struct timespec){wait / 1000000, wait % 1000000 * 1000};
}

static void serve(int listener, const char *host, int port, int64_t delay_us)
{
    static struct line lines[MAX_LINES];
    struct pollfd fds[MAX_LINES + 1];
    int n = 0;

    for (;;) {
        struct timespec wait = until_due(lines, n);
        int polled = n;
        fds[n] = (struct pollfd){listener, POLLIN, 0};
        for (int i = 0; i < n; i++) {
            bool reads = !lines[i].ended && lines[i].queued < MAX_QUEUED_BYTES;
            fds[i] = (struct pollfd){reads ? lines[i].from : -1, POLLIN, 0};
        }
        if (ppoll(fds, (nfds_t)n + 1, &wait, NULL) < 0 && errno != EINTR)
            return;
        for (int i = 0; i < polled; i++) {
            if (fds[i].revents != 0)
                take(&lines[i], delay_us);
            give(&lines[i]);
        }
        if (fds[polled].revents != 0)
            open_lines(lines, &n, listener, host, port);
        close_ended(lines, &n);
    }
}

int relay_start(const char *host, int port, long delay_us, pid_t *pid)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener < 0 || bind(listener, (struct sockaddr *)&where, sizeof where) != 0 ||
        listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&where, &len) != 0)
        return 0;
    fflush(NULL);
    *pid = fork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        prctl(PR_SET_TIMERSLACK, 1000UL); /* 1 microsecond instead of 50 */
        serve(listener, host, port, delay_us);
        _exit(1);
    }
    close(listener);
    return *pid > 0 ? ntohs(where.sin_port) : 0;
}

void relay_stop(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}
