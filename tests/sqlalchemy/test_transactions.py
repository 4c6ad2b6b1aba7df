"""The small programs of real applications, on every transport: right, or clearly refused; never silently wrong.

Each program returns nothing and asserts what must hold. Where a transport cannot do it, it must say so with an exception
before anything is changed; OUTCOMES says which, and docs/sqlalchemy.md shows that table.
"""

import itertools
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.exc import FlushError, StaleDataError

from conftest import MODES, engine_on


class Base(DeclarativeBase):
    pass


class Parent(Base):
    __tablename__ = "t_parent"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(server_default="new")
    children: Mapped[list["Child"]] = relationship(back_populates="parent")


class Child(Base):
    __tablename__ = "t_child"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(sa.ForeignKey("t_parent.id"))
    parent: Mapped[Parent] = relationship(back_populates="children")


class Versioned(Base):
    __tablename__ = "t_versioned"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}


class Always(Base):
    __tablename__ = "t_always"
    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    name: Mapped[str]


class Made(Base):
    __tablename__ = "t_made"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=sa.text("gen_random_uuid()"))
    name: Mapped[str]


class World:
    """The engine under test, and what psycopg sees in the database."""

    def __init__(self, engine, reference):
        self.engine, self.reference = engine, reference

    def seen(self, statement):
        with self.reference.connect() as connection:
            return connection.execute(sa.text(statement)).all()


def insert_commit_read(w):
    with w.engine.begin() as connection:
        connection.execute(sa.insert(Parent), {"id": 1, "name": "a"})
    with w.engine.connect() as connection:
        assert connection.execute(sa.select(Parent.name)).all() == [("a",)]
    assert w.seen("SELECT name FROM t_parent") == [("a",)]


def rollback_discards(w):
    with w.engine.connect() as connection:
        connection.execute(sa.insert(Parent), {"id": 1, "name": "a"})
        connection.rollback()
    assert w.seen("SELECT * FROM t_parent") == []


def id_after_flush_is_stored(w):
    with Session(w.engine) as session:
        parent = Parent(name="a")
        session.add(parent)
        session.flush()
        given = parent.id
        session.commit()
    assert w.seen("SELECT id FROM t_parent") == [(given,)]


def parent_and_children(w):
    with Session(w.engine) as session:
        session.add(Parent(name="a", children=[Child(), Child(), Child()]))
        session.commit()
    assert w.seen("SELECT count(*) FROM t_child c JOIN t_parent p ON p.id = c.parent_id") == [(3,)]


def autoflush_then_query(w):
    with Session(w.engine) as session:
        session.add(Parent(id=7, name="a"))
        assert session.scalars(sa.select(Parent.name)).all() == ["a"]
        session.commit()
    assert w.seen("SELECT id FROM t_parent") == [(7,)]


def server_default_before_commit(w):
    with Session(w.engine) as session:
        parent = Parent(id=7, name="a")
        session.add(parent)
        session.flush()
        assert parent.state == "new"
        session.commit()


def unique_violation(w):
    with Session(w.engine) as session:
        session.add(Parent(id=1, name="a"))
        session.commit()
        session.add(Parent(id=2, name="a"))
        with pytest.raises(exc.IntegrityError):
            session.flush()
            session.commit()
        session.rollback()
    assert w.seen("SELECT id FROM t_parent") == [(1,)]


def nested_catches_it(w):
    with Session(w.engine) as session:
        session.add(Parent(id=1, name="a"))
        session.flush()
        try:
            with session.begin_nested():
                session.add(Parent(id=2, name="a"))
        except exc.IntegrityError:
            pass
        session.add(Parent(id=3, name="c"))
        session.commit()
    assert w.seen("SELECT id FROM t_parent ORDER BY id") == [(1,), (3,)]


def stale_version(w):
    with w.reference.begin() as connection:
        connection.execute(sa.text("INSERT INTO t_versioned VALUES (1, 0, 1)"))
    with Session(w.engine) as session:
        row = session.get_one(Versioned, 1)
        with w.reference.begin() as connection:
            connection.execute(sa.text("UPDATE t_versioned SET value = 5, version = 2"))
        row.value = 9
        with pytest.raises(StaleDataError):
            session.flush()
        session.rollback()
    assert w.seen("SELECT value, version FROM t_versioned") == [(5, 2)]


def rowcount_in_transaction(w):
    with w.engine.begin() as connection:
        connection.execute(sa.insert(Parent), [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
        assert connection.execute(sa.update(Parent).values(state="x")).rowcount == 2
        assert connection.execute(sa.delete(Parent).where(Parent.id == 99)).rowcount == 0
    assert w.seen("SELECT DISTINCT state FROM t_parent") == [("x",)]


def identity_always(w):
    with Session(w.engine) as session:
        row = Always(name="a")
        session.add(row)
        session.commit()
        assert row.id is not None
    assert w.seen("SELECT name FROM t_always") == [("a",)]


def key_made_by_the_server(w):
    with Session(w.engine) as session:
        row = Made(name="a")
        session.add(row)
        session.commit()
        assert w.seen("SELECT id, name FROM t_made") == [(row.id, "a")]


def select_for_update(w):
    with w.reference.begin() as connection:
        connection.execute(sa.text("INSERT INTO t_parent (id, name) VALUES (1, 'a')"))
    with w.engine.begin() as connection:
        connection.execute(sa.select(Parent.id).where(Parent.id == 1).with_for_update()).all()
        with pytest.raises(exc.OperationalError, match="could not obtain lock"):
            w.seen("SELECT * FROM t_parent FOR UPDATE NOWAIT")
        connection.execute(sa.update(Parent).where(Parent.id == 1).values(state="x"))
    assert w.seen("SELECT state FROM t_parent") == [("x",)]


def fifty_objects(w):
    with Session(w.engine) as session:
        parents = [Parent(name=f"p{i}") for i in range(50)]
        session.add_all(parents)
        session.flush()
        given = {parent.name: parent.id for parent in parents}
        session.commit()
    assert dict(w.seen("SELECT name, id FROM t_parent")) == given


PROGRAMS = [
    insert_commit_read, rollback_discards, id_after_flush_is_stored, parent_and_children, autoflush_then_query,
    server_default_before_commit, unique_violation, nested_catches_it, stale_version, rowcount_in_transaction, identity_always,
    key_made_by_the_server, select_for_update, fifty_objects,
]

# Refusals: the program ends with this exception and the database is as it was. Everything else must hold.
# The driver's say HYC00; that a key is missing is SQLAlchemy's to say.
REFUSED = {
    ("select_for_update", "http"): exc.NotSupportedError,  # no row would stay locked
    ("key_made_by_the_server", "http"): FlushError,  # it is not known before the commit
}


@pytest.fixture
def tables(psycopg):
    Base.metadata.drop_all(psycopg)
    Base.metadata.create_all(psycopg)
    yield
    Base.metadata.drop_all(psycopg)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "autocommit"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_program(program, mode, tables, psycopg):
    refusal = REFUSED.get((program.__name__, mode))
    with engine_on(mode) as engine:
        world = World(engine, psycopg)
        if refusal is None:
            program(world)
            return
        state = "SELECT (SELECT count(*) FROM t_child), (SELECT max(version) FROM t_versioned), (SELECT count(*) FROM t_made)"
        before = world.seen(state)
        with pytest.raises(refusal) as caught:
            program(world)
        assert refusal is FlushError or "HYC00" in str(caught.value)
        assert world.seen(state) == before


@pytest.mark.parametrize("mode", ["http", "auto", "websocket"])
def test_keys_of_many_new_objects(mode, metadata, psycopg):
    """Keys, foreign keys, inheritance and defaults of a flush: the rows that are stored are the objects."""
    class Base(DeclarativeBase):
        pass

    Base.metadata = metadata

    class Parent(Base):
        __tablename__ = "key_parents"
        id = sa.Column(sa.Integer, primary_key=True)
        kind = sa.Column(sa.Text, nullable=False)
        name = sa.Column(sa.Text)
        made = sa.Column(sa.Integer, server_default="7")
        children = relationship("Child", back_populates="parent")
        __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "plain"}

    class Special(Parent):
        __tablename__ = "key_specials"
        id = sa.Column(sa.ForeignKey("key_parents.id"), primary_key=True)
        extra = sa.Column(sa.Text)
        __mapper_args__ = {"polymorphic_identity": "special"}

    class Child(Base):
        __tablename__ = "key_children"
        number = sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)
        parent_id = sa.Column(sa.ForeignKey("key_parents.id"))
        parent = relationship(Parent, back_populates="children")

    class Given(Base):
        __tablename__ = "key_given"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.Text, unique=True)

    metadata.create_all(psycopg)
    with engine_on(mode) as engine, Session(engine) as session:
        objects = [Special(name=f"n{n}", extra=f"e{n}") if n % 3 == 0 else Parent(name=f"n{n}") for n in range(30)]
        for one in objects:
            one.children = [Child(), Child()]
        session.add_all(objects)
        session.add_all([Given(id=1000, name="own key"), Given(name="a"), Given(name="b")])
        session.flush()
        told = [(one.id, one.name, one.made, [child.number for child in one.children]) for one in objects]
        assert [key for key, *_ in told] == sorted({key for key, *_ in told})
        session.commit()
        # what fails is rolled back, and the session goes on with other keys
        session.add_all([Given(name="a"), Given(name="c")])
        with pytest.raises(sa.exc.IntegrityError):
            session.commit()
        session.rollback()
        session.add_all([Given(name="c"), Given(name="d")])
        session.commit()
    with Session(psycopg) as session:
        stored = session.scalars(sa.select(Parent).order_by(Parent.id)).all()
        assert [(one.id, one.name, one.made, sorted(c.number for c in one.children)) for one in stored] == [
            (key, name, made, sorted(numbers)) for key, name, made, numbers in told
        ]
        assert [one.extra for one in stored if isinstance(one, Special)] == [f"e{n}" for n in range(0, 30, 3)]
        assert session.scalars(sa.select(Given.name).order_by(Given.name)).all() == ["a", "b", "c", "d", "own key"]


@pytest.mark.parametrize("mode", MODES)
def test_rows_of_one_insert_with_defaults_of_the_client(mode, metadata, psycopg):
    numbers = itertools.count(1)
    table = sa.Table(
        "t_defaults", metadata, sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True), sa.Column("k", sa.Text, unique=True),
        sa.Column("n", sa.Integer, default=lambda: next(numbers)),
    )
    metadata.create_all(psycopg)
    with engine_on(mode) as engine, engine.begin() as connection:
        connection.execute(sa.insert(table).values([{"k": "a"}, {"k": "b"}]))
        upsert = pg.insert(table).values([{"k": "b"}, {"k": "c"}])
        connection.execute(upsert.on_conflict_do_update(index_elements=["k"], set_={"n": upsert.excluded.n}))
        connection.execute(sa.insert(table).values(k="d"))
    with psycopg.connect() as connection:
        assert connection.execute(sa.select(table.c.k, table.c.n).order_by(table.c.k)).all() == [("a", 1), ("b", 3), ("c", 4), ("d", 5)]
