/* A short list of sentences. Posts nothing: connecting does, once it has a handle to post on.
 * Called by all of config/. */
#include "config/config_warnings.h"

void config_warnings_init(struct config_warnings *w)
{
    *w = (struct config_warnings){0};
}

void config_warnings_release(struct config_warnings *w)
{
    for (size_t i = 0; i < w->n; i++)
        mem_free(w->item[i].text);
    config_warnings_init(w);
}

bool config_warn(struct config_warnings *w, enum sqlstate state, struct err *e, const char *fmt,
                 ...)
{
    struct buf text = BUF_INIT(ERR_TEXT_MAX_BYTES);
    va_list ap;

    if (w == NULL || w->n == CONFIG_WARNINGS_MAX)
        return true;
    if (w->n == CONFIG_WARNINGS_MAX - 1) {
        /* A file with a thousand unknown keywords needs no thousand records. */
        state = ST_01S00;
        buf_append_str(&text,
                       "There are more remarks on the connection's keywords than are shown.");
    } else {
        va_start(ap, fmt);
        buf_vprintf(&text, fmt, ap);
        va_end(ap);
    }
    if (text.failed || text.len == 0) {
        buf_release(&text);
        return err_oom(e);
    }
    w->item[w->n++] = (struct config_warning){state, buf_take(&text)};
    return true;
}
