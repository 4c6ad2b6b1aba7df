/* The catalog functions called from a table, and their results as text: shared by the tests of the
 * catalog. */
#ifndef NEON_TESTS_CATALOG_CALLS_H
#define NEON_TESTS_CATALOG_CALLS_H

#include "odbc_test.h"

enum function {
    TABLES,
    COLUMNS,
    PRIMARY_KEYS,
    FOREIGN_KEYS,
    STATISTICS,
    SPECIAL_COLUMNS,
    TABLE_PRIVILEGES,
    COLUMN_PRIVILEGES,
    PROCEDURES,
    PROCEDURE_COLUMNS,
};

struct call {
    enum function f;
    const char *t[6]; /* texts in the order of the arguments; NULL = null pointer */
    SQLUSMALLINT first, second, third; /* numbers */
};

/* The call by the narrow names, and by the wide ones with explicit lengths. */
SQLRETURN call_narrow(SQLHSTMT s, const struct call *c);
SQLRETURN call_wide(SQLHSTMT s, const struct call *c);

/* Text that grows; data is to be freed. */
struct text {
    char *data;
    size_t len, cap;
};
void put(struct text *t, const char *s);
/* "== SQLTables NULL [zoo] ..." */
void put_call(const struct call *c, struct text *out);
/* Header and rows of the open result, NULL as ~; closes it. */
void render(SQLHSTMT s, struct text *out);

/* cmocka group setup and teardown: tests/data/catalog/schema.sql. */
int load_schema(void **state);
int drop_schema(void **state);

#endif
