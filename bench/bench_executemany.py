"""A transaction of many single-row inserts at 20 ms of added latency. Run by bench_executemany.sh."""
import os
import queue
import socket
import sys
import threading
import time
import urllib.parse

import pyodbc

ADDED_S = 0.020
ROUNDS = 3


def pump(source, target):
    """Hands bytes on, half of the added latency later, in their order."""
    waiting = queue.Queue()

    def later():
        while (item := waiting.get()) is not None:
            due, data = item
            time.sleep(max(0, due - time.monotonic()))
            try:
                target.sendall(data)
            except OSError:
                return
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=later, daemon=True).start()
    try:
        while data := source.recv(262144):
            waiting.put((time.monotonic() + ADDED_S / 2, data))
    except OSError:
        pass
    waiting.put(None)


def relay(host, port):
    """Listens, and leads each connection to host and port; returns where it listens."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection((host, int(port)))
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            threading.Thread(target=pump, args=(server, client), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


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
