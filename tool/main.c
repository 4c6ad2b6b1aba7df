/* neon-odbc: data sources, queries, a doctor for connections, registration. Finds the command and
 * its options; the rest is in cmd_*.c. */
#include "tool/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <odbcinst.h>

#include "config/connstr.h"
#include "version.h"

static const struct command {
    const char *name;
    int (*run)(const struct tool_args *a);
    const char *options; /* a blank on each side of each */
    const char *usage, *what;
} commands[] = {
    {"dsn", cmd_dsn, " --json --system ",
     "dsn add NAME 'postgresql://...' [KEY=VALUE...] | list [--json] | show NAME [--json] | remove "
     "NAME",
     "data sources in your odbc.ini (--system: in the system's)"},
    {"query", cmd_query, " --csv --json ", "query NAME 'select ...' [--csv|--json]",
     "runs a statement (- reads it from stdin) and prints its rows"},
    {"doctor", cmd_doctor, " --json ", "doctor NAME [--json]",
     "looks where a connection fails: name, proxy, TCP, TLS, HTTP, login, WebSocket"},
    {"register", cmd_register, " ", "register [LIBRARY]",
     "makes the driver known to the driver manager as [Neon]"},
    {"unregister", cmd_unregister, " ", "unregister", "undoes register"},
};

static int usage(FILE *to)
{
    fprintf(to, "neon-odbc " NEONODBC_VERSION
                ": the tool of the ODBC driver for Neon serverless Postgres\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  neon-odbc %s\n        %s\n", commands[i].usage, commands[i].what);
    fprintf(to, "\nNAME is a data source, a postgresql:// URL in quotes, or - to read the URL from "
                "stdin or be asked\n"
                "for it (a URL on the command line is visible to others for a moment). More: man "
                "neon-odbc\n");
    return to == stdout ? 0 : 2;
}

int tool_fail(const struct tool_args *a, const char *fmt, ...)
{
    va_list ap;

    tool_progress("");
    fprintf(stderr, "neon-odbc %s: ", a->command);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return 1;
}

int tool_fail_err(const struct tool_args *a, struct err *e)
{
    tool_fail(a, "%s", e->text.len > 0 ? buf_str(&e->text) : "Out of memory.");
    err_release(e);
    return 1;
}

char *tool_take_secret(char *word)
{
    char *copy = mem_strdup(word);

    if (copy != NULL)
        memset(word, '*', strlen(word));
    return copy;
}

bool tool_is_url(const char *text)
{
    static const char *const begins[] = {"postgres://", "postgresql://", "psql "};

    text += strspn(text, " \t'\""); /* pasted with them */
    for (size_t i = 0; i < ARRAY_LEN(begins); i++)
        if (sv_ieq(sv_n(text, strnlen(text, strlen(begins[i]))), sv(begins[i])))
            return true;
    return false;
}

void tool_progress(const char *text)
{
    static size_t shown;

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%*s\r%s", (int)shown, "", text);
    fflush(stderr);
    shown = strlen(text);
}

/* ---- what is typed and not shown ---- */

static struct termios shown; /* the terminal as it is to be left */

/* Ctrl-C at the prompt: the shell gets its terminal back as it was. */
static void leave_terminal(int signal_number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &shown);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void on_leaving(void (*handler)(int))
{
    static const int leaving[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    for (size_t i = 0; i < ARRAY_LEN(leaving); i++)
        signal(leaving[i], handler);
}

static bool hide_typing(const char *prompt)
{
    struct termios quiet;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown) != 0)
        return false;
    on_leaving(leave_terminal);
    quiet = shown;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    /* quiet first: what is typed at the prompt must not be thrown away */
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fputs(prompt, stderr);
    return true;
}

static void show_typing(void)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    on_leaving(SIG_DFL);
    fputc('\n', stderr);
}

bool tool_read_char(struct buf *out, int c, struct err *e)
{
    if (c == '\0') /* everything behind it would be lost in silence */
        return err_set(e, ST_HY000, 0, "There is a null character in what stdin gives.");
    return buf_append_char(out, (char)c) || err_oom(e);
}

bool tool_read_secret(const char *prompt, struct buf *out, struct err *e)
{
    bool hidden = hide_typing(prompt);
    bool ok = true;
    int c;

    while (ok && (c = getchar()) != EOF && c != '\n')
        ok = tool_read_char(out, c, e);
    if (hidden)
        show_typing();
    if (out->len > 0 && out->data[out->len - 1] == '\r')
        out->data[--out->len] = '\0';
    return ok;
}

static bool read_line(struct buf *out, struct err *e)
{
    if (!tool_read_secret("Connection string (postgresql://..., not shown): ", out, e))
        return false;
    return tool_is_url(buf_str(out)) ||
           err_set(e, ST_HY000, 0,
                   out->len == 0 ? "There is no connection string on stdin."
                                 : "What stdin gives is no connection string (not shown): one "
                                   "begins with postgresql://.");
}

bool tool_is_ours(const char *dsn, char *driver, int cap_bytes)
{
    char library[1024] = "";

    driver[0] = '\0';
    SQLGetPrivateProfileString(dsn, "Driver", "", driver, cap_bytes, "odbc.ini");
    if (str_ieq(driver, TOOL_DRIVER) || str_ieq(driver, TOOL_DRIVER " iODBC"))
        return true;
    if (driver[0] != '\0' && strchr(driver, '/') == NULL) /* a name of one's own */
        SQLGetPrivateProfileString(driver, "Driver", "", library, sizeof library, "odbcinst.ini");
    return strstr(library[0] != '\0' ? library : driver, "libneonodbc") != NULL;
}

/* The tool goes through unixODBC, whose characters that library does not have. */
static bool refuse_iodbc(const char *dsn, struct err *e)
{
    char driver[256] = "";

    SQLGetPrivateProfileString(dsn, "Driver", "", driver, (int)sizeof driver, "odbc.ini");
    return (!str_ieq(driver, "Neon iODBC") && strstr(driver, "libneonodbc-iodbc") == NULL) ||
           err_set(
               e, ST_HY000, 0,
               "The data source \"%.64s\" is for programs that use iODBC (try it: iodbctest "
               "DSN=%.64s). This tool uses unixODBC: make a data source without Driver= for it.",
               dsn, dsn);
}

bool tool_connstr(const char *name_or_url, struct buf *out, struct err *e)
{
    struct buf line = BUF_INIT(65536);
    bool ok = true;

    if (strcmp(name_or_url, "-") == 0)
        ok = read_line(&line, e);
    else if (!buf_append_str(&line, name_or_url))
        ok = err_oom(e);
    ok = ok && (tool_is_url(buf_str(&line)) || refuse_iodbc(buf_str(&line), e));
    if (ok && !connstr_append(out, tool_is_url(buf_str(&line)) ? "Url" : "DSN", buf_sv(&line)))
        ok = err_oom(e);
    buf_release_secret(&line);
    return ok;
}

void tool_json_text(const char *text, size_t len_bytes)
{
    putchar('"');
    for (size_t i = 0; i < len_bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < ' ')
            printf("\\u%04x", (unsigned)c);
        else
            putchar(c);
    }
    putchar('"');
}

/* ---- the command line ---- */

/* "-- a comment" is SQL. */
static bool is_option(const char *word)
{
    return strncmp(word, "--", 2) == 0 && word[2] != '\0' &&
           strspn(word + 2, "abcdefghijklmnopqrstuvwxyz-=") == strlen(word + 2);
}

static bool take_option(struct tool_args *a, const struct command *c, const char *word)
{
    const struct {
        const char *name;
        bool *flag;
    } options[] = {{"--json", &a->json}, {"--csv", &a->csv}, {"--system", &a->system}};

    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        size_t len = strlen(options[i].name);
        const char *at = strstr(c->options, options[i].name);
        if (strcmp(word, options[i].name) == 0 && at != NULL && at[len] == ' ') {
            *options[i].flag = true;
            return true;
        }
    }
    return false;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* A stream that is closed must not become the number of a socket, which would get our rows. Writing
 * to what stands in for stdout fails, and is told. */
static bool hold_closed_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* What did not get out (a full disk) was not done. */
static int end(const struct tool_args *a, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return tool_fail(a, "the output could not be written: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    struct tool_args a = {.command = argc > 1 ? argv[1] : ""};
    const struct command *c = find_command(a.command);
    bool options = true;

    if (!hold_closed_streams())
        return 1;
    if (argc < 2 || strcmp(argv[1], "help") == 0)
        return usage(argc < 2 ? stderr : stdout);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return usage(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        puts("neon-odbc " NEONODBC_VERSION);
        return end(&a, 0);
    }
    if (c == NULL) {
        fprintf(stderr, "neon-odbc: there is no command \"%s\".\n\n", argv[1]);
        return usage(stderr);
    }
    a.words = argv + 2;
    for (int i = 2; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0)
            options = false; /* what follows are words */
        else if (!options || !is_option(argv[i]))
            a.words[a.n_words++] = argv[i];
        else if (!take_option(&a, c, argv[i]))
            return tool_fail(&a, "the option %s is not known here; neon-odbc --help shows what is",
                             argv[i]),
                   2;
    }
    return end(&a, c->run(&a));
}
