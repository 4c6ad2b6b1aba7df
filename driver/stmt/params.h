/* Parameters between the files of this folder: where the application's values lie, and rows of them
 * as text. */
#ifndef NEON_STMT_PARAMS_H
#define NEON_STMT_PARAMS_H

#include "stmt/stmt.h"

/* What one parameter of one row says about itself, bind offset and array step applied. */
struct param_source {
    struct from_c type;
    char *app_value, *app_indicator, *app_octet_length; /* may be NULL */
    SQLLEN len; /* bytes, SQL_NTS, SQL_NULL_DATA or a data-at-execution code; of an output: NULL */
    SQLLEN buffer_bytes; /* negative: not told */
    SQLSMALLINT io_type;
    bool unfound; /* an array's element behind the first, whose buffer's length is not told */
};
bool params_is_at_exec(SQLLEN len_or_ind);
/* index and row from 0. 07002. */
SQLRETURN params_source(struct stmt *s, size_t row, size_t index, struct param_source *out);
/* The C type, that of SQL_C_DEFAULT resolved. */
SQLSMALLINT params_c_type(const struct from_c *t);
/* Length in bytes of a terminated text, SQL_C_WCHAR or SQL_C_CHAR. */
SQLLEN params_nts_bytes(SQLSMALLINT c_type, const void *p);

/* Where the values of one row go: n_params entries. Until params_fix_pointers the pointers of
 * params are offsets into text, which moves while it grows. */
struct param_sink {
    struct wire_param *params;
    const char **casts; /* static texts, or NULL */
    struct buf *text;
    bool in_array; /* diagnostics carry the row's number */
};
/* Converts one row; *at_exec: some of it is to be sent at execution and has not been. Warnings:
 * 01S07. */
SQLRETURN params_read_row(struct stmt *s, size_t row, const struct param_sink *to, bool *at_exec);
void params_fix_pointers(struct wire_param *params, size_t n, const struct buf *text);
/* Waits for the data of all rows: SQL_NEED_DATA, or HY001. */
SQLRETURN params_begin_need_data(struct stmt *s);

/* --- param_array.c --- */
/* Several sets of parameters are to be executed (or one whose operation array may say "ignore"). */
bool param_array_wanted(const struct stmt *s);
/* Both stay as they are while data at execution is awaited. */
size_t param_array_rows(const struct stmt *s);
bool param_array_ignores(const struct stmt *s, size_t row);
/* Executes them. SQL_NEED_DATA before anything is sent when data is to come at execution. */
SQLRETURN param_array_execute(struct stmt *s);
/* PARAMS_PROCESSED and the status of the only set, after an execution without an array. */
void param_array_note_single(struct stmt *s, SQLRETURN rc);

/* --- output_params.c --- */
/* SQL_DEFAULT_PARAM: true when the argument may be left out. */
bool output_params_take_default(struct stmt *s, size_t index);

#endif
