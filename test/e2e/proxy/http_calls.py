"""Callers and a service that speak HTTP/1.1 through a proxy, by hand: kept connections, requests sent ahead, all framings. They judge the answers.

Usage: http_calls.py. Prints the port of its service, then reads a round a line from stdin: {"through": [host, port], "connections": n, "seed": n}
and answers each with {"wrong": [...], "calls": n, "touched": n}. A call of /clean must be answered exactly by what the service says to it; one of
/touched with something that is whole, in its turn.
"""
import hashlib
import json
import random
import socket
import sys
import threading

PATIENCE = 20


class Reader:
    def __init__(self, sock):
        self.file = sock.makefile("rb")

    def head(self):
        """First line and fields; None at the end."""
        first = self.file.readline()
        if not first:
            return None
        fields = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            fields[name.lower().decode()] = value.strip().decode()
        return first.decode().rstrip("\r\n"), fields

    def body(self, fields, until_end=False):
        if fields.get("transfer-encoding") == "chunked":
            data = b""
            while size := int(self.file.readline().split(b";")[0], 16):
                data += self.exactly(size)
                self.file.readline()
            while self.file.readline() not in (b"\r\n", b""):
                pass
            return data
        if "content-length" in fields:
            return self.exactly(int(fields["content-length"]))
        return self.file.read() if until_end else b""

    def exactly(self, size):
        data = self.file.read(size)
        if len(data) < size:
            raise OSError(f"{len(data)} of {size} bytes of a body")
        return data


def framed(data, how, dice):
    """Fields and bytes."""
    if how == "length":
        return f"content-length: {len(data)}\r\n", data
    if how == "end":
        return "connection: close\r\n", data
    pieces, at = b"", 0
    while at < len(data):
        size = dice.randrange(1, 3000)
        piece = data[at : at + size]
        pieces += b"%x;a=b\r\n%s\r\n" % (len(piece), piece)
        at += size
    return "transfer-encoding: chunked\r\n", pieces + b"0\r\nx-after: 1\r\n\r\n"


def answer_to(number, body, size):
    return hashlib.sha256(body + str(number).encode()).hexdigest().encode() + b"." * size


def serve(sock):
    dice = random.Random(sock.fileno())
    try:
        reader = Reader(sock)
        while request := reader.head():
            (method, _, _), fields = request[0].split(" "), request[1]
            if fields.get("expect") == "100-continue":
                sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            data = answer_to(fields["x-number"], reader.body(fields), int(fields["x-size"]))
            how = fields["x-how"]
            more, body = framed(data, how, dice)
            head = f"HTTP/1.1 200 OK\r\nx-number: {fields['x-number']}\r\n{more}\r\n".encode()
            sock.sendall(head + (b"" if method == "HEAD" else body))
            if how == "end":
                break
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    except (OSError, ValueError):
        pass
    sock.close()


def request_of(number, dice, is_last):
    method = dice.choice(("GET", "POST", "PUT", "HEAD", "POST"))
    path = "/touched" if dice.random() < 0.3 else "/clean"
    how = "end" if is_last else dice.choice(("length", "chunked"))
    body = b"" if method in ("GET", "HEAD") else dice.randbytes(dice.choice((0, 10, 5000, 100000)))
    size = dice.choice((0, 100, 70000))
    framing, sent = framed(body, dice.choice(("length", "chunked")), dice) if body or method == "POST" else ("", b"")
    head = f"{method} {path}?n={number} HTTP/1.1\r\nHost: shop\r\nx-number: {number}\r\nx-size: {size}\r\nx-how: {how}\r\n{framing}\r\n".encode()
    return {"number": number, "method": method, "path": path, "head": head, "sent": sent, "want": answer_to(number, body, size)}


def check(reader, one):
    head = reader.head()
    while head and head[0].split(" ")[1] == "100":
        head = reader.head()
    if head is None:
        raise OSError(f"no answer to {one['number']}")
    status = head[0].split(" ")[1]
    body = b"" if one["method"] == "HEAD" else reader.body(head[1], until_end=True)
    same = status == "200" and head[1].get("x-number") == str(one["number"]) and body == (b"" if one["method"] == "HEAD" else one["want"])
    if not same and one["path"] == "/clean":
        raise OSError(f"{one['method']} {one['number']}: {head} and {len(body)} bytes")
    return not same


def call(address, seed, result):
    dice = random.Random(seed)
    number = 0
    try:
        sock = socket.create_connection(address, timeout=PATIENCE)
        reader = Reader(sock)
        total = dice.randrange(20, 40)
        while number < total:
            ahead = [request_of(number + n, dice, number + n == total - 1) for n in range(min(dice.randrange(1, 6), total - number))]
            data = b"".join(one["head"] + one["sent"] for one in ahead)
            sender = threading.Thread(target=send, args=(sock, data))
            sender.start()
            for one in ahead:
                result["touched"] += check(reader, one)
                result["calls"] += 1
            sender.join()
            number += len(ahead)
        sock.close()
    except (OSError, ValueError) as error:
        result["wrong"].append(f"seed {seed}, call {number}…: {error}")


def send(sock, data):
    try:
        sock.sendall(data)
    except OSError:
        pass  # What is read tells.


def play(order):
    dice = random.Random(order["seed"])
    result = {"wrong": [], "calls": 0, "touched": 0}
    callers = [threading.Thread(target=call, args=(tuple(order["through"]), dice.randrange(2**32), result)) for _ in range(order["connections"])]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return result


def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
threading.Thread(target=accept, daemon=True).start()
print(listener.getsockname()[1], flush=True)
for line in sys.stdin:
    print(json.dumps(play(json.loads(line))), flush=True)
