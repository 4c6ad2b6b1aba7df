// POCO's Data::ODBC through the driver. Prints TAP; built and called by poco.sh.
#include <cstdlib>
#include <iostream>

#include <Poco/Data/ODBC/Connector.h>
#include <Poco/Data/ODBC/ODBCException.h>
#include <Poco/Data/RecordSet.h>
#include <Poco/Data/Session.h>
#include <Poco/DateTime.h>
#include <Poco/Nullable.h>

using namespace Poco::Data::Keywords;
using Poco::Data::Session;

static int count, failures;

template <class A, class B> static void check(const char *name, const A &got, const B &wanted)
{
    bool good = got == wanted;
    std::cout << (good ? "ok " : "not ok ") << ++count << " - " << name << std::endl;
    if (!good) {
        failures++;
        std::cout << "# got    " << got << "\n# wanted " << wanted << std::endl;
    }
}

template <class F> static std::string state_of(F action)
{
    try {
        action();
    } catch (const Poco::Data::ODBC::ConnectionException &e) {
        return e.diagnostics().sqlState(0);
    } catch (const Poco::Data::ODBC::StatementException &e) {
        return e.diagnostics().sqlState(0);
    } catch (const Poco::Exception &e) {
        return e.displayText();
    }
    return "no error";
}

int main()
{
    Poco::Data::ODBC::Connector::registerConnector();
    const std::string dsn = std::string("DSN=") + std::getenv("CLIENT_DSN");
    const std::string text = "Zoë, Ναταλία, 山田, 𝒳, 'quoted', \\ and\nnewline";
    Session db("ODBC", dsn);
    check("connected", db.isConnected(), true);
    db << "drop table if exists client_poco", now;
    db << "create table client_poco (id integer primary key, name varchar(200), amount numeric(12,2), ratio double precision, at "
          "timestamp, data bytea, big bigint)",
        now;

    int id = 1;
    std::string name = text;
    double amount = -12345.67, ratio = 2.5;
    Poco::DateTime at(2024, 2, 29, 23, 59, 58);
    const unsigned char bytes[] = {0, 0xff, 0x5c, 0x78};
    Poco::Data::BLOB data(bytes, sizeof bytes);
    Poco::Int64 big = Poco::Int64(1) << 62;
    db << "insert into client_poco values (?, ?, ?, ?, ?, ?, ?)", use(id), use(name), use(amount), use(ratio), use(at), use(data),
        use(big), now;
    Poco::Nullable<std::string> nothing;
    db << "insert into client_poco (id, name) values (2, ?)", use(nothing), now;

    std::string got_name;
    double got_amount = 0, got_ratio = 0;
    Poco::DateTime got_at;
    Poco::Data::BLOB got_data;
    Poco::Int64 got_big = 0;
    db << "select name, amount, ratio, at, data, big from client_poco where id = 1", into(got_name), into(got_amount), into(got_ratio),
        into(got_at), into(got_data), into(got_big), now;
    check("text comes back", got_name, text);
    check("numeric comes back", got_amount, amount);
    check("double comes back", got_ratio, ratio);
    check("timestamp comes back", got_at == at, true);
    check("bytes come back", got_data == data, true);
    check("bigint comes back", got_big, big);
    Poco::Nullable<std::string> got_nothing("x");
    db << "select name from client_poco where id = 2", into(got_nothing), now;
    check("NULL comes back", got_nothing.isNull(), true);

    Poco::Data::Statement select(db);
    select << "select * from client_poco order by id", now;
    Poco::Data::RecordSet set(select);
    check("a record set: rows", set.rowCount(), std::size_t(2));
    check("a record set: columns", set.columnName(1), std::string("name"));
    check("a record set: type of a number", set.columnType(3) == Poco::Data::MetaColumn::FDT_DOUBLE, true);
    check("a record set: type of a timestamp", set.columnType(4) == Poco::Data::MetaColumn::FDT_TIMESTAMP, true);

    auto rows = [&db] {
        int n = -1;
        db << "select count(*)::int from client_poco where id between 10 and 19", into(n), now;
        return n;
    };
    db.setFeature("autoCommit", false);
    db.begin();
    db << "insert into client_poco (id) values (10)", now;
    check("a transaction sees its own rows", rows(), 1);
    db.rollback();
    check("rollback", rows(), 0);
    db.begin();
    std::string kept = "kept";
    db << "insert into client_poco (id, name) values (11, ?)", use(kept), now;
    db.commit();
    db.setFeature("autoCommit", true);
    check("commit", rows(), 1);

    check("a table that is not there", state_of([&] { db << "select * from no_such_table", now; }), "42S02");
    check("a second row with the key", state_of([&] { db << "insert into client_poco (id) values (1)", now; }), "23505");
    const std::string wrong = state_of([&] { Session wrong("ODBC", dsn + ";PWD=wrong"); });
    check("a wrong password", wrong.find("SQLSTATE = 28000") != std::string::npos, true);
    db << "drop table client_poco", now;
    std::cout << "1.." << count << std::endl;
    return failures > 0;
}
