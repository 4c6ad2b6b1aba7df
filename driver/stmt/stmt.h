/* Statement handles: from text to rows.
 *
 * A statement is prepared (script), executed (execute.c: plan, request, first result) and read
 * (fetch.c, getdata.c). The files of this folder share this struct; nobody above looks into it
 * except through the functions below. Functions that return SQLRETURN post their diagnostics on
 * stmt->handle; the caller (api/) holds the connection's lock. */
#ifndef NEON_STMT_STMT_H
#define NEON_STMT_STMT_H

#include "convert/convert.h"
#include "handle/attr.h"
#include "handle/dbc.h"
#include "handle/desc.h"
#include "sql/script.h"
#include "stmt/cursor.h"
#include "stmt/rows.h"
#include "stmt/scroll.h"

/* Where SQLGetData stands in the column it was last called for. */
struct getdata_state {
    bool started;        /* the rest says where */
    SQLUSMALLINT column; /* 0 = the bookmark column */
    SQLSMALLINT app_c_type;
    size_t progress, left_bytes; /* convert/ remembers here between pieces */
};

/* A parameter the application sends with SQLPutData. */
struct put_param {
    struct buf bytes; /* as given by the application, before conversion */
    bool is_null, started;
    SQLLEN fixed; /* bytes of a fixed-size value were given */
};

/* Data at execution: SQLExecute answered SQL_NEED_DATA. */
struct need_data {
    bool active, direct;      /* direct: of SQLExecDirect, which leaves nothing prepared */
    size_t current;           /* 0-based parameter asked for, row by row; SIZE_MAX before the first
                                 SQLParamData */
    struct put_param *params; /* owned; for each row of an array one per parameter of the script;
                                 NULL when not active */
    size_t n_params;
    size_t n_rows; /* as they were asked for: another statement that shares the APD may set its
                      array size meanwhile */
    bool in_array;
};

/* COPY ... FROM STDIN is under way: its exchange is the stream's. */
struct copy_in {
    bool active;
    bool began;             /* BEGIN stands before it */
    unsigned char carry[8]; /* the beginning of a character of wide text */
    size_t n_carry;         /* bytes */
};

/* The same for SQLSetPos and SQLBulkOperations. */
struct edit_put {
    size_t column, app_row; /* from 1; from 0 */
    struct put_param put;
};
struct edit_need {
    bool active;            /* values are awaited */
    bool filled;            /* they are there: the call goes on */
    struct edit_put *items; /* owned */
    size_t n, cap;
    size_t current; /* SIZE_MAX before the first SQLParamData */
    /* the call */
    bool bulk;
    SQLSETPOSIROW row;
    SQLUSMALLINT operation, lock;
    size_t n_rows; /* of the call; as in struct need_data */
};

/* One column's converter, chosen when the binding, or the C type that SQLGetData asked for, or the
 * result changed. */
struct bound_column {
    struct to_c conv;
    SQLSMALLINT app_c_type, app_precision, app_scale; /* what it was chosen for */
    bool chosen, allowed;
};

enum fetched_by { FETCHED_BY_NONE, FETCHED_BY_FETCH, FETCHED_BY_EXTENDED };

/* The rows that the last fetch handed out. */
struct rowset {
    struct cell *cells; /* n_rows * n_columns, in the window of rows or in `own` */
    size_t n_rows;
    size_t current;       /* 0-based: the row SQLGetData reads, SQLSetPos moves it */
    SQLUSMALLINT *status; /* owned: SQL_ROW_... of each row as the driver knows it */
    size_t cap_status;
    struct cell *own; /* owned: of a scrollable cursor */
    size_t cap_own;
    struct local_result changed; /* bytes of cells that the application has changed since */
    /* Of a cursor that goes forward only: what the rows were before changes that can be rolled
     * back. */
    struct local_result before; /* their cells, a row for each of: */
    struct rowset_undo {
        uint64_t change; /* its number in the transaction */
        size_t at;
        SQLUSMALLINT status;
    } * undo; /* owned; before.n_rows entries */
    size_t cap_undo;
    SQLUSMALLINT *app_status; /* where the fetch reported it; NULL */
    SQLULEN size;             /* entries of app_status, rows of the bound buffers */
    enum fetched_by fetched_by;
};

/* What the server's refusal of a parameter has taught (param_types.h). */
enum param_learned {
    LEARNED_NOTHING,
    LEARNED_TEXT,    /* it could choose no type: text */
    LEARNED_BOOLEAN, /* a boolean column: an integer is converted into it */
    LEARNED_NUMBER,  /* a number's column: a boolean is converted into it */
};

struct stmt {
    struct handle handle; /* first */
    struct dbc *dbc;
    struct stmt *next; /* of dbc->stmts */
    struct stmt_attrs attrs;
    struct desc auto_ard, auto_apd, ird, ipd;
    struct desc *ard, *apd;       /* an explicit descriptor or the automatic one */
    char *cursor_name;            /* owned; NULL until asked for */
    SQLULEN extended_rowset_size; /* SQL_ROWSET_SIZE */

    struct script script;
    bool prepared;               /* SQLPrepare succeeded: SQLExecute may come */
    enum param_learned *learned; /* owned; NULL, or what was found out of the script's parameters */
    bool described;              /* prepared, and the IRD says what executing will give */
    bool executed;               /* a result (rows or a count) is there */
    bool cursor_open;            /* columns, and not closed */
    size_t results_left;         /* results of the stream that SQLMoreResults has not come to yet */
    bool stores;                 /* what was sent has its effect by itself, whatever is answered */
    size_t results_behind;       /* results behind the application's own, to be read past */
    int64_t row_count;           /* SQLRowCount */
    bool edited; /* SQLSetPos or SQLBulkOperations has changed edit_count rows since */
    int64_t edit_count;

    struct stream stream;
    struct rows rows;
    struct local_result local;      /* SQLGetTypeInfo */
    struct wire_param *wire_params; /* owned scratch of the last execution */
    struct buf param_text;

    struct cursor cursor; /* open: the result can be scrolled */
    struct scroll_position position;
    struct rowset rowset;
    struct getdata_state getdata;
    struct bound_column *bound; /* owned; ird.count + 1 entries, [0] the bookmark column */
    size_t n_bound;

    struct need_data need_data;
    struct copy_in copy_in;
    struct edit_need edit_need;
    struct async_op *async;     /* of api/api_async.c: a call that is executing; NULL */
    bool by_session;            /* the last request went to the session */
    atomic_bool cancel_pending; /* SQLCancel came while a call was between two requests, or held
                                   the connection for another statement */
    struct exchange *running;   /* guarded by dbc->cancel_lock: the exchange SQLCancel may stop */
    /* A statement of the driver's own that works for this one of the application's: SQLCancel of
     * that one stops it. NULL for the application's. */
    struct stmt *works_for;
    struct exchange *stopped_before; /* what SQLCancel of that one stopped before, and will again */
};

/* --- stmt.c: life and state --- */
struct stmt *stmt_new(struct dbc *dbc) NEON_MUST_CHECK;
/* Takes it out of its connection; frees the automatic descriptors; detaches explicit ones. */
void stmt_free(struct stmt *s);
/* Ends the result, if any: SQLFreeStmt(SQL_CLOSE), and before each execution. */
void stmt_close(struct stmt *s);
/* What SQLCancel stops from now on; NULL: nothing. */
void stmt_set_running(struct stmt *s, struct exchange *x);
/* A statement of the driver's own, with default attributes and the query timeout of `s`. Freed with
 * stmt_helper_free before the call returns to the application. NULL: out of memory. */
struct stmt *stmt_helper_new(struct stmt *s) NEON_MUST_CHECK;
void stmt_helper_free(struct stmt *helper);
/* SQLCloseCursor: 24000 without an open cursor. */
SQLRETURN stmt_close_cursor(struct stmt *s);
SQLRETURN stmt_free_option(struct stmt *s, SQLUSMALLINT option);
/* SQLCancel: from any thread, without the connection's lock. */
SQLRETURN stmt_cancel(struct stmt *s);
SQLRETURN stmt_set_cursor_name(struct stmt *s, const char *name);
/* Makes SQL_CUR<n> when none was set. NULL: HY001. */
const char *stmt_cursor_name(struct stmt *s);
SQLRETURN stmt_set_attr(struct stmt *s, SQLINTEGER id, SQLPOINTER value);
SQLRETURN stmt_get_attr(struct stmt *s, SQLINTEGER id, struct attr_value *out);
/* An explicit descriptor is freed: statements that used it go back to their automatic one. */
void stmt_forget_desc(struct dbc *dbc, struct desc *d);
/* Before a call, with the connection's lock: ends a wait for data that SQLCancel was to end while a
 * call of another statement held the connection. */
void stmt_heed_cancel(struct stmt *s);
/* HY010 (with its text) while data at execution is awaited; SQL_SUCCESS otherwise. */
SQLRETURN stmt_check_idle(struct stmt *s);
/* The statement of the text whose result is there; before the execution the first, which is the one
 * that is described. NULL: none. */
const struct script_stmt *stmt_open_statement(const struct stmt *s);

/* --- prepare.c --- */
SQLRETURN stmt_prepare(struct stmt *s, struct strview text);
SQLRETURN stmt_num_params(struct stmt *s, SQLSMALLINT *out);
SQLRETURN stmt_num_result_cols(struct stmt *s, SQLSMALLINT *out);
/* The same, its diagnostics on another handle (of the IRD). HY010; what the server says of a
 * prepared statement, or HYC00 where it cannot be asked without executing. */
SQLRETURN stmt_count_columns(struct stmt *s, struct handle *post_on, SQLSMALLINT *out);
/* What SQLNativeSql shows. */
SQLRETURN stmt_native_sql(struct dbc *dbc, struct strview text, struct buf *out);

/* --- describe.c: what a prepared statement will give, asked without executing it --- */
/* Fills the IRD of a statement that is prepared and not executed; at most one request, none for a
 * text that this connection has described. Diagnostics on post_on. */
SQLRETURN stmt_describe_columns(struct stmt *s, struct handle *post_on);
/* The types of the first statement's parameters, when it has been described: n_params entries,
 * borrowed as above. NULL: not. */
const uint32_t *stmt_known_param_oids(struct stmt *s);
/* Asks, as describing does, what the server makes of the statement with those casts: the types of
 * its parameters, and which of those without a cast are to be text because it can choose none. *out
 * is borrowed until the next description; NULL when it cannot be told. Posts HY001, and what ended
 * the transaction: other errors come with the statement. */
SQLRETURN stmt_asked(struct stmt *s, const struct script_stmt *st, const char *const *casts,
                     const struct description **out);
struct param_description {
    SQLSMALLINT sql_type, decimal_digits, nullable;
    SQLULEN column_size;
};
/* SQLDescribeParam: 07009, HY010. */
SQLRETURN stmt_describe_param(struct stmt *s, SQLUSMALLINT number, struct param_description *out);

/* --- params.c --- */
struct bind_param {
    SQLUSMALLINT number;
    SQLSMALLINT io_type, c_type, sql_type;
    SQLULEN column_size;
    SQLSMALLINT decimal_digits;
    SQLPOINTER app_value;
    SQLLEN buffer_bytes;
    SQLLEN *app_len_or_ind;
};
SQLRETURN stmt_bind_param(struct stmt *s, const struct bind_param *b);
/* Reads the application's parameters into stmt->wire_params and casts (casts[i] static text or
 * NULL). SQL_NEED_DATA when some are to be sent at execution. */
SQLRETURN params_collect(struct stmt *s, const char **casts);
SQLRETURN stmt_param_data(struct stmt *s, SQLPOINTER *app_token);
SQLRETURN stmt_put_data(struct stmt *s, SQLPOINTER app_data, SQLLEN len_or_ind);
void need_data_release(struct need_data *n);
/* One piece of a value that is sent at execution; c_type is not SQL_C_DEFAULT. */
SQLRETURN put_param_add(struct stmt *s, struct put_param *put, SQLSMALLINT c_type,
                        const void *app_data, SQLLEN len_or_ind);

/* --- execute.c --- */
SQLRETURN stmt_execute(struct stmt *s);
SQLRETURN stmt_exec_direct(struct stmt *s, struct strview text);
/* The rest of SQLExecute once all data is there (SQLParamData). */
SQLRETURN stmt_execute_ready(struct stmt *s);
SQLRETURN stmt_more_results(struct stmt *s);
SQLRETURN stmt_row_count(struct stmt *s, SQLLEN *out);
/* Runs the driver's own query (catalog functions) with text parameters; its result becomes the
 * statement's. */
SQLRETURN stmt_run_internal(struct stmt *s, struct strview sql, const struct wire_param *params,
                            size_t n_params);
/* Sends the request and starts the stream of its answer, where SQLCancel can reach it; ends it
 * again. The deadline that SQL_ATTR_QUERY_TIMEOUT sets from now on. For describe.c, which asks on
 * the side. */
bool stmt_send(struct stmt *s, struct stream *st, const struct wire_request *r,
               struct err *e) NEON_MUST_CHECK;
/* Does its text create something, outside of a transaction? The server is asked where, before it.
 */
bool stmt_creates(const struct stmt *s);
void stmt_stop(struct stmt *s, struct stream *st);
int64_t stmt_deadline(const struct stmt *s);
/* Makes stmt->local the open result; nothing stays prepared. stmt_show_local: what is does. */
SQLRETURN stmt_open_local(struct stmt *s);
SQLRETURN stmt_show_local(struct stmt *s);

/* --- mapped.c: the driver's own queries whose rows are rewritten before the application sees them
 * --- */
/* Makes one row of the result from one row of the query's: writes n_columns cells into `out` (texts
 * may lie in `scratch`, which is emptied before each row). False: out of memory. */
typedef bool row_map_fn(const struct stmt *s, const struct cell *in, struct cell *out,
                        struct buf *scratch);
struct mapped_query {
    struct strview sql;
    const struct wire_param *params;
    size_t n_params;
    size_t n_in;                        /* columns of the query */
    const struct local_column *columns; /* of the result; static */
    size_t n_columns;
    row_map_fn *map;
    size_t carry; /* so many first columns of the query are NULL where they are those of the row
                     before: an answer has a limit, and names are most of it */
};
/* Takes a row of the result, valid for the call. False ends the reading: HY001. */
typedef bool row_sink_fn(void *ctx, const struct cell *cells);
/* One request; hands the rows of the result to the sink and leaves the statement closed. With map
 * NULL they are the query's, which then has n_in = n_columns; the columns themselves do not count.
 */
SQLRETURN stmt_run_rows(struct stmt *s, const struct mapped_query *q, row_sink_fn *sink, void *ctx);
/* One request; the result is local and open afterwards. */
SQLRETURN stmt_run_mapped(struct stmt *s, const struct mapped_query *q);
/* The same for a query whose rows are the result's as they are (n_in and map do not count): nothing
 * is held, rows come as they are fetched. */
SQLRETURN stmt_run_named(struct stmt *s, const struct mapped_query *q);

/* --- colmeta.c --- */
/* Fills the IRD from the server's columns. */
bool colmeta_fill(struct stmt *s, const struct column *cols, size_t n,
                  struct err *e) NEON_MUST_CHECK;
bool colmeta_fill_local(struct stmt *s, const struct local_result *l,
                        struct err *e) NEON_MUST_CHECK;
/* The IRD record of a result column: 07009 out of range, 07005 no result; NULL after posting. */
const struct desc_rec *colmeta_column(struct stmt *s, SQLUSMALLINT number);

/* Before a field of an IRD record is read: asks for what executing does not tell (typenames.c,
 * origins.c). */
SQLRETURN colmeta_complete(struct stmt *s, struct handle *post_on, size_t column,
                           SQLSMALLINT field);

/* --- typenames.c --- */
/* When the field depends on the name of a type that is not built
 * in (SQL_DESC_TYPE_NAME, _LOCAL_TYPE_NAME, _CASE_SENSITIVE), asks for the names of all such types
 * of the result; at most one request, none for types that the connection has met. Diagnostics on
 * post_on. */
SQLRETURN stmt_name_types(struct stmt *s, struct handle *post_on, size_t column, SQLSMALLINT field);

/* --- origins.c --- */
/* When the field tells of the table behind a column (names of column, table, schema and catalog,
 * SQL_DESC_NULLABLE, _AUTO_UNIQUE_VALUE, _UPDATABLE), asks about all tables of the result; one
 * request, none for tables that the connection has met. Diagnostics on post_on. */
SQLRETURN stmt_name_origins(struct stmt *s, struct handle *post_on, size_t column,
                            SQLSMALLINT field);

/* --- rowset.c: which rows a fetch hands out --- */
/* A result begins, or ends. */
void rowset_begin(struct stmt *s);
void rowset_release(struct stmt *s);
/* 01S02: SQL_CONCUR_ROWVER without row versions in the result becomes SQL_CONCUR_VALUES. */
SQLRETURN rowset_settle_concurrency(struct stmt *s);
SQLRETURN stmt_fetch(struct stmt *s);
SQLRETURN stmt_fetch_scroll(struct stmt *s, SQLSMALLINT direction, SQLLEN offset);
SQLRETURN stmt_extended_fetch(struct stmt *s, SQLUSMALLINT direction, SQLLEN offset,
                              SQLULEN *app_fetched, SQLUSMALLINT *app_status);
/* The number of a row of the rowset in the result, from 1. */
uint64_t rowset_row_number(const struct stmt *s, size_t index);
/* A row of the result, by its number, is something else now (cells are copied), or gone: in what
 * can be scrolled to, and in the rowset when it stands there. False: out of memory or the spool's
 * file failed. */
bool rowset_change_row(struct stmt *s, uint64_t number, const struct cell *cells,
                       struct err *e) NEON_MUST_CHECK;
bool rowset_delete_row(struct stmt *s, uint64_t number, struct err *e) NEON_MUST_CHECK;
/* The number of the change that is to be made through a cursor, in the transaction that is open; 0:
 * there is none, the change stays. */
uint64_t rowset_next_change(const struct stmt *s);
/* The transaction was committed: what was changed in it through the cursor stays. */
void rowset_keep(struct stmt *s);
/* The changes behind number `since` of the transaction are rolled back (0: all). */
void rowset_undo(struct stmt *s, uint64_t since);
/* The rowset's cells again, after rows were changed or read on the side. */
bool rowset_reload(struct stmt *s, struct err *e) NEON_MUST_CHECK;
/* Where the status of the rowset's rows is told to the application; NULL: nowhere. */
SQLUSMALLINT *rowset_app_status(const struct stmt *s);

/* --- setpos.c --- */
SQLRETURN stmt_set_pos(struct stmt *s, SQLSETPOSIROW row, SQLUSMALLINT operation,
                       SQLUSMALLINT lock);

/* --- bulk.c --- */
SQLRETURN stmt_bulk_operations(struct stmt *s, SQLUSMALLINT operation);

/* --- positioned.c --- */
/* The statement to be executed is UPDATE or DELETE ... WHERE CURRENT OF a cursor of this
 * connection: that statement handle; else NULL. */
struct stmt *positioned_cursor(const struct stmt *s);
/* Executes it; parameters are collected. */
SQLRETURN positioned_execute(struct stmt *s, struct stmt *cursor, const char *const *casts);

/* --- edit_need.c: SQLParamData and SQLPutData while SQLSetPos or SQLBulkOperations waits --- */
SQLRETURN edit_param_data(struct stmt *s, SQLPOINTER *app_token);
SQLRETURN edit_put_data(struct stmt *s, SQLPOINTER app_data, SQLLEN len_or_ind);
void edit_need_release(struct stmt *s);

/* --- bookmark.c --- */
/* The text of a row's bookmark as a cell of the bookmark column. */
#define BOOKMARK_TEXT_BYTES 32
#define BOOKMARK_VARIABLE_BYTES 12 /* the row number (8), the result's tag (4) */
struct cell bookmark_cell(const struct stmt *s, uint64_t row, char text[BOOKMARK_TEXT_BYTES]);
/* Reads a bookmark that the application gives (of the C type it was bound with; SQL_C_DEFAULT: as
 * SQL_ATTR_FETCH_BOOKMARK_PTR has it). False: it is none of this result (HY111). */
bool bookmark_read(const struct stmt *s, const void *app, SQLSMALLINT c_type, uint64_t *row);
/* The IRD's record 0. */
void bookmark_describe(struct stmt *s);
/* SQL_GET_BOOKMARK */
SQLRETURN bookmark_get(struct stmt *s, struct attr_value *out);

/* --- fetch.c, getdata.c --- */
/* Rows on their way into the bound buffers. */
struct block {
    const struct cell *cells; /* n_rows * ird.count */
    size_t n_rows;
    SQLUSMALLINT *status;  /* one per row: those with SQL_ROW_SUCCESS are converted, and may become
                              SQL_ROW_SUCCESS_WITH_INFO or SQL_ROW_ERROR */
    uint64_t first_number; /* of row 0 in the result, for its bookmark */
    const uint64_t *numbers; /* or of each row; NULL */
    bool any_info;
    bool bookmarks_alone; /* SQL_ATTR_RETRIEVE_DATA is off */
};
/* Every bound column of the rows. False: HY001 or 07006 was posted for the whole. */
bool block_convert(struct stmt *s, struct block *b) NEON_MUST_CHECK;
/* SQLFetch's return code for a block that was converted; posts 01S01. */
SQLRETURN block_code(struct stmt *s, const struct block *b);
/* Where the values of one bound column go. */
struct column_place {
    char *data;               /* NULL: the length only */
    char *indicator, *length; /* may be NULL or equal */
    size_t data_step, len_step;
    SQLLEN cap_bytes;
};
/* element_bytes: of one value in a column-wise array; 0 = the buffer's length. */
struct column_place column_place(const struct stmt *s, const struct desc_rec *r,
                                 size_t element_bytes);
SQLRETURN stmt_bind_col(struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type, SQLPOINTER app_buf,
                        SQLLEN cap_bytes, SQLLEN *app_len_or_ind);
SQLRETURN stmt_get_data(struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type, SQLPOINTER app_buf,
                        SQLLEN cap_bytes, SQLLEN *app_len_or_ind);
void bound_columns_forget(struct stmt *s);
/* The converter of a column of the result (0: the bookmark column) for a C type, with the precision
 * and scale of its ARD record: as it was last chosen, when it was for the same. What it points to
 * stays until the column is asked for as something else. NULL: out of memory, nothing is posted. */
const struct bound_column *bound_column(struct stmt *s, size_t number, SQLSMALLINT c_type,
                                        SQLSMALLINT precision, SQLSMALLINT scale);
/* What SQL_ATTR_MAX_LENGTH leaves of a character or binary value; other values are as they were. */
struct cell stmt_limited_cell(const struct stmt *s, const struct to_c *conv, struct cell c);
/* Posts the record for a conversion's outcome; SQL_SUCCESS for CONV_OK. */
SQLRETURN stmt_post_conv(struct stmt *s, enum conv c, SQLLEN row, SQLINTEGER column);
/* What is wrong with a parameter, whose row is SQL_NO_ROW_NUMBER outside of arrays. */
SQLRETURN stmt_post_param(struct stmt *s, enum sqlstate state, SQLLEN row, SQLINTEGER number,
                          const char *problem);
/* The same for a conversion's outcome; SQL_SUCCESS for CONV_OK. */
SQLRETURN stmt_post_param_conv(struct stmt *s, enum conv c, SQLLEN row, SQLINTEGER number);
const char *stmt_c_type_name(SQLSMALLINT c_type);

#endif
