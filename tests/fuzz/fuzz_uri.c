/* fuzz_uri.c: any URL (first byte even) and any conninfo text (odd) is read or refused in words.
 * Then the input, wherever it breaks the text, stands behind the beginning of a password: no
 * message may show that beginning. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/uri.h"

#define MARKER "Qz7Qz7"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef bool reader_fn(struct conn_options *o, struct strview text, enum conn_source source,
                       struct config_warnings *w, struct err *e);

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void feed(reader_fn *read, struct strview text, bool with_marker)
{
    struct conn_options o;
    struct config_warnings w;
    struct err e = ERR_INIT;

    conn_options_init(&o);
    config_warnings_init(&w);
    if (read(&o, text, CONN_SRC_URL, &w, &e)) {
        must(!err_is_set(&e), "an error beside success");
    } else {
        must(strcmp(e.state, "HY024") == 0 && e.text.len > 20, "failed without a sentence");
        must(!with_marker || strstr(buf_str(&e.text), MARKER) == NULL, "a password in the error");
    }
    for (size_t i = 0; with_marker && i < w.n; i++)
        must(strstr(w.item[i].text, MARKER) == NULL, "a password in a warning");
    conn_options_release(&o);
    config_warnings_release(&w);
    err_release(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strview input = sv_n((const char *)data, size);
    struct buf text = BUF_INIT(0);
    bool conninfo = size > 0 && (data[0] & 1) != 0;
    reader_fn *read = conninfo ? uri_read_conninfo : uri_read;

    if (size == 0 || size > 8192)
        return 0;
    input = sv_n(input.ptr + 1, input.len - 1);
    feed(read, input, false);
    buf_append_str(&text, conninfo ? "host=h user=u password=" MARKER : "postgresql://u:" MARKER);
    buf_append_sv(&text, input);
    if (!conninfo)
        buf_append_str(&text, "@h.example.com:443/d?sslmode=require");
    if (!text.failed && sv_find(input, SV_LIT("Qz7")) == SIZE_MAX)
        feed(read, buf_sv(&text), true);
    buf_release(&text);
    return 0;
}
