/* What NOTIFY said to a session that listens, for an application. The queue is the session's.
 * Called by attr_dbc.c, api/ and stmt/notifications.c. */
#include "handle/notification.h"

#include "transport/request_body.h"

static bool write_text(const struct session_notification *n, struct buf *out)
{
    buf_reset(out);
    buf_append_str(out, "{\"channel\":");
    request_body_append_string(out, n->channel, strlen(n->channel));
    buf_printf(out, ",\"pid\":%lu,\"payload\":", (unsigned long)n->pid);
    request_body_append_string(out, n->payload, strlen(n->payload));
    buf_append_char(out, '}');
    return out->failed == BUF_OK;
}

SQLRETURN notification_oldest(struct dbc *d, struct handle *post_on, bool may_poll,
                              const struct session_notification **out)
{
    uint64_t dropped;

    *out = NULL;
    if (d->session == NULL)
        return SQL_NO_DATA;
    /* While some are waiting nothing more is taken in: the server waits then, and nothing is lost.
     */
    if (session_notification(d->session) == NULL && may_poll)
        session_poll(d->session);
    *out = session_notification(d->session);
    if (*out == NULL && session_is_gone(d->session))
        return diag_post(post_on, ST_08S01, 0,
                         "The session was lost, and its LISTEN with it: notifications may have "
                         "been lost. Connect again, LISTEN again, and then look at the tables "
                         "whose changes they would have told.");
    if (*out == NULL)
        return SQL_NO_DATA;
    dropped = session_notifications_dropped(d->session);
    if (dropped == 0)
        return SQL_SUCCESS;
    return diag_post(post_on, ST_01000, 0,
                     "%llu notifications were dropped: %d, or %zu MiB of them, may wait to be "
                     "read, and later ones have no place.",
                     (unsigned long long)dropped, SESSION_MAX_NOTIFICATIONS,
                     SESSION_MAX_NOTIFICATION_BYTES >> 20);
}

SQLRETURN notification_get(struct dbc *d, const char **text)
{
    const struct session_notification *n;
    bool alone = atomic_load(&d->async_running) == NULL;
    SQLRETURN rc = notification_oldest(d, &d->handle, alone, &n);

    *text = "";
    if (n == NULL)
        return rc;
    if (!write_text(n, &d->notification))
        return diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
    *text = buf_str(&d->notification);
    return rc;
}

void notification_done(struct dbc *d)
{
    session_drop_notification(d->session);
}
