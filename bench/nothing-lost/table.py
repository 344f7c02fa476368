"""The faults that are looked at: one row each. A new fault at a place is a row here."""

HERE = "host: local"
#: `{far}` stands for a folder or container of the row's own.


class Row:
    """`where`: host, guest (its kernel has netem) or container. `shows`: the snapshot can see it; `packets`: a cheap look too; else words that its lines have. `addresses`: kept by the fault."""

    def __init__(self, name, where, fault, target=HERE, shows=True, addresses=True):
        self.name, self.where, self.fault, self.target, self.addresses = name, where, fault, target, addresses
        self.shows = "packets" if shows is True and where != "container" else shows


def far(more=""):
    return f"host: local, to: 10.99.0.2{more}"


ROWS = [
    Row("partition", "host", "partition", far()),
    Row("partition-refuse", "host", "partition, how: refuse", "host: local, to: ':8080'"),
    Row("loss-out", "host", "network, loss: 10%", far()),
    Row("loss-both", "host", "network, loss: 10%, direction: both", far()),
    Row("loss-in-own-ingress", "host", "network, loss: 10%, direction: in", "host: local, to: 10.98.0.2, interface: shaped"),
    Row("bandwidth", "host", "network, bandwidth: 1mbit", far()),
    Row("bandwidth-in-own-tree", "host", "network, bandwidth: 1mbit, direction: both", "host: local, to: 10.98.0.2, interface: shaped"),
    Row("cpu", "host", "cpu, load: 20%, cores: 1", shows=False),
    Row("memory", "host", "memory, size: 64MiB", shows=False),
    Row("io", "host", "io, path: /mnt, workers: 1, size: 4MiB", shows=False),
    Row("disk", "host", "disk, path: /mnt, leave: 10MiB", shows="room"),
    Row("dns-wrong", "host", "dns, names: [far.example.com], answer: 203.0.113.1"),
    Row("dns-slow", "host", "dns, names: [far.example.com], delay: 500ms"),
    Row("delay", "guest", "network, delay: 100ms, jitter: 20ms, direction: both", far()),
    Row("everything", "guest", "network, delay: 50ms, loss: 5%, corrupt: 1%, reorder: 5%, bandwidth: 10mbit", far()),
    Row("duplicate", "guest", "network, duplicate: 5%", far()),
    Row("delay-in-own-tree", "guest", "network, delay: 50ms, loss: 5%, direction: both", "host: local, to: 10.98.0.2, interface: shaped"),
    Row("container-stop", "container", "stop, grace: 2s", addresses=False),
    Row("container-kill", "container", "kill", addresses=False),
    Row("container-restart", "container", "restart, grace: 2s", shows=False, addresses=False),
    Row("container-pause", "container", "pause"),
    Row("container-disconnect", "container", "disconnect"),
    Row("container-limits", "container", "limits, cpus: 0.25, memory: 32MiB, pids: 30"),
    Row("container-loss", "container", "network, loss: 10%, direction: both"),
    Row("container-partition", "container", "partition"),
    Row("container-cpu", "container", "cpu, load: 20%, cores: 1", shows=False),
    Row("container-bandwidth", "container", "network, bandwidth: 1mbit, direction: both"),
    Row("container-memory", "container", "memory, size: 16MiB", shows=False),
    Row("container-io", "container", "io, path: /small, workers: 1, size: 1MiB", shows=False),
    Row("container-disk", "container", "disk, path: /small, leave: 2MiB", shows=False),
    Row("container-dns", "container", "dns, fail: nxdomain"),
    Row("helper-loss", "container", "network, loss: 10%, direction: both", shows="inside: "),
    Row("helper-bandwidth", "container", "network, bandwidth: 1mbit, direction: both", shows="inside: "),
    Row("helper-partition", "container", "partition", shows="inside: "),
    Row("helper-cpu", "container", "cpu, load: 20%, cores: 1", shows=False),
    Row("helper-memory", "container", "memory, size: 16MiB", shows=False),
]
