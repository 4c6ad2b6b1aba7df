"""Routing, headers, limits and HTTP itself (protocol 1.3, 1.4, 2, 11)."""

import json
import re
import socket

import pytest

from conftest import connection_string, wait_until

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


def test_request_id_on_every_answer(gateway):
    answers = [
        gateway.query("SELECT 1"),
        gateway.query("SELEC"),
        gateway.request("GET", "/"),
        gateway.request("OPTIONS", "/sql"),
        gateway.query("SELECT 1", headers={"Neon-Request-Id": "11111111-1111-1111-1111-111111111111"}),
    ]
    ids = [answer.headers.get_all("neon-request-id") for answer in answers]
    assert all(len(i) == 1 and UUID.match(i[0]) for i in ids)
    assert len({i[0] for i in ids}) == len(ids)
    assert "11111111-1111-1111-1111-111111111111" not in str(ids)


def test_headers_of_answers(gateway):
    for answer in (gateway.query("SELECT 1"), gateway.query("SELEC"), gateway.post("{")):
        assert answer.headers.get_all("content-type") == ["application/json"]
        assert answer.headers.get_all("access-control-allow-origin") == ["*"]
        assert int(answer.headers["content-length"]) == len(answer.bytes)


def test_preflight(gateway):
    answer = gateway.request("OPTIONS", "/sql")
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["Allow"] == "OPTIONS, POST"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert answer.headers["Access-Control-Allow-Headers"] == (
        "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, "
        "Neon-Batch-Read-Only, Neon-Batch-Isolation-Level"
    )


@pytest.mark.parametrize(
    "method,path",
    [
        ("GET", "/sql"),
        ("PUT", "/sql"),
        ("DELETE", "/sql"),
        ("PATCH", "/sql"),
        ("POST", "/"),
        ("POST", "/sql/"),
        ("POST", "/SQL"),
        ("POST", "/s%71l"),
        ("POST", "/v1/sql"),
        ("OPTIONS", "/"),
        ("GET", "/_gateway/stats/x"),
    ],
)
def test_wrong_route(gateway, method, path):
    answer = gateway.request(method, path, b"{}")
    if path.startswith("/_gateway/"):
        assert answer.status == 404
        return
    assert (answer.status, answer.text) == (400, '"query is not supported"')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] is None


def test_what_is_ignored(gateway):
    body = json.dumps({"query": "SELECT 1 AS a"})
    for headers in (
        {"Content-Type": "application/sql"},
        {"Content-Type": "text/html; charset=latin1", "Accept": "image/png", "Accept-Encoding": "gzip"},
        {"Content-Encoding": "gzip", "Host": "nonsense.example", "X-Neon-Query-ID": "q", "User-Agent": "u"},
    ):
        all_headers = {"Neon-Connection-String": connection_string(), **headers}
        answer = gateway.request("POST", "/sql?x=y&z", body, all_headers)
        assert answer.rows == [{"a": 1}]
        assert answer.headers["content-encoding"] is None


def test_flags_are_exactly_true(gateway):
    for value in ("True", "1", "yes", "TRUE", "false", "", "true, true"):
        answer = gateway.query("SELECT 1 AS a", raw=value, array=value)
        assert answer.rows == [{"a": 1}], value
    assert gateway.query("SELECT 1 AS a", raw="true", array="true").rows == [["1"]]


def test_header_names_are_case_insensitive(gateway):
    headers = {"NEON-CONNECTION-STRING": connection_string(), "neon-raw-text-output": "true"}
    assert gateway.request("POST", "/sql", b'{"query":"SELECT 1 AS a"}', headers).rows == [{"a": "1"}]


def test_keep_alive(gateway):
    connection = gateway.connect()
    for sql in ("SELECT 1", "SELEC", "SELECT 1/0", "SELECT 2"):
        gateway.query(sql, connection=connection)
    gateway.post("{", connection=connection)
    gateway.request("GET", "/", connection=connection)
    gateway.query("SELECT 1", headers={"Neon-Connection-String": None}, connection=connection)
    assert gateway.query("SELECT 3 AS a", connection=connection).rows == [{"a": 3}]
    connection.close()
    stats = gateway.stats()
    assert (stats["requests"], stats["tcp_connections"]) == (7, 1)


def test_chunked_request_body(gateway):
    connection = gateway.connect()
    pieces = [b'{"query":', b'"SELECT ', b"$1::text", b'","params":["', "é😀".encode() * 1000, b'"]}']
    connection.request(
        "POST", "/sql", iter(pieces), {"Neon-Connection-String": connection_string(), "Neon-Array-Mode": "true"},
        encode_chunked=True,
    )
    response = connection.getresponse()
    assert json.loads(response.read())["rows"] == [["é😀" * 1000]]
    connection.close()


def read_all(client):
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data


def test_http_1_0_and_connection_close(gateway):
    for version, extra in (("1.0", ""), ("1.1", "Connection: close\r\n")):
        body = b'{"query":"SELECT 1 AS a"}'
        head = (
            f"POST /sql HTTP/{version}\r\nHost: x\r\n{extra}Neon-Connection-String: {connection_string()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        client = gateway.socket()
        client.sendall(head.encode() + body)
        data = read_all(client)
        client.close()
        assert b" 200 OK\r\n" in data and b'"rows":[{"a":1}]' in data


def test_body_that_arrives_byte_by_byte(gateway):
    client = gateway.socket()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = gateway.raw_request("SELECT 'slow'", Connection="close")
    for i in range(len(request)):
        client.sendall(request[i : i + 1])
    assert b'"slow"' in read_all(client)
    client.close()


def test_client_that_leaves_within_the_body(gateway):
    request = gateway.raw_request("INSERT INTO customers(name) VALUES ('never')")
    client = gateway.socket()
    client.sendall(request[:-5])
    client.close()
    wait_until(lambda: gateway.stats()["requests"] == 1, "the request is seen")
    assert gateway.query("SELECT count(*) FROM customers WHERE name = 'never'").value == "0"
    assert gateway.stats()["statements"] == 1


@pytest.mark.parametrize(
    "data", [b"\0\0\0\0\r\n\r\n", b"POST\r\n\r\n", b"POST /sql HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
             b"POST /sql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n\r\n", b"\x16\x03\x01\x02\x00",
             b"A" * 300000, b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 50000]
)
def test_garbage_on_the_socket(gateway, data):
    client = gateway.socket()
    try:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        read_all(client)
    except OSError:
        pass
    client.close()
    assert gateway.query("SELECT 1").status == 200


def test_long_headers(gateway):
    conn = connection_string(query="?x=" + "y" * 30000)
    assert gateway.query("SELECT 1", conn=conn).status == 200


# ---- limits ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_gateway(start):
    return start("--control", "--max-request-bytes", "2000", "--max-response-bytes", "1000")


def padded(n):
    body = b'{"query":"SELECT 1"}'
    return body + b" " * (n - len(body))


def test_request_limit(small_gateway):
    small_gateway.reset()
    connection = small_gateway.connect()
    assert small_gateway.post(padded(2000), connection=connection).status == 200
    for n in (2001, 50000, 5000000):
        answer = small_gateway.post(padded(n), connection=connection)
        assert (answer.status, answer.json["message"]) == (413, "request is too large (max is 2000 bytes)")
    assert small_gateway.post(padded(100), connection=connection).status == 200
    connection.close()
    assert small_gateway.stats()["statements"] == 2


def test_request_limit_with_chunks(small_gateway):
    connection = small_gateway.connect()
    connection.request("POST", "/sql", iter([padded(100)] * 50), {"Neon-Connection-String": connection_string()},
                       encode_chunked=True)
    response = connection.getresponse()
    assert response.status == 413
    response.read()
    connection.close()


def test_expect_continue_is_refused_at_once(small_gateway):
    client = small_gateway.socket()
    head = (
        f"POST /sql HTTP/1.1\r\nHost: x\r\nNeon-Connection-String: {connection_string()}\r\n"
        "Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n"
    )
    client.sendall(head.encode())
    data = client.recv(65536)
    assert data.startswith(b"HTTP/1.1 413 ")
    client.close()
    client = small_gateway.socket()
    body = padded(100)
    client.sendall(head.replace("100000", "100").encode())
    assert client.recv(65536).startswith(b"HTTP/1.1 100 ")
    client.sendall(body)
    assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    client.close()


def test_response_limit(small_gateway):
    """The limit is tested before each row, on the whole buffer: the last row may overshoot."""

    def rows(n, width):
        return small_gateway.query(f"SELECT repeat('x', {width}) AS a FROM generate_series(1, {n})", raw=True, array=True)

    assert rows(1, 5000).status == 200
    assert rows(2, 800).status == 200
    answer = rows(3, 800)
    assert (answer.status, answer.json["message"]) == (507, "response is too large (max is 1000 bytes)")
    assert (answer.json["code"], answer.json["severity"]) == ("", "")


def test_response_limit_is_shared_by_a_batch(small_gateway):
    one = "SELECT repeat('x', 400) AS a"
    assert small_gateway.batch(one, raw=True, array=True).status == 200
    assert small_gateway.batch(one, one, one, raw=True, array=True).status == 507


def test_response_limit_ends_an_endless_result(small_gateway, pg):
    answer = small_gateway.query("SELECT generate_series(1, 1000000000000) /* endless */", raw=True, array=True)
    assert answer.status == 507
    running = "select count(*) from pg_stat_activity where query like '%/* endless */%' and pid <> pg_backend_pid()"
    wait_until(lambda: pg.run(running) == "0", "the backend stops")


def test_response_limit_in_a_batch_rolls_back_and_keeps_the_backend(small_gateway, item):
    small_gateway.close_idle()
    pid = small_gateway.query("SELECT pg_backend_pid()", pool=True).value
    answer = small_gateway.batch(
        "INSERT INTO item(sku) VALUES ('A')", "SELECT repeat('x', 100), generate_series(1, 1000000000000)",
        pool=True, raw=True,
    )
    assert answer.status == 507
    assert item() == ""
    assert small_gateway.query("SELECT pg_backend_pid()", pool=True).value == pid


def test_single_beyond_the_limit_closes_the_backend(small_gateway):
    pid = small_gateway.query("SELECT pg_backend_pid()", pool=True).value
    answer = small_gateway.query("SELECT repeat('x', 100) FROM generate_series(1, 100)", pool=True)
    assert answer.status == 507
    assert small_gateway.query("SELECT pg_backend_pid()", pool=True).value != pid


def test_raised_limits(start):
    gateway = start("--control", "--max-request-bytes", "100000000", "--max-response-bytes", "100000000")
    sql = "SELECT g, repeat('x', 100) FROM generate_series(1, 200000) g"
    answer = gateway.query(sql, raw=True, array=True)
    assert len(answer.bytes) > 20000000
    rows = answer.rows
    assert len(rows) == 200000
    assert rows[-1] == ["200000", "x" * 100]
    text = "y" * 20000000
    assert gateway.query("SELECT length($1)", [text], raw=True, array=True).value == "20000000"
    gateway.stop()


def test_many_clients_at_once(gateway):
    import concurrent.futures

    def work(i):
        connection = gateway.connect()
        values = [gateway.query("SELECT $1::int * 2 AS a", [i], connection=connection, pool=True).value for _ in range(10)]
        connection.close()
        return values == [i * 2] * 10

    with concurrent.futures.ThreadPoolExecutor(20) as executor:
        assert all(executor.map(work, range(40)))
    stats = gateway.stats()
    assert (stats["requests"], stats["tcp_connections"]) == (400, 40)
