/* POST /sql: from the request's headers and body to the answer's status and body (protocol 2-9). */
#ifndef GATEWAY_SQL_HTTP_H
#define GATEWAY_SQL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/auth.h"
#include "gateway/backend.h"
#include "gateway/buf.h"
#include "gateway/control.h"

struct sql_config {
    struct pg_target target;
    enum auth_mode auth_mode;
    bool jwt; /* apiauth rules: a token instead of a password */
    bool pool_opt_in_required;
    bool lenient;
    size_t max_request_bytes;
    size_t max_response_bytes;
    unsigned cancel_wait_ms; /* how long a cancelled statement may take to end */
};

/* The request as the HTTP layer hands it over; everything is borrowed. Absent headers are NULL. */
struct sql_exchange {
    const char *connection_string;
    const char *authorization;
    const char *raw_text_output;
    const char *array_mode;
    const char *pool_opt_in;
    const char *batch_isolation_level;
    const char *batch_read_only;
    const char *batch_deferrable;
    const char *body;
    size_t body_len;
    bool body_too_large;
    struct watch watch;
    const struct fault *fault;

    /* the answer */
    int status;
    struct buf answer;
    bool batch_succeeded; /* echo the neon-batch-* headers */
};

/* False: the client has gone (or a fault says so) and there is nothing to answer. */
bool sql_http_run(const struct sql_config *config, struct sql_exchange *x);

#endif
