"""How soon a proxy lets go of what a run had put into it, when runner and guardian are killed at the same moment; judged by a caller of the service.

Usage: lease.py [--rounds N] [--limit MS] [--squall PROGRAM…]
A byte that a delay of 30 s holds flows on the moment the delay is cleared: from the kill to its arrival is what is measured. Bytes before and after it
on the same connection must arrive too. Exit 1 when a round is over the limit, or a connection broke.
"""
import argparse
import contextlib
import os
import shutil
import signal
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from case import wait_for  # noqa: E402
from journal import furthest, header, read_journal  # noqa: E402
from processes import kill_quietly  # noqa: E402
from world import Callers, end_proxies, free_port  # noqa: E402

DOCUMENT = """name: lease
hypothesis: What a killed run has put into a proxy is cleared by the proxy.
environment: test
proxies: {{ echo: {{ listen: '127.0.0.1:{listen}', upstream: '127.0.0.1:{upstream}' }} }}
sources: {{ app: {{ type: command, run: [echo, '1'] }} }}
measures: {{ up: {{ from: app, unit: count, min: {{ recovery: 1 }} }} }}
phases: {{ warmup: 0s, baseline: 1s, fault: 60s, recovery: 1s }}
faults:
  - type: network
    name: slow
    target: {{ proxy: echo }}
    delay: 30s
"""


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


def ping(caller, byte, limit):
    """Seconds until the byte is back."""
    began = time.monotonic()
    caller.settimeout(limit)
    caller.sendall(byte)
    if caller.recv(1) != byte:
        raise AssertionError("another byte came back, or none")
    return time.monotonic() - began


def one_round(squall, upstream):
    folder = tempfile.mkdtemp(prefix="squall-lease-")
    listen = free_port()
    state = os.path.join(folder, "state")
    env = dict(os.environ, SQUALL_STATE_DIR=state, SQUALL_MACHINE_DIR=os.path.join(folder, "machine"))
    document = os.path.join(folder, "lease.yaml")
    with open(document, "w") as file:
        file.write(DOCUMENT.format(listen=listen, upstream=upstream))
    callers = Callers(listen)
    with open(os.path.join(folder, "run.log"), "wb") as log:
        runner = subprocess.Popen([*squall, "run", document], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        caller = wait_for(lambda: connected(listen), 20)
        assert caller, "nobody listens"
        ping(caller, b"a", 5)
        runs = os.path.join(state, "runs")
        run = wait_for(lambda: (os.listdir(runs) or [None])[0] if os.path.isdir(runs) else None, 10)
        journal = os.path.join(runs, run, "journal")
        if not wait_for(lambda: furthest(read_journal(journal)[0]) == "active", 30):
            with open(os.path.join(folder, "run.log"), errors="replace") as log:
                raise AssertionError(f"the fault is not active: {log.read()[-800:]}")
        caller.sendall(b"b")
        caller.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            raise AssertionError(f"the delay does not hold it: {caller.recv(1)!r}")
        guardian = header(read_journal(journal)[0])["guardian"]["pid"]
        struck = time.monotonic()
        kill_quietly(guardian, signal.SIGKILL)
        kill_quietly(runner.pid, signal.SIGKILL)
        caller.settimeout(25)
        assert caller.recv(1) == b"b", "what was held is lost"
        cleared = time.monotonic() - struck
        ping(caller, b"c", 5)
        return cleared * 1000
    finally:
        callers.stop()
        if runner.poll() is None:
            runner.kill()
        runner.wait()
        end_proxies(state)
        shutil.rmtree(folder, ignore_errors=True)


def connected(port):
    try:
        return socket.create_connection(("127.0.0.1", port), 1)
    except OSError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--limit", type=float, default=50, help="ms")
    parser.add_argument("--squall", nargs="+", default=[os.environ.get("SQUALL_NODE", "node"), os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bin/squall.js")])
    options = parser.parse_args()
    socketserver.ThreadingTCPServer.daemon_threads = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    times = []
    for number in range(options.rounds):
        times.append(one_round(options.squall, server.server_address[1]))
        print(f"round {number + 1}: cleared {times[-1]:.1f} ms after the kill", flush=True)
    print(f"{len(times)} kills of runner and guardian: cleared after {statistics.median(times):.1f} ms (median), {max(times):.1f} ms (max); limit {options.limit:g} ms")
    return 0 if max(times) <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
