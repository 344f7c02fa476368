"""One small world for one run: what is broken in it, and an oracle that says what is left, asking nothing of Squall's."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from container_place import ContainerPlace
from database_place import PostgresPlace, RedisPlace, free_port
from host_place import HostPlace
from processes import alive_with, command_line, kill_quietly, stat
from url_place import UrlPlace

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

PLACES = {"host": HostPlace, "container": ContainerPlace, "postgres": PostgresPlace, "redis": RedisPlace, "url": UrlPlace}


def place_of(fault):
    """The class of what it acts on; None for the faults that need no place of their own."""
    return next((place for place in PLACES.values() if fault in place.FAULTS), None)


class World:
    """`fault` is one of FAULTS; `slow` delays injects that can be slow by 0 to `slow_max` s."""

    FAULTS = ("pause", "kill", "cpu", "command", "own", "two", "ramp", "again", "proxy")
    #: Faults that end by themselves when everybody is dead.
    EXPIRING = ("pause", "cpu", "ramp", "proxy")
    LASTS = 3.0
    #: Seconds that the fault at a proxy adds; what takes half of it is slow.
    DELAY = 0.4
    #: Seconds from one beginning of "again" to the next.
    EVERY = 4.0

    def __init__(self, fault, port, rng, slow, slow_max=2.0, engines=None):
        self.fault = fault
        self.folder = tempfile.mkdtemp(prefix="squall-kill-")
        self.state = os.path.join(self.folder, "state")
        self.label = os.path.basename(self.folder)
        self.delay = rng.uniform(0, slow_max) if slow else 0.0
        self.flags = {}
        self.victims = []
        self.env = dict(os.environ, SQUALL_STATE_DIR=self.state, SQUALL_MACHINE_DIR=os.path.join(self.folder, "machine"))
        place = place_of(fault)
        self.place = place(fault, self.folder, self.label, lambda: self._victim(fault), engines) if place else None
        if self.place:
            self.env.update(self.place.env)
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
        app = f"app: {{ type: endpoint, url: 'http://127.0.0.1:{port}/m' }}"
        sources = (self.place.sources if self.place else "") or "sources: { %s }\n"
        self.document = os.path.join(self.folder, "experiment.yaml")
        with open(self.document, "w") as file:
            file.write(
                f"name: kill-campaign\nhypothesis: Nothing is left behind.\nenvironment: production\n{proxies}"
                f"{sources % app}"
                "measures: { up: { from: app, unit: count, min: { recovery: 1 } } }\n"
                f"phases: {{ warmup: 0s, baseline: 1s, fault: {self.EVERY + 1.5 if fault == 'again' else self.LASTS:g}s, recovery: 1s }}\nfaults:\n{faults}"
            )

    def _victim(self, role):
        env = dict(os.environ, SQUALL_LABELS=f"world={self.label},role={role}")
        self.victims.append(subprocess.Popen(["sleep", "120"], env=env, start_new_session=True))
        return self.victims[-1].pid

    def _document(self, part):
        if self.place:
            return f"  - {{ name: {part}, type: {self.place.fault_text()} }}\n"
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
            if self.place:
                found += self.place.left(run, only is not None)
            if part in self.flags and os.path.exists(self.flags[part]):
                found.append(f"{part}: the flag is there")
            if part == "proxy" and (slow := self._through_proxy()):
                found.append(slow)
            if run:
                marked = alive_with("SQUALL_MARK", lambda value, part=part: value.startswith(f"{run}/{part}/"))
                if marked:
                    found.append(f"{part}: {len(marked)} marked processes run")
        return found

    def expires(self, part):
        return part in (self.place.EXPIRING if self.place else self.EXPIRING)

    def leaves_shell(self, part):
        return self.place is not None and part in self.place.SHELLS

    @property
    def heals(self):
        """s until everything is back after a kill."""
        return self.place.HEALS if self.place else 2.0

    @property
    def slower(self):
        """s that each request to its engine takes."""
        return getattr(self.place, "slower", 0.0)

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
        if self.place:
            self.place.clean()
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


def proxies_of(state):
    """pids of the proxies of a state folder that live or should."""
    return [pid for pid in alive_with("SQUALL_ROLE", lambda value: value == "proxy") if state in command_line(pid)]


def standbys_of(state):
    """pids of the guardians' standbys of a state folder."""
    return [pid for pid in alive_with("SQUALL_ROLE", lambda value: value == "guardian") if {"standby", state} <= set(command_line(pid))]


def end_proxies(state):
    for pid in proxies_of(state):
        kill_quietly(pid, signal.SIGKILL)
