"""A user's own set-ups, there before Squall comes; and what the same user changes while a fault lasts, each change with its inverse."""
import os
import shutil
import subprocess
import tempfile

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
V1 = not os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def do(*argv, needed=True, text=None):
    ran = subprocess.run(argv, capture_output=True, text=True, input=text, timeout=20)
    if needed and ran.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {ran.stderr.strip()}")
    return ran.returncode == 0


def words(line):
    return do(*line.split())


RULES = """table inet user {
  set friends { type ipv4_addr; elements = { 10.99.0.5 } }
  chain incoming { type filter hook input priority 0; policy accept; ip saddr @friends counter accept; }
}
"""


class Machine:
    """A network and its files in namespaces of this process: call it only there."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="squall-user-")
        forget_mounts()
        do("mount", "-t", "tmpfs", "none", "/run/netns") if os.path.isdir("/run/netns") else self._make_netns_folder()
        write("/proc/sys/net/ipv6/conf/default/accept_dad", "0")
        self.groups = []
        for line in """ip link set lo up
ip netns add far
ip -n far link set lo up
ip link add uplink type veth peer name far netns far
ip link add shaped type veth peer name shaped-far netns far
ip link set uplink mtu 1400 gso_max_segs 40 txqueuelen 500 up
ip link set shaped up
ip -n far link set far mtu 1400 up
ip -n far link set shaped-far up
ip addr add 10.99.0.1/24 dev uplink
ip addr add fd00:99::1/64 dev uplink nodad
ip addr add 10.98.0.1/24 dev shaped
ip -n far addr add 10.99.0.2/24 dev far
ip -n far addr add fd00:99::2/64 dev far nodad
ip -n far addr add 10.98.0.2/24 dev shaped-far
ip route add default via 10.99.0.2
ip route add 10.50.0.0/16 via 10.99.0.2 metric 50
ip route add default via 10.99.0.2 table 100
ip rule add from 10.99.0.66 lookup 100 pref 1000
ip link add user-ifb type ifb
ip link set user-ifb up
tc qdisc add dev shaped root handle 1: htb default 20
tc class add dev shaped parent 1: classid 1:10 htb rate 50mbit
tc class add dev shaped parent 1: classid 1:20 htb rate 20mbit
tc filter add dev shaped parent 1: protocol ip pref 10 u32 match ip dst 10.98.0.7/32 flowid 1:10
tc qdisc add dev shaped ingress
tc filter add dev shaped parent ffff: protocol ip pref 7 u32 match ip src 10.98.0.9/32 action mirred egress redirect dev user-ifb""".splitlines():
            words(line)
        do("mount", "-t", "tmpfs", "-o", "size=64m", "none", "/mnt")
        self.nft = do("nft", "-f", "-", needed=False, text=RULES)
        self.iptables = [one for one in ("iptables-nft", "iptables-legacy") if do(one, "-w", "-A", "INPUT", "-s", "10.99.0.77", "-j", "DROP", needed=False)]
        self._files()
        self._cgroups()

    @staticmethod
    def _make_netns_folder():
        os.makedirs("/run/netns")
        do("mount", "-t", "tmpfs", "none", "/run/netns")

    def _files(self):
        for path, line in (("/etc/hosts", "10.99.0.2 far.example"), ("/etc/resolv.conf", "nameserver 10.99.0.2")):
            own = os.path.join(self.folder, os.path.basename(path))
            shutil.copy(path, own) if os.path.exists(path) else open(own, "w").close()
            with open(own, "a") as file:
                file.write(f"{line}\n")
            do("mount", "--bind", own, path)

    def _cgroups(self):
        """A group of the user's own, with limits."""
        name = os.path.basename(self.folder)
        wanted = {"memory": {"memory.limit_in_bytes": "67108864"}, "pids": {"pids.max": "100"}, "cpu": {"cpu.shares": "512"}} if V1 else {
            "": {"memory.max": "67108864", "pids.max": "100", "cpu.weight": "50"}}
        if not V1:
            with open("/sys/fs/cgroup/cgroup.subtree_control", "w") as file:
                file.write("+cpu +memory +pids")
        for controller, settings in wanted.items():
            path = os.path.join("/sys/fs/cgroup", controller, name)
            try:
                os.mkdir(path)
            except OSError:
                continue
            self.groups.append(path)
            for setting, value in settings.items():
                with open(os.path.join(path, setting), "w") as file:
                    file.write(value)

    def changes(self):
        """What the user does during the fault: (do, undo) in words, or functions."""
        found = [
            ("tc class add dev shaped parent 1: classid 1:30 htb rate 1mbit", "tc class del dev shaped classid 1:30"),
            ("tc filter add dev shaped parent 1: protocol ip pref 20 u32 match ip dst 10.98.0.8/32 flowid 1:30", "tc filter del dev shaped parent 1: protocol ip pref 20"),
            ("tc filter add dev shaped parent ffff: protocol ip pref 9 u32 match ip src 10.98.0.8/32 action mirred egress redirect dev user-ifb", "tc filter del dev shaped parent ffff: protocol ip pref 9"),
            ("ip route add 10.51.0.0/16 via 10.99.0.2", "ip route del 10.51.0.0/16 via 10.99.0.2"),
            ("ip rule add from 10.99.0.67 lookup 100 pref 1001", "ip rule del pref 1001"),
            ("ip link set uplink gso_max_segs 20", "ip link set uplink gso_max_segs 40"),
            ("ip link set uplink mtu 1300", "ip link set uplink mtu 1400"),
            ("ip addr add 10.99.0.11/24 dev uplink", "ip addr del 10.99.0.11/24 dev uplink"),
            (lambda: write("/proc/sys/net/ipv4/tcp_retries1", "5"), lambda: write("/proc/sys/net/ipv4/tcp_retries1", "3")),
            (lambda: add_line("/etc/hosts", "10.99.0.9 added.example"), lambda: drop_line("/etc/hosts", "10.99.0.9 added.example")),
            (lambda: add_line("/etc/resolv.conf", "options timeout:1"), lambda: drop_line("/etc/resolv.conf", "options timeout:1")),
        ]
        if self.nft:
            found += [("nft add element inet user friends { 10.99.0.6 }", "nft delete element inet user friends { 10.99.0.6 }"),
                      ("nft add rule inet user incoming ip saddr 10.99.0.7 drop", lambda: drop_rule("10.99.0.7"))]
        found += [(f"{one} -w -A INPUT -s 10.99.0.80 -j DROP", f"{one} -w -D INPUT -s 10.99.0.80 -j DROP") for one in self.iptables]
        pids = [os.path.join(one, "pids.max") for one in self.groups if os.path.exists(os.path.join(one, "pids.max"))]
        return found + [(lambda path=path: write(path, "77"), lambda path=path: write(path, "100")) for path in pids]

    def close(self):
        """The namespaces end with this process; what is not in them is removed."""
        for path in self.groups:
            os.rmdir(path)
        for path in ("/etc/hosts", "/etc/resolv.conf"):
            do("umount", path, needed=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def forget_mounts():
    """What others mount at this machine goes when they end: in this namespace it is not looked at."""
    with open("/proc/self/mountinfo") as file:
        points = [line.split(" ")[4] for line in file]
    for point in points[::-1]:
        # The project itself may lie in /tmp, and is mounted there in the guest.
        if not OWN_FOLDER.startswith(point + "/") and point.startswith(("/tmp/", "/run/netns", "/run/docker/", "/var/lib/docker/")):
            do("umount", "-l", point, needed=False)


def container_changes(engine, name):
    """What a user changes at a container meanwhile, by the engine's API."""
    def update(body):
        return lambda: engine.ask("POST", f"/containers/{name}/update", body)
    return [
        (update({"CpuShares": 77}), update({"CpuShares": 512})),
        (update({"Memory": 48 << 20, "MemorySwap": 48 << 20}), update({"Memory": 64 << 20, "MemorySwap": 64 << 20})),
        (lambda: engine.ask("POST", "/networks/user-c/connect", {"Container": name, "EndpointConfig": {"Aliases": ["third"]}}),
         lambda: engine.ask("POST", "/networks/user-c/disconnect", {"Container": name, "Force": True})),
    ]


def apply(steps):
    for step in steps:
        step() if callable(step) else words(step)


def drop_rule(address):
    """Of the user's chain, by its number, which is the kernel's to give."""
    listed = subprocess.run(["nft", "-a", "list", "chain", "inet", "user", "incoming"], capture_output=True, text=True, check=True).stdout
    number = next(line.rsplit(" ", 1)[1] for line in listed.splitlines() if address in line)
    do("nft", "delete", "rule", "inet", "user", "incoming", "handle", number)


def write(path, value):
    with open(path, "w") as file:
        file.write(value)


def add_line(path, line):
    with open(path, "a") as file:
        file.write(f"{line}\n")


def drop_line(path, line):
    """In place: it is the same file."""
    with open(path, "r+") as file:
        kept = [one for one in file if one.strip() != line]
        file.seek(0)
        file.truncate()
        file.writelines(kept)
