#include "fixture.h"

#include <string.h>
#include <unistd.h>

#include "config/config.h"

static bool open_with(struct fixture *f, const char *connstr, struct err *e)
{
    struct conn_options o;
    bool ok;

    conn_options_init(&o);
    assert_true(config_build(&o, sv(connstr), NULL, NULL, NULL, NULL, e));
    ok = dbc_open(f->dbc, &o, e);
    /* The options were taken over, also on failure: what is left are the defaults. */
    assert_null(o.server);
    assert_null(o.pwd);
    conn_options_release(&o);
    return ok;
}

static const char good[] = "Server=ep-test-1.example.neon.tech;UID=u;PWD=secret-p;Database=d;"
                           "VerifyConnectionEarly=0;";

static void test_without_early_verification_nothing_is_sent(void **state)
{
    struct fixture *f = *state;
    struct err e = ERR_INIT;

    /* The host does not exist: a request would fail. */
    assert_true(open_with(f, good, &e));
    assert_true(f->dbc->connected);
    assert_non_null(f->dbc->transport);
    assert_int_equal(f->dbc->pid, getpid());
    assert_int_equal(f->dbc->server.version_num, 0);
    assert_string_equal(f->dbc->options.database, "d");
    dbc_close(f->dbc);
    assert_false(f->dbc->connected);
    assert_null(f->dbc->transport);
    assert_null(f->dbc->options.pwd);
    dbc_close(f->dbc); /* twice is fine */
}

static void test_what_is_missing_is_named(void **state)
{
    struct fixture *f = *state;
    struct err e = ERR_INIT;

    assert_false(open_with(f, "UID=u;PWD=p", &e));
    assert_string_equal(e.state, "08001");
    assert_non_null(strstr(buf_str(&e.text), "Server"));
    assert_false(f->dbc->connected);
    err_release(&e);
    assert_false(open_with(f, "Server=ep-test-1.example.neon.tech", &e));
    assert_string_equal(e.state, "28000");
    err_release(&e);
    /* And the handle can be used again. */
    assert_true(open_with(f, good, &e));
}

static void test_a_log_that_cannot_be_written_fails_the_connection(void **state)
{
    struct fixture *f = *state;
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT(4096);

    assert_true(buf_printf(&text, "%sLogLevel=5;LogFile=/nonexistent/dir/x.log", good));
    assert_false(open_with(f, text.data, &e));
    assert_true(err_is_set(&e));
    assert_null(strstr(buf_str(&e.text), "secret-p"));
    assert_null(f->dbc->log);
    err_release(&e);
    buf_release(&text);
}

static void test_attributes_set_before_survive_connecting_and_disconnecting(void **state)
{
    struct fixture *f = *state;
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT(4096);

    attr_set_dbc(f->dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)7, NULL);
    attr_set_dbc(f->dbc, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)SQL_TXN_REPEATABLE_READ, NULL);
    assert_true(buf_printf(&text, "%sLoginTimeout=50;QueryTimeout=11;MaxVarcharSize=100", good));
    assert_true(open_with(f, text.data, &e));
    assert_int_equal(dbc_login_timeout_s(f->dbc), 7);
    assert_int_equal(dbc_isolation_header(f->dbc), ISOLATION_REPEATABLE_READ);
    assert_int_equal(f->dbc->stmt_defaults.query_timeout_s, 11);
    assert_int_equal(f->dbc->type_options.max_varchar_size, 100);
    assert_ptr_equal(f->dbc->conv_env.options, &f->dbc->type_options);
    dbc_close(f->dbc);
    assert_int_equal(dbc_login_timeout_s(f->dbc), 7);
    assert_int_equal(f->dbc->stmt_defaults.query_timeout_s, 0); /* the keyword's: gone with it */
    assert_int_equal(f->dbc->type_options.max_varchar_size, 8190);
    buf_release(&text);
}

static void test_isolation_is_the_attribute_or_the_server_s_default(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *server;
        SQLUINTEGER odbc;
    } rows[] = {
        {"read committed", SQL_TXN_READ_COMMITTED},
        {"read uncommitted", SQL_TXN_READ_UNCOMMITTED},
        {"repeatable read", SQL_TXN_REPEATABLE_READ},
        {"serializable", SQL_TXN_SERIALIZABLE},
        {"something new", SQL_TXN_READ_COMMITTED},
        {NULL, SQL_TXN_READ_COMMITTED},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        mem_free(f->dbc->server.default_isolation);
        f->dbc->server.default_isolation = mem_strdup(rows[i].server);
        assert_int_equal(dbc_isolation(f->dbc), rows[i].odbc);
        assert_int_equal(dbc_isolation_header(f->dbc), ISOLATION_DEFAULT);
    }
    f->dbc->attrs.txn_isolation = SQL_TXN_SERIALIZABLE;
    assert_int_equal(dbc_isolation(f->dbc), SQL_TXN_SERIALIZABLE);
    assert_int_equal(dbc_default_isolation(f->dbc), SQL_TXN_READ_COMMITTED);
    assert_int_equal(dbc_isolation_header(f->dbc), ISOLATION_SERIALIZABLE);
}

static void test_every_allocation_of_opening_may_fail(void **state)
{
    struct fixture *f = *state;
    bool opened = false;

    for (uint64_t n = 1; n < 400 && !opened; n++) {
        struct conn_options o;
        struct err e = ERR_INIT;

        conn_options_init(&o);
        assert_true(config_build(&o, sv(good), NULL, NULL, NULL, NULL, &e));
        mem_fail_at(n, 0);
        opened = dbc_open(f->dbc, &o, &e);
        mem_fail_at(0, 0);
        conn_options_release(&o);
        if (!opened) {
            assert_string_equal(e.state, "HY001");
            assert_null(f->dbc->transport);
        }
        err_release(&e);
    }
    assert_true(opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_early_verification_nothing_is_sent),
        TEST(test_what_is_missing_is_named),
        TEST(test_a_log_that_cannot_be_written_fails_the_connection),
        TEST(test_attributes_set_before_survive_connecting_and_disconnecting),
        TEST(test_isolation_is_the_attribute_or_the_server_s_default),
        TEST(test_every_allocation_of_opening_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
