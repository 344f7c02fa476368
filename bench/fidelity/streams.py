"""What streams of bytes keep: their rate, all of their bytes while nothing passes, and the byte at which they are cut."""
import hashlib
import os
import random
import threading
import time

from proxy import ends, receive_all


def flood(connection, until):
    block = bytes(1 << 16)
    try:
        while time.monotonic() < until:
            connection.send(block)
    except OSError:
        pass


def measure_rates(proxy, table, quick):
    seconds = 2 if quick else 10
    for rate, stream in ((100, "upstream"), (10_000, "upstream"), (10_000, "downstream"), (100_000, "upstream")):
        proxy.add("bandwidth", stream, rate=rate)
        sending, receiving = ends(stream, proxy.pair())
        sender = threading.Thread(target=flood, args=(sending, time.monotonic() + seconds + 1), daemon=True)
        sender.start()
        try:
            achieved = rate_of(receiving, seconds)
        finally:
            proxy.remove("bandwidth")
            sending.close()
            receiving.close()
            sender.join()
        off = achieved / (rate * 1000) - 1
        table.row(f"bandwidth {rate} KB/s {stream}, {seconds} s", f"{achieved / 1000:.1f} KB/s, {off:+.2%}", "± 1 %", abs(off) <= 0.01)


def rate_of(receiving, seconds):
    """Bytes a second from one arrival to another: what comes in lumps must not depend on where the second is cut."""
    receiving.recv(1 << 20)
    began = time.monotonic()
    while time.monotonic() < began + 0.5:
        receiving.recv(1 << 20)
    began, count = time.monotonic(), 0
    while True:
        part = len(receiving.recv(1 << 20))
        now = time.monotonic()
        count += part
        if part == 0 or now >= began + seconds:
            return count / (now - began)


def measure_cuts(proxy, table, quick):
    wrong, cases = [], 0
    for stream in ("upstream", "downstream"):
        for size in (1, 63, 64, 1000, 65_535, 65_536, 65_537, 1_000_003):
            for piece in (1 << 20, 997) if size < 1_000_000 or not quick else (1 << 20,):
                cases += 1
                content = random.Random(size).randbytes(size + 100_000)
                proxy.add("limit_data", stream, bytes=size)
                sending, receiving = ends(stream, proxy.pair())
                sender = threading.Thread(target=send_in_pieces, args=(sending, content, piece), daemon=True)
                sender.start()
                got, how = receive_all(receiving)
                if got != content[:size] or how != "end":
                    wrong.append(f"{stream} {size} in pieces of {piece}: {len(got)} bytes, then {how}")
                sending.close()
                receiving.close()
                sender.join()
                proxy.remove("limit_data")
    table.row("cut after exactly N bytes", f"{cases - len(wrong)} of {cases} at the byte{'; ' + wrong[0] if wrong else ''}", "all", not wrong)


def send_in_pieces(connection, content, piece):
    try:
        for start in range(0, len(content), piece):
            connection.sendall(content[start : start + piece])
    except OSError:
        pass


def measure_stall(proxy, table, quick):
    """Nothing passes for a while, in the midst of a stream: then all of it does."""
    size, lasts = (20_000_000, 0.5) if quick else (200_000_000, 2)
    for stream in ("upstream", "downstream"):
        content = os.urandom(size)
        sending, receiving = ends(stream, proxy.pair())
        sender = threading.Thread(target=send_in_pieces, args=(sending, content, 100_003), daemon=True)
        hashed, passed, stalled = hashlib.sha256(), 0, False
        sender.start()
        while passed < size:
            if not stalled and passed > size // 4:
                stalled = True
                proxy.add("bandwidth", stream, rate=0)
                passed += drain(receiving, hashed)
                still = drain(receiving, hashed, lasts)
                passed += still
                proxy.remove("bandwidth")
            part = receiving.recv(1 << 20)
            if not part:
                break
            hashed.update(part)
            passed += len(part)
        sender.join()
        sending.close()
        receiving.close()
        whole = hashed.digest() == hashlib.sha256(content).digest()
        table.row(f"stall {lasts} s {stream} of {size} bytes", f"{still} passed meanwhile, {'all arrived' if whole else f'{size - passed} lost or others'}", "0, all", whole and still == 0)


def drain(receiving, hashed, at_least=0.0):
    """What comes until nothing does for 0.2 s, or for as long as asked. Returns its size."""
    count, before = 0, receiving.gettimeout()
    receiving.settimeout(max(0.2, at_least))
    try:
        while part := receiving.recv(1 << 20):
            hashed.update(part)
            count += len(part)
    except TimeoutError:
        pass
    receiving.settimeout(before)
    return count
