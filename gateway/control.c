/* Counters, request log and fault injection: the test control API behind --control.
 *
 * Faults are only described and counted here; http_faults.c, http_upgrade.c, sql_http.c and the
 * sessions act them out.
 */
#include "gateway/control.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/pool.h"
#include "gateway/ws_session.h"

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
static atomic_int ws_mode;
static int configured_ws_mode;
static atomic_int running_faults; /* armed for sessions that are running */
static atomic_uint sql_open;      /* POST /sql that have not ended */

void control_enable(void)
{
    enabled = true;
}

bool control_enabled(void)
{
    return enabled;
}

void control_set_ws_mode(int mode)
{
    configured_ws_mode = mode;
    ws_mode = mode;
}

int control_ws_mode(void)
{
    return ws_mode;
}

void control_add(enum control_counter counter, uint64_t n)
{
    atomic_fetch_add_explicit(&counters[counter], n, memory_order_relaxed);
}

void control_count(enum control_counter counter)
{
    control_add(counter, 1);
}

void control_sql_began(void)
{
    control_count(COUNT_REQUESTS);
    atomic_fetch_add(&sql_open, 1);
}

void control_sql_ended(void)
{
    atomic_fetch_sub(&sql_open, 1);
}

/* ---- faults ------------------------------------------------------------------------------ */

void fault_release(struct fault *fault)
{
    free(fault->body);
    free(fault->data);
    free(fault->raw);
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

bool control_running_fault_armed(void)
{
    return atomic_load_explicit(&running_faults, memory_order_relaxed) > 0;
}

/* Who asks for a fault. */
enum draw { DRAW_REQUEST, DRAW_WEBSOCKET, DRAW_RUNNING };

static bool is_for(const struct fault *f, enum draw who)
{
    bool websocket = f->kind >= FAULT_WS_LATENCY;
    if (who == DRAW_REQUEST || !websocket)
        return !websocket && who == DRAW_REQUEST;
    return (f->point.since == SINCE_NOW) == (who == DRAW_RUNNING);
}

static char *copy_bytes(const char *bytes, size_t n)
{
    char *copy = bytes ? malloc(n + 1) : NULL;
    if (copy) {
        memcpy(copy, bytes, n);
        copy[n] = '\0';
    }
    return copy;
}

/* Adds an armed fault to what was drawn, if there is room for its kind. */
static bool take_fault(struct fault *drawn, const struct fault *armed)
{
    bool latency = armed->kind == FAULT_LATENCY || armed->kind == FAULT_WS_LATENCY;
    if (latency && drawn->latency_ms < 0) {
        drawn->latency_ms = armed->ms;
    } else if (armed->kind == FAULT_WS_FRAME_BYTES && drawn->frame_bytes == 0) {
        drawn->frame_bytes = (size_t)armed->bytes;
    } else if (!latency && armed->kind != FAULT_WS_FRAME_BYTES && drawn->kind == FAULT_NONE) {
        int64_t latency_ms = drawn->latency_ms;
        size_t frame_bytes = drawn->frame_bytes;
        *drawn = *armed;
        drawn->body = armed->body ? strdup(armed->body) : NULL;
        drawn->data = copy_bytes(armed->data, armed->n_data);
        drawn->raw = copy_bytes(armed->raw, armed->n_raw);
        drawn->latency_ms = latency_ms;
        drawn->frame_bytes = frame_bytes;
    } else {
        return false;
    }
    return true;
}

static void unlink_fault(struct armed_fault **link)
{
    struct armed_fault *a = *link;
    *link = a->next;
    if (a->fault.point.since == SINCE_NOW)
        atomic_fetch_sub_explicit(&running_faults, 1, memory_order_relaxed);
    free_armed(a);
}

static struct fault draw(enum draw who)
{
    struct fault drawn = {.latency_ms = -1};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&lock);
    for (struct armed_fault **link = &faults; *link;) {
        struct armed_fault *a = *link;
        if (is_over(a, &now)) {
            unlink_fault(link);
            continue;
        }
        if (is_for(&a->fault, who) && take_fault(&drawn, &a->fault)) {
            if (a->count > 0)
                a->count--;
            control_count(COUNT_FAULTS);
            if (is_over(a, &now)) {
                unlink_fault(link);
                continue;
            }
        }
        link = &a->next;
    }
    pthread_mutex_unlock(&lock);
    if (drawn.latency_ms < 0)
        drawn.latency_ms = 0;
    return drawn;
}

struct fault control_draw_fault(void)
{
    return enabled ? draw(DRAW_REQUEST) : (struct fault){0};
}

struct fault control_draw_ws_fault(bool running)
{
    return enabled ? draw(running ? DRAW_RUNNING : DRAW_WEBSOCKET) : (struct fault){0};
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

/* The number of the word that a member holds, `otherwise` without the member, -1 for another word.
 */
static int word_member(json_object *o, const char *key, const char *const *words, int otherwise)
{
    json_object *v;
    if (!json_object_object_get_ex(o, key, &v))
        return otherwise;
    for (int i = 0; words[i]; i++)
        if (strcmp(json_object_get_string(v), words[i]) == 0)
            return i;
    return -1;
}

/* The bytes that a member holds in hexadecimal digits. False: it holds something else. */
static bool hex_member(json_object *o, const char *key, char **out, size_t *n)
{
    json_object *v;
    if (!json_object_object_get_ex(o, key, &v))
        return true;
    const char *text = json_object_get_string(v);
    size_t len = strlen(text);
    *out = malloc(len / 2 + 1);
    if (!*out || len % 2 != 0)
        return false;
    for (; *n < len / 2; (*n)++) {
        char pair[] = {text[*n * 2], text[*n * 2 + 1], '\0'};
        char *end;
        (*out)[*n] = (char)strtoul(pair, &end, 16);
        if (*end != '\0' || pair[0] == '-' || pair[0] == '+' || pair[0] == ' ')
            return false;
    }
    return true;
}

/* What only the faults for WebSockets have. */
static bool read_ws_members(struct fault *f, json_object *o)
{
    static const char *const units[] = {"bytes", "frames", "messages", NULL};
    static const char *const directions[] = {"out", "in", NULL};
    static const char *const since[] = {"start", "ready", "now", NULL};
    int unit = word_member(o, "unit", units, UNIT_MESSAGES);
    int direction = word_member(o, "direction", directions, 0);
    int begin = word_member(o, "since", since, SINCE_START);
    int64_t after = int_member(o, "after", 0);
    if (unit < 0 || direction < 0 || begin < 0 || after < 0)
        return false;
    f->point = (struct fault_point){.unit = (enum fault_unit)unit,
                                    .since = (enum fault_since)begin,
                                    .from_client = direction == 1,
                                    .after = (uint64_t)after};
    f->inside_frame = int_member(o, "inside_frame", 0) != 0;
    f->code = (unsigned)int_member(o, "code", 1000) & 0xffff;
    if (f->kind == FAULT_WS_STALL)
        f->ms = int_member(o, "ms", -1);
    if (f->kind == FAULT_WS_REFUSE)
        f->status = (int)int_member(o, "status", 403);
    if (f->kind == FAULT_WS_FRAME_BYTES && (f->bytes < 1 || f->bytes > 1024))
        return false;
    return hex_member(o, "data", &f->data, &f->n_data) && hex_member(o, "raw", &f->raw, &f->n_raw);
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
    if (kind >= FAULT_WS_LATENCY && !read_ws_members(&a->fault, o)) {
        free_armed(a);
        return NULL;
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
        buf_puts(out, "{\"msg\":\"the body must be a JSON object with sound members, whose kind is "
                      "one of:");
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
    if (a->fault.point.since == SINCE_NOW)
        atomic_fetch_add_explicit(&running_faults, 1, memory_order_relaxed);
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
    buf_printf(out, "\"sql_open\":%u,\"pool_idle\":%u,\"ws_open\":%u}", atomic_load(&sql_open),
               pool_size(), ws_sessions_count());
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
    while (faults)
        unlink_fault(&faults);
    ws_mode = configured_ws_mode;
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

static int post_close_websockets(struct buf *out)
{
    ws_sessions_cut();
    buf_puts(out, "{}");
    return 200;
}

static int post_websocket_off(struct buf *out)
{
    ws_mode = WS_MODE_OFF;
    buf_puts(out, "{}");
    return 200;
}

static int post_websocket_neon(struct buf *out)
{
    ws_mode = WS_MODE_NEON;
    buf_puts(out, "{}");
    return 200;
}

static int post_websocket_plain(struct buf *out)
{
    ws_mode = WS_MODE_PLAIN;
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
        {"POST", "/_gateway/close_websockets", post_close_websockets},
        {"POST", "/_gateway/websocket/off", post_websocket_off},
        {"POST", "/_gateway/websocket/neon", post_websocket_neon},
        {"POST", "/_gateway/websocket/plain", post_websocket_plain},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(method, routes[i].method) == 0 && strcmp(path, routes[i].path) == 0)
            return routes[i].handler(out);
    if (strcmp(method, "POST") == 0 && strcmp(path, "/_gateway/fault") == 0)
        return arm_fault(body, n, out);
    buf_puts(out, "{\"msg\":\"the control API has GET stats, GET log, POST reset, POST fault, "
                  "POST close_idle, POST close_websockets and POST websocket/MODE (neon, plain, "
                  "off) under /_gateway/\"}");
    return 404;
}
