"""Qt 5's QODBC through the driver. Prints TAP; called by qt_qodbc.sh."""

import os

from PyQt5.QtCore import QByteArray, QCoreApplication, QDate, QDateTime, QTime, QVariant
from PyQt5.QtSql import QSql, QSqlDatabase, QSqlQuery, QSqlTableModel

from tap import case, check, done

TEXT = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline"
app = QCoreApplication([])
db = QSqlDatabase.addDatabase("QODBC", "first")
db.setDatabaseName(os.environ["CLIENT_DSN"])
case("connected", db.open(), db.lastError().text())


def run(sql, *values, forward=False):
    query = QSqlQuery(db)
    query.setForwardOnly(forward)
    if not query.prepare(sql):
        return query
    for value in values:
        query.addBindValue(value, QSql.In | QSql.Binary if isinstance(value, QByteArray) else QSql.In)
    query.exec_()
    return query


def rows(query):
    found = []
    while query.next():
        found.append([query.value(i) for i in range(query.record().count())])
    return found


def number(sql):
    return rows(run(sql))[0][0]


run("drop table if exists client_qt")
made = run(
    "create table client_qt (id integer primary key, name text, amount numeric(12,2), ratio double precision, day date,"
    " at timestamp, clock time, flag boolean, data bytea, big bigint)"
)
case("create table", not made.lastError().isValid(), made.lastError().text())
row = [1, TEXT, "-12345.67", 2.5, QDate(2024, 2, 29), QDateTime(QDate(2024, 2, 29), QTime(23, 59, 59, 123)), QTime(4, 5, 6), True]
row += [QByteArray(b"\x00\xff\\x"), 2**62]
insert = run("insert into client_qt values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
case("insert with parameters", insert.numRowsAffected() == 1, insert.lastError().text())
nulls = run("insert into client_qt (id, name, amount, day) values (2, ?, ?, ?)", QVariant(QVariant.String), QVariant(QVariant.Double), QVariant(QVariant.Date))
case("insert of NULLs", not nulls.lastError().isValid(), nulls.lastError().text())
for forward in (False, True):
    query = run("select id, name, ratio, day, at, clock, flag, data, big from client_qt order by id", forward=forward)
    got = rows(query)
    wanted = [row[i] for i in (0, 1, 3, 4, 5, 6, 7, 8, 9)]
    check(f"the row comes back, forward only {forward}", got and got[0], wanted)
query = run("select amount, name, day from client_qt order by id")
query.setNumericalPrecisionPolicy(QSql.HighPrecision)
query.next()
check("numeric as text", str(query.value(0)), "-12345.67")
query.next()
check("NULLs come back", [query.isNull(i) for i in range(3)], [True, True, True])
query = run("select n from generate_series(1, 20) n order by n")
check("scrolling", [(query.last(), query.value(0)), (query.seek(6), query.value(0)), (query.previous(), query.value(0)), (query.first(), query.value(0))],
      [(True, 20), (True, 7), (True, 6), (True, 1)])

model = QSqlTableModel(None, db)
model.setTable("client_qt")
model.setEditStrategy(QSqlTableModel.OnManualSubmit)
model.setSort(0, 0)
model.select()
check("a table model has the rows", model.rowCount(), 2)
model.setData(model.index(1, 1), "edited in a model")
case("and edits them", model.submitAll(), model.lastError().text())
check("the edit is there", number("select name from client_qt where id = 2"), "edited in a model")

count = "select count(*)::int from client_qt where id between 10 and 19"
case("begin", db.transaction(), db.lastError().text())
run("insert into client_qt (id) values (10)")
check("a transaction sees its own rows", number(count), 1)
db.rollback()
check("rollback", number(count), 0)
db.transaction()
run("insert into client_qt (id, name) values (?, ?)", 11, "kept")
case("commit", db.commit(), db.lastError().text())
check("and its row", number(count), 1)

check("tables", [name.split(".")[-1] for name in db.tables(QSql.Tables) if name.endswith("client_qt")], ["client_qt"])
record = db.record("client_qt")
check("columns", [record.fieldName(i) for i in range(record.count())], "id name amount ratio day at clock flag data big".split())
check("types of the columns", [record.field(i).type() for i in range(4)], [QVariant.Int, QVariant.String, QVariant.Double, QVariant.Double])
key = db.primaryIndex("client_qt")
check("primary key", [key.fieldName(i) for i in range(key.count())], ["id"])
error = run("select * from no_such_table").lastError()
check("a table that is not there", "no_such_table" in error.databaseText(), True)
error = run("insert into client_qt (id) values (1)").lastError()
check("a second row with the key", "client_qt_pkey" in error.databaseText(), True)
wrong = QSqlDatabase.addDatabase("QODBC", "second")
wrong.setDatabaseName(os.environ["CLIENT_DSN"])
check("a wrong password", (wrong.open("app", "wrong"), "password" in wrong.lastError().databaseText()), (False, True))
run("drop table client_qt")
done()
