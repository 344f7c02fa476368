"""What a fault at this machine acts on: a small disk, a network namespace, a process; never what the machine itself uses."""
import os
import re
import subprocess
import time


class HostPlace:
    FAULTS = {
        "h-disk": "disk, target: {{ host: local }}, path: {disk}, leave: 2MiB",
        "h-memory": "memory, target: {{ host: local }}, size: 48MiB",
        "h-io": "io, target: {{ host: local }}, path: {disk}, workers: 2, size: 1MiB",
        "h-descriptors": "descriptors, target: {{ process: {{ labels: {{ world: {label} }} }} }}",
        "h-dns": "dns, target: {{ host: local, netns: 'pid:{apart}' }}, servers: [10.9.0.53], answer: 203.0.113.1",
        "h-partition": "partition, target: {{ host: local, netns: 'pid:{apart}', to: 10.9.0.53 }}",
        "h-loss": "network, target: {{ host: local, netns: 'pid:{apart}', to: 10.9.0.53 }}, loss: 10%, direction: both",
        "h-bandwidth": "network, target: {{ host: local, netns: 'pid:{apart}', to: 10.9.0.53 }}, bandwidth: 1mbit, direction: both",
    }
    #: They end by themselves when everybody is dead.
    EXPIRING = ("h-disk", "h-memory", "h-io", "h-descriptors", "h-dns", "h-partition", "h-loss")
    #: Those of them that leave something behind which does nothing any more: the next command removes it.
    SHELLS = ("h-dns", "h-partition", "h-loss")
    #: s until everything is back after a kill.
    HEALS = 2.0
    sources = ""
    env = {}

    def __init__(self, fault, folder, label, victim, engines):
        self.fault, self.label = fault, label
        self.disk = os.path.join(folder, "disk")
        self.apart = self.pid = None
        os.mkdir(self.disk)
        if fault == "h-disk":
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", self.disk], check=True)
            self.free = os.statvfs(self.disk).f_bavail
        if fault == "h-descriptors":
            self.pid = victim()
            self.limits = self._limits()
        if fault in ("h-dns", "h-partition", "h-loss", "h-bandwidth"):
            self.apart = subprocess.Popen(["unshare", "-n", "sleep", "120"])
            while os.readlink(f"/proc/{self.apart.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
                time.sleep(0.01)
            self._inside("ip", "link", "set", "lo", "up")
            self._inside("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
            self._inside("ip", "addr", "add", "10.9.0.1/24", "dev", "v0")
            self._inside("ip", "link", "set", "v0", "up")
            self._inside("ip", "link", "set", "v1", "up")
            self.links = self._links()

    def _inside(self, *argv):
        return subprocess.run(["nsenter", f"--net=/proc/{self.apart.pid}/ns/net", *argv], capture_output=True, text=True).stdout

    def _links(self):
        return re.findall(r"^\d+: ([^:@]+).*gso_max_segs (\d+)", self._inside("ip", "-d", "-o", "link"), re.M)

    def _limits(self):
        with open(f"/proc/{self.pid}/limits") as file:
            return next(line for line in file if line.startswith("Max open files"))

    def fault_text(self):
        return self.FAULTS[self.fault].format(disk=self.disk, label=self.label, apart=self.apart and self.apart.pid)

    def left(self, run, by_itself):
        """In words. By itself a table of nft ends as an empty shell, which the next sweep removes."""
        if self.fault == "h-disk" and os.statvfs(self.disk).f_bavail != self.free:
            return ["h-disk: its room is taken"]
        if self.pid and self._limits() != self.limits:
            return [f"h-descriptors: {self._limits().strip()}"]
        if not self.apart:
            return []
        found = packets_left(self.fault, self._inside, by_itself)
        if not found and not by_itself and self._links() != self.links:
            return [f"{self.fault}: {self._links()}, was {self.links}"]
        return found

    def clean(self):
        if self.fault == "h-disk":
            subprocess.run(["umount", "-l", self.disk])
        if self.apart:
            self.apart.kill()
            self.apart.wait()


def tables_of(inside):
    """All tables of nft in a namespace, without what they have counted."""
    return re.sub(r"counter packets \d+ bytes \d+", "", inside("nft", "list", "ruleset"))


def packets_left(name, inside, by_itself, before=""):
    """In words, what of a table of nft or a tree of tc is in a namespace; `inside` runs a program in it, `before` are the tables that were there."""
    tables = tables_of(inside)
    if "expires" in tables or (tables != before and not by_itself):
        return [f"{name}: its table is there"]
    trees = inside("tc", "qdisc", "show")
    if not by_itself and any(word in trees for word in ("htb", "tbf", "netem", "ingress")):
        return [f"{name}: {trees.strip()}"]
    return []
