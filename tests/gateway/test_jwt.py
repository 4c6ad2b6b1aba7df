"""JWT mode (protocol 9) and its errors (5.3)."""

import json
import time

import pytest

from conftest import connection_string, wait_until


def message(answer):
    assert answer.status == 400, answer.text
    assert answer.json["code"] == "" and len(answer.json) == 17
    return answer.json["message"]


@pytest.fixture(autouse=True)
def fresh(jwt_gateway):
    jwt_gateway.gateway.reset()


@pytest.mark.parametrize("key,role", [("ec-1", "authenticated"), ("rsa-1", "anonymous")])
def test_roles_and_keys(jwt_gateway, key, role):
    answer = jwt_gateway.ask("SELECT current_user, session_user", key=key, user=role, array=True)
    assert answer.rows == [[role, role]]


def test_claims_reach_sql(jwt_gateway):
    claims = {"sub": "user-1", "role": "x", "nested": {"a": [1, "é"]}}
    sql = "SELECT current_setting('request.jwt.claims')::json->>'sub' AS s, current_setting('request.jwt.claims') AS c"
    answer = jwt_gateway.ask(sql, claims)
    assert answer.rows[0]["s"] == "user-1"
    assert json.loads(answer.rows[0]["c"]) == claims
    answer = jwt_gateway.ask(sql, {"sub": "user-2"})
    assert answer.rows[0]["s"] == "user-2", "a pooled connection gets the claims of its request"
    assert jwt_gateway.gateway.stats()["pool_hits"] >= 1, "JWT connections are pooled without opt-in"


def test_row_level_security(jwt_gateway, pg):
    pg.run(
        "drop table if exists notes; create table notes(owner text, note text);"
        "insert into notes values ('u1', 'mine'), ('u2', 'theirs'); alter table notes enable row level security;"
        "create policy own on notes using (owner = current_setting('request.jwt.claims')::json->>'sub');"
        "grant select on notes to authenticated"
    )
    assert jwt_gateway.ask("SELECT note FROM notes", {"sub": "u1"}).rows == [{"note": "mine"}]
    assert jwt_gateway.ask("SELECT note FROM notes", {"sub": "u2"}).rows == [{"note": "theirs"}]
    # The session is the role's own: there is nobody else to go back to.
    answer = jwt_gateway.ask("RESET SESSION AUTHORIZATION", {"sub": "u1"})
    assert answer.status == 200
    batch = {"queries": [{"query": "RESET SESSION AUTHORIZATION"}, {"query": "SELECT session_user AS u"}]}
    headers = {"Authorization": "Bearer " + jwt_gateway.keys["ec-1"].token({})}
    answer = jwt_gateway.gateway.post(batch, conn=connection_string("authenticated", None), headers=headers)
    assert answer.json["results"][1]["rows"] == [{"u": "authenticated"}]
    pg.run("drop table notes")


def test_password_is_ignored(jwt_gateway):
    headers = {"Authorization": "Bearer " + jwt_gateway.keys["ec-1"].token({})}
    answer = jwt_gateway.gateway.query("SELECT 1", conn=connection_string("authenticated", "wrong"), headers=headers)
    assert answer.status == 200


def test_authorization_is_required(jwt_gateway):
    text = "missing authentication credentials: required authorization bearer token in JWT format"
    conn = connection_string("authenticated", "authenticated-pw")
    token = jwt_gateway.keys["ec-1"].token({})
    for headers in ({}, {"Authorization": token}, {"Authorization": "bearer " + token}, {"Authorization": "Basic eA=="}):
        assert message(jwt_gateway.gateway.query("SELECT 1", conn=conn, headers=headers)) == text


NOT_A_JWT = "Provided authentication token is not a valid JWT encoding"


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b", "a.b.c.d", "!!.e30.AA", "e30.e30.AA", "bnVsbA.e30.AA", "eyJhbGciOiJFUzI1NiI.e30.AA", "e30=.e30.AA",
     "eyJhbGciOjF9.e30.AA"],
)
def test_bad_encoding(jwt_gateway, token):
    assert message(jwt_gateway.ask("SELECT 1", token=token)) == NOT_A_JWT


def test_keys_and_roles(jwt_gateway):
    assert message(jwt_gateway.ask("SELECT 1", header={"kid": None})) == "missing key id"
    assert message(jwt_gateway.ask("SELECT 1", header={"kid": "unknown"})) == "jwk not found"
    assert message(jwt_gateway.ask("SELECT 1", key="rsa-1", user="authenticated")) == "jwk not found"
    assert message(jwt_gateway.ask("SELECT 1", key="ec-1", user="anonymous")) == "jwk not found"
    assert message(jwt_gateway.ask("SELECT 1", key="ec-1", user="postgres")) == "jwk not found"
    assert message(jwt_gateway.ask("SELECT 1", key="ec-9")) == "jwk not found"


def test_signatures(jwt_gateway):
    bad = "signature error: signature error"
    for key, user in (("ec-1", "authenticated"), ("rsa-1", "anonymous")):
        token = jwt_gateway.keys[key].token({"sub": "a"})
        head, payload, signature = token.split(".")
        other = jwt_gateway.keys[key].token({"sub": "b"})
        forged = ".".join([head, other.split(".")[1], signature])
        assert message(jwt_gateway.ask("SELECT 1", token=forged, user=user)) == bad
        assert message(jwt_gateway.ask("SELECT 1", token=f"{head}.{payload}.", user=user)) == bad
        assert message(jwt_gateway.ask("SELECT 1", token=f"{head}.{payload}.AAAA", user=user)) == bad
        assert message(jwt_gateway.ask("SELECT 1", token=f"{head}.{payload}.!", user=user)) == NOT_A_JWT
    # the right name of the key, but somebody else's signature
    assert message(jwt_gateway.ask("SELECT 1", key="ec-9", header={"kid": "ec-1"})) == bad


def test_algorithms(jwt_gateway):
    for alg in ("none", "HS256", "ES384", "RS512", "PS256", ""):
        assert message(jwt_gateway.ask("SELECT 1", header={"alg": alg})) == "signature algorithm not supported"
    assert message(jwt_gateway.ask("SELECT 1", header={"alg": "RS256"})) == "invalid RSA signing algorithm"
    answer = jwt_gateway.ask("SELECT 1", header={"alg": "ES256"}, key="rsa-1", user="anonymous")
    assert message(answer) == "signature algorithm not supported"


def test_times(jwt_gateway):
    now = int(time.time())
    assert jwt_gateway.ask("SELECT 1", {"exp": now + 100, "nbf": now - 100}).status == 200
    assert jwt_gateway.ask("SELECT 1", {"exp": now - 15, "nbf": now + 15}).status == 200, "30 s of leeway"
    late = jwt_gateway.ask("SELECT 1", {"exp": now - 100})
    assert message(late) == f"JWT token has expired (exp={now - 100})"
    early = jwt_gateway.ask("SELECT 1", {"nbf": now + 100})
    assert message(early) == f"JWT token is not yet ready to use (nbf={now + 100})"


def test_audience(start, jwt_gateway):
    pg_file = jwt_gateway.folder / "pg-url"
    gateway = start("--jwks", jwt_gateway.folder / "jwks.json", "--jwt-audience", "my-app", pg_file=pg_file)

    def ask(claims):
        headers = {"Authorization": "Bearer " + jwt_gateway.keys["ec-1"].token(claims)}
        return gateway.query("SELECT 1", conn=connection_string("authenticated", None), headers=headers)

    assert ask({"aud": "my-app"}).status == 200
    assert ask({"aud": ["x", "my-app"]}).status == 200
    for claims in ({}, {"aud": "x"}, {"aud": ["x"]}, {"aud": 5}, {"aud": None}):
        assert message(ask(claims)) == "invalid JWT token audience"
    gateway.stop()


def test_key_file_is_read_again(jwt_gateway):
    path = jwt_gateway.folder / "jwks.json"
    before = path.read_text()
    document = json.loads(before)
    try:
        document["keys"].append(jwt_gateway.keys["ec-9"].jwk(roles=["authenticated"]))
        path.write_text(json.dumps(document))
        wait_until(lambda: jwt_gateway.ask("SELECT 1", key="ec-9").status == 200, "the new key is known")
        path.write_text("broken")
        assert jwt_gateway.ask("SELECT 1", key="ec-9").status == 200, "an unusable file changes nothing"
    finally:
        path.write_text(before)
    wait_until(lambda: jwt_gateway.ask("SELECT 1", key="ec-9").status == 400, "the key is gone")


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", '{"keys":1}', '{"keys":[' + " " * 70000 + "]}"])
def test_unusable_key_file(start, tmp_path, content):
    (tmp_path / "jwks").write_text(content)
    gateway = start("--jwks", tmp_path / "jwks", wait=False)
    assert gateway.process.wait(30) == 1
    assert "JWKS file" in gateway.printed
