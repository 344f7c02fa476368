"""Everything that a fault might leave behind or take away, as lines of text; counters and numbers that change by themselves are left out."""
import glob
import json
import os
import re
import subprocess

#: Keys of `tc` and `ip` that count, or tell a state of the moment.
VOLATILE = {"refcnt", "bytes", "packets", "drops", "overlimits", "requeues", "backlog", "qlen", "stats", "stats64", "valid_life_time",
            "preferred_life_time", "expires", "link_index", "ifindex", "group", "direct_packets_stat", "used", "age", "fpkts",
            "gc_timer", "hello_timer", "tcn_timer", "topology_change_timer"}
#: The host's end of a container's cable, which has another name each time; and the engine's bridge, which is up while a cable hangs at it.
CABLE = re.compile(r"\b(veth[0-9a-f]{7}|br-[0-9a-f]{12})\b")
FILES = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf")
#: The kernel's own numbers of u32's tables and of actions.
TABLE = re.compile(r"\b(fh|ht|index) [0-9a-f]+:?")
#: Of the whole kernel, or counted by it.
UNSTABLE = re.compile(r"nf_conntrack_(count|buckets)|/netns_ok|/tcp_(fastopen_key|mem)|/udp_mem|neigh/|/conf/(lo|user-ifb)/|/flush$")


def text(*argv, netns=None):
    """What a program prints; nothing where it fails: what there is no program for cannot be changed by one either."""
    ran = subprocess.run([*(["nsenter", f"--net={netns}"] if netns else []), *argv], capture_output=True, text=True, timeout=20)
    return ran.stdout if ran.returncode == 0 else ""


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in sorted(value.items()) if key not in VOLATILE}
    return [plain(one) for one in value] if isinstance(value, list) else value


def rows(output):
    return sorted(line for one in json.loads(output or "[]") if one and not CABLE.search(line := json.dumps(plain(one))))


def lines(output):
    return [line.rstrip() for line in output.splitlines() if line.strip() and not CABLE.search(line)]


def network(netns=None):
    """Of one network namespace: this one, or that of a path."""
    def ask(*argv):
        return text(*argv, netns=netns)
    links = [one for one in json.loads(ask("ip", "-j", "-d", "link") or "[]") if not CABLE.search(one["ifname"])]
    found = {
        "links": rows(json.dumps(links)),
        "addresses": rows(ask("ip", "-j", "addr")),
        "routes": sorted(lines(ask("ip", "-4", "route", "show", "table", "all")) + lines(ask("ip", "-6", "route", "show", "table", "all"))),
        "rules": lines(ask("ip", "-4", "rule")) + lines(ask("ip", "-6", "rule")),
        "qdiscs": rows(ask("tc", "-j", "qdisc", "show")),
        "classes": [], "filters": [],
        "nft": [re.sub(r" expires \w+", "", line) for line in lines(ask("nft", "-s", "list", "ruleset"))],
    }
    for link in links:
        device = link["ifname"]
        found["classes"] += sorted(lines(f"{device}: ".join(["", *ask("tc", "class", "show", "dev", device).splitlines(True)])))
        parents = {one["handle"] for one in json.loads(ask("tc", "-j", "qdisc", "show", "dev", device) or "[]") if one.get("handle", "0:") != "0:"}
        for parent in sorted(parents):
            found["filters"] += [f"{device} {parent} {TABLE.sub('n', line)}" for line in lines(ask("tc", "filter", "show", "dev", device, "parent", parent))]
    for program in ("iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "ip6tables-legacy-save"):
        saved = [re.sub(r"\[\d+:\d+\]", "", line) for line in lines(ask(program)) if not line.startswith("#")]
        found["iptables"] = found.get("iptables", []) + [f"{program} {line}" for line in saved]
    return found


def files():
    found = []
    for path in FILES:
        if os.path.exists(path):
            about = os.stat(path)
            with open(path) as file:
                found += [f"{path}: mode {about.st_mode:o} owner {about.st_uid}:{about.st_gid} inode {about.st_ino}"] + [f"{path}: {line}" for line in lines(file.read())]
    room = os.statvfs("/mnt")
    return [*found, f"room at /mnt: {room.f_bavail * room.f_bsize} bytes, {room.f_favail} files"]


def mounts():
    """Without the numbers of /proc/self/mountinfo. Those of the engine's containers come and go with them."""
    with open("/proc/self/mountinfo") as file:
        listed = [line.split(" ") for line in file]
    return sorted(" ".join(one[3:]).strip() for one in listed if "squall-engine-" not in " ".join(one))


def folder(path, skip=None):
    """Every readable setting below a folder of the kernel's, and each of its folders."""
    found = []
    for where, _, names in os.walk(path):
        if CABLE.search(where) or (skip and skip.search(f"{where}/")):
            continue
        found.append(f"{where}/")
        for name in names:
            full = os.path.join(where, name)
            if (skip and skip.search(full)) or CABLE.search(full) or not os.stat(full).st_mode & 0o200 or not os.stat(full).st_mode & 0o400:
                continue
            try:
                with open(full) as file:
                    found.append(f"{full}: {file.read().strip()}")
            except OSError:
                pass
    return sorted(found)


#: Settings of a cgroup that a person writes, in v1 and v2.
LIMITS = re.compile(r"/(?!(cpu|memory|pids|io|blkio|freezer|cgroup)\.(max|high|low|min|weight|shares|cfs_\w+|limit_in_bytes|memsw\.limit_in_bytes|swap\.max|state|freeze|subtree_control|throttle\S*|swappiness)$)[^/]+$")


def cgroups(paths):
    return [line for path in paths for line in folder(path, LIMITS)]


def marked(state):
    """Processes that carry a mark of a run of this state folder, or were started by one."""
    found = []
    runs = os.listdir(f"{state}/runs") if os.path.isdir(f"{state}/runs") else []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                environment = file.read()
            with open(path.replace("environ", "cmdline"), "rb") as file:
                command = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if command and any(f"SQUALL_MARK={run}/".encode() in environment for run in runs):
            found.append(command)
    return sorted(found)


def steady(line):
    """An interface that was taken away and brought back has another number, and its neighbours another address."""
    return re.sub(r"\beth\d\b", "eth", re.sub(r'"(link|address|broadcast)": "[^"]*", ', "", line))


def container(engine, name, addresses):
    """State, limits and networks of a container by the engine's API, and what its network namespace holds."""
    about = engine.ask("GET", f"/containers/{name}/json")
    host = {key: value for key, value in about["HostConfig"].items() if value not in (None, 0, -1, "", [], {}, False)}
    networks = {}
    for network_name, one in about["NetworkSettings"]["Networks"].items():
        kept = {"aliases": sorted(one["Aliases"] or []), "ipam": one["IPAMConfig"], "driver": one["DriverOpts"], "links": one["Links"]}
        networks[network_name] = {**kept, "ip": one["IPAddress"], "mac": one["MacAddress"]} if addresses else kept
    found = {
        "container": [f"state {about['State']['Status']}", f"restarts by policy {json.dumps(host.get('RestartPolicy'))}", f"image {about['Image']}", f"labels {json.dumps(about['Config']['Labels'])}"],
        "limits": sorted(f"{key} {json.dumps(value)}" for key, value in host.items()),
        "networks": sorted(f"{key} {json.dumps(value)}" for key, value in networks.items()),
        "engine": sorted(f"container {one['Names'][0]} {one['State']}" for one in engine.ask("GET", "/containers/json?all=1")),
        "engine networks": sorted(f"{one['Name']} {json.dumps(one['IPAM']['Config'])} {one['Internal']}" for one in engine.ask("GET", "/networks")),
    }
    pid = about["State"]["Pid"]
    if pid:
        inside = network(f"/proc/{pid}/ns/net")
        kept = ("qdiscs", "classes", "filters", "nft", "iptables", "rules") + (("links", "addresses", "routes") if addresses else ())
        found.update({f"inside: {key}": sorted(steady(line) for line in inside[key] if "127.0.0.11" not in line) for key in kept})
    return found


def take(state, groups=(), engine=None, name=None, addresses=True):
    found = network()
    found.update({
        "files": files(),
        "mounts": mounts(),
        "sysctl": folder("/proc/sys/net", UNSTABLE),
        "cgroups": cgroups(groups),
        "namespaces": sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else [],
        "processes": marked(state),
    })
    if engine:
        found.update(container(engine, name, addresses))
    return found


def glance():
    """A cheap look that tells when something has happened to this namespace's packets."""
    return {"qdiscs": lines(text("tc", "qdisc", "show")), "nft": lines(text("nft", "-s", "list", "tables"))}


def compare(before, after):
    """Lines that are gone (`-`) and that have come (`+`), each with the part it belongs to."""
    found = []
    for part in sorted({*before, *after}):
        old, new = list(before.get(part, [])), list(after.get(part, []))
        for line in list(old):
            if line in new:
                old.remove(line)
                new.remove(line)
        found += [f"- {part}: {line}" for line in old] + [f"+ {part}: {line}" for line in new]
    return found
