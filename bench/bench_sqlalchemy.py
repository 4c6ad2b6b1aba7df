"""Figures of bench_sqlalchemy.sh: 100,000 rows read, 10,000 inserted, 1,000 point queries, 300 tables reflected.

Each measurement is a process of its own, so that the client's CPU time is that client's; the latency is added by
bench_relay in front of gateway and PostgreSQL alike. The figures are medians of 5 runs; what a row of requests makes slow runs once.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import urllib.parse

import sqlalchemy as sa
from sqlalchemy.dialects import registry

for _name, _class in [("postgresql.neonodbc", "NeonDialect"), ("neon", "NeonDialect")]:
    registry.register(_name, "sqlalchemy_neon_odbc.dialect", _class)

CLIENTS = ["serverless", "autocommit", "http", "auto", "websocket", "psycopg"]
TASKS = ["read 100,000 rows", "insert 10,000 rows", "1,000 point queries", "reflect 300 tables"]
TASK_NAMES = ["read", "insert", "point", "reflect"]
TABLES = 300


def engine_of(client, gateway_port, pg_port):
    gateway = f"http://127.0.0.1:{gateway_port}"
    if client == "psycopg":
        return sa.create_engine(f"postgresql+psycopg://bench:bench@127.0.0.1:{pg_port}/bench")
    host = os.environ["NEON_TEST_SERVER"]
    if client == "serverless":
        return sa.create_engine(f"postgresql+neonserverless://bench:bench@{host}/bench", connect_args={"endpoint": gateway + "/sql"})
    query = {"driver": os.environ["NEON_TEST_DRIVER"], "api_host": gateway, "allow_insecure": "1", "transport": client}
    if client == "autocommit":
        query.update(transport="http", autocommit="1")
    return sa.create_engine(sa.URL.create("postgresql+neonodbc", "bench", "bench", host, database="bench", query=query))


def measure(client, task, gateway_port, pg_port, repeat):
    engine = engine_of(client, gateway_port, pg_port)
    table = sa.Table(
        "target", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), sa.Column("name", sa.Text),
        sa.Column("amount", sa.Float), sa.Column("flag", sa.Boolean), sa.Column("n", sa.BigInteger),
    )
    source = sa.Table(
        "source", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text), sa.Column("amount", sa.Float),
        sa.Column("flag", sa.Boolean), sa.Column("n", sa.BigInteger),
    )
    # one request a row: a part is measured, and the figure multiplied
    part = 10 if client == "serverless" and task == TASKS[1] else 1

    def work(connection):
        if task == TASKS[0]:
            rows = connection.execute(sa.select(source)).all()
            assert len(rows) == 100_000 and rows[-1].name.startswith("name")
        elif task == TASKS[1]:
            count = 10_000 // part
            rows = [{"id": n, "name": f"name {n}", "amount": n / 4, "flag": n % 2 == 0, "n": n * 1000} for n in range(count)]
            connection.execute(sa.insert(table), rows)
        elif task == TASKS[2]:
            statement = sa.select(source).where(source.c.id == sa.bindparam("key"))
            for n in range(1, 1001):
                assert connection.execute(statement, {"key": n}).one().id == n
        else:
            metadata = sa.MetaData()
            metadata.reflect(connection, only=lambda name, _: name.startswith("r_"))
            assert len(metadata.tables) == TABLES

    figures = []
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1")).scalar()
        connection.rollback()
        for _ in range(repeat):
            connection.execute(sa.text("DELETE FROM target"))
            connection.commit()
            before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            work(connection)
            connection.commit()
            elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            figures.append((elapsed, cpu))
    print(json.dumps([part * statistics.median(column) for column in zip(*figures)]))


def prepare():
    admin = sa.create_engine(
        sa.make_url(os.environ["NEON_TEST_PG_ADMIN_URL"]).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE bench LOGIN PASSWORD 'bench'")
        connection.exec_driver_sql("CREATE DATABASE bench OWNER bench")
    with engine_of("psycopg", 0, os.environ["NEON_TEST_PG_PORT"]).begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE source (id int PRIMARY KEY, name text, amount float8, flag bool, n bigint);"
            "INSERT INTO source SELECT i, 'name ' || i, i / 4.0, i %% 2 = 0, i * 1000::bigint FROM generate_series(1, 100000) i;"
            "CREATE TABLE target (id int PRIMARY KEY, name text, amount float8, flag bool, n bigint)"
        )
        for n in range(TABLES):
            references = f"REFERENCES r_{n - 1}" if n % 3 else ""
            connection.exec_driver_sql(
                f"CREATE TABLE r_{n} (id int PRIMARY KEY, other int {references}, name varchar(40) UNIQUE, a numeric(10, 2) CHECK (a > 0), "
                f"b text[], c timestamptz DEFAULT now(), d jsonb); CREATE INDEX ON r_{n} (other, c)"
            )
        connection.exec_driver_sql("ANALYZE")


def proxy(host, port, milliseconds):
    program = os.path.join(os.environ["NEON_TEST_BUILDDIR"], "bench", "bench_relay")
    process = subprocess.Popen(
        [program, host, str(port), str(int(milliseconds * 1000))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, int(process.stdout.readline())


def main(quick, clients, tasks):
    prepare()
    gateway = urllib.parse.urlsplit(os.environ["NEON_TEST_GATEWAY_URL"])
    for milliseconds in (0, 20):
        processes = [proxy(gateway.hostname, gateway.port, milliseconds / 2), proxy("127.0.0.1", os.environ["NEON_TEST_PG_PORT"], milliseconds / 2)]
        print(f"\n{milliseconds} ms of added latency: seconds, and seconds of the client's CPU")
        print(f"{'':22}" + "".join(f"{client:>18}" for client in clients))
        for task in tasks:
            line = f"{task:22}"
            for client in clients:
                slow = client == "serverless" and (milliseconds or task == TASKS[1])
                repeat = 1 if quick or slow else 5
                arguments = ["measure", client, task, str(processes[0][1]), str(processes[1][1]), str(repeat)]
                done = subprocess.run([sys.executable, "-W", "ignore", __file__, *arguments], capture_output=True, text=True, check=False)
                if done.returncode:
                    line += f"{'-':>18}"
                    print(f"   {client}, {task}: {done.stderr.strip().splitlines()[-1][:300] if done.stderr.strip() else done.returncode}", file=sys.stderr)
                else:
                    elapsed, cpu = json.loads(done.stdout)
                    line += f"{elapsed:>10.3f} {cpu:>7.3f}"
            print(line, flush=True)
        for process, _ in processes:
            process.stdin.close()
            process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], int(sys.argv[6]))
    else:
        parser = argparse.ArgumentParser()
        parser.add_argument("--quick", action="store_true", help="one run each")
        parser.add_argument("--clients", default=",".join(CLIENTS))
        parser.add_argument("--tasks", default=",".join(TASK_NAMES))
        chosen = parser.parse_args()
        main(chosen.quick, chosen.clients.split(","), [TASKS[TASK_NAMES.index(name)] for name in chosen.tasks.split(",")])
