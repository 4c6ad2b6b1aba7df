/* Prints the tables of docs/transports.md: "statements" from driver/stmt/plan.def, and by the
 * planner itself where a session is at hand; "differences" from tests/odbc/transports.def. Run by
 * transports.sh. */
#include <stdio.h>
#include <string.h>

#include "../../driver/stmt/plan.c"

static const struct {
    const char *cls, *alone, *with_others, *in_transaction, *reason;
    enum sql_class number;
} texts[] = {
#define X(cls, alone, with_others, in_transaction, settings, refusal)                              \
    {#cls, #alone, #with_others, #in_transaction, #refusal, cls},
#include "../../driver/stmt/plan.def"
#undef X
};

/* What a user calls the classes. */
static const struct {
    const char *cls, *name;
} names[] = {
    {"SQLC_EMPTY", "nothing, or comments only"},
    {"SQLC_SELECT", "`SELECT`, `VALUES`, `TABLE`, `WITH … SELECT`"},
    {"SQLC_INSERT", "`INSERT`"},
    {"SQLC_UPDATE", "`UPDATE`"},
    {"SQLC_DELETE", "`DELETE`"},
    {"SQLC_MERGE", "`MERGE`"},
    {"SQLC_EXPLAIN", "`EXPLAIN`"},
    {"SQLC_SHOW", "`SHOW`"},
    {"SQLC_SET", "`SET`, `RESET`"},
    {"SQLC_SET_LOCAL", "`SET LOCAL`"},
    {"SQLC_SET_TRANSACTION", "`SET TRANSACTION`, `SET CONSTRAINTS`"},
    {"SQLC_SET_SESSION_CHARACTERISTICS", "`SET SESSION CHARACTERISTICS`"},
    {"SQLC_BEGIN", "`BEGIN`, `START TRANSACTION`"},
    {"SQLC_COMMIT", "`COMMIT`, `END`"},
    {"SQLC_ROLLBACK", "`ROLLBACK`, `ABORT`"},
    {"SQLC_SAVEPOINT", "`SAVEPOINT`"},
    {"SQLC_RELEASE", "`RELEASE`"},
    {"SQLC_ROLLBACK_TO", "`ROLLBACK TO`"},
    {"SQLC_PREPARE_TRANSACTION", "`PREPARE TRANSACTION`"},
    {"SQLC_COMMIT_PREPARED", "`COMMIT PREPARED`"},
    {"SQLC_ROLLBACK_PREPARED", "`ROLLBACK PREPARED`"},
    {"SQLC_PREPARE", "`PREPARE`"},
    {"SQLC_EXECUTE", "`EXECUTE`"},
    {"SQLC_DEALLOCATE", "`DEALLOCATE`"},
    {"SQLC_DECLARE", "`DECLARE`"},
    {"SQLC_FETCH", "`FETCH`"},
    {"SQLC_MOVE", "`MOVE`"},
    {"SQLC_CLOSE", "`CLOSE`"},
    {"SQLC_LISTEN", "`LISTEN`"},
    {"SQLC_UNLISTEN", "`UNLISTEN`"},
    {"SQLC_NOTIFY", "`NOTIFY`"},
    {"SQLC_COPY_STDIO", "`COPY … FROM STDIN`, `COPY … TO STDOUT`"},
    {"SQLC_COPY_FILE", "`COPY` with a file or program"},
    {"SQLC_LOCK", "`LOCK TABLE`"},
    {"SQLC_DISCARD", "`DISCARD`"},
    {"SQLC_CALL", "`CALL`, `{call …}`"},
    {"SQLC_DO", "`DO`"},
    {"SQLC_DDL", "`CREATE`, `ALTER`, `DROP`, `TRUNCATE`, `GRANT`, …"},
    {"SQLC_ALONE", "`VACUUM`, `CREATE DATABASE`, `… CONCURRENTLY`, `ALTER SYSTEM`, …"},
    {"SQLC_OTHER", "anything else"},
};

static const char *name_of(const char *cls)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].cls, cls) == 0)
            return names[i].name;
    return NULL;
}

static const char *word(const char *decision, const char *reason)
{
    static const struct {
        const char *decision, *word;
    } words[] = {{"SEND", "works"},
                 {"LOCAL", "works, no request"},
                 {"SETTING", "kept by the driver"},
                 {"READ", "sent at once"},
                 {"QUEUE", "waits for the commit"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(decision, words[i].decision) == 0)
            return words[i].word;
    return strcmp(reason, "ALONE") == 0 || strcmp(reason, "TRANSACTION") == 0 ? "25000" : "HYC00";
}

/* Transport=auto, where a session can be had. */
static const char *word_of_auto(enum sql_class cls, bool transaction)
{
    static const char *const words[] = {
        [PLAN_SINGLE] = "HTTP",      [PLAN_BATCH] = "HTTP",
        [PLAN_LOCAL] = "no request", [PLAN_SETTING] = "kept by the driver",
        [PLAN_SESSION] = "session",  [PLAN_READ] = "HTTP before the first write, then session",
        [PLAN_REFUSE] = "refused",   [PLAN_QUEUE] = "?",
    };
    const struct plan_context c = {
        .transaction = transaction, .reads_apart = transaction, .session = SESSION_ASIDE};

    return words[plan_statement((struct sql_kind){cls, 0}, &c).kind];
}

/* ---- what differs between the transports ---- */

static const struct {
    const char *what, *http, *automatic, *websocket;
} differences[] = {
#define SAME(title)
#define DIFFERS(title, http, automatic, websocket) {title, http, automatic, websocket},
#define EACH(who, verb, text, http, automatic, websocket)
#define TWO(who, verb, text, http, session)
#define ALL(who, verb, text, gives)
#include "../odbc/transports.def"
};

static int print_differences(void)
{
    printf("| | `http` | `auto` | `websocket` |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        printf("| %s | %s | %s | %s |\n", differences[i].what, differences[i].http,
               differences[i].automatic,
               strcmp(differences[i].automatic, differences[i].websocket) == 0
                   ? "as `auto`"
                   : differences[i].websocket);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "differences") == 0)
        return print_differences();
    printf("| statement | by itself | one of several in a text | in a transaction "
           "| `auto`, by itself | `auto`, in a transaction |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *name = name_of(texts[i].cls);
        if (name == NULL) {
            fprintf(stderr, "transports.c: give %s a name\n", texts[i].cls);
            return 1;
        }
        printf("| %s | %s | %s | %s | %s | %s |\n", name, word(texts[i].alone, texts[i].reason),
               word(texts[i].with_others, texts[i].reason),
               word(texts[i].in_transaction, texts[i].reason), word_of_auto(texts[i].number, false),
               word_of_auto(texts[i].number, true));
    }
    return 0;
}
