/* An error answer: HTTP status and the 17 members of the error body (protocol 5.1). */
#ifndef GATEWAY_FAILURE_H
#define GATEWAY_FAILURE_H

#include <stdbool.h>
#include <libpq-fe.h>

struct buf;

/* The members in wire order: X(id, JSON key, libpq diagnostic field or 0) */
#define FAILURE_FIELDS(X)                                                                          \
    X(FAILURE_MESSAGE, "message", PG_DIAG_MESSAGE_PRIMARY)                                         \
    X(FAILURE_CODE, "code", PG_DIAG_SQLSTATE)                                                      \
    X(FAILURE_DETAIL, "detail", PG_DIAG_MESSAGE_DETAIL)                                            \
    X(FAILURE_HINT, "hint", PG_DIAG_MESSAGE_HINT)                                                  \
    X(FAILURE_POSITION, "position", PG_DIAG_STATEMENT_POSITION)                                    \
    X(FAILURE_INTERNAL_POSITION, "internalPosition", PG_DIAG_INTERNAL_POSITION)                    \
    X(FAILURE_INTERNAL_QUERY, "internalQuery", PG_DIAG_INTERNAL_QUERY)                             \
    X(FAILURE_SEVERITY, "severity", PG_DIAG_SEVERITY)                                              \
    X(FAILURE_WHERE, "where", PG_DIAG_CONTEXT)                                                     \
    X(FAILURE_TABLE, "table", PG_DIAG_TABLE_NAME)                                                  \
    X(FAILURE_COLUMN, "column", PG_DIAG_COLUMN_NAME)                                               \
    X(FAILURE_SCHEMA, "schema", PG_DIAG_SCHEMA_NAME)                                               \
    X(FAILURE_DATA_TYPE, "dataType", PG_DIAG_DATATYPE_NAME)                                        \
    X(FAILURE_CONSTRAINT, "constraint", PG_DIAG_CONSTRAINT_NAME)                                   \
    X(FAILURE_FILE, "file", PG_DIAG_SOURCE_FILE)                                                   \
    X(FAILURE_LINE, "line", PG_DIAG_SOURCE_LINE)                                                   \
    X(FAILURE_ROUTINE, "routine", PG_DIAG_SOURCE_FUNCTION)

enum failure_field {
#define X(id, key, diag) id,
    FAILURE_FIELDS(X)
#undef X
        FAILURE_FIELD_COUNT
};

struct failure {
    int status;                       /* HTTP status; 0 = nothing has failed */
    char *field[FAILURE_FIELD_COUNT]; /* owned; NULL is written as null */
};

/* Frees the texts and clears the status. */
void failure_release(struct failure *f);
/* An error that PostgreSQL did not report: code and severity are empty strings. Always false. */
bool failure_set(struct failure *f, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The error of a PGresult. One without SQLSTATE was made by libpq because the connection is gone:
 * it becomes `connection closed` (protocol 5.3). Always false. */
bool failure_from_result(struct failure *f, int status, const PGresult *res);
/* A failed connect: reads SQLSTATE and fields out of libpq's verbose message, whatever the language
 * of the server's part of it: libpq offers no other way to see them. False when the message does
 * not come from the server; f is then untouched. */
bool failure_from_connect(struct failure *f, const char *verbose_message);
/* The JSON body. */
void failure_write(const struct failure *f, struct buf *out);

#endif
