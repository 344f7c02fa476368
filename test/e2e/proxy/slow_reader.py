"""A service that sends as much as it can, and callers that do not read. Prints the port, then, for each line "HOST PORT COUNT" on stdin, opens
so many connections through it and says how many bytes the service could get rid of, once that stands still or is far too much."""
import select
import socket
import sys
import threading
import time

service = socket.create_server(("127.0.0.1", 0), backlog=512)
sent = 0
PIECE = b"x" * 65536
FAR_TOO_MUCH = 1 << 30


def pour():
    global sent
    connections = []
    service.setblocking(False)
    while True:
        _, ready, _ = select.select([], connections, [], 0.02)
        try:
            connections.append(service.accept()[0])
            connections[-1].setblocking(False)
        except OSError:
            pass
        for one in ready:
            try:
                if sent < FAR_TOO_MUCH:
                    sent += one.send(PIECE)
            except OSError:
                pass


threading.Thread(target=pour, daemon=True).start()
print(service.getsockname()[1], flush=True)
callers = []
for line in sys.stdin:
    host, port, count = line.strip('"\n').split()
    callers += [socket.create_connection((host, int(port))) for _ in range(int(count))]
    before, still = -1, 0
    while still < 10 and sent < FAR_TOO_MUCH:
        time.sleep(0.05)
        still = still + 1 if sent == before else 0
        before = sent
    print(sent, flush=True)
