"""The worked examples of the protocol document (section 12), compared as exact text."""

import json

from conftest import connection_string

NULLS = '"detail":null,"hint":null,"position":null,"internalPosition":null,"internalQuery":null'
TAIL = '"where":null,"table":null,"column":null,"schema":null,"dataType":null,"constraint":null'


def plain_error(message):
    """The body of an error that PostgreSQL did not report."""
    return (
        f'{{"message":{json.dumps(message)},"code":"",{NULLS},"severity":"",{TAIL},'
        '"file":null,"line":null,"routine":null}'
    )


def field(name, oid, size, modifier=-1, table=0, column=0):
    return (
        f'{{"name":"{name}","dataTypeID":{oid},"tableID":{table},"columnID":{column},"dataTypeSize":{size},'
        f'"dataTypeModifier":{modifier},"format":"text"}}'
    )


def test_01_single_raw_array(gateway, pg):
    today = pg.run("select now()::date")
    answer = gateway.query("SELECT $1::int + 1 AS n, now()::date AS d, NULL AS z", ["41"], raw=True, array=True)
    assert answer.status == 200
    assert answer.text == (
        f'{{"fields":[{field("n", 23, 4)},{field("d", 1082, 4)},{field("z", 25, -1)}],'
        f'"rows":[["42","{today}",null]],"command":"SELECT","rowCount":1,"rowAsArray":true}}'
    )


SQL_02 = (
    "SELECT 7 AS i, 7::int8 AS b, true AS t, 1.50::numeric AS m, '{1,2}'::int[] AS a, "
    "'{\"k\": [1]}'::jsonb AS j, '\\x01ff'::bytea AS y"
)


def test_02_single_typed_object(gateway):
    answer = gateway.query(SQL_02)
    assert '"rows":[{"i":7,"b":"7","t":true,"m":"1.50","a":[1,2],"j":{"k": [1]},"y":"\\\\x01ff"}]' in answer.text


def test_02_raw_gives_text(gateway):
    answer = gateway.query(SQL_02, raw=True)
    assert (
        '"rows":[{"i":"7","b":"7","t":"t","m":"1.50","a":"{1,2}","j":"{\\"k\\": [1]}","y":"\\\\x01ff"}]' in answer.text
    )


def test_03_params_of_all_kinds(gateway):
    body = (
        '{"query":"SELECT $1::text,$2::bool,$3::int8,$4::numeric,$5::text,$6::jsonb,$7::text[],$8::int[]",'
        '"params":[null,true,9007199254740993,1.10,"q\\"\\n",{"b":1,"a":[null]},["x","y\\"z",null,"NULL"],'
        "[[1,2],[3,4]]]}"
    )
    answer = gateway.post(body, raw=True, array=True)
    assert (
        '"rows":[[null,"t","9007199254740993","1.1","q\\"\\n","{\\"a\\": [null], \\"b\\": 1}",'
        '"{x,\\"y\\\\\\"z\\",NULL,\\"NULL\\"}","{{1,2},{3,4}}"]]' in answer.text
    )


def test_04_batch_with_options(gateway):
    body = '{"queries":[{"query":"SELECT 1 AS a"},{"query":"SELECT $1 AS b","params":["x"],"arrayMode":false}]}'
    answer = gateway.post(body, raw=True, array=True, isolation="RepeatableRead", read_only=True)
    assert answer.status == 200
    assert answer.headers["neon-batch-read-only"] == "true"
    assert answer.headers["neon-batch-isolation-level"] == "RepeatableRead"
    assert answer.headers["neon-batch-deferrable"] is None
    assert answer.text == (
        f'{{"results":[{{"fields":[{field("a", 23, 4)}],"rows":[["1"]],"command":"SELECT","rowCount":1,'
        f'"rowAsArray":true}},{{"fields":[{field("b", 25, -1)}],"rows":[{{"b":"x"}}],"command":"SELECT","rowCount":1,'
        '"rowAsArray":false}]}'
    )


def test_04_options_reach_the_transaction(gateway):
    show = ["SHOW transaction_isolation", "SHOW transaction_read_only", "SHOW transaction_deferrable"]
    answer = gateway.batch(*show, isolation="RepeatableRead", read_only=True, raw=True, array=True)
    assert [r["rows"][0][0] for r in answer.json["results"]] == ["repeatable read", "on", "off"]
    answer = gateway.batch(*show, isolation="Serializable", read_only=True, deferrable=True, raw=True, array=True)
    assert [r["rows"][0][0] for r in answer.json["results"]] == ["serializable", "on", "on"]
    assert answer.headers["neon-batch-deferrable"] == "true"


def test_05_empty_result(gateway, item):
    answer = gateway.query("SELECT id FROM item WHERE false")
    assert answer.stable == (
        f'{{"fields":[{field("id", 20, 8, table="T", column=1)}],"rows":[],"command":"SELECT","rowCount":0,'
        '"rowAsArray":false}'
    )


def test_06_ddl(gateway, item):
    gateway.query("DROP TABLE item")
    answer = gateway.query("CREATE TABLE item(id bigserial PRIMARY KEY, sku varchar(10) UNIQUE)")
    assert answer.status == 200
    assert answer.text == '{"fields":[],"rows":[],"command":"CREATE","rowCount":null,"rowAsArray":false}'


def test_07_insert_returning(gateway, item):
    answer = gateway.query("INSERT INTO item(sku) VALUES ($1),($2) RETURNING id, sku", ["A1", "B2"], raw=True, array=True)
    assert answer.stable == (
        f'{{"fields":[{field("id", 20, 8, table="T", column=1)},{field("sku", 1043, -1, 14, "T", 2)}],'
        '"rows":[["1","A1"],["2","B2"]],"command":"INSERT","rowCount":2,"rowAsArray":true}'
    )


def test_08_floats(gateway):
    sql = "SELECT 'NaN'::float8,'-Infinity'::float4,1::float8,1e16::float8"
    assert '"rows":[["NaN","-Infinity",1.0,1e16]]' in gateway.post({"query": sql, "arrayMode": True}).text
    assert '"rows":[["NaN","-Infinity","1","1e+16"]]' in gateway.query(sql, raw=True, array=True).text


def test_09_error_with_position(gateway):
    answer = gateway.query("SELECT 123 WHERE x")
    assert answer.status == 400
    assert answer.stable == (
        '{"message":"column \\"x\\" does not exist","code":"42703","detail":null,"hint":null,"position":"18",'
        f'"internalPosition":null,"internalQuery":null,"severity":"ERROR",{TAIL},"file":F,"line":L,"routine":R}}'
    )
    assert answer.json["routine"] == "errorMissingColumn"


def test_10_unique_violation(gateway, item):
    gateway.query("INSERT INTO item(sku) VALUES ('A1')")
    answer = gateway.query("INSERT INTO item(sku) VALUES ($1)", ["A1"])
    assert answer.status == 400
    assert answer.stable == (
        '{"message":"duplicate key value violates unique constraint \\"item_sku_key\\"","code":"23505",'
        '"detail":"Key (sku)=(A1) already exists.","hint":null,"position":null,"internalPosition":null,'
        '"internalQuery":null,"severity":"ERROR","where":null,"table":"item","column":null,"schema":"public",'
        '"dataType":null,"constraint":"item_sku_key","file":F,"line":L,"routine":R}'
    )


def test_11_wrong_password(gateway):
    answer = gateway.query("SELECT 1", conn=connection_string(password="wrong"))
    assert answer.status == 400
    assert answer.text == plain_error("password authentication failed for user 'app'")


def test_12_unknown_database(gateway):
    answer = gateway.query("SELECT 1", conn=connection_string(database="nope"))
    assert answer.status == 400
    assert answer.stable == (
        f'{{"message":"database \\"nope\\" does not exist","code":"3D000",{NULLS},"severity":"FATAL",{TAIL},'
        '"file":F,"line":L,"routine":R}'
    )
    assert (answer.json["file"], answer.json["routine"]) == ("postinit.c", "InitPostgres")


def test_13_header_missing(gateway):
    answer = gateway.query("SELECT 1", headers={"Neon-Connection-String": None})
    assert answer.status == 400
    assert answer.text == plain_error("invalid header: neon-connection-string")


def test_14_broken_body(gateway):
    answer = gateway.post('{"query":')
    assert answer.status == 400
    assert answer.text == plain_error(
        "could not parse the HTTP request body: EOF while parsing a value at line 1 column 9"
    )
    answer = gateway.post('{"sql":"x"}')
    assert answer.text == plain_error(
        "could not parse the HTTP request body: data did not match any variant of untagged enum Payload"
    )


def test_15_batch_failing_in_the_middle(gateway, item):
    answer = gateway.batch("INSERT INTO item(sku) VALUES ('C3')", "SELECT 1/0", "INSERT INTO item(sku) VALUES ('E5')")
    assert answer.status == 400
    assert answer.stable == (
        f'{{"message":"division by zero","code":"22012",{NULLS},"severity":"ERROR",{TAIL},"file":F,"line":L,"routine":R}}'
    )
    assert item() == ""
    assert gateway.stats()["statements"] == 2, "the third statement must not be sent"


def test_16_rollback_last(gateway, item):
    answer = gateway.batch("INSERT INTO item(sku) VALUES ('D4') RETURNING sku", "ROLLBACK", raw=True, array=True)
    assert answer.status == 200
    assert answer.stable == (
        f'{{"results":[{{"fields":[{field("sku", 1043, -1, 14, "T", 2)}],"rows":[["D4"]],"command":"INSERT",'
        '"rowCount":1,"rowAsArray":true},{"fields":[],"rows":[],"command":"ROLLBACK","rowCount":null,'
        '"rowAsArray":true}]}'
    )
    assert item() == ""


def test_17_duplicate_labels(gateway):
    assert '"rows":[{"a":1,"a":2}]' in gateway.query("SELECT 1 AS a, 2 AS a").text
    assert '"rows":[[1,2]]' in gateway.query("SELECT 1 AS a, 2 AS a", array=True).text


def test_18_too_large(gateway):
    answer = gateway.query("SELECT repeat('x', 1000) FROM generate_series(1, 12000)", raw=True, array=True)
    assert answer.status == 507
    assert answer.text == plain_error("response is too large (max is 10485760 bytes)")
    answer = gateway.query("SELECT 1 -- " + "x" * 10485760)
    assert answer.status == 413
    assert answer.text == plain_error("request is too large (max is 10485760 bytes)")


def test_19_cold_start_failure(gateway):
    gateway.fault("cold_start_fail", count=1)
    answer = gateway.query("SELECT 1")
    assert answer.status == 500
    assert answer.text == plain_error("Control plane request failed")
    assert gateway.query("SELECT 1").status == 200


def test_20_wrong_route(gateway):
    answer = gateway.request("GET", "/sql")
    assert answer.status == 400
    assert answer.text == '"query is not supported"'
    assert answer.headers["content-type"] == "application/json"


def test_21_expired_token(jwt_gateway):
    answer = jwt_gateway.ask("SELECT 1", claims={"sub": "u1", "exp": 1700000000})
    assert answer.status == 400
    assert answer.text == plain_error("JWT token has expired (exp=1700000000)")


def test_21_valid_token(jwt_gateway):
    answer = jwt_gateway.ask("SELECT current_user AS u", claims={"sub": "u1"})
    assert answer.status == 200
    assert answer.text == (
        f'{{"fields":[{field("u", 19, 64)}],"rows":[{{"u":"authenticated"}}],"command":"SELECT","rowCount":1,'
        '"rowAsArray":false}'
    )
