/* Diagnostics: the records and header fields that SQLGetDiagRec and SQLGetDiagField read.
 *
 * Only this module builds records. It adds the vendor prefix, class and subclass origin, and the
 * ODBC 2 spelling of a state when the environment is ODBC 2. One struct diag is embedded in every
 * handle. */
#ifndef NEON_HANDLE_DIAG_H
#define NEON_HANDLE_DIAG_H

#include <sql.h>
#include <sqlext.h>

#include "base/err.h"

#define DIAG_MAX_RECORDS 64 /* a fetch of 100,000 truncated rows must not fill the process */
#define DIAG_PREFIX "[Neon][neon-odbc] "

struct diag_record {
    char state[6];  /* as SQLGetDiagRec shows it */
    char state3[6]; /* the ODBC 3 or server's own code: decides rank, origins and severity */
    SQLINTEGER native;
    char *text;        /* owned; with the prefix; UTF-8. NULL: the text of the state's row */
    SQLLEN row_number; /* SQL_NO_ROW_NUMBER, SQL_ROW_NUMBER_UNKNOWN or 1-based in the rowset */
    SQLINTEGER column_number;
    char *server_name; /* owned, may be NULL */
    char *connection_name;
    struct pg_fields *pg; /* owned, may be NULL: driver-specific fields of neonodbc.h */
};

struct diag {
    struct diag_record *records; /* owned; by row number, then errors before warnings
                                    (SQLGetDiagField, "sequence") */
    size_t n_records, cap_records;
    struct diag_record oom_record; /* preallocated: a record needs no memory */
    bool oom; /* oom_record is in use and is the first record; its text is the state's */
    SQLRETURN return_code;   /* SQL_DIAG_RETURNCODE */
    SQLLEN row_count;        /* SQL_DIAG_ROW_COUNT */
    SQLLEN cursor_row_count; /* SQL_DIAG_CURSOR_ROW_COUNT */
    SQLINTEGER dynamic_function_code;
    const char *dynamic_function; /* static text */
};

void diag_init(struct diag *d);
void diag_release(struct diag *d);
/* Every ODBC call but SQLGetDiag* begins with it. */
void diag_clear(struct diag *d);
size_t diag_count(const struct diag *d);
/* 1-based; NULL past the end. */
const struct diag_record *diag_record(const struct diag *d, size_t number);

/* The message with prefix, never NULL: the record's own text, or that of its state's row when
 * memory had run out. */
const char *diag_record_text(const struct diag_record *r);
/* "ISO 9075", "ODBC 3.0", or "PostgreSQL" for classes and subclasses of the server's own. */
const char *diag_class_origin(const struct diag_record *r);
const char *diag_subclass_origin(const struct diag_record *r);

struct handle;

/* SQLGetDiagField over diag_field.def; text is UTF-8 and lives as long as the record. */
enum diag_value_kind { DIAG_V_TEXT, DIAG_V_INTEGER, DIAG_V_LEN, DIAG_V_RETURNCODE };
struct diag_value {
    enum diag_value_kind kind;
    const char *text;
    SQLLEN number;
};
/* SQL_SUCCESS; SQL_NO_DATA past the last record; SQL_ERROR for an unknown id, a record number below
 * 1 for a record field, or a statement's field on another handle. Posts nothing: SQLGetDiag* never
 * does. */
SQLRETURN diag_get_field(const struct handle *h, SQLSMALLINT number, SQLSMALLINT id,
                         struct diag_value *out);

/* Post a record. They return SQL_ERROR, or SQL_SUCCESS_WITH_INFO for a state of class INFO, so that
 * `return diag_post(...)` reads well. */
SQLRETURN diag_post(struct handle *h, enum sqlstate s, SQLINTEGER native, const char *fmt, ...)
    NEON_PRINTF(4, 5);
/* As diag_post, with row and column of a rowset or parameter set (SQL_NO_ROW_NUMBER /
 * SQL_NO_COLUMN_NUMBER = none). */
SQLRETURN diag_post_at(struct handle *h, enum sqlstate s, SQLLEN row, SQLINTEGER column,
                       const char *fmt, ...) NEON_PRINTF(5, 6);
/* Moves the records of another handle over, for that row and column. */
void diag_move(struct handle *to, struct handle *from, SQLLEN row, SQLINTEGER column);
/* Takes the content of *e (left empty) and posts it. With SqlState=postgres the server's own state
 * is shown. */
SQLRETURN diag_post_err(struct handle *h, struct err *e);
SQLRETURN diag_post_err_at(struct handle *h, struct err *e, SQLLEN row, SQLINTEGER column);

/* Says of the first record which row of an array it is about, with a sentence behind its text. */
void diag_add_row(struct handle *h, SQLLEN row, const char *fmt, ...) NEON_PRINTF(3, 4);

#endif
