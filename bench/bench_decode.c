/* Decoding alone, no network: the row decoder over a 60 MB answer in memory, fed in pieces of 64 KiB as the network would,
 * against json-c's tokener over the same bytes. In turns, each in a child process; medians of CPU seconds and peak memory.
 *
 * Usage: bench_decode [rounds]. Needs no services. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "result/row_decoder.h"

#define MAX_ROUNDS 25
#define PIECE_BYTES 65536

struct figure {
    double cpu_s;
    long growth_kib;
};

static double cpu_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_decode: %s\n", what);
    exit(1);
}

static void make_answer(struct buf *b)
{
    static const char fields[] = "{\"name\":\"id\",\"dataTypeID\":23},{\"name\":\"at\",\"dataTypeID\":1114},{\"name\":\"t\","
                                 "\"dataTypeID\":25},{\"name\":\"u\",\"dataTypeID\":25},{\"name\":\"z\",\"dataTypeID\":25}";
    buf_printf(b, "{\"fields\":[%s],\"rows\":[", fields);
    for (int i = 0; b->len < 60000000; i++)
        buf_printf(b, "%s[\"%d\",\"2026-01-01 12:%02d:00.%06d\",\"a text with a \\\"quoted\\\" word %d\",\"plain text of row %d\",null]",
                   i ? "," : "", i, i % 60, i % 1000000, i, i);
    buf_append_str(b, "],\"command\":\"SELECT\",\"rowCount\":1,\"rowAsArray\":true}");
    if (b->failed)
        die("out of memory");
}

static void decode(const struct buf *b)
{
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    size_t at = 0;
    size_t rows = 0;

    for (;;) {
        enum decode_event ev = row_decoder_next(d, &e);
        size_t cap = 0;
        size_t n;
        char *room;
        if (ev == DECODE_ROW)
            rows++;
        if (ev == DECODE_ERROR)
            die(buf_str(&e.text));
        if (ev == DECODE_END)
            break;
        if (ev != DECODE_MORE)
            continue;
        row_decoder_release_rows(d);
        if (at == b->len) {
            row_decoder_finish(d);
            continue;
        }
        room = row_decoder_room(d, &cap, &e);
        if (room == NULL)
            die("no room");
        n = b->len - at < PIECE_BYTES ? b->len - at : PIECE_BYTES;
        n = n < cap ? n : cap;
        memcpy(room, b->data + at, n);
        row_decoder_commit(d, n);
        at += n;
    }
    if (rows < 1000)
        die("rows are missing");
    row_decoder_free(d);
}

static void parse(const struct buf *b)
{
    json_tokener *t = json_tokener_new();
    json_object *doc = json_tokener_parse_ex(t, b->data, (int)b->len);
    if (doc == NULL)
        die("json-c did not understand the answer");
    json_object_put(doc);
    json_tokener_free(t);
}

static struct figure in_child(void (*work)(const struct buf *), const struct buf *b)
{
    struct figure f = {0, 0};
    int fds[2];
    pid_t child;

    if (pipe(fds) != 0 || (child = fork()) < 0)
        die("no child process");
    if (child == 0) {
        double cpu = cpu_now();
        long before = peak_kib();
        work(b);
        f = (struct figure){cpu_now() - cpu, peak_kib() - before};
        _exit(write(fds[1], &f, sizeof f) == (ssize_t)sizeof f ? 0 : 1);
    }
    if (read(fds[0], &f, sizeof f) != (ssize_t)sizeof f)
        die("the child process failed");
    close(fds[0]);
    close(fds[1]);
    waitpid(child, NULL, 0);
    return f;
}

static int by_cpu(const void *a, const void *b)
{
    double x = ((const struct figure *)a)->cpu_s;
    double y = ((const struct figure *)b)->cpu_s;
    return (x > y) - (x < y);
}

static struct figure median(struct figure *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_cpu);
    return v[n / 2];
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 7;
    static struct figure ours[MAX_ROUNDS], theirs[MAX_ROUNDS];
    struct figure a;
    struct figure b;
    struct buf answer = BUF_INIT(0);

    if (rounds < 1 || rounds > MAX_ROUNDS)
        die("1 to 25 rounds");
    make_answer(&answer);
    for (int r = 0; r < rounds; r++) {
        ours[r] = in_child(decode, &answer);
        theirs[r] = in_child(parse, &answer);
    }
    a = median(ours, rounds);
    b = median(theirs, rounds);
    printf("%.1f MB of JSON, %d rounds in turns; CPU seconds, medians\n", (double)answer.len / 1e6, rounds);
    printf("  row decoder            cpu %6.3f   %5.0f MB/s   memory +%ld KiB\n", a.cpu_s, (double)answer.len / 1e6 / a.cpu_s,
           a.growth_kib);
    printf("  json-c's tokener       cpu %6.3f   %5.0f MB/s   memory +%ld KiB\n", b.cpu_s, (double)answer.len / 1e6 / b.cpu_s,
           b.growth_kib);
    printf("  json-c / row decoder   %6.1f\n", b.cpu_s / a.cpu_s);
    buf_release(&answer);
    return 0;
}
