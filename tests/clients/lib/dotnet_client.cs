// System.Data.Odbc through the driver. Prints TAP; called by dotnet.sh.
using System;
using System.Data;
using System.Data.Odbc;
using System.Linq;

class Client
{
    const string Text = "Zoë, Ναταλία, 山田, 👩‍🚀 𝒳, 'quoted', \\ and\nnewline";
    static readonly string dsn = Environment.GetEnvironmentVariable("CLIENT_DSN");
    static int count, failures;
    static OdbcConnection db;

    static string Show(object value)
    {
        if (value is byte[])
            return BitConverter.ToString((byte[])value);
        if (value is Array)
            return "[" + string.Join(", ", ((Array)value).Cast<object>().Select(Show)) + "]";
        return value + "";
    }

    static void Check(string name, object got, object wanted)
    {
        bool good = Show(got) == Show(wanted);

        Console.WriteLine((good ? "ok " : "not ok ") + ++count + " - " + name);
        if (good)
            return;
        failures++;
        Console.WriteLine("# got    " + Show(got) + "\n# wanted " + Show(wanted));
    }

    static OdbcCommand Command(string sql, params object[] values)
    {
        var command = new OdbcCommand(sql, db);

        foreach (var value in values)
            command.Parameters.AddWithValue("p" + command.Parameters.Count, value);
        return command;
    }

    static object Scalar(string sql, params object[] values)
    {
        return Command(sql, values).ExecuteScalar();
    }

    static object[] Row(string sql)
    {
        using (var reader = Command(sql).ExecuteReader())
        {
            reader.Read();
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            return row;
        }
    }

    static string State(Action action)
    {
        try
        {
            action();
            return "no error";
        }
        catch (OdbcException error)
        {
            return error.Errors[0].SQLState;
        }
    }

    static void Values()
    {
        object[] row = { 1, Text, -12345.67m, 2.5, new DateTime(2024, 2, 29), new DateTime(2024, 2, 29, 23, 59, 59).AddMilliseconds(123),
            true, new byte[] { 0, 255, 92 }, 1L << 62, new Guid("6f1ed002-ab5d-4a4a-9f0e-0123456789ab") };
        object[] nulls = new object[] { 2 }.Concat(Enumerable.Repeat((object)DBNull.Value, row.Length - 1)).ToArray();
        string marks = string.Join(", ", row.Select(x => "?"));

        Command("drop table if exists client_dotnet").ExecuteNonQuery();
        Command("create table client_dotnet (id integer primary key, name text, amount numeric(12,2), ratio double precision, day date,"
            + " at timestamp, flag boolean, data bytea, big bigint, guid uuid)").ExecuteNonQuery();
        Check("insert with parameters", Command("insert into client_dotnet values (" + marks + ")", row).ExecuteNonQuery(), 1);
        Check("insert of NULLs", Command("insert into client_dotnet values (" + marks + ")", nulls).ExecuteNonQuery(), 1);
        var back = Row("select * from client_dotnet where id = 1");
        Check("the row comes back", back, row);
        Check("as the types that went", back.Select(x => x.GetType().Name).ToArray(), row.Select(x => x.GetType().Name).ToArray());
        Check("NULLs come back", Row("select * from client_dotnet where id = 2"), nulls);
        Check("a long text", ((string)Scalar("select repeat('ü', 50000)")).Length, 50000);
        Check("time", Scalar("select time '01:02:03'"), new TimeSpan(1, 2, 3));
        Check("numeric of any size", Scalar("select 12345678901234567890.123456789::numeric"), 12345678901234567890.123456789m);
    }

    static void Transactions()
    {
        const string ten = "select count(*) from client_dotnet where id = 10";

        using (var transaction = db.BeginTransaction(IsolationLevel.Serializable))
        {
            new OdbcCommand("insert into client_dotnet (id) values (10)", db, transaction).ExecuteNonQuery();
            Check("a transaction sees its own rows", new OdbcCommand(ten, db, transaction).ExecuteScalar(), 1);
            transaction.Rollback();
        }
        Check("rollback", Scalar(ten), 0);
        using (var transaction = db.BeginTransaction())
            new OdbcCommand("insert into client_dotnet (id) values (10)", db, transaction).ExecuteNonQuery();
        Check("a transaction that is left behind is rolled back", Scalar(ten), 0);
        using (var transaction = db.BeginTransaction())
        {
            new OdbcCommand("insert into client_dotnet (id) values (10)", db, transaction).ExecuteNonQuery();
            transaction.Commit();
        }
        Check("commit", Scalar(ten), 1);
    }

    // What it reads by a reader's schema, the command builder writes: a column without a base name would stay as it was.
    static void Adapter()
    {
        DataTable schema, rows = new DataTable();

        Command("create table client_dotnet_rows (id integer primary key, n numeric(9,2) not null, note text,"
            + " number serial, twice numeric generated always as (n * 2) stored)").ExecuteNonQuery();
        Command("insert into client_dotnet_rows (id, n, note) values (1, 1, 'one'), (2, 2, null), (3, 3, 'three')").ExecuteNonQuery();
        using (var reader = Command("select * from client_dotnet_rows").ExecuteReader(CommandBehavior.KeyInfo))
            schema = reader.GetSchemaTable();
        Func<string, object[]> field = name => schema.Rows.Cast<DataRow>().Select(x => x[name]).ToArray();
        Check("schema: base columns", field("BaseColumnName"), new[] { "id", "n", "note", "number", "twice" });
        Check("schema: base tables", field("BaseTableName").Distinct().ToArray(), new[] { "client_dotnet_rows" });
        Check("schema: keys", field("IsKey"), new object[] { true, false, false, false, false });
        Check("schema: what can be NULL", field("AllowDBNull"), new object[] { false, false, true, false, true });
        Check("schema: what the server numbers", field("IsAutoIncrement"), new object[] { false, false, false, true, false });
        Check("schema: what cannot be written", field("IsReadOnly"), new object[] { false, false, false, false, true });

        var adapter = new OdbcDataAdapter("select * from client_dotnet_rows order by id", db) { MissingSchemaAction = MissingSchemaAction.AddWithKey };
        using (new OdbcCommandBuilder(adapter))
        {
            adapter.Fill(rows);
            Check("fill, with the schema's constraints", rows.Rows.Count, 3);
            rows.Rows[0]["note"] = Text;
            rows.Rows[1]["n"] = 2.5m;
            rows.Rows[2].Delete();
            var added = rows.NewRow();
            added["id"] = 4;
            added["n"] = 4m;
            rows.Rows.Add(added);
            Check("update of changed, deleted and added rows", adapter.Update(rows), 4);
        }
        Check("an edited text is stored", Scalar("select note from client_dotnet_rows where id = 1"), Text);
        Check("an edited number is stored", Scalar("select n from client_dotnet_rows where id = 2"), 2.50m);
        Check("and the others", Scalar("select string_agg(id || ':' || number || ':' || twice, ' ' order by id) from client_dotnet_rows"),
            "1:1:2.00 2:2:5.00 4:4:8.00");
        Command("drop table client_dotnet_rows").ExecuteNonQuery();
    }

    static void Calls()
    {
        Command("create or replace function client_dotnet_f(a integer, out b integer, out c text) language sql as 'select a + 1, ''x'''")
            .ExecuteNonQuery();
        var call = Command("{call client_dotnet_f(?, ?, ?)}", 41);
        call.CommandType = CommandType.StoredProcedure;
        call.Parameters.Add("b", OdbcType.Int).Direction = ParameterDirection.Output;
        call.Parameters.Add("c", OdbcType.VarChar, 20).Direction = ParameterDirection.Output;
        call.ExecuteNonQuery();
        Check("a call with output parameters", new[] { call.Parameters[1].Value, call.Parameters[2].Value }, new object[] { 42, "x" });
        var derived = new OdbcCommand("client_dotnet_f", db) { CommandType = CommandType.StoredProcedure };
        OdbcCommandBuilder.DeriveParameters(derived);
        Check("its parameters by the catalog", derived.Parameters.Cast<OdbcParameter>().Select(p => (object)(p.ParameterName + " " + p.Direction)).ToArray(),
            new[] { "a Input", "b Output", "c Output" });
        Command("drop function client_dotnet_f").ExecuteNonQuery();
        using (var reader = Command("select 1; select 2, 3").ExecuteReader())
            Check("several results", new object[] { reader.Read(), reader[0], reader.NextResult(), reader.Read(), reader[1] },
                new object[] { true, 1, true, true, 3 });
    }

    static int Main()
    {
        db = new OdbcConnection("DSN=" + dsn);
        db.Open();
        Check("connected", db.State + " " + db.Driver, "Open libneonodbc.so");
        Values();
        Transactions();
        Adapter();
        Calls();
        Check("a table that is not there", State(() => Scalar("select * from no_such_table")), "42S02");
        Check("a second row with the key", State(() => Command("insert into client_dotnet (id) values (1)").ExecuteNonQuery()), "23505");
        Check("a syntax error", State(() => Scalar("selec 1")), "42601");
        Check("a wrong password", State(() => new OdbcConnection("DSN=" + dsn + ";UID=app;PWD=wrong").Open()), "28000");
        Command("drop table client_dotnet").ExecuteNonQuery();
        db.Close();
        Console.WriteLine("1.." + count);
        return failures > 0 ? 1 : 0;
    }
}
