"""Fixtures for the dialect's tests: engines on every transport, psycopg beside them, the gateway's counters.

Runs inside tests/with-services.sh: a real PostgreSQL behind a real gateway.
"""

import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

# name: options of the URL. Each is a way that users run the dialect; what a program needs decides which it runs on.
MODES = {
    "autocommit": {"transport": "http", "autocommit": "true"},
    "http": {"transport": "http"},
    "auto": {"transport": "auto"},
    "websocket": {"transport": "websocket"},
}
SESSIONS = ["auto", "websocket"]
PATIENT = {"pool_timeout": 300}  # on a busy machine who waits in a queue waits long


def make_url(mode="auto", drivername="postgresql+neonodbc", **query):
    query = {
        "driver": os.environ["NEON_TEST_DRIVER"],
        "api_host": os.environ["NEON_TEST_GATEWAY_URL"],
        "allow_insecure": "true",
        **MODES[mode],
        **query,
    }
    return sa.URL.create(
        drivername,
        os.environ["NEON_TEST_USER"],
        os.environ["NEON_TEST_PASSWORD"],
        os.environ["NEON_TEST_SERVER"],
        database=os.environ["NEON_TEST_DATABASE"],
        query={name: value for name, value in query.items() if value is not None},
    )


@contextlib.contextmanager
def engine_on(mode="auto", drivername="postgresql+neonodbc", query=None, **options):
    engine = sa.create_engine(make_url(mode, drivername, **(query or {})), **PATIENT, **options)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.asynccontextmanager
async def async_engine_on(mode="auto", query=None, **options):
    engine = create_async_engine(make_url(mode, **(query or {})), **PATIENT, **options)
    try:
        yield engine
    finally:
        await engine.dispose()


def run(coroutine):
    return asyncio.run(coroutine)


@pytest.fixture
def psycopg():
    """The reference: the same database over TCP."""
    url = sa.make_url(os.environ["NEON_TEST_PG_URL"]).set(drivername="postgresql+psycopg")
    # (who waits for a lock that is never given up says so, and does not hold up everything)
    engine = sa.create_engine(url, connect_args={"options": "-c lock_timeout=120s"})
    yield engine
    engine.dispose()


@pytest.fixture
def metadata(psycopg):
    """A MetaData whose tables, and everything in schema public that the shop does not own, are dropped afterwards."""
    before = set(sa.inspect(psycopg).get_table_names())
    yield sa.MetaData()
    with psycopg.begin() as connection:
        inspector = sa.inspect(connection)
        for name in inspector.get_view_names():
            connection.exec_driver_sql(f'DROP VIEW IF EXISTS "{name}" CASCADE')
        for name in set(inspector.get_table_names()) - before:
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        for enum in inspector.get_enums():
            connection.exec_driver_sql('DROP TYPE "%s" CASCADE' % enum["name"])


class Gate:
    """A table that nobody can read before it is opened: statements that are under way for as long as a test wants."""

    passing = sa.text("SELECT n FROM t_gate")

    def __init__(self, keeper):
        self._keeper = keeper
        keeper.exec_driver_sql("CREATE TABLE t_gate AS SELECT 1 AS n")
        keeper.commit()
        keeper.exec_driver_sql("LOCK TABLE t_gate")

    async def waited_at_by(self, count):
        end = time.monotonic() + 120
        waiting = "SELECT count(*) FROM pg_locks WHERE relation = 't_gate'::regclass AND NOT granted"
        while self._keeper.exec_driver_sql(waiting).scalar() < count:
            if time.monotonic() > end:
                self.open()  # or nothing would ever end
                raise AssertionError("the statements did not begin")
            await asyncio.sleep(0.02)

    def open(self):
        self._keeper.rollback()


@pytest.fixture
def gate(metadata, psycopg):
    with psycopg.connect() as keeper:
        yield Gate(keeper)


class Gateway:
    base = os.environ.get("NEON_TEST_GATEWAY_URL", "")

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base + "/_gateway/" + path, data=data)) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def requests(self):
        return self._ask("stats")["requests"]

    def log(self):
        return self._ask("log")

    def reset(self):
        self._ask("reset", {})

    def fault(self, kind, **settings):
        self._ask("fault", {"kind": kind, **settings})

    @contextlib.contextmanager
    def counted(self, at_most):
        before = self.requests()
        yield
        assert self.requests() - before <= at_most


@pytest.fixture
def gateway():
    gateway = Gateway()
    gateway.reset()
    yield gateway
    gateway.reset()


class JwtGateway:
    """A second gateway, in JWT mode, whose key may speak for the role jwt_reader."""

    role = "jwt_reader"

    def __init__(self, url, key):
        self.url, self.key = url, key

    def token(self, **claims):
        return self.key.token(claims)


def _wait_for(condition, process, what):
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None and time.monotonic() < end, what
        time.sleep(0.02)


@pytest.fixture(scope="session")
def jwt_gateway(tmp_path_factory):
    sys.path.append(str(pathlib.Path(__file__).parents[1] / "gateway"))
    from jwt_keys import Key

    if not shutil.which("openssl"):
        pytest.skip("the openssl command is not installed")
    program = os.environ.get("NEON_GATEWAY") or os.path.join(os.environ["NEON_TEST_BUILDDIR"], "gateway", "neon-gateway")
    folder = tmp_path_factory.mktemp("jwt")
    key = Key(folder, "ec-1", "EC")
    (folder / "jwks.json").write_text(json.dumps({"keys": [key.jwk(roles=[JwtGateway.role])]}))
    admin = sa.create_engine(sa.make_url(os.environ["NEON_TEST_PG_ADMIN_URL"]).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        connection.exec_driver_sql(f"DROP ROLE IF EXISTS {JwtGateway.role}")
        connection.exec_driver_sql(f"CREATE ROLE {JwtGateway.role} LOGIN PASSWORD 'jwt-reader-pw'")
    (folder / "pgpass").write_text(f"*:*:*:{JwtGateway.role}:jwt-reader-pw\n")
    (folder / "pgpass").chmod(0o600)
    (folder / "pg-url").write_text(
        f"postgresql://{admin.url.host}:{admin.url.port}/postgres?passfile={urllib.parse.quote(str(folder / 'pgpass'))}\n"
    )
    arguments = ["--pg-file", "pg-url", "--jwks", "jwks.json", "--listen", "127.0.0.1:0", "--port-file", "port", "--log", "log"]
    with open(folder / "output", "wb") as output:
        process = subprocess.Popen([program, *arguments], cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for(lambda: (folder / "port").exists() and (folder / "port").read_text().strip(), process, "the gateway did not start")
        yield JwtGateway(f"http://127.0.0.1:{(folder / 'port').read_text().strip()}", key)
    finally:
        process.terminate()
        process.wait(120)
        admin.dispose()


@pytest.fixture
def here():
    return pathlib.Path(__file__).parent
