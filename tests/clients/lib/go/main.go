// database/sql with alexbrainman/odbc through the driver. Prints TAP; built and called by go_odbc.sh.
package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/alexbrainman/odbc"
)

var count, failures int

func check(name string, got, wanted any) {
	count++
	if reflect.DeepEqual(got, wanted) {
		fmt.Printf("ok %d - %s\n", count, name)
		return
	}
	failures++
	fmt.Printf("not ok %d - %s\n# got    %#v\n# wanted %#v\n", count, name, got, wanted)
}

func must(err error) {
	if err != nil {
		fmt.Println("#", err)
		os.Exit(1)
	}
}

func state(err error) string {
	var e *odbc.Error
	if errors.As(err, &e) && len(e.Diag) > 0 {
		return e.Diag[0].State
	}
	return fmt.Sprint(err)
}

func main() {
	dsn := "DSN=" + os.Getenv("CLIENT_DSN")
	text := "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline"
	db, err := sql.Open("odbc", dsn)
	must(err)
	must(db.Ping())
	exec := func(query string, args ...any) sql.Result {
		result, err := db.Exec(query, args...)
		must(err)
		return result
	}
	exec("drop table if exists client_go")
	exec(`create table client_go (id integer primary key, name text, amount numeric(12,2), ratio double precision, day date,
		at timestamp, flag boolean, data bytea, big bigint)`)
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.Local)
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.Local)
	inserted, _ := exec("insert into client_go values (?, ?, ?, ?, ?, ?, ?, ?, ?)", 1, text, "-12345.67", 2.5, day, at, true,
		[]byte{0, 255, 92}, int64(1)<<62).RowsAffected()
	check("insert with parameters", inserted, int64(1))
	exec("insert into client_go (id, name, amount, ratio) values (?, ?, ?, ?)", 2, nil, nil, nil)

	var name, amount string
	var ratio float64
	var gotDay, gotAt time.Time
	var flag bool
	var data []byte
	var big int64
	must(db.QueryRow("select name, amount, ratio, day, at, flag, data, big from client_go where id = ?", 1).Scan(&name, &amount,
		&ratio, &gotDay, &gotAt, &flag, &data, &big))
	check("text comes back", name, text)
	check("numeric comes back", amount, "-12345.67")
	check("double comes back", ratio, 2.5)
	check("date comes back", gotDay.Format("2006-01-02"), "2024-02-29")
	check("timestamp comes back", gotAt.Format("2006-01-02 15:04:05.000000"), "2024-02-29 23:59:59.123456")
	check("boolean comes back", flag, true)
	check("bytes come back", bytes.Equal(data, []byte{0, 255, 92}), true)
	check("bigint comes back", big, int64(1)<<62)
	var null sql.NullString
	must(db.QueryRow("select name from client_go where id = 2").Scan(&null))
	check("NULL comes back", null.Valid, false)
	long := string(bytes.Repeat([]byte("ü"), 50000))
	exec("update client_go set name = ? where id = 2", long)
	must(db.QueryRow("select name from client_go where id = 2").Scan(&name))
	check("a long text", name == long, true)
	rows, err := db.Query("select n from generate_series(1, 500) n")
	must(err)
	n := 0
	for rows.Next() {
		n++
	}
	must(rows.Err())
	check("many rows", n, 500)

	number := func(q interface {
		QueryRow(string, ...any) *sql.Row
	}) (n int) {
		must(q.QueryRow("select count(*)::int from client_go where id between 10 and 19").Scan(&n))
		return
	}
	tx, err := db.Begin()
	must(err)
	_, err = tx.Exec("insert into client_go (id) values (10)")
	must(err)
	check("a transaction sees its own rows", number(tx), 1)
	check("and others do not", number(db), 0)
	must(tx.Rollback())
	check("rollback", number(db), 0)
	tx, err = db.Begin()
	must(err)
	_, err = tx.Exec("insert into client_go (id, name) values (?, ?)", 11, "kept")
	must(err)
	must(tx.Commit())
	check("commit", number(db), 1)

	_, err = db.Exec("select * from no_such_table")
	check("a table that is not there", state(err), "42S02")
	_, err = db.Exec("insert into client_go (id) values (1)")
	check("a second row with the key", state(err), "23505")
	wrong, _ := sql.Open("odbc", dsn+";PWD=wrong")
	check("a wrong password", state(wrong.Ping()), "28000")
	exec("drop table client_go")
	must(db.Close())
	fmt.Printf("1..%d\n", count)
	if failures > 0 {
		os.Exit(1)
	}
}
