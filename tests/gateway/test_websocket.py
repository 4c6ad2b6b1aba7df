"""WebSocket sessions: the upgrade, framing, the Postgres protocol inside, cancelling, ends (protocol section 10)."""

import os
import pathlib
import struct
import subprocess
import threading

import pytest
import ws_client
from conftest import PASSWORD, wait_until
from ws_client import CLOSE, PING, PONG, TERMINATE, TEXT, Lost, Session, WebSocket, error_fields, extended, fields
from ws_client import message, password, query, startup

SSL_REQUEST = struct.pack(">II", 8, 80877103)
GSSENC_REQUEST = struct.pack(">II", 8, 80877104)


@pytest.fixture
def session(gateway):
    s = Session(gateway)
    s.log_in(PASSWORD)
    yield s
    s.close()


@pytest.fixture(scope="module")
def tls_gateway(start, tmp_path_factory):
    ca = tmp_path_factory.mktemp("tls") / "ca.pem"
    gateway = start("--control", "--tls", "--tls-cert-out", ca)
    gateway.ca = ca
    return gateway


@pytest.fixture(scope="module")
def plain_gateway(start):
    return start("--control", "--websocket", "plain")


def ends_without_close(s):
    """Reads to the end; the connection must end without a Close frame. Returns the messages read before."""
    messages = []
    with pytest.raises(Lost):
        while True:
            messages.append(s.next())
    return messages


def refusal(s):
    """The error that a handshake ends with."""
    messages = [m for m in ends_without_close(s) if m[0] != "R"]
    assert [kind for kind, _ in messages] == ["E"]
    found = error_fields(messages[0][1])
    assert (set(found), found["S"], found["C"]) == ({"S", "C", "M"}, "ERROR", "XX000")
    return found["M"]


# ---- the upgrade -----------------------------------------------------------------------------------------------------


def test_any_path_is_a_session(gateway):
    for path in ("/v2", "/sql", "/", "/v1?address=127.0.0.1:1"):
        s = Session(gateway, path=path)
        s.log_in(PASSWORD)
        assert s.value("SELECT 1") == "1"
        assert (s.headers["connection"].lower(), s.headers["upgrade"]) == ("upgrade", "websocket")
        assert len(s.headers["neon-request-id"]) == 36
        assert "sec-websocket-protocol" not in s.headers and "sec-websocket-extensions" not in s.headers
        s.close()


def test_neither_subprotocol_nor_extension_is_negotiated(gateway):
    headers = {"Sec-WebSocket-Protocol": "binary", "Sec-WebSocket-Extensions": "permessage-deflate"}
    s = Session(gateway, headers={"Origin": "https://elsewhere.example", **headers})
    assert "sec-websocket-protocol" not in s.headers and "sec-websocket-extensions" not in s.headers
    s.log_in(PASSWORD)
    s.close()


def test_header_spellings(gateway):
    s = WebSocket(gateway, headers={"Connection": "keep-alive, upgrade", "Upgrade": "WebSocket"})
    assert s.status == 101
    s.close()


@pytest.mark.parametrize(
    "headers",
    [{"Sec-WebSocket-Key": None}, {"Sec-WebSocket-Key": ""}, {"Sec-WebSocket-Version": None}, {"Sec-WebSocket-Version": "8"}],
)
def test_upgrade_without_key_or_version_is_refused(gateway, headers):
    s = WebSocket(gateway, headers=headers)
    assert s.status == 400
    assert s.body.startswith('{"msg":"')
    assert "access-control-allow-origin" not in s.headers
    s.close()
    assert gateway.stats()["ws_upgrades"] == 0


def test_not_an_upgrade_is_an_ordinary_request(gateway):
    for headers in ({"Upgrade": None}, {"Connection": "close"}, {"Upgrade": "h2c"}):
        s = WebSocket(gateway, headers=headers)
        assert (s.status, s.body) == (400, '"query is not supported"')
        s.close()


def test_jwt_hosts_have_no_websockets(jwt_gateway):
    s = WebSocket(jwt_gateway.gateway)
    assert (s.status, s.body) == (400, '"query is not supported"')
    s.close()


def test_websockets_can_be_off(start):
    gateway = start("--websocket", "off")
    s = WebSocket(gateway)
    assert s.status == 400
    s.close()


def test_bytes_that_come_with_the_upgrade_are_not_lost(gateway):
    s = Session(gateway, early=WebSocket.frame(startup(user="app", database="shop") + password(PASSWORD) + query("SELECT 5")))
    assert s.next() == ("R", b"\0\0\0\3")
    s.greeting()
    assert [kind for kind, _ in s.until()] == ["T", "D", "C", "Z"]
    s.close()


def test_over_tls(tls_gateway):
    s = Session(tls_gateway, ca=tls_gateway.ca)
    s.log_in(PASSWORD)
    assert len(s.rows("SELECT repeat('x', 1000) FROM generate_series(1, 20000)")) == 20000
    s.send(query("SELECT '" + "y" * 3000000 + "'"))
    ((value,),) = [fields(body) for kind, body in s.until() if kind == "D"]
    assert value == "y" * 3000000
    s.send(TERMINATE)
    with pytest.raises(EOFError):
        s.next()
    assert s.close_code == 1000
    s.close()


def test_over_tls_the_end_of_a_refused_session_is_clean(tls_gateway):
    s = Session(tls_gateway, ca=tls_gateway.ca)
    s.send(startup(user="app", database="shop") + password("wrong") + query("SELECT 1"))
    assert "password authentication failed" in refusal(s)
    s.close()


# ---- startup ---------------------------------------------------------------------------------------------------------


def test_greeting(session, gateway):
    assert session.parameters["client_encoding"] == "UTF8"
    assert session.parameters["server_version"][0].isdigit()
    for name in ("DateStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings", "server_encoding"):
        assert name in session.parameters, name
    assert len(session.key) == 8
    stats = gateway.stats()
    assert (stats["ws_upgrades"], stats["ws_sessions"], stats["ws_open"]) == (1, 1, 1)


def test_everything_in_one_message(gateway):
    s = Session(gateway)
    s.send(startup(user="app", database="shop") + password(PASSWORD) + query("SELECT 7 AS a"))
    assert s.next() == ("R", b"\0\0\0\3")
    messages = s.greeting()
    assert messages[0] == ("R", b"\0\0\0\0")
    (row,) = [fields(body) for kind, body in s.until() if kind == "D"]
    assert row == ["7"]
    s.close()


def test_every_byte_in_a_frame_of_its_own(gateway):
    s = Session(gateway)
    data = startup(user="app", database="shop") + password(PASSWORD) + query("SELECT 'split'")
    s.send_raw(b"".join(WebSocket.frame(data[i : i + 1]) + WebSocket.frame(b"") for i in range(len(data))))
    assert s.next() == ("R", b"\0\0\0\3")
    s.greeting()
    assert [fields(body) for kind, body in s.until() if kind == "D"] == [["split"]]
    s.close()


def test_fragments_and_pings_between_them(gateway):
    s = Session(gateway)
    data = startup(user="app", database="shop") + password(PASSWORD) + query("SELECT 8")
    s.send(data[:10], fin=False)
    s.send(b"in between", opcode=PING)
    s.send(data[10:50], opcode=0, fin=False)
    s.send(b"", opcode=0, fin=False)
    s.send(data[50:], opcode=0)
    assert s.receive() == (PONG, b"in between")
    assert s.next() == ("R", b"\0\0\0\3")
    s.greeting()
    assert [fields(body) for kind, body in s.until() if kind == "D"] == [["8"]]
    s.close()


def test_requests_for_encryption_are_declined(gateway):
    s = Session(gateway)
    s.send(SSL_REQUEST)
    assert s.bytes(1) == b"N"
    s.send(GSSENC_REQUEST + startup(user="app", database="shop"))
    assert s.bytes(1) == b"N"
    assert s.next() == ("R", b"\0\0\0\3")
    s.close()


def test_newer_minor_version_is_negotiated(gateway):
    s = Session(gateway)
    s.send(startup(0x00030002, user="app", database="shop", **{"_pq_.shiny": "1"}) + password(PASSWORD))
    assert s.next() == ("v", struct.pack(">II", 0x00030000, 1) + b"_pq_.shiny\0")
    assert s.next() == ("R", b"\0\0\0\3")
    s.greeting()
    s.close()


def test_which_parameters_reach_postgres(gateway):
    s = Session(gateway)
    s.log_in(
        PASSWORD,
        application_name="my app",
        options="-c work_mem=128kB endpoint=ep-demo-1 neon_lsn:0/1 -c geqo_threshold=7 -c DateStyle=SQL,\\ DMY",
        client_encoding="LATIN1",
        TimeZone="Asia/Tokyo",
        search_path="nope",
        nonsense="x",
    )
    show = {name: s.value(f"SHOW {name}") for name in ("application_name", "work_mem", "geqo_threshold", "client_encoding")}
    assert show == {"application_name": "my app", "work_mem": "128kB", "geqo_threshold": "7", "client_encoding": "UTF8"}
    assert s.value("SHOW TimeZone") == "UTC"
    assert s.value("SHOW DateStyle") == "SQL, DMY"
    assert "public" in s.value("SHOW search_path")
    assert s.parameters["application_name"] == "my app"
    s.close()


def test_compatible_parameters_all_reach_postgres(gateway):
    s = Session(gateway)
    s.log_in(
        PASSWORD,
        options="neon_proxy_params_compat:true -c work_mem=192kB",
        client_encoding="LATIN1",
        TimeZone="Asia/Tokyo",
        search_path='"a b", public',
    )
    assert s.value("SHOW TimeZone") == "Asia/Tokyo"
    assert s.value("SHOW search_path") == '"a b", public'
    assert s.value("SHOW client_encoding") == "LATIN1"
    assert s.value("SHOW work_mem") == "192kB"
    s.close()


def test_database_defaults_to_the_role(gateway, pg):
    s = Session(gateway)
    s.send(startup(user="app") + password(PASSWORD))
    assert refusal(s) == 'database "app" does not exist'
    s.close()


def test_replication_sessions(gateway, pg):
    pg.run("alter role app replication")
    try:
        s = Session(gateway)
        s.log_in(PASSWORD, replication="database")
        assert any(kind == "D" for kind, _ in s.query("IDENTIFY_SYSTEM"))
        s.close()
    finally:
        pg.run("alter role app noreplication")


def test_greeting_notices_are_passed_on(gateway):
    s = Session(gateway)
    messages = s.log_in(PASSWORD, options="-c client_min_messages=debug5")
    notices = [error_fields(body) for kind, body in messages if kind == "N"]
    assert notices and all(n["S"] == n["V"] == "DEBUG" and n["M"] and n["F"] for n in notices)
    assert [kind for kind, _ in messages][0] in "NR"
    s.close()


# ---- authentication --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters,secret,text",
    [
        ({"user": "app", "database": "shop"}, "wrong", "password authentication failed for user 'app'"),
        ({"user": "nobody", "database": "shop"}, PASSWORD, "password authentication failed for user 'nobody'"),
        ({"user": "app", "database": "nope"}, PASSWORD, 'database "nope" does not exist'),
        ({"user": "app", "database": "shop", "options": "-c nonsense=1"}, PASSWORD, "unrecognized configuration parameter"),
        ({"user": "app", "database": "shop", "options": "endpoint=ep-other"}, PASSWORD, "Inconsistent project name"),
        ({"database": "shop"}, PASSWORD, "Parameter 'user' is missing in startup packet."),
    ],
)
def test_errors_before_ready_are_xx000_and_end_without_close(gateway, parameters, secret, text):
    s = Session(gateway)
    s.send(startup(**parameters) + password(secret) + query("SELECT 1"))
    assert text in refusal(s)
    s.close()


def test_too_many_connections(gateway, pg):
    pg.run("alter role app connection limit 0")
    try:
        s = Session(gateway)
        s.send(startup(user="app", database="shop") + password(PASSWORD))
        assert refusal(s) == 'too many connections for role "app"'
        s.close()
    finally:
        pg.run("alter role app connection limit -1")


def test_password_with_the_endpoint_in_it(gateway):
    for host in ("localhost", "127.0.0.1:5432", "api.eu-1.example.net"):
        for border in ";$":
            s = Session(gateway, headers={"Host": host})
            s.log_in(f"endpoint=ep-demo-1{border}{PASSWORD}")
            assert s.value("SELECT 1") == "1"
            s.close()
    s = Session(gateway)  # this host names the endpoint: the password is what it is
    s.send(startup(user="app", database="shop") + password(f"endpoint=ep-demo-1;{PASSWORD}"))
    assert "password authentication failed" in refusal(s)
    s.close()


def test_password_message_limits(gateway):
    s = Session(gateway)
    s.send(startup(user="app", database="shop") + password("x" * 512))
    assert "512 bytes" in refusal(s)
    s.close()
    s = Session(gateway)
    s.send(startup(user="app", database="shop") + password("x" * 511))
    assert "password authentication failed" in refusal(s)
    s.close()
    for bad in (message("Q", b"SELECT 1\0"), message("p", b""), message("p", b"no end"), message("p", b"a\0b\0")):
        s = Session(gateway)
        s.send(startup(user="app", database="shop") + bad)
        assert "password message" in refusal(s)
        s.close()


def test_terminate_instead_of_a_password(gateway):
    s = Session(gateway)
    s.send(startup(user="app", database="shop") + TERMINATE)
    assert ends_without_close(s) == [("R", b"\0\0\0\3")]
    s.close()


def test_gateway_without_administrator(start, tmp_path):
    url = os.environ["NEON_TEST_PG_ADMIN_URL"].split("@")[1]
    (tmp_path / "url").write_text(f"postgresql://{url}\n")
    gateway = start("--control", pg_file=tmp_path / "url")
    s = Session(gateway)
    s.log_in(PASSWORD)
    assert s.value("SELECT current_user") == "app"
    s.close()
    s = Session(gateway)
    s.send(startup(user="app", database="shop") + password("wrong"))
    assert refusal(s) == "password authentication failed for user 'app'"
    s.close()


# ---- malformed input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "packet",
    [
        struct.pack(">II", 7, 0x00030000),
        struct.pack(">II", 10009, 0x00030000),
        struct.pack(">II", 0xFFFFFFFF, 0x00030000),
        struct.pack(">II", 0x80000000, 80877102),
        struct.pack(">II", 12, 80877103) + b"abcd",
        struct.pack(">II", 12, 80877102) + b"abcd",
        struct.pack(">II", 9, 0x00020000) + b"\0",
        startup(0x00040000, user="app"),
        struct.pack(">II", 8, 0x00030000),
        struct.pack(">II", 12, 0x00030000) + b"user",
        struct.pack(">II", 13, 0x00030000) + b"user\0",
        struct.pack(">II", 15, 0x00030000) + b"user\0a\0",
        struct.pack(">II", 17, 0x00030000) + b"user\0a\0\0\0",
        startup(user="app", database="shop")[:-1] + b"x",
        struct.pack(">II", 19, 0x00030000) + b"user\0\xff\xfe\0\0\0\0",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    ],
)
def test_malformed_startup(gateway, packet):
    s = Session(gateway)
    s.send(packet)
    assert refusal(s)
    s.close()


def test_encryption_requests_without_end(gateway):
    s = Session(gateway)
    s.send(SSL_REQUEST * 10)
    with pytest.raises(Lost):
        while True:
            s.more()
    s.close()


BROKEN_FRAMES = {
    "text": WebSocket.frame(b"SELECT", opcode=TEXT),
    "unmasked": WebSocket.frame(b"abc", mask=False),
    "rsv1": WebSocket.frame(b"abc", rsv=4),
    "rsv3": WebSocket.frame(b"abc", rsv=1),
    "opcode 3": WebSocket.frame(b"abc", opcode=3),
    "opcode 11": WebSocket.frame(b"abc", opcode=11),
    "continuation of nothing": WebSocket.frame(b"abc", opcode=0),
    "a new message within one": WebSocket.frame(b"\0", fin=False) + WebSocket.frame(b"abc"),
    "fragmented ping": WebSocket.frame(b"abc", opcode=PING, fin=False),
    "large ping": WebSocket.frame(b"a" * 126, opcode=PING),
    "large close": WebSocket.frame(b"a" * 126, opcode=CLOSE),
    "length with its top bit": b"\x82\xff" + b"\xff" * 8 + b"mask",
    "length longer than needed": b"\x82\xfe\x00\x05" + b"mask" + b"hello",
}


@pytest.mark.parametrize("name", BROKEN_FRAMES)
@pytest.mark.parametrize("logged_in", [False, True])
def test_broken_frames_end_the_session_without_close(gateway, name, logged_in):
    s = Session(gateway)
    if logged_in:
        s.log_in(PASSWORD)
    s.send_raw(BROKEN_FRAMES[name])
    assert ends_without_close(s) == []
    s.close()
    wait_until(lambda: gateway.stats()["ws_open"] == 0, "the session ends")


def test_giant_frame_is_a_stream(gateway):
    """A frame may announce any length; its bytes count as they come."""
    s = Session(gateway)
    data = startup(user="app", database="shop") + password(PASSWORD) + query("SELECT 'giant'")
    s.send(data, length=1 << 62)
    assert s.next() == ("R", b"\0\0\0\3")
    s.greeting()
    assert [fields(body) for kind, body in s.until() if kind == "D"] == [["giant"]]
    s.close()


def test_a_frame_of_ten_megabytes(session):
    session.send(query("SELECT length('" + "z" * 10_000_000 + "')"))
    assert [fields(body) for kind, body in session.until() if kind == "D"] == [["10000000"]]


def test_messages_that_make_no_sense_reach_postgres(session):
    """The gateway is a relay: PostgreSQL says what is wrong."""
    session.send(message("!", b"what"))
    kind, body = session.next()
    assert (kind, error_fields(body)["C"]) == ("E", "08P01")
    with pytest.raises(EOFError):
        while True:
            session.next()
    assert session.close_code == 1000


# ---- the relay -------------------------------------------------------------------------------------------------------


def test_frames_carry_at_most_1024_bytes(session):
    rows = session.rows("SELECT i, repeat('x', i % 3000) FROM generate_series(1, 3000) i")
    assert len(rows) == 3000
    sizes = [size for opcode, size in session.frames if opcode == ws_client.BINARY]
    assert max(sizes) == 1024
    assert len(sizes) > 1000


def test_extended_protocol_named_statements_and_portals(session):
    session.send(extended("SELECT 1 AS a UNION ALL SELECT 2", name=b"s1"))
    assert [kind for kind, _ in session.until()] == ["1", "2", "T", "D", "D", "C", "Z"]
    session.query("BEGIN")
    session.send(message("B", b"p1\0s1\0\0\0\0\0\0\0") + message("E", b"p1\0\0\0\0\1") + message("S"))
    assert [kind for kind, _ in session.until()] == ["2", "D", "s", "Z"]
    session.send(message("E", b"p1\0\0\0\0\0") + message("S"))
    assert [kind for kind, _ in session.until()] == ["D", "C", "Z"]
    session.query("COMMIT")


def test_session_state_lives(session):
    session.query("CREATE TEMP TABLE t(a int); INSERT INTO t VALUES (1); SET work_mem = '65kB'")
    session.query("SELECT pg_advisory_lock(7)")
    assert session.value("SELECT a FROM t") == "1"
    assert session.value("SHOW work_mem") == "65kB"


def test_errors_keep_their_sqlstate(session):
    (body,) = [body for kind, body in session.query("SELECT 1/0") if kind == "E"]
    found = error_fields(body)
    assert (found["C"], found["S"], found["R"]) == ("22012", "ERROR", "int4div")
    assert session.value("SELECT 1") == "1"


def test_notices_and_notifications(session, gateway):
    kinds = [kind for kind, _ in session.query("DO $$ begin raise notice 'hello'; end $$")]
    assert kinds == ["N", "C", "Z"]
    session.query("LISTEN news")
    other = Session(gateway)
    other.log_in(PASSWORD)
    other.query("NOTIFY news, 'extra'")
    other.close()
    kind, body = session.next()
    assert (kind, body[4:]) == ("A", b"news\0extra\0")


def test_copy_both_ways(session):
    session.query("CREATE TEMP TABLE c(a int, b text)")
    session.send(query("COPY c FROM STDIN"))
    assert session.next()[0] == "G"
    for i in range(100):
        session.send(message("d", "".join(f"{i * 100 + j}\tx{j}\n" for j in range(100)).encode()))
    session.send(message("c"))
    assert [kind for kind, _ in session.until()] == ["C", "Z"]
    kinds = [kind for kind, _ in session.query("COPY c TO STDOUT")]
    assert (kinds[0], kinds.count("d"), kinds[-3:]) == ("H", 10000, ["c", "C", "Z"])


def test_back_pressure(gateway):
    """A client that does not read makes PostgreSQL wait; nothing is lost and the gateway does not grow."""
    s = Session(gateway)
    s.log_in(PASSWORD)

    def memory():
        with open(f"/proc/{gateway.process.pid}/status") as file:
            return int(next(line.split()[1] for line in file if line.startswith("VmRSS")))

    before = memory()
    s.send(query("SELECT repeat('x', 10000) FROM generate_series(1, 20000)"))
    s.bytes(1 << 20)
    assert memory() - before < 50_000
    s.stream = b""
    # Not a message's start any more: count the bytes instead.
    total = 0
    while not s.stream.endswith(b"Z\0\0\0\5I"):
        s.more()
        total += len(s.stream)
        s.stream = s.stream[-20:]
    assert total > 190_000_000
    assert memory() - before < 50_000
    s.close()


def test_both_directions_at_once(session):
    """Thousands of statements are sent before the first answer is read."""
    n = 3000
    data = b"".join(extended(f"SELECT {i}, repeat('x', 500)") for i in range(n))
    writer = threading.Thread(target=session.send, args=(data,))
    writer.start()
    seen = 0
    while seen < n:
        kind, body = session.next()
        if kind == "D":
            assert fields(body)[0] == str(seen)
            seen += 1
    writer.join()


def test_pings_are_answered(gateway):
    s = Session(gateway)
    for payload in (b"", b"x", b"y" * 125):
        s.send(payload, opcode=PING)
        assert s.receive() == (PONG, payload)
    s.log_in(PASSWORD)
    s.send(b"again", opcode=PING)
    assert s.receive() == (PONG, b"again")
    s.send(b"nobody asked", opcode=PONG)
    assert s.value("SELECT 1") == "1"
    s.close()


def test_counters(session, gateway):
    before = gateway.stats()
    session.query("SELECT 1")
    session.send(extended("SELECT 2"))
    session.until()
    after = gateway.stats()
    change = {key: after[key] - before[key] for key in after}
    assert change["statements"] == 2
    assert (change["ws_messages_in"], change["ws_frames_in"]) == (6, 2)
    assert change["ws_messages_out"] == 4 + 6
    assert change["ws_bytes_in"] == len(query("SELECT 1")) + len(extended("SELECT 2"))
    assert change["ws_frames_out"] >= 2 and change["ws_bytes_out"] > 100
    assert change["requests"] == change["connects"] == 0


def test_the_log_has_the_upgrade(gateway):
    s = Session(gateway, path="/v2?x=1")
    s.close()
    (entry,) = gateway.log()
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/v2", 101)
    assert entry["headers"]["upgrade"] == "websocket"


def test_the_log_never_shows_the_password(gateway):
    s = Session(gateway)
    s.log_in(PASSWORD)
    s.close()
    assert PASSWORD not in gateway.log_file.read_text() and PASSWORD not in gateway.printed


# ---- the end ---------------------------------------------------------------------------------------------------------


def start_sleeping(pg, s):
    """A statement that runs when this returns: a cancel that comes before it would find nothing to cancel."""
    pid = int(s.value("SELECT pg_backend_pid()"))
    s.send(query("SELECT pg_sleep(1000)"))
    sleeps = f"select count(*) from pg_stat_activity where pid = {pid} and wait_event = 'PgSleep'"
    wait_until(lambda: pg.run(sleeps) == "1", "the statement runs")


def backends(pg):
    sql = "select count(*) from pg_stat_activity where application_name = 'websocket test'"
    return int(pg.run(sql, database="postgres"))


def test_terminate_is_answered_with_close(session, pg):
    session.send(TERMINATE)
    with pytest.raises(EOFError):
        session.next()
    assert session.close_code == 1000
    assert session.frames[-1] == (CLOSE, 2)
    with pytest.raises(Lost):
        session.more()


def test_close_is_echoed(session, pg):
    wait_until(lambda: backends(pg) == 1, "the session is there")
    session.send(struct.pack(">H", 1000) + b"bye", opcode=CLOSE)
    with pytest.raises(EOFError):
        session.next()
    assert session.close_code == 1000
    wait_until(lambda: backends(pg) == 0, "PostgreSQL's session ends too")


def test_server_that_ends_the_session(session, pg):
    sql = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'websocket test'"
    pg.run(sql, database="postgres")
    kind, body = session.next()
    assert (kind, error_fields(body)["C"]) == ("E", "57P01")
    with pytest.raises(EOFError):
        session.next()
    assert session.close_code == 1000


def test_vanished_client_cancels_what_it_runs(gateway, pg):
    s = Session(gateway)
    s.log_in(PASSWORD)
    start_sleeping(pg, s)
    s.close()
    wait_until(lambda: backends(pg) == 0, "it is cancelled and the session ended")
    assert gateway.stats()["cancels"] == 1


def test_vanished_idle_client_rolls_back(gateway, pg, item):
    s = Session(gateway)
    s.log_in(PASSWORD)
    s.query("BEGIN")
    s.query("INSERT INTO item(sku) VALUES ('gone')")
    s.close()
    wait_until(lambda: backends(pg) == 0, "the session ends")
    assert item() == ""
    assert gateway.stats()["cancels"] == 0


def test_half_a_message_of_a_vanished_client_is_not_executed(gateway, pg, item):
    """Not even when what libpq would say at the end (a Terminate message) fits into the gap."""
    s = Session(gateway)
    s.log_in(PASSWORD)
    data = query("INSERT INTO item(sku) VALUES ('half'); SELECT '12345'")
    s.send(data[:-5])
    s.close()
    wait_until(lambda: backends(pg) == 0, "the session ends")
    assert item() == ""


def test_gateway_that_stops_ends_its_sessions(start, pg):
    """And what they run: PostgreSQL would not notice before it is done."""
    gateway = start("--control")
    sessions = [Session(gateway) for _ in range(3)]
    for s in sessions:
        s.log_in(PASSWORD)
    waiting = Session(gateway)
    start_sleeping(pg, sessions[0])
    assert gateway.stop() == 0
    for s in sessions:
        with pytest.raises((EOFError, Lost)):
            while True:
                s.next()
        assert s.close_code == 1001
        s.close()
    waiting.close()
    wait_until(lambda: backends(pg) == 0, "PostgreSQL's sessions end too")


def test_gateway_that_stops_ends_sessions_over_tls(start, tmp_path, pg):
    gateway = start("--tls", "--tls-cert-out", tmp_path / "ca.pem")
    s = Session(gateway, ca=tmp_path / "ca.pem")
    s.log_in(PASSWORD)
    start_sleeping(pg, s)
    assert gateway.stop() == 0
    with pytest.raises(EOFError):
        s.next()
    assert s.close_code == 1001
    s.close()
    wait_until(lambda: backends(pg) == 0, "PostgreSQL's session ends too")


def test_close_websockets(session, gateway):
    assert gateway.request("POST", "/_gateway/close_websockets").status == 200
    assert ends_without_close(session) == []


# ---- cancelling ------------------------------------------------------------------------------------------------------


def cancel(gateway, key):
    s = Session(gateway)
    s.send(struct.pack(">II", 16, 80877102) + key)
    assert ends_without_close(s) == []
    s.close()


def test_cancel_over_a_second_websocket(session, gateway, pg):
    start_sleeping(pg, session)
    cancel(gateway, session.key)
    kind, body = session.until("E")[-1]
    assert error_fields(body)["C"] == "57014"
    session.until()
    assert session.value("SELECT 1") == "1"
    stats = gateway.stats()
    assert (stats["ws_cancels"], stats["cancels"]) == (1, 1)


def test_cancel_with_another_key_does_nothing(session, gateway):
    session.send(query("SELECT pg_sleep(0.2)"))
    cancel(gateway, bytes(b ^ 0xFF for b in session.key))
    assert [kind for kind, _ in session.until()][-2:] == ["C", "Z"]
    assert gateway.stats()["cancels"] == 0


def test_keys_are_the_gateways_own(gateway, pg):
    keys = set()
    for _ in range(5):
        s = Session(gateway)
        s.log_in(PASSWORD)
        pid = int(s.value("SELECT pg_backend_pid()"))
        assert struct.unpack(">I", s.key[:4])[0] != pid
        keys.add(s.key)
        s.close()
    assert len(keys) == 5


def test_cancel_after_the_end_does_nothing(gateway):
    s = Session(gateway)
    s.log_in(PASSWORD)
    s.close()
    wait_until(lambda: gateway.stats()["ws_open"] == 0, "the session ends")
    cancel(gateway, s.key)


# ---- the plain relay -------------------------------------------------------------------------------------------------


def test_plain_relay_passes_the_first_byte_on(plain_gateway):
    s = Session(plain_gateway)
    s.send(startup(user="app", database="shop"))
    kind, body = s.next()
    assert (kind, body) == ("R", b"\0\0\0\x0aSCRAM-SHA-256\0\0")
    s.send(TERMINATE)
    with pytest.raises(EOFError):
        while True:
            s.next()
    s.close()


def test_plain_relay_answers_encryption_as_postgres(plain_gateway):
    s = Session(plain_gateway)
    s.send(SSL_REQUEST)
    assert s.bytes(1) in (b"N", b"S")
    s.close()


def test_plain_relay_with_scram(plain_gateway):
    s = Session(plain_gateway)
    s.scram("app", PASSWORD, "shop")
    assert s.value("SELECT current_user") == "app"
    s.close()
    s = Session(plain_gateway)
    with pytest.raises(AssertionError, match="28P01"):
        s.scram("app", "wrong", "shop")
    s.close()


def test_mode_can_be_switched_by_tests(gateway):
    assert gateway.request("POST", "/_gateway/websocket/plain").status == 200
    s = Session(gateway)
    s.scram("app", PASSWORD, "shop")
    s.close()
    assert gateway.request("POST", "/_gateway/websocket/off").status == 200
    refused = WebSocket(gateway)
    assert refused.status == 400
    refused.close()
    gateway.reset()
    s = Session(gateway)
    s.log_in(PASSWORD)
    s.close()


# ---- PostgreSQL over TLS and over a socket ---------------------------------------------------------------------------


def test_postgres_behind_a_socket(start, tmp_path):
    folder, port = os.environ["NEON_TEST_PG_SOCKET"], os.environ["NEON_TEST_PG_PORT"]
    (tmp_path / "url").write_text(f"postgresql:///postgres?host={folder}&port={port}\n")
    for mode in ("neon", "plain"):
        gateway = start("--control", "--websocket", mode, pg_file=tmp_path / "url")
        s = Session(gateway)
        if mode == "neon":
            s.log_in(PASSWORD)
        else:
            s.scram("app", PASSWORD, "shop")
        assert s.value("SELECT 1") == "1"
        s.close()


@pytest.fixture
def tls_postgres(pg):
    """The test's PostgreSQL with TLS switched on, and off again afterwards."""
    folder = pathlib.Path(os.environ["NEON_TEST_PG_SOCKET"])
    key, certificate = folder / "server.key", folder / "server.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    owner = folder.stat()
    for file in (key, certificate):
        file.chmod(0o600)
        os.chown(file, owner.st_uid, owner.st_gid)
    pg.run(f"alter system set ssl_key_file = '{key}'", database="postgres")
    pg.run(f"alter system set ssl_cert_file = '{certificate}'", database="postgres")
    pg.run("alter system set ssl = on", database="postgres")
    pg.run("select pg_reload_conf()", database="postgres")
    wait_until(lambda: pg.run("show ssl", database="postgres") == "on", "PostgreSQL speaks TLS")
    yield
    pg.run("alter system reset all", database="postgres")
    pg.run("select pg_reload_conf()", database="postgres")
    wait_until(lambda: pg.run("show ssl", database="postgres") == "off", "PostgreSQL is as before")


def test_postgres_behind_tls(start, tmp_path, tls_postgres, pg):
    (tmp_path / "url").write_text(os.environ["NEON_TEST_PG_ADMIN_URL"] + "?sslmode=require\n")
    gateway = start("--control", pg_file=tmp_path / "url")
    s = Session(gateway)
    s.log_in(PASSWORD)
    assert s.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"
    assert len(s.rows("SELECT repeat('x', 1000) FROM generate_series(1, 20000)")) == 20000
    s.send(query("SELECT length('" + "z" * 5_000_000 + "')"))
    assert [fields(body) for kind, body in s.until() if kind == "D"] == [["5000000"]]
    n = 500  # both directions at once
    writer = threading.Thread(target=s.send, args=(b"".join(extended(f"SELECT {i}, repeat('y', 2000)") for i in range(n)),))
    writer.start()
    assert [fields(body)[0] for _ in range(n) for kind, body in s.until() if kind == "D"] == [str(i) for i in range(n)]
    writer.join()
    start_sleeping(pg, s)
    cancel(gateway, s.key)
    assert error_fields(s.until("E")[-1][1])["C"] == "57014"
    s.until()
    s.send(TERMINATE)
    with pytest.raises(EOFError):
        s.next()
    assert s.close_code == 1000
    s.close()


# ---- many at once ----------------------------------------------------------------------------------------------------


@pytest.fixture
def slow_gateway(start, tmp_path):
    """A gateway whose threads lose the processor before they get a lock: what is a matter of luck becomes frequent."""
    library = tmp_path / "slow_locks.so"
    source = pathlib.Path(__file__).parent / "slow_locks.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return start("--control", environment=dict(os.environ, LD_PRELOAD=str(library)))


def test_sessions_that_end_at_the_same_time(slow_gateway):
    """libmicrohttpd frees an upgraded connection in a thread of its own: nobody may still be using it then."""

    def come_and_go():
        for _ in range(60):
            WebSocket(slow_gateway).close()

    threads = [threading.Thread(target=come_and_go) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow_gateway.process.poll() is None, "the gateway has ended"
    s = Session(slow_gateway)
    s.log_in(PASSWORD)
    assert s.value("SELECT 1") == "1"
    s.close()
