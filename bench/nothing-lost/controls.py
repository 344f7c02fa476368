"""Can this bench fail? Each control leaves something behind or takes something away, and must be found."""
import os

from snapshot import compare
from users import RULES, add_line, apply, do, write

HTB = "tc class add dev shaped parent 1: classid 1:77 htb rate 1mbit"


def small(machine):
    """One for each part of the snapshot: (name, leave, tidy up)."""
    found = [
        ("a class", HTB, "tc class del dev shaped classid 1:77"),
        ("a filter", "tc filter add dev shaped parent 1: protocol ip pref 77 u32 match ip dst 10.98.0.77/32 flowid 1:10", "tc filter del dev shaped parent 1: protocol ip pref 77"),
        ("a queueing discipline", "tc qdisc add dev uplink root handle 5151: tbf rate 1mbit burst 5000 limit 9000", "tc qdisc del dev uplink root handle 5151:"),
        ("an ingress", "tc qdisc add dev uplink ingress", "tc qdisc del dev uplink ingress"),
        ("gso_max_segs", "ip link set uplink gso_max_segs 1", "ip link set uplink gso_max_segs 40"),
        ("an interface", "ip link add squall0 type ifb", "ip link del squall0"),
        ("a route", "ip route del 10.50.0.0/16", "ip route add 10.50.0.0/16 via 10.99.0.2 metric 50"),
        ("a rule of routes", "ip rule del pref 1000", "ip rule add from 10.99.0.66 lookup 100 pref 1000"),
        ("a network namespace", "ip netns add left", "ip netns del left"),
        ("a mount", lambda: do("mount", "-t", "tmpfs", "none", "/srv"), "umount /srv"),
        ("a big file", "fallocate -l 1M /mnt/left", "rm /mnt/left"),
        ("a line of hosts", lambda: add_line("/etc/hosts", "1.2.3.4 left"), None),
        ("a setting of the kernel", lambda: write("/proc/sys/net/ipv4/tcp_retries2", "5"), lambda: write("/proc/sys/net/ipv4/tcp_retries2", "15")),
    ]
    if machine.nft:
        found += [("a table of nft", "nft add table inet squall_left", "nft delete table inet squall_left"),
                  ("a user's rule of nft", "nft flush chain inet user incoming", lambda: do("nft", "-f", "-", text="delete table inet user\n" + RULES))]
    found += [(f"a rule of {one}", f"{one} -w -D INPUT -s 10.99.0.77 -j DROP", f"{one} -w -A INPUT -s 10.99.0.77 -j DROP") for one in machine.iptables]
    if machine.groups:
        name = next(os.path.join(one, "pids.max") for one in machine.groups if os.path.exists(os.path.join(one, "pids.max")))
        found.append(("a limit of a cgroup", lambda: write(name, "99"), lambda: write(name, "100")))
    return found


def unfound(machine, look):
    """Names of the controls that the snapshot did not see."""
    missed = []
    for name, leave, tidy in small(machine):
        before = look()
        apply([leave])
        if not compare(before, look()):
            missed.append(name)
        if tidy:
            apply([tidy])
    return missed


#: Whole runs of faults that are badly made: one leaves a rule, one puts back a copy and so loses what the user wrote meanwhile.
BAD = {
    "leaves one rule": """{ type: command, inject: [nft, add, chain, inet, user, left], rollback: ['true'], check: ['false'], timeout: 3s, expires: never }""",
    "puts back a copy": """{ type: command, inject: [sh, '-c', 'cp /etc/hosts %s/copy; echo 1.1.1.1 bad >> /etc/hosts'], rollback: [sh, '-c', 'cat %s/copy > /etc/hosts'], check: ['false'], timeout: 3s, expires: never }""",
}
