/* neon-odbc doctor: walks the way of a connection step by step, times each, and says what to do
 * about the first that fails. Here: what needs no network of ours; doctor_net.c and doctor_login.c
 * go on. Nothing is changed on the server. */
#include "tool/doctor.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <odbcinst.h>

#include "setup/dsn_store.h"

/* ---- saying it ---- */

static void say_json(struct doctor *d, enum verdict v, const char *name, double ms,
                     const char *text, const char *remedy)
{
    static const char *const words[] = {"ok", "warning", "failed"};

    printf("%s\n  {\"step\": \"%s\", \"ok\": %s, \"result\": \"%s\", \"ms\": ",
           d->n_steps ? "," : "", name, v == FAILED ? "false" : "true", words[v]);
    if (ms >= 0)
        printf("%.1f", ms);
    else
        fputs("null", stdout);
    fputs(", \"text\": ", stdout);
    tool_json_text(text, strlen(text));
    if (remedy[0] != '\0') {
        fputs(", \"remedy\": ", stdout);
        tool_json_text(remedy, strlen(remedy));
    }
    putchar('}');
}

void doctor_say(struct doctor *d, enum verdict v, const char *name, double ms, const char *text,
                const char *remedy)
{
    static const char *const words[] = {"ok", "note", "FAILED"};

    tool_progress("");
    if (d->args->json) {
        say_json(d, v, name, ms, text, remedy);
    } else {
        if (ms >= 0)
            printf("%-6s %-12s %8.1f ms  %s\n", words[v], name, ms, text);
        else
            printf("%-6s %-12s %11s  %s\n", words[v], name, "", text);
        if (remedy[0] != '\0')
            printf("%-6s %-12s %11s  -> %s\n", "", "", "", remedy);
        fflush(stdout);
    }
    d->n_steps++;
    d->failed |= v == FAILED;
}

bool doctor_fail(struct doctor *d, const char *name, double ms, const char *text,
                 const char *remedy)
{
    doctor_say(d, FAILED, name, ms, text, remedy);
    return false;
}

double doctor_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double doctor_since(double start_ms)
{
    return doctor_now() - start_ms;
}

/* ---- keywords ---- */

/* The first secret that odbc.ini itself gives (asked before PWDFile is read); NULL without one. */
static const char *secret_in_ini(const struct conn_options *o)
{
    for (enum conn_key_id id = 0; id < CONN_KEY_COUNT; id++)
        if ((conn_key_row(id)->flags & CK_SECRET) && o->source[id] == CONN_SRC_DSN)
            return conn_key_row(id)->name;
    return NULL;
}

/* The administrators' windows write passwords into a file that they leave open. */
static void note_open_secret(struct doctor *d, const char *secret)
{
    const char *dsn = conn_options_text(&d->options, CONN_KEY_dsn);
    struct buf path = BUF_INIT(4096);
    char text[DOCTOR_TEXT_CAP], remedy[DOCTOR_TEXT_CAP];

    if (secret != NULL && dsn != NULL && dsn_store_is_open(dsn, &path)) {
        snprintf(text, sizeof text, "other users can read %s in %.1000s", secret, buf_str(&path));
        snprintf(remedy, sizeof remedy, "Close the file: chmod 600 \"%.1000s\"", buf_str(&path));
        doctor_say(d, WARNING, "keywords", -1, text, remedy);
    }
    buf_release(&path);
}

static void note_braces(struct doctor *d)
{
    char text[DOCTOR_TEXT_CAP];

    for (enum conn_key_id id = 0; id < CONN_KEY_COUNT; id++) {
        if (!conn_options_is_braced(&d->options, id))
            continue;
        snprintf(text, sizeof text, "the braces around %s belong to its value in odbc.ini",
                 conn_key_row(id)->name);
        doctor_say(d, WARNING, "keywords", -1, text,
                   "If they are not part of it, take them away: they are for connection strings.");
    }
}

static bool is_of_another_driver(struct doctor *d, const char *dsn)
{
    char driver[1024], library[1024] = "", text[DOCTOR_TEXT_CAP];

    if (!dsn_store_exists(dsn) || tool_is_ours(dsn, driver, sizeof driver) || driver[0] == '\0')
        return false;
    SQLGetPrivateProfileString(driver, "Driver", "", library, sizeof library, "odbcinst.ini");
    if (library[0] == '\0') /* a typing error */
        return false;
    snprintf(text, sizeof text, "the data source \"%.255s\" is for another driver, %.1000s", dsn,
             driver);
    doctor_fail(d, "keywords", -1, text, "neon-odbc dsn list shows those of this one.");
    return true;
}

static bool is_no_data_source(const struct doctor *d)
{
    const char *dsn = conn_options_text(&d->options, CONN_KEY_dsn);

    return dsn != NULL && !dsn_store_exists(dsn);
}

static bool read_keywords(struct doctor *d)
{
    struct config_warnings w;
    struct err e = ERR_INIT;
    char text[DOCTOR_TEXT_CAP];
    const char *secret, *remedy = "";
    bool ok;

    config_warnings_init(&w);
    ok = config_build(&d->options, buf_sv(&d->connstr), NULL, NULL, NULL, &w, &e);
    secret = secret_in_ini(&d->options);
    ok = ok && conn_options_load_files(&d->options, &e) && conn_options_complete(&d->options, &e) &&
         conn_options_to_net(&d->options, &d->net, &e);
    for (size_t i = 0; i < w.n; i++)
        doctor_say(d, WARNING, "keywords", -1, w.item[i].text, "");
    config_warnings_release(&w);
    if (ok)
        snprintf(text, sizeof text, "%s, database %s%s, role %s, %s", d->net.host,
                 d->net.database != NULL ? d->net.database : d->net.user,
                 d->net.database != NULL ? "" : " (named like the role: no Database is given)",
                 d->net.user, d->net.token != NULL ? "with a token" : "with a password");
    else
        snprintf(text, sizeof text, "%s", buf_str(&e.text));
    if (!ok && is_no_data_source(d)) {
        snprintf(text, sizeof text, "there is no data source \"%.255s\"",
                 conn_options_text(&d->options, CONN_KEY_dsn));
        remedy = "neon-odbc dsn list shows those there are, neon-odbc dsn add makes one.";
    }
    err_release(&e);
    doctor_say(d, ok ? GOOD : FAILED, "keywords", -1, text, remedy);
    note_open_secret(d, secret);
    note_braces(d);
    return ok;
}

/* ---- the driver's entry ---- */

/* The library that the driver manager will load: the data source names it, or the registration of
 * the driver that it names. */
static void library_of(const struct doctor *d, char *driver, int driver_cap, char *out, int cap)
{
    const char *dsn = conn_options_text(&d->options, CONN_KEY_dsn);

    out[0] = '\0';
    snprintf(driver, (size_t)driver_cap, "%s", TOOL_DRIVER);
    if (dsn != NULL)
        SQLGetPrivateProfileString(dsn, "Driver", "", driver, driver_cap, "odbc.ini");
    if (driver[0] == '/')
        snprintf(out, (size_t)cap, "%s", driver);
    else if (driver[0] != '\0')
        SQLGetPrivateProfileString(driver, "Driver", "", out, cap, "odbcinst.ini");
}

static bool check_driver(struct doctor *d)
{
    char driver[1024], library[1024], text[DOCTOR_TEXT_CAP];

    library_of(d, driver, sizeof driver, library, sizeof library);
    if (driver[0] == '\0')
        return doctor_fail(d, "driver", -1, "the data source names no driver",
                           "Write Driver = " TOOL_DRIVER " into it.");
    if (library[0] == '\0') {
        snprintf(text, sizeof text, "the driver [%.200s] is not registered with the driver manager",
                 driver);
        return doctor_fail(d, "driver", -1, text,
                           str_ieq(driver, TOOL_DRIVER)
                               ? "Register it: neon-odbc register (as root, or with ODBCSYSINI "
                                 "set)."
                               : "Driver in the data source is to be the registered name, "
                                 "Driver = " TOOL_DRIVER ".");
    }
    snprintf(text, sizeof text, "%.1000s", library);
    if (strchr(library, '/') != NULL && access(library, R_OK) != 0)
        return doctor_fail(
            d, "driver", -1, text,
            "There is no such file, or it cannot be read: register the driver again with "
            "neon-odbc register.");
    doctor_say(d, GOOD, "driver", -1, text, "");
    return true;
}

/* ---- name ---- */

/* The host in a URL: between :// and the next of : / (an IPv6 address stands in brackets). */
static void host_of(const char *url, char *out, size_t cap)
{
    const char *host = strstr(url, "://");
    size_t len;

    host = host != NULL ? host + 3 : url;
    len = host[0] == '[' ? strcspn(++host, "]") : strcspn(host, ":/");
    snprintf(out, cap, "%.*s", (int)len, host);
}

static bool make_transport(struct doctor *d)
{
    struct err e = ERR_INIT;

    d->transport = transport_new(&d->net, NULL, &e);
    if (d->transport == NULL) {
        doctor_fail(d, "keywords", -1, buf_str(&e.text), "");
        err_release(&e);
        return false;
    }
    host_of(buf_str(&d->transport->url), d->host, sizeof d->host);
    return true;
}

static const char *proxy_of_environment(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (getenv(names[i]) != NULL && getenv(names[i])[0] != '\0')
            return names[i];
    return NULL;
}

static void check_proxy(struct doctor *d)
{
    const char *from = d->net.proxy != NULL ? "the keyword Proxy" : proxy_of_environment();
    char text[DOCTOR_TEXT_CAP];

    if (strncmp(buf_str(&d->transport->url), "http://", 7) == 0) /* this machine itself */
        from = NULL;
    d->proxied = from != NULL;
    if (from == NULL)
        snprintf(text, sizeof text, "none: straight to %s", d->host);
    else
        snprintf(text, sizeof text, "one is named by %s (NO_PROXY may still exclude this host)",
                 from);
    doctor_say(d, GOOD, "proxy", -1, text, "");
}

static bool check_name(struct doctor *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    double start = doctor_now();
    char text[DOCTOR_TEXT_CAP], first[NI_MAXHOST] = "";
    int n = 0, rc;

    if (d->proxied) {
        doctor_say(d, GOOD, "name", -1, "looked up by the proxy", "");
        return true;
    }
    rc = getaddrinfo(d->host, NULL, &hints, &found);
    if (rc != 0) {
        snprintf(text, sizeof text, "%s cannot be found: %s", d->host, gai_strerror(rc));
        return doctor_fail(
            d, "name", doctor_since(start), text,
            "Check Server for typing errors. When other names cannot be found either, the "
            "network or its DNS is down; "
            "a network that only lets a proxy out needs Proxy=http://host:port.");
    }
    getnameinfo(found->ai_addr, found->ai_addrlen, first, sizeof first, NULL, 0, NI_NUMERICHOST);
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next)
        n++;
    freeaddrinfo(found);
    snprintf(text, sizeof text, "%s is %s%s", d->host, first, n > 1 ? " and others" : "");
    doctor_say(d, GOOD, "name", doctor_since(start), text, "");
    return true;
}

/* ---- the command ---- */

static void examine(struct doctor *d, const char *name)
{
    if (is_of_another_driver(d, name) || !read_keywords(d) || !check_driver(d) ||
        !make_transport(d))
        return;
    check_proxy(d);
    tool_progress("looking the way over...");
    if (!check_name(d) || !doctor_network(d))
        return;
    if (d->options.transport == TRANSPORT_WEBSOCKET) { /* it logs in through one */
        if (doctor_websocket(d))
            doctor_login(d);
    } else if (doctor_login(d) && doctor_websocket(d)) {
        doctor_session(d);
    }
}

int cmd_doctor(const struct tool_args *a)
{
    struct doctor d = {.args = a, .connstr = BUF_INIT(131072)};
    struct err e = ERR_INIT;
    char *name;
    bool ok;

    if (a->n_words != 1)
        return tool_fail(a, "usage: neon-odbc doctor NAME [--json]"), 2;
    name = tool_take_secret(a->words[0]);
    ok = name != NULL && tool_connstr(name, &d.connstr, &e);
    ok = ok &&
         (strncmp(d.connstr.data, "DSN", 3) == 0 || buf_append_str(&d.connstr, "Driver={Neon};"));
    if (!ok) {
        if (!err_is_set(&e))
            err_oom(&e);
        mem_free(name);
        return tool_fail_err(a, &e);
    }
    conn_options_init(&d.options);
    if (a->json)
        putchar('[');
    examine(&d, name);
    mem_free(name);
    if (a->json)
        puts("\n]");
    else
        puts(d.failed ? "\nThe first line marked FAILED is where it stops."
             : d.limited
                 ? "\nStatements work, transactions are buffered: see the line about WebSockets."
                 : "\nEverything works.");
    transport_free(d.transport);
    conn_options_release(&d.options);
    buf_release_secret(&d.connstr);
    return d.failed ? 1 : 0;
}
