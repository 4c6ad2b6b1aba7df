/* Counters, request log and fault injection: the test control API behind --control.
 *
 * Faults are only described and counted here; http.c and sql_http.c act them out.
 */
#include "gateway/control.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/pool.h"

#define LOG_MAX_ENTRIES 10000
#define LOG_MAX_BYTES ((size_t)64 << 20)
#define LOG_MAX_BODY_BYTES ((size_t)1 << 20)

static const char *const counter_names[COUNT_MAX] = {
#define X(id, key) [id] = key,
    CONTROL_COUNTERS(X)
#undef X
};

static const char *const fault_names[FAULT_MAX] = {
#define X(id, name) [id] = name,
    CONTROL_FAULTS(X)
#undef X
};

struct armed_fault {
    struct armed_fault *next;
    int64_t count;         /* requests left, -1 = until reset */
    struct timespec until; /* cold_start */
    struct fault fault;
};

struct log_entry {
    struct log_entry *next;
    char *json;
    size_t len;
};

static atomic_uint_fast64_t counters[COUNT_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct armed_fault *faults; /* in the order they were armed */
static struct log_entry *log_first;
static struct log_entry **log_tail = &log_first;
static size_t log_entries;
static size_t log_bytes;
static bool enabled;

void control_enable(void)
{
    enabled = true;
}

bool control_enabled(void)
{
    return enabled;
}

void control_add(enum control_counter counter, uint64_t n)
{
    atomic_fetch_add_explicit(&counters[counter], n, memory_order_relaxed);
}

void control_count(enum control_counter counter)
{
    control_add(counter, 1);
}

/* ---- faults ------------------------------------------------------------------------------ */

void fault_release(struct fault *fault)
{
    free(fault->body);
    *fault = (struct fault){0};
}

static void free_armed(struct armed_fault *a)
{
    fault_release(&a->fault);
    free(a);
}

static bool is_over(const struct armed_fault *a, const struct timespec *now)
{
    if (a->fault.kind != FAULT_COLD_START)
        return a->count == 0;
    return now->tv_sec > a->until.tv_sec ||
           (now->tv_sec == a->until.tv_sec && now->tv_nsec >= a->until.tv_nsec);
}

struct fault control_draw_fault(void)
{
    struct fault drawn = {0};
    struct timespec now;
    bool latency = false;
    if (!enabled)
        return drawn;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&lock);
    for (struct armed_fault **link = &faults; *link;) {
        struct armed_fault *a = *link;
        if (is_over(a, &now)) {
            *link = a->next;
            free_armed(a);
            continue;
        }
        bool wanted = a->fault.kind == FAULT_LATENCY ? !latency : drawn.kind == FAULT_NONE;
        if (wanted) {
            if (a->fault.kind == FAULT_LATENCY) {
                latency = true;
                drawn.latency_ms = a->fault.ms;
            } else {
                int64_t latency_ms = drawn.latency_ms;
                drawn = a->fault;
                drawn.body = a->fault.body ? strdup(a->fault.body) : NULL;
                drawn.latency_ms = latency_ms;
            }
            if (a->count > 0)
                a->count--;
            control_count(COUNT_FAULTS);
        }
        link = &a->next;
    }
    pthread_mutex_unlock(&lock);
    return drawn;
}

static int64_t int_member(json_object *o, const char *key, int64_t otherwise)
{
    json_object *v;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : otherwise;
}

static double double_member(json_object *o, const char *key, double otherwise)
{
    json_object *v;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_double(v) : otherwise;
}

static enum fault_kind kind_of(json_object *o)
{
    json_object *v;
    if (!json_object_object_get_ex(o, "kind", &v))
        return FAULT_NONE;
    for (int k = FAULT_NONE + 1; k < FAULT_MAX; k++)
        if (strcmp(json_object_get_string(v), fault_names[k]) == 0)
            return (enum fault_kind)k;
    return FAULT_NONE;
}

static struct armed_fault *read_fault(json_object *o)
{
    json_object *v;
    enum fault_kind kind = kind_of(o);
    struct armed_fault *a = kind == FAULT_NONE ? NULL : calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->count = int_member(o, "count", 1);
    a->fault.kind = kind;
    a->fault.ms = int_member(o, "ms", 100);
    a->fault.bytes = int_member(o, kind == FAULT_CUT ? "after_bytes" : "bytes", 16);
    a->fault.status = (int)int_member(o, "status", 503);
    a->fault.tcp_reset = int_member(o, "tcp_reset", 0) != 0;
    if (json_object_object_get_ex(o, "body", &v))
        a->fault.body = strdup(json_object_get_string(v));
    double seconds = double_member(o, "seconds", 1);
    clock_gettime(CLOCK_MONOTONIC, &a->until);
    a->until.tv_sec += (time_t)seconds;
    a->until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (a->until.tv_nsec >= 1000000000) {
        a->until.tv_sec++;
        a->until.tv_nsec -= 1000000000;
    }
    return a;
}

static int arm_fault(const char *body, size_t n, struct buf *out)
{
    json_tokener *tok = json_tokener_new();
    json_object *o = tok ? json_tokener_parse_ex(tok, body ? body : "", (int)n) : NULL;
    struct armed_fault *a = json_object_is_type(o, json_type_object) ? read_fault(o) : NULL;
    json_object_put(o);
    json_tokener_free(tok);
    if (!a) {
        buf_puts(out, "{\"msg\":\"the body must be a JSON object whose kind is one of:");
        for (int k = FAULT_NONE + 1; k < FAULT_MAX; k++)
            buf_printf(out, " %s", fault_names[k]);
        buf_puts(out, "\"}");
        return 400;
    }
    pthread_mutex_lock(&lock);
    struct armed_fault **link = &faults;
    while (*link)
        link = &(*link)->next;
    *link = a;
    pthread_mutex_unlock(&lock);
    buf_puts(out, "{}");
    return 200;
}

/* ---- request log ------------------------------------------------------------------------- */

static void drop_first_entry(void)
{
    struct log_entry *e = log_first;
    log_first = e->next;
    if (!log_first)
        log_tail = &log_first;
    log_entries--;
    log_bytes -= e->len;
    free(e->json);
    free(e);
}

void control_log_request(const struct control_entry *entry)
{
    struct buf json = {0};
    if (!enabled)
        return;
    size_t body_len = entry->body_len < LOG_MAX_BODY_BYTES ? entry->body_len : LOG_MAX_BODY_BYTES;
    buf_puts(&json, "{\"id\":");
    buf_put_json_or_null(&json, entry->id);
    buf_puts(&json, ",\"method\":");
    buf_put_json_or_null(&json, entry->method);
    buf_puts(&json, ",\"path\":");
    buf_put_json_or_null(&json, entry->path);
    buf_printf(&json, ",\"headers\":%s,\"body\":", entry->headers);
    buf_put_json_lossy(&json, entry->body ? entry->body : "", body_len);
    buf_printf(&json, ",\"status\":%d,\"millis\":%lld}", entry->status, (long long)entry->millis);
    struct log_entry *e = calloc(1, sizeof *e);
    size_t len = json.len;
    char *text = buf_take(&json);
    if (!e || !text) { /* a log that is short of memory just has a gap */
        free(e);
        free(text);
        return;
    }
    *e = (struct log_entry){.json = text, .len = len};
    pthread_mutex_lock(&lock);
    *log_tail = e;
    log_tail = &e->next;
    log_entries++;
    log_bytes += len;
    while (log_entries > LOG_MAX_ENTRIES || (log_bytes > LOG_MAX_BYTES && log_entries > 1))
        drop_first_entry();
    pthread_mutex_unlock(&lock);
}

/* ---- the API ----------------------------------------------------------------------------- */

static int get_stats(struct buf *out)
{
    buf_putc(out, '{');
    for (int i = 0; i < COUNT_MAX; i++)
        buf_printf(out, "\"%s\":%llu,", counter_names[i],
                   (unsigned long long)atomic_load_explicit(&counters[i], memory_order_relaxed));
    buf_printf(out, "\"pool_idle\":%u}", pool_size());
    return 200;
}

static int get_log(struct buf *out)
{
    buf_putc(out, '[');
    pthread_mutex_lock(&lock);
    for (const struct log_entry *e = log_first; e; e = e->next) {
        if (e != log_first)
            buf_putc(out, ',');
        buf_put(out, e->json, e->len);
    }
    pthread_mutex_unlock(&lock);
    buf_putc(out, ']');
    return 200;
}

static int post_reset(struct buf *out)
{
    pthread_mutex_lock(&lock);
    while (log_first)
        drop_first_entry();
    while (faults) {
        struct armed_fault *next = faults->next;
        free_armed(faults);
        faults = next;
    }
    for (int i = 0; i < COUNT_MAX; i++)
        atomic_store_explicit(&counters[i], 0, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    buf_puts(out, "{}");
    return 200;
}

static int post_close_idle(struct buf *out)
{
    pool_clear();
    buf_puts(out, "{}");
    return 200;
}

int control_handle(const char *method, const char *path, const char *body, size_t n,
                   struct buf *out)
{
    static const struct {
        const char *method;
        const char *path;
        int (*handler)(struct buf *);
    } routes[] = {
        {"GET", "/_gateway/stats", get_stats},
        {"GET", "/_gateway/log", get_log},
        {"POST", "/_gateway/reset", post_reset},
        {"POST", "/_gateway/close_idle", post_close_idle},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(method, routes[i].method) == 0 && strcmp(path, routes[i].path) == 0)
            return routes[i].handler(out);
    if (strcmp(method, "POST") == 0 && strcmp(path, "/_gateway/fault") == 0)
        return arm_fault(body, n, out);
    buf_puts(out, "{\"msg\":\"the control API has GET stats, GET log, POST reset, POST fault and "
                  "POST close_idle under /_gateway/\"}");
    return 404;
}
