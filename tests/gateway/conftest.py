"""Fixtures for the gateway's tests: a database of their own, gateways with any options, a plain HTTP client.

Runs inside tests/with-services.sh, which provides the PostgreSQL. Every test talks to a real gateway in front of it;
nothing is mocked. NEON_GATEWAY names the gateway's program (default: the one of the build).
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

import pytest

PASSWORD = "s@crt%:/?#[] {};=x"
WAIT_SECONDS = 30  # how long something that must happen may take; nothing is measured


def quote(text):
    return urllib.parse.quote(text, safe="")


def connection_string(user="app", password=PASSWORD, host="ep-demo-1.eu-1.example.net", database="shop", query=""):
    secret = "" if password is None else ":" + quote(password)
    return f"postgresql://{quote(user)}{secret}@{host}/{quote(database)}{query}"


def wait_until(condition, what):
    """Polls until condition() is true; fails with `what` otherwise. Returns the last value."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.bytes = response.read()

    @property
    def text(self):
        return self.bytes.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def rows(self):
        assert self.status == 200, self.text
        return self.json["rows"]

    @property
    def value(self):
        """The only value of the only row."""
        (row,) = self.rows
        (value,) = row if isinstance(row, list) else row.values()
        return value

    @property
    def stable(self):
        """The text without what depends on the server's version and history."""
        text = re.sub(r'"file":"[^"]*","line":"[^"]*","routine":"[^"]*"', '"file":F,"line":L,"routine":R', self.text)
        return re.sub(r'"tableID":[1-9][0-9]*', '"tableID":T', text)


class Gateway:
    """A running neon-gateway and a client for it."""

    def __init__(self, program, directory, arguments, pg_url_file, environment=None, wait=True):
        self.directory = directory
        self.port_file = directory / "port"
        self.log_file = directory / "gateway.log"
        command = [program, "--port-file", self.port_file, "--log", self.log_file, *arguments]
        if pg_url_file:
            command[1:1] = ["--pg-file", pg_url_file]
        self.output = open(directory / "output", "wb")
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=self.output, stderr=subprocess.STDOUT, env=environment
        )
        self.tls = "--tls" in arguments or "--tls-cert" in arguments
        self.port = None
        if wait:
            wait_until(lambda: self.port_file.exists() or self.process.poll() is not None, "the gateway starts")
            assert self.process.poll() is None, self.printed
            self.port = int(self.port_file.read_text())
            wait_until(lambda: "serving" in self.printed, "the gateway says which URL to use")

    @property
    def printed(self):
        return (self.directory / "output").read_text()

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_SECONDS)
        self.output.close()
        return code

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)

    def request(self, method, path, body=None, headers=None, connection=None):
        own = connection or self.connect()
        own.request(method, path, body=body, headers=headers or {})
        answer = Answer(own.getresponse())
        if not connection:
            own.close()
        return answer

    def post(self, body, headers=None, connection=None, conn=None, **flags):
        """POST /sql. `conn` is the connection string; flags: raw, array, pool, isolation, read_only, deferrable."""
        all_headers = {"Neon-Connection-String": connection_string() if conn is None else conn}
        names = {
            "raw": "Neon-Raw-Text-Output",
            "array": "Neon-Array-Mode",
            "pool": "Neon-Pool-Opt-In",
            "isolation": "Neon-Batch-Isolation-Level",
            "read_only": "Neon-Batch-Read-Only",
            "deferrable": "Neon-Batch-Deferrable",
        }
        for flag, value in flags.items():
            all_headers[names[flag]] = "true" if value is True else value
        all_headers.update(headers or {})
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        all_headers = {name: value for name, value in all_headers.items() if value is not None}
        return self.request("POST", "/sql", body, all_headers, connection)

    def query(self, sql, params=None, **more):
        body = {"query": sql}
        if params is not None:
            body["params"] = params
        return self.post(body, **more)

    def batch(self, *statements, **more):
        queries = [{"query": s} if isinstance(s, str) else s for s in statements]
        return self.post({"queries": queries}, **more)

    def stats(self):
        return self.request("GET", "/_gateway/stats").json

    def log(self):
        return self.request("GET", "/_gateway/log").json

    def reset(self):
        assert self.request("POST", "/_gateway/reset").status == 200

    def settle(self):
        """What a former test has left has come to its end: nothing of it counts, logs, pools or meets a fault any more."""
        self.reset()
        assert self.request("POST", "/_gateway/close_websockets").status == 200
        wait_until(lambda: (lambda now: now["sql_open"] == now["ws_open"] == 0)(self.stats()), "the gateway is at rest")
        self.reset()

    def close_idle(self):
        assert self.request("POST", "/_gateway/close_idle").status == 200

    def fault(self, kind, **settings):
        answer = self.request("POST", "/_gateway/fault", json.dumps({"kind": kind, **settings}))
        assert answer.status == 200, answer.text

    def socket(self):
        """A bare TCP connection, for what an HTTP client refuses to do."""
        s = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_SECONDS)
        return s

    def raw_request(self, sql, **flags):
        """The bytes of a POST /sql."""
        body = json.dumps({"query": sql} if isinstance(sql, str) else sql).encode()
        head = f"POST /sql HTTP/1.1\r\nHost: x\r\nNeon-Connection-String: {connection_string()}\r\n"
        for name, value in flags.items():
            head += f"{name}: {value}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Postgres:
    """The administrator's view of the database, through psql."""

    def __init__(self, url, psql):
        self.url = url
        self.psql = psql

    def run(self, sql, database="shop", role=None):
        url = self.url.rsplit("/", 1)[0] + "/" + database
        command = [self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url]
        if role:
            sql = f"set session authorization {role};\n{sql}"
        done = subprocess.run(command, input=sql, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def find_program(name):
    pg = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(pg[0]) if pg else None)


def pytest_configure(config):
    if "NEON_TEST_PG_ADMIN_URL" not in os.environ:
        pytest.exit("these tests need a PostgreSQL: run them as tests/with-services.sh pytest tests/gateway", 2)


@pytest.fixture(scope="session")
def program():
    path = os.environ.get("NEON_GATEWAY") or os.path.join(os.environ["NEON_TEST_BUILDDIR"], "gateway/neon-gateway")
    assert os.access(path, os.X_OK), f"neon-gateway is not built: {path}"
    return path


@pytest.fixture(scope="session")
def pg():
    psql = find_program("psql")
    assert psql, "psql is not installed"
    return Postgres(os.environ["NEON_TEST_PG_ADMIN_URL"], psql)


@pytest.fixture(scope="session")
def pg_url_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("pg") / "url"
    path.write_text(os.environ["NEON_TEST_PG_ADMIN_URL"] + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="session")
def start(program, pg_url_file, tmp_path_factory):
    """start("--option", ...) runs a gateway; all of them are ended with the session."""
    running = []

    def start_gateway(*arguments, pg_file=pg_url_file, **more):
        gateway = Gateway(program, tmp_path_factory.mktemp("gateway"), arguments, pg_file, **more)
        running.append(gateway)
        return gateway

    yield start_gateway
    codes = [gateway.stop() for gateway in running]
    # 1: could not start, which some tests want. A crash or a sanitizer's report gives something else.
    assert set(codes) <= {0, 1}, [gateway.printed for gateway in running if gateway.process.returncode > 1]


@pytest.fixture(scope="session")
def shared_gateway(start):
    return start("--control")


@pytest.fixture
def gateway(shared_gateway):
    """The gateway most tests use: default limits, control API, faults and counters reset."""
    shared_gateway.settle()
    yield shared_gateway
    assert shared_gateway.process.poll() is None, "the gateway has died"


@pytest.fixture
def item(pg):
    """The table of the protocol's worked examples, empty."""
    pg.run("drop table if exists item; create table item(id bigserial primary key, sku varchar(10) unique)", role="app")
    yield lambda: pg.run("select string_agg(sku, ',' order by sku) from item")
    pg.run("drop table if exists item", role="app")


class JwtGateway:
    """A gateway in JWT mode with one EC key for role authenticated and one RSA key for role anonymous."""

    def __init__(self, gateway, keys, folder):
        self.gateway = gateway
        self.keys = keys
        self.folder = folder

    def ask(self, sql, claims=None, token=None, key="ec-1", user="authenticated", header=(), **more):
        if token is None:
            token = self.keys[key].token(claims if claims is not None else {"sub": "user-1"}, **dict(header))
        headers = {"Authorization": "Bearer " + token}
        headers.update(more.pop("headers", {}))
        return self.gateway.query(sql, conn=connection_string(user=user, password=None), headers=headers, **more)


@pytest.fixture(scope="session")
def jwt_gateway(start, pg, tmp_path_factory):
    from jwt_keys import Key

    if not shutil.which("openssl"):
        pytest.skip("the openssl command is not installed")
    folder = tmp_path_factory.mktemp("jwt")
    keys = {"ec-1": Key(folder, "ec-1", "EC"), "rsa-1": Key(folder, "rsa-1", "RSA"), "ec-9": Key(folder, "ec-9", "EC")}
    document = {"keys": [keys["ec-1"].jwk(roles=["authenticated"]), keys["rsa-1"].jwk()]}
    (folder / "jwks.json").write_text(json.dumps(document))
    for role in ("authenticated", "anonymous"):
        pg.run(f"drop role if exists {role}; create role {role} login password '{role}-pw'")
    passfile = folder / "pgpass"
    passfile.write_text("*:*:*:authenticated:authenticated-pw\n*:*:*:anonymous:anonymous-pw\n")
    passfile.chmod(0o600)
    host = os.environ["NEON_TEST_PG_ADMIN_URL"].rsplit("@", 1)[1].split("/")[0]
    pg_file = folder / "pg-url"
    pg_file.write_text(f"postgresql://{host}/postgres?passfile={quote(str(passfile))}\n")
    gateway = start("--control", "--jwks", folder / "jwks.json", "--jwt-role", "anonymous=rsa-1", pg_file=pg_file)
    return JwtGateway(gateway, keys, folder)
