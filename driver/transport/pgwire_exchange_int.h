/* An exchange of a session, as pgwire_exchange.c (its contract), pgwire_answer.c (what the messages
 * of its answer mean) and pgwire_copy.c (data for the server) share it. Private to them. */
#ifndef NEON_TRANSPORT_PGWIRE_EXCHANGE_INT_H
#define NEON_TRANSPORT_PGWIRE_EXCHANGE_INT_H

#include "transport/pgwire_session_int.h"
#include "transport/portion.h"

/* A statement that the server keeps prepared under a name. */
struct kept {
    char name[PREPARED_NAME_BYTES];
    size_t parse; /* number of its Parse in this request; 0: ready, from here or from before */
    bool reused;
};

struct session_exchange {
    struct exchange base; /* first */
    struct session *s;
    uint64_t serial; /* of the connection it runs on */
    struct exchange_info info;
    struct wire_request r; /* without its statements */
    struct session_wait wait;
    atomic_bool cancelled;
    size_t n_results, n_ended; /* of the statements; CommandCompletes that have come */
    bool running;              /* its answer is on its way */
    bool suspended;            /* a portion was read, and there may be more */
    bool copying;              /* the server waits for copied data */
    bool synced;               /* of copy_in: Sync is sent */
    bool refused_copy;         /* the server wanted data that nobody has */
    bool holding;              /* the last result's end has begun */
    bool done;                 /* nothing more will come from the server */
    bool failed;               /* what comes is read past: the reader gets `failure` */
    bool refused;              /* by the server: until ReadyForQuery nothing more is done */
    struct err failure;
    struct buf held; /* the end of the last result, from held_pos on not yet given */
    size_t held_pos;
    struct parked parked;
    char portal[24];     /* "": none of its own */
    struct kept kept[2]; /* BEGIN, and the last statement */
    size_t n_kept;
    size_t n_parses, n_parsed; /* asked for; ParseCompletes that have come */
    uint32_t portion;          /* rows; 0: not in portions */
    uint64_t portion_bytes, read_bytes;
    /* for its line in the log */
    int64_t started_ms;
    uint64_t sent_bytes;
    bool logged;
};

/* --- pgwire_answer.c --- */

/* From now on the answer is this error, which is taken over. */
void session_answer_fail(struct session_exchange *x, struct err *e);
/* The answer's connection is gone, or was replaced by another. */
bool session_answer_is_stranded(const struct session_exchange *x);
/* 08S01: the server answered what was not asked. False. */
bool session_answer_unasked(struct err *e);
/* Looks at the messages among n bytes; *keep: how many of them are for the reader now. False:
 * 08S01, HY001; the session is to be given up, if it is not lost already. */
bool session_answer_scan(struct session_exchange *x, const char *bytes, size_t n, size_t *keep,
                         struct err *e) NEON_MUST_CHECK;
/* One read; *got bytes of it are for the reader. False: the session is lost. */
bool session_answer_step(struct session_exchange *x, struct session_wait *w, char *dst, size_t cap,
                         size_t *got, struct err *e) NEON_MUST_CHECK;
/* Reads what is on its way and keeps it for the reader, who is told of errors; with the patience of
 * another's wait that one is told of a lost session too: false. */
bool session_answer_put_aside(struct session_exchange *x, struct session_wait *w,
                              struct err *e) NEON_MUST_CHECK;
/* The portal of an answer in portions is closed with the next message that is sent. */
void session_answer_close_portal(struct session_exchange *x);

/* --- pgwire_copy.c --- */

/* The end of a request that copies, at the end of the data or when there will be none; nothing for
 * others. False: the session is lost. */
bool session_copy_sync(struct session_exchange *x, struct err *e) NEON_MUST_CHECK;
/* The server asks for data: it waits for them, or is told that there are none. False as above. */
bool session_copy_asked(struct session_exchange *x, struct err *e) NEON_MUST_CHECK;
/* Reads until the server wants data, or has said why it does not: false. */
bool session_copy_await(struct session_exchange *x, struct err *e) NEON_MUST_CHECK;
/* The application has no more data, and wants none of it. False: the session is lost. */
bool session_copy_give_up(struct session_exchange *x, struct err *e) NEON_MUST_CHECK;

#endif
