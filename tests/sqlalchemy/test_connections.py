"""What a connection costs, how it ends, and what its options do: requests counted, sockets cut, settings reset."""

import asyncio
import logging
import os
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Session, declarative_base

import sqlalchemy_neon_odbc as neon
from conftest import MODES, SESSIONS, async_engine_on, engine_on, make_url, run
from sqlalchemy_neon_odbc import sqlstate

ALL = pytest.mark.parametrize("mode", MODES)
ON_SESSIONS = pytest.mark.parametrize("mode", SESSIONS)
TRANSACTIONAL = pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "autocommit"])


@pytest.fixture
def numbers(metadata, psycopg):
    table = sa.Table("t_numbers", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.Text))
    metadata.create_all(psycopg)
    return table


# ---- requests --------------------------------------------------------------------------------------------------------------


def test_what_a_select_costs(gateway):
    with engine_on("autocommit") as engine:
        with gateway.counted(2), engine.connect():  # one to log in, one for what SQLAlchemy wants to know
            pass
        with gateway.counted(1), engine.connect() as connection:
            connection.scalar(sa.text("SELECT 1"))


@pytest.mark.parametrize("mode", ["http", "auto"])
def test_ends_of_transactions_cost_nothing(mode, gateway):
    with engine_on(mode, pool_pre_ping=True) as engine:
        engine.connect().close()
        with gateway.counted(0), engine.connect() as connection:
            connection.commit()
            connection.rollback()
        with gateway.counted(1), engine.connect() as connection:
            connection.scalar(sa.text("SELECT 1"))
            connection.commit()


def test_many_inserts_are_few_requests(numbers, gateway):
    rows = [{"id": n, "v": "x" * (100_000 if n == 7 else 5)} for n in range(1000)]
    with engine_on("autocommit") as engine, engine.connect() as connection:
        with gateway.counted(2):
            connection.execute(sa.insert(numbers), rows)
        assert connection.scalar(sa.select(sa.func.sum(sa.func.length(numbers.c.v)))) == 999 * 5 + 100_000
        with gateway.counted(1):
            given = connection.execute(sa.insert(numbers).returning(numbers.c.id, sort_by_parameter_order=True), [{"id": n} for n in range(2000, 3000)])
            assert given.scalars().all() == list(range(2000, 3000))


@TRANSACTIONAL
def test_a_flush_of_many_objects(mode, numbers, gateway, psycopg):
    Base = declarative_base(metadata=numbers.metadata)

    class Number(Base):
        __table__ = numbers

    with engine_on(mode) as engine, Session(engine) as session:
        session.add_all([Number(v=str(n)) for n in range(100)])
        # over http: two for the first connection, one for that of the keys, the keys, the INSERT tried, the commit
        with gateway.counted(6 if mode == "http" else 20):
            session.commit()
    with psycopg.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(numbers)) == 100


@pytest.mark.parametrize("wanted", [True, False])
def test_keys_before_a_flush_are_for_sessions_of_such_engines_alone(wanted, numbers, psycopg):
    Base = declarative_base(metadata=numbers.metadata)

    class Number(Base):
        __table__ = numbers

    without_key = []
    with engine_on("http", keys_before_flush=wanted) as engine, Session(engine) as ours, Session(psycopg) as other:
        for session in (ours, other):
            sa.event.listen(session, "before_flush", lambda session, *_: without_key.append([one.id is None for one in session.new]))
            session.add_all([Number(v="a"), Number(v="b")])
            session.commit()
    assert without_key == [[not wanted] * 2, [True] * 2]
    with psycopg.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(numbers)) == 4


@ALL
def test_executemany_of_updates_and_deletes(mode, numbers, gateway, psycopg):
    with psycopg.begin() as connection:
        connection.execute(sa.insert(numbers), [{"id": n, "v": "a"} for n in range(50)])
    update = sa.update(numbers).where(numbers.c.id == sa.bindparam("n")).values(v=sa.bindparam("t"))
    delete = sa.delete(numbers).where(numbers.c.id == sa.bindparam("n"))
    with engine_on(mode) as engine, engine.begin() as connection:
        with gateway.counted(8):
            connection.execute(update, [{"n": n, "t": f"b{n}" if n != 3 else None} for n in range(30)])
            connection.execute(delete, [{"n": n} for n in range(9)])

    async def main():
        async with async_engine_on(mode) as engine, engine.begin() as connection:
            await connection.execute(delete, [{"n": 9}, {"n": 9}])
            await connection.execute(sa.text("SELECT :n"), [{"n": 9}, {"n": 9}])

    run(main())
    with psycopg.connect() as connection:
        rows = dict(connection.execute(sa.select(numbers)).all())
    assert rows == {n: f"b{n}" if n < 30 else "a" for n in range(10, 50)}


@ALL
def test_executemany_is_all_or_nothing(mode, numbers, psycopg):
    rows = [{"id": n if n != 70 else 3, "v": "x" * n * 100} for n in range(100)]
    statement = sa.text("INSERT INTO t_numbers (id, v) VALUES (:id, :v)")
    with engine_on(mode) as engine:
        with pytest.raises(exc.IntegrityError, match="23505"), engine.begin() as connection:
            connection.execute(statement, rows)
        with psycopg.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(numbers)) == 0
        del rows[70]
        with engine.begin() as connection:
            connection.execute(statement, rows)
    with psycopg.connect() as connection:
        assert connection.execute(sa.select(sa.func.count(), sa.func.sum(sa.func.length(numbers.c.v)))).one() == (99, 488_000)


# ---- isolation, access, deferrable --------------------------------------------------------------------------------------------


def shown(connection):
    names = ("transaction_isolation", "transaction_read_only", "transaction_deferrable")
    return tuple(connection.execute(sa.text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))).one())


@TRANSACTIONAL
def test_the_server_sees_what_is_asked_for(mode):
    with engine_on(mode, pool_size=1, max_overflow=0) as engine:
        with engine.connect().execution_options(isolation_level="SERIALIZABLE", postgresql_readonly=True, postgresql_deferrable=True) as connection:
            assert shown(connection) == ("serializable", "on", "on")
            assert connection.get_isolation_level() == "SERIALIZABLE"
        with engine.connect() as connection:  # the same ODBC connection, reset by the pool
            assert shown(connection)[::2] == ("read committed", "off") and connection.get_isolation_level() == "READ COMMITTED"
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            assert shown(connection)[0] == "repeatable read"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            assert connection.get_isolation_level() == "AUTOCOMMIT"
            assert connection.scalar(sa.text("SELECT 1")) == 1
    with engine_on(mode, isolation_level="SERIALIZABLE") as engine, engine.connect() as connection:
        assert shown(connection)[0] == "serializable" and connection.default_isolation_level == "SERIALIZABLE"


@pytest.mark.parametrize("mode", ["autocommit", "websocket"])
def test_autocommit_is_of_no_transactions_level_before(mode):
    with engine_on(mode, pool_size=1, max_overflow=0) as engine:
        with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
            assert shown(connection)[0] == "serializable"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            assert shown(connection)[0] == "read committed"
        with engine.connect() as connection:
            connection.execution_options(isolation_level="SERIALIZABLE")
            connection.execution_options(isolation_level="AUTOCOMMIT")
            assert shown(connection)[0] == "read committed"


def _setting(mode, name, **how):
    with engine_on(mode, **how) as engine, engine.connect() as connection:
        return connection.exec_driver_sql(f"SHOW {name}").scalar()


def test_settings_in_options_have_their_effect_or_are_refused():
    settings = {"options": "-c geqo=off"}
    assert _setting("websocket", "geqo", query=settings) == "off"
    assert _setting("websocket", "geqo", connect_args=settings) == "off"
    for mode in ("http", "auto", "autocommit"):
        for how in ({"query": settings}, {"connect_args": settings}):
            with pytest.raises(exc.ArgumentError, match="no effect over HTTP.*ALTER ROLE"):
                _setting(mode, "geqo", **how)
    assert _setting("http", "geqo", query={"options": "neon_lsn:0/1"}) == "on"


@TRANSACTIONAL
def test_read_only_is_enforced_and_reset(mode, numbers):
    with engine_on(mode, pool_size=1, max_overflow=0) as engine:
        with engine.connect().execution_options(postgresql_readonly=True) as connection:
            with pytest.raises(exc.DBAPIError, match="25006"):
                connection.execute(sa.insert(numbers), {"id": 1})
                connection.commit()
        with engine.begin() as connection:
            connection.execute(sa.insert(numbers), {"id": 1})


def test_autocommit_engine_keeps_each_statement(numbers, psycopg):
    with engine_on("autocommit") as engine:
        with engine.connect() as connection:
            connection.execute(sa.insert(numbers), {"id": 1})
            connection.rollback()
            with pytest.raises(exc.DBAPIError, match="25000"):
                connection.begin_nested()
    with psycopg.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(numbers)) == 1


@TRANSACTIONAL
def test_serializable_conflict_and_its_retry(mode, numbers, psycopg):
    with psycopg.begin() as connection:
        connection.execute(sa.insert(numbers), [{"id": 1, "v": "0"}])

    def add_one(engine, between):
        with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection, connection.begin():
            value = int(connection.scalar(sa.select(numbers.c.v)))
            between()
            connection.execute(sa.update(numbers).values(v=str(value + 1)))

    def other():
        with psycopg.connect().execution_options(isolation_level="SERIALIZABLE") as connection, connection.begin():
            connection.execute(sa.update(numbers).values(v="10"))

    with engine_on(mode) as engine:
        with pytest.raises(exc.OperationalError) as caught:
            add_one(engine, other)
        assert sqlstate(caught.value) == "40001"
        add_one(engine, lambda: None)
    with psycopg.connect() as connection:
        assert connection.scalar(sa.select(numbers.c.v)) == "11"


# ---- sessions: what only a connection can ---------------------------------------------------------------------------------------


@ON_SESSIONS
def test_two_phase(mode, numbers, psycopg):
    with engine_on(mode) as engine:
        with engine.connect() as connection:
            transaction = connection.begin_twophase(xid="x-1")
            connection.execute(sa.insert(numbers), {"id": 1})
            transaction.prepare()
            with psycopg.connect() as other:
                assert other.scalar(sa.text("SELECT gid FROM pg_prepared_xacts")) == "x-1"
            assert connection.recover_twophase() == ["x-1"]
            transaction.commit()
        with engine.connect() as connection:
            transaction = connection.begin_twophase()
            connection.execute(sa.insert(numbers), {"id": 2})
            transaction.prepare()
            transaction.rollback()
        with engine.connect() as connection:
            transaction = connection.begin_twophase()
            connection.execute(sa.insert(numbers), {"id": 3})
            transaction.commit()
        with engine.connect() as connection, connection.begin_twophase():
            connection.execute(sa.insert(numbers), {"id": 4})
        with engine.connect() as connection, pytest.raises(exc.ProgrammingError, match="does not exist"):
            connection.commit_prepared("x-2", recover=True)
    with psycopg.connect() as connection:
        assert connection.execute(sa.select(numbers.c.id).order_by(numbers.c.id)).scalars().all() == [1, 3, 4]


def test_two_phase_is_refused_over_http(numbers):
    with engine_on("http") as engine, engine.connect() as connection:
        with pytest.raises(exc.InvalidRequestError, match="Two-phase transactions need a session"):
            connection.begin_twophase()


@ON_SESSIONS
def test_temporary_tables_settings_locks(mode):
    with engine_on(mode) as engine, engine.connect() as connection, connection.begin():
        connection.execute(sa.text("CREATE TEMP TABLE t_temp (x int) ON COMMIT DROP"))
        connection.execute(sa.text("INSERT INTO t_temp VALUES (1)"))
        assert connection.scalar(sa.text("SELECT x FROM t_temp")) == 1
        connection.execute(sa.text("SET LOCAL search_path = pg_catalog"))
        assert connection.scalar(sa.text("SHOW search_path")) == "pg_catalog"
        assert connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(5)")) is True


@TRANSACTIONAL
def test_a_table_can_be_dropped_after_it_was_read(mode):
    """A result that was read, or closed, holds nothing: neither its rows nor its table."""
    with engine_on(mode) as engine, engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE t_dropped AS SELECT generate_series(1, 1000) AS n"))
        assert len(connection.execute(sa.text("SELECT n FROM t_dropped")).all()) == 1000
        assert connection.execute(sa.text("SELECT n FROM t_dropped")).fetchone() is not None
        connection.execution_options(stream_results=True).execute(sa.text("SELECT n FROM t_dropped")).close()
        connection.execute(sa.text("DROP TABLE t_dropped"))
        connection.rollback()


@ALL
def test_streamed_rows(mode):
    """Rows are fetched as they are asked for: what is not asked for is not there."""
    count = 200_000 if mode in SESSIONS else 50_000  # an answer over HTTP has at most 10 MiB
    with engine_on(mode) as engine, engine.connect().execution_options(stream_results=True, max_row_buffer=100) as connection:
        result = connection.execute(sa.text(f"SELECT n, repeat('x', 100) FROM generate_series(1, {count}) AS n"))
        assert [row[0] for row in result.fetchmany(3)] == [1, 2, 3]
        assert sum(len(part) for part in result.partitions(5000)) == count - 3
        result = connection.execute(sa.text("SELECT generate_series(1, 100000)"))
        assert result.fetchone() == (1,)
        result.close()  # the rest is left where it is
        assert connection.scalar(sa.text("SELECT 1")) == 1

    async def main():
        async with async_engine_on(mode) as engine, engine.connect() as connection:
            count = 0
            async with connection.stream(sa.text("SELECT generate_series(1, 30000)")) as result:
                async for _ in result:
                    count += 1
                    if count == 20000:
                        break
            return count, await connection.scalar(sa.text("SELECT 1"))

    assert run(main()) == (20000, 1)


# ---- ends --------------------------------------------------------------------------------------------------------------------


@ON_SESSIONS
def test_a_session_killed_in_a_transaction(mode, numbers, psycopg):
    with engine_on(mode) as engine:
        with engine.connect() as connection:
            connection.execute(sa.insert(numbers), {"id": 1})
            killed = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            with psycopg.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
                assert other.scalar(sa.text(f"SELECT pg_terminate_backend({killed})"))
            with pytest.raises(exc.DBAPIError) as caught:
                connection.execute(sa.insert(numbers), {"id": 2})
                connection.commit()
            assert caught.value.connection_invalidated and sqlstate(caught.value)[:2] in ("08", "57")
        with engine.begin() as connection:  # the pool has a new one
            connection.execute(sa.insert(numbers), {"id": 3})
    with psycopg.connect() as connection:
        assert connection.execute(sa.select(numbers.c.id)).scalars().all() == [3]


@pytest.mark.parametrize("pre_ping", [True, False])
@ON_SESSIONS
def test_a_session_killed_while_idle(mode, pre_ping, psycopg):
    with engine_on(mode, pool_pre_ping=pre_ping, pool_size=1, max_overflow=0) as engine:
        with engine.connect() as connection:
            pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        with psycopg.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            other.scalar(sa.text(f"SELECT pg_terminate_backend({pid})"))
        if mode == "auto" or pre_ping:
            with engine.connect() as connection:
                assert connection.scalar(sa.text("SELECT 1")) == 1
            return
        with engine.connect() as connection:
            try:
                connection.scalar(sa.text("SELECT 1"))
            except exc.DBAPIError as error:
                assert error.connection_invalidated
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1


@pytest.mark.parametrize("mode", ["auto"])
def test_a_proxy_that_blocks_websockets(mode, numbers, gateway, psycopg):
    """What can be done over HTTP is done; what cannot says what to write into the URL, and nothing is stored."""
    gateway.fault("ws_refuse", count=-1)
    with engine_on(mode) as engine:
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
        with pytest.raises(exc.NotSupportedError, match="With transport=http in the URL"), engine.begin() as connection:
            connection.execute(sa.insert(numbers), {"v": "x"})
    with engine_on("websocket") as engine, pytest.raises(exc.OperationalError, match="Transport=http does without"):
        engine.connect()
    with engine_on("http") as engine, engine.begin() as connection:
        assert connection.execute(sa.insert(numbers), {"v": "x"}).inserted_primary_key == (1,)


def test_a_request_whose_answer_is_lost_runs_once(numbers, gateway, psycopg):
    with engine_on("autocommit") as engine, engine.connect() as connection:
        gateway.fault("lost_after_commit")
        with pytest.raises(exc.DBAPIError) as caught:
            connection.execute(sa.text("INSERT INTO t_numbers (v) VALUES ('once')"))
        assert sqlstate(caught.value) in ("08S01", "08007") and "unknown" in str(caught.value)
    with psycopg.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(numbers)) == 1


# ---- several parts side by side -------------------------------------------------------------------------------------------------


@ALL
def test_threads_share_an_engine(mode, numbers):
    failures = []

    def work(n):
        try:
            for _ in range(5):
                with engine.connect() as connection:
                    assert connection.scalar(sa.select(sa.literal(n))) == n
        except BaseException as error:  # noqa: B902
            failures.append(error)

    with engine_on(mode, pool_size=4) as engine:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


@TRANSACTIONAL
def test_batches_with_options(mode, numbers, psycopg):
    with engine_on(mode) as engine:
        first, second = neon.transaction(
            engine,
            [(sa.insert(numbers), {"id": 1, "v": "a"}), "SELECT v FROM t_numbers"],
            isolation_level="SERIALIZABLE",
        )
        assert second == [("a",)]
        with pytest.raises(exc.DBAPIError):
            neon.transaction(engine, [(sa.insert(numbers), {"id": 2}), (sa.insert(numbers), {"id": 1})])
        with pytest.raises(exc.DBAPIError, match="25006"):
            neon.transaction(engine, [(sa.insert(numbers), {"id": 3})], isolation_level="SERIALIZABLE", read_only=True, deferrable=True)
    with psycopg.connect() as connection:
        assert connection.execute(sa.select(numbers.c.id)).scalars().all() == [1]

    async def main():
        async with async_engine_on(mode) as engine:
            return await neon.atransaction(engine, [(sa.insert(numbers), {"id": 5}), "SELECT count(*) FROM t_numbers"])

    assert run(main())[1] == [(2,)]


def test_queries_side_by_side():
    async def main():
        async with async_engine_on("autocommit", pool_size=5) as engine:
            results = await neon.gather(engine, [("SELECT CAST(:n AS int)", {"n": n}) for n in range(20)], at_most=4)
            with pytest.raises(exc.DBAPIError):
                await neon.gather(engine, ["SELECT 1", "SELECT 1/0"])
            return results

    assert run(main()) == [[(n,)] for n in range(20)]


# ---- secrets, and what is missing ------------------------------------------------------------------------------------------------


def test_no_secret_is_shown(caplog, capfd):
    password, token = os.environ["NEON_TEST_PASSWORD"], "aaaa.bbbb.cccc"
    with caplog.at_level(logging.DEBUG):
        engine = sa.create_engine(make_url("http"), echo="debug")
        with engine.connect() as connection:
            with pytest.raises(exc.DBAPIError) as first:
                connection.execute(sa.text("SELECT * FROM nowhere"))
        engine.dispose()
        other = sa.create_engine(make_url("http", auth_token=token, api_host="http://127.0.0.1:9"))
        with pytest.raises(exc.DBAPIError) as second:
            other.connect()
    out, err = capfd.readouterr()
    for shown_text in (str(first.value), repr(second.value), str(second.value), caplog.text, out, err, repr(engine), repr(engine.url), str(engine.url)):
        assert password not in shown_text and token not in shown_text


@pytest.mark.parametrize(
    "module, url, text",
    [
        ("pyodbc", "postgresql+neonodbc://u@h/d", "pip install pyodbc; where libodbc is missing, install unixODBC"),
        ("aioodbc", "postgresql+neonodbc_async://u@h/d", r"pip install 'sqlalchemy-neon-odbc[asyncio]'"),
    ],
)
def test_a_library_that_is_missing(module, url, text):
    maker = "create_async_engine" if "async" in url else "create_engine"
    source = f"import sys; sys.modules[{module!r}] = None; from sqlalchemy import create_engine; "
    source += f"from sqlalchemy.ext.asyncio import create_async_engine; {maker}({url!r})"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and text in done.stderr.splitlines()[-1]


def test_a_creator_of_ones_own(numbers):
    """An engine whose connections somebody else makes: everything but keys from sequences over transport=http."""
    import pyodbc

    (text,), _ = sa.create_engine(make_url("http")).dialect.create_connect_args(make_url("http"))
    engine = sa.create_engine("postgresql+neonodbc://?transport=http&dsn=x", creator=lambda: pyodbc.connect(text))
    with engine.begin() as connection:
        connection.execute(sa.insert(numbers), {"id": 1, "v": "a"})
        assert connection.execute(sa.select(numbers)).all() == [(1, "a")]
        with pytest.raises(exc.StatementError, match="creator="):
            connection.execute(sa.insert(numbers), {"v": "b"})
    engine.dispose()


def test_arrays_of_parameters(metadata, psycopg):
    table = sa.Table("t_arrays", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("tags", pg.ARRAY(sa.Text)), sa.Column("j", pg.JSONB))
    metadata.create_all(psycopg)
    rows = [{"id": n, "tags": [str(n), None, "é,"], "j": {"n": n}} for n in range(20)]
    with engine_on("autocommit") as engine, engine.connect() as connection:
        connection.execute(sa.insert(table), rows)
        change = sa.update(table).where(table.c.id == sa.bindparam("n")).values(tags=sa.bindparam("t"), j=sa.bindparam("k"))
        connection.execute(change, [{"n": n, "t": ["new"], "k": [n]} for n in range(5)])
        assert connection.scalar(sa.select(sa.func.count()).where(table.c.tags.contains(["new"]))) == 5
    with psycopg.connect() as connection:
        found = connection.execute(sa.select(table.c.tags, table.c.j).order_by(table.c.id)).all()
    assert found[:5] == [(["new"], [n]) for n in range(5)] and found[9] == (["9", None, "é,"], {"n": 9})


def test_interleaved_tasks():
    async def main():
        async with async_engine_on("autocommit", pool_size=3) as engine:

            async def one(n):
                async with engine.connect() as connection:
                    await asyncio.sleep(0)
                    return await connection.scalar(sa.select(sa.literal(n)))

            return await asyncio.gather(*(one(n) for n in range(30)))

    assert run(main()) == list(range(30))
