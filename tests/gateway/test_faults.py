"""The test control API: counters, log, and every fault."""

import http.client
import json
import socket
import time

import pytest

from conftest import connection_string, wait_until

LOST = (http.client.RemoteDisconnected, ConnectionResetError, http.client.BadStatusLine)


def test_counters(gateway):
    gateway.close_idle()
    connection = gateway.connect()
    gateway.query("SELECT 1", connection=connection, pool=True)
    gateway.batch("SELECT 1", "SELECT 2", connection=connection, pool=True)
    gateway.post("{", connection=connection)
    gateway.request("GET", "/sql", connection=connection)
    connection.close()
    stats = gateway.stats()
    for key, value in {
        "requests": 3, "statements": 3, "connects": 1, "tcp_connections": 1, "pool_hits": 1, "cancels": 0, "faults": 0,
        "pool_idle": 1,
    }.items():
        assert stats[key] == value, key
    assert stats["bytes_in"] > 0 and stats["bytes_out"] > 0
    gateway.reset()
    assert gateway.stats()["requests"] == 0
    gateway.request("POST", "/_gateway/close_idle")
    assert gateway.stats()["pool_idle"] == 0


def test_log(gateway):
    gateway.query("SELECT 'é'", headers={"X-Test": "t", "Authorization": "Bearer secret"})
    answer = gateway.query("SELECT 'é'", headers={"X-Test": "t"})
    gateway.request("GET", "/other?x=1")
    first, second, third = gateway.log()
    assert (first["method"], first["path"], first["status"]) == ("POST", "/sql", 400)
    assert (third["method"], third["path"], third["status"]) == ("GET", "/other", 400)
    assert json.loads(second["body"]) == {"query": "SELECT 'é'"}
    assert second["id"] == answer.headers["neon-request-id"]
    assert second["headers"]["x-test"] == "t"
    assert second["headers"]["neon-connection-string"] == "***"
    assert first["headers"]["authorization"] == "***"
    assert isinstance(second["millis"], int)
    text = gateway.request("GET", "/_gateway/log").text
    assert "s%40crt" not in text and "Bearer" not in text
    gateway.reset()
    assert gateway.log() == []


def test_log_file_holds_no_secret(gateway):
    gateway.query("SELECT 1")
    gateway.query("SELECT 1", conn=connection_string(password="hunter2"))
    text = gateway.log_file.read_text() + gateway.printed
    assert "POST /sql 200" in text
    for secret in ("hunter2", "s%40crt", "s@crt"):
        assert secret not in text


def test_control_needs_the_option(start, program):
    gateway = start()
    answer = gateway.request("GET", "/_gateway/stats")
    assert (answer.status, answer.text) == (400, '"query is not supported"')
    gateway.stop()


def test_bad_fault(gateway):
    for body in ("", "{", "[]", "{}", '{"kind":"nonsense"}', '{"kind":5}'):
        answer = gateway.request("POST", "/_gateway/fault", body)
        assert answer.status == 400
        assert "latency" in answer.json["msg"]
    assert gateway.request("GET", "/_gateway/nonsense").status == 404


def test_counting_down(gateway):
    gateway.fault("cold_start_fail", count=2)
    gateway.fault("status", status=503, body='"busy"')
    assert [gateway.query("SELECT 1").status for _ in range(4)] == [500, 500, 503, 200]
    gateway.fault("status", status=418, count=-1)
    assert [gateway.query("SELECT 1").status for _ in range(3)] == [418] * 3
    gateway.reset()
    assert gateway.query("SELECT 1").status == 200


def test_faults_apply_to_post_sql_only(gateway):
    gateway.fault("status", status=418)
    assert gateway.request("OPTIONS", "/sql").status == 200
    assert gateway.request("GET", "/sql").status == 400
    assert gateway.query("SELECT 1").status == 418


def test_latency(gateway):
    gateway.fault("latency", ms=300, count=1)
    gateway.fault("html_502", count=1)
    start = time.monotonic()
    assert gateway.query("SELECT 1").status == 502, "latency goes along with another fault"
    assert time.monotonic() - start >= 0.3
    assert gateway.log()[-1]["millis"] >= 300


def test_cold_start(gateway):
    gateway.fault("cold_start", seconds=600)
    answer = gateway.query("SELECT 1")
    assert (answer.status, answer.json["message"], answer.json["code"]) == (500, "Control plane request failed", "")
    gateway.reset()
    gateway.fault("cold_start", seconds=0.5)
    wait_until(lambda: gateway.query("SELECT 1").status == 200, "the compute is up")
    assert gateway.stats()["statements"] == 1


def read_raw(gateway, sql="SELECT 'answer'"):
    client = gateway.socket()
    client.sendall(gateway.raw_request(sql))
    data = b""
    error = None
    try:
        while piece := client.recv(65536):
            data += piece
    except OSError as e:
        error = e
    client.close()
    return data, error


@pytest.mark.parametrize("after", [0, 1, 100])
def test_cut(gateway, after):
    gateway.fault("cut", after_bytes=after)
    data, error = read_raw(gateway)
    assert error is None
    head, body = data.split(b"\r\n\r\n", 1)
    assert b"200 OK" in head and b"Content-Length" in head
    assert len(body) == after
    gateway.fault("cut", after_bytes=after)
    with pytest.raises(http.client.IncompleteRead):
        gateway.query("SELECT 1")


def test_cut_with_tcp_reset(gateway):
    gateway.fault("lost_before_execute", tcp_reset=True)
    data, error = read_raw(gateway)
    assert (data, type(error)) == (b"", ConnectionResetError)


def test_cut_headers(gateway):
    gateway.fault("cut_headers")
    data, error = read_raw(gateway)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\n\r\n" not in data
    assert gateway.stats()["statements"] == 1


def test_slow_body(gateway):
    gateway.fault("slow_body", bytes=50, ms=20)
    start = time.monotonic()
    assert gateway.query("SELECT repeat('x', 400) AS a").rows == [{"a": "x" * 400}]
    assert time.monotonic() - start >= 0.02 * (400 // 50)


def test_slow_body_ends_when_the_client_leaves(gateway, start):
    other = start("--control")
    other.fault("slow_body", bytes=1, ms=60000)
    client = other.socket()
    client.sendall(other.raw_request("SELECT 1"))
    assert client.recv(1)
    client.close()
    assert other.stop() == 0


def test_garbage_body(gateway):
    gateway.fault("garbage_body")
    answer = gateway.query("SELECT 1")
    assert answer.status == 200
    with pytest.raises(ValueError):
        answer.json


def test_truncated_json(gateway):
    whole = gateway.query("SELECT 1 AS a")
    gateway.fault("truncated_json")
    answer = gateway.query("SELECT 1 AS a")
    assert answer.status == 200
    assert answer.headers["content-length"] == str(len(answer.bytes))
    assert answer.text == whole.text[: len(whole.text) // 2]


def test_html_502(gateway):
    gateway.fault("html_502")
    answer = gateway.query("SELECT 1")
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")
    assert gateway.stats()["statements"] == 0


def test_empty_body(gateway):
    gateway.fault("empty_body")
    answer = gateway.query("SELECT 1")
    assert (answer.status, answer.bytes) == (200, b"")


def test_status(gateway):
    gateway.fault("status", status=503, body='{"x":1}')
    answer = gateway.query("SELECT 1")
    assert (answer.status, answer.text) == (503, '{"x":1}')
    assert gateway.stats()["statements"] == 0


def test_lost_after_commit(gateway, item):
    gateway.fault("lost_after_commit", count=2)
    with pytest.raises(LOST):
        gateway.query("INSERT INTO item(sku) VALUES ('A')")
    with pytest.raises(LOST):
        gateway.batch("INSERT INTO item(sku) VALUES ('B')")
    assert item() == "A,B"
    assert [entry["status"] for entry in gateway.log()] == [0, 0]


def test_lost_before_execute(gateway, item):
    gateway.fault("lost_before_execute")
    with pytest.raises(LOST):
        gateway.query("INSERT INTO item(sku) VALUES ('A')")
    assert item() == ""
    assert gateway.stats()["statements"] == 0


@pytest.mark.parametrize("form", ["single", "single raw", "batch"])
def test_dead_pooled(gateway, form):
    gateway.query("SELECT 1", pool=True)
    gateway.fault("dead_pooled")
    if form == "batch":
        answer = gateway.batch("SELECT 1", pool=True)
    else:
        answer = gateway.query("SELECT 1", pool=True, raw="true" if "raw" in form else "false")
    assert (answer.status, answer.json["message"], answer.json["code"]) == (400, "connection closed", "")
    assert len(answer.json) == 17
    assert gateway.query("SELECT 1", pool=True).status == 200


def test_hang(gateway):
    gateway.fault("hang")
    client = gateway.socket()
    client.sendall(gateway.raw_request("SELECT 1"))
    client.settimeout(0.5)
    with pytest.raises(socket.timeout):
        client.recv(1)
    client.close()
    assert gateway.query("SELECT 1").status == 200
    assert gateway.stats()["statements"] == 1


def test_half_fields(gateway):
    gateway.fault("half_fields", count=3)
    answer = gateway.query("SELECT 1 AS a, 2 AS b, 3 AS c", array=True).json
    assert [f["name"] for f in answer["fields"]] == ["a"]
    assert answer["rows"] == [[1, 2, 3]]
    answer = gateway.batch("SELECT 1 AS a, 2 AS b").json["results"][0]
    assert len(answer["fields"]) == 1 and len(answer["rows"][0]) == 2
    assert list(gateway.query("SELEC").json) == ["message", "code"]
