"""Faults for WebSockets: every kind, at points counted in bytes, frames and messages, in both directions."""

import pytest
from conftest import PASSWORD, wait_until
from ws_client import BINARY, CLOSE, PING, PONG, TERMINATE, Lost, Session, WebSocket, error_fields, extended, fields
from ws_client import password, query, startup


def log_in(gateway):
    s = Session(gateway)
    s.log_in(PASSWORD)
    return s


def drain(s):
    """Reads messages until the session ends; how it ended: a Close code, or None without a Close frame."""
    messages = []
    try:
        while True:
            messages.append(s.next())
    except Lost:
        return messages, None
    except EOFError:
        return messages, s.close_code


def test_refused_upgrade(gateway):
    gateway.fault("ws_refuse", status=407, body="no sockets here")
    s = WebSocket(gateway)
    assert (s.status, s.body) == (407, "no sockets here")
    s.close()
    gateway.fault("ws_refuse")
    assert WebSocket(gateway).status == 403
    log_in(gateway).close()
    stats = gateway.stats()
    assert (stats["ws_upgrades"], stats["faults"]) == (1, 2)


def test_upgrade_that_hangs(gateway):
    gateway.fault("ws_hang")
    s = WebSocket(gateway, upgrade=False)
    s.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        s.upgrade("/v2", {}, b"")
    s.close()
    log_in(gateway).close()


def test_faults_for_the_two_protocols_do_not_mix(gateway):
    gateway.fault("ws_refuse")
    gateway.fault("html_502")
    assert gateway.query("SELECT 1 AS a").status == 502
    assert gateway.query("SELECT 1 AS a").rows == [{"a": 1}]
    assert WebSocket(gateway).status == 403
    log_in(gateway).close()


def test_latency_delays_and_loses_nothing(gateway):
    gateway.fault("ws_latency", ms=30)
    s = log_in(gateway)
    s.send(extended("SELECT 1") + query("SELECT 2"))
    assert [kind for kind, _ in s.until() + s.until()] == ["1", "2", "T", "D", "C", "Z", "T", "D", "C", "Z"]
    s.close()


@pytest.mark.parametrize("size", [1, 2, 5, 7, 125, 126, 1023])
def test_frame_bytes(gateway, size):
    gateway.fault("ws_frame_bytes", bytes=size)
    s = log_in(gateway)
    assert s.rows("SELECT i, repeat('x', i) FROM generate_series(1, 50) i")[49] == ["50", "x" * 50]
    assert {n for opcode, n in s.frames if opcode == BINARY} <= set(range(1, size + 1))
    assert max(n for _, n in s.frames) == size
    s.close()


def test_wrong_members_are_refused(gateway):
    for wrong in (
        '{"kind": "ws_frame_bytes", "bytes": 0}',
        '{"kind": "ws_frame_bytes", "bytes": 1025}',
        '{"kind": "ws_cut", "unit": "rows"}',
        '{"kind": "ws_cut", "direction": "up"}',
        '{"kind": "ws_cut", "since": "ever"}',
        '{"kind": "ws_cut", "after": -1}',
        '{"kind": "ws_inject", "data": "0"}',
        '{"kind": "ws_inject", "raw": "zz"}',
    ):
        assert gateway.request("POST", "/_gateway/fault", wrong).status == 400, wrong
    log_in(gateway).close()
    assert gateway.stats()["faults"] == 0


# ---- points ----------------------------------------------------------------------------------------------------------


def test_cut_in_place_of_each_message_to_the_client(gateway):
    """From the first message of the handshake to the last of a query's answer."""
    s = log_in(gateway)
    whole = len(s.query("SELECT 1")) + 2 + len(s.parameters) + 2  # R R S.. K Z and the query's
    s.close()
    for after in range(whole):
        gateway.fault("ws_cut", after=after)
        s = Session(gateway)
        s.send(startup(user="app", database="shop") + password(PASSWORD) + query("SELECT 1"))
        messages, code = drain(s)
        assert (len(messages), code) == (after, None)
        s.close()
    gateway.fault("ws_cut", after=whole)
    s = log_in(gateway)
    assert [kind for kind, _ in s.query("SELECT 1")] == ["T", "D", "C", "Z"]
    s.send(query("SELECT 2"))
    assert drain(s) == ([], None)
    s.close()


@pytest.mark.parametrize("step", range(8))
def test_cut_in_place_of_each_message_from_the_client(gateway, item, step):
    """What was not forwarded has no effect; what was before it has arrived."""
    statements = ["BEGIN", "INSERT INTO item(sku) VALUES ('a')", "INSERT INTO item(sku) VALUES ('b')", "COMMIT"]
    gateway.fault("ws_cut", direction="in", after=step)
    s = Session(gateway)
    data = startup(user="app", database="shop") + password(PASSWORD) + b"".join(map(query, statements)) + TERMINATE
    s.send(data)
    messages, code = drain(s)
    answered = [body for kind, body in messages if kind == "C"]
    assert (code, len(answered)) == (None if step < 7 else 1000, max(0, min(step - 2, 4)))
    s.close()
    wait_until(lambda: gateway.stats()["ws_open"] == 0, "the session ends")
    assert item() == ("a,b" if step >= 6 else "")


def test_commit_whose_answer_is_lost(gateway, item):
    """The point of it: the commit has happened and the client cannot know."""
    gateway.fault("ws_cut", since="ready", after=4)
    s = log_in(gateway)
    s.query("BEGIN")
    s.query("INSERT INTO item(sku) VALUES ('kept')")
    s.send(query("COMMIT"))
    assert drain(s) == ([], None)
    assert item() == "kept"
    s.close()


def test_commit_that_never_arrives(gateway, item):
    gateway.fault("ws_cut", since="ready", direction="in", after=2)
    s = log_in(gateway)
    s.query("BEGIN")
    s.query("INSERT INTO item(sku) VALUES ('lost')")
    s.send(query("COMMIT"))
    assert drain(s) == ([], None)
    wait_until(lambda: gateway.stats()["ws_open"] == 0, "the session ends")
    assert item() == ""
    s.close()


@pytest.mark.parametrize("direction", ["in", "out"])
def test_cut_after_bytes(gateway, direction):
    for after in range(1, 40, 3):
        gateway.fault("ws_cut", since="ready", unit="bytes", direction=direction, after=after)
        s = log_in(gateway)
        s.send(query("SELECT 'twelve bytes', 'more of them'"))
        with pytest.raises(Lost):
            while True:
                s.more()
        assert len(s.stream) == (after if direction == "out" else 0)
        s.close()


def test_cut_inside_a_frame(gateway):
    for after in (0, 1, 10, 1023, 1024, 1025, 1500):
        gateway.fault("ws_cut", since="ready", unit="bytes", after=after, inside_frame=1)
        s = log_in(gateway)
        s.stream = b""
        s.send(query("SELECT repeat('x', 10000)"))
        with pytest.raises(Lost):
            while True:
                s.more()
        assert len(s.stream) == after // 1024 * 1024
        assert len(s.buffer) == after % 1024  # after the header, which was taken
        s.close()


@pytest.mark.parametrize("after", [0, 1, 5])
def test_cut_after_frames(gateway, after):
    gateway.fault("ws_cut", since="ready", unit="frames", after=after)
    s = log_in(gateway)
    before = len(s.frames)
    s.send(query("SELECT repeat('x', 100000)"))
    with pytest.raises(Lost):
        while True:
            s.more()
    assert len(s.frames) - before == after
    gateway.fault("ws_cut", since="ready", unit="frames", direction="in", after=after)
    s.close()
    s = log_in(gateway)
    for i in range(after):
        assert s.value(f"SELECT {i}") == str(i)
    s.send(query("SELECT 'too much'"))
    assert drain(s) == ([], None)
    s.close()


@pytest.mark.parametrize("tcp_reset", [0, 1])
def test_ends_of_a_cut(gateway, tcp_reset):
    gateway.fault("ws_cut", since="ready", tcp_reset=tcp_reset)
    s = log_in(gateway)
    s.send(query("SELECT 1"))
    try:
        data = s.socket.recv(100)
        assert (data, tcp_reset) == (b"", 0)
    except ConnectionResetError:
        assert tcp_reset == 1
    s.close()


def test_running_session_can_be_hit(gateway):
    # The fault is for whichever session moves next: the other has been still since before this one's login.
    other = log_in(gateway)
    s = log_in(gateway)
    gateway.fault("ws_cut", since="now", after=3)
    s.send(query("SELECT 1"))
    messages, code = drain(s)
    assert ([kind for kind, _ in messages], code) == (["T", "D", "C"], None)
    assert other.value("SELECT 2") == "2"
    s.close()
    other.close()


# ---- other ends ------------------------------------------------------------------------------------------------------


def test_close_frame_at_a_point(gateway):
    gateway.fault("ws_close", since="ready", after=2, code=1011, body="for no reason")
    s = log_in(gateway)
    s.send(query("SELECT 1"))
    messages, code = drain(s)
    assert ([kind for kind, _ in messages], code) == (["T", "D"], 1011)
    gateway.fault("ws_close", code=0)
    s.close()
    s = Session(gateway)
    s.send(startup(user="app", database="shop"))
    assert drain(s) == ([], 0)
    s.close()


def test_stall(gateway):
    gateway.fault("ws_stall", since="ready", after=1)
    s = log_in(gateway)
    s.send(query("SELECT 1"))
    assert s.next()[0] == "T"
    s.send(b"there?", opcode=PING)
    s.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        s.next()
    s.close()
    wait_until(lambda: gateway.stats()["ws_open"] == 0, "the session ends when the client leaves")


def test_stall_that_ends(gateway):
    gateway.fault("ws_stall", since="ready", after=1, ms=50)
    s = log_in(gateway)
    s.send(b"before", opcode=PING)
    assert s.receive() == (PONG, b"before")
    assert s.rows("SELECT 1") == [["1"]]
    assert s.rows("SELECT 2") == [["2"]]
    s.close()


def test_injected_frames(gateway):
    gateway.fault("ws_inject", since="ready", after=1, raw="8900", data=(b"N" + b"\0\0\0\5\0").hex())
    s = log_in(gateway)
    s.send(query("SELECT 1"))
    opcodes = []
    while len(opcodes) < 4:
        opcode, payload = s.receive()
        opcodes.append(opcode)
        s.stream += payload if opcode == BINARY else b""
    assert opcodes == [BINARY, PING, BINARY, BINARY]
    assert [kind for kind, _ in s.until()] == ["T", "N", "D", "C", "Z"]
    s.close()


def test_injected_nonsense_before_the_handshake(gateway):
    gateway.fault("ws_inject", raw="81026869")
    s = Session(gateway)
    s.send(startup(user="app", database="shop"))
    assert s.receive() == (1, b"hi")
    assert s.next() == ("R", b"\0\0\0\3")
    s.close()


def test_backend_cut(gateway, item):
    gateway.fault("ws_backend_cut", since="ready", after=2)
    s = log_in(gateway)
    s.query("BEGIN")
    s.send(query("INSERT INTO item(sku) VALUES ('x')"))
    assert drain(s) == ([], 1000)
    s.close()
    assert item() == ""


def test_several_kinds_at_once(gateway):
    gateway.fault("ws_latency", ms=1)
    gateway.fault("ws_frame_bytes", bytes=3)
    gateway.fault("ws_cut", since="ready", after=1)
    s = log_in(gateway)
    s.send(query("SELECT 1"))
    messages, code = drain(s)
    assert ([kind for kind, _ in messages], code) == (["T"], None)
    assert max(n for _, n in s.frames) == 3
    assert gateway.stats()["faults"] == 3
    s.close()
    s = log_in(gateway)
    assert s.value("SELECT 1") == "1"
    s.close()


def test_over_tls(start, tmp_path):
    gateway = start("--control", "--tls", "--tls-cert-out", tmp_path / "ca.pem")
    for fault in ({"kind": "ws_cut"}, {"kind": "ws_cut", "tcp_reset": 1}, {"kind": "ws_stall", "ms": 10}):
        gateway_fault = dict(fault, since="ready", after=1)
        assert https(gateway, tmp_path / "ca.pem", gateway_fault) == 200
        s = Session(gateway, ca=tmp_path / "ca.pem")
        s.log_in(PASSWORD)
        s.send(query("SELECT 1") + TERMINATE)
        messages, code = drain(s)
        assert ([kind for kind, _ in messages], code) == (["T"], None) or fault["kind"] == "ws_stall" and code == 1000
        s.close()


def https(gateway, ca, fault):
    import http.client
    import json
    import ssl

    context = ssl.create_default_context(cafile=ca)
    connection = http.client.HTTPSConnection("localhost", gateway.port, context=context)
    connection.request("POST", "/_gateway/fault", json.dumps(fault))
    status = connection.getresponse().status
    connection.close()
    return status
