/* The answer of one request as a stream of results and rows: an exchange's bytes led through the
 * decoder. Pulls from the network only when the decoder has nothing more to say. */
#ifndef NEON_STMT_STREAM_H
#define NEON_STMT_STREAM_H

#include "result/row_decoder.h"
#include "transport/transport.h"

struct stream {
    struct exchange *exchange;   /* owned; NULL when no request is under way */
    struct row_decoder *decoder; /* owned; kept for the next request */
    size_t skip;                 /* results of the driver's own settings, still to be read past */
    bool body_ended;
    uint64_t n_rows; /* decoded so far, of all results of the answer */
};

/* Takes over an exchange whose headers have arrived; the first `skip` results are nobody's. False:
 * HY001, and it stays the caller's. */
bool stream_start(struct stream *s, struct exchange *x, size_t skip, struct err *e) NEON_MUST_CHECK;
/* The next event; never DECODE_MORE unless `no_wait`, which then means "would have to wait for the
 * network". */
enum decode_event stream_next(struct stream *s, bool no_wait, struct err *e) NEON_MUST_CHECK;
/* Drops what is left of the answer; the statement is cancelled on the server when it was not read
 * to its end. */
void stream_stop(struct stream *s);
void stream_release(struct stream *s);

#endif
