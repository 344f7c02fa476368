"""A Docker engine of the campaign's own, started by hand in a private folder; and a way to it that is slow."""
import contextlib
import http.client
import io
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import threading
import time


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("engine", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """Asks the engine directly, whatever way Squall takes."""

    def __init__(self, slow=0.0, net=213):
        self.folder = tempfile.mkdtemp(prefix="squall-engine-")
        self.numbers = itertools.count()
        self.net = net
        self.socket = os.path.join(self.folder, "s")
        argv = ["dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec", "--pidfile", f"{self.folder}/pid",
                "--host", f"unix://{self.socket}", "--iptables=false", "--ip6tables=false", "--bridge=none", "--log-level=error"]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        self.slow = SlowSocket(self.socket, os.path.join(self.folder, "slow"), slow) if slow else None
        for _ in range(300):
            with contextlib.suppress(OSError):
                if self.ask("GET", "/_ping", raw=True) == b"OK":
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError("the engine did not start")
        self._image()
        self.networks = [self.ask("POST", "/networks/create", {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}})["Id"]
                         for name, subnet in (("campaign-a", f"10.{net}.1.0/24"), ("campaign-b", f"10.{net}.2.0/24"))]

    @property
    def address(self):
        """For Squall: the slow way where there is one."""
        return f"unix://{self.slow.path if self.slow else self.socket}"

    def ask(self, method, path, body=None, raw=False):
        with contextlib.closing(Connection(self.socket)) as connection:
            headers = {"Content-Type": "application/x-tar" if isinstance(body, bytes) else "application/json"}
            connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise OSError(f"{method} {path}: {answer.status} {text[:200]!r}")
            return text if raw else json.loads(text or b"null")

    def _image(self):
        busybox = shutil.which("busybox") or "/bin/busybox"
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            archive.add(busybox, "bin/busybox")
            for name in ("sh", "sleep", "true"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
        self.ask("POST", "/images/create?fromSrc=-&repo=campaign", tar.getvalue(), raw=True)

    def start(self, name):
        """One that takes 0.7 s to obey a SIGTERM, so that a stop is under way for a while."""
        obey = "trap 'sleep 0.7; exit 0' TERM; while :; do sleep 0.1; done"
        # Addresses of its own, which no other case of the campaign gets while this one is off its networks.
        number = 100 + next(self.numbers) % 150
        config = {"Image": "campaign", "Cmd": ["/bin/sh", "-c", obey], "Env": ["PATH=/bin"], "HostConfig": {"NetworkMode": "campaign-a", "NanoCpus": 500000000, "Memory": 64 << 20, "MemorySwap": 64 << 20, "Tmpfs": {"/small": "size=16m"}}, "NetworkingConfig": {"EndpointsConfig": {"campaign-a": {"IPAMConfig": {"IPv4Address": f"10.{self.net}.1.{number}"}}}}}
        made = self.ask("POST", f"/containers/create?name={name}", config)["Id"]
        self.ask("POST", "/networks/campaign-b/connect", {"Container": made, "EndpointConfig": {"Aliases": ["alias"], "IPAMConfig": {"IPv4Address": f"10.{self.net}.2.{number}"}}})
        self.ask("POST", f"/containers/{made}/start")
        return made

    def facts(self, container):
        """What must be as before: running, limits, networks with addresses and aliases."""
        about = self.ask("GET", f"/containers/{container}/json")
        host = about["HostConfig"]
        networks = {name: (one["IPAddress"], one["MacAddress"], sorted(one["Aliases"] or [])) for name, one in about["NetworkSettings"]["Networks"].items()}
        # The engine gives a container new addresses when it starts again: those are not ours to keep.
        names = {name: sorted(one["Aliases"] or []) for name, one in about["NetworkSettings"]["Networks"].items()}
        # No limit is null, 0 or -1, as it was said: all three mean the same.
        limits = {key: max(0, host[key] or 0) for key in ("NanoCpus", "Memory", "MemorySwap", "PidsLimit", "CpuQuota")}
        return {"running": about["State"]["Running"], "paused": about["State"]["Paused"], "limits": limits, "networks": names, "addresses": networks}

    def helpers(self, run):
        """(name, role, state) of the containers that carry the mark of a run."""
        found = self.ask("GET", "/containers/json?all=1&filters=" + json.dumps({"label": ["squall.mark"]}).replace(" ", "").replace('"', "%22"))
        return [(one["Names"][0], one["Labels"].get("squall.helper"), one["State"]) for one in found if one["Labels"]["squall.mark"].startswith(f"{run}/")]

    def remove(self, container):
        with contextlib.suppress(OSError):
            self.ask("DELETE", f"/containers/{container}?force=1&v=1", raw=True)

    def close(self):
        if self.slow:
            self.slow.close()
        with contextlib.suppress(OSError):
            for one in self.ask("GET", "/containers/json?all=1"):
                self.remove(one["Id"])
            for network in self.networks:
                self.ask("DELETE", f"/networks/{network}", raw=True)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        subprocess.run(["umount", "-l", *[line.split()[1] for line in open("/proc/self/mounts") if self.folder in line]], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Engines:
    """Each started when it is first needed: one without the image of helpers, one with it."""

    def __init__(self, slow, squall):
        self.slow, self.squall = slow, squall
        self.lock = threading.Lock()
        self.started = {}

    def get(self, aided):
        with self.lock:
            if aided not in self.started:
                engine = self.started[aided] = Engine(self.slow, 214 if aided else 213)
                if aided:
                    env = dict(os.environ, DOCKER_HOST=f"unix://{engine.socket}")
                    subprocess.run([*self.squall, "helper-image"], env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return self.started[aided]

    def close(self):
        for engine in self.started.values():
            engine.close()


class SlowSocket:
    """Forwards to a Unix socket; whatever comes in either direction is passed on so many seconds later, also when the caller is dead by then."""

    def __init__(self, target, path, delay):
        self.target, self.path, self.delay = target, path, delay
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            onward = socket.socket(socket.AF_UNIX)
            onward.connect(self.target)
            # Towards the engine late, back at once: the request is in our hands when its caller dies.
            threading.Thread(target=self._pass, args=(caller, onward, self.delay), daemon=True).start()
            threading.Thread(target=self._pass, args=(onward, caller, 0.0), daemon=True).start()

    @staticmethod
    def _pass(source, sink, delay):
        """An open end is kept: HTTP requests end by themselves, and a dead caller's request must still arrive."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                due = time.monotonic() + delay
                time.sleep(max(0.0, due - time.monotonic()))
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR) if delay == 0 else time.sleep(0.2)
        if delay == 0:
            for one in (source, sink):
                with contextlib.suppress(OSError):
                    one.close()

    def close(self):
        self.listener.close()
