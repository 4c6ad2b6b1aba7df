/* The sessions' steps of neon-odbc doctor: the WebSocket's upgrade with the driver's own options
 * for libcurl, and a session as an application gets one, through the driver manager: login, a
 * transaction, a statement in it, its rollback. */
#include "tool/doctor.h"

#include <stdio.h>

#include "transport/curl_setup.h"
#include "transport/endpoint.h"

#define WEBSOCKET_TIMEOUT_MS 15000L

/* ---- the upgrade alone (protocol section 10.1): it carries no login ---- */

struct upgrade {
    int status;
};

/* The headers of a 101 end the test: what follows would be frames. */
static size_t upgrade_header(char *line, size_t size, size_t n, void *ctx)
{
    struct upgrade *u = ctx;

    if (size * n > 12 && strncmp(line, "HTTP/", 5) == 0)
        u->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return u->status == 101 && size * n <= 2 ? 0 : size * n;
}

static bool say_upgrade(struct doctor *d, int status, CURLcode code, const char *detail, double ms)
{
    bool needed = d->options.transport == TRANSPORT_WEBSOCKET;
    char text[DOCTOR_TEXT_CAP];

    if (status == 101) {
        doctor_say(d, GOOD, "websocket", ms, "the upgrade is accepted", "");
        return true;
    }
    d->limited = true;
    if (status == 0)
        snprintf(text, sizeof text, "%s", detail[0] ? detail : curl_easy_strerror(code));
    else
        snprintf(text, sizeof text, "the upgrade was answered with status %d", status);
    doctor_say(
        d, needed ? FAILED : WARNING, "websocket", ms, text,
        needed ? "Transport=websocket needs it: ask for WebSockets to be let pass (a proxy or "
                 "firewall that inspects HTTPS may have to be told so), or use Transport=auto."
               : "Statements work, and transactions are buffered (docs/transactions.md); temporary "
                 "tables, LISTEN and the like are refused. A proxy or firewall that inspects HTTPS "
                 "may have to be told to let WebSockets pass; Transport=http no longer tries.");
    return false;
}

static bool upgrade(struct doctor *d, CURL *c, const char *url)
{
    static const char *const lines[] = {"Connection: Upgrade", "Upgrade: websocket",
                                        "Sec-WebSocket-Version: 13",
                                        "Sec-WebSocket-Key: bmVvbi1vZGJjIGRvY3Rvcg=="};
    struct curl_slist *headers = NULL;
    struct upgrade u = {0};
    char detail[CURL_ERROR_SIZE] = "";
    double start = doctor_now();
    CURLcode code;
    bool ok;

    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        headers = curl_slist_append(headers, lines[i]);
    curl_easy_setopt(c, CURLOPT_SHARE, NULL);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, upgrade_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &u);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, doctor_drop);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, WEBSOCKET_TIMEOUT_MS);
    tool_progress("asking for a WebSocket...");
    code = curl_easy_perform(c);
    ok = say_upgrade(d, u.status, code, detail, doctor_since(start));
    curl_slist_free_all(headers);
    return ok;
}

bool doctor_websocket(struct doctor *d)
{
    CURL *c;
    struct buf url = BUF_INIT(4096);
    struct err e = ERR_INIT;
    bool ok = false;

    if (d->net.token != NULL || d->options.transport == TRANSPORT_HTTP) {
        doctor_say(d, GOOD, "websocket", -1,
                   d->net.token != NULL ? "not used with a token: Neon takes tokens over HTTP alone"
                                        : "not used with Transport=http: transactions are buffered",
                   "");
        return false;
    }
    c = curl_easy_init();
    if (c == NULL)
        err_oom(&e);
    else if (curl_setup(c, d->transport, &e) && endpoint_session_url(&d->net, &url, &e))
        ok = upgrade(d, c, url.data);
    if (err_is_set(&e))
        doctor_fail(d, "websocket", -1, buf_str(&e.text), "");
    err_release(&e);
    buf_release(&url);
    curl_easy_cleanup(c);
    return ok;
}

/* ---- a session ---- */

/* False with the reason in text. */
static bool converse(struct doctor *d, SQLHDBC dbc, char *text, size_t cap)
{
    char answer[DOCTOR_TEXT_CAP] = "";
    bool ok;

    SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
    ok = doctor_ask(dbc, "SELECT pg_catalog.current_setting('transaction_isolation')", answer,
                    sizeof answer);
    SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK);
    if (ok)
        snprintf(text, cap,
                 "logged in through the WebSocket; a transaction (%.40s) was begun and rolled back",
                 answer);
    else
        snprintf(text, cap, "%.1900s", answer);
    d->limited |= !ok;
    return ok;
}

void doctor_session(struct doctor *d)
{
    struct buf connstr = BUF_INIT(131072);
    char text[DOCTOR_TEXT_CAP];
    double start = doctor_now();
    struct doctor_connection c;
    bool ok = false;

    tool_progress("opening a session...");
    if (!buf_append_str(&connstr, "Transport=websocket;") ||
        !buf_append_sv(&connstr, buf_sv(&d->connstr)))
        snprintf(text, sizeof text, "Out of memory.");
    else if (doctor_connect(&c, connstr.data, text, sizeof text)) {
        ok = converse(d, c.dbc, text, sizeof text);
        doctor_disconnect(&c);
    }
    doctor_say(d, ok ? GOOD : FAILED, "session", doctor_since(start), text,
               ok ? ""
                  : "HTTP works and a session does not: transactions fail until this is mended. "
                    "Transport=http does without sessions.");
    buf_release_secret(&connstr);
}
