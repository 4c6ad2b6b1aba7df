// SOCI through the driver. Prints TAP; built and called by soci.sh.
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <soci/odbc/soci-odbc.h>
#include <soci/soci.h>

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
    } catch (const soci::odbc_soci_error &e) {
        return reinterpret_cast<const char *>(e.odbc_error_code());
    } catch (const std::exception &e) {
        return e.what();
    }
    return "no error";
}

int main()
{
    const std::string dsn = std::string("DSN=") + std::getenv("CLIENT_DSN");
    const std::string text = "Zoë, Ναταλία, 山田, 𝒳, 'quoted', \\ and\nnewline";
    soci::session db(soci::odbc, dsn);
    db << "drop table if exists client_soci";
    db << "create table client_soci (id integer primary key, name varchar(200), amount numeric(12,2), ratio double "
          "precision, at timestamp, big bigint)";

    std::tm at = {};
    at.tm_year = 124, at.tm_mon = 1, at.tm_mday = 29, at.tm_hour = 23, at.tm_min = 59, at.tm_sec = 58;
    long long big = 1LL << 62;
    double amount = -12345.67, ratio = 2.5;
    soci::statement insert = (db.prepare << "insert into client_soci values (:id, :name, :amount, :ratio, :at, :big)",
                              soci::use(1), soci::use(text), soci::use(amount), soci::use(ratio), soci::use(at),
                              soci::use(big));
    insert.execute(true);
    check("insert with parameters", insert.get_affected_rows(), 1);
    soci::indicator null = soci::i_null;
    std::string nothing;
    db << "insert into client_soci (id, name) values (2, :name)", soci::use(nothing, null);

    std::string name;
    double got_amount = 0, got_ratio = 0;
    std::tm got_at = {};
    long long got_big = 0;
    db << "select name, amount, ratio, at, big from client_soci where id = 1", soci::into(name), soci::into(got_amount),
        soci::into(got_ratio), soci::into(got_at), soci::into(got_big);
    check("text comes back", name, text);
    check("numeric comes back", got_amount, amount);
    check("double comes back", got_ratio, ratio);
    check("bigint comes back", got_big, big);
    check("timestamp comes back", got_at.tm_year * 10000 + got_at.tm_mon * 100 + got_at.tm_mday, 1240129);
    soci::indicator seen = soci::i_ok;
    db << "select name from client_soci where id = 2", soci::into(name, seen);
    check("NULL comes back", static_cast<int>(seen), static_cast<int>(soci::i_null));

    soci::row described;
    db << "select * from client_soci where id = 1", soci::into(described);
    check("types: integer", described.get_properties(0).get_data_type() == soci::dt_integer, true);
    check("types: text", described.get_properties(1).get_data_type() == soci::dt_string, true);
    check("types: double", described.get_properties(3).get_data_type() == soci::dt_double, true);
    check("types: timestamp", described.get_properties(4).get_data_type() == soci::dt_date, true);

    std::vector<int> ids;
    std::vector<std::string> names;
    for (int i = 100; i < 150; i++) {
        ids.push_back(i);
        names.push_back("n" + std::to_string(i));
    }
    db << "insert into client_soci (id, name) values (:id, :name)", soci::use(ids), soci::use(names);
    std::vector<int> back(200);
    db << "select id from client_soci where id >= 100 order by id", soci::into(back);
    check("vectors as parameters and as results", back == ids, true);

    auto rows = [&db] {
        int n = -1;
        db << "select cast(count(*) as int) from client_soci where id between 10 and 19", soci::into(n);
        return n;
    };
    {
        soci::transaction tx(db);
        db << "insert into client_soci (id) values (10)";
        check("a transaction sees its own rows", rows(), 1);
        tx.rollback();
    }
    check("rollback", rows(), 0);
    {
        soci::transaction tx(db);
        db << "insert into client_soci (id, name) values (11, :name)", soci::use(std::string("kept"));
        tx.commit();
    }
    check("commit", rows(), 1);

    check("a table that is not there", state_of([&] { db << "select * from no_such_table"; }), "42S02");
    check("a second row with the key", state_of([&] { db << "insert into client_soci (id) values (1)"; }), "23505");
    check("a wrong password", state_of([&] { soci::session wrong(soci::odbc, dsn + ";PWD=wrong"); }), "28000");
    db << "drop table client_soci";
    std::cout << "1.." << count << std::endl;
    return failures > 0;
}
