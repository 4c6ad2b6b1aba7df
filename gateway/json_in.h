/* Strict JSON reader for request bodies.
 *
 * json-c is not used here because it merges duplicate keys, repairs lone surrogates and clamps big
 * integers, all of which the protocol (3.1, 3.3) makes visible. The tree lives in one arena.
 */
#ifndef GATEWAY_JSON_IN_H
#define GATEWAY_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_UINT,   /* integer in 0 .. 2^64-1 */
    JSON_INT,    /* negative integer down to -2^63 */
    JSON_DOUBLE, /* every other number */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    enum json_kind kind;
    bool boolean;
    uint64_t uint_value;
    int64_t int_value;
    double double_value;
    const char *text; /* JSON_STRING: unescaped UTF-8, may contain NUL */
    size_t text_len;
    const char *key; /* member of an object: its name */
    size_t key_len;
    struct json_value *first; /* children in source order; duplicate keys are kept */
    struct json_value *next;
    size_t n_children;
};

struct json_doc {
    struct json_value *root;
    struct json_block *blocks; /* the arena */
    char error[160];           /* why parsing failed, with line and column */
};

/* Parses n bytes into doc (zero-initialised by the caller). False: doc->error is set. Either way
 * json_release must be called. */
bool json_parse(struct json_doc *doc, const char *text, size_t n);
void json_release(struct json_doc *doc);

#endif
