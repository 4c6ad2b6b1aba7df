/* fuzz_connstr.c: any connection string is read or refused in words; what was read is written and
 * read back the same; no message shows what stands in a secret. No data source and no environment
 * is read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/net.h"

#define MARKER "Qz7Qz7"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_dsn(void *ctx, const char *section, const char *entry, char *out, int cap_bytes)
{
    (void)ctx;
    (void)section;
    (void)entry;
    (void)cap_bytes;
    out[0] = out[1] = '\0';
    return 0;
}

static const struct dsn_reader reader = {no_dsn, NULL};

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static size_t count_markers(struct strview text)
{
    size_t n = 0;
    size_t at;

    while ((at = sv_find(text, SV_LIT(MARKER))) != SIZE_MAX) {
        n++;
        text = sv_n(text.ptr + at + 1, text.len - at - 1);
    }
    return n;
}

/* Markers that stand only in secrets stand in no message. (Url and pqopt hold things that are none,
 * such as sslmode.) */
static void check_messages(struct strview text, const struct conn_options *o,
                           const struct config_warnings *w, const struct err *e)
{
    size_t in_secrets = 0;

    for (int id = 0; id < CONN_KEY_COUNT; id++)
        if ((conn_key_row((enum conn_key_id)id)->flags & CK_SECRET) != 0 && id != CONN_KEY_url &&
            id != CONN_KEY_pqopt)
            in_secrets += count_markers(sv(conn_options_text(o, (enum conn_key_id)id)));
    if (in_secrets == 0 || in_secrets != count_markers(text))
        return;
    must(strstr(buf_str(&e->text), MARKER) == NULL, "a secret in the error");
    for (size_t i = 0; i < w->n; i++)
        must(strstr(w->item[i].text, MARKER) == NULL, "a secret in a warning");
}

static void check_reads_back(struct conn_options *o)
{
    struct conn_options again;
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT(0);
    struct buf text2 = BUF_INIT(0);

    conn_options_clear(o, CONN_KEY_dsn);
    must(conn_options_to_connstr(o, &text), "writing");
    o->save_password = true;
    o->source[CONN_KEY_save_password] = CONN_SRC_STRING;
    buf_reset(&text);
    must(conn_options_to_connstr(o, &text), "writing with secrets");
    conn_options_init(&again);
    if (text.len <= 100000) {
        must(config_build_with(&again, buf_sv(&text), NULL, NULL, NULL, &reader, NULL, &e),
             "reading back");
        must(conn_options_to_connstr(&again, &text2), "writing again");
        must(sv_eq(buf_sv(&text), buf_sv(&text2)), "written twice, differently");
    }
    conn_options_release(&again);
    buf_release(&text);
    buf_release(&text2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strview text = sv_n((const char *)data, size);
    struct conn_options o;
    struct config_warnings w;
    struct err e = ERR_INIT;
    struct net_options net;

    conn_options_init(&o);
    config_warnings_init(&w);
    if (config_build_with(&o, text, NULL, NULL, NULL, &reader, &w, &e)) {
        must(!err_is_set(&e), "an error beside success");
        check_messages(text, &o, &w, &e);
        must(conn_options_to_net(&o, &net, &e), "net options");
        if (conn_options_complete(&o, &e))
            must(net.host != NULL && net.user != NULL, "complete without host or user");
        check_reads_back(&o);
    } else {
        must(e.state[0] != '\0' && e.text.len > 20, "failed without a sentence");
        check_messages(text, &o, &w, &e);
    }
    conn_options_release(&o);
    config_warnings_release(&w);
    err_release(&e);
    return 0;
}
