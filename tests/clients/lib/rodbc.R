# RODBC through the driver. Prints TAP; called by r_rodbc.sh.
library(RODBC)

count <- 0
failures <- 0
check <- function(name, got, wanted) {
    count <<- count + 1
    good <- isTRUE(all.equal(got, wanted))
    cat(if (good) "ok" else "not ok", count, "-", name, "\n")
    if (!good) {
        failures <<- failures + 1
        cat(paste("#", capture.output({ print("got"); str(got); print("wanted"); str(wanted) })), sep = "\n")
    }
}

db <- odbcConnect(Sys.getenv("CLIENT_DSN"))
check("connected", inherits(db, "RODBC"), TRUE)
check("to PostgreSQL", unname(odbcGetInfo(db)["DBMS_Name"]), "PostgreSQL")
sqlQuery(db, "drop table if exists client_r")
check("create table", sqlQuery(db, "create table client_r (id integer primary key, name varchar(200), amount numeric(12,2),
    ratio double precision, day date, at timestamp, flag boolean, big bigint)"), character(0))

text <- "Zo\u00eb, \u039d\u03b1\u03c4\u03b1\u03bb\u03af\u03b1, \u5c71\u7530, 'quoted', \\ and\nnewline"
quoted <- gsub("'", "''", text)
check("insert", sqlQuery(db, paste0("insert into client_r values (1, '", quoted,
    "', -12345.67, 2.5, '2024-02-29', '2024-02-29 23:59:59', true, 4611686018427387904), (2, null, null, null, null, null, null, null)")),
    character(0))
rows <- sqlQuery(db, "select * from client_r order by id", stringsAsFactors = FALSE)
check("classes of the columns", unname(sapply(rows, function(x) class(x)[1])),
    c("integer", "character", "numeric", "numeric", "Date", "POSIXct", "integer", "numeric"))
Encoding(rows$name) <- "UTF-8"
check("text comes back", rows$name[1], text)
check("numeric comes back", rows$amount[1], -12345.67)
check("double comes back", rows$ratio[1], 2.5)
check("date comes back", format(rows$day[1]), "2024-02-29")
check("timestamp comes back", format(rows$at[1], "%Y-%m-%d %H:%M:%S"), "2024-02-29 23:59:59")
check("bigint comes back", rows$big[1], 4611686018427387904)
check("NULLs come back", unname(sapply(rows[2, -1], is.na)), rep(TRUE, 7))

frame <- data.frame(id = 100:399, name = paste0("n\u00b0", 100:399), amount = (100:399) / 4, ratio = c(NA, (101:399) / 8),
    stringsAsFactors = FALSE)
check("sqlSave, with parameters", sqlSave(db, frame, "client_r_frame", rownames = FALSE), 1)
back <- sqlFetch(db, "client_r_frame", stringsAsFactors = FALSE)
Encoding(back$name) <- "UTF-8"
check("sqlFetch gives the frame back", back[order(back$id), ], frame)
frame$amount <- frame$amount * 2
check("sqlUpdate", sqlUpdate(db, frame, "client_r_frame", index = "id"), 1)
check("and its values", sqlQuery(db, "select sum(amount)::float8 as s from client_r_frame")$s, sum(frame$amount))
check("many rows at once", nrow(sqlQuery(db, "select * from generate_series(1, 5000) as n", rows_at_time = 1000)), 5000L)

number <- function() sqlQuery(db, "select count(*)::int as n from client_r where id between 10 and 19")$n
odbcSetAutoCommit(db, FALSE)
sqlQuery(db, "insert into client_r (id) values (10)")
check("a transaction sees its own rows", number(), 1L)
odbcEndTran(db, commit = FALSE)
check("rollback", number(), 0L)
sqlQuery(db, "insert into client_r (id, name) values (11, 'kept')")
odbcEndTran(db, commit = TRUE)
odbcSetAutoCommit(db, TRUE)
check("commit", number(), 1L)

check("tables", "client_r" %in% sqlTables(db, tableType = "TABLE")$TABLE_NAME, TRUE)
check("columns", as.character(sqlColumns(db, "client_r")$COLUMN_NAME),
    c("id", "name", "amount", "ratio", "day", "at", "flag", "big"))
check("primary key", as.character(sqlPrimaryKeys(db, "client_r")$COLUMN_NAME), "id")
check("types", nrow(sqlTypeInfo(db)) > 10, TRUE)
check("an error with its SQLSTATE", grepl("^42S02 ", sqlQuery(db, "select * from no_such_table")[1]), TRUE)
check("a second row with the key", grepl("^23505 ", sqlQuery(db, "insert into client_r (id) values (1)")[1]), TRUE)
check("a wrong password", suppressWarnings(odbcConnect(Sys.getenv("CLIENT_DSN"), uid = "app", pwd = "wrong")), -1)
invisible(sqlDrop(db, "client_r_frame"))
invisible(sqlDrop(db, "client_r"))
odbcClose(db)
cat(sprintf("1..%d\n", count))
quit(status = if (failures > 0) 1 else 0)
