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
    X(COUNT_BYTES_OUT, "bytes_out")             /* body bytes of their answers */                  \
    X(COUNT_WS_UPGRADES, "ws_upgrades")         /* upgrades to a WebSocket accepted */             \
    X(COUNT_WS_SESSIONS, "ws_sessions")         /* of them: sessions that reached PostgreSQL */    \
    X(COUNT_WS_CANCELS, "ws_cancels")           /* cancel requests received over a WebSocket */    \
    X(COUNT_WS_FRAMES_IN, "ws_frames_in")       /* data frames from clients */                     \
    X(COUNT_WS_FRAMES_OUT, "ws_frames_out")     /* data frames to clients */                       \
    X(COUNT_WS_MESSAGES_IN, "ws_messages_in")   /* Postgres messages from clients */               \
    X(COUNT_WS_MESSAGES_OUT, "ws_messages_out") /* Postgres messages to clients */                 \
    X(COUNT_WS_BYTES_IN, "ws_bytes_in")         /* their bytes, without frames' headers */         \
    X(COUNT_WS_BYTES_OUT, "ws_bytes_out")

enum control_counter {
#define X(id, key) id,
    CONTROL_COUNTERS(X)
#undef X
        COUNT_MAX
};

void control_count(enum control_counter counter);
void control_add(enum control_counter counter, uint64_t n);

/* A POST /sql has come, and has come to its end, whatever became of it: everything that it does to
 * counters, the log and the pool has happened. */
void control_sql_began(void);
void control_sql_ended(void);

/* Kinds of fault: X(id, name). What each does stands in docs/gateway.md. Those named ws_... are for
 * WebSockets, the others for POST /sql. */
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
    X(FAULT_HALF_FIELDS, "half_fields")                                                            \
    X(FAULT_WS_LATENCY, "ws_latency")                                                              \
    X(FAULT_WS_FRAME_BYTES, "ws_frame_bytes")                                                      \
    X(FAULT_WS_REFUSE, "ws_refuse")                                                                \
    X(FAULT_WS_HANG, "ws_hang")                                                                    \
    X(FAULT_WS_CUT, "ws_cut")                                                                      \
    X(FAULT_WS_CLOSE, "ws_close")                                                                  \
    X(FAULT_WS_STALL, "ws_stall")                                                                  \
    X(FAULT_WS_INJECT, "ws_inject")                                                                \
    X(FAULT_WS_BACKEND_CUT, "ws_backend_cut")

enum fault_kind {
    FAULT_NONE,
#define X(id, name) id,
    CONTROL_FAULTS(X)
#undef X
        FAULT_MAX
};

/* The point of a WebSocket session at which a fault acts: in place of unit number after + 1. */
enum fault_unit { UNIT_BYTES, UNIT_FRAMES, UNIT_MESSAGES };
enum fault_since {
    SINCE_START, /* counted from the session's start */
    SINCE_READY, /* from its first ReadyForQuery */
    SINCE_NOW    /* taken by a session that is running already, counted from there */
};
struct fault_point {
    enum fault_unit unit;
    enum fault_since since;
    bool from_client; /* else to the client */
    uint64_t after;
};

/* The faults one request meets: at most one latency and one other; a WebSocket session also one
 * ws_frame_bytes. */
struct fault {
    enum fault_kind kind;
    int64_t latency_ms;
    int64_t ms;     /* slow_body: pause between pieces */
    int64_t bytes;  /* cut: after so many; slow_body: size of a piece */
    int status;     /* status */
    char *body;     /* status: owned, may be NULL */
    bool tcp_reset; /* cuts: RST instead of FIN */

    struct fault_point point; /* ws_cut, ws_close, ws_stall, ws_inject, ws_backend_cut */
    size_t frame_bytes;       /* ws_frame_bytes; 0 = not drawn */
    bool inside_frame;        /* ws_cut to the client: the last frame stays unfinished */
    unsigned code;            /* ws_close: 0 = none */
    char *data;               /* ws_inject: owned; n_data bytes of the stream */
    size_t n_data;
    char *raw; /* ws_inject: owned; n_raw bytes outside of any frame */
    size_t n_raw;
};

/* Draws the faults for the next POST /sql and counts them down. Release the result. */
struct fault control_draw_fault(void);
/* The same for a WebSocket: a new one, or one that is running (since: now). */
struct fault control_draw_ws_fault(bool running);
/* Whether a fault for running sessions is armed; cheap. */
bool control_running_fault_armed(void);
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

/* How WebSocket sessions are to be served now: enum ws_mode; set once at the start, and by tests.
 */
void control_set_ws_mode(int mode);
int control_ws_mode(void);

/* Turns the request log and the control API on. */
void control_enable(void);
bool control_enabled(void);

#endif
