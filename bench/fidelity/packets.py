"""Faults on packets of a host: what the other end of a cable sees, beside what it sees without them. Run it in a network namespace of its own.

`python3 packets.py guest|here [--quick]`: in a guest whose kernel has netem, or here with what there is without.
"""
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

from held import Held
from table import Table

FAR = "10.97.0.2"
TCP_INFO, SO_NO_CHECK = 11, 11
#: Of struct tcp_info: tcpi_segs_out, tcpi_segs_in; tcpi_data_segs_in, tcpi_data_segs_out.
DATA_SEGS_IN, DATA_SEGS_OUT = 152, 156


def ip(line):
    subprocess.run(["ip", *line.split()], check=True)


def lay_cable():
    """A veth pair; the far end lives in a namespace of its own, which this process can enter."""
    os.makedirs("/run/netns", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
    ip("netns add far")
    ip("link add cable type veth peer name far netns far")
    for line in (f"-n far addr add {FAR}/24 dev far", "-n far link set far up", "-n far link set lo up", "addr add 10.97.0.1/24 dev cable", "link set cable up", "link set lo up"):
        ip(line)


def far_socket(kind):
    """A socket that lives at the far end; this thread comes back."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    home, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open("/run/netns/far", os.O_RDONLY)
    libc.setns(there, 0)
    made = socket.socket(socket.AF_INET, kind)
    libc.setns(home, 0)
    os.close(home)
    os.close(there)
    made.bind((FAR, 0))
    return made


def echo(far):
    while True:
        try:
            data, sender = far.recvfrom(2048)
        except OSError:
            return
        if data == b"end":
            return
        far.sendto(data, sender)


def round_trips(count, gap):
    """ms of each; sent on time, whatever is still on its way."""
    far, near = far_socket(socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    threading.Thread(target=echo, args=(far,), daemon=True).start()
    near.connect(far.getsockname())
    near.settimeout(2)
    found = []

    def hear():
        for _ in range(count):
            try:
                data = near.recv(2048)
            except OSError:
                return
            found.append((time.perf_counter_ns() - struct.unpack("q", data)[0]) / 1e6)

    hearing = threading.Thread(target=hear)
    hearing.start()
    for _ in range(count):
        near.send(struct.pack("q", time.perf_counter_ns()))
        time.sleep(gap)
    hearing.join()
    near.close()
    far.close()
    return found


def stream(count):
    """Numbered packets without a checksum, 1 ms apart: what arrives, in order, and how many of them are damaged."""
    far, near = far_socket(socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.settimeout(1.5)
    near.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    near.connect(far.getsockname())
    filler = bytes(range(256)) * 4
    seen, damaged = [], 0

    def hear():
        nonlocal damaged
        while True:
            try:
                data = far.recv(2048)
            except OSError:
                return
            seen.append(struct.unpack("I", data[:4])[0])
            damaged += data[4:] != filler or seen[-1] >= count

    hearing = threading.Thread(target=hear)
    hearing.start()
    for number in range(count):
        near.send(struct.pack("I", number) + filler)
        time.sleep(0.001)
    hearing.join()
    return seen, damaged


def bulk(flows, seconds):
    """TCP as fast as it goes: data packets of the wire that were sent, that arrived, and bytes per second of the wire at the far end."""
    server = far_socket(socket.SOCK_STREAM)
    server.listen(flows)
    pairs = []
    for _ in range(flows):
        near = socket.create_connection(server.getsockname(), timeout=10)
        near.settimeout(0.3)
        pairs.append((near, server.accept()[0]))
    end = time.monotonic() + seconds

    def send(near):
        block = bytes(65536)
        while time.monotonic() < end:
            try:
                near.send(block)
            except OSError:
                pass

    def receive(far):
        far.settimeout(0.5)
        while time.monotonic() < end + 3:
            try:
                if not far.recv(1 << 18):
                    return
            except OSError:
                if time.monotonic() > end:
                    return

    threads = [threading.Thread(target=work, args=(one,)) for near, far in pairs for work, one in ((send, near), (receive, far))]
    for thread in threads:
        thread.start()
    time.sleep(1)
    rates, before, at = [], wire_bytes(), time.monotonic()
    time.sleep(max(1, seconds - 2))
    rates = (wire_bytes() - before) / (time.monotonic() - at)
    for thread in threads:
        thread.join()
    sent = sum(counter(near, DATA_SEGS_OUT) for near, _ in pairs)
    arrived = sum(counter(far, DATA_SEGS_IN) for _, far in pairs)
    for pair in pairs:
        for one in pair:
            one.close()
    return sent, arrived, rates


def counter(connection, at):
    return struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 232), at)[0]


def wire_bytes():
    shown = subprocess.run(["ip", "-n", "far", "-j", "-s", "link", "show", "far"], capture_output=True, text=True, check=True).stdout
    return json.loads(shown)[0]["stats64"]["rx"]["bytes"]


def network(**spec):
    return Held("network", spec, {"to": FAR})


def measure_delay(table, quick):
    count = 60 if quick else 300
    without = statistics.median(round_trips(count, 0.01))
    with network(delay=100):
        late = statistics.median(round_trips(count, 0.01)) - without
    table.row("delay 100 ms", f"+{late:.2f} ms at the median of {count}", "100 ms ± 2 ms", abs(late - 100) <= 2)
    # At the same pace: who waits longer wakes up later.
    without = statistics.median(round_trips(count, 0.09))
    with network(delay=100, jitter=30):
        times = [one - without for one in round_trips(count * 4, 0.09)]
    # Even over ±30 ms: half of them within ±15 ms. Packets keep their order, and are 90 ms apart so that none waits for another. Quartiles, since a
    # busy machine around the guest makes some late.
    low, middle, high = statistics.quantiles(times, n=4)
    table.row("delay 100 ± 30 ms", f"quartiles +{low:.1f}, +{middle:.1f}, +{high:.1f} ms, {min(times):.0f} to {max(times):.0f} ms of {len(times)}", "85, 100, 115 ± 6 ms", all(abs(one - wanted) <= 6 for one, wanted in ((low, 85), (middle, 100), (high, 115))))


def measure_each(table, quick):
    count = 1500 if quick else 6000
    # Four standard deviations of a share of 10 % of so many packets: two rows in each run of CI must not fail by chance.
    error = 0.03 if quick else 0.01
    with network(duplicate=0.1):
        seen, _ = stream(count)
    twice = (len(seen) - len(set(seen))) / count
    table.row("duplicate 10%", f"{twice:.2%} of {count} twice", f"± {error:.0%}", abs(twice - 0.1) <= error)
    with network(corrupt=0.1):
        seen, damaged = stream(count)
    # One bit anywhere: 28 of 1056 bytes are headers, where it makes the packet vanish.
    bad = (damaged + count - len(seen)) / count
    table.row("corrupt 10%", f"{bad:.2%} of {count} damaged or gone", f"± {error:.0%}", abs(bad - 0.1) <= error)
    with network(delay=30, reorder=0.1):
        seen, _ = stream(count)
    early = sum(1 for at, number in enumerate(seen) if number > max(seen[:at][-60:], default=-1) + 1) / count
    table.row("reorder 10%", f"{early:.2%} of {count} before their turn, {len(set(seen))} arrived", "more than 4 %, none lost", 0.04 < early <= 0.12 and len(set(seen)) == count)


def measure_loss(table, quick):
    sent, arrived, _ = bulk(4, 3)
    table.row("no fault", f"{1 - arrived / sent:.3%} of {sent} packets lost", "0 % ± 0.01 %", abs(1 - arrived / sent) < 0.0001)
    for loss in (0.01,) if quick else (0.01, 0.05):
        with network(loss=loss):
            sent, arrived, _ = bulk(16, 5 if quick else 12)
        lost = 1 - arrived / sent
        table.row(f"loss {loss:.0%}", f"{lost:.2%} of {sent} packets of the wire, 16 TCP flows", "± 0.5 pp", abs(lost - loss) <= 0.005 and sent > 3000)


def measure_rate(table, quick):
    for megabits in (10,) if quick else (1, 10, 50):
        with network(bandwidth=megabits * 1e6):
            *_, rate = bulk(2, 6 if quick else 12)
        measured = rate * 8 / 1e6
        table.row(f"bandwidth {megabits} Mbit/s", f"{measured:.3f} Mbit/s of the wire", "± 2 %", abs(measured / megabits - 1) <= 0.02)


def main():
    where, quick = sys.argv[1], "--quick" in sys.argv
    lay_cable()
    table = Table()
    if where == "guest":
        measure_delay(table, quick)
        measure_each(table, quick)
    else:
        measure_rate(table, quick)
    measure_loss(table, quick)
    return 1 if table.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
