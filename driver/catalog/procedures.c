/* SQLProcedures and SQLProcedureColumns: procedures and functions that {call} can run; not
 * aggregates, window functions and triggers. Functions of the same name are told apart by
 * SPECIFIC_NAME, as in information_schema. Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* clang-format off */
#define OF_MODE(modes) \
    "(SELECT " CAT "count(*) FROM pg_catalog.unnest(p.proargmodes) AS m(mode) " \
    "WHERE m.mode" EQ "ANY (ARRAY[" modes "]::\"char\"[]))"
#define SPECIFIC_NAME "p.proname" TEXT CONCAT "'_'" CONCAT "p.oid" TEXT

/* $1 catalog; $2 schema, $3 procedure: patterns or NULL; $4 those of the server too. 2279 trigger,
 * 3838 event_trigger. */
#define PROCEDURES \
    "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid" EQ "p.pronamespace "
#define WANTED \
    "p.prokind" EQ "ANY (ARRAY['f', 'p']::\"char\"[]) " \
    "AND p.prorettype" NE "ALL (ARRAY[2279, 3838]::pg_catalog.oid[]) AND " THIS_CATALOG("1") \
    " AND " MATCHES("n.nspname", "2") " AND " MATCHES("p.proname", "3") \
    " AND ($4::pg_catalog.bool OR NOT " IS_SYSTEM("n") ") AND " IS_VISIBLE("n")

static const char procedures_sql[] =
    "SELECT " CAT "current_database(), n.nspname, p.proname, p.pronargs, " OF_MODE("'o', 'b'") ", "
    "CASE WHEN p.proretset THEN 1 ELSE 0 END, " CAT "obj_description(p.oid, 'pg_proc'), "
    "CASE WHEN p.prokind" EQ "'p' THEN 1 ELSE 2 END, " SPECIFIC_NAME " "
    PROCEDURES
    "WHERE " WANTED " "
    "ORDER BY n.nspname, p.proname, p.oid";
/* clang-format on */

enum in_column {
    IN_CATALOG,
    IN_SCHEMA,
    IN_PROCEDURE,
    IN_COLUMN,
    IN_KIND,
    IN_TYPE, /* and modifier, and name */
    IN_DEFAULT = IN_TYPE + 3,
    IN_POSITION,
    IN_SPECIFIC,
    IN_COUNT
};

/* clang-format off */
/* SQL_PARAM_INPUT 1, SQL_PARAM_INPUT_OUTPUT 2, SQL_RESULT_COL 3, SQL_PARAM_OUTPUT 4,
 * SQL_RETURN_VALUE 5. The columns of what a function returns: those of TABLE, the output parameters
 * of a function that returns a set, the attributes of a set's row type, or the one value of a set.
 * 2278 void, 2249 record. part: the return value, parameters, columns of the result. */
#define RETURNS_SOMETHING \
    "p.prokind" EQ "'f' AND p.prorettype" NE "ALL (ARRAY[2278, 2249]::pg_catalog.oid[]) " \
    "AND " OF_MODE("'o', 'b', 't'") EQ "0"
#define RETURN_VALUE \
    "SELECT 0 AS part, 5 AS kind, ''" TEXT " AS name, p.prorettype AS type, -1 AS modifier, " \
    "NULL" TEXT " AS expression, 0::pg_catalog.int8 AS position " \
    "WHERE NOT p.proretset AND " RETURNS_SOMETHING
#define IS_RESULT "(u.mode" EQ "'t' OR (p.proretset AND u.mode" EQ "'o'))"
#define PARAMETERS \
    "SELECT CASE WHEN " IS_RESULT " THEN 2 ELSE 1 END, " \
    "CASE WHEN " IS_RESULT " THEN 3 WHEN u.mode" EQ "'o' THEN 4 " \
    "WHEN u.mode" EQ "'b' THEN 2 ELSE 1 END, " \
    "coalesce(u.name, ''), u.type, -1, " \
    CAT "pg_get_function_arg_default(p.oid, u.seq::pg_catalog.int4), " \
    CAT "row_number() OVER (PARTITION BY " IS_RESULT " ORDER BY u.seq) " \
    "FROM (SELECT r.type, r.seq, coalesce(p.proargmodes[r.seq], 'i'::\"char\") AS mode, " \
    "p.proargnames[r.seq] AS name FROM pg_catalog.unnest(coalesce(p.proallargtypes, " \
    "p.proargtypes::pg_catalog.oid[])) WITH ORDINALITY AS r(type, seq)) u"
#define ROW_TYPE \
    "SELECT 2, 3, ra.attname" TEXT ", ra.atttypid, ra.atttypmod, NULL" TEXT ", " \
    CAT "row_number() OVER (ORDER BY ra.attnum) FROM pg_catalog.pg_type rt " \
    "JOIN pg_catalog.pg_attribute ra ON ra.attrelid" EQ "rt.typrelid AND ra.attnum" GT "0 " \
    "AND NOT ra.attisdropped WHERE rt.oid" EQ "p.prorettype AND rt.typtype" EQ "'c' " \
    "AND p.proretset AND " RETURNS_SOMETHING
#define SET_OF_VALUES \
    "SELECT 2, 3, p.proname" TEXT ", p.prorettype, -1, NULL" TEXT ", 1 " \
    "FROM pg_catalog.pg_type rt WHERE rt.oid" EQ "p.prorettype AND rt.typtype" NE "'c' " \
    "AND p.proretset AND " RETURNS_SOMETHING

/* $5 column: a pattern or NULL. */
static const char columns_sql[] =
    "WITH RECURSIVE " DOMAINS
    "SELECT " CAT "current_database(), n.nspname, p.proname, x.name, x.kind, "
    TYPE_COLUMNS("x.type", "x.modifier") ", x.expression, x.position, " SPECIFIC_NAME " "
    PROCEDURES
    "CROSS JOIN LATERAL (" RETURN_VALUE " UNION ALL " PARAMETERS " UNION ALL " ROW_TYPE
    " UNION ALL " SET_OF_VALUES ") x "
    TYPE_JOINS("x.type")
    "WHERE " WANTED " AND " MATCHES("x.name", "5") " "
    "ORDER BY n.nspname, p.proname, p.oid, x.part, x.position";
/* clang-format on */

static bool map_column(const struct stmt *s, const struct cell *in, struct cell *out,
                       struct buf *scratch)
{
    struct catalog_type t;

    catalog_describe(s, &in[IN_TYPE], &t, scratch);
    out[0] = in[IN_CATALOG];
    out[1] = in[IN_SCHEMA];
    out[2] = in[IN_PROCEDURE];
    out[3] = in[IN_COLUMN];
    out[4] = in[IN_KIND];
    out[5] = t.data_type;
    out[6] = t.type_name;
    out[7] = t.column_size;
    out[8] = t.buffer_length;
    out[9] = t.decimal_digits;
    out[10] = t.radix;
    out[11] = catalog_number(scratch, SQL_NULLABLE);
    out[12] = (struct cell){NULL, 0};
    out[13] = catalog_default(in[IN_DEFAULT], &t.desc);
    out[14] = t.verbose;
    out[15] = t.datetime_sub;
    out[16] = t.char_octets;
    out[17] = in[IN_POSITION];
    out[18] = catalog_text("YES");
    out[19] = in[IN_SPECIFIC];
    return !scratch->failed;
}

/* catalog_names.table is the procedure here. */
static SQLRETURN add_names(struct stmt *s, struct catalog_args *a, const struct catalog_names *n)
{
    SQLRETURN rc = catalog_add_patterns(s, a, n, WHAT_PROCEDURE);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_bool(s, a, catalog_wants_system(s, n->schema, n->table));
    return rc;
}

SQLRETURN catalog_procedures(struct stmt *s, const struct catalog_names *n)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    rc = add_names(s, &a, n);
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_PROCEDURES, .sql = procedures_sql, .args = &a};
        rc = catalog_ask(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}

SQLRETURN catalog_procedure_columns(struct stmt *s, const struct catalog_names *n,
                                    struct strview column)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    rc = add_names(s, &a, n);
    /* The empty string is a name here: that of a return value and of a parameter without a name. */
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, column, WHAT_COLUMN);
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_PROCEDURE_COLUMNS,
            .sql = columns_sql,
            .args = &a,
            .n_in = IN_COUNT,
            .map = map_column,
        };
        rc = catalog_ask(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
