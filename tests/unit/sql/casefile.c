/* The reader of tests/data's case files, for the tests of sql/. Their place is $srcdir/tests/data.
 */
#include "casefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

char *datafile_read(const char *path, size_t *len)
{
    const char *srcdir = getenv("srcdir") ? getenv("srcdir") : getenv("NEON_TEST_SRCDIR");
    char full[4096];
    struct buf b = BUF_INIT(0);
    char chunk[8192];
    size_t got;
    FILE *f;

    snprintf(full, sizeof full, "%s/tests/data/%s", srcdir ? srcdir : ".", path);
    f = fopen(full, "rb");
    if (f == NULL)
        fail_msg("%s cannot be read: set srcdir to the top of the source tree", full);
    while ((got = fread(chunk, 1, sizeof chunk, f)) > 0)
        assert_true(buf_append(&b, chunk, got));
    fclose(f);
    *len = b.len;
    return buf_take(&b);
}

static struct strview take_line(struct strview *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    struct strview line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t used = line.len + (end != NULL);

    *rest = sv_n(rest->ptr + used, rest->len - used);
    return line;
}

static bool is_title(struct strview line)
{
    return line.len > 3 && memcmp(line.ptr, "== ", 3) == 0;
}

/* Lines up to the one that `stops` likes (which is left in *rest), without the last newline. */
static struct strview take_until(struct strview *rest, bool (*stops)(struct strview line),
                                 size_t *line_no)
{
    struct strview all = {rest->ptr, 0};

    while (rest->len > 0) {
        struct strview ahead = *rest;
        if (stops(take_line(&ahead)))
            break;
        *rest = ahead;
        (*line_no)++;
    }
    all.len = (size_t)(rest->ptr - all.ptr);
    all.len -= all.len > 0 && all.ptr[all.len - 1] == '\n';
    return all;
}

static bool is_arrow(struct strview line)
{
    return sv_eq(line, SV_LIT("=>"));
}

bool testcase_has(const struct testcase *c, const char *option)
{
    const char *bracket = strrchr(c->title, '[');
    size_t len = strlen(option);

    for (const char *at = bracket; at != NULL && (at = strstr(at + 1, option)) != NULL;)
        if ((at[-1] == '[' || at[-1] == ' ') && (at[len] == ']' || at[len] == ' '))
            return true;
    return false;
}

static bool check_one(const char *path, const struct testcase *c,
                      void (*run)(const struct testcase *, struct buf *))
{
    struct buf outcome = BUF_INIT(0);
    struct strview got;
    bool same;

    run(c, &outcome);
    got = buf_sv(&outcome);
    got.len -= got.len > 0 && got.ptr[got.len - 1] == '\n';
    same = sv_eq(got, c->expected);
    if (!same)
        print_error("%s:%zu: %s\n--- input\n%.*s\n--- expected\n%.*s\n--- got\n%.*s\n", path,
                    c->line, c->title, (int)c->input.len, c->input.ptr, (int)c->expected.len,
                    c->expected.ptr, (int)got.len, got.ptr);
    buf_release(&outcome);
    return same;
}

void casefile_check(const char *path, size_t at_least,
                    void (*run)(const struct testcase *c, struct buf *outcome))
{
    size_t len;
    char *text = datafile_read(path, &len);
    struct strview rest = {text, len};
    size_t line_no = 1;
    size_t cases = 0;
    size_t bad = 0;

    take_until(&rest, is_title, &line_no);
    while (rest.len > 0) {
        struct testcase c = {.line = line_no++};
        struct strview title = take_line(&rest);
        char *name = mem_strndup(title.ptr + 3, title.len - 3);
        assert_non_null(name);
        c.title = name;
        c.input = take_until(&rest, is_arrow, &line_no);
        take_line(&rest);
        line_no++;
        c.expected = take_until(&rest, is_title, &line_no);
        bad += !check_one(path, &c, run);
        cases++;
        mem_free(name);
    }
    mem_free(text);
    if (bad > 0)
        fail_msg("%zu of %zu cases of %s differ", bad, cases, path);
    if (cases < at_least)
        fail_msg("%s holds %zu cases, fewer than %zu", path, cases, at_least);
}

size_t tsvfile_each(const char *path,
                    void (*run)(struct strview left, struct strview right, size_t line, void *ctx),
                    void *ctx)
{
    size_t len;
    char *text = datafile_read(path, &len);
    struct strview rest = {text, len};
    size_t lines = 0;

    for (size_t no = 1; rest.len > 0; no++) {
        struct strview line = take_line(&rest);
        const char *tab;
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        tab = memchr(line.ptr, '\t', line.len);
        if (tab == NULL)
            fail_msg("%s:%zu has no tab", path, no);
        run(sv_n(line.ptr, (size_t)(tab - line.ptr)),
            sv_n(tab + 1, line.len - (size_t)(tab - line.ptr) - 1), no, ctx);
        lines++;
    }
    mem_free(text);
    return lines;
}
