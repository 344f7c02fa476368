"""One small world for one run: what is broken in it, and an oracle that says what is left, asking nothing of Squall's."""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from processes import alive_with, command_line, kill_quietly, stat

INJECT = """import os, subprocess, sys, time
flag, delay = sys.argv[1], float(sys.argv[2])
# A worker in a session of its own, as an engine or a cloud API would be: it outlives whoever asked for it.
worker = subprocess.Popen([sys.executable, "-c", "import sys, time; time.sleep(float(sys.argv[2])); open(sys.argv[1], 'w').close()", flag, str(delay)],
                          start_new_session=True)
worker.wait()
"""

OWN = """import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
export default {
  type: 'flag', places: ['none'], needs: () => [],
  plan: async (spec) => ({ state: spec, does: 'make the flag', undoes: 'remove the flag' }),
  inject: (state) => new Promise((done) => spawn('python3', [state.script, state.flag, state.delay], { stdio: 'ignore' }).on('exit', () => done(undefined))),
  rollback: async (state) => rmSync(state.flag, { force: true }),
  look: async (state) => ({ active: existsSync(state.flag), seen: existsSync(state.flag) ? 'the flag is there' : 'no flag' }),
}
"""


class World:
    """`fault` is one of FAULTS; `slow` delays injects that can be slow by 0 to `slow_max` s."""

    FAULTS = ("pause", "kill", "cpu", "command", "own", "two", "ramp", "again", "proxy")
    #: Those that act on a container of the campaign's own engine, by the parameters beside the target.
    CONTAINER_FAULTS = {
        "c-stop": "stop, grace: 2s",
        "c-kill": "kill",
        "c-restart": "restart, grace: 2s",
        "c-pause": "pause",
        "c-disconnect": "disconnect",
        "c-limits": "limits, cpus: 0.25, memory: 32MiB, pids: 30",
    }
    #: Those at this machine that need root; each in a small place of its own.
    HOST_FAULTS = ("h-disk", "h-memory", "h-io", "h-descriptors", "h-dns", "h-partition", "h-loss", "h-bandwidth")
    #: Faults that end by themselves when everybody is dead.
    EXPIRING = ("pause", "cpu", "ramp", "proxy", "h-disk", "h-memory", "h-io", "h-dns", "h-partition", "h-loss")
    #: Those of them that leave something behind which does nothing any more: the next command removes it.
    SHELLS = ("h-dns", "h-partition", "h-loss")
    LASTS = 3.0
    #: Seconds that the fault at a proxy adds; what takes half of it is slow.
    DELAY = 0.4
    #: Seconds from one beginning of "again" to the next.
    EVERY = 4.0

    def __init__(self, fault, port, rng, slow, slow_max=2.0, engine=None):
        self.fault = fault
        self.engine = engine if fault in self.CONTAINER_FAULTS else None
        self.container = None
        self.host = None
        self.folder = tempfile.mkdtemp(prefix="squall-kill-")
        self.state = os.path.join(self.folder, "state")
        self.label = os.path.basename(self.folder)
        self.delay = rng.uniform(0, slow_max) if slow else 0.0
        self.flags = {}
        self.victims = []
        self.env = dict(os.environ, SQUALL_STATE_DIR=self.state, SQUALL_MACHINE_DIR=os.path.join(self.folder, "machine"))
        if self.engine:
            self.env["DOCKER_HOST"] = self.engine.address
            self.container = self.engine.start(self.label)
            self.before = self.engine.facts(self.container)
        if fault in self.HOST_FAULTS:
            self.host = HostPlace(fault, self.folder)
        with open(os.path.join(self.folder, "inject.py"), "w") as file:
            file.write(INJECT)
        with open(os.path.join(self.folder, "own.ts"), "w") as file:
            file.write(OWN)
        #: What begins again is a program or a module of the user's: the module's child is a new one each time.
        self.module = fault == "own" or (fault == "again" and rng.random() < 0.5)
        #: Where the proxy listens; somebody calls through it all the time, as without calls nothing is injected.
        self.listen = free_port() if fault == "proxy" else None
        proxies = f"proxies: {{ way: {{ listen: '127.0.0.1:{self.listen}', upstream: 'http://127.0.0.1:{port}' }} }}\n" if self.listen else ""
        self.callers = Callers(self.listen) if self.listen else None
        parts = ("pause", "command") if fault == "two" else (fault,)
        faults = "".join(self._document(part) for part in parts)
        self.parts = parts
        self.document = os.path.join(self.folder, "experiment.yaml")
        with open(self.document, "w") as file:
            file.write(
                f"name: kill-campaign\nhypothesis: Nothing is left behind.\nenvironment: production\n{proxies}"
                f"sources: {{ app: {{ type: endpoint, url: 'http://127.0.0.1:{port}/m' }} }}\n"
                "measures: { up: { from: app, unit: count, min: { recovery: 1 } } }\n"
                f"phases: {{ warmup: 0s, baseline: 1s, fault: {self.EVERY + 1.5 if fault == 'again' else self.LASTS:g}s, recovery: 1s }}\nfaults:\n{faults}"
            )

    def _victim(self, role):
        env = dict(os.environ, SQUALL_LABELS=f"world={self.label},role={role}")
        self.victims.append(subprocess.Popen(["sleep", "120"], env=env, start_new_session=True))

    def _document(self, part):
        if self.engine:
            return f"  - {{ type: {self.CONTAINER_FAULTS[part]}, name: {part}, target: {{ container: {self.label} }} }}\n"
        if self.host:
            if part == "h-descriptors":
                self._victim(part)
                self.host.watch(self.victims[0].pid)
            return self.host.document(self.label)
        target = f"    target: {{ process: {{ labels: {{ world: {self.label}, role: {part} }} }} }}\n"
        if part == "pause":
            self._victim(part)
            return f"  - type: pause\n{target}"
        if part == "kill":
            self._victim(part)
            return f"  - type: kill\n{target}    restart: [sleep, '120']\n"
        if part == "cpu":
            return "  - type: cpu\n    target: { host: local }\n    load: 10%\n    cores: 1\n"
        if part == "ramp":
            return "  - type: cpu\n    name: ramp\n    target: { host: local }\n    load: 2%..20%\n    cores: 1\n"
        if part == "proxy":
            return f"  - type: network\n    name: proxy\n    target: {{ proxy: way }}\n    delay: {self.DELAY * 1000:g}ms\n"
        flag = self.flags[part] = os.path.join(self.folder, f"flag-{part}")
        script = os.path.join(self.folder, "inject.py")
        again = f"    for: 1s\n    every: {self.EVERY:g}s\n" if part == "again" else ""
        if not self.module:
            return (
                f"  - type: command\n    name: {part}\n{again}    inject: [python3, {script}, {flag}, '{self.delay}']\n"
                f"    rollback: [rm, '-f', {flag}]\n    check: [test, '-e', {flag}]\n    expires: when the campaign is over\n"
            )
        return f"  - type: ./own.ts\n    name: {part}\n{again}    with: {{ flag: {flag}, delay: '{self.delay}', script: {script} }}\n"

    def left(self, run, only=None):
        """What of the faults is still there, in words; `only` narrows to some parts."""
        found = []
        for part in self.parts:
            if only is not None and part not in only:
                continue
            if part == "pause" and (stat(self.victims[0].pid) or "?")[0] == "T":
                found.append("pause: the victim is stopped")
            if part == "kill":
                alive = alive_with("SQUALL_LABELS", lambda value: value == f"world={self.label},role=kill")
                if len(alive) != 1:
                    found.append(f"kill: {len(alive)} instances run")
            if self.container:
                found += self._container()
            if self.host:
                found += self.host.left(only is not None)
            if part in self.flags and os.path.exists(self.flags[part]):
                found.append(f"{part}: the flag is there")
            if part == "proxy" and (slow := self._through_proxy()):
                found.append(slow)
            if run:
                marked = alive_with("SQUALL_MARK", lambda value, part=part: value.startswith(f"{run}/{part}/"))
                if marked:
                    found.append(f"{part}: {len(marked)} marked processes run")
        return found

    def _container(self):
        """In words what is unlike before. The engine may give a container that was started again new addresses."""
        now = self.engine.facts(self.container)
        keys = [key for key in now if key != "addresses" or self.fault == "c-disconnect"]
        return [f"{self.fault}: {key} {now[key]}, before {self.before[key]}" for key in keys if now[key] != self.before[key]]

    def _through_proxy(self):
        """In words what is wrong with calls through the proxy; it need not be there yet."""
        began = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", self.listen), 2) as caller:
                caller.settimeout(5)
                caller.sendall(b"GET /m HTTP/1.1\r\nHost: app\r\n\r\n")
                answer = caller.recv(65536)
        except ConnectionRefusedError:
            return "proxy: it is gone" if proxies_of(self.state) else None
        except OSError as error:
            return f"proxy: {error}"
        took = time.monotonic() - began
        if not answer.startswith(b"HTTP/1.1 200"):
            return f"proxy: it answers {answer[:40]!r}"
        return f"proxy: a call through it takes {took * 1000:.0f} ms" if took > self.DELAY / 2 else None

    def clean(self, run):
        if self.callers:
            self.callers.stop()
        if self.container:
            self.engine.remove(self.container)
        if self.host:
            self.host.clean()
        end_proxies(self.state)
        for pid in standbys_of(self.state):
            kill_quietly(pid, signal.SIGKILL)
        for victim in self.victims:
            victim.kill()
            victim.wait()
        for pid in alive_with("SQUALL_LABELS", lambda value: value.startswith(f"world={self.label},")):
            kill_quietly(pid, signal.SIGKILL)
        if run:
            for pid in alive_with("SQUALL_MARK", lambda value: value.startswith(f"{run}/")):
                kill_quietly(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class HostPlace:
    """What a fault at this machine acts on: a small disk, a network namespace, a process; never what the machine itself uses."""

    def __init__(self, fault, folder):
        self.fault = fault
        self.disk = os.path.join(folder, "disk")
        self.apart = self.pid = None
        os.mkdir(self.disk)
        if fault == "h-disk":
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", self.disk], check=True)
            self.free = os.statvfs(self.disk).f_bavail
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

    def watch(self, pid):
        self.pid = pid
        self.limits = self._limits()

    def _inside(self, *argv):
        return subprocess.run(["nsenter", f"--net=/proc/{self.apart.pid}/ns/net", *argv], capture_output=True, text=True).stdout

    def _links(self):
        return re.findall(r"^\d+: ([^:@]+).*gso_max_segs (\d+)", self._inside("ip", "-d", "-o", "link"), re.M)

    def _limits(self):
        with open(f"/proc/{self.pid}/limits") as file:
            return next(line for line in file if line.startswith("Max open files"))

    def document(self, label):
        packets = f"target: {{ host: local, netns: 'pid:{self.apart and self.apart.pid}', to: 10.9.0.53 }}"
        what = {
            "h-partition": f"partition, {packets}",
            "h-loss": f"network, {packets}, loss: 10%, direction: both",
            "h-bandwidth": f"network, {packets}, bandwidth: 1mbit, direction: both",
            "h-disk": f"disk, target: {{ host: local }}, path: {self.disk}, leave: 2MiB",
            "h-memory": "memory, target: { host: local }, size: 48MiB",
            "h-io": f"io, target: {{ host: local }}, path: {self.disk}, workers: 2, size: 1MiB",
            "h-descriptors": f"descriptors, target: {{ process: {{ labels: {{ world: {label} }} }} }}",
            "h-dns": f"dns, target: {{ host: local, netns: 'pid:{self.apart and self.apart.pid}' }}, servers: [10.9.0.53], answer: 203.0.113.1",
        }
        return f"  - {{ name: {self.fault}, type: {what[self.fault]} }}\n"

    def left(self, by_itself):
        """In words. By itself a table of nft ends as an empty shell, which the next sweep removes."""
        if self.fault == "h-disk" and os.statvfs(self.disk).f_bavail != self.free:
            return ["h-disk: its room is taken"]
        if self.pid and self._limits() != self.limits:
            return [f"h-descriptors: {self._limits().strip()}"]
        tables = self._inside("nft", "list", "ruleset") if self.apart else ""
        if "expires" in tables or ("table" in tables and not by_itself):
            return [f"{self.fault}: its table is there"]
        trees = self._inside("tc", "qdisc", "show") if self.apart else ""
        if not by_itself and any(word in trees for word in ("htb", "tbf", "ingress")):
            return [f"{self.fault}: {trees.strip()}"]
        if self.apart and not by_itself and self._links() != self.links:
            return [f"{self.fault}: {self._links()}, was {self.links}"]
        return []

    def clean(self):
        if self.fault == "h-disk":
            subprocess.run(["umount", "-l", self.disk])
        if self.apart:
            self.apart.kill()
            self.apart.wait()


class Callers:
    """Calls through a proxy, 20 times a second, whatever becomes of each."""

    def __init__(self, port):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._call, args=(port,), daemon=True)
        self.thread.start()

    def _call(self, port):
        while not self.over.wait(0.05):
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as caller:
                    caller.settimeout(1)
                    caller.sendall(b"GET /m HTTP/1.1\r\nHost: app\r\n\r\n")
                    caller.recv(4096)
            except OSError:
                pass  # Not there yet, slow, or gone: the oracle says what that means.

    def stop(self):
        self.over.set()
        self.thread.join()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def proxies_of(state):
    """pids of the proxies of a state folder that live or should."""
    return [pid for pid in alive_with("SQUALL_ROLE", lambda value: value == "proxy") if state in command_line(pid)]


def standbys_of(state):
    """pids of the guardians' standbys of a state folder."""
    return [pid for pid in alive_with("SQUALL_ROLE", lambda value: value == "guardian") if {"standby", state} <= set(command_line(pid))]


def end_proxies(state):
    for pid in proxies_of(state):
        kill_quietly(pid, signal.SIGKILL)


def seeded(seed):
    return random.Random(seed)
