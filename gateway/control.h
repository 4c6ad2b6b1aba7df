/* What tests see and steer: counters, the request log, injected faults; --control.
 *
 * All functions may be called from any thread.
 */
#ifndef GATEWAY_CONTROL_H
#define GATEWAY_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/buf.h"

/* Counters: X(id, JSON key) */
#define CONTROL_COUNTERS(X)                                                                        \
    X(COUNT_REQUESTS, "requests")               /* POST /sql received */                           \
    X(COUNT_STATEMENTS, "statements")           /* client statements sent to PostgreSQL */         \
    X(COUNT_CONNECTS, "connects")               /* connections opened to PostgreSQL */             \
    X(COUNT_TCP_CONNECTIONS, "tcp_connections") /* client connections that posted to /sql */       \
    X(COUNT_POOL_HITS, "pool_hits")             /* requests served by a pooled backend */          \
    X(COUNT_CANCELS, "cancels")                 /* cancel requests sent to PostgreSQL */           \
    X(COUNT_FAULTS, "faults")                   /* faults that took effect */                      \
    X(COUNT_BYTES_IN, "bytes_in")               /* body bytes of POST /sql */                      \
    X(COUNT_BYTES_OUT, "bytes_out")             /* body bytes of their answers */

enum control_counter {
#define X(id, key) id,
    CONTROL_COUNTERS(X)
#undef X
        COUNT_MAX
};

void control_count(enum control_counter counter);
void control_add(enum control_counter counter, uint64_t n);

/* Kinds of fault: X(id, name). What each does stands in docs/gateway.md. */
#define CONTROL_FAULTS(X)                                                                          \
    X(FAULT_LATENCY, "latency")                                                                    \
    X(FAULT_COLD_START, "cold_start")                                                              \
    X(FAULT_COLD_START_FAIL, "cold_start_fail")                                                    \
    X(FAULT_CUT, "cut")                                                                            \
    X(FAULT_CUT_HEADERS, "cut_headers")                                                            \
    X(FAULT_SLOW_BODY, "slow_body")                                                                \
    X(FAULT_GARBAGE_BODY, "garbage_body")                                                          \
    X(FAULT_TRUNCATED_JSON, "truncated_json")                                                      \
    X(FAULT_HTML_502, "html_502")                                                                  \
    X(FAULT_EMPTY_BODY, "empty_body")                                                              \
    X(FAULT_STATUS, "status")                                                                      \
    X(FAULT_LOST_AFTER_COMMIT, "lost_after_commit")                                                \
    X(FAULT_LOST_BEFORE_EXECUTE, "lost_before_execute")                                            \
    X(FAULT_DEAD_POOLED, "dead_pooled")                                                            \
    X(FAULT_HANG, "hang")                                                                          \
    X(FAULT_HALF_FIELDS, "half_fields")

enum fault_kind {
    FAULT_NONE,
#define X(id, name) id,
    CONTROL_FAULTS(X)
#undef X
        FAULT_MAX
};

/* The faults one request meets: at most one latency and one other. */
struct fault {
    enum fault_kind kind;
    int64_t latency_ms;
    int64_t ms;     /* slow_body: pause between pieces */
    int64_t bytes;  /* cut: after so many; slow_body: size of a piece */
    int status;     /* status */
    char *body;     /* status: owned, may be NULL */
    bool tcp_reset; /* cuts: RST instead of FIN */
};

/* Draws the faults for the next POST /sql and counts them down. Release the result. */
struct fault control_draw_fault(void);
void fault_release(struct fault *fault);

/* One request, for the log; texts are borrowed. `headers` is a JSON object, secrets already gone.
 */
struct control_entry {
    const char *id;
    const char *method;
    const char *path;
    const char *headers;
    const char *body;
    size_t body_len;
    int status; /* 0: no answer was sent */
    int64_t millis;
};
void control_log_request(const struct control_entry *entry);

/* Handles a request to /_gateway/...; writes the JSON answer and returns the HTTP status. */
int control_handle(const char *method, const char *path, const char *body, size_t n,
                   struct buf *out);

/* Turns the request log and the control API on. */
void control_enable(void);
bool control_enabled(void);

#endif
