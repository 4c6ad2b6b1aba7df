/* Private to this folder: the decoder's state. Columns, cells, command and chunks serve both
 * languages (row_decoder.c); the rest is JSON's (json_decoder.c) or the session protocol's
 * (pgwire_decoder.c). */
#ifndef NEON_RESULT_ROW_DECODER_INT_H
#define NEON_RESULT_ROW_DECODER_INT_H

#include "result/chunks.h"
#include "result/json_pull.h"
#include "result/row_decoder.h"

#define COMMAND_MAX_BYTES 64

enum state {
    S_DOCUMENT, /* { */
    S_KEY,      /* a key of the current object, or } */
    S_COLON,
    S_AFTER_VALUE,  /* , or } of the current object */
    S_RESULTS_OPEN, /* [ of "results" */
    S_RESULT,       /* { of a result, or ] */
    S_AFTER_RESULT, /* , or ] */
    S_FIELDS_OPEN,  /* [ of "fields" */
    S_FIELD,        /* { of a field, or ] */
    S_AFTER_FIELD,  /* , or ] */
    S_ROWS_OPEN,    /* [ of "rows" */
    S_ROW,          /* [ of a row, or ] */
    S_AFTER_ROW,    /* , or ] */
    S_CELL,         /* a cell, or ] of an empty row */
    S_AFTER_CELL,   /* , or ] */
    S_COMMAND,
    S_ROW_COUNT,
    S_FIELD_NAME,
    S_FIELD_NUMBER,
    S_SKIP,    /* values */
    S_TRAILER, /* white space to the end */
};

enum level { L_WRAPPER, L_RESULT, L_FIELD }; /* which object S_KEY is in */

enum field_number { FN_TYPE_OID, FN_TABLE_OID, FN_ATTNUM, FN_TYPE_SIZE, FN_TYPE_MODIFIER };

/* The keys of a result: each must be there once, or it is not known whether the statement did what
 * it says. */
enum seen { SEEN_FIELDS = 1, SEEN_ROWS = 2, SEEN_COMMAND = 4, SEEN_ROW_COUNT = 8, SEEN_ALL = 15 };

#define MAX_ESCAPED 64 /* cells with escapes in a row of the short way */
struct escaped {
    size_t column;
    char *start, *first; /* of the cell, and its first backslash */
};

enum failure {
    FAILED_NOT,
    FAILED_NOT_THE_PROTOCOL,
    FAILED_SHORT,     /* the body ends before the document */
    FAILED_CELL_SIZE, /* DECODER_MAX_CELL_BYTES */
    FAILED_MEMORY,
};

struct column_list {
    struct column *at; /* each owns its name */
    size_t n, cap;
};

struct row_decoder {
    enum decode_event (*next)(struct row_decoder *d, struct err *e);
    struct chunks in; /* the body, as far as it is here */
    bool open;        /* pgwire: a result's columns are known and its end has not come */
    int64_t n_rows;   /* pgwire: of the current result, so far */
    struct json_scan scan;
    enum state state;
    enum level level;
    enum field_number field_number;
    enum state value_state; /* what follows the colon */
    unsigned seen;          /* enum seen: keys of the current result */
    bool batch, finished, may_close;
    struct column_list columns;      /* of the last DECODE_FIELDS */
    struct column_list next_columns; /* being read */
    struct cell *cells;              /* as many as columns, at least one */
    size_t n_cells;
    struct escaped escaped[MAX_ESCAPED];
    size_t n_escaped;
    char command[COMMAND_MAX_BYTES];
    size_t command_len;
    int64_t row_count;
    enum failure failed; /* sticky */
    const char *why;     /* of FAILED_NOT_THE_PROTOCOL: static text */
    uint64_t failed_at;  /* byte of the body */
};

/* The bytes at in.pos are not the protocol: keeps where, and why (static text). */
void row_decoder_fail(struct row_decoder *d, const char *why);
/* The failure as an error; DECODE_ERROR. */
enum decode_event row_decoder_report(const struct row_decoder *d, struct err *e);
void row_decoder_forget_columns(struct column_list *l);
/* A new column at the end of next_columns; NULL after setting `failed` (too many, out of memory).
 */
struct column *row_decoder_new_column(struct row_decoder *d);
/* next_columns become the result's columns. False: out of memory. */
bool row_decoder_adopt_columns(struct row_decoder *d);

#endif
