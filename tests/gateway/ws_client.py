"""A small WebSocket client that can also do what a good client must not, and the Postgres v3 messages on top of it."""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct

WAIT_SECONDS = 30
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Lost(Exception):
    """The connection ended without a Close frame."""


class WebSocket:
    def __init__(self, gateway, path="/v2", headers=None, upgrade=True, ca=None, early=b""):
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            context = ssl.create_default_context(cafile=ca)
            context.set_alpn_protocols(["http/1.1"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        self.frames = []  # opcode and payload length of every frame received
        if upgrade:
            self.upgrade(path, headers or {}, early)

    def upgrade(self, path, headers, early):
        key = base64.b64encode(os.urandom(16)).decode()
        all_headers = {
            "Host": "ep-demo-1.eu-1.example.net",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        }
        all_headers.update(headers)
        lines = [f"{name}: {value}" for name, value in all_headers.items() if value is not None]
        request = f"GET {path} HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        self.socket.sendall(request.encode() + early)
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
        if self.status == 101:
            expected = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
            assert self.headers["sec-websocket-accept"] == expected.decode()
        elif "content-length" in self.headers:
            while len(self.buffer) < int(self.headers["content-length"]):
                self.fill()
            self.body = self.buffer.decode()

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError) as error:
            raise Lost(str(error)) from error
        if not data:
            raise Lost()
        self.buffer += data

    def take(self, n):
        while len(self.buffer) < n:
            self.fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    @staticmethod
    def frame(payload, opcode=BINARY, fin=True, mask=True, rsv=0, length=None):
        n = len(payload) if length is None else length
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        bit = 0x80 if mask else 0
        if n < 126:
            head += bytes([bit | n])
        elif n < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", n)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", n)
        if not mask:
            return head + payload
        key = os.urandom(4)
        stretched = (key * (len(payload) // 4 + 1))[: len(payload)]
        masked = int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")
        return head + key + masked.to_bytes(len(payload), "big")

    def send(self, payload, **how):
        self.socket.sendall(self.frame(payload, **how))

    def send_raw(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next frame: opcode, payload."""
        first, second = self.take(2)
        assert second < 0x80, "a server must not mask"
        assert first & 0x80 and not first & 0x70, "neither fragments nor reserved bits are expected"
        n = second
        if n == 126:
            (n,) = struct.unpack(">H", self.take(2))
        elif n == 127:
            (n,) = struct.unpack(">Q", self.take(8))
        payload = self.take(n)
        self.frames.append((first & 15, n))
        return first & 15, payload

    def close(self):
        self.socket.close()


def message(kind, body=b""):
    return kind.encode() + struct.pack(">I", len(body) + 4) + body


def startup(version=0x00030000, **parameters):
    body = b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in parameters.items()) + b"\0"
    return struct.pack(">II", len(body) + 8, version) + body


def password(text):
    return message("p", text.encode() + b"\0")


def query(sql):
    return message("Q", sql.encode() + b"\0")


def extended(sql, name=b"", sync=True):
    parts = message("P", name + b"\0" + sql.encode() + b"\0\0\0") + message("B", b"\0" + name + b"\0\0\0\0\0\0\0")
    return parts + message("D", b"P\0") + message("E", b"\0\0\0\0\0") + (message("S") if sync else b"")


TERMINATE = message("X")


class Session(WebSocket):
    """A WebSocket with Postgres messages read from it."""

    def __init__(self, gateway, **how):
        super().__init__(gateway, **how)
        self.stream = b""
        self.parameters = {}
        self.key = None
        self.close_code = None  # of the Close frame received; 0: an empty one

    def more(self):
        opcode, payload = self.receive()
        if opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big")
            raise EOFError("Close frame")
        assert opcode in (BINARY, PONG), opcode
        if opcode == BINARY:
            self.stream += payload

    def bytes(self, n):
        while len(self.stream) < n:
            self.more()
        taken, self.stream = self.stream[:n], self.stream[n:]
        return taken

    def next(self):
        """The next message: type and body."""
        head = self.bytes(5)
        return chr(head[0]), self.bytes(struct.unpack(">I", head[1:])[0] - 4)

    def until(self, last="Z"):
        """Messages up to the first of type `last`."""
        messages = []
        while not messages or messages[-1][0] != last:
            messages.append(self.next())
        return messages

    def log_in(self, secret, user="app", database="shop", **parameters):
        parameters.setdefault("application_name", "websocket test")
        self.send(startup(user=user, database=database, **parameters))
        assert self.next() == ("R", b"\0\0\0\3")
        self.send(password(secret))
        return self.greeting()

    def greeting(self):
        messages = self.until("Z")
        for kind, body in messages:
            if kind == "S":
                name, value = body.decode().split("\0")[:2]
                self.parameters[name] = value
            if kind == "K":
                self.key = body
        assert messages[-1] == ("Z", b"I")
        return messages

    def scram(self, user, secret, database):
        """Logs in as PostgreSQL itself demands it."""
        self.send(startup(user=user, database=database))
        assert self.next()[1].startswith(b"\0\0\0\x0aSCRAM-SHA-256\0")
        nonce = base64.b64encode(os.urandom(18)).decode()
        bare = f"n=,r={nonce}"
        first = f"n,,{bare}".encode()
        self.send(message("p", b"SCRAM-SHA-256\0" + struct.pack(">I", len(first)) + first))
        challenge = self.next()[1][4:].decode()
        found = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), base64.b64decode(found["s"]), int(found["i"]))
        client = hmac.digest(salted, b"Client Key", "sha256")
        without = f"c=biws,r={found['r']}"
        signed = f"{bare},{challenge},{without}".encode()
        signature = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, signature))
        self.send(message("p", f"{without},p={base64.b64encode(proof).decode()}".encode()))
        kind, body = self.next()
        assert kind == "R", error_fields(body)["C"]
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        assert body[4:].decode() == "v=" + base64.b64encode(server).decode()
        return self.greeting()

    def query(self, sql):
        self.send(query(sql))
        return self.until()

    def rows(self, sql):
        return [fields(body) for kind, body in self.query(sql) if kind == "D"]

    def value(self, sql):
        ((value,),) = self.rows(sql)
        return value


def fields(body):
    """The values of a DataRow."""
    (n,) = struct.unpack(">H", body[:2])
    at, values = 2, []
    for _ in range(n):
        (length,) = struct.unpack(">i", body[at : at + 4])
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return values


def error_fields(body):
    return {part[:1].decode(): part[1:].decode() for part in body.rstrip(b"\0").split(b"\0")}
