/* Login and statements of neon-odbc doctor, through the driver manager as an application does it.
 */
#include "tool/doctor.h"

#include <stdio.h>

#define WAKE_UP_MS 300 /* a login alone takes less */

static const char *first_record(SQLSMALLINT type, SQLHANDLE h, char *text, size_t cap)
{
    SQLCHAR state[6] = "", message[DOCTOR_TEXT_CAP - 16];
    SQLINTEGER native;
    SQLSMALLINT len;

    snprintf(text, cap, "no reason was given");
    if (SQL_SUCCEEDED(SQLGetDiagRec(type, h, 1, state, &native, message, sizeof message, &len)))
        snprintf(text, cap, "%s: %s", (char *)state, (char *)message);
    return text;
}

bool doctor_ask(SQLHDBC dbc, const char *sql, char *out, size_t cap)
{
    SQLHSTMT stmt = NULL;
    SQLLEN ind;
    bool ok = SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt)) &&
              SQL_SUCCEEDED(SQLExecDirect(stmt, (SQLCHAR *)(uintptr_t)sql, SQL_NTS)) &&
              SQL_SUCCEEDED(SQLFetch(stmt)) &&
              SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_CHAR, out, (SQLLEN)cap, &ind));

    if (!ok && stmt != NULL)
        first_record(SQL_HANDLE_STMT, stmt, out, cap);
    if (stmt != NULL)
        SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    return ok;
}

/* What the first login took beyond a round trip is the compute's waking up, and the login's own. */
static void say_wake_up(struct doctor *d, double round_trip_ms)
{
    double ms = d->login_ms - round_trip_ms;
    bool slept = ms > WAKE_UP_MS;

    doctor_say(d, GOOD, "wake-up", ms > 0 ? ms : 0,
               slept ? "the compute slept and had to start; LoginTimeout has to be longer than this"
                     : "the compute was awake",
               "");
}

static void check_statements(struct doctor *d, SQLHDBC dbc)
{
    char answer[DOCTOR_TEXT_CAP], text[DOCTOR_TEXT_CAP];
    double start = doctor_now();

    if (!doctor_ask(dbc, "SELECT pg_catalog.version()", answer, sizeof answer)) {
        doctor_fail(d, "server", doctor_since(start), answer, "");
        return;
    }
    doctor_say(d, GOOD, "server", doctor_since(start), answer, "");
    start = doctor_now();
    if (!doctor_ask(dbc, "SELECT 1", answer, sizeof answer)) {
        doctor_fail(d, "round trip", doctor_since(start), answer, "");
        return;
    }
    doctor_say(d, GOOD, "round trip", doctor_since(start), "what a small statement costs from here",
               "");
    say_wake_up(d, doctor_since(start));
    if (!doctor_ask(dbc,
                    "SELECT pg_catalog.current_setting('max_connections') || ' connections, '"
                    " || 'statement_timeout ' || pg_catalog.current_setting('statement_timeout')",
                    answer, sizeof answer))
        strcpy(answer, "the server's are not known");
    snprintf(text, sizeof text, "requests up to %lld bytes, answers %s; %.200s",
             (long long)d->options.max_request_bytes,
             d->options.max_response_bytes ? "up to MaxResponseBytes"
                                           : "as large as Neon allows (64 MB over HTTP)",
             answer);
    doctor_say(d, GOOD, "limits", -1, text, "");
}

void doctor_disconnect(struct doctor_connection *c)
{
    if (c->connected)
        SQLDisconnect(c->dbc);
    if (c->dbc != NULL)
        SQLFreeHandle(SQL_HANDLE_DBC, c->dbc);
    if (c->env != NULL)
        SQLFreeHandle(SQL_HANDLE_ENV, c->env);
}

bool doctor_connect(struct doctor_connection *c, char *connstr, char *text, size_t cap)
{
    *c = (struct doctor_connection){0};
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &c->env);
    SQLSetEnvAttr(c->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, c->env, &c->dbc))) {
        snprintf(text, cap, "The driver manager gives no connection handle.");
    } else {
        c->connected = SQL_SUCCEEDED(SQLDriverConnect(c->dbc, NULL, (SQLCHAR *)connstr, SQL_NTS,
                                                      NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
        if (!c->connected)
            first_record(SQL_HANDLE_DBC, c->dbc, text, cap);
    }
    if (!c->connected)
        doctor_disconnect(c);
    return c->connected;
}

bool doctor_login(struct doctor *d)
{
    struct doctor_connection c;
    char text[DOCTOR_TEXT_CAP];
    double start = doctor_now();

    tool_progress("logging in (a compute that sleeps takes a moment)...");
    if (!doctor_connect(&c, d->connstr.data, text, sizeof text))
        return doctor_fail(d, "login", doctor_since(start), text,
                           strncmp(text, "IM002", 5) == 0
                               ? "The driver is not registered: neon-odbc register."
                               : "");
    d->login_ms = doctor_since(start);
    doctor_say(d, GOOD, "login", d->login_ms,
               d->options.transport == TRANSPORT_WEBSOCKET ? "accepted, in a session" : "accepted",
               "");
    check_statements(d, c.dbc);
    doctor_disconnect(&c);
    return true;
}
