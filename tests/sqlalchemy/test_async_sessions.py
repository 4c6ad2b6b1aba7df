"""What the live tests of the replaced asynchronous engine did, through AsyncSession: CRUD, filters, aggregates, relationships,
types, loader options, queries side by side, large JSON and many parameters (programs A19)."""

import asyncio
import datetime as dt
import decimal
import json
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship, selectinload, subqueryload

from conftest import MODES, async_engine_on, run

D = decimal.Decimal


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "as_customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    email: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    balance: Mapped[D] = mapped_column(sa.Numeric(12, 2), default=D(0))
    born: Mapped[dt.date | None]
    created: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())
    token: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    data: Mapped[dict | None] = mapped_column(pg.JSONB)
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", cascade="all, delete-orphan", order_by="Order.id")


class Order(Base):
    __tablename__ = "as_orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("as_customers.id"))
    total: Mapped[D] = mapped_column(sa.Numeric(10, 2))
    customer: Mapped[Customer] = relationship(back_populates="orders")


def five():
    return [
        Customer(
            name=f"name {n}", email=f"{n}@x", age=20 + n if n else None, active=n % 2 == 0, balance=D(n) * D("10.50"),
            born=dt.date(2000, 1, 1 + n), data={"n": n, "tags": ["a", "é"][: n % 3], "deep": {"x": [n, None]}},
            orders=[Order(total=D(m) + D("0.25")) for m in range(n)],
        )
        for n in range(5)
    ]


async def names(session, *conditions):
    return (await session.scalars(sa.select(Customer.name).where(*conditions).order_by(Customer.id))).all()


async def scalar(session, statement):
    return (await session.execute(statement)).scalar()


async def get_by_key(s):
    first = (await s.scalars(sa.select(Customer).order_by(Customer.id))).first()
    assert (await s.get(Customer, first.id)) is first and await s.get(Customer, -1) is None


async def one_or_none(s):
    assert (await s.execute(sa.select(Customer).where(Customer.email == "1@x"))).scalar_one_or_none().name == "name 1"
    assert (await s.execute(sa.select(Customer).where(Customer.email == "none"))).scalar_one_or_none() is None
    with pytest.raises(sa.exc.MultipleResultsFound):
        (await s.execute(sa.select(Customer))).scalar_one()


async def add_one(s):
    row = Customer(name="new", email="new@x")
    s.add(row)
    await s.commit()
    await s.refresh(row)
    assert row.id and row.active is True and row.balance == 0 and row.created.tzinfo and row.data is None


async def add_many_and_keys(s):
    rows = [Customer(name=f"m{n}", email=f"m{n}") for n in range(30)]
    s.add_all(rows)
    await s.commit()
    found = dict((await s.execute(sa.select(Customer.name, Customer.id).where(Customer.name.like("m%")))).all())
    for row in rows:
        await s.refresh(row)
        assert found[row.name] == row.id


async def update_attribute(s):
    row = (await s.scalars(sa.select(Customer).where(Customer.email == "2@x"))).one()
    row.name, row.balance = "changed", D("99.99")
    await s.commit()
    assert (await s.execute(sa.select(Customer.name, Customer.balance).where(Customer.id == row.id))).one() == ("changed", D("99.99"))


async def update_statement(s):
    result = await s.execute(sa.update(Customer).where(Customer.age > 22).values(age=Customer.age + 1))
    assert result.rowcount == 2
    await s.commit()
    assert (await s.scalars(sa.select(Customer.age).where(Customer.age > 22).order_by(Customer.age))).all() == [24, 25]


async def delete_object(s):
    await s.delete((await s.scalars(sa.select(Customer).where(Customer.email == "3@x").options(selectinload(Customer.orders)))).one())
    await s.commit()
    assert "name 3" not in await names(s) and await scalar(s, sa.select(sa.func.count(Order.id))) == 7


async def delete_all(s):
    await s.execute(sa.delete(Order))
    result = await s.execute(sa.delete(Customer))
    assert result.rowcount == 5
    await s.commit()
    assert await names(s) == []


async def core_insert(s):
    await s.execute(sa.insert(Customer), [{"name": f"c{n}", "email": f"c{n}"} for n in range(3)])
    await s.commit()
    assert await names(s, Customer.name.startswith("c")) == ["c0", "c1", "c2"]


async def upsert(s):
    statement = pg.insert(Customer).values(name="again", email="1@x").on_conflict_do_update(index_elements=["email"], set_={"name": "again"})
    await s.execute(statement)
    await s.commit()
    assert await names(s, Customer.email == "1@x") == ["again"]


async def filters(s):
    assert await names(s, Customer.age > 22) == ["name 3", "name 4"]
    assert await names(s, Customer.age.is_(None)) == ["name 0"]
    assert await names(s, Customer.age.between(21, 22)) == ["name 1", "name 2"]
    assert await names(s, Customer.name.in_(["name 1", "name 4", "x"])) == ["name 1", "name 4"]
    assert await names(s, Customer.name.in_([])) == []
    assert await names(s, Customer.name.not_in(["name 1"]), Customer.active) == ["name 0", "name 2", "name 4"]
    assert await names(s, Customer.name.ilike("NAME%3")) == ["name 3"]
    assert await names(s, sa.or_(Customer.age == 21, Customer.born == dt.date(2000, 1, 5))) == ["name 1", "name 4"]
    assert await names(s, ~Customer.active) == ["name 1", "name 3"]
    assert await names(s, Customer.orders.any(Order.total > 2)) == ["name 3", "name 4"]


async def order_limit_offset(s):
    statement = sa.select(Customer.name).order_by(Customer.age.desc().nulls_last()).limit(2).offset(1)
    assert (await s.scalars(statement)).all() == ["name 3", "name 2"]


async def aggregates(s):
    row = (await s.execute(sa.select(sa.func.count(), sa.func.sum(Customer.age), sa.func.avg(Customer.age), sa.func.max(Customer.balance)).select_from(Customer))).one()
    assert tuple(row) == (5, 90, D("22.5"), D("42.00"))
    grouped = await s.execute(sa.select(Customer.active, sa.func.count()).group_by(Customer.active).having(sa.func.count() > 2))
    assert grouped.all() == [(True, 3)]


async def joins(s):
    statement = sa.select(Customer.name, sa.func.sum(Order.total)).join(Order).group_by(Customer.id).order_by(Customer.id)
    assert (await s.execute(statement)).all() == [("name 1", D("0.25")), ("name 2", D("1.50")), ("name 3", D("3.75")), ("name 4", D("7.00"))]
    outer = sa.select(Customer.name).outerjoin(Order).where(Order.id.is_(None))
    assert (await s.scalars(outer)).all() == ["name 0"]


async def subqueries_and_ctes(s):
    big = sa.select(Order.customer_id).where(Order.total > 3).scalar_subquery()
    assert await names(s, Customer.id.in_(big)) == ["name 4"]
    tree = sa.select(sa.literal(1).label("n")).cte("t", recursive=True)
    tree = tree.union_all(sa.select(tree.c.n + 1).where(tree.c.n < 5))
    assert (await s.scalars(sa.select(tree.c.n))).all() == [1, 2, 3, 4, 5]


async def windows_and_unions(s):
    rank = sa.func.row_number().over(order_by=Customer.age.desc().nulls_last())
    assert (await s.execute(sa.select(Customer.name, rank).order_by(rank))).first() == ("name 4", 1)
    both = sa.union_all(sa.select(Customer.name).where(Customer.age == 21), sa.select(sa.literal("x")))
    assert sorted((await s.scalars(both)).all()) == ["name 1", "x"]


async def relationship_add(s):
    customer = (await s.scalars(sa.select(Customer).where(Customer.email == "0@x").options(selectinload(Customer.orders)))).one()
    customer.orders.append(Order(total=D("5.00")))
    await s.commit()
    assert await scalar(s, sa.select(sa.func.count()).where(Order.customer_id == customer.id)) == 1


async def relationship_remove(s):
    customer = (await s.scalars(sa.select(Customer).where(Customer.email == "4@x").options(selectinload(Customer.orders)))).one()
    del customer.orders[1:]
    await s.commit()
    assert await scalar(s, sa.select(sa.func.count()).where(Order.customer_id == customer.id)) == 1


async def many_to_one(s):
    order = (await s.scalars(sa.select(Order).order_by(Order.id).options(joinedload(Order.customer)))).first()
    assert order.customer.name == "name 1"


async def awaitable_attribute(s):
    customer = (await s.scalars(sa.select(Customer).where(Customer.email == "2@x"))).one()
    assert len(await s.run_sync(lambda _: customer.orders)) == 2


async def unique_violation(s):
    s.add(Customer(name="x", email="1@x"))
    with pytest.raises(sa.exc.IntegrityError):
        await s.commit()
    await s.rollback()
    assert await scalar(s, sa.select(sa.func.count(Customer.id))) == 5


async def commit_is_seen_by_others(s):
    s.add(Customer(name="x", email="x"))
    await s.commit()
    async with AsyncSession(s.bind) as other:
        assert await names(other, Customer.email == "x") == ["x"]


async def rollback(s):
    s.add(Customer(id=999, name="x", email="x"))
    await s.flush()
    await s.rollback()
    assert await names(s, Customer.email == "x") == []


async def savepoint(s):
    s.add(Customer(id=901, name="outer", email="outer"))
    await s.flush()
    with pytest.raises(sa.exc.IntegrityError):
        async with s.begin_nested():
            s.add(Customer(id=902, name="inner", email="outer"))
            await s.flush()
    async with s.begin_nested():
        s.add(Customer(id=903, name="second", email="second"))
    await s.commit()
    assert await names(s, Customer.id > 900) == ["outer", "second"]


async def json_operators(s):
    assert await names(s, Customer.data["n"].as_integer() == 3) == ["name 3"]
    assert await names(s, Customer.data.contains({"tags": ["é"]})) == ["name 2"]
    assert await names(s, Customer.data.has_key("none")) == []
    assert await names(s, Customer.data["deep"]["x"][0].as_string() == "4") == ["name 4"]
    assert (await s.scalars(sa.select(Customer.data).where(Customer.age == 22))).one() == {"n": 2, "tags": ["a", "é"], "deep": {"x": [2, None]}}


async def json_update(s):
    row = (await s.scalars(sa.select(Customer).where(Customer.email == "1@x"))).one()
    row.data = {**row.data, "new": [1.5, True, None, "☕"]}
    await s.commit()
    assert (await s.scalars(sa.select(Customer.data["new"]).where(Customer.id == row.id))).one() == [1.5, True, None, "☕"]


async def json_null_and_sql_null(s):
    s.add(Customer(id=950, name="j", email="j", data=sa.JSON.NULL))
    await s.commit()
    assert await scalar(s, sa.select(sa.func.jsonb_typeof(Customer.data)).where(Customer.id == 950)) == "null"
    assert await names(s, Customer.data.is_(None)) == []


async def numeric(s):
    total = await scalar(s, sa.select(sa.func.sum(Customer.balance)))
    assert total == D("105.00") and isinstance(total, D)
    assert await names(s, Customer.balance == D("31.50")) == ["name 3"]


async def dates(s):
    assert await names(s, Customer.born >= dt.date(2000, 1, 4)) == ["name 3", "name 4"]
    assert await scalar(s, sa.select(sa.func.extract("day", sa.func.max(Customer.born)))) == 5
    age = await scalar(s, sa.select(sa.func.now() - sa.func.min(Customer.created)))
    assert isinstance(age, dt.timedelta)


async def uuids(s):
    row = (await s.scalars(sa.select(Customer).where(Customer.email == "1@x"))).one()
    assert isinstance(row.token, uuid.UUID)
    assert await names(s, Customer.token == row.token) == ["name 1"]


async def expressions(s):
    label = sa.case((Customer.age > 22, "old"), (Customer.age.is_(None), "unknown"), else_="young").label("label")
    assert (await s.scalars(sa.select(label).order_by(Customer.id))).all() == ["unknown", "young", "young", "old", "old"]
    statement = sa.select(sa.func.coalesce(sa.cast(Customer.age, sa.Text), "?"), sa.func.upper(Customer.name) + "!").order_by(Customer.id)
    assert (await s.execute(statement)).first() == ("?", "NAME 0!")


async def distinct_exists_tuples(s):
    assert (await s.scalars(sa.select(Customer.active).distinct().order_by(Customer.active))).all() == [False, True]
    assert await scalar(s, sa.select(sa.exists().where(Customer.age == 21))) is True
    assert await names(s, sa.tuple_(Customer.age, Customer.active).in_([(21, False), (22, False)])) == ["name 1"]


async def rows_and_mappings(s):
    row = (await s.execute(sa.select(Customer.id, Customer.name.label("n")).where(Customer.age == 21))).mappings().one()
    assert row["n"] == "name 1" and set(row) == {"id", "n"}
    twice = (await s.execute(sa.text("SELECT 1 AS a, 2 AS a"))).one()
    assert tuple(twice) == (1, 2)


async def text_parameters(s):
    assert await scalar(s, sa.text("SELECT count(*) FROM as_customers WHERE name = :name OR age = :age").bindparams(name="name 1", age=22)) == 2


async def partitions_and_stream(s):
    result = await s.stream(sa.select(sa.func.generate_series(1, 25)))
    assert [len(part) async for part in result.scalars().partitions(10)] == [10, 10, 5]


async def delete_statement_with_returning(s):
    if s.bind.dialect.delete_returning:
        assert sorted((await s.scalars(sa.delete(Order).where(Order.total > 2).returning(Order.total))).all()) == [D("2.25"), D("2.25"), D("3.25")]
    else:
        with pytest.raises(sa.exc.DBAPIError, match="HYC00"):
            await s.execute(sa.delete(Order).where(Order.total > 2).returning(Order.total))
        await s.rollback()
        assert await scalar(s, sa.select(sa.func.count(Order.id))) == 10


async def bulk_update_by_key(s):
    rows = (await s.execute(sa.select(Customer.id).order_by(Customer.id))).scalars().all()
    await s.execute(sa.update(Customer), [{"id": key, "name": f"bulk {key}"} for key in rows])
    await s.commit()
    assert await names(s) == [f"bulk {key}" for key in rows]


async def merge_and_expunge(s):
    row = (await s.scalars(sa.select(Customer).where(Customer.email == "1@x").options(selectinload(Customer.orders)))).one()
    s.expunge(row)
    row.name = "merged"
    await s.merge(row)
    await s.commit()
    assert await names(s, Customer.email == "1@x") == ["merged"]


BASICS = [value for name, value in list(globals().items()) if asyncio.iscoroutinefunction(value) and name not in ("names", "scalar", "async_engine_on")]
NEEDS_TRANSACTION = {rollback, savepoint}


@pytest.fixture(scope="module")
def tables():
    import os

    engine = sa.create_engine(sa.make_url(os.environ["NEON_TEST_PG_URL"]).set(drivername="postgresql+psycopg"))
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def rows(tables):
    with tables.begin() as connection:
        connection.exec_driver_sql("TRUNCATE as_customers, as_orders RESTART IDENTITY")
    from sqlalchemy.orm import Session

    with Session(tables) as session:
        session.add_all(five())
        session.commit()


def test_there_are_as_many_as_there_were():
    assert len(BASICS) >= 37


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("program", BASICS, ids=lambda program: program.__name__)
def test_basics(program, mode, rows):
    if mode == "autocommit" and program in NEEDS_TRANSACTION:
        pytest.skip("needs a transaction")

    async def main():
        async with async_engine_on(mode) as engine, AsyncSession(engine, expire_on_commit=False) as session:
            await program(session)

    run(main())


@pytest.mark.parametrize("mode", MODES)
def test_loader_options(mode, rows):
    async def main():
        async with async_engine_on(mode) as engine, AsyncSession(engine) as session:
            for load in (selectinload, joinedload, subqueryload):
                statement = sa.select(Customer).options(load(Customer.orders)).order_by(Customer.id)
                found = (await session.scalars(statement)).unique().all()
                assert [len(customer.orders) for customer in found] == [0, 1, 2, 3, 4]
                session.expunge_all()

    run(main())


# ---- large JSON, many parameters ---------------------------------------------------------------------------------------------


def deep(levels):
    value = "bottom"
    for n in range(levels):
        value = {"level": n, "inner": [value]}
    return value


LOADS = {
    "large object": {"items": [{"id": n, "text": "x" * 50, "é": "☕" * 10} for n in range(5000)]},
    "one long text": {"text": "a\"\\\n\u2028☕" * 100_000},
    "deep nesting": deep(200),
    "many keys": {f"key {n}": n for n in range(20_000)},
    "many numbers": [n / 7 for n in range(50_000)],
    "mixed": [None, True, False, 0, -1, 1.5, 1e15, "", "x", [], {}, [[]], {"": {}}, "\u0001\x7f", 2**53],
}


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
@pytest.mark.parametrize("name", LOADS)
def test_json_load(name, mode, rows):
    async def main():
        async with async_engine_on(mode) as engine, AsyncSession(engine) as session:
            session.add(Customer(id=960, name="big", email="big", data={"value": LOADS[name]}))
            await session.commit()
            return (await session.scalars(sa.select(Customer.data).where(Customer.id == 960))).one()

    assert run(main()) == {"value": LOADS[name]}


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
@pytest.mark.parametrize("count", [1000, 32767])
def test_many_parameters(count, mode):
    async def main():
        async with async_engine_on(mode) as engine, engine.connect() as connection:
            values = sa.select(sa.func.sum(sa.column("v"))).select_from(
                sa.text("unnest(ARRAY[" + ",".join(f":p{n}" for n in range(count)) + "]::int[]) AS v")
            )
            return await connection.scalar(sa.text(str(values)), {f"p{n}": n for n in range(count)})

    assert run(main()) == sum(range(count))


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
def test_more_parameters_than_there_can_be(mode):
    async def main():
        async with async_engine_on(mode) as engine, engine.connect() as connection:
            await connection.execute(sa.select(sa.literal(1).in_(range(70_000))))

    with pytest.raises(sa.exc.DBAPIError, match="54000.*parameters"):
        run(main())


@pytest.mark.parametrize("mode", ["autocommit", "http", "websocket"])
def test_many_rows_with_much_text(mode, rows):
    """More than one request may carry: split by size, not only by count."""
    texts = ["%d" % n + "ü☕" * 4000 for n in range(400)]

    async def main():
        async with async_engine_on(mode) as engine:
            async with engine.begin() as connection:
                await connection.execute(sa.insert(Customer), [{"name": "t", "email": text, "data": {"json": text}} for text in texts[:150]])
            async with AsyncSession(engine) as session:
                return json.dumps(sorted((await session.scalars(sa.select(Customer.email).where(Customer.name == "t"))).all()))

    if mode == "http":  # one transaction is one request there
        with pytest.raises(sa.exc.OperationalError, match="54000"):
            run(main())
    else:
        assert json.loads(run(main())) == sorted(texts[:150])
