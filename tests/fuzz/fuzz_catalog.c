/* fuzz_catalog.c: what the catalog functions do to text of their own accord. The first line of the
 * input is a name, the second a pattern, the third a default's expression. A name escaped as a
 * pattern matches itself; what is shown of a default lies within it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog_result.h"
#include "catalog/like.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static struct strview line(const char **at, const char *end)
{
    const char *nl = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    struct strview v = sv_n(*at, (size_t)((nl != NULL ? nl : end) - *at));

    *at = nl != NULL ? nl + 1 : end;
    return v;
}

static void escaped_matches_itself(struct strview name)
{
    struct buf pattern = BUF_INIT(0);

    for (size_t i = 0; i < name.len; i++) {
        if (strchr("%_\\", name.ptr[i]) != NULL && name.ptr[i] != '\0')
            buf_append_char(&pattern, '\\');
        buf_append_char(&pattern, name.ptr[i]);
    }
    must(like_matches(name, buf_sv(&pattern)), "an escaped name matches itself");
    buf_append_char(&pattern, '%');
    must(like_matches(name, buf_sv(&pattern)), "and with anything behind it");
    buf_release(&pattern);
}

static void default_lies_within(struct strview v, uint32_t oid)
{
    struct type_options o;
    struct type_desc t;
    struct cell shown;

    type_options_default(&o);
    typemap_describe(oid, -1, &o, &t);
    shown = catalog_default((struct cell){v.ptr, v.len}, &t);
    must(shown.ptr >= v.ptr && shown.ptr + shown.len <= v.ptr + v.len, "within the expression");
    must(v.len == 0 || shown.len > 0, "not nothing of something");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char none[] = "";
    const char *at = size > 0 ? (const char *)data : none;
    const char *end = at + size;
    struct strview name = line(&at, end);
    struct strview pattern = line(&at, end);
    struct strview expression = line(&at, end);

    if (size > 4096)
        return 0;
    (void)like_matches(name, pattern);
    must(like_matches(name, SV_LIT("%")), "everything matches everything");
    escaped_matches_itself(name);
    default_lies_within(expression, 25);
    default_lies_within(expression, 23);
    return 0;
}
