"""HTTPS with a certificate made at start or given, and HTTP/2 through nginx."""

import json
import shutil
import socket
import ssl
import subprocess

import pytest

from conftest import connection_string, wait_until


def ask(url, ca, *arguments, sql="SELECT 1 AS a"):
    """One request with curl; returns (http version, status, body)."""
    command = ["curl", "-sS", "--cacert", str(ca), "-w", "\n%{http_version} %{http_code}", "--data-binary",
               json.dumps({"query": sql}), "-H", "Neon-Connection-String: " + connection_string(), *arguments, url]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    body, tail = done.stdout.rsplit("\n", 1)
    version, status = tail.split()
    return version, int(status), body


@pytest.fixture(scope="module")
def tls_gateway(start, tmp_path_factory):
    ca = tmp_path_factory.mktemp("ca") / "ca.pem"
    gateway = start("--control", "--tls", "--tls-cert-out", ca)
    gateway.ca = ca
    return gateway


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_self_signed(tls_gateway, host):
    version, status, body = ask(f"https://{host}:{tls_gateway.port}/sql", tls_gateway.ca)
    assert (version, status) == ("1.1", 200)
    assert '"rows":[{"a":1}]' in body
    assert "AllowInsecure" not in tls_gateway.printed
    assert f"https://127.0.0.1:{tls_gateway.port}/sql" in tls_gateway.printed


def test_unknown_certificate_is_refused_by_clients(tls_gateway):
    context = ssl.create_default_context()
    with socket.create_connection(("127.0.0.1", tls_gateway.port)) as s, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(s, server_hostname="localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions(tls_gateway, version):
    context = ssl.create_default_context(cafile=tls_gateway.ca)
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", tls_gateway.port)) as s:
        with context.wrap_socket(s, server_hostname="localhost") as t:
            t.sendall(tls_gateway.raw_request("SELECT 'over tls'", Connection="close"))
            data = b""
            while piece := t.recv(65536):
                data += piece
    assert b"over tls" in data


def test_plain_http_on_a_tls_port(tls_gateway):
    with socket.create_connection(("127.0.0.1", tls_gateway.port), timeout=30) as s:
        s.sendall(tls_gateway.raw_request("SELECT 1"))
        try:
            assert b"200 OK" not in s.recv(65536)
        except ConnectionResetError:
            pass
    assert ask(tls_gateway.url + "/sql", tls_gateway.ca)[1] == 200


def test_client_that_leaves_over_tls(tls_gateway, pg):
    count = "select count(*) from pg_stat_activity where query like '%/* tls */%' and state = 'active' and pid <> pg_backend_pid()"
    context = ssl.create_default_context(cafile=tls_gateway.ca)
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", tls_gateway.port)), server_hostname="localhost")
    s.sendall(tls_gateway.raw_request("SELECT pg_sleep(600) /* tls */"))
    wait_until(lambda: pg.run(count) == "1", "the statement runs")
    s.close()
    wait_until(lambda: pg.run(count) == "0", "the statement is cancelled")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    if not shutil.which("openssl"):
        pytest.skip("the openssl command is not installed")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
         folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )
    return folder


def test_given_certificate(start, certificate):
    gateway = start("--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem")
    assert ask(f"https://127.0.0.1:{gateway.port}/sql", certificate / "cert.pem")[1] == 200
    gateway.stop()


def test_unusable_certificate(start, certificate, tmp_path):
    (tmp_path / "bad.pem").write_text("nonsense")
    for cert, key in (("bad.pem", "bad.pem"), ("none.pem", "none.pem")):
        gateway = start("--tls-cert", tmp_path / cert, "--tls-key", tmp_path / key, wait=False)
        assert gateway.process.wait(30) == 1
        assert "neon-gateway: " in gateway.printed


@pytest.fixture(scope="module")
def nginx(start, certificate, tmp_path_factory):
    """nginx with HTTP/2 in front of a gateway, unprivileged, in a folder of its own."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not program:
        pytest.skip("nginx is not installed: HTTP/2 is tested with it in front")
    gateway = start("--control", "--max-response-bytes", "100000000")
    folder = tmp_path_factory.mktemp("nginx")
    for attempt in range(10):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        (folder / "nginx.conf").write_text(
            f"""
            daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
            events {{ worker_connections 256; }}
            http {{
                access_log off;
                client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
                uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
                client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0; # no files
                upstream gateway {{ server 127.0.0.1:{gateway.port}; keepalive 16; }}
                server {{
                    listen 127.0.0.1:{port} ssl http2;
                    ssl_certificate {certificate}/cert.pem; ssl_certificate_key {certificate}/key.pem;
                    location / {{ proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection ""; }}
                }}
            }}"""
        )
        process = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
        try:
            wait_until(lambda: process.poll() is not None or accepts(port), "nginx accepts connections")
        except AssertionError:
            process.terminate()
            raise
        if process.poll() is None:
            break
    assert process.poll() is None, (folder / "error.log").read_text()
    yield gateway, f"https://localhost:{port}/sql", certificate / "cert.pem"
    process.terminate()
    process.wait(30)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def test_http2(nginx):
    gateway, url, ca = nginx
    version, status, body = ask(url, ca, "--http2")
    assert (version, status) == ("2", 200)
    assert '"rows":[{"a":1}]' in body
    version, status, body = ask(url, ca, "--http2", sql="SELECT 1/0")
    assert (version, status) == ("2", 400)
    assert json.loads(body)["code"] == "22012"


def test_http2_large_answer(nginx):
    gateway, url, ca = nginx
    version, status, body = ask(
        url, ca, "--http2", "-H", "Neon-Raw-Text-Output: true", "-H", "Neon-Array-Mode: true",
        sql="SELECT g, repeat('x', 100) FROM generate_series(1, 50000) g",
    )
    assert (version, status) == ("2", 200)
    assert len(json.loads(body)["rows"]) == 50000


def test_http2_cancel(nginx, pg):
    gateway, url, ca = nginx
    count = "select count(*) from pg_stat_activity where query like '%/* h2 */%' and state = 'active' and pid <> pg_backend_pid()"
    client = subprocess.Popen(
        ["curl", "-sS", "--http2", "--cacert", str(ca), "--data-binary", '{"query":"SELECT pg_sleep(600) /* h2 */"}',
         "-H", "Neon-Connection-String: " + connection_string(), url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: pg.run(count) == "1", "the statement runs")
    client.kill()
    client.wait()
    wait_until(lambda: pg.run(count) == "0", "the statement is cancelled")
