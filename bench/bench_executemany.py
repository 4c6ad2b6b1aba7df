"""A transaction of many single-row inserts at 20 ms of added latency. Run by bench_executemany.sh."""
import os
import subprocess
import sys
import time
import urllib.parse

import pyodbc

ADDED_S = 0.020
ROUNDS = 3
RELAYS = []


def relay(host, port):
    """A process that leads to host and port, half of the added latency later each way; returns where it listens."""
    program = os.path.join(os.environ["NEON_TEST_BUILDDIR"], "bench", "bench_relay")
    process = subprocess.Popen(
        [program, host, str(port), str(int(ADDED_S / 2 * 1e6))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    RELAYS.append(process)  # it ends with its input
    return int(process.stdout.readline())


def measure(connection, n):
    cursor = connection.cursor()
    cursor.execute("SELECT 1").fetchone()
    connection.commit()
    best = None
    for _ in range(ROUNDS):
        rows = [(i, f"row {i}") for i in range(n)]
        start = time.monotonic()
        cursor.executemany("INSERT INTO bench_rows (id, name) VALUES (?, ?)", rows)
        connection.commit()
        taken = time.monotonic() - start
        best = taken if best is None else min(best, taken)
        assert cursor.execute("SELECT count(*) FROM bench_rows").fetchone()[0] == n
        cursor.execute("DELETE FROM bench_rows")
        connection.commit()
        if taken > 10:
            break
    return best


def main(n):
    gateway = urllib.parse.urlsplit(os.environ["NEON_TEST_GATEWAY_URL"])
    http = relay(gateway.hostname, gateway.port)
    tcp = relay("127.0.0.1", os.environ["NEON_TEST_PG_PORT"])
    ours = pyodbc.connect(f"DSN=neon;Transport=http;ApiHost=http://127.0.0.1:{http}", autocommit=False)
    theirs = pyodbc.connect(f"DSN=pg;Servername=127.0.0.1;Port={tcp}", autocommit=False)
    cursor = ours.cursor()
    cursor.execute("DROP TABLE IF EXISTS bench_rows")
    cursor.execute("CREATE TABLE bench_rows (id int PRIMARY KEY, name text)")
    ours.commit()
    a, b = measure(ours, n), measure(theirs, n)
    cursor.execute("DROP TABLE bench_rows")
    ours.commit()
    print(f"{n} single-row inserts in one transaction, {ADDED_S * 1000:.0f} ms of added latency (pyodbc's executemany)")
    print(f"  this driver over HTTP  {a:8.3f} s")
    print(f"  psqlODBC over TCP      {b:8.3f} s")
    print(f"  ratio                  {b / a:8.1f}")


main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
