/* Runs one client statement on a backend and writes its result object (protocol 3.2, 4). */
#ifndef GATEWAY_RENDER_H
#define GATEWAY_RENDER_H

#include "gateway/backend.h"
#include "gateway/buf.h"
#include "gateway/request.h"

struct render_options {
    bool raw;     /* every value as a JSON string */
    bool lenient; /* typed mode without the endpoint's bugs (13.1 #19) */
    size_t max_response_bytes;
};

/* What became of the connection, beside the result. */
struct render_state {
    bool rows_pending; /* rows are still in the pipe: cancel and drain before reuse */
    bool unusable;     /* COPY or a lost connection: close it */
};

/* Executes st with the extended protocol (unnamed statement, no types) and appends the result
 * object to out. RUN_FAILED: f is set. RUN_GONE: the client left, the statement may still be
 * running. */
enum run_result render_statement(struct backend *b, const struct statement *st,
                                 const struct render_options *opt, struct buf *out,
                                 const struct watch *w, struct render_state *state,
                                 struct failure *f);

#endif
