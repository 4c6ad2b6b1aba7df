"""The command line: help, documentation, values, messages."""

import pathlib
import re
import stat
import subprocess

import pytest

from conftest import connection_string

DOCS = pathlib.Path(__file__).parents[2] / "docs" / "gateway.md"


def run(program, *arguments, **more):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30, **more)


def test_help_and_documentation_name_the_same_options(program):
    done = run(program, "--help")
    assert done.returncode == 0
    in_help = re.findall(r"^  --([a-z-]+)(?: (\S+))?", done.stdout, re.M)
    in_docs = re.findall(r"^\| `--([a-z-]+)(?: ([^`]+))?` \|", DOCS.read_text(), re.M)
    assert [tuple(o) for o in in_help] == [tuple(o) for o in in_docs]
    assert len(in_help) > 20
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_documentation_names_every_fault(gateway):
    kinds = re.findall(r"[a-z_0-9]+", gateway.request("POST", "/_gateway/fault", "{}").json["msg"].split(":")[1])
    in_docs = re.findall(r"^\| `([a-z_0-9]+)` \|", DOCS.read_text().split("### Faults", 1)[1], re.M)
    assert kinds == in_docs


def test_version(program):
    done = run(program, "--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "neon-gateway")


@pytest.mark.parametrize(
    "arguments,words",
    [
        ([], "--pg"),
        (["--nonsense"], "nonsense"),
        (["--pg", "postgresql://h", "extra"], "extra"),
        (["--pg", "postgresql://[::1/x"], "postgresql://admin@"),
        (["--pg", "host=h connect_timeout=3"], "connect_timeout"),
        (["--pg", "postgresql://h", "--max-request-bytes", "10k"], "--max-request-bytes wants a whole number"),
        (["--pg", "postgresql://h", "--max-response-bytes", "-1"], "whole number"),
        (["--pg", "postgresql://h", "--pool-opt-in", "maybe"], "required or off"),
        (["--pg", "postgresql://h", "--tls-cert", "x"], "--tls-key"),
        (["--pg", "postgresql://h", "--tls-cert-out", "x"], "--tls"),
        (["--pg", "postgresql://h", "--jwt-role", "a=b"], "--jwks"),
        (["--pg", "postgresql://h", "--jwks", "f", "--jwt-role", "a"], "ROLE=KID"),
        (["--pg-file", "/nonexistent"], "--pg-file"),
    ],
)
def test_wrong_usage(program, arguments, words):
    done = run(program, *arguments)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--listen", "nonsense"], "ADDRESS:PORT"),
        (["--listen", "127.0.0.1:"], "ADDRESS:PORT"),
        (["--listen", "192.0.2.1:0"], "cannot listen on 192.0.2.1:0"),
        (["--listen", "0.0.0.0:0", "--control"], "loopback"),
        (["--port-file", "/nonexistent/x"], "cannot write /nonexistent/x"),
        (["--log", "/nonexistent/x"], "/nonexistent/x"),
    ],
)
def test_start_that_fails(program, pg_url_file, arguments, words):
    done = run(program, "--pg-file", pg_url_file, *arguments)
    assert done.returncode == 1
    assert words in done.stderr


def test_port_in_use(program, gateway, pg_url_file):
    done = run(program, "--pg-file", pg_url_file, "--listen", f"127.0.0.1:{gateway.port}")
    assert done.returncode == 1
    assert "Address already in use" in done.stderr


def test_wrong_administrator(program, pg):
    url = pg.url.replace("postgres:", "postgres:x", 1)
    done = run(program, "--pg", url)
    assert done.returncode == 1
    assert "password authentication failed for user 'postgres'" in done.stderr
    assert url.split(":")[2].split("@")[0] not in done.stderr


def test_listening_and_line(start):
    gateway = start("--listen", "localhost:0")
    assert gateway.printed.count("\n") == 1
    assert re.fullmatch(
        rf"neon-gateway: serving http://localhost:{gateway.port}/sql for PostgreSQL at [^ ]+; use "
        rf"Url=postgresql://USER:PASSWORD@localhost/DB;ApiHost=http://localhost:{gateway.port};AllowInsecure=1\n",
        gateway.printed,
    )
    assert gateway.query("SELECT 1").status == 200
    assert gateway.stop() == 0


def test_ipv6(start):
    import socket

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback address")
    gateway = start("--listen", "[::1]:0", "--control")
    assert f"http://[::1]:{gateway.port}/sql" in gateway.printed
    assert gateway.stop() == 0


def test_password_from_the_environment(start, pg, tmp_path):
    import os
    import urllib.parse

    parts = urllib.parse.urlsplit(pg.url)
    url = tmp_path / "url"
    url.write_text(f"postgresql://postgres@{parts.hostname}:{parts.port}/postgres\n")
    environment = dict(os.environ, PGPASSWORD=parts.password, PGOPTIONS="-c work_mem=1234kB", PGTZ="Asia/Tokyo",
                       PGCLIENTENCODING="LATIN1", PGAPPNAME="leak")
    gateway = start("--control", pg_file=url, environment=environment)
    sql = "SELECT current_setting('work_mem'), current_setting('TimeZone'), current_setting('client_encoding'), " \
          "current_setting('application_name')"
    assert gateway.query(sql, array=True).rows == [["4MB", "UTC", "UTF8", ""]], "nothing of the environment may leak"
    assert gateway.query("SELECT 1", pool=True).status == 200
    assert gateway.stats()["pool_idle"] >= 1, "the administrator can read pg_authid"
    environment_of_process = pathlib.Path(f"/proc/{gateway.process.pid}/cmdline").read_bytes()
    assert parts.password.encode() not in environment_of_process
    gateway.stop()


def test_unix_socket(start, pg, tmp_path):
    import os
    import urllib.parse

    parts = urllib.parse.urlsplit(pg.url)
    folder = os.environ["NEON_TEST_PG_SOCKET"]
    if not os.access(folder, os.X_OK):
        pytest.skip(f"the socket folder {folder} is not accessible to this user")
    url = tmp_path / "url"
    host = urllib.parse.quote(folder, safe="")
    url.write_text(f"postgresql://postgres:{parts.password}@/postgres?host={host}&port={parts.port}\n")
    gateway = start(pg_file=url)
    assert gateway.query("SELECT 1", conn=connection_string()).status == 200
    gateway.stop()


def test_files_are_written_whole(start, tmp_path):
    gateway = start("--tls", "--tls-cert-out", tmp_path / "ca.pem")
    assert [p.name for p in tmp_path.iterdir()] == ["ca.pem"]
    text = (tmp_path / "ca.pem").read_text()
    assert text.count("BEGIN CERTIFICATE") == 1 and "PRIVATE" not in text
    assert stat.S_ISREG((tmp_path / "ca.pem").stat().st_mode)
    assert gateway.port_file.read_text() == f"{gateway.port}\n"
    gateway.stop()
