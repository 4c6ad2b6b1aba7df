/* The messages of PostgreSQL's protocol 3.0: written whole, read from any pieces. Every length is
 * checked. Pure. */
#ifndef NEON_TRANSPORT_PGWIRE_MSG_H
#define NEON_TRANSPORT_PGWIRE_MSG_H

#include "transport/transport.h"

/* ---- to the server: appended to `out`; a failure stays in out->failed ---- */

struct pgwire_setting {
    const char *name, *value; /* value NULL: left out */
};
void pgwire_startup(struct buf *out, const struct pgwire_setting *settings, size_t n);
void pgwire_cancel(struct buf *out, uint32_t pid, uint32_t key);
/* 'p' with a terminator: SECRET. */
void pgwire_password(struct buf *out, const char *password);
void pgwire_sasl_initial(struct buf *out, const char *mechanism, struct strview response);
void pgwire_sasl_response(struct buf *out, struct strview response);
void pgwire_query(struct buf *out, struct strview sql);
/* "" is the unnamed one. No parameter types: the server infers them. */
void pgwire_parse(struct buf *out, const char *name, struct strview sql);
/* Text format both ways. n_params at most 32767. */
void pgwire_bind(struct buf *out, const char *portal, const char *name,
                 const struct wire_param *params, size_t n_params);
/* kind: 'S' statement, 'P' portal. */
void pgwire_describe(struct buf *out, char kind, const char *name);
void pgwire_close(struct buf *out, char kind, const char *name);
void pgwire_execute(struct buf *out, const char *portal, uint32_t max_rows);
/* 'S' Sync, 'H' Flush, 'X' Terminate, 'c' CopyDone. */
void pgwire_plain(struct buf *out, char type);
void pgwire_copy_data(struct buf *out, struct strview data);
void pgwire_copy_fail(struct buf *out, const char *why);

/* ---- from the server ---- */

/* Of a message with text that nobody bounds (errors, notices) so much is kept. */
#define PGWIRE_KEEP_BYTES ((size_t)256 << 10)
/* The longest there can be: a DataRow of PostgreSQL's largest tuple. */
#define PGWIRE_MAX_BYTES ((size_t)1 << 30)

struct pgwire_message {
    char type;
    struct strview body; /* valid until the next call; empty for 'D', 'd', 'T' and 't' unless
                            keep_all */
    uint32_t body_bytes; /* as the message says */
};

/* Finds the messages in a stream that others read too. */
struct pgwire_scan {
    unsigned char header[5];
    unsigned n_header;
    uint32_t left;   /* of the body */
    bool keep;       /* the body is kept */
    bool keep_all;   /* set by the caller: also rows and descriptions */
    struct buf body; /* owned */
    uint32_t body_bytes;
    uint64_t n_rows; /* DataRows and CopyData so far; the caller may reset it */
};

void pgwire_scan_init(struct pgwire_scan *s);
void pgwire_scan_release(struct pgwire_scan *s);

enum pgwire_found { PGWIRE_MESSAGE, PGWIRE_MORE, PGWIRE_BAD };
/* Takes bytes (*in moves on) up to the end of the next message that is of interest: not rows, copy
 * data, or what only says that a step was done, unless keep_all. PGWIRE_BAD: 08S01, no such message
 * can be; HY001. */
enum pgwire_found pgwire_scan_next(struct pgwire_scan *s, struct strview *in,
                                   struct pgwire_message *m, struct err *e);

/* A body being read; past its end zeros come and `bad` is set. */
struct pgwire_reader {
    const char *at, *end;
    bool bad;
};
struct pgwire_reader pgwire_reader(struct strview body);
uint32_t pgwire_u32(struct pgwire_reader *r);
uint16_t pgwire_u16(struct pgwire_reader *r);
char pgwire_byte(struct pgwire_reader *r);
struct strview pgwire_text(struct pgwire_reader *r);
struct strview pgwire_rest(struct pgwire_reader *r);

/* The fields of an ErrorResponse or NoticeResponse; what is cut off stays out. NULL: out of memory.
 */
struct pg_fields *pgwire_fields(struct strview body) NEON_MUST_CHECK;

#endif
