/* Which columns are arrays, numbers, JSON: a table for PostgreSQL's own types, the catalogue for
 * the rest. Called by render.c, only in typed mode.
 */
#include "gateway/typeinfo.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_UNKNOWN_OID 10000 /* types below this number are the same on every server */
#define TYPECACHE_MAX 4096

struct typecache_row {
    Oid oid;
    struct type_rule rule;
};

struct typecache {
    struct typecache_row *rows;
    size_t n;
    size_t cap;
};

/* Types whose values are not plain strings, and the types that are arrays. */
static const struct typecache_row special_types[] = {
    {16, {VALUE_BOOL, ARRAY_NONE}},      {21, {VALUE_INT, ARRAY_NONE}},
    {23, {VALUE_INT, ARRAY_NONE}},       {114, {VALUE_JSON, ARRAY_NONE}},
    {700, {VALUE_FLOAT, ARRAY_NONE}},    {701, {VALUE_FLOAT, ARRAY_NONE}},
    {3802, {VALUE_JSON, ARRAY_NONE}},    {22, {VALUE_INT, ARRAY_VECTOR}},
    {30, {VALUE_TEXT, ARRAY_VECTOR}},    {199, {VALUE_JSON, ARRAY_BRACES}},
    {1000, {VALUE_BOOL, ARRAY_BRACES}},  {1005, {VALUE_INT, ARRAY_BRACES}},
    {1007, {VALUE_INT, ARRAY_BRACES}},   {1020, {VALUE_TEXT, ARRAY_BOX}},
    {1021, {VALUE_FLOAT, ARRAY_BRACES}}, {1022, {VALUE_FLOAT, ARRAY_BRACES}},
    {3807, {VALUE_JSON, ARRAY_BRACES}},
};

/* Arrays whose elements are plain strings. */
static const Oid text_arrays[] = {
    143,  210,  270,  271,  272,  273,  629,  651,  719,  775,  791,  1001, 1002, 1003, 1006,
    1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019, 1027, 1028, 1034,
    1040, 1041, 1115, 1182, 1183, 1185, 1187, 1231, 1263, 1270, 1561, 1563, 2201, 2207, 2208,
    2209, 2210, 2211, 2287, 2949, 2951, 3221, 3643, 3644, 3645, 3735, 3770, 3905, 3907, 3909,
    3911, 3913, 3927, 4073, 4090, 4097, 4192, 5039, 6150, 6151, 6152, 6153, 6155, 6157,
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

void typecache_free(struct typecache *cache)
{
    if (!cache)
        return;
    free(cache->rows);
    free(cache);
}

bool type_rule_builtin(Oid oid, struct type_rule *rule)
{
    if (oid >= FIRST_UNKNOWN_OID)
        return false;
    *rule = (struct type_rule){VALUE_TEXT, ARRAY_NONE};
    for (size_t i = 0; i < COUNT_OF(special_types); i++)
        if (special_types[i].oid == oid)
            *rule = special_types[i].rule;
    for (size_t i = 0; i < COUNT_OF(text_arrays); i++)
        if (text_arrays[i] == oid)
            rule->array = ARRAY_BRACES;
    return true;
}

static bool cache_find(const struct typecache *cache, Oid oid, struct type_rule *rule)
{
    for (size_t i = 0; cache && i < cache->n; i++) {
        if (cache->rows[i].oid == oid) {
            *rule = cache->rows[i].rule;
            return true;
        }
    }
    return false;
}

/* Forgetting is harmless, so a full cache or short memory is not an error. */
static void cache_add(struct backend *b, Oid oid, struct type_rule rule)
{
    if (!b->types)
        b->types = calloc(1, sizeof *b->types);
    if (!b->types || b->types->n == TYPECACHE_MAX)
        return;
    if (b->types->n == b->types->cap) {
        size_t cap = b->types->cap ? b->types->cap * 2 : 16;
        struct typecache_row *rows = realloc(b->types->rows, cap * sizeof *rows);
        if (!rows)
            return;
        b->types->rows = rows;
        b->types->cap = cap;
    }
    b->types->rows[b->types->n++] = (struct typecache_row){oid, rule};
}

static void rule_from_row(const PGresult *res, struct type_rule *rule)
{
    *rule = (struct type_rule){VALUE_TEXT, ARRAY_NONE};
    if (PQntuples(res) != 1)
        return;
    Oid elem = (Oid)strtoul(PQgetvalue(res, 0, 0), NULL, 10);
    struct type_rule elem_rule;
    rule->array = ARRAY_BRACES;
    if (type_rule_builtin(elem, &elem_rule) && elem_rule.array == ARRAY_NONE)
        rule->value = elem_rule.value;
}

/* The result of the query that was just sent. */
static enum run_result collect(struct backend *b, const struct watch *w, PGresult **out,
                               struct failure *f)
{
    *out = NULL;
    if (backend_flush(b, w) != WAIT_READY)
        return RUN_GONE;
    for (;;) {
        PGresult *res;
        if (backend_result(b, w, -1, &res) != WAIT_READY)
            return RUN_GONE;
        if (!res)
            break;
        if (PQresultStatus(res) == PGRES_FATAL_ERROR && f->status == 0)
            failure_from_result(f, 400, res);
        PQclear(*out);
        *out = res;
    }
    return f->status ? RUN_FAILED : RUN_OK;
}

static enum run_result ask_catalogue(struct backend *b, Oid oid, struct type_rule *rule,
                                     const struct watch *w, struct failure *f)
{
    char number[16];
    const char *params[] = {number};
    PGresult *res = NULL;
    snprintf(number, sizeof number, "%u", oid);
    if (!PQsendQueryParams(b->conn,
                           "SELECT typelem FROM pg_catalog.pg_type "
                           "WHERE oid = $1 AND typelem <> 0 AND typlen = -1",
                           1, NULL, params, NULL, NULL, 0)) {
        failure_set(f, 400, "connection closed");
        return RUN_FAILED;
    }
    enum run_result r = collect(b, w, &res, f);
    if (r == RUN_OK)
        rule_from_row(res, rule);
    PQclear(res);
    return r;
}

enum run_result type_rule_lookup(struct backend *b, Oid oid, struct type_rule *rule,
                                 const struct watch *w, struct failure *f)
{
    if (type_rule_builtin(oid, rule) || cache_find(b->types, oid, rule))
        return RUN_OK;
    enum run_result r = ask_catalogue(b, oid, rule, w, f);
    if (r == RUN_OK)
        cache_add(b, oid, *rule);
    return r;
}
