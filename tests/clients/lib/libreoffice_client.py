"""LibreOffice through the driver, over UNO. Prints TAP; called by libreoffice.sh with the pipe's name, a folder and the process."""

import os
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.util import Date, DateTime

from tap import case, check, done

PIPE, FOLDER, OFFICE = sys.argv[1:4]
TABLE, QUERY, COMMAND = 0, 1, 2  # com.sun.star.sdb.CommandType


def connect_to_office():
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    end = time.monotonic() + 400  # the first start makes a profile, on a busy machine that takes its time
    while time.monotonic() < end and os.path.exists(f"/proc/{OFFICE}"):
        try:
            return resolver.resolve(f"uno:pipe,name={PIPE};urp;StarOffice.ComponentContext")
        except Exception:  # pylint: disable=broad-except
            time.sleep(0.1)
    sys.exit("LibreOffice did not start")


def prop(name, value):
    return PropertyValue(Name=name, Value=value)


def rows(result, columns):
    found = []
    while result.next():
        found.append(tuple(result.getString(i + 1) for i in range(columns)))
    return found


office = connect_to_office()
create = lambda service: office.ServiceManager.createInstanceWithContext(service, office)  # noqa: E731

# A database document, as Base's wizard makes it: "Connect to an existing database", ODBC, the data source.
context = create("com.sun.star.sdb.DatabaseContext")
source = context.createInstance()
source.URL = "sdbc:odbc:" + os.environ["CLIENT_DSN"]
source.Info = (prop("CharSet", "UTF-8"),)
document = uno.systemPathToFileUrl(os.path.join(FOLDER, "neon.odb"))
source.DatabaseDocument.storeAsURL(document, ())
context.registerDatabaseLocation("neon", document)
db = context.getByName("neon").getConnection("", "")
check("connected", db.MetaData.DatabaseProductName, "PostgreSQL")
names = db.Tables.ElementNames
case("tables are listed", all(name in names for name in ("shop.public.client_libreoffice", "shop.public.customers", "shop.public.order_totals")), names)
columns = db.Tables.getByName("shop.public.client_libreoffice").Columns
check("columns of a table", columns.ElementNames, ("id", "name", "amount", "day", "at", "flag", "note"))
keys = db.Tables.getByName("shop.public.client_libreoffice").Keys
check("primary key", [keys.getByIndex(i).Columns.ElementNames for i in range(keys.Count)], [("id",)])

statement = db.createStatement()
result = statement.executeQuery("select name, amount, day from client_libreoffice where id = 1")
check("a query", rows(result, 3), [("Zoë, Ναταλία, 山田", "-12345.67", "2024-02-29")])
statement.close()
prepared = db.prepareStatement("insert into client_libreoffice (id, name, amount, day, at) values (?, ?, ?, ?, ?)")
prepared.setInt(1, 4)
prepared.setString(2, "Łukasz")
prepared.setDouble(3, 2.5)
prepared.setDate(4, Date(29, 2, 2024))
prepared.setTimestamp(5, DateTime(0, 59, 59, 23, 29, 2, 2024, False))
check("insert with parameters", prepared.executeUpdate(), 1)
prepared.close()


def row_set(kind, command):
    found = create("com.sun.star.sdb.RowSet")
    found.DataSourceName = "neon"
    found.CommandType = kind
    found.Command = command
    found.FetchSize = 10
    found.execute()
    return found


# The data view of a table: a row set whose rows are edited.
data = row_set(TABLE, "shop.public.client_libreoffice")
data.Order = '"id"'
data.ApplyFilter = True
data.execute()
seen = []
while data.next():
    seen.append((data.getInt(1), data.getString(2)))
check("the data view shows the rows", seen, [(1, "Zoë, Ναταλία, 山田"), (2, ""), (3, "third"), (4, "Łukasz")])
check("and which are NULL", (data.absolute(2), data.getString(2), data.wasNull()), (True, "", True))
data.absolute(3)
data.updateString(2, "edited ✎ 山")
data.updateDouble(3, 7.25)
data.updateBoolean(6, True)
data.updateRow()
data.moveToInsertRow()
data.updateInt(1, 5)
data.updateString(2, "added")
data.insertRow()
data.absolute(1)
deleted = data.deleteRows((data.getBookmark(),))  # as a click on the row's head and Delete do
check("a row is deleted", list(deleted), [1])
data.dispose()
statement = db.createStatement()
result = statement.executeQuery("select id, name, amount, flag from client_libreoffice order by id")
check(
    "a row edited, one added, one deleted",
    rows(result, 4),
    [("2", "", "", ""), ("3", "edited ✎ 山", "7.25", "1"), ("4", "Łukasz", "2.50", ""), ("5", "added", "", "")],
)
statement.close()

# Rows deleted where the row set stands: after reading to the end, and in the middle.
data = row_set(TABLE, "shop.public.client_libreoffice")
data.Order = '"id"'
data.ApplyFilter = True
data.execute()
while data.next():
    pass
data.last()
data.deleteRow()
data.absolute(2)
data.updateBoolean(6, False)
data.updateRow()
data.absolute(1)
data.deleteRow()
data.dispose()
statement = db.createStatement()
result = statement.executeQuery("select id, flag from client_libreoffice order by id")
check("rows deleted by deleteRow", rows(result, 2), [("3", "0"), ("4", "")])
statement.close()

filtered = row_set(COMMAND, "select country, count(*) as n from customers group by country order by 2 desc")
check("a query's row set", (filtered.next(), filtered.getInt(2) > 10), (True, True))
filtered.dispose()

db = context.getByName("neon").getIsolatedConnection("", "")
db.setAutoCommit(False)
statement = db.createStatement()
statement.executeUpdate("insert into client_libreoffice (id) values (10)")
db.rollback()
result = statement.executeQuery("select count(*) from client_libreoffice where id = 10")
check("rollback", rows(result, 1), [("0",)])
statement.executeUpdate("insert into client_libreoffice (id) values (11)")
db.commit()
db.setAutoCommit(True)
result = statement.executeQuery("select count(*) from client_libreoffice where id = 11")
check("commit", rows(result, 1), [("1",)])
try:
    statement.executeQuery("select * from no_such_table")
    case("an error with its SQLSTATE", False)
except Exception as error:  # pylint: disable=broad-except
    check("an error with its SQLSTATE", (error.SQLState, "no_such_table" in error.Message), ("42S02", True))

# Calc: View, Data Sources, a table dragged into the sheet.
desktop = create("com.sun.star.frame.Desktop")
sheet_document = desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, (prop("Hidden", True),))
sheet = sheet_document.Sheets.getByIndex(0)
sheet.getCellRangeByName("A1").doImport(
    (prop("DatabaseName", "neon"), prop("SourceType", uno.Enum("com.sun.star.sheet.DataImportMode", "TABLE")), prop("SourceObject", "shop.public.client_libreoffice"))
)
cells = [[sheet.getCellByPosition(x, y).String for x in range(3)] for y in range(6)]
check("Calc imports the table: the heading", cells[0], ["id", "name", "amount"])
case("and its rows", ["3", "edited ✎ 山", "7.25"] in [[c[0], c[1], c[2].rstrip("0")] for c in cells], cells)
sheet_document.Sheets.insertNewByName("second", 1)
second = sheet_document.Sheets.getByIndex(1)
second.getCellRangeByName("A1").doImport(
    (prop("DatabaseName", "neon"), prop("SourceType", uno.Enum("com.sun.star.sheet.DataImportMode", "SQL")), prop("SourceObject", "select count(*) as answer from customers where id < 43"))
)
check("and a query's", [second.getCellByPosition(0, y).String for y in range(2)], ["answer", "42"])
sheet_document.storeToURL(uno.systemPathToFileUrl(os.path.join(FOLDER, "neon.ods")), ())
sheet_document.close(True)
statement.execute("drop table client_libreoffice")
db.close()
try:
    desktop.terminate()
except Exception:  # pylint: disable=broad-except
    pass
# A thread of pyuno that still writes to the office crashes now and then when its libraries are destroyed.
done(at_once=True)
