/* Names of types that are not built in (enums, composites, extensions' types), whose OIDs differ
 * from database to database: asked for once and kept on the connection. Bounded; the oldest goes
 * first. Pure memory; stmt/typenames.c asks. */
#ifndef NEON_HANDLE_TYPE_NAMES_H
#define NEON_HANDLE_TYPE_NAMES_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/str.h"

#define TYPE_NAMES_MAX 512

struct type_name {
    uint32_t oid;
    char *name; /* owned: pg_type.typname, UTF-8 */
};

struct type_names {
    struct type_name *entries; /* owned */
    size_t n, cap;
    size_t next; /* the one to overwrite once there are TYPE_NAMES_MAX */
};

/* NULL: not there. Valid until the next call that changes the list. */
const char *type_names_find(const struct type_names *t, uint32_t oid);
/* Copies the name. False: out of memory, nothing changed. */
bool type_names_add(struct type_names *t, uint32_t oid, struct strview name) NEON_MUST_CHECK;
/* When types may have been renamed, and at the end of the connection. */
void type_names_clear(struct type_names *t);

#endif
