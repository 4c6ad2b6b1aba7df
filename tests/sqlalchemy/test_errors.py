"""Exceptions: PEP 249's classes as psycopg chooses them, SQLSTATEs at hand, disconnects told from failures."""

import pytest
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql as pg

from conftest import engine_on
from sqlalchemy_neon_odbc import errors, sqlstate

FAILING = [
    "SELECT 1/0",
    "SELECT * FROM no_such_table",
    "SELEC 1",
    "INSERT INTO customers (id, name) VALUES (1, 'x')",
    "INSERT INTO customers (name) VALUES (NULL)",
    "INSERT INTO orders (customer_id, ordered_on) VALUES (-1, '2024-01-01')",
    "INSERT INTO products (sku, name, price) VALUES ('x', 'x', -1)",
    "SELECT 'x'::int",
    "DO $$ BEGIN RAISE EXCEPTION 'mine'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = '55P03'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$",
    "SELECT set_config('no.such', NULL, true), current_setting('no.such.thing')",
]


@pytest.mark.parametrize("statement", FAILING)
def test_the_class_is_psycopgs(statement, psycopg):
    with psycopg.connect() as connection, pytest.raises(exc.DBAPIError) as reference:
        connection.exec_driver_sql(statement)
    with engine_on("autocommit") as engine, engine.connect() as connection, pytest.raises(exc.DBAPIError) as ours:
        connection.exec_driver_sql(statement)
    assert type(ours.value) is type(reference.value)
    assert sqlstate(ours.value) == reference.value.orig.sqlstate == sqlstate(ours.value.orig)


def test_detail_and_hint_are_in_the_message():
    with engine_on("autocommit") as engine, engine.connect() as connection:
        with pytest.raises(exc.IntegrityError, match=r"DETAIL: Key \(id\)=\(1\) already exists"):
            connection.exec_driver_sql("INSERT INTO customers (id, name) VALUES (1, 'x')")


def test_the_table_of_classes_against_psycopgs():
    import psycopg.errors as reference

    for prefix, name in errors.CLASSES:
        if len(prefix) == 2 and prefix not in ("HY", "IM"):
            assert reference.get_base_exception(prefix + "000").__name__ == name, prefix


@pytest.mark.parametrize(
    "state, gone",
    [("08S01", True), ("08001", True), ("HYT01", True), ("57P01", True), ("HYT00", False), ("40001", False), ("57014", False)],
)
def test_disconnects(state, gone):
    import pyodbc

    assert errors.is_disconnect(pyodbc.OperationalError(state, "x")) is gone
