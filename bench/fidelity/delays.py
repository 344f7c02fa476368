"""Asked and achieved delays of single messages. Sender and receiver are processes of their own; both read the machine's monotonic clock."""
import os
import selectors
import signal
import statistics
import struct
import sys
import time

from proxy import ends

SIZE = 64
STAMP = struct.Struct("<q")


def send_evenly(connections, rate, seconds):
    """So many messages a second in all, each says when it was sent."""
    filler = bytes(SIZE - STAMP.size)
    first = time.monotonic_ns()
    for number in range(int(rate * seconds)):
        wait = first + number * 1_000_000_000 // rate - time.monotonic_ns()
        if wait > 0:
            time.sleep(wait / 1e9)
        connection = connections[number % len(connections)]
        connection.send(STAMP.pack(time.monotonic_ns()) + filler)


def taken(proxy, stream, count, rate, seconds):
    """ms that each message took, over `count` connections."""
    pairs = [ends(stream, proxy.pair()) for _ in range(count)]
    sender = os.fork()
    if sender == 0:
        try:
            send_evenly([sending for sending, _ in pairs], rate, seconds)
        finally:
            os._exit(0)
    chosen = selectors.DefaultSelector()
    for _, receiving in pairs:
        chosen.register(receiving, selectors.EVENT_READ, bytearray())
    delays, expected, limit = [], int(rate * seconds), time.monotonic() + seconds + 30
    try:
        while len(delays) < expected and time.monotonic() < limit:
            for key, _ in chosen.select(1):
                data = key.fileobj.recv(1 << 16)
                now = time.monotonic_ns()
                key.data.extend(data)
                while len(key.data) >= SIZE:
                    delays.append((now - STAMP.unpack_from(key.data)[0]) / 1e6)
                    del key.data[:SIZE]
    finally:
        os.kill(sender, signal.SIGKILL)
        os.waitpid(sender, 0)
        chosen.close()
        for pair in pairs:
            for one in pair:
                one.close()
    if len(delays) < expected:
        raise RuntimeError(f"only {len(delays)} of {expected} messages arrived")
    return delays


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(proxy, table, quick):
    """p99 of what a message takes beyond the delay and beyond the median without one; none may come early.

    The middle of the rounds counts; the best is shown beside it, for what the proxy itself causes shows in every round and a noisy neighbour not.
    """
    warm_up(proxy)
    rounds, seconds = (1, 0.5) if quick else (5, 1)
    for delay, count, rate in ((5, 1, 1000), (20, 10, 1000), (100, 1, 100), (100, 10, 1000)):
        for stream in ("upstream", "downstream"):
            late, floors, early = [], [], []
            for _ in range(rounds):
                bare = taken(proxy, stream, count, rate, seconds)
                proxy.add("latency", stream, latency=delay)
                try:
                    delays = taken(proxy, stream, count, rate, seconds)
                finally:
                    proxy.remove("latency")
                usual = statistics.median(bare)
                late.append(quantile([one - delay - usual for one in delays], 0.99))
                floors.append(quantile(bare, 0.99) - usual)
                early.append(min(delays) - delay)
                print(f"  round: p99 {late[-1]:.2f} ms late, without a delay {floors[-1]:.2f}; earliest {early[-1]:+.3f}", file=sys.stderr)
            what = f"delay {delay} ms {stream}, {rate}/s over {count}"
            measured = f"p99 {statistics.median(late):.2f} ms late, at best {min(late):.2f} (without a delay {statistics.median(floors):.2f}), earliest {min(early):+.3f} ms"
            table.row(what, measured, "p99 ≤ 1 ms in the middle round, never early", statistics.median(late) <= 1 and min(early) >= 0)


def warm_up(proxy):
    """The first messages are late because their code is still being compiled."""
    for stream in ("upstream", "downstream"):
        proxy.add("latency", stream, latency=5)
        taken(proxy, stream, 10, 1000, 1)
        proxy.remove("latency")


def measure_jitter(proxy, table, quick):
    """Kolmogorov and Smirnov's distance from what is asked for: evenly between 10 and 30 ms."""
    low, high, rounds, seconds = 10, 30, 1 if quick else 3, 2 if quick else 5
    proxy.add("latency", latency=20, jitter=10)
    try:
        # Each connection sends every 40 ms: no message waits behind another one.
        measured = [sorted(taken(proxy, "upstream", 10, 250, seconds)) for _ in range(rounds)]
    finally:
        proxy.remove("latency")
    distance, delays = min((distance_from_even(delays, low, high), delays) for delays in measured)
    # 1 in 1000 by chance, and 1 ms that all may be late.
    limit = 1.95 / len(delays) ** 0.5 + 1 / (high - low)
    ok = distance <= limit and delays[0] >= low
    table.row("jitter 20 ± 10 ms", f"{delays[0]:.2f}…{delays[-1]:.2f} ms, distance {distance:.3f} of {len(delays)} messages", f"distance ≤ {limit:.3f}, never early", ok)


def distance_from_even(delays, low, high):
    return max(abs((one - low) / (high - low) - (index + 0.5) / len(delays)) for index, one in enumerate(delays))
