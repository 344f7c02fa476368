"""Two ends that send each other numbered chunks of 8 bytes through a proxy, and judge what arrives. They know nothing of Squall.

Usage: numbered_chunks.py [COUNT [bulk]]. Sends 65,535 of them, in pieces of all sizes with rests; in bulk: in big pieces, as fast as it goes. Prints the port of its service, then reads a round a line from stdin:
{"through": [host, port] | "/path", "connections": n, "http": bool, "seed": n} and answers each with a line: {"wrong": [...], "bytes": n}.
Each side ends its own direction when it has sent everything; both must then have received exactly what the other has sent.
With "http" it is one connection, with a POST and its answer as bodies, sent at the same time.
"""
import json
import random
import socket
import struct
import sys
import threading

CHUNKS = int(sys.argv[1]) if len(sys.argv) > 1 else 65535
BULK = sys.argv[2:] == ["bulk"]
SENDS = (1460, 65536, 1000000, 3000000) if BULK else (8, 100, 1460, 9000, 30000, 65536)
RECEIVES = (1000, 65536, 1048576) if BULK else (10, 1000, 65536, 262144)
PATIENCE = 30  # s without anything
HEADS = (b"POST /numbers HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n")
streams = {}


def stream(side, connection):
    """Direction, connection and number stand in each chunk, so that a mix-up of any of them shows."""
    key = (side, connection)
    if key not in streams:
        head = struct.pack(">BBH", side, connection, 0xC5A3)
        streams[key] = b"".join(head + struct.pack(">I", n) for n in range(CHUNKS))
    return streams[key]


def send(sock, data, dice):
    at = 0
    while at < len(data):
        size = dice.choice(SENDS)
        sock.sendall(data[at : at + size])
        at += size
        if not BULK and dice.random() < 0.5:
            threading.Event().wait(dice.random() * 0.01)
    sock.shutdown(socket.SHUT_WR)


def as_body(side):
    data = stream(side, 0)
    return HEADS[side] % len(data) + data


def receive(sock, side, dice, want):
    """Returns what is wrong, or None. `want`: None when it is found out by what comes first."""
    got = 0
    while True:
        data = sock.recv(dice.choice(RECEIVES))
        if want is None and len(data) > 1:
            want = stream(side, data[1])
        if not data:
            return None if want and got == len(want) else f"ended after {got} bytes"
        if want is None:
            data += sock.recv(1)
            want = stream(side, data[1])
        if want[got : got + len(data)] != data:
            first = next((i for i, byte in enumerate(data) if got + i >= len(want) or want[got + i] != byte), 0)
            return f"byte {got + first} is wrong, in chunk {(got + first) // 8}"
        got += len(data)


def one_end(sock, sends, connection, http, seed, wrong):
    """`sends`: 0 caller, 1 service."""
    name = f"{('caller', 'service')[sends]} {connection}"

    def sending():
        try:
            send(sock, as_body(sends) if http else stream(sends, connection), random.Random(seed + 1))
        except OSError as error:
            wrong.append(f"{name} could not send: {error}")

    sock.settimeout(PATIENCE)
    sender = threading.Thread(target=sending)
    sender.start()
    try:
        problem = receive(sock, 1 - sends, random.Random(seed), as_body(1 - sends) if http else None)
        if problem:
            wrong.append(f"{name}: {problem}")
    except OSError as error:
        wrong.append(f"{name} could not receive: {error}")
    sender.join()
    sock.close()


def play(listener, order):
    dice = random.Random(order["seed"])
    http = order.get("http", False)
    count = 1 if http else order["connections"]
    wrong = []
    ends = []

    def start(*args):
        thread = threading.Thread(target=one_end, args=(*args, dice.randrange(2**32), wrong))
        thread.start()
        ends.append(thread)

    through = order["through"]
    for connection in range(count):
        if isinstance(through, str):
            caller = socket.socket(socket.AF_UNIX)
            caller.connect(through)
        else:
            caller = socket.create_connection(tuple(through), timeout=PATIENCE)
        start(caller, 0, connection, http)
    for connection in range(count):
        start(listener.accept()[0], 1, connection, http)
    for thread in ends:
        thread.join()
    return {"wrong": wrong, "bytes": 2 * count * CHUNKS * 8}


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(PATIENCE)
    print(listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        try:
            answer = play(listener, json.loads(line))
        except OSError as error:
            answer = {"wrong": [str(error)], "bytes": 0}
        print(json.dumps(answer), flush=True)


main()
