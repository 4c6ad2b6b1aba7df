"""The programs of the two replaced projects and of the tutorials their users start from: only the URL is changed."""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import textwrap

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declarative_base, mapped_column, sessionmaker

from conftest import MODES, async_engine_on, engine_on, make_url, run

BOTH = pytest.mark.parametrize("mode", ["auto", "websocket"])
ALL = pytest.mark.parametrize("mode", ["autocommit", "http", "auto", "websocket"])


@pytest.fixture
def users(psycopg):
    """A table of users with text keys, as the first project's README has it."""
    with psycopg.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE users (id text PRIMARY KEY, name text)")
        connection.exec_driver_sql("INSERT INTO users VALUES ('u1', 'Alice'), ('u2', 'Bob')")
    yield
    with psycopg.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS users")


@ALL
def test_a1_async_now(mode):
    async def main():
        engine = create_async_engine(make_url(mode))
        async with engine.connect() as connection:
            result = await connection.execute(sa.text("SELECT now() AS ts"))
            value = result.scalar_one()
        await engine.dispose()
        return value

    value = run(main())
    assert isinstance(value, dt.datetime) and value.tzinfo is not None


@ALL
def test_a3_core(mode, users):
    with engine_on(mode) as engine, engine.connect() as connection:
        statement = sa.text("SELECT id, name FROM users WHERE id = :id")
        assert tuple(connection.execute(statement, {"id": "u1"}).fetchone()) == ("u1", "Alice")
        assert connection.execute(statement, {"id": "none"}).fetchone() is None


@ALL
def test_a4_orm(mode, users):
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[str] = mapped_column(sa.String, primary_key=True)
        name: Mapped[str]

    with engine_on(mode) as engine, Session(engine) as session:
        assert [user.name for user in session.query(User).order_by(User.id).all()] == ["Alice", "Bob"]


@ALL
def test_a5_sqlmodel(mode, users):
    sqlmodel = pytest.importorskip("sqlmodel")
    registry = sa.orm.registry()

    class Model(sqlmodel.SQLModel, registry=registry):
        pass

    class User(Model, table=True):
        __tablename__ = "users"
        id: str = sqlmodel.Field(primary_key=True)
        name: str

    engine = sqlmodel.create_engine(make_url(mode))
    with sqlmodel.Session(engine) as session:
        assert sorted(user.name for user in session.exec(sqlmodel.select(User)).all()) == ["Alice", "Bob"]
    engine.dispose()


@ALL
def test_a6_async_orm(mode, users):
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[str] = mapped_column(primary_key=True)
        name: Mapped[str]

    async def main():
        async with async_engine_on(mode) as engine, AsyncSession(engine) as session:
            result = await session.execute(sa.select(User))
            return sorted(user.name for user in result.scalars().all())

    assert run(main()) == ["Alice", "Bob"]


@ALL
def test_a7_fastapi(mode, users):
    fastapi = pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    application = fastapi.FastAPI()
    engine = create_async_engine(make_url(mode))
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def get_db():
        async with sessions() as session:
            yield session

    @application.get("/users")
    async def read_users(db: AsyncSession = fastapi.Depends(get_db)):
        return [dict(row) for row in (await db.execute(sa.text("SELECT id, name FROM users ORDER BY id"))).mappings()]

    with TestClient(application) as client:
        answer = client.get("/users")
        client.portal.call(engine.dispose)
    assert answer.status_code == 200
    assert answer.json() == [{"id": "u1", "name": "Alice"}, {"id": "u2", "name": "Bob"}]


@pytest.mark.parametrize("mode", ["http", "auto", "websocket"])
def test_a8_tutorial_connection(mode, psycopg, capsys):
    with psycopg.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS users")
    try:
        with engine_on(mode) as engine, engine.connect() as connection:
            with connection.begin():
                connection.execute(sa.text("CREATE TABLE IF NOT EXISTS users (id INT, name TEXT)"))
                print("Table 'users' created.")
                connection.execute(
                    sa.text("INSERT INTO users (id, name) VALUES (:id, :name)"),
                    [{"id": 1, "name": "Alice"}, {"id": 2, "name": "Bob"}],
                )
                print("Data inserted.")
                for row in connection.execute(sa.text("SELECT id, name FROM users")):
                    print(f"User ID: {row.id}, Name: {row.name}")
        assert capsys.readouterr().out.splitlines() == [
            "Table 'users' created.", "Data inserted.", "User ID: 1, Name: Alice", "User ID: 2, Name: Bob",
        ]
    finally:
        with psycopg.begin() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM users").scalar() == 2
            connection.exec_driver_sql("DROP TABLE users")


@pytest.mark.parametrize("mode", ["http", "auto", "websocket"])
def test_a9_tutorial_session(mode, metadata):
    Base = declarative_base(metadata=metadata)

    class User(Base):
        __tablename__ = "users"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String)

    with engine_on(mode) as engine:
        Base.metadata.create_all(engine)
        session = sessionmaker(bind=engine)()
        session.add(User(id=1, name="Alice"))
        session.add(User(id=2, name="Bob"))
        assert [user.name for user in session.query(User).order_by(User.id).all()] == ["Alice", "Bob"]
        session.query(User).filter_by(name="Alice").first().name = "Alicia"
        session.delete(session.query(User).filter_by(name="Bob").first())
        session.commit()
        session.close()
        with Session(engine) as fresh:
            assert [user.name for user in fresh.query(User).all()] == ["Alicia"]


def test_a10_the_engine_of_the_fastapi_tutorial(recwarn):
    engine = create_async_engine(make_url("auto"), echo=False, future=True)
    async_sessionmaker(bind=engine, expire_on_commit=False, class_=AsyncSession)
    run(engine.dispose())
    assert [str(warning.message) for warning in recwarn] == []


@BOTH
def test_a11_crud_of_the_fastapi_tutorial(mode, metadata):
    Base = declarative_base(metadata=metadata)

    class User(Base):
        __tablename__ = "app_users"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String, index=True)

    async def main():
        async with async_engine_on(mode) as engine:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            sessions = async_sessionmaker(engine, expire_on_commit=False)
            async with sessions() as db:
                user = User(name="x")
                db.add(user)
                await db.commit()
                await db.refresh(user)
                assert user.id is not None
            async with sessions() as db:
                found = (await db.execute(sa.select(User).where(User.name == "x"))).scalar_one_or_none()
                assert found.id == user.id
                await db.delete(found)
                await db.commit()
            async with sessions() as db:
                assert (await db.execute(sa.select(sa.func.count()).select_from(User))).scalar() == 0

    run(main())


@ALL
def test_a12_select_one(mode):
    async def main():
        async with async_engine_on(mode) as engine, AsyncSession(engine) as session:
            return (await session.execute(sa.text("SELECT 1"))).scalar()

    assert run(main()) == 1


MAKO = '''
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
from alembic import op
import sqlalchemy as sa

def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
ALEMBIC_ENV = '''
from alembic import context
import sqlalchemy as sa
url = context.config.get_main_option("sqlalchemy.url")
from models import metadata
if context.is_offline_mode():
    context.configure(url=url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
'''
ALEMBIC_MODELS = '''
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("al_user", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(40), nullable=False))
'''


@pytest.mark.parametrize("mode", ["http", "auto", "websocket"])
def test_a13_alembic(mode, tmp_path, psycopg):
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").write_text(ALEMBIC_ENV)
    (tmp_path / "migrations" / "script.py.mako").write_text(MAKO)
    (tmp_path / "models.py").write_text(ALEMBIC_MODELS)
    url = make_url(mode).render_as_string(hide_password=False).replace("%", "%%")
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = {url}\n")

    def alembic(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert os.environ["NEON_TEST_PASSWORD"] not in done.stdout + done.stderr
        return done.stdout

    try:
        with psycopg.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS al_user, alembic_version")
        # the shop's own tables must not be part of the migration
        (tmp_path / "migrations" / "env.py").write_text(
            ALEMBIC_ENV.replace(
                "target_metadata=metadata)",
                "target_metadata=metadata, include_name=lambda name, type_, parents: type_ != 'table' or name.startswith('al_'))",
            )
        )
        alembic("revision", "--autogenerate", "-m", "users", "--rev-id", "r1")
        text = next((tmp_path / "migrations" / "versions").glob("r1*.py")).read_text()
        assert "create_table('al_user'" in text and "customers" not in text
        alembic("upgrade", "head")
        assert "r1" in alembic("current")
        assert sa.inspect(psycopg).has_table("al_user")
        assert "CREATE TABLE al_user" in alembic("upgrade", "head", "--sql")
        assert "No new upgrade operations" in alembic("check")
        alembic("downgrade", "base")
        assert not sa.inspect(psycopg).has_table("al_user")
    finally:
        with psycopg.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS al_user, alembic_version")


@ALL
def test_a15_async_begin(mode):
    async def main():
        async with async_engine_on(mode) as engine, engine.begin() as connection:
            return tuple((await connection.execute(sa.text("SELECT 1"))).fetchone())

    assert run(main()) == (1,)


@BOTH
def test_a17_async_begin_and_select(mode, metadata):
    Base = declarative_base(metadata=metadata)

    class User(Base):
        __tablename__ = "b_users"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String)

    async def main():
        async with async_engine_on(mode) as engine:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            async with AsyncSession(engine) as session:
                async with session.begin():
                    session.add(User(id=1, name="Alice"))
                result = await session.execute(sa.select(User))
                return [user.name for user in result.scalars()]

    assert run(main()) == ["Alice"]


@ALL
def test_a18_reflect_through_run_sync(mode):
    async def main():
        async with async_engine_on(mode) as engine, engine.connect() as connection:
            metadata = sa.MetaData()
            await connection.run_sync(metadata.reflect)
            return {table.name: [str(column.type) for column in table.columns] for table in metadata.tables.values()}

    tables = run(main())
    assert {"customers", "orders", "order_items", "products"} <= set(tables)
    assert tables["orders"] == ["BIGINT", "INTEGER", "DATE", "TEXT", "NUMERIC(12, 2)"]


@ALL
def test_a20_certificates(mode, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", os.environ["NEON_TEST_CA"])
    tls = {"api_host": os.environ["NEON_TEST_GATEWAY_TLS_URL"], "allow_insecure": None}
    with engine_on(mode, query=tls) as engine, engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    monkeypatch.setenv("SSL_CERT_FILE", "")
    with pytest.warns(UserWarning, match="verification"), engine_on(mode, query=tls) as engine:
        with pytest.raises(sa.exc.OperationalError, match="certificate"):
            engine.connect()


@ALL
def test_pandas(mode, metadata):
    pandas = pytest.importorskip("pandas")
    with engine_on(mode) as engine:
        frame = pandas.read_sql("SELECT id, name, credit FROM customers ORDER BY id LIMIT 3", engine)
        assert list(frame["id"]) == [1, 2, 3] and frame["name"][0] == "Zoë Müller"
        frame.to_sql("t_frame", engine, index=False)
        assert len(pandas.read_sql("SELECT * FROM t_frame", engine)) == 3


def test_statements_of_several_tasks_are_under_way_together(gate):
    """(Not more of them than asyncio has threads on a machine with one processor.)"""

    async def main():
        async with async_engine_on("autocommit", pool_size=4) as engine:

            async def one():
                async with engine.connect() as connection:
                    return await connection.scalar(gate.passing), await connection.scalar(sa.text("SELECT 2"))

            async def watch():
                await gate.waited_at_by(4)
                gate.open()

            *ones, _ = await asyncio.gather(*(one() for _ in range(4)), watch())
            return ones

    assert run(main()) == [(1, 2)] * 4


def test_batches(metadata):
    import sqlalchemy_neon_odbc as neon

    with engine_on("auto") as engine:
        first, second = neon.transaction(
            engine, ["SELECT 1 AS a", ("SELECT CAST(:x AS int) + 1", {"x": 4})], isolation_level="repeatable_read", read_only=True
        )
        assert first == [(1,)] and first.keys == ("a",) and second == [(5,)]
        with pytest.raises(sa.exc.ArgumentError, match="deferrable=True needs"):
            neon.transaction(engine, [], deferrable=True)

    async def main():
        async with async_engine_on("auto") as engine:
            return await neon.gather(engine, ["SELECT 1", "SELECT 2"]), await neon.atransaction(engine, ["SELECT 3"])

    side_by_side, together = run(main())
    assert side_by_side == [[(1,)], [(2,)]] and together == [[(3,)]]
