"""Transactions: the batch (protocol 6.1) and transaction control as SQL (6.2)."""

import pytest

from conftest import wait_until


def results(answer):
    assert answer.status == 200, answer.text
    return answer.json["results"]


def code(answer):
    assert answer.status == 400, answer.text
    return answer.json["code"]


@pytest.mark.parametrize(
    "header,level",
    [
        ("ReadUncommitted", "read uncommitted"),
        ("ReadCommitted", "read committed"),
        ("RepeatableRead", "repeatable read"),
        ("Serializable", "serializable"),
    ],
)
def test_isolation_levels(gateway, header, level):
    answer = gateway.batch("SHOW transaction_isolation", isolation=header, raw=True, array=True)
    assert results(answer)[0]["rows"] == [[level]]
    assert answer.headers["neon-batch-isolation-level"] == header


@pytest.mark.parametrize("value", ["serializable", "SERIALIZABLE", "Repeatable Read", "", "x"])
def test_bad_isolation_level(gateway, value):
    for answer in (gateway.query("SELECT 1", isolation=value), gateway.batch("SELECT 1", isolation=value)):
        assert (answer.status, answer.json["message"], answer.json["code"]) == (400, "invalid isolation level", "")
        assert answer.headers["neon-batch-isolation-level"] is None


def test_flags_are_exactly_true(gateway):
    for value in ("True", "1", "yes", "false", "TRUE", " "):
        answer = gateway.batch("SHOW transaction_read_only", read_only=value, deferrable=value, raw=True, array=True)
        assert results(answer)[0]["rows"] == [["off"]]
        assert answer.headers["neon-batch-read-only"] is None
        assert answer.headers["neon-batch-deferrable"] is None


def test_single_ignores_batch_options(gateway):
    answer = gateway.query("SHOW transaction_read_only", read_only=True, isolation="Serializable", deferrable=True)
    assert answer.rows == [{"transaction_read_only": "off"}]
    for name in ("neon-batch-read-only", "neon-batch-isolation-level", "neon-batch-deferrable"):
        assert answer.headers[name] is None


def test_failed_batch_echoes_nothing(gateway):
    answer = gateway.batch("CREATE TABLE never(a int)", read_only=True, isolation="Serializable")
    assert code(answer) == "25006"
    assert answer.headers["neon-batch-read-only"] is None
    assert answer.headers["neon-batch-isolation-level"] is None


def test_begin_as_single_has_no_effect(gateway, item):
    assert gateway.query("BEGIN", pool=True).status == 200
    assert gateway.query("INSERT INTO item(sku) VALUES ('A')", pool=True).status == 200
    assert gateway.query("ROLLBACK", pool=True).json["command"] == "ROLLBACK"
    assert item() == "A"


def test_begin_inside_a_batch_has_no_effect(gateway, item):
    answer = gateway.batch("INSERT INTO item(sku) VALUES ('A')", "BEGIN", "INSERT INTO item(sku) VALUES ('B')")
    assert [r["command"] for r in results(answer)] == ["INSERT", "BEGIN", "INSERT"]
    assert item() == "A,B"


def test_commit_in_the_middle_splits_the_batch(gateway, item):
    answer = gateway.batch(
        "INSERT INTO item(sku) VALUES ('A')", "COMMIT", "INSERT INTO item(sku) VALUES ('B')", "SELECT 1/0"
    )
    assert code(answer) == "22012"
    assert item() == "A,B"


def test_rollback_in_the_middle(gateway, item):
    answer = gateway.batch("INSERT INTO item(sku) VALUES ('A')", "ROLLBACK", "INSERT INTO item(sku) VALUES ('B')")
    assert [r["command"] for r in results(answer)] == ["INSERT", "ROLLBACK", "INSERT"]
    assert item() == "B"


def test_rollback_last_keeps_the_connection_usable(gateway, item):
    gateway.close_idle()
    pid = results(gateway.batch("INSERT INTO item(sku) VALUES ('A')", "SELECT pg_backend_pid() AS p", "ROLLBACK"))
    assert item() == ""
    assert gateway.query("SELECT pg_backend_pid()", pool=True).value == pid[1]["rows"][0]["p"]


def test_chain(gateway, item):
    results(gateway.batch("INSERT INTO item(sku) VALUES ('A')", "ROLLBACK AND CHAIN", "INSERT INTO item(sku) VALUES ('B')"))
    assert item() == "B"
    assert code(gateway.query("COMMIT AND CHAIN")) == "25P01"


def test_savepoints(gateway, item):
    answer = gateway.batch(
        "INSERT INTO item(sku) VALUES ('A')",
        "SAVEPOINT s",
        "INSERT INTO item(sku) VALUES ('B')",
        "ROLLBACK TO s",
        "RELEASE s",
    )
    assert [r["command"] for r in results(answer)] == ["INSERT", "SAVEPOINT", "INSERT", "ROLLBACK", "RELEASE"]
    assert item() == "A"
    assert code(gateway.query("SAVEPOINT s")) == "25P01"


@pytest.mark.parametrize(
    "sql,as_single,in_batch",
    [
        ("SET LOCAL work_mem = '1MB'", None, None),
        ("SET TRANSACTION READ ONLY", None, None),
        ("LOCK TABLE customers IN ACCESS SHARE MODE", "25P01", None),
        ("DECLARE c CURSOR FOR SELECT 1", "25P01", None),
        ("VACUUM customers", None, "25001"),
        ("CREATE INDEX CONCURRENTLY dropme ON customers(note)", None, "25001"),
        ("DROP INDEX dropme", None, "42704"),
        ("DISCARD ALL", None, "25001"),
        ("DO $$ begin commit; end $$", None, "2D000"),
        ("LISTEN x", None, None),
    ],
)
def test_statements_and_transaction_blocks(gateway, sql, as_single, in_batch):
    for answer, expected in ((gateway.query(sql), as_single), (gateway.batch(sql), in_batch)):
        if expected:
            assert code(answer) == expected
        else:
            assert answer.status == 200, answer.text


def test_set_holds_until_the_end_of_the_request(gateway):
    answer = gateway.batch("SET work_mem = '1234kB'", "SHOW work_mem", "COMMIT", "SHOW work_mem", raw=True, array=True)
    assert [r["rows"] for r in results(answer)] == [[], [["1234kB"]], [], [["1234kB"]]]
    assert gateway.query("SHOW work_mem", pool=True, raw=True, array=True).value != "1234kB"


def test_deferred_constraint(gateway, pg):
    pg.run(
        "drop table if exists late; create table late(a int, constraint late_a unique (a) deferrable initially deferred);"
        "insert into late values (1)",
        role="app",
    )
    for answer in (
        gateway.query("INSERT INTO late VALUES (1)"),
        gateway.query("INSERT INTO late VALUES (1)", raw=True),
        gateway.batch("INSERT INTO late VALUES (1)", "INSERT INTO late VALUES (2)"),
    ):
        assert code(answer) == "23505"
        assert [answer.json[k] for k in ("constraint", "table", "schema")] == ["late_a", "late", "public"]
    assert pg.run("select count(*) from late") == "1"


def test_start_transaction_failure(gateway, pg):
    """A database whose default cannot be: the START itself is refused."""
    answer = gateway.batch("SELECT 1", isolation="Serializable", read_only=True, deferrable=True)
    assert answer.status == 200
    pg.run("alter role app in database shop set default_transaction_read_only = on")
    try:
        assert code(gateway.batch("CREATE TABLE never(a int)")) == "25006"
    finally:
        pg.run("alter role app in database shop reset default_transaction_read_only")


def test_prepare_transaction(gateway, item, pg):
    answer = gateway.query("PREPARE TRANSACTION 'g1'")
    assert answer.json["command"] == "ROLLBACK"
    if pg.run("show max_prepared_transactions") == "0":
        assert code(gateway.batch("PREPARE TRANSACTION 'g2'")) == "55000"
        return
    results(gateway.batch("INSERT INTO item(sku) VALUES ('A')", "PREPARE TRANSACTION 'g2'"))
    assert item() == ""
    pg.run("rollback prepared 'g2'")


def test_serialization_failure_at_commit(gateway, pg):
    """Two serializable batches that read what the other writes: one of them must fail with 40001. Neither writes before
    both have read: between the two they wait for a lock that a third holds."""
    import threading

    pg.run("drop table if exists skew; create table skew(k int, v int); insert into skew values (1, 0), (2, 0)", role="app")
    answers = []
    locks = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4713"
    holder = gateway.socket()
    holder.sendall(
        gateway.raw_request({"queries": [{"query": "SELECT pg_advisory_xact_lock(4713)"}, {"query": "SELECT pg_sleep(600)"}]})
    )
    wait_until(lambda: pg.run(f"{locks} and granted") == "1", "the lock is held")

    def run(mine, other):
        answers.append(
            gateway.batch(
                f"SELECT sum(v) FROM skew WHERE k = {other}",
                "SELECT pg_advisory_xact_lock_shared(4713)",
                f"UPDATE skew SET v = v + 1 WHERE k = {mine}",
                isolation="Serializable",
            )
        )

    threads = [threading.Thread(target=run, args=pair) for pair in ((1, 2), (2, 1))]
    for t in threads:
        t.start()
    wait_until(lambda: pg.run(f"{locks} and not granted") == "2", "both have read")
    holder.close()
    for t in threads:
        t.join()
    assert sorted(a.status for a in answers) == [200, 400]
    assert [a.json["code"] for a in answers if a.status == 400] == ["40001"]
