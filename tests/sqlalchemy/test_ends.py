"""How statements and connections end early: tasks cancelled, connections lost, closed, or those of a parent process."""

import asyncio
import json
import subprocess
import sys

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from conftest import MODES, async_engine_on, engine_on, make_url, run
from sqlalchemy_neon_odbc import NeonDialect

ALL = pytest.mark.parametrize("mode", MODES)


async def cancelled(task):
    """Cancels, and says whether the task ended; nobody waits for ever for one that does not."""
    task.cancel()
    await asyncio.wait({task}, timeout=120)
    return task.done() and task.cancelled()


async def one_row(connection, statement):
    await connection.execute(statement)


async def streamed(connection, statement):
    async for _ in await connection.stream(statement):
        pass


async def many_rows(connection, statement):
    table = sa.table("t_gate", sa.column("n", sa.Integer))
    await connection.execute(table.update().where(table.c.n == sa.bindparam("old")), [{"old": 1, "n": 2}, {"old": 2, "n": 3}])


@ALL
@pytest.mark.parametrize("program", [one_row, streamed, many_rows], ids=lambda program: program.__name__)
def test_cancelling_a_task_cancels_its_statement(mode, program, gate):
    async def main():
        async with async_engine_on(mode, pool_size=1, max_overflow=0) as engine:

            async def wait():
                async with engine.connect() as connection:
                    await program(connection, gate.passing)

            task = asyncio.create_task(wait())
            await gate.waited_at_by(1)
            ended = await cancelled(task)  # while the gate is still closed
            gate.open()
            assert ended
            async with engine.connect() as connection:
                return await connection.scalar(sa.text("SELECT n FROM t_gate"))

    assert run(main()) == 1


@pytest.mark.parametrize("mode", ["autocommit", "http"])
@pytest.mark.parametrize("statement", ["UPDATE t_kinds SET k = :k", "DELETE FROM t_kinds WHERE k = :k", "INSERT INTO t_kinds VALUES (:k)"])
def test_many_executions_are_not_described(mode, statement, gateway, metadata, psycopg):
    """pyodbc would stop all threads for that request, and with them one that could give up the lock of the table."""
    sa.Table("t_kinds", metadata, sa.Column("k", sa.Enum("a", "b", name="t_kind")))
    metadata.create_all(psycopg)
    with engine_on(mode) as engine, engine.connect() as connection:
        with gateway.counted(1 if mode == "autocommit" else 3):  # (a buffered one is tried, and committed)
            connection.execute(sa.text(statement), [{"k": "a"}, {"k": "b"}])
            connection.commit()
        asked = [request for request in gateway.log() if "neon_odbc_described" in json.dumps(request)]
    assert not asked


@ALL
def test_a_time_limit_of_asyncio(mode, gate):
    async def main():
        async with async_engine_on(mode) as engine, engine.connect() as connection:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.execute(gate.passing), 0.5)
            await connection.rollback()
            return await connection.scalar(sa.text("SELECT 1"))

    assert run(main()) == 1


def test_a_lost_connection_leaves_nothing_behind(gateway, metadata, psycopg):
    """aioodbc itself closes a connection that is lost."""
    table = sa.Table("t_ends", metadata, sa.Column("n", sa.Integer))
    metadata.create_all(psycopg)
    before = len(NeonDialect._states)

    async def main():
        async with async_engine_on("autocommit") as engine, engine.connect() as connection:
            gateway.fault("lost_after_commit")
            with pytest.raises(exc.OperationalError) as caught:
                await connection.execute(table.insert(), {"n": 1})
            assert caught.value.connection_invalidated
            await connection.rollback()
            assert await connection.scalar(sa.select(table.c.n)) == 1

    run(main())
    assert len(NeonDialect._states) == before


@ALL
def test_pre_ping_finds_a_closed_connection(mode):
    with engine_on(mode, pool_pre_ping=True, pool_size=1, max_overflow=0) as engine:
        with engine.connect() as connection:
            inner = connection.connection.driver_connection
        inner.close()
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1


FORK = """
import os, sys
import sqlalchemy as sa
engine = sa.create_engine(sys.argv[1], pool_pre_ping=True, pool_size=1, max_overflow=0)
for where in ("before", "child", "parent"):
    if where == "child" and os.fork():
        continue
    with engine.connect() as connection:
        print(where, connection.scalar(sa.text("SELECT 1")), flush=True)
    if where == "child":
        os._exit(0)
    if where == "parent":
        os.wait()
"""


@ALL
def test_pre_ping_finds_the_connection_of_a_parent_process(mode):
    url = make_url(mode).render_as_string(hide_password=False)
    answer = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK, url], capture_output=True, text=True, timeout=300)
    assert sorted(answer.stdout.splitlines()) == ["before 1", "child 1", "parent 1"], answer.stderr
