"""From URL to connection string, and wrong URLs: one clear sentence each."""

import os
import pathlib
import re

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from sqlalchemy_neon_odbc import connstr, keywords
from sqlalchemy_neon_odbc.dialect import NeonDialect


def connection_string(url, **options):
    (text,), _ = NeonDialect(**options).create_connect_args(sa.make_url(url))
    return text


SOURCE = pathlib.Path(__file__).resolve().parents[2]
BASE = "postgresql+neonodbc://u:p@ep-x-1.eu.neon.test/db"


def test_the_parts_of_a_url():
    text = connection_string("postgresql+neonodbc://us%20er:p%40%3A%2F%3F%23%3B%7B%7D%25@ep-x-1.eu.neon.test/db")
    assert text.startswith("Driver=Neon;Server=ep-x-1.eu.neon.test;Database=db;UID=us er;PWD={p@:/?#;{}}%};")
    assert "ParamStyle=dollar" in text and "SqlState=postgres" in text


@pytest.mark.parametrize(
    "query, expected",
    [
        ("auth_token=a.b.c", "Token=a.b.c"),
        ("timeout=60", "LoginTimeout=60;QueryTimeout=60"),
        ("timeout=1.2", "LoginTimeout=2;QueryTimeout=2"),
        ("timeout=60&connect_timeout=5", "LoginTimeout=5"),
        ("sslmode=require", "SSLmode=require"),
        ("sslrootcert=/x/ca.pem", "CAFile=/x/ca.pem"),
        ("transport=HTTP", "Transport=http"),
        ("fetch_endpoint=https://gw.test/sql", "ApiHost=https://gw.test/sql"),
        ("odbc_MaxIdle=30", "MaxIdle=30"),
        ("driver=/x/libneonodbc.so", "Driver=/x/libneonodbc.so"),
    ],
)
def test_options(query, expected):
    assert expected in connection_string(f"{BASE}?{query}")


def test_keywords_are_the_drivers():
    rows = re.findall(r'^X\(\w+, "([^"]+)", "([^"]*)"', (SOURCE / "include" / "conn_keys.def").read_text(), re.MULTILINE)
    assert len(rows) > 60
    assert keywords.KEYWORDS == {keyword: tuple(filter(None, others.split(","))) for keyword, others in rows}


@pytest.mark.parametrize(
    "query, message",
    [
        ("odbc_Nonsense=1", "odbc_Nonsense.*no keyword 'Nonsense'"),
        ("odbc_MaxIdel=30", "odbc_MaxIdel.*Did you mean 'odbc_MaxIdle'"),
        ("odbc_=1", "no keyword ''"),
        ("odbc_Hostname=a&odbc_server=b", "name Server twice"),
        ("odbc_ApiHost=https://a.test&api_host=https://b.test", "name ApiHost twice"),
        ("odbc_Host=elsewhere.test", "says Server twice"),
    ],
)
def test_wrong_keywords_of_the_driver(query, message):
    with pytest.raises(exc.ArgumentError, match=message):
        connection_string(f"{BASE}?{query}")


def test_what_is_said_twice_may_agree():
    assert ";UID=u;" in connection_string(f"{BASE}?odbc_user=u&odbc_UID=u")


def test_options_of_the_consoles_url_are_taken():
    assert "channel" not in connection_string(f"{BASE}?sslmode=require&channel_binding=require")


def test_a_whole_connection_string():
    text = connection_string("postgresql+neonodbc:///?odbc_connect=DSN%3Dneon%3BUID%3Dx%3Bpgtypes%3D0")
    assert text.startswith("DSN=neon;UID=x;pgtypes=0;ParamStyle=dollar;") and "PgTypes" not in text


@pytest.mark.parametrize(
    "query, transport, buffers",
    [
        ("transport=http", "http", True), ("transport=http&autocommit=1", "http", False), ("transport=websocket", "websocket", False),
        ("", "auto", False), ("odbc_tRansport=HTTP", "http", True), ("auth_token=a.b.c", "auto", True),
    ],
)
def test_the_flags_follow_the_transport(query, transport, buffers):
    dialect = NeonDialect()
    (text,), _ = dialect.create_connect_args(sa.make_url(f"{BASE}?{query}"))
    assert dialect.transport == transport and dialect.buffers is buffers
    assert dialect.insert_returning is not buffers and f"transport={transport}" in text.lower()
    dialect = NeonDialect()
    whole = f"odbc_connect=Server%3Dx%3BTransport%3D%7B{transport}%7D"
    dialect.create_connect_args(sa.make_url(f"postgresql+neonodbc:///?{whole}"))
    assert dialect.transport == transport


def test_a_token_and_a_socket_exclude_each_other():
    with pytest.raises(exc.ArgumentError, match="tokens over HTTP alone"):
        connection_string(f"{BASE}?auth_token=a.b.c&transport=websocket")


def test_a_data_source():
    assert connection_string("postgresql+neonodbc://u:p@/?dsn=neon").startswith("DSN=neon;UID=u;PWD=p")


@pytest.mark.parametrize(
    "url, message",
    [
        (f"{BASE}?transprot=http", "'transprot' is not known. Did you mean 'transport'"),
        (f"{BASE}?transport=carrier-pigeon", "one of auto, http, websocket"),
        (f"{BASE}?timeout=soon", "number of seconds"),
        (f"{BASE}?timeout=-1", "number of seconds"),
        (f"{BASE}?autocommit=perhaps", "true or false"),
        (f"{BASE}?timeout=1&timeout=2", "give it once"),
        (f"{BASE}?fetch_endpoint=https://a.test&api_host=https://b.test", "ApiHost twice: .* leave one out"),
        ("postgresql+neonodbc:///db", "names no host"),
        (f"{BASE}?odbc_connect=DSN%3Dx", "excludes a host"),
    ],
)
def test_wrong_urls(url, message):
    with pytest.raises(exc.ArgumentError, match=message) as caught:
        connection_string(url)
    assert ":p@" not in str(caught.value)


def test_a_level_and_autocommit_exclude_each_other():
    with pytest.raises(exc.ArgumentError, match="autocommit=true and isolation_level='SERIALIZABLE' exclude each other"):
        sa.create_engine(f"{BASE}?autocommit=true", isolation_level="SERIALIZABLE")
    sa.create_engine(f"{BASE}?autocommit=true", isolation_level="AUTOCOMMIT")


def test_connect_args_are_the_same_options():
    text, rest = connstr.from_arguments({"ssl_cert_file": "/x;y", "timeout": 7, "autocommit": True, "dsn": "z"})
    assert text == "CAFile={/x;y};LoginTimeout=7;QueryTimeout=7;" and rest == {"autocommit": True, "dsn": "z"}
    engine = sa.create_engine(BASE, connect_args={"ssl_cert_fil": "/x"})
    with pytest.raises(exc.ArgumentError, match="'ssl_cert_fil' is not known. Did you mean 'ssl_cert_file'"):
        engine.connect()


def test_connect_args_reach_the_driver():
    from conftest import async_engine_on, engine_on, run

    arguments = {"application_name": "from-arguments"}
    with engine_on("http", connect_args=arguments) as engine, engine.connect() as connection:
        assert "from-arguments" in connection.scalar(sa.text("SHOW application_name"))

    async def main():
        async with async_engine_on("http", connect_args=arguments) as engine, engine.connect() as connection:
            return await connection.scalar(sa.text("SHOW application_name"))

    assert "from-arguments" in run(main())


def test_the_certificate_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert f"CAFile={tmp_path / 'ca.pem'}" in connection_string(BASE)
    assert "CAFile=/mine.pem" in connection_string(f"{BASE}?sslrootcert=/mine.pem")


def test_an_empty_certificate_variable_leaves_verification_on(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "")
    with pytest.warns(UserWarning, match="verification off .* Here it stays on"):
        assert "CAFile" not in connection_string(BASE)


def test_an_empty_certificate_option_leaves_verification_on(monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    url = sa.make_url(BASE).update_query_dict({"ssl_cert_file": ""})
    with pytest.warns(UserWarning, match="ssl_cert_file is empty.* verification off .* Here it stays on"):
        assert "CAFile" not in connection_string(url)
    with pytest.warns(UserWarning, match="ssl_cert_file is empty"):
        assert connstr.from_arguments({"ssl_cert_file": ""}) == ("", {})
    # SQLAlchemy itself leaves an empty option of a URL's text out
    assert "ssl_cert_file" not in sa.make_url(f"{BASE}?ssl_cert_file=").query


def test_every_name_of_the_dialect():
    from sqlalchemy_neon_odbc.aio import NeonAsyncDialect

    for name in ("postgresql+neonodbc", "neon", "neon+pyodbc"):
        dialect = sa.make_url(f"{name}://u@h/d").get_dialect()
        assert dialect is NeonDialect and dialect.name == "postgresql"
    for name in ("postgresql+neonodbc_async", "neon+aioodbc"):
        assert sa.make_url(f"{name}://u@h/d").get_dialect() is NeonAsyncDialect
    assert sa.make_url("neon://u@h/d").get_dialect(_is_async=True) is NeonAsyncDialect


def test_paramstyles():
    assert NeonDialect().paramstyle == "numeric_dollar"
    assert "ParamStyle=auto" in connection_string(BASE, paramstyle="qmark")
    with pytest.raises(exc.ArgumentError, match="numeric_dollar or qmark"):
        NeonDialect(paramstyle="format")


def test_an_unregistered_driver_says_what_to_do():
    engine = sa.create_engine(f"{BASE}?driver=NoSuchDriver")
    with pytest.raises(exc.DBAPIError, match="is not registered on this machine: install neon-odbc"):
        engine.connect()


def test_a_wrong_password_says_so():
    from conftest import make_url

    url = make_url("auto").set(password="wrong-wrong")
    with pytest.raises(exc.OperationalError, match="28P01|28000") as caught:
        sa.create_engine(url).connect()
    assert "wrong-wrong" not in str(caught.value) + repr(url)


def test_a_network_that_is_gone():
    from conftest import make_url

    url = make_url("auto", api_host="http://127.0.0.1:9", odbc_RetryCount="0")
    with pytest.raises(exc.OperationalError) as caught:
        sa.create_engine(url).connect()
    assert os.environ["NEON_TEST_PASSWORD"] not in str(caught.value)
