"""Resets, as the kernel counts them and both peers see them."""
import ctypes
import os
import time

from proxy import receive_all

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000


def enter_own_network():
    """So that the kernel's counters are ours alone. False where that is not allowed: then the whole machine's are read."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWNET | CLONE_NEWUSER) != 0:
            return False
        for file, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{file}", "w") as out:
                out.write(text)
    raise_loopback()
    return True


def raise_loopback():
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up_and_running = 0x1 | 0x40
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", up_and_running))


def resets_sent():
    with open("/proc/net/snmp") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("OutRsts")])


def measure(proxy, table, quick, own):
    count = 20 if quick else 200
    for when in ("live", "new"):
        pairs = [proxy.pair() for _ in range(count)] if when == "live" else []
        before = resets_sent()
        proxy.add("reset_peer", timeout=0)
        if when == "new":
            pairs = [proxy.pair() for _ in range(count)]
        for caller, _ in pairs:
            caller.send(b"x")
        seen = [receive_all(one)[1] for pair in pairs for one in pair]
        proxy.remove("reset_peer")
        time.sleep(0.05)
        counted = resets_sent() - before
        for pair in pairs:
            for one in pair:
                one.close()
        right = seen.count("reset")
        where = "the kernel" if own else "the kernel of the whole machine"
        ok = right == len(seen) and (counted == len(seen) or (not own and counted > len(seen)))
        table.row(f"reset of {count} {when} connections", f"{right} of {len(seen)} ends see it, {where} sent {counted}", f"{len(seen)} both", ok)
