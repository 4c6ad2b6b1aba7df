/* SQLGetInfo: one lookup in info.def. Claims nothing by itself and sends nothing. Called by api/.
 */
#include "info/getinfo.h"

#include <stdio.h>

#include <sqlucode.h>

#include "sql/script.h"
#include "version.h"

/* Of drivers' managers' headers that are older than the id. */
#ifndef SQL_CONVERT_GUID
#define SQL_CONVERT_GUID 173
#define SQL_CVT_GUID 0x01000000L
#endif
#ifndef SQL_DATABASE_NAME
#define SQL_DATABASE_NAME 16
#endif
#ifndef SQL_DTC_TRANSITION_COST
#define SQL_DTC_TRANSITION_COST 1750
#endif

#define CVT_TEXTS                                                                                  \
    (SQL_CVT_CHAR | SQL_CVT_VARCHAR | SQL_CVT_LONGVARCHAR | SQL_CVT_WCHAR | SQL_CVT_WVARCHAR |     \
     SQL_CVT_WLONGVARCHAR)
#define CVT_NUMBERS                                                                                \
    (SQL_CVT_NUMERIC | SQL_CVT_DECIMAL | SQL_CVT_INTEGER | SQL_CVT_SMALLINT | SQL_CVT_TINYINT |    \
     SQL_CVT_BIGINT | SQL_CVT_FLOAT | SQL_CVT_REAL | SQL_CVT_DOUBLE)
#define CVT_BINARIES (SQL_CVT_BINARY | SQL_CVT_VARBINARY | SQL_CVT_LONGVARBINARY)
/* Text is converted to anything, by the type's own reading of it. */
#define CVT_ALL                                                                                    \
    (CVT_TEXTS | CVT_NUMBERS | CVT_BINARIES | SQL_CVT_BIT | SQL_CVT_DATE | SQL_CVT_TIME |          \
     SQL_CVT_TIMESTAMP | SQL_CVT_INTERVAL_YEAR_MONTH | SQL_CVT_INTERVAL_DAY_TIME | SQL_CVT_GUID)

/* What can be done with rows that were fetched, and how they are protected meanwhile. A deleted row
 * leaves a hole, so SQL_CA2_SENSITIVITY_DELETIONS is clear. */
#define CA1_ROWS                                                                                   \
    (SQL_CA1_LOCK_NO_CHANGE | SQL_CA1_POS_POSITION | SQL_CA1_POS_UPDATE | SQL_CA1_POS_DELETE |     \
     SQL_CA1_POS_REFRESH | SQL_CA1_BULK_ADD | SQL_CA1_POSITIONED_UPDATE |                          \
     SQL_CA1_POSITIONED_DELETE | SQL_CA1_SELECT_FOR_UPDATE)
#define CA1_STATIC                                                                                 \
    (CA1_ROWS | SQL_CA1_NEXT | SQL_CA1_ABSOLUTE | SQL_CA1_RELATIVE | SQL_CA1_BOOKMARK |            \
     SQL_CA1_BULK_UPDATE_BY_BOOKMARK | SQL_CA1_BULK_DELETE_BY_BOOKMARK |                           \
     SQL_CA1_BULK_FETCH_BY_BOOKMARK)
#define CA1_SUBSTITUTED (CA1_ROWS | SQL_CA1_NEXT | SQL_CA1_ABSOLUTE | SQL_CA1_RELATIVE)
#define CA2_ROWS                                                                                   \
    (SQL_CA2_READ_ONLY_CONCURRENCY | SQL_CA2_OPT_ROWVER_CONCURRENCY |                              \
     SQL_CA2_OPT_VALUES_CONCURRENCY | SQL_CA2_MAX_ROWS_SELECT | SQL_CA2_MAX_ROWS_CATALOG |         \
     SQL_CA2_SIMULATE_UNIQUE)
#define CA2_STATIC (CA2_ROWS | SQL_CA2_SENSITIVITY_ADDITIONS | SQL_CA2_SENSITIVITY_UPDATES)

/* ---- answers that depend on the connection ---- */

static void answer_text(struct info_value *out, const char *text)
{
    out->kind = INFO_STR;
    out->text = text != NULL ? text : "";
}

static void answer_u32(struct info_value *out, SQLULEN number)
{
    out->kind = INFO_U32;
    out->number = number;
}

/* "0.1.0" as ##.##.####. */
static void driver_ver(const struct dbc *dbc, struct info_value *out)
{
    unsigned part[3] = {0, 0, 0};
    size_t at = 0;

    (void)dbc;
    for (const char *s = NEONODBC_VERSION; *s != '\0' && at < ARRAY_LEN(part); s++) {
        if (*s == '.')
            at++;
        else if (ascii_is_digit(*s))
            part[at] = part[at] * 10 + (unsigned)(*s - '0');
        else
            break;
    }
    snprintf(out->storage, sizeof out->storage, "%02u.%02u.%04u", part[0] % 100, part[1] % 100,
             part[2] % 10000);
    answer_text(out, out->storage);
}

/* ##.##.#### and, behind it, what the server calls itself. 0 when the connection was made without
 * asking. */
static void dbms_ver(const struct dbc *dbc, struct info_value *out)
{
    int num = dbc->server.version_num;
    /* Since 10 the number is major * 10000 + minor; before it was major * 10000 + minor * 100 +
     * release. */
    int minor = num >= 100000 ? num % 10000 : num / 100 % 100;
    int release = num >= 100000 ? 0 : num % 100;
    const char *text = dbc->server.version != NULL ? dbc->server.version : "";

    snprintf(out->storage, sizeof out->storage, "%02d.%02d.%04d%s%.150s", num / 10000, minor % 100,
             release, text[0] != '\0' ? " " : "", text);
    answer_text(out, out->storage);
}

static void driver_hdbc(const struct dbc *dbc, struct info_value *out)
{
    out->kind = INFO_ULEN;
    out->number = (SQLULEN)(uintptr_t)dbc;
}

static void driver_henv(const struct dbc *dbc, struct info_value *out)
{
    out->kind = INFO_ULEN;
    out->number = (SQLULEN)(uintptr_t)dbc->env;
}

static void data_source_name(const struct dbc *dbc, struct info_value *out)
{
    answer_text(out, dbc->dsn_name);
}

static void server_name(const struct dbc *dbc, struct info_value *out)
{
    answer_text(out, dbc->options.server);
}

static void database_name(const struct dbc *dbc, struct info_value *out)
{
    answer_text(out, dbc->server.database != NULL ? dbc->server.database : dbc->options.database);
}

static void user_name(const struct dbc *dbc, struct info_value *out)
{
    answer_text(out, dbc->server.user != NULL ? dbc->server.user : dbc->options.uid);
}

static void read_only(const struct dbc *dbc, struct info_value *out)
{
    answer_text(out, dbc_is_read_only(dbc) ? "Y" : "N");
}

/* The server's default, whatever the attribute says now. */
static void default_isolation(const struct dbc *dbc, struct info_value *out)
{
    answer_u32(out, dbc_default_isolation(dbc));
}

static void string_functions(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().string);
}

static void numeric_functions(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().numeric);
}

static void timedate_functions(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().timedate);
}

static void system_functions(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().system);
}

static void convert_functions(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().convert);
}

static void add_intervals(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().add);
}

static void diff_intervals(const struct dbc *dbc, struct info_value *out)
{
    (void)dbc;
    answer_u32(out, script_functions().diff);
}

/* ---- the table ---- */

typedef void info_calc(const struct dbc *dbc, struct info_value *out);

static const struct info_row {
    SQLUSMALLINT id;
    enum info_kind kind;
    const char *text;
    SQLULEN number;
    info_calc *calc;
} rows[] = {
#define ROW_STR(id, value) {id, INFO_STR, value, 0, NULL},
#define ROW_U16(id, value) {id, INFO_U16, NULL, (SQLULEN)(value), NULL},
#define ROW_U32(id, value) {id, INFO_U32, NULL, (SQLULEN)(value), NULL},
#define ROW_CALC(id, value) {id, INFO_U32, NULL, 0, value},
#define X(id, kind, value) ROW_##kind(id, value)
#include "info/info.def"
#undef X
};

SQLRETURN getinfo(struct dbc *dbc, SQLUSMALLINT id, struct info_value *out)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].id != id)
            continue;
        out->kind = rows[i].kind;
        out->text = rows[i].text;
        out->number = rows[i].number;
        if (rows[i].calc != NULL)
            rows[i].calc(dbc, out);
        return SQL_SUCCESS;
    }
    return diag_post(&dbc->handle, ST_HY096, 0,
                     "%u is no information type that this driver answers.", (unsigned)id);
}
