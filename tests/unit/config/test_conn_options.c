/* struct conn_options by itself: defaults, moving, wiping, the out string of random contents, the
 * log's path, secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void set(struct conn_options *o, const char *key, const char *value)
{
    struct err e = ERR_INIT;

    if (!conn_options_set(o, sv(key), sv(value), CONN_SRC_STRING, NULL, &e))
        fail_msg("%s=%s: %s", key, value, buf_str(&e.text));
}

static void test_defaults_of_a_new_one(void **state)
{
    struct conn_options o;

    (void)state;
    conn_options_init(&o);
    assert_int_equal(o.port, 443);
    assert_int_equal(o.login_timeout_s, 15);
    assert_int_equal(o.max_request_bytes, 9437184);
    assert_int_equal(o.ssl_mode, SSL_MODE_VERIFY_FULL);
    assert_true(o.verify_connection_early && o.pool && o.keep_alive && o.optional_errors);
    assert_false(o.save_password || o.use_env || o.allow_insecure || o.read_only);
    assert_null(o.server);
    assert_int_equal(o.source[CONN_KEY_port], CONN_SRC_DEFAULT);
    conn_options_release(&o);
}

static void test_moving_leaves_the_defaults_behind(void **state)
{
    struct conn_options a;
    struct conn_options b;

    (void)state;
    conn_options_init(&a);
    conn_options_init(&b);
    set(&a, "Server", "h");
    set(&a, "Port", "7");
    set(&b, "PWD", "old");
    conn_options_move(&b, &a);
    assert_string_equal(b.server, "h");
    assert_null(b.pwd);
    assert_int_equal(b.port, 7);
    assert_null(a.server);
    assert_int_equal(a.port, 443);
    conn_options_release(&a);
    conn_options_release(&b);
}

/* The linker puts this before mem_free_secret (sources.am): it is told what is wiped. */
void __real_mem_free_secret(void *p, size_t size_bytes);
void __wrap_mem_free_secret(void *p, size_t size_bytes);
static struct buf wiped;

void __wrap_mem_free_secret(void *p, size_t size_bytes)
{
    buf_append(&wiped, p, size_bytes);
    buf_append_char(&wiped, ' ');
    __real_mem_free_secret(p, size_bytes);
}

static void test_releasing_wipes_secrets(void **state)
{
    static const char *const secrets[] = {"PWD",          "Url",     "Token", "ProxyPWD",
                                          "ClientKeyPwd", "Options", "pqopt"};
    struct conn_options o;

    (void)state;
    conn_options_init(&o);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        char value[64];
        snprintf(value, sizeof value, "hunter2-%s", secrets[i]);
        set(&o, secrets[i], value);
    }
    buf_reset(&wiped);
    conn_options_clear(&o, CONN_KEY_pwd);
    assert_string_equal(buf_str(&wiped), "hunter2-PWD ");
    assert_null(o.pwd);
    assert_int_equal(o.source[CONN_KEY_pwd], CONN_SRC_DEFAULT);
    conn_options_release(&o);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        char value[64];
        snprintf(value, sizeof value, "hunter2-%s ", secrets[i]);
        assert_non_null(strstr(buf_str(&wiped), value));
    }
    buf_release(&wiped);
}

/* A random value that the row accepts. */
static void random_value(int id, struct buf *out)
{
    static const char any[] = "ab;={} }\xC3\xBC'\"\\%@!x";
    static const char plain[] = "abcXYZ019";
    const struct conn_key *row = conn_key_row((enum conn_key_id)id);
    struct strview rest = sv(row->choices);
    struct strview item;
    struct strview canonical = {NULL, 0};
    size_t n = 1 + random_below(10);
    bool is_plain = (row->flags & CK_ASCII) != 0;

    buf_reset(out);
    if (id == CONN_KEY_ws_path)
        buf_append_char(out, '/');
    if (row->choices[0] != '\0' && row->kind != CONN_BOOL) {
        for (uint32_t skip = random_below(3); conn_key_item(&rest, ',', &item); skip--) {
            conn_key_item(&item, '=', &canonical);
            if (skip == 0)
                break;
        }
        buf_append_sv(out, canonical);
    } else if (row->kind == CONN_BOOL) {
        buf_append_char(out, random_below(2) ? '1' : '0');
    } else if (row->kind == CONN_INT) {
        buf_printf(out, "%lld",
                   (long long)(row->min +
                               (int64_t)random_below((uint32_t)(row->max - row->min > 100000
                                                                    ? 100000
                                                                    : row->max - row->min + 1))));
    } else {
        while (n-- > 0)
            buf_append_char(out, is_plain ? plain[random_below(sizeof plain - 1)]
                                          : any[random_below(sizeof any - 1)]);
    }
}

static void assert_same(const struct conn_options *a, const struct conn_options *b)
{
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        struct buf x = BUF_INIT(0);
        struct buf y = BUF_INIT(0);
        assert_true(conn_options_value(a, (enum conn_key_id)id, &x));
        assert_true(conn_options_value(b, (enum conn_key_id)id, &y));
        if (strcmp(buf_str(&x), buf_str(&y)) != 0)
            fail_msg("%s: %s became %s", conn_key_row((enum conn_key_id)id)->name, buf_str(&x),
                     buf_str(&y));
        buf_release(&x);
        buf_release(&y);
    }
}

static void fill_randomly(struct conn_options *o, struct buf *value)
{
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const struct conn_key *row = conn_key_row((enum conn_key_id)id);
        /* These are looked up, contradict each other, or are written otherwise. */
        if ((row->flags & CK_NO_OUT) != 0 || row->kind == CONN_IGNORED || row->kind == CONN_FIXED ||
            id == CONN_KEY_dsn || id == CONN_KEY_token || id == CONN_KEY_token_file ||
            id == CONN_KEY_transport || id == CONN_KEY_client_key || id == CONN_KEY_use_env ||
            id == CONN_KEY_save_password || random_below(2) == 0)
            continue;
        random_value(id, value);
        set(o, row->name, buf_str(value));
    }
    o->save_password = true;
    o->source[CONN_KEY_save_password] = CONN_SRC_STRING;
}

static void test_out_string_of_random_contents_reads_back(void **state)
{
    struct buf text = BUF_INIT(0);
    struct buf value = BUF_INIT(0);

    (void)state;
    unsetenv("DATABASE_URL");
    for (int round = 0; round < 3000; round++) {
        struct conn_options o;
        struct conn_options again;
        struct err e = ERR_INIT;
        conn_options_init(&o);
        conn_options_init(&again);
        fill_randomly(&o, &value);
        buf_reset(&text);
        assert_true(conn_options_to_connstr(&o, &text));
        if (!config_build(&again, buf_sv(&text), NULL, NULL, NULL, NULL, &e))
            fail_msg("%s: %s", buf_str(&text), buf_str(&e.text));
        assert_same(&o, &again);
        conn_options_release(&o);
        conn_options_release(&again);
    }
    buf_release(&text);
    buf_release(&value);
    buf_release(&wiped);
}

static void test_out_string_without_memory_is_none(void **state)
{
    struct conn_options o;
    struct buf text = BUF_INIT(0);

    (void)state;
    conn_options_init(&o);
    set(&o, "Server", "ep-a.eu-central-1.aws.neon.tech");
    set(&o, "Database", "a-database-with-a-rather-long-name-so-that-the-buffer-grows");
    set(&o, "Port", "77");
    for (uint64_t n = 1;; n++) {
        bool ok;
        mem_fail_at(n, 0);
        ok = conn_options_to_connstr(&o, &text);
        mem_fail_at(0, 0);
        if (ok)
            break;
        assert_null(text.data);
        buf_reset(&text);
        assert_true(n < 20);
    }
    buf_release(&text);
    conn_options_release(&o);
}

static void test_ip_addresses(void **state)
{
    static const char *const yes[] = {"10.0.0.1", "127.0.0.1",     "::1",           "[::1]",
                                      "fe80::1",  "[2001:db8::7]", "::ffff:1.2.3.4"};
    static const char *const no[] = {
        "",          "localhost",
        "10.0.0",    "10.0.0.1.example.com",
        "[]",        "[::1",
        "1.2.3.256", "a-host-name-that-is-longer-than-any-address-could-ever-be.example.com"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        assert_true(conn_options_host_is_ip(yes[i]));
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        assert_false(conn_options_host_is_ip(no[i]));
}

static void test_missing_names_one_keyword_after_the_other(void **state)
{
    struct conn_options o;
    size_t at = 0;

    (void)state;
    conn_options_init(&o);
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_server);
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_uid);
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_pwd);
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_COUNT);
    set(&o, "UID", "u");
    at = 0;
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_server);
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_pwd);
    assert_int_equal(conn_options_missing(&o, &at), CONN_KEY_COUNT);
    conn_options_release(&o);
}

static void test_the_logs_path(void **state)
{
    struct conn_options o;
    struct buf path = BUF_INIT(0);
    char want[64];

    (void)state;
    conn_options_init(&o);
    assert_true(conn_options_log_path(&o, &path));
    assert_int_equal(path.len, 0);
    set(&o, "LogDir", "/var/log");
    snprintf(want, sizeof want, "/var/log/neonodbc-%ld.log", (long)getpid());
    assert_true(conn_options_log_path(&o, &path));
    assert_string_equal(buf_str(&path), want);
    set(&o, "LogFile", "/x");
    buf_reset(&path);
    assert_true(conn_options_log_path(&o, &path));
    assert_string_equal(buf_str(&path), "/x");
    buf_release(&path);
    conn_options_release(&o);
}

static bool collect(void *ctx, struct strview secret)
{
    struct buf *out = ctx;

    buf_append_sv(out, secret);
    return buf_append_char(out, ' ');
}

static bool refuse(void *ctx, struct strview secret)
{
    (void)secret;
    ++*(int *)ctx;
    return false;
}

static void test_each_secret_is_handed_out(void **state)
{
    struct conn_options o;
    struct buf out = BUF_INIT(0);
    int calls = 0;

    (void)state;
    conn_options_init(&o);
    set(&o, "UID", "user");
    set(&o, "PWD", "s-pwd");
    set(&o, "Token", "s-token");
    set(&o, "ClientKeyPwd", "s-key");
    set(&o, "Proxy", "http://me:s-proxy@proxy:1");
    set(&o, "Options", "s-options");
    assert_true(conn_options_each_secret(&o, collect, &out));
    assert_string_equal(buf_str(&out), "s-pwd s-token s-options s-key s-proxy ");
    assert_false(conn_options_each_secret(&o, refuse, &calls));
    assert_int_equal(calls, 1);
    buf_release(&out);
    conn_options_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_of_a_new_one),
        cmocka_unit_test(test_moving_leaves_the_defaults_behind),
        cmocka_unit_test(test_releasing_wipes_secrets),
        cmocka_unit_test(test_out_string_of_random_contents_reads_back),
        cmocka_unit_test(test_out_string_without_memory_is_none),
        cmocka_unit_test(test_ip_addresses),
        cmocka_unit_test(test_missing_names_one_keyword_after_the_other),
        cmocka_unit_test(test_the_logs_path),
        cmocka_unit_test(test_each_secret_is_handed_out),
    };
    return cmocka_run_group_tests_name("conn_options", tests, NULL, NULL);
}
