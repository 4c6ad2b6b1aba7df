"""Fixtures for the dialect's tests: engines on every transport, psycopg beside them, the gateway's counters.

Runs inside tests/with-services.sh: a real PostgreSQL behind a real gateway.
"""

import asyncio
import contextlib
import json
import os
import pathlib
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
    engine = sa.create_engine(make_url(mode, drivername, **(query or {})), **options)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.asynccontextmanager
async def async_engine_on(mode="auto", query=None, **options):
    engine = create_async_engine(make_url(mode, **(query or {})), **options)
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
    engine = sa.create_engine(url)
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


@pytest.fixture
def here():
    return pathlib.Path(__file__).parent
