/* The waiting notifications as a result that is made here. Called by execute.c and describe.c. */
#include "stmt/notifications.h"

#include <stdio.h>

#include "handle/notification.h"
#include "sql/setting_text.h"

static const struct local_column columns[] = {
    {"channel", 25, -1, SQL_NO_NULLS},
    {"pid", 23, -1, SQL_NO_NULLS},
    {"payload", 25, -1, SQL_NO_NULLS},
};

bool notifications_are_wanted(const struct stmt *s)
{
    const struct script_stmt *st = &s->script.stmts[0];

    return s->script.n_stmts == 1 && st->kind.cls == SQLC_SHOW &&
           setting_is_shown(sv_n(st->text, st->len), "neon_odbc", "notifications");
}

bool notifications_describe(struct stmt *s, struct err *e)
{
    const struct local_result shape = {.columns = columns, .n_columns = ARRAY_LEN(columns)};

    return colmeta_fill_local(s, &shape, e);
}

static bool add(struct stmt *s, const struct session_notification *n)
{
    char pid[16];
    struct cell cells[ARRAY_LEN(columns)];

    snprintf(pid, sizeof pid, "%ld", (long)n->pid);
    cells[0] = (struct cell){n->channel, strlen(n->channel)};
    cells[1] = (struct cell){pid, strlen(pid)};
    cells[2] = (struct cell){n->payload, strlen(n->payload)};
    return local_result_add(&s->local, cells);
}

SQLRETURN notifications_execute(struct stmt *s)
{
    const struct session_notification *n;
    SQLRETURN first;

    stmt_close(s);
    local_result_init(&s->local, columns, ARRAY_LEN(columns));
    first = notification_oldest(s->dbc, &s->handle, true, &n);
    if (first == SQL_ERROR)
        return first;
    while (n != NULL && add(s, n)) {
        notification_done(s->dbc);
        n = session_notification(s->dbc->session);
    }
    if (n != NULL && s->local.n_rows == 0) {
        stmt_close(s);
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    }
    return stmt_show_local(s) == SQL_SUCCESS ? (first == SQL_NO_DATA ? SQL_SUCCESS : first)
                                             : SQL_ERROR;
}
