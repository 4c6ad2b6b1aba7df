"""The catalogue of errors (protocol 5.3): connection string, credentials, connecting, statements."""

import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import connection_string, quote, wait_until

KEYS = (
    "message code detail hint position internalPosition internalQuery severity where table column schema dataType "
    "constraint file line routine"
).split()


def check(answer, status, message, code=""):
    assert (answer.status, answer.json["message"], answer.json["code"]) == (status, message, code)
    assert list(answer.json) == KEYS
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    if code == "":
        assert answer.json["severity"] == ""
        assert [answer.json[k] for k in KEYS if k not in ("message", "code", "severity")] == [None] * 14


PASSWORD_MISSING = "missing authentication credentials: required password"

CONNECTION_STRINGS = [
    ("postgresql://app:x@h/shop\x7f", "invalid header: neon-connection-string"),
    ("postgresql://app:é@h/shop", "invalid header: neon-connection-string"),
    ("", "invalid connection string: relative URL without a base"),
    ("app:x@h/shop", "incorrect scheme"),
    ("//app:x@h/shop", "invalid connection string: relative URL without a base"),
    ("host=h dbname=shop", "invalid connection string: relative URL without a base"),
    ("postgresql://app:x@h:99999/shop", "invalid connection string: invalid port number"),
    ("postgresql://app:x@h:port/shop", "invalid connection string: invalid port number"),
    ("postgresql://app:a/b@h/shop", "invalid connection string: invalid port number"),
    ("postgresql://app:a#b@h/shop", "invalid connection string: invalid port number"),
    ("postgresql://app:a?b@h/shop", "invalid connection string: invalid port number"),
    ("postgresql://app:x@h<h/shop", "invalid connection string: invalid domain character"),
    ("postgresql://app:x@[::1/shop", "invalid connection string: invalid IPv6 address"),
    ("postgresql://app:x@/shop", "invalid connection string: empty host"),
    ("http://app:x@h/shop", "incorrect scheme"),
    ("postgresql://app:x@h", "missing database name"),
    ("postgresql://app:x@h?a=b", "missing database name"),
    ("postgresql:shop", "missing database name"),
    ("postgresql://h/shop", "missing username"),
    ("postgresql://:x@h/shop", "missing username"),
    ("postgresql://%ff:x@h/shop", "invalid username: invalid utf-8 sequence"),
    ("postgresql://app:x@h/%ff", "invalid username: invalid utf-8 sequence"),
    ("postgresql://a%00b:x@h/shop", "invalid username: nul byte found in provided data"),
    ("postgresql://app@h/shop", PASSWORD_MISSING),
    ("postgresql://app:@h/shop", PASSWORD_MISSING),
    ("postgresql://app:x@[::1]/shop", "missing hostname"),
]


@pytest.mark.parametrize("conn,message", CONNECTION_STRINGS, ids=[c[0][:40] or "empty" for c in CONNECTION_STRINGS])
def test_connection_string(gateway, conn, message):
    check(gateway.query("SELECT 1", conn=conn.encode()), 400, message)


@pytest.mark.parametrize(
    "conn",
    [
        connection_string(),
        connection_string().replace("postgresql:", "postgres:"),
        connection_string().replace("postgresql:", "PostgreSQL:"),
        "  " + connection_string() + "  ",
        connection_string(host="127.0.0.1:1"),
        connection_string(host="EP-x-pooler.Y:"),
        connection_string(database="shop") + "/b/c",
        connection_string() + "?sslmode=require&options=-c%20search_path%3Dnope&application_name=x#frag",
        # what needs no escape inside a password may stand as it is
        "postgresql://app:s@crt%25:%2F%3F%23[]%20{};=x@h/shop",
    ],
)
def test_accepted_connection_strings(gateway, conn):
    answer = gateway.query("SELECT current_user, current_database(), current_setting('application_name')", conn=conn,
                           array=True)
    assert answer.rows == [["app", "shop", ""]]


def test_startup_parameters_are_dropped(gateway):
    conn = connection_string(query="?options=-c%20work_mem%3D1234kB&TimeZone=Asia%2FTokyo&client_encoding=LATIN1")
    sql = "SELECT current_setting('work_mem'), current_setting('TimeZone'), current_setting('client_encoding')"
    assert gateway.query(sql, conn=conn, array=True).rows == gateway.query(sql, array=True).rows


def test_database_defaults_to_the_role(gateway):
    check(gateway.query("SELECT 1", conn=connection_string(database="")), 400, 'database "app" does not exist', "3D000")


def test_authorization_is_an_error_on_the_password_host(gateway):
    check(gateway.query("SELECT 1", headers={"Authorization": "Bearer x"}), 400, PASSWORD_MISSING)
    assert gateway.query("SELECT 1", headers={"Proxy-Authorization": "Basic eDp5"}).status == 200


def test_first_failure_wins(gateway):
    check(gateway.query("x", isolation="bad", headers={"Neon-Connection-String": "http://h"}), 400, "incorrect scheme")
    check(gateway.post("{", isolation="bad"), 400, "invalid isolation level")


def test_password_is_checked(gateway, pg):
    check(gateway.query("SELECT 1", conn=connection_string(user="nobody")), 400,
          "password authentication failed for user 'nobody'")
    for password in ("", "s@crt", "s@crt%:/?#[] {};=x ", "S@CRT%:/?#[] {};=X", "a\0b", "\xff"):
        if password:
            conn = connection_string(password=password)
            check(gateway.query("SELECT 1", conn=conn), 400, "password authentication failed for user 'app'")
    assert gateway.query("SELECT 1").status == 200


@pytest.fixture
def role(pg):
    pg.run("drop role if exists temp; create role temp login password 'first'")
    yield "temp"
    pg.run("drop role if exists temp")


def test_password_is_checked_on_every_request(gateway, pg, role):
    def ask(password):
        return gateway.query("SELECT pg_backend_pid()", conn=connection_string(role, password), pool=True)

    pid = ask("first").value
    pg.run("alter role temp password 'second'")
    check(ask("first"), 400, "password authentication failed for user 'temp'")
    assert ask("second").value == pid, "the pooled connection survives a password change"
    pg.run("alter role temp valid until '2001-01-01'")
    check(ask("second"), 400, "password authentication failed for user 'temp'")
    pg.run("alter role temp valid until 'infinity' password null")
    check(ask("second"), 400, "password authentication failed for user 'temp'")
    gateway.close_idle()


@pytest.mark.parametrize("password", ["pä$$wörd", "ⅸ ½ a\u00a0b", "日本語", "x" * 900])
def test_passwords_outside_ascii(gateway, pg, role, password):
    quoted = password.replace("'", "''")
    pg.run(f"alter role temp password '{quoted}'")
    for _ in range(2):
        assert gateway.query("SELECT 1", conn=connection_string(role, password)).status == 200
    check(gateway.query("SELECT 1", conn=connection_string(role, password + "é")), 400,
          "password authentication failed for user 'temp'")


def test_md5_password(gateway, pg, role):
    pg.run("set password_encryption = 'md5'; alter role temp password 'old style'")
    # The server's pg_hba asks for SCRAM, so only the gateway's own check can be seen: the connect fails with a 28P01.
    check(gateway.query("SELECT 1", conn=connection_string(role, "old style")), 400,
          "password authentication failed for user 'temp'")


def test_connect_errors_keep_their_fields(gateway, pg, role):
    pg.run("alter role temp connection limit 0")
    answer = gateway.query("SELECT 1", conn=connection_string(role, "first"))
    check(answer, 500, 'too many connections for role "temp"', "53300")
    assert answer.json["severity"] == "FATAL"
    assert answer.json["file"] and answer.json["line"].isdigit() and answer.json["routine"]
    pg.run("alter role temp connection limit -1 nologin")
    check(gateway.query("SELECT 1", conn=connection_string(role, "first")), 500,
          'role "temp" is not permitted to log in', "28000")
    pg.run("alter role temp login")
    pg.run("revoke connect on database postgres from public")
    try:
        answer = gateway.query("SELECT 1", conn=connection_string(role, "first", database="postgres"))
        check(answer, 500, 'permission denied for database "postgres"', "42501")
        assert answer.json["detail"] == "User does not have CONNECT privilege."
    finally:
        pg.run("grant connect on database postgres to public")


GERMAN = "de_DE.UTF-8"


@pytest.fixture
def german_server(pg, tmp_path):
    """The server's own messages are German, before anybody has logged in too."""
    locales = pathlib.Path(os.environ["NEON_TEST_LOCALES"])
    new = tmp_path / "locale"
    if not (locales / GERMAN).exists():
        if not shutil.which("localedef") or subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", new]).returncode:
            pytest.skip(f"the locale {GERMAN} cannot be made")
        shutil.move(new, locales / GERMAN)
    english = pg.run("show lc_messages")
    hba_path = pg.run("show hba_file")
    hba = pg.run(f"select pg_read_file('{hba_path}')")
    if pg.run(f"select set_config('lc_messages', '{GERMAN}', false)") != GERMAN:
        pytest.skip(f"PostgreSQL does not take the locale {GERMAN}")

    def configure(language, hba_lines):
        lines = hba_lines.replace("'", "''")
        pg.run(f"alter system set lc_messages to '{language}'")
        pg.run(f"copy (select nullif(line, '') from regexp_split_to_table('{lines}', '\\n') line) to '{hba_path}'"
               " with (format csv, delimiter E'\\x1f', quote E'\\x1e'); select pg_reload_conf()")
        wait_until(lambda: pg.run("show lc_messages") == language, f"the server speaks {language}")

    try:
        configure(GERMAN, "host all unheard_of,may_not 127.0.0.1/32 trust\n" + hba)
        yield locales
    finally:
        configure(english, hba)


def test_a_server_that_speaks_another_language(start, pg, german_server, tmp_path):
    host = os.environ["NEON_TEST_PG_ADMIN_URL"].rsplit("@", 1)[1].split("/")[0]
    (tmp_path / "pg-url").write_text(f"postgresql://{host}/postgres\n")
    environment = {**os.environ, "LC_ALL": GERMAN, "LANGUAGE": "de", "LOCPATH": str(german_server)}
    gateway = start(pg_file=tmp_path / "pg-url", environment=environment)
    pg.run("drop role if exists few; create role few login connection limit 0 password 'first';"
           " drop role if exists may_not; create role may_not nologin;"
           " revoke connect on database postgres from public")
    try:
        answer = gateway.query("SELECT 1", conn=connection_string(database="nope"))
        if "existiert nicht" not in answer.text:
            pytest.skip("this PostgreSQL has no German messages")
        check(answer, 400, "Datenbank »nope« existiert nicht", "3D000")
        answer = gateway.query("SELECT 1", conn=connection_string("few", "first"))
        check(answer, 500, "zu viele Verbindungen von Rolle »few«", "53300")
        assert (answer.json["severity"], answer.json["routine"]) == ("FATAL", "InitializeSessionUserId")
        answer = gateway.query("SELECT 1", conn=connection_string(database="postgres"))
        assert answer.json["code"] == "42501" and "CONNECT-Privileg" in answer.json["detail"]
        for role in ("unheard_of", "may_not"):  # nobody learns which of them is there
            check(gateway.query("SELECT 1", conn=connection_string(role)), 400,
                  f"password authentication failed for user '{role}'")
    finally:
        pg.run("grant connect on database postgres to public; drop role few; drop role may_not")


def test_unreachable_postgres(start, tmp_path):
    import socket

    with socket.socket() as placeholder:  # a port where nobody listens
        placeholder.bind(("127.0.0.1", 0))
        url = tmp_path / "url"
        url.write_text(f"postgresql://127.0.0.1:{placeholder.getsockname()[1]}/postgres\n")
        gateway = start("--connect-retries", "1", pg_file=url)
        check(gateway.query("SELECT 1"), 500, "Couldn't connect to compute node")
        gateway.stop()


def test_error_fields(gateway, pg):
    pg.run("drop table if exists checked; create table checked(n int not null check (n > 0))", role="app")
    answer = gateway.query("INSERT INTO checked VALUES (-1)")
    assert answer.json["code"] == "23514"
    assert [answer.json[k] for k in ("schema", "table", "column", "constraint")] == [
        "public", "checked", None, "checked_n_check"]
    answer = gateway.query("INSERT INTO checked VALUES (NULL)")
    assert [answer.json[k] for k in ("code", "table", "column")] == ["23502", "checked", "n"]
    answer = gateway.query("DO $$ begin perform x; end $$")
    assert answer.json["position"] is None
    assert (answer.json["internalPosition"], answer.json["internalQuery"]) == ("8", "SELECT x")
    assert "PL/pgSQL" in answer.json["where"]
    answer = gateway.query("SELECT 'é', x FROM customers")
    assert answer.json["position"] == "13", "positions count characters"
    answer = gateway.query("SELECT nam FROM customers")
    assert answer.json["hint"]
    answer = gateway.query(
        "DO $$ begin raise exception 'line1\nline2 \"q\"' using errcode = 'UX123', detail = 'd', hint = 'h', "
        "column = 'c', constraint = 'k', datatype = 't', table = 'b', schema = 's'; end $$"
    )
    assert [answer.json[k] for k in KEYS if k not in ("where", "file", "line", "routine")] == [
        'line1\nline2 "q"', "UX123", "d", "h", None, None, None, "ERROR", "b", "c", "s", "t", "k"]


@pytest.mark.parametrize("sql", ["COPY customers TO STDOUT", "COPY customers FROM STDIN"])
def test_copy_is_refused(gateway, item, sql):
    check(gateway.query(sql), 400, "unexpected message from server")
    check(gateway.batch("INSERT INTO item(sku) VALUES ('A')", sql, "SELECT 1"), 400, "unexpected message from server")
    assert item() == ""
    assert gateway.query("SELECT 1").status == 200


def test_backend_terminated_by_itself(gateway):
    answer = gateway.query("SELECT pg_terminate_backend(pg_backend_pid())")
    check(answer, 400, "terminating connection due to administrator command", "57P01")
    assert answer.json["severity"] == "FATAL"
    answer = gateway.batch("SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 2")
    check(answer, 400, "terminating connection due to administrator command", "57P01")


def test_percent_encoding_of_names(gateway, pg):
    name = 'we"ird /?#@:%é'
    quoted = '"' + name.replace('"', '""') + '"'
    pg.run(f"drop database if exists {quoted}", database="postgres")
    pg.run(f"drop role if exists {quoted}; create role {quoted} login password 'p'")
    pg.run(f"create database {quoted} owner {quoted}", database="postgres")
    conn = f"postgresql://{quote(name)}:p@h/{quote(name)}"
    assert gateway.query("SELECT current_user, current_database()", conn=conn, array=True).rows == [[name, name]]
    wait_until(lambda: pg.run(f"select count(*) from pg_stat_activity where datname = '{name}'") != "",
               "the activity view answers")
    gateway.close_idle()
    pg.run(f"drop database {quoted} with (force)", database="postgres")
    pg.run(f"drop role {quoted}")
