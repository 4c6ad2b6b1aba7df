/* Strict JSON reader for request bodies: recursive descent over the whole body in memory.
 *
 * It refuses what the real endpoint refuses (bad UTF-8, lone surrogates, trailing bytes, deep
 * nesting, numbers out of range) with the same wording. It does not judge the shape: request.c
 * does.
 */
#include "gateway/json_in.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/text.h"

#define JSON_MAX_DEPTH 127
#define JSON_BLOCK_BYTES ((size_t)16384)

struct json_block {
    struct json_block *next;
    size_t used;
    size_t cap;
    max_align_t data[];
};

struct parser {
    struct json_doc *doc;
    const char *text;
    size_t n;
    size_t pos;
    int depth;
};

static void *arena_alloc(struct json_doc *doc, size_t n)
{
    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct json_block *block = doc->blocks;
    if (!block || block->cap - block->used < n) {
        size_t cap = n > JSON_BLOCK_BYTES ? n : JSON_BLOCK_BYTES;
        block = malloc(sizeof *block + cap);
        if (!block)
            return NULL;
        *block = (struct json_block){.next = doc->blocks, .cap = cap};
        doc->blocks = block;
    }
    void *p = (char *)block->data + block->used;
    block->used += n;
    return p;
}

void json_release(struct json_doc *doc)
{
    while (doc->blocks) {
        struct json_block *next = doc->blocks->next;
        free(doc->blocks);
        doc->blocks = next;
    }
    doc->root = NULL;
}

/* `index` is the position just behind the offending byte. */
static bool fail_at(struct parser *p, const char *what, size_t index)
{
    size_t line = 1;
    size_t column = 0;
    if (index > p->n)
        index = p->n;
    for (size_t i = 0; i < index; i++) {
        column++;
        if (p->text[i] == '\n') {
            line++;
            column = 0;
        }
    }
    snprintf(p->doc->error, sizeof p->doc->error, "%s at line %zu column %zu", what, line, column);
    return false;
}

static bool fail_here(struct parser *p, const char *what)
{
    return fail_at(p, what, p->pos + 1);
}

static int peek(struct parser *p)
{
    while (p->pos < p->n) {
        char c = p->text[p->pos];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return (unsigned char)c;
        p->pos++;
    }
    return -1;
}

static bool parse_hex4(struct parser *p, unsigned *out)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        if (p->pos >= p->n)
            return fail_at(p, "EOF while parsing a string", p->pos);
        char c = p->text[p->pos++];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A' + 10);
        else
            return fail_at(p, "invalid escape", p->pos);
        v = v << 4 | digit;
    }
    *out = v;
    return true;
}

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static bool parse_unicode_escape(struct parser *p, char *out, size_t *len)
{
    unsigned c;
    unsigned low;
    if (!parse_hex4(p, &c))
        return false;
    if (c >= 0xdc00 && c <= 0xdfff)
        return fail_at(p, "lone leading surrogate in hex escape", p->pos);
    if (c >= 0xd800 && c <= 0xdbff) {
        if (p->n - p->pos < 2 || p->text[p->pos] != '\\' || p->text[p->pos + 1] != 'u')
            return fail_here(p, "unexpected end of hex escape");
        p->pos += 2;
        if (!parse_hex4(p, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail_at(p, "lone leading surrogate in hex escape", p->pos);
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    *len += put_utf8(out + *len, c);
    return true;
}

static bool parse_escape(struct parser *p, char *out, size_t *len)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (p->pos >= p->n)
        return fail_at(p, "EOF while parsing a string", p->pos);
    char c = p->text[p->pos++];
    if (c == 'u')
        return parse_unicode_escape(p, out, len);
    const char *hit = c ? strchr(from, c) : NULL;
    if (!hit)
        return fail_at(p, "invalid escape", p->pos);
    out[(*len)++] = to[hit - from];
    return true;
}

/* Parses the string whose opening quote is at pos. */
static bool parse_string(struct parser *p, const char **text, size_t *text_len)
{
    size_t end = ++p->pos;
    while (end < p->n && p->text[end] != '"')
        end += p->text[end] == '\\' ? 2 : 1;
    if (end > p->n)
        end = p->n;
    char *out = arena_alloc(p->doc, end - p->pos + 1); /* escapes only shrink */
    size_t len = 0;
    if (!out)
        return fail_here(p, "out of memory");
    for (;;) {
        if (p->pos >= p->n)
            return fail_at(p, "EOF while parsing a string", p->pos);
        unsigned char c = (unsigned char)p->text[p->pos];
        if (c == '"')
            break;
        if (c == '\\') {
            p->pos++;
            if (!parse_escape(p, out, &len))
                return false;
        } else if (c < 0x20) {
            return fail_here(p, "control character (\\u0000-\\u001F) found while parsing a string");
        } else {
            size_t k = text_utf8_len((const unsigned char *)p->text + p->pos, p->n - p->pos);
            if (k == 0)
                return fail_here(p, "invalid unicode code point");
            memcpy(out + len, p->text + p->pos, k);
            len += k;
            p->pos += k;
        }
    }
    p->pos++;
    out[len] = '\0';
    *text = out;
    *text_len = len;
    return true;
}

static bool is_digit(struct parser *p)
{
    return p->pos < p->n && p->text[p->pos] >= '0' && p->text[p->pos] <= '9';
}

static bool skip_digits(struct parser *p)
{
    if (!is_digit(p)) {
        if (p->pos >= p->n)
            return fail_at(p, "EOF while parsing a value", p->pos);
        return fail_here(p, "invalid number");
    }
    while (is_digit(p))
        p->pos++;
    return true;
}

/* Checks the grammar from pos on; *integral says that there was neither fraction nor exponent. */
static bool scan_number(struct parser *p, bool *integral)
{
    *integral = true;
    if (p->text[p->pos] == '-')
        p->pos++;
    if (is_digit(p) && p->text[p->pos] == '0') {
        p->pos++;
        if (is_digit(p))
            return fail_here(p, "invalid number");
    } else if (!skip_digits(p)) {
        return false;
    }
    if (p->pos < p->n && p->text[p->pos] == '.') {
        *integral = false;
        p->pos++;
        if (!skip_digits(p))
            return false;
    }
    if (p->pos < p->n && (p->text[p->pos] == 'e' || p->text[p->pos] == 'E')) {
        *integral = false;
        p->pos++;
        if (p->pos < p->n && (p->text[p->pos] == '+' || p->text[p->pos] == '-'))
            p->pos++;
        if (!skip_digits(p))
            return false;
    }
    return true;
}

static bool parse_number(struct parser *p, struct json_value *v)
{
    size_t start = p->pos;
    bool integral;
    if (!scan_number(p, &integral))
        return false;
    size_t n = p->pos - start;
    char *copy = arena_alloc(p->doc, n + 1); /* strto* want a terminator */
    if (!copy)
        return fail_here(p, "out of memory");
    memcpy(copy, p->text + start, n);
    copy[n] = '\0';
    if (integral && strcmp(copy, "-0") != 0) {
        errno = 0;
        if (copy[0] == '-') {
            v->kind = JSON_INT;
            v->int_value = strtoll(copy, NULL, 10);
        } else {
            v->kind = JSON_UINT;
            v->uint_value = strtoull(copy, NULL, 10);
        }
        if (errno == 0)
            return true;
    }
    v->kind = JSON_DOUBLE;
    v->double_value = strtod(copy, NULL);
    if (isinf(v->double_value))
        return fail_at(p, "number out of range", p->pos);
    return true;
}

static bool parse_word(struct parser *p, const char *word)
{
    for (; *word; word++, p->pos++) {
        if (p->pos >= p->n)
            return fail_at(p, "EOF while parsing a value", p->pos);
        if (p->text[p->pos] != *word)
            return fail_here(p, "expected ident");
    }
    return true;
}

static bool parse_value(struct parser *p, struct json_value *v);

static struct json_value *add_child(struct parser *p, struct json_value *parent,
                                    struct json_value ***tail)
{
    struct json_value *child = arena_alloc(p->doc, sizeof *child);
    if (!child) {
        fail_here(p, "out of memory");
        return NULL;
    }
    *child = (struct json_value){0};
    **tail = child;
    *tail = &child->next;
    parent->n_children++;
    return child;
}

static bool parse_member(struct parser *p, struct json_value *child)
{
    int c = peek(p);
    if (c < 0)
        return fail_at(p, "EOF while parsing an object", p->pos);
    if (c != '"')
        return fail_here(p, c == '}' ? "trailing comma" : "key must be a string");
    if (!parse_string(p, &child->key, &child->key_len))
        return false;
    c = peek(p);
    if (c < 0)
        return fail_at(p, "EOF while parsing an object", p->pos);
    if (c != ':')
        return fail_here(p, "expected `:`");
    p->pos++;
    return parse_value(p, child);
}

/* Arrays and objects: the same comma grammar between different brackets. */
static bool parse_children(struct parser *p, struct json_value *v, bool object)
{
    const char *eof = object ? "EOF while parsing an object" : "EOF while parsing a list";
    int close = object ? '}' : ']';
    struct json_value **tail = &v->first;
    v->kind = object ? JSON_OBJECT : JSON_ARRAY;
    if (++p->depth > JSON_MAX_DEPTH)
        return fail_here(p, "recursion limit exceeded");
    p->pos++;
    int c = peek(p);
    if (c == close) {
        p->pos++;
        p->depth--;
        return true;
    }
    for (;;) {
        if (peek(p) < 0)
            return fail_at(p, eof, p->pos);
        if (!object && v->n_children > 0 && peek(p) == ']')
            return fail_here(p, "trailing comma");
        struct json_value *child = add_child(p, v, &tail);
        if (!child || !(object ? parse_member(p, child) : parse_value(p, child)))
            return false;
        c = peek(p);
        if (c < 0)
            return fail_at(p, eof, p->pos);
        if (c != ',' && c != close)
            return fail_here(p, object ? "expected `,` or `}`" : "expected `,` or `]`");
        p->pos++;
        if (c == close)
            break;
    }
    p->depth--;
    return true;
}

static bool parse_value(struct parser *p, struct json_value *v)
{
    int c = peek(p);
    if (c < 0)
        return fail_at(p, "EOF while parsing a value", p->pos);
    if (c == '{' || c == '[')
        return parse_children(p, v, c == '{');
    if (c == '"') {
        v->kind = JSON_STRING;
        return parse_string(p, &v->text, &v->text_len);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return parse_number(p, v);
    if (c == 'n') {
        v->kind = JSON_NULL;
        return parse_word(p, "null");
    }
    if (c == 't' || c == 'f') {
        v->kind = JSON_BOOL;
        v->boolean = c == 't';
        return parse_word(p, c == 't' ? "true" : "false");
    }
    return fail_here(p, "expected value");
}

bool json_parse(struct json_doc *doc, const char *text, size_t n)
{
    struct parser p = {.doc = doc, .text = text, .n = n};
    struct json_value *root = arena_alloc(doc, sizeof *root);
    if (!root)
        return fail_here(&p, "out of memory");
    *root = (struct json_value){0};
    if (!parse_value(&p, root))
        return false;
    if (peek(&p) >= 0)
        return fail_here(&p, "trailing characters");
    doc->root = root;
    return true;
}
