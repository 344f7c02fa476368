"""Faults in the name of a container, on what its own cgroup accounts and its own file system has left: by helper containers, and from outside."""
import os
import sys
import time

from held import FOLDER, Held

sys.path.append(os.path.join(FOLDER, "../kill"))
from engine import Engines  # noqa: E402

MEGA = 1 << 20


class Account:
    """What the kernel says of a container's cgroup, version 1 or 2."""

    def __init__(self, pid):
        self.paths = {}
        with open(f"/proc/{pid}/cgroup") as file:
            for line in file:
                number, controllers, path = line.strip().split(":", 2)
                for controller in controllers.split(",") if controllers else [""]:
                    self.paths[controller] = path

    def cpu(self):
        """Seconds of processor time."""
        if "cpuacct" in self.paths:
            with open(f"/sys/fs/cgroup/cpuacct{self.paths['cpuacct']}/cpuacct.usage") as file:
                return int(file.read()) / 1e9
        with open(f"/sys/fs/cgroup{self.paths['']}/cpu.stat") as file:
            return int(file.readline().split()[1]) / 1e6

    def memory(self):
        """Bytes without pages of files."""
        v1 = "memory" in self.paths
        with open(f"/sys/fs/cgroup/{'memory' + self.paths['memory'] if v1 else self.paths[''].lstrip('/')}/memory.stat") as file:
            stat = dict(line.split() for line in file)
        return int(stat["total_rss" if v1 else "anon"])


def measure(exact, timed, squall, quick):
    engines = Engines(0.0, squall)
    try:
        for aided in (False, True):
            way = "by a helper" if aided else "from outside"
            engine = engines.get(aided)
            name = f"fidelity-{'aided' if aided else 'plain'}"
            container = engine.start(name)
            # Neither limit is to be in the way.
            engine.ask("POST", f"/containers/{container}/update", {"NanoCpus": 2_000_000_000, "Memory": 512 * MEGA, "MemorySwap": 512 * MEGA})
            pid = engine.ask("GET", f"/containers/{container}/json")["State"]["Pid"]
            target, account = {"id": container, "name": name, "url": f"unix://{engine.socket}"}, Account(pid)
            for load in (0.5,) if quick else (0.2, 0.5, 0.8):
                measure_cpu(timed, target, account, load, way, quick)
            measure_memory(exact, target, account, way)
            if not aided:
                measure_disk(exact, target, f"/proc/{pid}/root/small")
            engine.remove(container)
    finally:
        engines.close()


def busy(account, seconds):
    before, at = account.cpu(), time.monotonic()
    time.sleep(seconds)
    return (account.cpu() - before) / (time.monotonic() - at)


def measure_cpu(table, target, account, load, way, quick):
    own = busy(account, 3)
    with Held("cpu", {"load": load, "cores": 1}, container=target):
        time.sleep(1)
        measured = busy(account, 5 if quick else 15) - own
    table.row(f"cpu {load:.0%} of one processor, container {way}", f"{measured:.2%} by its cgroup", "± 3 pp", abs(measured - load) <= 0.03)


def measure_memory(table, target, account, way):
    before = account.memory()
    with Held("memory", {"size": {"bytes": 200 * MEGA}}, container=target):
        taken = (account.memory() - before) / MEGA
    table.row(f"memory 200 MiB, container {way}", f"{taken:.1f} MiB more by its cgroup", "± 10 %", abs(taken - 200) <= 20)


def measure_disk(table, target, path):
    with Held("disk", {"path": "/small", "leave": {"bytes": 4 * MEGA}}, container=target):
        room = os.statvfs(path)
        left = room.f_bavail * room.f_bsize
    table.row("disk to a reserve of 4 MiB, container", f"{left} bytes left", "± 64 KiB", abs(left - 4 * MEGA) <= 65536)
