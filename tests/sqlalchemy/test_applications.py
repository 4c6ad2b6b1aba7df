"""Applications of several parts: JWT with row-level security, FastAPI with Alembic, vector search, loading of relationships."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, Session, declarative_base, joinedload, mapped_column, raiseload, relationship, selectinload,
    subqueryload,
)

from conftest import MODES, async_engine_on, engine_on, make_url, run

ALL = pytest.mark.parametrize("mode", MODES)


# ---- A2 and JWT with row-level security ----------------------------------------------------------------------------------


@pytest.fixture
def notes(psycopg, jwt_gateway):
    with psycopg.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE notes (id int PRIMARY KEY, owner text DEFAULT current_setting('request.jwt.claims')::json->>'sub', note text);"
            "INSERT INTO notes VALUES (1, 'u1', 'mine'), (2, 'u2', 'theirs'); ALTER TABLE notes ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY own ON notes USING (owner = current_setting('request.jwt.claims')::json->>'sub');"
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO {jwt_gateway.role}"
        )
    yield
    with psycopg.begin() as connection:
        connection.exec_driver_sql("DROP TABLE notes")


def jwt_url(jwt_gateway, token, **query):
    url = make_url("auto", api_host=jwt_gateway.url, auth_token=token, timeout="60", transport=None, **query)
    return url.set(username=jwt_gateway.role, password="not-needed")


def test_a2_token_and_timeout_in_the_url(jwt_gateway, notes):
    async def main():
        engine = create_async_engine(jwt_url(jwt_gateway, jwt_gateway.token(sub="u1")))
        async with engine.connect() as connection:
            who = (await connection.execute(sa.text("SELECT current_user"))).scalar_one()
            notes = (await connection.execute(sa.text("SELECT note FROM notes"))).scalars().all()
            claims = (await connection.execute(sa.text("SELECT current_setting('request.jwt.claims')::json"))).scalar_one()
        await engine.dispose()
        return who, notes, claims

    assert run(main()) == (jwt_gateway.role, ["mine"], {"sub": "u1"})


def test_each_user_sees_and_writes_its_own_rows(jwt_gateway, notes, psycopg):
    Base = declarative_base()

    class Note(Base):
        __tablename__ = "notes"
        id = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
        owner = sa.Column(sa.Text, server_default=sa.FetchedValue())
        note = sa.Column(sa.Text)

    engine = sa.create_engine(jwt_url(jwt_gateway, jwt_gateway.token(sub="u2")))
    with Session(engine) as session:
        session.add(Note(id=3, note="new"))
        session.commit()
        assert [(note.owner, note.note) for note in session.scalars(sa.select(Note).order_by(Note.id))] == [("u2", "theirs"), ("u2", "new")]
        assert session.get(Note, 1) is None
        session.execute(sa.update(Note).values(note="changed"))
        session.commit()
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            session.add(Note(id=4, owner="u1", note="forged"))
            session.commit()
    engine.dispose()
    with psycopg.connect() as connection:
        assert connection.exec_driver_sql("SELECT id, note FROM notes ORDER BY id").all() == [(1, "mine"), (2, "changed"), (3, "changed")]


def test_a_token_for_each_request(jwt_gateway, notes):
    """One engine for all users of a web service: the token is put in when a connection is made: the page's example."""
    page = pathlib.Path(__file__).parents[2] / "docs" / "sqlalchemy.md"
    example = re.search(r"## JSON web tokens.*?```python\n(.*?)```", page.read_text(), re.DOTALL).group(1)
    url = jwt_url(jwt_gateway, "placeholder.placeholder.placeholder").difference_update_query(["auth_token"])
    url = url._replace(password=None).render_as_string(hide_password=False)
    example, count = re.subn(r'"neon://authenticated@[^"?]*\?[^"]*"', lambda m: repr(url), example)
    assert count == 1
    tokens = iter([jwt_gateway.token(sub="u1"), jwt_gateway.token(sub="u2")])
    there = {"token_of_the_current_user": lambda: next(tokens)}
    exec(compile(example, "example", "exec"), there)  # what the page says, with this gateway's address
    engine = there["engine"]

    seen = []
    for _ in range(2):
        with engine.connect() as connection:
            seen.append(connection.scalar(sa.text("SELECT note FROM notes")))
    assert seen == ["mine", "theirs"]


def test_a_bad_token_says_so_and_is_not_shown(jwt_gateway):
    token = jwt_gateway.token(sub="u1")[:-8] + "AAAAAAAA"
    engine = sa.create_engine(jwt_url(jwt_gateway, token))
    with pytest.raises(sa.exc.DBAPIError) as caught:
        engine.connect()
    text = str(caught.value) + repr(caught.value)
    assert token not in text and token.split(".")[2] not in text and "JWK" in text or "token" in text.lower()


# ---- A7, A11, A14: FastAPI, started after its migrations -----------------------------------------------------------------


APPLICATION = '''
import os
import fastapi
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from models import Base, Item

engine = create_async_engine(os.environ["DATABASE_URL"])
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)
app = fastapi.FastAPI()


async def get_db():
    async with SessionLocal() as session:
        yield session


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/items")
async def create(item: dict, db: AsyncSession = fastapi.Depends(get_db)):
    row = Item(name=item["name"], tags=item.get("tags", []))
    db.add(row)
    await db.commit()
    await db.refresh(row)
    return {"id": row.id, "name": row.name, "tags": row.tags, "created": row.created.isoformat()}


@app.get("/items/{id}")
async def read(id: int, db: AsyncSession = fastapi.Depends(get_db)):
    row = (await db.execute(sa.select(Item).where(Item.id == id))).scalar_one_or_none()
    if row is None:
        raise fastapi.HTTPException(404)
    return {"id": row.id, "name": row.name, "tags": row.tags}


@app.put("/items/{id}")
async def update(id: int, item: dict, db: AsyncSession = fastapi.Depends(get_db)):
    row = await db.get(Item, id)
    row.name = item["name"]
    await db.commit()
    return {"id": row.id, "name": row.name}


@app.delete("/items/{id}")
async def delete(id: int, db: AsyncSession = fastapi.Depends(get_db)):
    await db.delete(await db.get(Item, id))
    await db.commit()
    return {}
'''
MODELS = '''
import datetime
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "fast_items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), index=True)
    tags: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    created: Mapped[datetime.datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
'''
# the environment of the tutorial: one URL, whose asynchronous suffix is stripped for the migrations
ENV = '''
import asyncio
import os
from alembic import context
from sqlalchemy import create_engine, pool
from models import Base

url = os.environ["DATABASE_URL"].replace("+neonodbc_async", "+neonodbc")


def run_migrations_online():
    connectable = create_engine(url, poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata,
            include_name=lambda name, type_, parents: type_ != "table" or name.startswith("fast_"),
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
'''
MAKO = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''


@pytest.mark.parametrize("driver", ["postgresql+neonodbc", "postgresql+neonodbc_async", "neon"])
@pytest.mark.parametrize("mode", ["http", "auto", "websocket"])
def test_a14_migrations_then_the_application(mode, driver, tmp_path, psycopg):
    pytest.importorskip("fastapi")
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    for name, text in [("app.py", APPLICATION), ("models.py", MODELS), ("migrations/env.py", ENV), ("migrations/script.py.mako", MAKO)]:
        (tmp_path / name).write_text(text)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\nprepend_sys_path = .\n")
    (tmp_path / "use.py").write_text(
        "import json, sys\n"
        "from fastapi.testclient import TestClient\n"
        "from app import app, engine\n"
        "with TestClient(app) as c:\n"
        "    out = [c.get('/health').json(), c.post('/items', json={'name': 'a', 'tags': ['x,y', 'z']}).json()]\n"
        "    id = out[1].pop('id'); assert out[1].pop('created').endswith('+00:00')\n"
        "    out += [c.get(f'/items/{id}').json()['tags'], c.put(f'/items/{id}', json={'name': 'b'}).json()['name'],\n"
        "            c.delete(f'/items/{id}').status_code, c.get(f'/items/{id}').status_code]\n"
        "    c.portal.call(engine.dispose)\n"
        "print(json.dumps(out))\n"
    )
    env = {**os.environ, "DATABASE_URL": make_url(mode, driver).render_as_string(hide_password=False), "PYTHONPATH": "."}

    def call(*arguments):
        done = subprocess.run([sys.executable, "-W", "ignore", *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        call("-m", "alembic", "revision", "--autogenerate", "-m", "items", "--rev-id", "f1")
        call("-m", "alembic", "upgrade", "head")
        assert "f1 (head)" in call("-m", "alembic", "current")
        assert json.loads(call("use.py")) == [{"status": "ok"}, {"name": "a", "tags": ["x,y", "z"]}, ["x,y", "z"], "b", 200, 404]
        call("-m", "alembic", "downgrade", "base")
    finally:
        with psycopg.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS fast_items, alembic_version")


@pytest.mark.parametrize("mode", ["http", "auto", "websocket"])
def test_alembic_without_a_transaction(mode, psycopg, metadata):
    """CREATE INDEX CONCURRENTLY in an autocommit block, in the middle of a migration."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with engine_on(mode) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"transactional_ddl": True, "transaction_per_migration": True})
        operations = Operations(context)
        with context.begin_transaction(_per_migration=True):
            operations.create_table("t_alembic", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
            with context.autocommit_block():
                operations.create_index("i_alembic", "t_alembic", ["name"], postgresql_concurrently=True)
            operations.add_column("t_alembic", sa.Column("more", pg.JSONB, server_default="{}"))
    inspector = sa.inspect(psycopg)
    assert [index["name"] for index in inspector.get_indexes("t_alembic")] == ["i_alembic"]
    assert [column["name"] for column in inspector.get_columns("t_alembic")] == ["id", "name", "more"]


# ---- A16: vectors ----------------------------------------------------------------------------------------------------------

# Where the extension is not packaged: a type of the same name, input and output, so that everything on this side is the same.
# (run.sh runs this program once more where it is: NEON_TEST_VECTORS=extension.)
STAND_IN = """
CREATE TYPE vector;
CREATE OR REPLACE FUNCTION vector_in(cstring) RETURNS vector AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
CREATE OR REPLACE FUNCTION vector_out(vector) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
CREATE OR REPLACE FUNCTION vector_typmod_in(cstring[]) RETURNS int AS 'varchartypmodin' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE vector (INPUT = vector_in, OUTPUT = vector_out, TYPMOD_IN = vector_typmod_in, LIKE = text);
CREATE CAST (vector AS text) WITHOUT FUNCTION;
CREATE CAST (varchar AS vector) WITHOUT FUNCTION AS IMPLICIT;
CREATE OR REPLACE FUNCTION vector_cosine(a vector, b vector) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT 1 - sum(x * y) / (sqrt(sum(x * x)) * sqrt(sum(y * y)))
    FROM unnest(string_to_array(trim(both '[]' from a::text), ',')::float8[], string_to_array(trim(both '[]' from b::text), ',')::float8[]) AS t(x, y) $$;
CREATE OPERATOR <=> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_cosine);
"""


@pytest.fixture
def vectors():
    pytest.importorskip("pgvector")
    admin = sa.create_engine(
        sa.make_url(os.environ["NEON_TEST_PG_ADMIN_URL"]).set(drivername="postgresql+psycopg", database=os.environ["NEON_TEST_DATABASE"])
    )
    with admin.begin() as connection:
        real = connection.scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"))
        assert real or os.environ.get("NEON_TEST_VECTORS") != "extension"
        connection.exec_driver_sql("CREATE EXTENSION vector" if real else STAND_IN)
    yield
    with admin.begin() as connection:
        connection.exec_driver_sql("DROP EXTENSION vector CASCADE" if real else "DROP TYPE vector CASCADE")
    admin.dispose()


@ALL
def test_a16_vector_search(mode, vectors, metadata):
    from pgvector.sqlalchemy import Vector

    Base = declarative_base(metadata=metadata)

    class Document(Base):
        __tablename__ = "t_documents"
        id = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
        text = sa.Column(sa.Text)
        embedding = sa.Column(Vector(128))

    def embedding(n):
        return [1.0, n / 10.0] + [0.5] * 126

    async def main():
        async with async_engine_on(mode) as engine:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            async with AsyncSession(engine) as session:
                session.add_all([Document(id=n, text=f"document {n}", embedding=embedding(n)) for n in range(20)])
                await session.commit()
                distance = Document.embedding.cosine_distance(embedding(3)).label("distance")
                found = (await session.execute(sa.select(Document, distance).order_by(distance).limit(5))).all()
                assert list(found[0][0].embedding) == pytest.approx(embedding(3))
                plain = await session.execute(
                    sa.text("SELECT id, 1 - (embedding <=> CAST(:q AS vector)) AS score FROM t_documents ORDER BY embedding <=> CAST(:q AS vector) LIMIT 5"),
                    {"q": str(embedding(3))},
                )
                return [row[0].id for row in found], [row[1] for row in found], [row.id for row in plain]

    ids, distances, plain = run(main())
    assert ids[0] == 3 and ids == plain and len(ids) == 5 and distances == sorted(distances)


# ---- loading of relationships ------------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    pass


tagged = sa.Table(
    "r_tagged", Base.metadata, sa.Column("post_id", sa.ForeignKey("r_posts.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("r_tags.id"), primary_key=True),
)


class Author(Base):
    __tablename__ = "r_authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list["Post"]] = relationship(back_populates="author", order_by="Post.id", cascade="all, delete-orphan")


class Post(Base):
    __tablename__ = "r_posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("r_authors.id"))
    title: Mapped[str]
    author: Mapped[Author] = relationship(back_populates="posts")
    tags: Mapped[list["Tag"]] = relationship(secondary=tagged, order_by="Tag.name")


class Tag(Base):
    __tablename__ = "r_tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


@pytest.fixture
def authors(psycopg):
    Base.metadata.drop_all(psycopg)
    Base.metadata.create_all(psycopg)
    with Session(psycopg) as session:
        tags = [Tag(name=name) for name in ("a", "b", "c")]
        session.add_all(Author(name=f"author {n}", posts=[Post(title=f"{n}.{m}", tags=tags[:m]) for m in range(3)]) for n in range(3))
        session.commit()
    yield
    Base.metadata.drop_all(psycopg)


EXPECTED = [(f"author {n}", [(f"{n}.{m}", ["a", "b", "c"][:m]) for m in range(3)]) for n in range(3)]


def shape(authors):
    return [(author.name, [(post.title, [tag.name for tag in post.tags]) for post in author.posts]) for author in authors]


@ALL
@pytest.mark.parametrize("load", [joinedload, selectinload, subqueryload], ids=lambda load: load.__name__)
def test_eager_loading(mode, load, authors):
    statement = sa.select(Author).order_by(Author.id).options(load(Author.posts).options(load(Post.tags), raiseload(Post.author)))
    with engine_on(mode) as engine, Session(engine) as session:
        assert shape(session.scalars(statement).unique().all()) == EXPECTED

    async def main():
        async with async_engine_on(mode) as engine, AsyncSession(engine) as session:
            return shape((await session.scalars(statement)).unique().all())

    assert run(main()) == EXPECTED


@ALL
def test_lazy_loading_and_cascades(mode, authors, psycopg):
    with engine_on(mode) as engine, Session(engine) as session:
        author = session.scalars(sa.select(Author).order_by(Author.id)).first()
        assert shape([author]) == EXPECTED[:1]
        session.delete(author)
        session.commit()
    with psycopg.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM r_posts")) == 6
