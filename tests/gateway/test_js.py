"""The official JavaScript client (@neondatabase/serverless) against the gateway; the tests are in js/."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import connection_string

JS = pathlib.Path(__file__).parent / "js"
DOCS = pathlib.Path(__file__).parents[2] / "docs/gateway.md"


def test_lock_file_names_no_registry():
    lock = json.loads((JS / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/@neondatabase/serverless"]["integrity"].startswith("sha512-")
    for name in ("package-lock.json", "package.json", ".npmrc"):
        text = (JS / name).read_text()
        assert "http" not in text and '"resolved"' not in text, name
    wanted = json.loads((JS / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), "exact versions only"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The client, installed in a temporary copy: the source tree stays as it is."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    major = int(subprocess.run(["node", "--version"], capture_output=True, text=True).stdout[1:].split(".")[0])
    if major < 19:
        pytest.skip(f"the client needs node 19 or later, here is {major}")
    folder = tmp_path_factory.mktemp("js")
    for file in JS.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    done = subprocess.run(["npm", "ci", "--prefer-offline"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0 and re.search("ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENOTCACHED", done.stderr):
        pytest.skip("the package registry cannot be reached and npm's cache does not have the client")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def plain_gateway(start):
    return start("--websocket", "plain")


def test_client(gateway, jwt_gateway, plain_gateway, installed):
    environment = dict(
        os.environ,
        GATEWAY_URL=gateway.url,
        PLAIN_GATEWAY_URL=plain_gateway.url,
        DATABASE_URL=connection_string(),
        JWT_GATEWAY_URL=jwt_gateway.gateway.url,
        JWT_DATABASE_URL=connection_string("authenticated", None),
        JWT_TOKEN=jwt_gateway.keys["ec-1"].token({"sub": "user-js"}),
    )
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap"], cwd=installed, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(re.search(r"^# pass (\d+)$", done.stdout, re.M).group(1))
    assert passed == sum(file.read_text().count("\ntest(") for file in installed.glob("*.test.mjs")), done.stdout
    stats = gateway.stats()
    assert stats["ws_sessions"] > 10 and stats["ws_frames_out"] > 5000


def test_documented_examples(gateway, installed):
    """The JavaScript of docs/gateway.md, with this gateway's address and a query at its end."""
    blocks = re.findall(r"^```js\n(.*?)^```", DOCS.read_text(), re.M | re.S)
    ends = ["console.log((await sql`SELECT 42 AS a`)[0].a)", "console.log((await pool.query('SELECT 42 AS a')).rows[0].a)"]
    assert len(blocks) == len(ends)
    for block, end in zip(blocks, ends):
        code = block.replace("127.0.0.1:40123", f"127.0.0.1:{gateway.port}") + end + ";\nprocess.exit();\n"
        code = code.replace("postgresql://USER:PASSWORD@localhost/DB", connection_string())
        (installed / "example.mjs").write_text(code)
        done = subprocess.run(["node", "example.mjs"], cwd=installed, capture_output=True, text=True)
        assert (done.stdout, done.returncode) == ("42\n", 0), done.stderr
