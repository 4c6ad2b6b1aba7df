#include "fixture.h"

#include <string.h>

#include "config/config.h"
#include "handle/attr_ids.h"

static SQLPOINTER num(uintptr_t n)
{
    return (SQLPOINTER)n;
}

/* Opens the connection without a request. */
static void open_without_request(struct fixture *f, const char *more)
{
    struct conn_options o;
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT(4096);

    conn_options_init(&o);
    assert_true(buf_printf(&text,
                           "Server=ep-test-1.example.neon.tech;UID=u;PWD=p;Database=d;"
                           "VerifyConnectionEarly=0;%s",
                           more));
    assert_true(config_build(&o, buf_sv(&text), NULL, NULL, NULL, NULL, &e));
    assert_true(dbc_open(f->dbc, &o, &e));
    conn_options_release(&o);
    buf_release(&text);
}

static SQLULEN get_number(struct dbc *d, SQLINTEGER id)
{
    struct attr_value v;

    assert_int_equal(attr_get_dbc(d, id, &v), SQL_SUCCESS);
    return v.number;
}

/* ---- environments ---- */

static void test_environment_attributes(void **state)
{
    struct fixture *f = *state;
    struct env *e = env_new();
    struct attr_value v;
    static const struct {
        SQLINTEGER id;
        uintptr_t value;
        SQLRETURN rc;
        const char *state;
    } rows[] = {
        {SQL_ATTR_ODBC_VERSION, SQL_OV_ODBC3, SQL_SUCCESS, NULL},
        {SQL_ATTR_ODBC_VERSION, SQL_OV_ODBC3_80, SQL_SUCCESS, NULL},
        {SQL_ATTR_ODBC_VERSION, 7, SQL_ERROR, "HY024"},
        {SQL_ATTR_CONNECTION_POOLING, SQL_CP_ONE_PER_DRIVER, SQL_SUCCESS, NULL},
        {SQL_ATTR_CONNECTION_POOLING, 9, SQL_ERROR, "HY024"},
        {SQL_ATTR_CP_MATCH, SQL_CP_RELAXED_MATCH, SQL_SUCCESS, NULL},
        {SQL_ATTR_OUTPUT_NTS, SQL_TRUE, SQL_SUCCESS, NULL},
        {SQL_ATTR_OUTPUT_NTS, SQL_FALSE, SQL_ERROR, "HYC00"},
        {SQL_ATTR_UNIXODBC_SYSPATH, 0, SQL_ERROR, "HYC00"},
        {12345, 0, SQL_ERROR, "HY092"},
    };

    assert_non_null(e);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(attr_set_env(e, rows[i].id, num(rows[i].value)), rows[i].rc);
        if (rows[i].state != NULL)
            expect_state(&e->handle, rows[i].state);
    }
    assert_int_equal(attr_get_env(e, SQL_ATTR_ODBC_VERSION, &v), SQL_SUCCESS);
    assert_int_equal(v.number, SQL_OV_ODBC3_80);
    assert_int_equal(attr_get_env(e, SQL_ATTR_CONNECTION_POOLING, &v), SQL_SUCCESS);
    assert_int_equal(v.number, SQL_CP_ONE_PER_DRIVER);
    assert_int_equal(attr_get_env(e, 12345, &v), SQL_ERROR);
    expect_state(&e->handle, "HY092");
    env_free(e);
    /* With a connection allocated the version is fixed. */
    assert_int_equal(attr_set_env(f->env, SQL_ATTR_ODBC_VERSION, num(SQL_OV_ODBC2)), SQL_ERROR);
    expect_state(&f->env->handle, "HY010");
    assert_false(env_is_odbc2(f->env));
}

/* ---- connections ---- */

static const struct set_case {
    SQLINTEGER id;
    uintptr_t value;
    SQLRETURN rc;
    const char *state;
    SQLULEN after; /* what a get answers then; SIZE_MAX: not asked */
} dbc_cases[] = {
    {SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_ON, SQL_SUCCESS, NULL, SQL_AUTOCOMMIT_ON},
    {SQL_ATTR_AUTOCOMMIT, 2, SQL_ERROR, "HY024", SQL_AUTOCOMMIT_ON},
    {SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF, SQL_SUCCESS, NULL, SQL_AUTOCOMMIT_OFF},
    {SQL_ATTR_ACCESS_MODE, SQL_MODE_READ_ONLY, SQL_SUCCESS, NULL, SQL_MODE_READ_ONLY},
    {SQL_ATTR_ACCESS_MODE, SQL_MODE_READ_WRITE, SQL_SUCCESS, NULL, SQL_MODE_READ_WRITE},
    {SQL_ATTR_ACCESS_MODE, 5, SQL_ERROR, "HY024", SQL_MODE_READ_WRITE},
    {SQL_ATTR_LOGIN_TIMEOUT, 30, SQL_SUCCESS, NULL, 30},
    {SQL_ATTR_LOGIN_TIMEOUT, 0, SQL_SUCCESS, NULL, 0},
    {SQL_ATTR_LOGIN_TIMEOUT, 0xFFFFFFFF, SQL_SUCCESS_WITH_INFO, "01S02", 2147483},
    {SQL_ATTR_CONNECTION_TIMEOUT, 10, SQL_SUCCESS, NULL, 10},
    {SQL_ATTR_CONNECTION_TIMEOUT, 0, SQL_SUCCESS, NULL, 0},
    {SQL_ATTR_TXN_ISOLATION, SQL_TXN_READ_UNCOMMITTED, SQL_SUCCESS, NULL, SQL_TXN_READ_UNCOMMITTED},
    {SQL_ATTR_TXN_ISOLATION, SQL_TXN_SERIALIZABLE, SQL_SUCCESS, NULL, SQL_TXN_SERIALIZABLE},
    {SQL_ATTR_TXN_ISOLATION, 0x10, SQL_ERROR, "HY024", SQL_TXN_SERIALIZABLE},
    {SQL_ATTR_TXN_ISOLATION, 0, SQL_ERROR, "HY024", SQL_TXN_SERIALIZABLE},
    {SQL_ATTR_METADATA_ID, SQL_TRUE, SQL_SUCCESS, NULL, SQL_TRUE},
    {SQL_ATTR_QUIET_MODE, 0x1234, SQL_SUCCESS, NULL, 0x1234},
    {SQL_ATTR_PACKET_SIZE, 4096, SQL_SUCCESS_WITH_INFO, "01S02", 0},
    {SQL_ATTR_PACKET_SIZE, 0, SQL_SUCCESS, NULL, 0},
    {SQL_ATTR_ASYNC_ENABLE, SQL_ASYNC_ENABLE_OFF, SQL_SUCCESS, NULL, SQL_ASYNC_ENABLE_OFF},
    {SQL_ATTR_ASYNC_ENABLE, SQL_ASYNC_ENABLE_ON, SQL_SUCCESS, NULL, SQL_ASYNC_ENABLE_ON},
    {SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE, 1, SQL_ERROR, "HYC00", 0},
    {SQL_ATTR_ANSI_APP, SQL_AA_TRUE, SQL_ERROR, "HYC00", SQL_AA_FALSE},
    {SQL_ATTR_ODBC_CURSORS, SQL_CUR_USE_ODBC, SQL_SUCCESS, NULL, SQL_CUR_USE_ODBC},
    {SQL_ATTR_TRANSLATE_LIB, 0, SQL_ERROR, "HYC00", SIZE_MAX},
    {SQL_ATTR_TRANSLATE_OPTION, 0, SQL_SUCCESS, NULL, 0},
    {SQL_ATTR_TRACE, SQL_OPT_TRACE_OFF, SQL_SUCCESS, NULL, SQL_OPT_TRACE_OFF},
    {SQL_ATTR_TRACE, SQL_OPT_TRACE_ON, SQL_ERROR, "HYC00", SQL_OPT_TRACE_OFF},
    {SQL_ATTR_ENLIST_IN_DTC, 1, SQL_ERROR, "HYC00", SIZE_MAX},
    {SQL_ATTR_ENLIST_IN_XA, 1, SQL_ERROR, "HYC00", SIZE_MAX},
    {SQL_ATTR_AUTO_IPD, SQL_TRUE, SQL_ERROR, "HY092", SQL_FALSE},
    {SQL_ATTR_CONNECTION_DEAD, 0, SQL_ERROR, "HY092", SIZE_MAX},
    {SQL_ATTR_RESET_CONNECTION, SQL_RESET_CONNECTION_YES, SQL_ERROR, "08003", SIZE_MAX},
    {NEON_ATTR_IODBC_APPLICATION_NAME, 0x1000, SQL_SUCCESS, NULL, SIZE_MAX},
    {NEON_ATTR_PG_FETCH, 100, SQL_SUCCESS, NULL, SIZE_MAX},
    {NEON_ATTR_PG_IGNORETIMEOUT, 1, SQL_SUCCESS, NULL, SIZE_MAX},
    {NEON_ATTR_PG_UNKNOWNS_AS_LONGVARCHAR, 1, SQL_ERROR, "08003", SIZE_MAX},
    {65552, 1, SQL_ERROR, "HY092", SIZE_MAX},
    {9999, 0, SQL_ERROR, "HY092", SIZE_MAX},
    {-1, 0, SQL_ERROR, "HY092", SIZE_MAX},
    /* ODBC 2's statement options on the connection. */
    {SQL_QUERY_TIMEOUT, 5, SQL_SUCCESS, NULL, 5},
    {SQL_MAX_ROWS, 3, SQL_SUCCESS, NULL, 3},
    {SQL_CURSOR_TYPE, SQL_CURSOR_DYNAMIC, SQL_SUCCESS_WITH_INFO, "01S02", SQL_CURSOR_STATIC},
    {SQL_BIND_TYPE, SQL_BIND_BY_COLUMN, SQL_SUCCESS, NULL, SIZE_MAX},
    {SQL_BIND_TYPE, 16, SQL_ERROR, "HYC00", SIZE_MAX},
    {SQL_ROWSET_SIZE, 1, SQL_SUCCESS, NULL, SIZE_MAX},
    {SQL_ROWSET_SIZE, 10, SQL_ERROR, "HYC00", SIZE_MAX},
    {SQL_GET_BOOKMARK, 0, SQL_ERROR, "HY092", SIZE_MAX},
    {SQL_ATTR_CURSOR_SCROLLABLE, 1, SQL_ERROR, "HY092", SIZE_MAX},
};

static void test_connection_attributes_before_connecting(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(dbc_cases); i++) {
        const struct set_case *c = &dbc_cases[i];

        if (attr_set_dbc(f->dbc, c->id, num(c->value), NULL) != c->rc)
            fail_msg("set %d to %lu", (int)c->id, (unsigned long)c->value);
        if (c->state != NULL)
            expect_state(&f->dbc->handle, c->state);
        assert_int_equal(diag_count(&f->dbc->handle.diag), 0);
        if (c->after != SIZE_MAX)
            assert_int_equal(get_number(f->dbc, c->id), c->after);
    }
}

static void test_garbage_above_32_bits_does_not_matter(void **state)
{
    struct fixture *f = *state;

    if (sizeof(SQLPOINTER) < 8)
        return;
    assert_int_equal(
        attr_set_dbc(f->dbc, SQL_ATTR_ACCESS_MODE, num((uintptr_t)0xABCDEF00 << 32 | 1), NULL),
        SQL_SUCCESS);
    assert_int_equal(get_number(f->dbc, SQL_ATTR_ACCESS_MODE), SQL_MODE_READ_ONLY);
}

static void test_refusals_name_the_remedy(void **state)
{
    struct fixture *f = *state;
    const char *text;

    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE, num(1), NULL),
                     SQL_ERROR);
    text = diag_record_text(diag_record(&f->dbc->handle.diag, 1));
    assert_non_null(strstr(text, "SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE"));
    assert_non_null(strstr(text, "from a thread of your own"));
}

static void test_timeouts_of_the_application_win_over_keywords(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(dbc_login_timeout_s(f->dbc), 15); /* LoginTimeout's default */
    open_without_request(f, "LoginTimeout=40;ReadTimeout=7;QueryTimeout=9");
    assert_int_equal(get_number(f->dbc, SQL_ATTR_LOGIN_TIMEOUT), 40);
    assert_int_equal(get_number(f->dbc, SQL_ATTR_CONNECTION_TIMEOUT), 7);
    assert_int_equal(f->dbc->stmt_defaults.query_timeout_s, 9);
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_LOGIN_TIMEOUT, num(0), NULL), SQL_SUCCESS);
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_CONNECTION_TIMEOUT, num(3), NULL), SQL_SUCCESS);
    assert_int_equal(dbc_login_timeout_s(f->dbc), 0);
    assert_int_equal(dbc_read_timeout_s(f->dbc), 3);
}

static void test_attributes_of_an_open_connection(void **state)
{
    struct fixture *f = *state;
    struct attr_value v;

    assert_int_equal(attr_get_dbc(f->dbc, SQL_ATTR_CONNECTION_DEAD, &v), SQL_ERROR);
    expect_state(&f->dbc->handle, "08003");
    open_without_request(f, "");
    assert_int_equal(get_number(f->dbc, SQL_ATTR_CONNECTION_DEAD), SQL_CD_FALSE);
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_PACKET_SIZE, num(0), NULL), SQL_ERROR);
    expect_state(&f->dbc->handle, "HY011");
    assert_int_equal(attr_get_dbc(f->dbc, SQL_ATTR_CURRENT_CATALOG, &v), SQL_SUCCESS);
    assert_int_equal(v.kind, ATTR_V_TEXT);
    assert_string_equal(v.text, "d");
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_CURRENT_CATALOG, NULL, "d"), SQL_SUCCESS);
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_CURRENT_CATALOG, NULL, "other"), SQL_ERROR);
    expect_state(&f->dbc->handle, "HYC00");
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_CURRENT_CATALOG, NULL, NULL), SQL_ERROR);
    expect_state(&f->dbc->handle, "HY009");
    assert_true(attr_dbc_is_text(SQL_ATTR_CURRENT_CATALOG));
    assert_true(attr_dbc_is_text(SQL_ATTR_TRACEFILE));
    assert_false(attr_dbc_is_text(SQL_ATTR_AUTOCOMMIT));
    assert_false(attr_dbc_is_text(9999));
}

static void test_psqlodbc_s_private_attributes_have_their_effect(void **state)
{
    struct fixture *f = *state;

    open_without_request(f, "");
    assert_false(f->dbc->type_options.unknowns_as_longvarchar);
    assert_int_equal(attr_set_dbc(f->dbc, 65544, num(1), NULL), SQL_SUCCESS); /* SOCI */
    assert_true(f->dbc->type_options.unknowns_as_longvarchar);
    assert_int_equal(get_number(f->dbc, 65544), 1);
    assert_int_equal(attr_set_dbc(f->dbc, NEON_ATTR_PG_BOOLS_AS_CHAR, num(1), NULL), SQL_SUCCESS);
    assert_true(f->dbc->type_options.bools_as_char);
    assert_int_equal(attr_set_dbc(f->dbc, NEON_ATTR_PG_MAX_VARCHAR_SIZE, num(254), NULL),
                     SQL_SUCCESS);
    assert_int_equal(f->dbc->type_options.max_varchar_size, 254);
    assert_int_equal(attr_set_dbc(f->dbc, NEON_ATTR_PG_MAX_VARCHAR_SIZE, num(0), NULL), SQL_ERROR);
    expect_state(&f->dbc->handle, "HY024");
}

static void test_a_read_only_data_source_stays_read_only(void **state)
{
    struct fixture *f = *state;

    open_without_request(f, "ReadOnly=1");
    assert_int_equal(get_number(f->dbc, SQL_ATTR_ACCESS_MODE), SQL_MODE_READ_ONLY);
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_ACCESS_MODE, num(SQL_MODE_READ_WRITE), NULL),
                     SQL_SUCCESS_WITH_INFO);
    expect_state(&f->dbc->handle, "01S02");
    assert_true(dbc_is_read_only(f->dbc));
}

static void test_reset_leaves_nothing_of_the_former_borrower(void **state)
{
    struct fixture *f = *state;

    open_without_request(f, "QueryTimeout=9;BoolsAsChar=1");
    attr_set_dbc(f->dbc, SQL_ATTR_TXN_ISOLATION, num(SQL_TXN_SERIALIZABLE), NULL);
    attr_set_dbc(f->dbc, SQL_ATTR_ACCESS_MODE, num(SQL_MODE_READ_ONLY), NULL);
    attr_set_dbc(f->dbc, SQL_ATTR_CONNECTION_TIMEOUT, num(3), NULL);
    attr_set_dbc(f->dbc, SQL_QUERY_TIMEOUT, num(77), NULL);
    attr_set_dbc(f->dbc, SQL_ATTR_METADATA_ID, num(1), NULL);
    attr_set_dbc(f->dbc, NEON_ATTR_PG_BOOLS_AS_CHAR, num(0), NULL);
    assert_int_equal(f->dbc->stmt_defaults.metadata_id, 1);
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_RESET_CONNECTION, num(2), NULL), SQL_ERROR);
    expect_state(&f->dbc->handle, "HY024");
    assert_int_equal(attr_set_dbc(f->dbc, SQL_ATTR_RESET_CONNECTION, num(1), NULL), SQL_SUCCESS);
    assert_int_equal(get_number(f->dbc, SQL_ATTR_TXN_ISOLATION), SQL_TXN_READ_COMMITTED);
    assert_int_equal(dbc_isolation_header(f->dbc), ISOLATION_DEFAULT);
    assert_false(dbc_is_read_only(f->dbc));
    assert_int_equal(dbc_read_timeout_s(f->dbc), 0);
    assert_int_equal(f->dbc->stmt_defaults.query_timeout_s, 9);
    assert_int_equal(f->dbc->stmt_defaults.metadata_id, 0);
    assert_true(f->dbc->type_options.bools_as_char);
}

/* ---- statements ---- */

static const struct set_case stmt_cases[] = {
    {SQL_ATTR_QUERY_TIMEOUT, 5, SQL_SUCCESS, NULL, 5},
    {SQL_ATTR_QUERY_TIMEOUT, 3000000, SQL_SUCCESS_WITH_INFO, "01S02", 2147483},
    {SQL_ATTR_MAX_ROWS, 10, SQL_SUCCESS, NULL, 10},
    {SQL_ATTR_MAX_LENGTH, 100, SQL_SUCCESS, NULL, 100},
    {SQL_ATTR_NOSCAN, SQL_NOSCAN_ON, SQL_SUCCESS, NULL, SQL_NOSCAN_ON},
    {SQL_ATTR_NOSCAN, 2, SQL_ERROR, "HY024", SQL_NOSCAN_ON},
    {SQL_ATTR_METADATA_ID, SQL_TRUE, SQL_SUCCESS, NULL, SQL_TRUE},
    {SQL_ATTR_RETRIEVE_DATA, SQL_RD_ON, SQL_SUCCESS, NULL, SQL_RD_ON},
    {SQL_ATTR_RETRIEVE_DATA, SQL_RD_OFF, SQL_SUCCESS, NULL, SQL_RD_OFF},
    {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_FORWARD_ONLY, SQL_SUCCESS, NULL, SQL_CURSOR_FORWARD_ONLY},
    {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC, SQL_SUCCESS, NULL, SQL_CURSOR_STATIC},
    {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_KEYSET_DRIVEN, SQL_SUCCESS_WITH_INFO, "01S02",
     SQL_CURSOR_STATIC},
    {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_DYNAMIC, SQL_SUCCESS_WITH_INFO, "01S02", SQL_CURSOR_STATIC},
    {SQL_ATTR_CURSOR_TYPE, 17, SQL_ERROR, "HY024", SQL_CURSOR_STATIC},
    {SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES, SQL_SUCCESS, NULL, SQL_CONCUR_VALUES},
    {SQL_ATTR_CONCURRENCY, SQL_CONCUR_ROWVER, SQL_SUCCESS, NULL, SQL_CONCUR_ROWVER},
    {SQL_ATTR_CONCURRENCY, SQL_CONCUR_LOCK, SQL_SUCCESS_WITH_INFO, "01S02", SQL_CONCUR_VALUES},
    {SQL_ATTR_CONCURRENCY, 5, SQL_ERROR, "HY024", SQL_CONCUR_VALUES},
    {SQL_ATTR_CONCURRENCY, SQL_CONCUR_READ_ONLY, SQL_SUCCESS, NULL, SQL_CONCUR_READ_ONLY},
    {SQL_ATTR_CURSOR_SCROLLABLE, SQL_NONSCROLLABLE, SQL_SUCCESS, NULL, SQL_NONSCROLLABLE},
    {SQL_ATTR_CURSOR_SCROLLABLE, SQL_SCROLLABLE, SQL_SUCCESS, NULL, SQL_SCROLLABLE},
    {SQL_ATTR_CURSOR_SENSITIVITY, SQL_INSENSITIVE, SQL_SUCCESS, NULL, SQL_INSENSITIVE},
    {SQL_ATTR_CURSOR_SENSITIVITY, SQL_SENSITIVE, SQL_ERROR, "HYC00", SQL_INSENSITIVE},
    {SQL_ATTR_SIMULATE_CURSOR, SQL_SC_UNIQUE, SQL_SUCCESS, NULL, SQL_SC_UNIQUE},
    {SQL_ATTR_KEYSET_SIZE, 100, SQL_SUCCESS_WITH_INFO, "01S02", 0},
    {SQL_ATTR_USE_BOOKMARKS, SQL_UB_VARIABLE, SQL_SUCCESS, NULL, SQL_UB_VARIABLE},
    {SQL_ATTR_USE_BOOKMARKS, SQL_UB_ON, SQL_SUCCESS, NULL, SQL_UB_ON},
    {SQL_ATTR_USE_BOOKMARKS, 3, SQL_ERROR, "HY024", SQL_UB_ON},
    {SQL_ATTR_USE_BOOKMARKS, SQL_UB_OFF, SQL_SUCCESS, NULL, SQL_UB_OFF},
    {SQL_ATTR_ENABLE_AUTO_IPD, SQL_FALSE, SQL_SUCCESS, NULL, SQL_FALSE},
    {SQL_ATTR_ENABLE_AUTO_IPD, SQL_TRUE, SQL_ERROR, "HYC00", SQL_FALSE},
    {SQL_ATTR_ASYNC_ENABLE, SQL_ASYNC_ENABLE_ON, SQL_SUCCESS, NULL, SQL_ASYNC_ENABLE_ON},
    {SQL_ATTR_ASYNC_STMT_EVENT, 1, SQL_ERROR, "HYC00", SIZE_MAX},
    {SQL_GET_BOOKMARK, 0, SQL_ERROR, "HY092", SIZE_MAX},
    {4711, 0, SQL_ERROR, "HY092", SIZE_MAX},
};

static void test_statement_attributes(void **state)
{
    struct fixture *f = *state;
    struct stmt_attrs a;
    struct attr_value v;

    stmt_attrs_default(&a);
    for (size_t i = 0; i < ARRAY_LEN(stmt_cases); i++) {
        const struct set_case *c = &stmt_cases[i];

        if (attr_set_stmt(&f->dbc->handle, &a, c->id, c->value, false) != c->rc)
            fail_msg("set %d to %lu", (int)c->id, (unsigned long)c->value);
        if (c->state != NULL)
            expect_state(&f->dbc->handle, c->state);
        if (c->after == SIZE_MAX)
            continue;
        assert_int_equal(attr_get_stmt(&f->dbc->handle, &a, c->id, &v), SQL_SUCCESS);
        assert_int_equal(v.kind, ATTR_V_ULEN);
        assert_int_equal(v.number, c->after);
    }
}

static void test_defaults_of_statements(void **state)
{
    struct stmt_attrs a;

    (void)state;
    memset(&a, 0x5A, sizeof a);
    stmt_attrs_default(&a);
    assert_int_equal(a.concurrency, SQL_CONCUR_READ_ONLY);
    assert_int_equal(a.retrieve_data, SQL_RD_ON);
    assert_int_equal(a.cursor_type, SQL_CURSOR_FORWARD_ONLY);
    assert_int_equal(a.query_timeout_s, 0);
    assert_int_equal(a.max_rows, 0);
    assert_null(a.app_fetch_bookmark);
}

/* SQLSetStmtAttr's reference, "Setting Cursor Characteristics": each of the four attributes sets
 * the others. */
static void test_cursor_attributes_decide_each_other(void **state)
{
    struct fixture *f = *state;
    struct stmt_attrs a;
    static const struct {
        SQLINTEGER id;
        SQLULEN value, type, scrollable, concurrency, sensitivity;
    } steps[] = {
        {SQL_ATTR_CURSOR_SCROLLABLE, SQL_SCROLLABLE, SQL_CURSOR_STATIC, SQL_SCROLLABLE,
         SQL_CONCUR_READ_ONLY, SQL_INSENSITIVE},
        {SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES, SQL_CURSOR_STATIC, SQL_SCROLLABLE,
         SQL_CONCUR_VALUES, SQL_UNSPECIFIED},
        {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_FORWARD_ONLY, SQL_CURSOR_FORWARD_ONLY, SQL_NONSCROLLABLE,
         SQL_CONCUR_VALUES, SQL_UNSPECIFIED},
        {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC, SQL_CURSOR_STATIC, SQL_SCROLLABLE,
         SQL_CONCUR_VALUES, SQL_UNSPECIFIED},
        {SQL_ATTR_CONCURRENCY, SQL_CONCUR_READ_ONLY, SQL_CURSOR_STATIC, SQL_SCROLLABLE,
         SQL_CONCUR_READ_ONLY, SQL_INSENSITIVE},
        {SQL_ATTR_CURSOR_SCROLLABLE, SQL_NONSCROLLABLE, SQL_CURSOR_FORWARD_ONLY, SQL_NONSCROLLABLE,
         SQL_CONCUR_READ_ONLY, SQL_INSENSITIVE},
        {SQL_ATTR_CONCURRENCY, SQL_CONCUR_ROWVER, SQL_CURSOR_FORWARD_ONLY, SQL_NONSCROLLABLE,
         SQL_CONCUR_ROWVER, SQL_UNSPECIFIED},
        {SQL_ATTR_CURSOR_SENSITIVITY, SQL_INSENSITIVE, SQL_CURSOR_STATIC, SQL_SCROLLABLE,
         SQL_CONCUR_READ_ONLY, SQL_INSENSITIVE},
        {SQL_ATTR_CURSOR_SENSITIVITY, SQL_UNSPECIFIED, SQL_CURSOR_STATIC, SQL_SCROLLABLE,
         SQL_CONCUR_READ_ONLY, SQL_UNSPECIFIED},
    };

    stmt_attrs_default(&a);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_int_equal(attr_set_stmt(&f->dbc->handle, &a, steps[i].id, steps[i].value, false),
                         SQL_SUCCESS);
        assert_int_equal(a.cursor_type, steps[i].type);
        assert_int_equal(a.cursor_scrollable, steps[i].scrollable);
        assert_int_equal(a.concurrency, steps[i].concurrency);
        assert_int_equal(a.cursor_sensitivity, steps[i].sensitivity);
    }
}

static void test_cursor_attributes_need_a_closed_cursor(void **state)
{
    struct fixture *f = *state;
    struct stmt_attrs a;
    static const SQLINTEGER fixed[] = {SQL_ATTR_CURSOR_TYPE,       SQL_ATTR_CONCURRENCY,
                                       SQL_ATTR_CURSOR_SCROLLABLE, SQL_ATTR_CURSOR_SENSITIVITY,
                                       SQL_ATTR_SIMULATE_CURSOR,   SQL_ATTR_USE_BOOKMARKS};

    stmt_attrs_default(&a);
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        assert_int_equal(attr_set_stmt(&f->dbc->handle, &a, fixed[i], 0, true), SQL_ERROR);
        expect_state(&f->dbc->handle, "24000");
    }
    assert_int_equal(attr_set_stmt(&f->dbc->handle, &a, SQL_ATTR_MAX_ROWS, 4, true), SQL_SUCCESS);
}

/* ---- every attribute of the tables, which headers.sh compares with those of ODBC's headers ----
 */

struct walked {
    SQLINTEGER id;
    const char *name, *access, *place;
    SQLULEN dflt;
};
#define X(id, kind, access, when, rule, dflt, place, get, set, note)                               \
    {id, #id, #access, #place, (SQLULEN)(dflt)},
static const struct walked env_walk[] = {
#include "handle/attr_env.def"
};
static const struct walked dbc_walk[] = {
#include "handle/attr_dbc.def"
};
static const struct walked stmt_walk[] = {
#include "handle/attr_stmt.def"
};
#undef X

/* What an attribute of that row answers: refused ones say why, read-only ones cannot be set, the
 * others take their default and give it back. */
static void check_walked(struct handle *h, const struct walked *w, SQLRETURN set, SQLRETURN got)
{
    bool refused = strcmp(w->access, "REFUSED") == 0;
    bool readonly = strcmp(w->access, "READONLY") == 0 || strcmp(w->access, "ELSEWHERE") == 0;
    bool readable =
        strcmp(w->access, "ELSEWHERE") != 0 && !(refused && strcmp(w->place, "NOWHERE") == 0);

    if ((set == SQL_ERROR) != (refused || readonly))
        fail_msg("%s (%s): setting it to its default gives %d, %s", w->name, w->access, set,
                 diag_count(&h->diag) > 0 ? diag_record(&h->diag, 1)->state : "");
    if ((got == SQL_ERROR) != !readable)
        fail_msg("%s (%s): asking for it gives %d", w->name, w->access, got);
}

static void walk_state(struct handle *h, const struct walked *w, SQLRETURN set)
{
    if (set == SQL_ERROR)
        expect_state(h, strcmp(w->access, "REFUSED") == 0 ? "HYC00" : "HY092");
    diag_clear(&h->diag);
}

static void test_every_attribute_of_the_tables(void **state)
{
    struct fixture *f = *state;
    struct env *e = env_new();
    struct stmt_attrs a;
    struct attr_value v;
    SQLRETURN set;

    open_without_request(f, "");
    stmt_attrs_default(&a);
    for (size_t i = 0; i < ARRAY_LEN(env_walk); i++) {
        const struct walked *w = &env_walk[i];
        SQLULEN value = w->id == SQL_ATTR_ODBC_VERSION ? SQL_OV_ODBC3 : w->dflt;
        set = attr_set_env(e, w->id, num(value));
        walk_state(&e->handle, w, set);
        check_walked(&e->handle, w, set, attr_get_env(e, w->id, &v));
        diag_clear(&e->handle.diag);
    }
    for (size_t i = 0; i < ARRAY_LEN(dbc_walk); i++) {
        const struct walked *w = &dbc_walk[i];
        if (w->id == SQL_ATTR_PACKET_SIZE || w->id == SQL_ATTR_CURRENT_CATALOG ||
            w->id == SQL_ATTR_RESET_CONNECTION || w->id == SQL_ATTR_TXN_ISOLATION)
            continue; /* their default is no value to set: the cases above have them */
        set = attr_set_dbc(f->dbc, w->id, num(w->dflt), NULL);
        walk_state(&f->dbc->handle, w, set);
        check_walked(&f->dbc->handle, w, set, attr_get_dbc(f->dbc, w->id, &v));
        diag_clear(&f->dbc->handle.diag);
    }
    for (size_t i = 0; i < ARRAY_LEN(stmt_walk); i++) {
        const struct walked *w = &stmt_walk[i];
        set = attr_set_stmt(&f->dbc->handle, &a, w->id, w->dflt, false);
        walk_state(&f->dbc->handle, w, set);
        check_walked(&f->dbc->handle, w, set, attr_get_stmt(&f->dbc->handle, &a, w->id, &v));
        diag_clear(&f->dbc->handle.diag);
    }
    env_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_environment_attributes),
        TEST(test_connection_attributes_before_connecting),
        TEST(test_garbage_above_32_bits_does_not_matter),
        TEST(test_refusals_name_the_remedy),
        TEST(test_timeouts_of_the_application_win_over_keywords),
        TEST(test_attributes_of_an_open_connection),
        TEST(test_psqlodbc_s_private_attributes_have_their_effect),
        TEST(test_a_read_only_data_source_stays_read_only),
        TEST(test_reset_leaves_nothing_of_the_former_borrower),
        TEST(test_statement_attributes),
        cmocka_unit_test(test_defaults_of_statements),
        TEST(test_cursor_attributes_decide_each_other),
        TEST(test_cursor_attributes_need_a_closed_cursor),
        TEST(test_every_attribute_of_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
