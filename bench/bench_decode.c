/* What decoding costs: client CPU and wall of
 * - the row decoder over an answer of 60 MB in memory, fed in pieces as the network would;
 * - json-c's tokener over the same bytes;
 * - libcurl downloading the same bytes over loopback HTTP to nowhere, and the same with one copy.
 * In turns, so that a busy machine burdens all of them; medians. json-c works in a child process
 * each time, for its millions of freed blocks would burden the allocator of whoever comes next. The
 * driver as a whole: bench_fetch.c.
 *
 * Usage: bench_decode [rounds]. Needs no services: the server is a child process that sends bytes
 * and understands nothing. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "result/row_decoder.h"

#define ANSWER_BYTES 60000000
#define MAX_ROUNDS 25
#define PIECE_BYTES 16384 /* what libcurl hands over at a time */

struct figure {
    double cpu_s, wall_s;
    long growth_kib;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_decode: %s\n", what);
    exit(1);
}

static double now(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* ---- the answers ---- */

static uint32_t rnd(uint32_t below)
{
    static uint32_t seed = 1;

    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* Texts of any length, an escape in one of eight, NULLs in one of three: branches that cannot be
 * predicted. */
static void add_mixed_row(struct buf *b, int i)
{
    static const char words[] = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do "
                                "eiusmod tempor incididunt ut";

    buf_printf(b, "[\"%d\",\"%u\",", i, rnd(100000));
    buf_printf(b, rnd(8) ? "\"%.*s\"," : "\"say \\\"%.*s\\\"\\n\",", (int)rnd(60), words);
    buf_printf(b, "\"2026-01-01 12:%02d:00.%06d\",%s,\"%.*s\"]", i % 60, i % 1000000,
               rnd(3) ? "\"t\"" : "null", (int)rnd(30), words);
}

static void add_narrow_row(struct buf *b, int i)
{
    buf_printf(b, "[\"%d\",\"%d\",\"%d\",\"%d\",\"%d\",null]", i, i / 7, i % 1000, i % 10, -i);
}

static void add_escaped_row(struct buf *b, int i)
{
    buf_printf(b,
               "[\"%d\",\"2026-01-01 12:%02d:00\",\"a text with a \\\"quoted\\\" word "
               "%d\",\"line\\nof row %d\",null,null]",
               i, i % 60, i, i);
}

static const struct shape {
    const char *name;
    void (*add_row)(struct buf *b, int i);
} shapes[] = {
    {"mixed (numbers, texts, timestamps, NULLs)", add_mixed_row},
    {"narrow (numbers)", add_narrow_row},
    {"escapes in every row", add_escaped_row},
};

static void make_answer(struct buf *b, const struct shape *shape)
{
    buf_append_str(b, "{\"fields\":[");
    for (int i = 0; i < 6; i++)
        buf_printf(b, "%s{\"name\":\"c%d\",\"dataTypeID\":25}", i ? "," : "", i);
    buf_append_str(b, "],\"rows\":[");
    for (int i = 0; b->len < ANSWER_BYTES; i++) {
        buf_append_str(b, i ? "," : "");
        shape->add_row(b, i);
    }
    buf_append_str(b, "],\"command\":\"SELECT\",\"rowCount\":1,\"rowAsArray\":true}");
    if (b->failed)
        die("out of memory");
}

/* ---- the server ---- */

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

static void serve(int listener, const struct buf *answer)
{
    char head[128];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                     answer->len);

    for (;;) {
        char request[4096];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        if (recv(fd, request, sizeof request, 0) > 0) {
            send_all(fd, head, (size_t)n);
            send_all(fd, answer->data, answer->len);
        }
        close(fd);
    }
}

static pid_t start_server(const struct buf *answer, char *url, size_t url_bytes)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t child;

    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&at, &len) != 0)
        die("no server");
    snprintf(url, url_bytes, "http://127.0.0.1:%d/", ntohs(at.sin_port));
    child = fork();
    if (child < 0)
        die("no child process");
    if (child == 0)
        serve(listener, answer);
    close(listener);
    return child;
}

/* ---- what is measured ---- */

struct job {
    const struct buf *answer;
    const char *url;
    char *copy; /* room for the answer */
};

static size_t most_held_bytes; /* by the row decoder */

static void decode(const struct job *j)
{
    const struct buf *b = j->answer;
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    size_t at = 0;
    size_t rows = 0;
    enum decode_event ev;

    if (d == NULL)
        die("out of memory");
    while ((ev = row_decoder_next(d, &e)) != DECODE_END) {
        size_t cap = 0;
        size_t n = b->len - at < PIECE_BYTES ? b->len - at : PIECE_BYTES;
        char *room;
        rows += ev == DECODE_ROW;
        if (ev == DECODE_ERROR)
            die(buf_str(&e.text));
        if (ev != DECODE_MORE)
            continue;
        row_decoder_release_rows(d);
        if (n == 0) {
            row_decoder_finish(d);
            continue;
        }
        room = row_decoder_room(d, &cap, &e);
        if (room == NULL)
            die("no room");
        n = n < cap ? n : cap;
        memcpy(room, b->data + at, n);
        row_decoder_commit(d, n);
        at += n;
        if (row_decoder_held_bytes(d) > most_held_bytes)
            most_held_bytes = row_decoder_held_bytes(d);
    }
    if (rows < 1000)
        die("rows are missing");
    row_decoder_free(d);
}

static void parse(const struct job *j)
{
    const struct buf *b = j->answer;
    json_tokener *t = json_tokener_new();
    json_object *doc = NULL;

    for (size_t at = 0; at < b->len && doc == NULL; at += PIECE_BYTES)
        doc = json_tokener_parse_ex(t, b->data + at,
                                    (int)(b->len - at < PIECE_BYTES ? b->len - at : PIECE_BYTES));
    if (doc == NULL)
        die("json-c did not understand the answer");
    json_object_put(doc);
    json_tokener_free(t);
}

struct sink {
    char *copy; /* NULL: to nowhere */
    size_t len;
};

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct sink *s = ctx;

    if (s->copy != NULL)
        memcpy(s->copy + s->len, p, n);
    s->len += n;
    return size * n;
}

static void download_into(const struct job *j, char *copy)
{
    struct sink s = {copy, 0};
    CURL *curl = curl_easy_init();

    curl_easy_setopt(curl, CURLOPT_URL, j->url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &s);
    if (curl_easy_perform(curl) != CURLE_OK || s.len != j->answer->len)
        die("the download failed");
    curl_easy_cleanup(curl);
}

static void download(const struct job *j)
{
    download_into(j, NULL);
}

static void download_and_copy(const struct job *j)
{
    download_into(j, j->copy);
}

enum { DECODE, PARSE, DOWNLOAD, DOWNLOAD_COPY, N_WORKS };
static const struct work {
    const char *name;
    void (*run)(const struct job *j);
    bool in_child;
} works[N_WORKS] = {
    [DECODE] = {"row decoder", decode, false},
    [PARSE] = {"json-c's tokener", parse, true},
    [DOWNLOAD] = {"libcurl, to nowhere", download, false},
    [DOWNLOAD_COPY] = {"libcurl, one copy kept", download_and_copy, false},
};

static struct figure measure(const struct work *w, const struct job *j)
{
    double cpu = now(CLOCK_THREAD_CPUTIME_ID);
    double wall = now(CLOCK_MONOTONIC);
    long before = peak_kib();

    w->run(j);
    return (struct figure){now(CLOCK_THREAD_CPUTIME_ID) - cpu, now(CLOCK_MONOTONIC) - wall,
                           peak_kib() - before};
}

static struct figure measure_in_child(const struct work *w, const struct job *j)
{
    struct figure f = {0, 0, 0};
    int fds[2];
    pid_t child;

    if (pipe(fds) != 0 || (child = fork()) < 0)
        die("no child process");
    if (child == 0) {
        f = measure(w, j);
        _exit(write(fds[1], &f, sizeof f) == (ssize_t)sizeof f ? 0 : 1);
    }
    close(fds[1]);
    if (read(fds[0], &f, sizeof f) != (ssize_t)sizeof f)
        die("the child process failed");
    close(fds[0]);
    waitpid(child, NULL, 0);
    return f;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

static void run_shape(const struct shape *shape, int rounds)
{
    static double cpu[N_WORKS][MAX_ROUNDS], wall[N_WORKS][MAX_ROUNDS];
    double c[N_WORKS];
    long growth_kib = 0;
    struct buf answer = BUF_INIT(0);
    char url[64];
    struct job j = {&answer, url, NULL};
    pid_t server;

    make_answer(&answer, shape);
    j.copy = malloc(answer.len);
    if (j.copy == NULL)
        die("out of memory");
    server = start_server(&answer, url, sizeof url);
    for (int r = 0; r < rounds; r++)
        for (int w = 0; w < N_WORKS; w++) {
            struct figure f;
            /* The same beginning for each: caches cold, the pages that a fork has shared ours
             * again. */
            memset(j.copy, r, answer.len);
            f = works[w].in_child ? measure_in_child(&works[w], &j) : measure(&works[w], &j);
            cpu[w][r] = f.cpu_s;
            wall[w][r] = f.wall_s;
            growth_kib = f.growth_kib > growth_kib ? f.growth_kib : growth_kib;
        }
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);

    printf("%s: %.1f MB of JSON, %d rounds in turns; client CPU and wall in seconds, medians\n",
           shape->name, (double)answer.len / 1e6, rounds);
    for (int w = 0; w < N_WORKS; w++) {
        c[w] = median(cpu[w], rounds);
        printf("  %-24s cpu %6.3f   wall %6.3f   %6.0f MB/s", works[w].name, c[w],
               median(wall[w], rounds), (double)answer.len / 1e6 / c[w]);
        if (w == DECODE)
            printf("   holds %zu KiB", most_held_bytes >> 10);
        if (w == PARSE)
            printf("   memory +%ld KiB", growth_kib);
        printf("\n");
    }
    printf("  json-c / row decoder                       %6.1f\n", c[PARSE] / c[DECODE]);
    printf("  row decoder / download to nowhere          %6.2f\n", c[DECODE] / c[DOWNLOAD]);
    printf("  (download + row decoder) / download + copy %6.2f\n",
           (c[DOWNLOAD] + c[DECODE]) / c[DOWNLOAD_COPY]);
    free(j.copy);
    buf_release(&answer);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 7;

    if (rounds < 1 || rounds > MAX_ROUNDS)
        die("1 to 25 rounds");
    setvbuf(stdout, NULL, _IOLBF, 0);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
        run_shape(&shapes[i], rounds);
    return 0;
}
