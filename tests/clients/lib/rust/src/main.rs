// odbc-api through the driver. Prints TAP; built and called by rust_odbc_api.sh.
use odbc_api::{
    buffers::{BufferDesc, ColumnarDynBuffer},
    parameter::{VarBinaryArray, WithDataType},
    sys::{Date, Timestamp},
    BindParamDesc, ConnectionOptions, Cursor, DataType, Environment, Error, IntoParameter, Nullable, ResultSetMetadata,
};
use std::fmt::Debug;

struct Tap {
    count: u32,
    failures: u32,
}

impl Tap {
    fn check<T: PartialEq + Debug>(&mut self, name: &str, got: T, wanted: T) {
        self.count += 1;
        if got == wanted {
            println!("ok {} - {name}", self.count);
        } else {
            self.failures += 1;
            println!("not ok {} - {name}\n# got    {got:?}\n# wanted {wanted:?}", self.count);
        }
    }
}

fn state<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "no error".into(),
        Err(Error::Diagnostics { record, .. }) => record.state.as_str().into(),
        Err(error) => error.to_string(),
    }
}

fn number(db: &odbc_api::Connection<'_>, sql: &str) -> Result<i64, Error> {
    let mut cursor = db.execute(sql, (), None)?.expect("a result set");
    let mut row = cursor.next_row()?.expect("a row");
    let mut value = Nullable::<i64>::null();
    row.get_data(1, &mut value)?;
    Ok(value.into_opt().unwrap_or(-1))
}

fn main() -> Result<(), Error> {
    let mut tap = Tap { count: 0, failures: 0 };
    let dsn = format!("DSN={}", std::env::var("CLIENT_DSN").unwrap());
    let text = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline";
    let environment = Environment::new()?;
    let options = ConnectionOptions::default();
    let db = environment.connect_with_connection_string(&dsn, options)?;
    tap.check("connected", db.database_management_system_name()?, "PostgreSQL".to_string());
    db.execute("drop table if exists client_rust", (), None)?;
    db.execute(
        "create table client_rust (id integer primary key, name varchar(200), amount numeric(12,2), ratio double precision, day date,
         at timestamp, data bytea, big bigint)",
        (),
        None,
    )?;
    let day = Date { year: 2024, month: 2, day: 29 };
    let at = Timestamp { year: 2024, month: 2, day: 29, hour: 23, minute: 59, second: 59, fraction: 123_456_000 };
    let data = VarBinaryArray::<16>::new(&[0, 255, 92]);
    db.execute(
        "insert into client_rust values (?, ?, ?, ?, ?, ?, ?, ?)",
        (&1i32, &text.into_parameter(), &"-12345.67".into_parameter(), &2.5f64, &day.into_parameter(),
         &WithDataType { value: at, data_type: DataType::Timestamp { precision: 6 } }, &data, &(1i64 << 62)),
        None,
    )?;
    tap.check("insert with parameters", number(&db, "select count(*) from client_rust")?, 1);
    db.execute("insert into client_rust (id, name) values (?, ?)", (&2i32, &None::<&str>.into_parameter()), None)?;

    let mut cursor = db.execute("select * from client_rust order by id", (), None)?.unwrap();
    let names: Vec<String> = cursor.column_names()?.collect::<Result<_, _>>()?;
    tap.check("names of the columns", names.join(" "), "id name amount ratio day at data big".into());
    tap.check("type of a number", cursor.col_data_type(3)?, DataType::Numeric { precision: 12, scale: 2 });
    tap.check("type of a date", cursor.col_data_type(5)?, DataType::Date);
    tap.check("type of a timestamp", cursor.col_data_type(6)?, DataType::Timestamp { precision: 6 });
    let mut row = cursor.next_row()?.unwrap();
    let mut bytes = Vec::new();
    row.get_text(2, &mut bytes)?;
    tap.check("text comes back", String::from_utf8_lossy(&bytes).into_owned(), text.to_string());
    row.get_text(3, &mut bytes)?;
    tap.check("numeric comes back", String::from_utf8_lossy(&bytes).into_owned(), "-12345.67".into());
    let mut ratio = Nullable::<f64>::null();
    row.get_data(4, &mut ratio)?;
    tap.check("double comes back", ratio.into_opt(), Some(2.5));
    let mut got_at = Nullable::<Timestamp>::null();
    row.get_data(6, &mut got_at)?;
    tap.check("timestamp comes back", got_at.into_opt(), Some(at));
    row.get_binary(7, &mut bytes)?;
    tap.check("bytes come back", bytes.clone(), vec![0, 255, 92]);
    let mut big = Nullable::<i64>::null();
    row.get_data(8, &mut big)?;
    tap.check("bigint comes back", big.into_opt(), Some(1 << 62));
    let mut row = cursor.next_row()?.unwrap();
    tap.check("NULL comes back", row.get_text(2, &mut bytes)?, false);
    drop(cursor);

    // The fast way: columns of buffers, in both directions.
    let prepared = db.prepare("insert into client_rust (id, name) values (?, ?)")?;
    let mut inserter = prepared.into_column_inserter(
        100,
        [BindParamDesc::i32(false), BindParamDesc::text(40)],
    )?;
    inserter.set_num_rows(100);
    for (i, id) in inserter.column_mut(0).as_slice::<i32>().unwrap().iter_mut().enumerate() {
        *id = 100 + i as i32;
    }
    let mut column = inserter.column_mut(1).as_text().unwrap();
    for i in 0..100 {
        column.set_cell(i, Some(format!("ñ{i}").as_bytes()));
    }
    inserter.execute()?;
    drop(inserter);
    tap.check("a block of rows is inserted", number(&db, "select count(*) from client_rust where name = 'ñ' || (id - 100)")?, 100);
    let cursor = db.execute("select n::int, n::text from generate_series(1, 2500) n", (), None)?.unwrap();
    let buffer = ColumnarDynBuffer::from_descs(1000, [BufferDesc::I32 { nullable: true }, BufferDesc::Text { max_str_len: 20 }]);
    let mut blocks = cursor.bind_buffer(buffer)?;
    let mut fetched = 0;
    while let Some(batch) = blocks.fetch()? {
        fetched += batch.num_rows();
    }
    tap.check("blocks of rows are fetched", fetched, 2500);
    drop(blocks);

    let count = "select count(*) from client_rust where id between 10 and 19";
    db.set_autocommit(false)?;
    db.execute("insert into client_rust (id) values (10)", (), None)?;
    tap.check("a transaction sees its own rows", number(&db, count)?, 1);
    db.rollback()?;
    tap.check("rollback", number(&db, count)?, 0);
    db.execute("insert into client_rust (id, name) values (?, ?)", (&11i32, &"kept".into_parameter()), None)?;
    db.commit()?;
    db.set_autocommit(true)?;
    tap.check("commit", number(&db, count)?, 1);

    let tables = db.tables("", "", "client_rust", "TABLE")?.collect::<Result<Vec<_>, _>>()?;
    tap.check("tables", tables.len(), 1);
    let keys = db.primary_keys(None, None, "client_rust")?.collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = keys.iter().map(|key| key.column.as_str().unwrap().unwrap_or("")).collect();
    tap.check("primary key", names, vec!["id"]);

    tap.check("a table that is not there", state(db.execute("select * from no_such_table", (), None)), "42S02".into());
    tap.check("a second row with the key", state(db.execute("insert into client_rust (id) values (1)", (), None)), "23505".into());
    let wrong = environment.connect_with_connection_string(&format!("{dsn};PWD=wrong"), options);
    tap.check("a wrong password", state(wrong), "28000".into());
    db.execute("drop table client_rust", (), None)?;
    println!("1..{}", tap.count);
    std::process::exit(if tap.failures > 0 { 1 } else { 0 });
}
