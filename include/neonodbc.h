/* What an application may know of libneonodbc.so beyond the ODBC standard: native error numbers,
 * diagnostic fields with the server's own answer, and driver-specific connection attributes.
 * Include <sql.h> and <sqlext.h> before. */
#ifndef NEONODBC_H
#define NEONODBC_H

/* ---- native error numbers (SQLGetDiagRec, *NativeErrorPtr) ----
 *   0            the driver found the error itself, or the server sent an ordinary SQL error
 *   400 .. 599   HTTP status of the endpoint's answer (413: request too large, 507: result too
 * large, ...) 1000 + n     libcurl's code n: see libcurl-errors(3), for instance 1006 host not
 * found, 1007 refused, 1060 TLS
 */
#define NEON_NATIVE_CURL_BASE 1000

/* ---- fields of a diagnostic record (SQLGetDiagField, character data; "" when the server did not
 * send one) ---- */
#define NEON_DIAG_FIELD_BASE 0x4000
#define NEON_DIAG_SERVER_SQLSTATE (NEON_DIAG_FIELD_BASE + 0) /* "23505", untranslated */
#define NEON_DIAG_SEVERITY (NEON_DIAG_FIELD_BASE + 1)        /* "ERROR" */
#define NEON_DIAG_PRIMARY_MESSAGE (NEON_DIAG_FIELD_BASE + 2) /* the server's message alone */
#define NEON_DIAG_DETAIL (NEON_DIAG_FIELD_BASE + 3)
#define NEON_DIAG_HINT (NEON_DIAG_FIELD_BASE + 4)
#define NEON_DIAG_POSITION                                                                         \
    (NEON_DIAG_FIELD_BASE + 5) /* 1-based character in the text as sent, decimal */
#define NEON_DIAG_INTERNAL_POSITION (NEON_DIAG_FIELD_BASE + 6)
#define NEON_DIAG_INTERNAL_QUERY (NEON_DIAG_FIELD_BASE + 7)
#define NEON_DIAG_WHERE (NEON_DIAG_FIELD_BASE + 8)
#define NEON_DIAG_SCHEMA (NEON_DIAG_FIELD_BASE + 9)
#define NEON_DIAG_TABLE (NEON_DIAG_FIELD_BASE + 10)
#define NEON_DIAG_COLUMN (NEON_DIAG_FIELD_BASE + 11)
#define NEON_DIAG_DATA_TYPE (NEON_DIAG_FIELD_BASE + 12)
#define NEON_DIAG_CONSTRAINT (NEON_DIAG_FIELD_BASE + 13)
#define NEON_DIAG_SOURCE_FILE (NEON_DIAG_FIELD_BASE + 14)
#define NEON_DIAG_SOURCE_LINE (NEON_DIAG_FIELD_BASE + 15)
#define NEON_DIAG_SOURCE_ROUTINE (NEON_DIAG_FIELD_BASE + 16)
#define NEON_DIAG_REQUEST_ID (NEON_DIAG_FIELD_BASE + 17) /* tell it to Neon's support */

/* ---- connection attributes of this driver ----
 * Deferrable (SQLUINTEGER 0 or 1): a transaction that is SERIALIZABLE and read-only waits for a
 * snapshot that cannot fail, as START TRANSACTION ... DEFERRABLE. */
#define NEON_ATTR_TXN_DEFERRABLE 66001
/* Notification (read only; text in UTF-8 from SQLGetConnectAttr and SQLGetConnectAttrW alike): the
 * oldest one that NOTIFY sent to a session that has said LISTEN, and that was not read yet:
 *   {"channel":"orders","pid":4711,"payload":"new"}
 * one line of JSON, in this order. SQL_NO_DATA: none is here; asking costs no request and does not
 * wait. A buffer too small, or none: 01004 or the length alone, and the notification stays the
 * oldest. 08S01: the session that listened was lost. 01000: too many were waiting, and later ones
 * were dropped. See docs/sessions.md. */
#define NEON_ATTR_NOTIFICATION 66002

/* ---- connection attributes of other software that this driver takes ----
 * psqlODBC's private attributes: clients that find SQL_DBMS_NAME "PostgreSQL" set them (SOCI sets
 * 65544). Those marked "effect" change how later results are described, as in psqlODBC; the others
 * tune a wire protocol that this driver does not speak and change nothing. All are unsigned
 * integers and need an open connection. */
#define NEON_ATTR_PG_DEBUG 65536
#define NEON_ATTR_PG_COMMLOG 65537
#define NEON_ATTR_PG_PARSE 65538
#define NEON_ATTR_PG_USE_DECLAREFETCH 65539
#define NEON_ATTR_PG_SERVER_SIDE_PREPARE 65540
#define NEON_ATTR_PG_FETCH 65541
#define NEON_ATTR_PG_UNKNOWN_SIZES 65542
#define NEON_ATTR_PG_TEXT_AS_LONGVARCHAR 65543     /* effect */
#define NEON_ATTR_PG_UNKNOWNS_AS_LONGVARCHAR 65544 /* effect */
#define NEON_ATTR_PG_BOOLS_AS_CHAR 65545           /* effect */
#define NEON_ATTR_PG_MAX_VARCHAR_SIZE 65546        /* effect */
#define NEON_ATTR_PG_MAX_LONGVARCHAR_SIZE 65547    /* effect */
#define NEON_ATTR_PG_WCSDEBUG 65548
#define NEON_ATTR_PG_MSJET 65549
#define NEON_ATTR_PG_BATCHSIZE 65550
#define NEON_ATTR_PG_IGNORETIMEOUT 65551
/* iODBC's manager tells the application's name; it changes nothing. */
#define NEON_ATTR_IODBC_APPLICATION_NAME 1051

#endif
