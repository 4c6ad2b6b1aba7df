/* Reads the command line from the table in options.def and takes the --pg URL apart with libpq.
 * Checks what can be checked without opening anything; main.c does the rest.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "gateway/options.h"

#include <errno.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#define DEFAULT_LIMIT_BYTES ((size_t)10485760)
#define MAX_LIMIT_BYTES ((size_t)1 << 40)
#define PG_FILE_MAX_BYTES 4096
#define HELP_COLUMN 30
#define HELP_WIDTH 100

enum option_id {
    OPT_FIRST = 256,
#define X(id, name, arg, help) id,
#include "gateway/options.def"
#undef X
};

struct option_row {
    enum option_id id;
    const char *name;
    const char *arg;
    const char *help;
};

static const struct option_row rows[] = {
#define X(id, name, arg, help) {id, name, arg, help},
#include "gateway/options.def"
#undef X
};

#define N_ROWS (sizeof rows / sizeof rows[0])

/* ---- help -------------------------------------------------------------------------------- */

static void print_wrapped(const char *text)
{
    int column = HELP_COLUMN;
    for (const char *gap = ""; *text; gap = " ") {
        int n = (int)strcspn(text, " ");
        if (*gap && column + 1 + n > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
            gap = "";
        }
        printf("%s%.*s", gap, n, text);
        column += n + (*gap != '\0');
        text += n;
        text += *text == ' ';
    }
    putchar('\n');
}

static void print_help(void)
{
    printf("Usage: neon-gateway --pg 'postgresql://admin@host:port/db' [OPTION]...\n"
           "Speaks Neon's HTTP and WebSocket protocol in front of any PostgreSQL.\n\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        int n = printf("  --%s%s%s", rows[i].name, rows[i].arg ? " " : "",
                       rows[i].arg ? rows[i].arg : "");
        if (n >= HELP_COLUMN)
            printf("\n%*s", HELP_COLUMN, "");
        else
            printf("%*s", HELP_COLUMN - n, "");
        print_wrapped(rows[i].help);
    }
    printf("\nWith an admin role that may read pg_authid (a superuser), passwords are checked "
           "there and\n"
           "connections are pooled; otherwise each request opens a connection with its own "
           "password.\n");
}

/* ---- values ------------------------------------------------------------------------------ */

static bool complain(const char *name, const char *what, const char *value)
{
    fprintf(stderr, "neon-gateway: --%s wants %s, but got \"%s\"; see neon-gateway --help\n", name,
            what, value);
    return false;
}

static bool read_number(const char *name, const char *value, size_t max, size_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || v > max)
        return complain(name, "a whole number", value);
    *out = (size_t)v;
    return true;
}

static bool read_unsigned(const char *name, const char *value, unsigned *out)
{
    size_t v;
    if (!read_number(name, value, 1000000, &v))
        return false;
    *out = (unsigned)v;
    return true;
}

static bool read_ws_mode(const char *name, const char *value, enum ws_mode *out)
{
    static const char *const modes[] = {
        [WS_MODE_OFF] = "off", [WS_MODE_NEON] = "neon", [WS_MODE_PLAIN] = "plain"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(value, modes[i]) == 0) {
            *out = (enum ws_mode)i;
            return true;
        }
    return complain(name, "neon, plain or off", value);
}

static bool add_role_rule(struct jwt_config *jwt, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || equals[1] == '\0')
        return complain("jwt-role", "ROLE=KID", value);
    if (jwt->n_role_rules == JWT_MAX_ROLE_RULES) {
        fprintf(stderr,
                "neon-gateway: at most %d --jwt-role options are possible; put \"roles\" into "
                "the JWKS file instead\n",
                JWT_MAX_ROLE_RULES);
        return false;
    }
    jwt->role_rules[jwt->n_role_rules++] = value;
    return true;
}

/* ---- the PostgreSQL URL ------------------------------------------------------------------ */

static bool take_conninfo(struct pg_target *t, const char *url)
{
    const struct {
        const char *key;
        char **out;
    } wanted[] = {
        {"host", &t->host},       {"hostaddr", &t->hostaddr},       {"port", &t->port},
        {"user", &t->user},       {"password", &t->password},       {"dbname", &t->dbname},
        {"sslmode", &t->sslmode}, {"sslrootcert", &t->sslrootcert}, {"passfile", &t->passfile},
    };
    char *error = NULL;
    bool ok = true;
    PQconninfoOption *info = PQconninfoParse(url, &error);
    if (!info) {
        fprintf(stderr,
                "neon-gateway: the --pg URL cannot be read; it looks like "
                "postgresql://admin@127.0.0.1:5432/postgres\n"); /* error may quote secrets */
        PQfreemem(error);
        return false;
    }
    for (PQconninfoOption *i = info; i->keyword && ok; i++) {
        size_t k = 0;
        while (k < sizeof wanted / sizeof wanted[0] && strcmp(wanted[k].key, i->keyword) != 0)
            k++;
        if (!i->val)
            continue;
        if (k == sizeof wanted / sizeof wanted[0]) {
            fprintf(stderr,
                    "neon-gateway: the --pg URL has %s, which the gateway cannot use; it takes "
                    "host, hostaddr, port, user, password, dbname, sslmode, sslrootcert and "
                    "passfile\n",
                    i->keyword);
            ok = false;
        } else {
            *wanted[k].out = strdup(i->val);
        }
    }
    PQconninfoFree(info);
    if (ok && !t->host && !t->hostaddr)
        t->host = strdup("127.0.0.1");
    return ok;
}

static bool read_pg_file(const char *path, struct pg_target *t)
{
    char line[PG_FILE_MAX_BYTES];
    FILE *file = fopen(path, "re");
    bool ok = file && fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    if (!ok) {
        fprintf(stderr, "neon-gateway: cannot read a URL from the file %s given with --pg-file\n",
                path);
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return take_conninfo(t, line);
}

/* ---- parsing ----------------------------------------------------------------------------- */

static bool apply(struct options *o, const struct option_row *row, char *value)
{
    switch (row->id) {
    case OPT_PG:
        return take_conninfo(&o->sql.target, value);
    case OPT_PG_FILE:
        return read_pg_file(value, &o->sql.target);
    case OPT_LISTEN:
        o->listen = value;
        return true;
    case OPT_PORT_FILE:
        o->port_file = value;
        return true;
    case OPT_TLS:
        o->tls = true;
        return true;
    case OPT_TLS_CERT_OUT:
        o->tls_cert_out = value;
        return true;
    case OPT_TLS_CERT:
        o->tls_cert = value;
        return true;
    case OPT_TLS_KEY:
        o->tls_key = value;
        return true;
    case OPT_JWKS:
        o->jwt.jwks_path = value;
        return true;
    case OPT_JWT_ROLE:
        return add_role_rule(&o->jwt, value);
    case OPT_JWT_AUDIENCE:
        o->jwt.audience = value;
        return true;
    case OPT_MAX_REQUEST:
        return read_number(row->name, value, MAX_LIMIT_BYTES, &o->sql.max_request_bytes);
    case OPT_MAX_RESPONSE:
        return read_number(row->name, value, MAX_LIMIT_BYTES, &o->sql.max_response_bytes);
    case OPT_POOL_IDLE:
        return read_unsigned(row->name, value, &o->pool.idle_seconds);
    case OPT_POOL_SIZE:
        return read_unsigned(row->name, value, &o->pool.per_endpoint);
    case OPT_POOL_OPT_IN:
        if (strcmp(value, "required") != 0 && strcmp(value, "off") != 0)
            return complain(row->name, "required or off", value);
        o->sql.pool_opt_in_required = strcmp(value, "required") == 0;
        return true;
    case OPT_CANCEL_WAIT:
        return read_unsigned(row->name, value, &o->sql.cancel_wait_ms);
    case OPT_CONNECT_RETRIES:
        return read_unsigned(row->name, value, &o->sql.target.connect_retries);
    case OPT_WEBSOCKET:
        return read_ws_mode(row->name, value, &o->websocket);
    case OPT_CONTROL:
        o->control = true;
        return true;
    case OPT_LOG:
        o->log = value;
        return true;
    case OPT_LENIENT:
    case OPT_FAITHFUL:
        o->sql.lenient = row->id == OPT_LENIENT;
        return true;
    default:
        return true;
    }
}

/* What must fit together. */
static bool check(struct options *o)
{
    const struct pg_target *t = &o->sql.target;
    const char *wrong = NULL;
    if (!t->host && !t->hostaddr)
        wrong = "which PostgreSQL? Give --pg 'postgresql://admin@host:port/db' or --pg-file FILE";
    else if (!o->tls_cert != !o->tls_key)
        wrong =
            "--tls-cert and --tls-key belong together; use --tls alone for a certificate made at "
            "start";
    else if (o->tls_cert_out && !o->tls && !o->tls_cert)
        wrong = "--tls-cert-out needs --tls";
    else if (!o->jwt.jwks_path && (o->jwt.n_role_rules || o->jwt.audience))
        wrong = "--jwt-role and --jwt-audience need --jwks FILE";
    if (wrong)
        fprintf(stderr, "neon-gateway: %s\n", wrong);
    return !wrong;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
    struct option longs[N_ROWS + 1] = {0};
    for (size_t i = 0; i < N_ROWS; i++)
        longs[i] = (struct option){rows[i].name, rows[i].arg ? required_argument : no_argument,
                                   NULL, (int)rows[i].id};
    *o = (struct options){
        .listen = "127.0.0.1:0",
        .websocket = WS_MODE_NEON,
        .pool = {.per_endpoint = 20, .total = 20000, .idle_seconds = 300},
        .sql = {.pool_opt_in_required = true,
                .cancel_wait_ms = 100,
                .max_request_bytes = DEFAULT_LIMIT_BYTES,
                .max_response_bytes = DEFAULT_LIMIT_BYTES,
                .target = {.connect_retries = 5}},
    };
    for (int id; (id = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
        if (id == OPT_HELP || id == 'h') {
            print_help();
            return OPTIONS_DONE;
        }
        if (id == OPT_VERSION) {
            printf("neon-gateway %s\n", PACKAGE_VERSION);
            return OPTIONS_DONE;
        }
        if (id == '?')
            return OPTIONS_WRONG;
        for (size_t i = 0; i < N_ROWS; i++)
            if ((int)rows[i].id == id && !apply(o, &rows[i], optarg))
                return OPTIONS_WRONG;
    }
    if (optind < argc) {
        fprintf(stderr, "neon-gateway: \"%s\" is not an option; see neon-gateway --help\n",
                argv[optind]);
        return OPTIONS_WRONG;
    }
    if (!check(o))
        return OPTIONS_WRONG;
    struct pg_target *t = &o->sql.target;
    const char *password = getenv("PGPASSWORD");
    const char *passfile = getenv("PGPASSFILE");
    if (!t->password && t->user && password)
        t->password = strdup(password);
    if (!t->passfile && passfile)
        t->passfile = strdup(passfile);
    o->sql.jwt = o->jwt.jwks_path != NULL;
    if (o->sql.jwt)
        o->websocket = WS_MODE_OFF; /* the JWT host has none */
    return OPTIONS_RUN;
}

void options_release(struct options *o)
{
    struct pg_target *t = &o->sql.target;
    char *texts[] = {t->host,   t->hostaddr, t->port,        t->user,    t->password,
                     t->dbname, t->sslmode,  t->sslrootcert, t->passfile};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    *o = (struct options){0};
}

void options_clean_environment(void)
{
    static const char *const names[] = {
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
        "PGPASSWORD",
        "PGPASSFILE",
        "PGSERVICE",
        "PGSERVICEFILE",
        "PGOPTIONS",
        "PGAPPNAME",
        "PGSSLMODE",
        "PGREQUIRESSL",
        "PGSSLCERT",
        "PGSSLKEY",
        "PGSSLROOTCERT",
        "PGSSLCRL",
        "PGSSLCRLDIR",
        "PGSSLSNI",
        "PGREQUIREPEER",
        "PGCHANNELBINDING",
        "PGGSSENCMODE",
        "PGKRBSRVNAME",
        "PGGSSLIB",
        "PGCONNECT_TIMEOUT",
        "PGCLIENTENCODING",
        "PGTARGETSESSIONATTRS",
        "PGDATESTYLE",
        "PGTZ",
        "PGGEQO",
        "PGSYSCONFDIR",
        "PGLOCALEDIR",
        "PGSSLCOMPRESSION",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}
