/* Builds the header list of a POST. Called by http_curl.c. */
#include "transport/request_headers.h"

static bool add(struct curl_slist **list, const char *name, const char *value)
{
    struct buf line = BUF_INIT(0);
    struct curl_slist *longer = NULL;

    buf_append_str(&line, name);
    buf_append_str(&line, value);
    if (!line.failed)
        longer = curl_slist_append(*list, line.data);
    buf_release_secret(&line);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

/* They mean something in a batch only, and a single statement with them would be misread by its
 * reader. */
static bool add_batch(struct curl_slist **list, const struct wire_request *r)
{
    static const char *const levels[] = {
        [ISOLATION_READ_UNCOMMITTED] = "ReadUncommitted",
        [ISOLATION_READ_COMMITTED] = "ReadCommitted",
        [ISOLATION_REPEATABLE_READ] = "RepeatableRead",
        [ISOLATION_SERIALIZABLE] = "Serializable",
    };
    bool ok = true;

    if (r->isolation != ISOLATION_DEFAULT)
        ok = add(list, "Neon-Batch-Isolation-Level: ", levels[r->isolation]);
    if (r->read_only)
        ok = ok && add(list, "Neon-Batch-Read-Only: ", "true");
    if (r->deferrable)
        ok = ok && add(list, "Neon-Batch-Deferrable: ", "true");
    return ok;
}

struct curl_slist *request_headers_new(struct transport *t, const struct wire_request *r)
{
    struct curl_slist *list = NULL;
    /* "Expect:" without a value removes it: waiting for 100 Continue costs a round trip, or a
     * second where a proxy swallows it. */
    bool ok = add(&list, "Content-Type: ", "application/json") && add(&list, "Expect:", "") &&
              add(&list, "Neon-Connection-String: ", buf_str(&t->identity)) &&
              add(&list, "Neon-Raw-Text-Output: ", "true") &&
              add(&list, "Neon-Array-Mode: ", "true") &&
              (t->o.token == NULL || add(&list, "Authorization: Bearer ", t->o.token));

    if (t->o.pool_opt_in)
        ok = ok && add(&list, "Neon-Pool-Opt-In: ", "true");
    if (r->batch)
        ok = ok && add_batch(&list, r);
    if (ok)
        return list;
    request_headers_free(list);
    return NULL;
}

void request_headers_free(struct curl_slist *headers)
{
    for (struct curl_slist *h = headers; h != NULL; h = h->next)
        mem_wipe(h->data, strlen(h->data));
    curl_slist_free_all(headers);
}
