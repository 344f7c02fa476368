"""What a fault at a container acts on: one of its own, in an engine of the campaign's own; with the image of helpers (`a-`, aided) and without (`c-`)."""
import os
import subprocess
import time

from host_place import packets_left, tables_of

INSIDE = {
    "network": "network, bandwidth: 1mbit",
    "partition": "partition",
    "cpu": "cpu, load: 10%, cores: 1",
    "memory": "memory, size: 20MiB",
}
OUTSIDE = {
    "stop": "stop, grace: 2s",
    "kill": "kill",
    "restart": "restart, grace: 2s",
    "pause": "pause",
    "disconnect": "disconnect",
    "limits": "limits, cpus: 0.25, memory: 32MiB, pids: 30",
    "loss": "network, loss: 10%, direction: both",
    "io": "io, path: /small, workers: 1, size: 1MiB",
    "disk": "disk, path: /small, leave: 2MiB",
    "dns": "dns, servers: [10.213.1.250], answer: 203.0.113.1",
}


class ContainerPlace:
    FAULTS = {f"c-{name}": text for name, text in {**OUTSIDE, **INSIDE}.items()} | {f"a-{name}": text for name, text in INSIDE.items()}
    #: They end by themselves when everybody is dead.
    EXPIRING = ("c-loss", "c-io", "c-disk", "c-dns", "c-partition", "c-cpu", "c-memory", *(f"a-{name}" for name in INSIDE))
    #: Those of them that leave something behind which does nothing any more: the next command removes it.
    SHELLS = ("c-loss", "c-dns", "c-partition", *(f"a-{name}" for name in INSIDE))
    sources = ""

    def __init__(self, fault, folder, label, victim, engines):
        self.fault, self.label = fault, label
        self.engine = engines.get(aided=fault.startswith("a-"))
        self.env = {"DOCKER_HOST": self.engine.address}
        self.container = self.engine.start(label)
        self.before = self.engine.facts(self.container)
        self.free = self._free()
        # The engine answers a container's look-ups by tables of its own in there.
        self.tables = tables_of(self._inside)

    @property
    def slower(self):
        """s that each request takes."""
        return self.engine.slow.delay if self.engine.slow else 0.0

    @property
    def HEALS(self):
        """s. A stop that is under way ends first, and each question goes through the slow socket."""
        return 15.0 + 12 * self.slower

    def fault_text(self):
        return f"{self.FAULTS[self.fault]}, target: {{ container: {self.label} }}"

    def _pid(self):
        return self.engine.ask("GET", f"/containers/{self.container}/json")["State"]["Pid"]

    def _inside(self, *argv):
        return subprocess.run(["nsenter", f"--net=/proc/{self._pid()}/ns/net", *argv], capture_output=True, text=True).stdout

    def _free(self):
        pid = self._pid()
        return os.statvfs(f"/proc/{pid}/root/small").f_bavail if pid else None

    def left(self, run, by_itself):
        """In words, what is unlike before. The engine may give a container that was started again new addresses."""
        now = self.engine.facts(self.container)
        keys = [key for key in now if key != "addresses" or self.fault == "c-disconnect"]
        found = [f"{self.fault}: {key} {now[key]}, before {self.before[key]}" for key in keys if now[key] != self.before[key]]
        if not found and self.fault[2:] in ("network", "loss", "partition", "dns"):
            found += packets_left(self.fault, self._inside, by_itself, self.tables)
        if not found and self.fault == "c-disk" and self._free() != self.free:
            found.append("c-disk: its room is taken")
        return found + (self._helpers(run, by_itself) if run else [])

    def _helpers(self, run, by_itself):
        """In words, which stay. One that was made and never started does nothing: the next command removes it. A question that is being asked just now ends by itself."""
        end = time.monotonic() + 13
        while True:
            there = [(name, role, state) for name, role, state in self.engine.helpers(run) if not (by_itself and state == "created")]
            if all(role == "hold" for _, role, _ in there) or time.monotonic() > end:
                return [f"{self.fault}: the helper {name} is there ({role}, {state})" for name, role, state in there]
            time.sleep(0.2)

    def clean(self):
        self.engine.remove(self.container)
