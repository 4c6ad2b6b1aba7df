"""A client that goes away cancels what runs for it (protocol 8)."""

import os
import signal
import socket

import pytest

from conftest import wait_until


def running(pg, marker):
    return pg.run(
        "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() "
        f"and query like '%{marker}%'"
    )


@pytest.mark.parametrize("way", ["close", "reset", "half-close"])
def test_single_is_cancelled(gateway, pg, way):
    marker = f"single {way}"
    client = gateway.socket()
    client.sendall(gateway.raw_request(f"SELECT pg_sleep(600) /* {marker} */"))
    wait_until(lambda: running(pg, marker) == "1", "the statement runs")
    if way == "half-close":
        client.shutdown(socket.SHUT_WR)
    else:
        if way == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    wait_until(lambda: running(pg, marker) == "0", "the statement is cancelled")
    wait_until(lambda: gateway.stats()["cancels"] == 1, "a cancel is counted")
    client.close()


def test_cancelled_single_returns_to_the_pool(start, pg):
    gateway = start("--control", "--cancel-wait-ms", "30000")
    client = gateway.socket()
    client.sendall(gateway.raw_request("SELECT pg_backend_pid(), pg_sleep(600) /* pooled */"))
    wait_until(lambda: running(pg, "pooled") == "1", "the statement runs")
    pid = int(pg.run("select pid from pg_stat_activity where query like '%/* pooled */%' and pid <> pg_backend_pid()"))
    client.close()
    wait_until(lambda: gateway.stats()["pool_idle"] == 1, "the backend is pooled")
    assert gateway.query("SELECT pg_backend_pid()", pool=True).value == pid
    gateway.stop()


def test_batch_is_cancelled_and_rolled_back(gateway, pg, item):
    gateway.close_idle()
    client = gateway.socket()
    client.sendall(
        gateway.raw_request(
            {"queries": [{"query": "INSERT INTO item(sku) VALUES ('A')"}, {"query": "SELECT pg_sleep(600) /* batch */"}]}
        )
    )
    wait_until(lambda: running(pg, "batch */") == "1", "the statement runs")
    client.close()
    wait_until(lambda: running(pg, "batch */") == "0", "the statement is cancelled")
    assert item() == ""
    wait_until(lambda: gateway.stats()["sql_open"] == 0, "the gateway has done with the request")
    assert gateway.stats()["pool_idle"] == 0, "the backend of a cancelled batch is closed"


def test_statement_that_ignores_the_cancel_for_a_while(gateway, pg):
    """Not idle within 100 ms: the backend is closed, not pooled. A stopped process takes no cancel."""
    gateway.close_idle()
    client = gateway.socket()
    client.sendall(gateway.raw_request("SELECT pg_sleep(600) /* stubborn */"))
    wait_until(lambda: running(pg, "stubborn") == "1", "the statement runs")
    pid = int(pg.run("select pid from pg_stat_activity where query like '%/* stubborn */%' and pid <> pg_backend_pid()"))
    os.kill(pid, signal.SIGSTOP)
    try:
        client.close()
        wait_until(lambda: gateway.stats()["sql_open"] == 0, "the gateway has done with the request")
        assert gateway.stats()["cancels"] == 1
        assert gateway.stats()["pool_idle"] == 0
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: running(pg, "stubborn") == "0", "the statement ends")


def test_commit_that_has_started_is_completed(gateway, pg):
    """The commit waits for a row that this test holds: it runs when the client leaves, and for as long as is needed."""
    pg.run(
        "drop table if exists slow; create table slow(a int); drop table if exists held; create table held as select 1 as a;"
        "create or replace function slow_commit() returns trigger language plpgsql as "
        "$$ begin perform a from held for update; return null; end $$;"
        "create constraint trigger slow_commit after insert on slow deferrable initially deferred "
        "for each row execute function slow_commit()",
        role="app",
    )
    holder = gateway.socket()
    holder.sendall(
        gateway.raw_request(
            {"queries": [{"query": "SELECT a FROM held FOR UPDATE"}, {"query": "SELECT pg_sleep(600) /* held */"}]}
        )
    )
    wait_until(lambda: running(pg, "/* held */") == "1", "the row is held")
    client = gateway.socket()
    client.sendall(gateway.raw_request({"queries": [{"query": "INSERT INTO slow VALUES (1)"}]}))
    commits = "select count(*) from pg_stat_activity where state = 'active' and query = 'COMMIT' and wait_event_type = 'Lock'"
    wait_until(lambda: pg.run(commits) == "1", "COMMIT runs")
    client.close()
    assert pg.run(commits) == "1"
    holder.close()
    wait_until(lambda: pg.run("select count(*) from slow") == "1", "the transaction is committed")


def test_client_that_leaves_while_waiting_for_a_lock(gateway, pg, item):
    gateway.query("INSERT INTO item(sku) VALUES ('A')")
    holder = gateway.socket()
    holder.sendall(
        gateway.raw_request({"queries": [{"query": "LOCK TABLE item"}, {"query": "SELECT pg_sleep(600) /* holder */"}]})
    )
    wait_until(lambda: running(pg, "holder") == "1", "the lock is held")
    waiter = gateway.socket()
    waiter.sendall(gateway.raw_request("UPDATE item SET sku = 'B' /* waiter */"))
    wait_until(lambda: running(pg, "waiter") == "1", "the update waits")
    waiter.close()
    wait_until(lambda: running(pg, "waiter") == "0", "the update is cancelled")
    holder.close()
    wait_until(lambda: running(pg, "holder") == "0", "the holder is cancelled")
    assert item() == "A"


def test_pipelined_bytes_are_not_a_disconnect(gateway):
    client = gateway.socket()
    request = gateway.raw_request("SELECT pg_sleep(0.3), 'first'")
    client.sendall(request + gateway.raw_request("SELECT 'second'"))
    data = b""
    while b"second" not in data:
        piece = client.recv(65536)
        assert piece, data
        data += piece
    assert b"first" in data
    client.close()


def test_stopping_ends_what_runs(start, pg):
    gateway = start("--control")
    client = gateway.socket()
    client.sendall(gateway.raw_request("SELECT pg_sleep(600) /* stopping */"))
    wait_until(lambda: running(pg, "stopping") == "1", "the statement runs")
    assert gateway.stop() == 0
    wait_until(lambda: running(pg, "stopping") == "0", "the statement ends with the gateway")
    client.close()
