/* How the typed mode turns a value of a column type into JSON (protocol 4.3). */
#ifndef GATEWAY_TYPEINFO_H
#define GATEWAY_TYPEINFO_H

#include <stdbool.h>
#include <libpq-fe.h>

#include "gateway/backend.h"

enum value_kind {
    VALUE_TEXT, /* a JSON string */
    VALUE_BOOL,
    VALUE_INT,   /* int2, int4 */
    VALUE_FLOAT, /* float4, float8 */
    VALUE_JSON   /* verbatim */
};

enum array_kind {
    ARRAY_NONE,
    ARRAY_BRACES, /* {..}, elements separated by commas */
    ARRAY_BOX,    /* box[]: separated by semicolons, which the real endpoint overlooks */
    ARRAY_VECTOR  /* int2vector, oidvector: blanks and no braces, which fails there */
};

struct type_rule {
    enum value_kind value; /* of the column, or of its array's elements */
    enum array_kind array;
};

/* Array types found in the catalogue, remembered per connection. */
struct typecache;
void typecache_free(struct typecache *cache);

/* The rule of a type whose OID is known to every server. False: ask the catalogue. */
bool type_rule_builtin(Oid oid, struct type_rule *rule);
/* The rule of any type; asks the catalogue of b's database when needed (b must be idle; its unnamed
 * statement is then replaced). RUN_FAILED when the catalogue cannot be read. */
enum run_result type_rule_lookup(struct backend *b, Oid oid, struct type_rule *rule,
                                 const struct watch *w, struct failure *f);

#endif
