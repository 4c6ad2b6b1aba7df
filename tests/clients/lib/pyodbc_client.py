"""pyodbc through the driver. Prints TAP; called by pyodbc.sh."""

import datetime
import decimal
import os
import uuid

import pyodbc

from tap import case, check, done, fails

TEXT = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline"
ROW = (
    1,
    TEXT,
    decimal.Decimal("-12345.67"),
    2.5,
    datetime.date(2024, 2, 29),
    datetime.datetime(2024, 2, 29, 23, 59, 59, 123456),
    datetime.time(4, 5, 6),
    True,
    b"\x00\xff\\x",
    2**62,
    uuid.UUID("6f1ed002-ab5d-4a4a-9f0e-0123456789ab"),
)
COLUMNS = "id, name, amount, ratio, day, at, clock, flag, data, big, guid"

db = pyodbc.connect("DSN=" + os.environ["CLIENT_DSN"], autocommit=True)
cursor = db.cursor()
check("connected to PostgreSQL", db.getinfo(pyodbc.SQL_DBMS_NAME), "PostgreSQL")
cursor.execute("drop table if exists client_pyodbc")
cursor.execute(
    "create table client_pyodbc (id integer primary key, name text, amount numeric(12,2), ratio double precision,"
    " day date, at timestamp, clock time, flag boolean, data bytea, big bigint, guid uuid)"
)
marks = ", ".join("?" * len(ROW))
check("insert with parameters", cursor.execute(f"insert into client_pyodbc values ({marks})", ROW).rowcount, 1)
nulls = (2,) + (None,) * (len(ROW) - 1)
check("insert of NULLs", cursor.execute(f"insert into client_pyodbc values ({marks})", nulls).rowcount, 1)
row = cursor.execute(f"select {COLUMNS} from client_pyodbc where id = ?", 1).fetchone()
for name, got, wanted in zip(COLUMNS.split(", "), row, ROW):
    if name == "guid":
        got = uuid.UUID(str(got))
    check(f"{name} comes back as it went", (type(got), got), (type(wanted), wanted))
check("NULLs come back", tuple(cursor.execute("select * from client_pyodbc where id = 2").fetchone()), nulls)
check(
    "types of the columns",
    [column[1] for column in cursor.description],
    [int, str, decimal.Decimal, float, datetime.date, datetime.datetime, datetime.time, bool, bytearray, int, str],
)

long_text = "ü" * 100_000
cursor.execute("update client_pyodbc set name = ?, data = ? where id = 2", long_text, b"\x00\x01" * 100_000)
name, data = cursor.execute("select name, data from client_pyodbc where id = 2").fetchone()
check("long values", (name == long_text, data == b"\x00\x01" * 100_000), (True, True))

many = [(i, f"ñ{i}", decimal.Decimal(i) / 4, i / 8) for i in range(100, 1100)]
cursor.executemany("insert into client_pyodbc (id, name, amount, ratio) values (?, ?, ?, ?)", many[:50])
cursor.fast_executemany = True
cursor.executemany("insert into client_pyodbc (id, name, amount, ratio) values (?, ?, ?, ?)", many[50:])
cursor.fast_executemany = False
found = cursor.execute("select id, name, amount, ratio from client_pyodbc where id >= 100 order by id").fetchall()
check("executemany, slow and fast", [tuple(row) for row in found] == many, True)

writer = pyodbc.connect("DSN=" + os.environ["CLIENT_DSN"], autocommit=False)
count = "select count(*) from client_pyodbc where id between 10 and 19"
writer.execute("insert into client_pyodbc (id, name) values (10, 'rolled back')")
check("a transaction sees its own rows", writer.execute(count).fetchval(), 1)
check("and others do not", cursor.execute(count).fetchval(), 0)
writer.rollback()
check("rollback", cursor.execute(count).fetchval(), 0)
writer.execute("insert into client_pyodbc (id, name) values (?, ?)", 11, "kept")
writer.commit()
check("commit", cursor.execute(count).fetchval(), 1)
writer.close()

check("tables", [row.table_name for row in cursor.tables(table="client_pyodbc")], ["client_pyodbc"])
check("columns", [row.column_name for row in cursor.columns(table="client_pyodbc")], COLUMNS.split(", "))
check("primary key", [row.column_name for row in cursor.primaryKeys("client_pyodbc")], ["id"])
check("statistics", "client_pyodbc_pkey" in [row.index_name for row in cursor.statistics("client_pyodbc")], True)
cursor.execute("create or replace procedure client_pyodbc_put(a integer, inout b text default 'x') language sql as 'select b'")
check("procedures", [(row.procedure_name, row.procedure_type) for row in cursor.procedures("client_pyodbc_put")], [("client_pyodbc_put", 1)])
parameters = [(row.column_name, row.column_type) for row in cursor.procedureColumns("client_pyodbc_put")]
check("parameters of a procedure", parameters, [("a", 1), ("b", 2)])
cursor.execute("drop procedure client_pyodbc_put")
check("the columns that identify a row", [row.column_name for row in cursor.rowIdColumns("client_pyodbc")], ["id"])
check("the column that changes with a row", [row.column_name for row in cursor.rowVerColumns("client_pyodbc")], ["xmin"])
known = {(row.type_name, row.data_type) for row in cursor.getTypeInfo()}
unknown = [row.type_name for row in cursor.columns(table="client_pyodbc") if (row.type_name, row.data_type) not in known]
check("types of columns are among the types", unknown, [])
foreign = [(row.pktable_name, row.fkcolumn_name) for row in cursor.foreignKeys(foreignTable="orders")]
check("foreign keys", foreign, [("customers", "customer_id")])

fails("a table that is not there", "42S02", pyodbc.ProgrammingError, lambda: cursor.execute("select * from no_such_table"))
fails("a second row with the key", "23505", pyodbc.IntegrityError, lambda: cursor.execute("insert into client_pyodbc (id) values (1)"))
fails("a wrong password", "28000", pyodbc.InterfaceError, lambda: pyodbc.connect("DSN=neon;PWD=wrong"))
check("several results", (cursor.execute("select 1; select 2").fetchval(), cursor.nextset(), cursor.fetchval()), (1, True, 2))
# (timeout is that of the connection and of new cursors: whichever is noticed first ends the statement)
db.timeout = 1
try:
    db.cursor().execute("select pg_sleep(60)")
    case("a query timeout", False)
except pyodbc.OperationalError as error:
    case("a query timeout", error.args[0] in ("HYT00", "HYT01"), error)
db.timeout = 0
cursor.execute("drop table client_pyodbc")
done()
