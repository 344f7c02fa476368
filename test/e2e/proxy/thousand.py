"""A service, and many callers on connections that last: on each, numbers go there and come back, twice a second, in order.

Usage: thousand.py COUNT. Prints the port of the service. Lines on stdin, each answered by one:
"HOST PORT"  connects all of them: {}
"held"       when every one has waited for its answer for half a second: {}
"since MS"   when every one has had an answer after this moment of the monotonic clock: {"first": ms after it, "last": ms after it}
"state"      {"open": n, "rounds": since the last time, "slowest": ms, "wrong": [...]}
"""
import collections
import json
import selectors
import socket
import struct
import sys
import threading
import time

count = int(sys.argv[1])
PATIENCE = 20
service = socket.create_server(("127.0.0.1", 0), backlog=1024)


def serve():
    """Sends back what comes."""
    chooser = selectors.DefaultSelector()
    chooser.register(service, selectors.EVENT_READ)
    while True:
        for key, _ in chooser.select():
            if key.fileobj is service:
                chooser.register(service.accept()[0], selectors.EVENT_READ)
                continue
            try:
                data = key.fileobj.recv(65536)
                if data:
                    key.fileobj.sendall(data)
                    continue
            except OSError:
                pass
            chooser.unregister(key.fileobj)
            key.fileobj.close()


class Caller:
    def __init__(self, address):
        self.sock = socket.create_connection(address)
        self.number, self.got = 0, b""
        self.sent_at, self.answered_at = 0.0, 0.0

    def send(self):
        self.number, self.got = self.number + 1, b""
        self.sent_at = time.monotonic()
        self.sock.sendall(struct.pack(">Q", self.number))

    def has_answer(self):
        data = self.sock.recv(64)
        if not data:
            raise OSError(f"closed after {self.number} rounds")
        self.got += data
        if len(self.got) >= 8 and self.got != struct.pack(">Q", self.number):
            raise OSError(f"{self.got.hex()} came for {self.number}")
        if len(self.got) >= 8:
            self.answered_at = time.monotonic()
        return len(self.got) >= 8


callers, wrong = [], []
rounds, slowest = 0, 0.0


def call():
    global rounds, slowest
    chooser = selectors.DefaultSelector()
    resting = collections.deque(callers)
    for place, caller in enumerate(callers):
        caller.answered_at = time.monotonic() - 0.5 + place / count / 2  # Not all at the same moment.
        chooser.register(caller.sock, selectors.EVENT_READ, caller)
    while True:
        while resting and resting[0].answered_at + 0.5 <= time.monotonic():
            attempt(resting.popleft(), Caller.send, chooser)
        for key, _ in chooser.select(0.005):
            caller = key.data
            if attempt(caller, Caller.has_answer, chooser):
                rounds += 1
                slowest = max(slowest, caller.answered_at - caller.sent_at)
                resting.append(caller)


def attempt(caller, act, chooser):
    try:
        return act(caller)
    except OSError as error:
        wrong.append(str(error))
        callers.remove(caller)
        chooser.unregister(caller.sock)
        return False


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.002)


def is_held(caller):
    return caller.answered_at < caller.sent_at < time.monotonic() - 0.5


def obey(line):
    global rounds, slowest
    if line == "held":
        wait_for(lambda: all(map(is_held, callers)))
        return {}
    if line.startswith("since "):
        moment = float(line[6:]) / 1000
        wait_for(lambda: all(caller.answered_at > moment for caller in callers))
        times = [(caller.answered_at - moment) * 1000 for caller in callers]
        return {"first": min(times), "last": max(times)}
    answer = {"open": len(callers), "rounds": rounds, "slowest": slowest * 1000, "wrong": wrong[:5]}
    rounds, slowest = 0, 0.0
    return answer


threading.Thread(target=serve, daemon=True).start()
print(service.getsockname()[1], flush=True)
host, port = json.loads(sys.stdin.readline()).split()
for _ in range(count):
    callers.append(Caller((host, int(port))))
threading.Thread(target=call, daemon=True).start()
print("{}", flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(obey(json.loads(line))), flush=True)
    except TimeoutError:
        print(json.dumps({"late": True}), flush=True)
