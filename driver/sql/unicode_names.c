/* Decodes U&"..." as PostgreSQL does. Called by script.c, before anything else reads the text. */
#include "sql/unicode_names.h"

#include <string.h>

#include "base/utf.h"
#include "sql/token.h"

bool unicode_names_possible(struct strview text)
{
    const char *p = text.ptr;
    const char *end = text.ptr + text.len;

    while (p < end && (p = memchr(p, '&', (size_t)(end - p))) != NULL) {
        if (p > text.ptr && (p[-1] | 0x20) == 'u' && p + 1 < end && p[1] == '"')
            return true;
        p++;
    }
    return false;
}

static bool is_unicode_name(const struct token *t)
{
    return t->kind == TOK_QUOTED_IDENT && t->text.ptr[0] != '"';
}

/* UESCAPE 'c' behind a name: *ts then stands behind it. 0 for a character that may not be one. */
static char escape_behind(struct tokens *ts)
{
    struct tokens ahead = *ts;
    struct token t;

    if (!tokens_next(&ahead, &t) || !sv_ieq(t.text, SV_LIT("uescape")))
        return '\\';
    if (!tokens_next(&ahead, &t) || t.kind != TOK_STRING || t.text.len != 3 ||
        strchr("0123456789abcdefABCDEF+'\" \t\n\r\f", t.text.ptr[1]) != NULL)
        return '\0';
    *ts = ahead;
    return t.text.ptr[1];
}

static bool hex_value(struct strview s, size_t digits, uint32_t *out)
{
    *out = 0;
    if (s.len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        char c = ascii_lower(s.ptr[i]);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        *out = *out * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/* Behind the escape character: the bytes that the code point takes, or 0. */
static size_t one_code(struct strview s, uint32_t *cp)
{
    if (s.len > 0 && s.ptr[0] == '+')
        return hex_value(sv_n(s.ptr + 1, s.len - 1), 6, cp) ? 7 : 0;
    return hex_value(s, 4, cp) ? 4 : 0;
}

static bool is_high(uint32_t cp)
{
    return cp >= 0xD800 && cp < 0xDC00;
}

static bool is_low(uint32_t cp)
{
    return cp >= 0xDC00 && cp < 0xE000;
}

/* The same with both halves of a pair. */
static size_t whole_code(struct strview s, char escape, uint32_t *cp)
{
    size_t len = one_code(s, cp);
    uint32_t low;
    size_t more;

    if (len == 0 || !is_high(*cp))
        return len > 0 && *cp > 0 && *cp <= 0x10FFFF && !is_low(*cp) ? len : 0;
    if (len + 1 >= s.len || s.ptr[len] != escape)
        return 0;
    more = one_code(sv_n(s.ptr + len + 1, s.len - len - 1), &low);
    if (more == 0 || !is_low(low))
        return 0;
    *cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
    return len + 1 + more;
}

/* What stands between the quotes, where a doubled quote is one already. False: PostgreSQL would not
 * read it. */
static bool decode(struct strview inside, char escape, struct buf *out)
{
    char utf8[4];
    uint32_t cp;

    for (size_t i = 0; i < inside.len;) {
        size_t len;
        if (inside.ptr[i] != escape) {
            buf_append_char(out, inside.ptr[i++]);
            continue;
        }
        if (++i < inside.len && inside.ptr[i] == escape) {
            buf_append_char(out, inside.ptr[i++]);
            continue;
        }
        len = whole_code(sv_n(inside.ptr + i, inside.len - i), escape, &cp);
        if (len == 0)
            return false;
        buf_append(out, utf8, utf8_encode(cp, utf8));
        if (cp == '"')
            buf_append_char(out, '"');
        i += len;
    }
    return true;
}

/* What stands before the name must not become a part of it: "a"U&"b", U&U&"b". */
static void keep_apart(struct buf *out, const char *from)
{
    if (out->len > 0 && strchr(from, out->data[out->len - 1]) != NULL)
        buf_append_char(out, ' ');
}

/* t is the name; *ts stands behind it, and behind what belongs to it when it was written. */
static bool write_name(const struct token *t, struct tokens *ts, struct buf *out)
{
    struct tokens behind = *ts;
    char escape = escape_behind(&behind);
    struct buf name = BUF_INIT(0);
    bool ok;

    if (escape == '\0' || !decode(sv_n(t->text.ptr + 3, t->text.len - 4), escape, &name)) {
        ok = buf_append_sv(out, t->text);
    } else {
        *ts = behind;
        keep_apart(out, "\"&");
        buf_append_char(out, '"');
        buf_append_sv(out, buf_sv(&name));
        ok = buf_append_char(out, '"') && name.failed == BUF_OK;
    }
    buf_release(&name);
    return ok;
}

bool unicode_names_write_plain(struct strview text, struct buf *out)
{
    struct tokens ts = {text, 0};
    struct token t;
    bool ok = true;

    while (ok && tokens_raw(&ts, &t)) {
        if (is_unicode_name(&t)) {
            ok = write_name(&t, &ts, out);
            continue;
        }
        if (t.kind == TOK_QUOTED_IDENT) /* behind UESCAPE '!' that is not there any more */
            keep_apart(out, "\"");
        ok = buf_append_sv(out, t.text);
    }
    return ok;
}
