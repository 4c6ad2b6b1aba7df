/* Text arguments of ODBC functions: A (UTF-8) and W (SQLWCHAR, UTF-16 under unixODBC, UTF-32 under
 * iODBC) in, UTF-8 inside, and back. The trap is the unit of lengths: it is said once per entry
 * point, here. */
#ifndef NEON_API_TEXT_ARG_H
#define NEON_API_TEXT_ARG_H

#include "handle/handle.h"

_Static_assert(sizeof(SQLWCHAR) == 2 || sizeof(SQLWCHAR) == 4, "SQLWCHAR is UTF-16 or UTF-32");

/* A text argument as the application gave it. */
struct text_in {
    const void *app;
    SQLLEN len;          /* characters (A: bytes; W: SQLWCHARs), or SQL_NTS */
    bool wide, in_bytes; /* in_bytes: len counts bytes of SQLWCHARs */
};

#define IN_A(p, n) ((struct text_in){(p), (n), false, false})
#define IN_W(p, n) ((struct text_in){(p), (n), true, false})
/* W functions whose length argument counts bytes (Set*Attr, SetDescField). */
#define IN_W_BYTES(p, n) ((struct text_in){(p), (n), true, true})

/* The argument as UTF-8: ptr NULL when the application passed a null pointer. Owned. */
struct text {
    struct buf utf8;
    bool is_null;
};
#define TEXT_INIT ((struct text){.utf8 = {NULL, 0, 0, 0, BUF_OK}, .is_null = true})

/* SQL_SUCCESS, or SQL_ERROR after posting HY090 (negative length, or no whole number of
 * characters), 22021 (lone surrogate), HY001. */
SQLRETURN text_in_read(struct handle *post_on, struct text_in in, struct text *out);
void text_release(struct text *t);
/* ptr NULL when the argument was null. */
struct strview text_sv(const struct text *t);

enum text_unit {
    UNIT_A,       /* narrow: bytes */
    UNIT_W_CHARS, /* DescribeColW, GetCursorNameW, DriverConnectW, GetDiagRecW, GetDescRecW,
                     NativeSqlW */
    UNIT_W_BYTES, /* GetInfoW, ColAttributeW, Get*AttrW, GetDescFieldW, GetDiagFieldW */
};

/* Where text goes. `app_len` points to an SQLSMALLINT or SQLINTEGER; may be NULL. */
struct text_out {
    void *app_buf; /* may be NULL: only the length is wanted */
    SQLLEN cap;    /* in the unit */
    void *app_len;
    bool len_is_integer;
    enum text_unit unit;
};
#define OUT_SMALL(buf, cap, len, unit) ((struct text_out){(buf), (cap), (len), false, (unit)})
#define OUT_INT(buf, cap, len, unit) ((struct text_out){(buf), (cap), (len), true, (unit)})

/* Writes and terminates, cutting at a character's border; SQL_SUCCESS_WITH_INFO and 01004 when cut
 * (unless post_on is NULL); HY090 for a negative or (UNIT_W_BYTES) odd length. The length written
 * is that of the whole text. */
SQLRETURN text_out_put(struct handle *post_on, const struct text_out *o, struct strview utf8);

#endif
