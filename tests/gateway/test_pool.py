"""Pooling and its reset (protocol 7), seen through pg_backend_pid() and pg_stat_activity."""

import pytest

from conftest import connection_string, wait_until

PID = "SELECT pg_backend_pid() AS pid"


def pid(gateway, **more):
    return gateway.query(PID, array=True, **more).value


@pytest.fixture
def pool(gateway):
    gateway.close_idle()
    gateway.reset()
    return gateway


def test_opt_in_takes_from_the_pool(pool):
    first = pid(pool, pool=True)
    assert pid(pool, pool=True) == first
    stats = pool.stats()
    assert (stats["connects"], stats["pool_hits"], stats["pool_idle"]) == (1, 1, 1)


def test_without_opt_in_a_new_connection_that_is_pooled_afterwards(pool):
    first, second = pid(pool), pid(pool)
    assert first != second
    assert pool.stats()["connects"] == 2
    assert pid(pool, pool=True) == second, "last in, first out"
    assert pid(pool, pool="True") not in (first, second), "the header must be exactly true"


def test_opt_in_off(start):
    gateway = start("--control", "--pool-opt-in", "off")
    assert pid(gateway) == pid(gateway)
    gateway.stop()


def test_pool_key(pool):
    base = pid(pool, pool=True)
    others = [
        connection_string(host="ep-other.example.net"),
        connection_string(query="?options=neon_proxy_params_compat%3Atrue"),
    ]
    seen = {base}
    for conn in others:
        other = pid(pool, pool=True, conn=conn)
        assert other not in seen
        assert pid(pool, pool=True, conn=conn) == other
        seen.add(other)
    same = connection_string(host="ep-demo-1.somewhere.else", query="?sslmode=require")
    assert pid(pool, pool=True, conn=same) == base, "only the first label and neon_ options count"


def test_ephemeral_endpoints_are_never_pooled(pool, pg):
    conn = connection_string(query="?options=-c%20x%3Dy%20neon_lsn%3A0%2F1")
    first = pid(pool, pool=True, conn=conn)
    assert pid(pool, pool=True, conn=conn) != first
    wait_until(lambda: pool.stats()["pool_idle"] == 0, "nothing is pooled")
    wait_until(lambda: pg.run(f"select count(*) from pg_stat_activity where pid = {first}") == "0", "the backend ends")


def test_order_of_options_does_not_matter(pool):
    ab = "?options=neon_proxy_params_compat%3Atrue+neon_proxy_params_compat%3Afalse"
    ba = "?options=neon_proxy_params_compat%3Afalse&options=neon_proxy_params_compat%3Atrue"
    assert pid(pool, pool=True, conn=connection_string(query=ab)) == pid(
        pool, pool=True, conn=connection_string(query=ba)
    )


def test_reset_between_requests(pool, pg):
    pg.run("grant reader to app")
    leave = [
        "SET work_mem = '1234kB'",
        "SET ROLE reader",
        "CREATE TEMP TABLE leftover(a int)",
        "PREPARE leftover AS SELECT 1",
        "LISTEN leftover",
        "SELECT pg_advisory_lock(4711)",
        "DECLARE leftover CURSOR WITH HOLD FOR SELECT 1",
        "BEGIN",
    ]
    first = pid(pool, pool=True)
    pool.batch("RESET ROLE", *[s for s in leave if "ROLE" not in s], "SET ROLE reader", pool=True)
    for sql in leave:
        pool.query(sql, pool=True)
    checks = {
        "SELECT current_setting('work_mem') <> '1234kB'": True,
        "SELECT current_user::text": "app",
        "SELECT to_regclass('pg_temp.leftover') IS NULL": True,
        "SELECT count(*)::int FROM pg_prepared_statements": 0,
        "SELECT count(*)::int FROM pg_listening_channels()": 0,
        "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()": 0,
        "SELECT count(*)::int FROM pg_cursors WHERE name = 'leftover'": 0,
    }
    assert pid(pool, pool=True) == first, "all of that happened on the connection that is checked now"
    for sql, expected in checks.items():
        assert pool.query(sql, pool=True, array=True).value == expected, sql
    assert pool.batch("SAVEPOINT s", pool=True).status == 200, "START TRANSACTION was not lost in an open one"
    assert pid(pool, pool=True) == first


def test_sequences_are_discarded(pool, pg):
    pg.run("drop sequence if exists sq; create sequence sq", role="app")
    first = pool.batch("SELECT nextval('sq')", PID, pool=True).json["results"][1]["rows"][0]["pid"]
    answer = pool.batch(PID, "SELECT currval('sq')", pool=True)
    assert answer.json["code"] == "55000"
    assert pid(pool, pool=True) == first


@pytest.mark.parametrize(
    "single", ["SELECT 1/0", "SELEC", "COPY customers TO STDOUT", "SELECT pg_terminate_backend(pg_backend_pid())"]
)
def test_failed_single_closes_the_backend(pool, pg, single):
    first = pid(pool, pool=True)
    assert pool.query(single, pool=True).status == 400
    wait_until(lambda: pg.run(f"select count(*) from pg_stat_activity where pid = {first}") == "0", "the backend ends")
    assert pid(pool, pool=True) != first


def test_conversion_failure_closes_a_single_and_keeps_a_batch(pool):
    first = pid(pool, pool=True)
    assert pool.batch("SELECT '1 2'::int2vector", pool=True).status == 500
    assert pid(pool, pool=True) == first
    assert pool.query("SELECT '1 2'::int2vector", pool=True).status == 500
    assert pid(pool, pool=True) != first


def test_failed_batch_keeps_the_backend(pool, item):
    first = pid(pool, pool=True)
    assert pool.batch("INSERT INTO item(sku) VALUES ('A')", "SELECT 1/0", pool=True).status == 400
    assert pid(pool, pool=True) == first
    assert item() == ""


def test_failed_commit_closes_the_backend(pool, pg):
    pg.run("drop table if exists late; create table late(a int unique deferrable initially deferred)", role="app")
    first = pid(pool, pool=True)
    assert pool.batch("INSERT INTO late VALUES (1), (1)", pool=True).status == 400
    assert pid(pool, pool=True) != first


def test_dead_pooled_backend_is_noticed(pool, pg):
    first = pid(pool, pool=True)
    pg.run(f"select pg_terminate_backend({first})")
    wait_until(lambda: pg.run(f"select count(*) from pg_stat_activity where pid = {first}") == "0", "the backend ends")
    assert pid(pool, pool=True) != first


def test_limit_per_endpoint(start):
    import threading

    gateway = start("--control", "--pool-per-endpoint", "2")
    threads = [threading.Thread(target=gateway.query, args=("SELECT pg_sleep(0.3)",)) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert gateway.stats()["connects"] == 5
    assert gateway.stats()["pool_idle"] == 2
    other = connection_string(host="ep-second")
    pid(gateway, conn=other)
    assert gateway.stats()["pool_idle"] == 3
    gateway.stop()


def test_pool_of_size_zero(start):
    gateway = start("--control", "--pool-per-endpoint", "0")
    assert pid(gateway, pool=True) != pid(gateway, pool=True)
    assert gateway.stats()["pool_idle"] == 0
    gateway.stop()


def test_idle_backends_are_closed(start):
    gateway = start("--control", "--pool-idle-seconds", "1")
    first = pid(gateway, pool=True)
    wait_until(lambda: gateway.stats()["pool_idle"] == 0, "the idle backend is closed")
    assert pid(gateway, pool=True) != first
    gateway.stop()


@pytest.fixture(scope="module")
def direct_gateway(start, tmp_path_factory):
    """Without an administrator: every request connects with its own password."""
    import os

    host = os.environ["NEON_TEST_PG_ADMIN_URL"].rsplit("@", 1)[1].split("/")[0]
    url = tmp_path_factory.mktemp("direct") / "url"
    url.write_text(f"postgresql://{host}/postgres\n")
    return start("--control", pg_file=url)


def test_direct_mode(direct_gateway):
    assert "nothing is pooled" in direct_gateway.printed
    assert pid(direct_gateway, pool=True) != pid(direct_gateway, pool=True)
    assert direct_gateway.stats()["pool_idle"] == 0
    answer = direct_gateway.query("SELECT 1", conn=connection_string(password="wrong"))
    assert (answer.status, answer.json["message"]) == (400, "password authentication failed for user 'app'")
    answer = direct_gateway.query("SELECT 1", conn=connection_string(user="nobody", password="wrong"))
    assert (answer.status, answer.json["message"]) == (400, "password authentication failed for user 'nobody'")
    answer = direct_gateway.query("SELECT 1", conn=connection_string(database="nope"))
    assert answer.json["code"] == "3D000"


def test_administrator_connection_is_replaced(gateway, pg):
    """The connection over which verifiers are read may die at any time."""
    mine = "from pg_stat_activity where usename = 'postgres' and query like '%pg_authid%' and pid <> pg_backend_pid()"
    assert gateway.query("SELECT 1").status == 200
    assert int(pg.run(f"select count(pg_terminate_backend(pid)) {mine}")) >= 1
    wait_until(lambda: pg.run(f"select count(*) {mine}") == "0", "the administrator's backends end")
    assert gateway.query("SELECT 1").status == 200
    assert gateway.query("SELECT 1", conn=connection_string(password="wrong")).status == 400
