"""What a fault at a database acts on: a PostgreSQL or Redis of its own on loopback, asked by other programs than Squall's."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from processes import kill_quietly


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresPlace:
    FAULTS = {
        "p-stop": "stop",
        "p-kill": "kill",
        "p-exhaust": "connections, how: exhaust, leave: 4",
        "p-cut": "connections, how: kill",
        "p-lock": "lock, table: orders",
    }
    #: They end by themselves when everybody is dead: the server ends the sessions.
    EXPIRING = ("p-exhaust", "p-cut", "p-lock")
    SHELLS = ()
    #: s: a server that was stopped or has crashed takes its time to come back.
    HEALS = 10.0
    env = {}
    _template = None
    _lock = threading.Lock()

    def __init__(self, fault, folder, label, victim, engines):
        self.fault = fault
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="squall-kill-pg-")
        self.data = os.path.join(self.folder, "data")
        subprocess.run(["cp", "-a", self.template(), self.data], check=True)
        give_to_postgres(self.folder)
        self.server = as_postgres("postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder, "-h", "127.0.0.1", wait=False)
        # As whoever supervises it: a dead server that nobody waits for still has its pid, and the next one takes that for a rival.
        threading.Thread(target=self.server.wait, daemon=True).start()
        for _ in range(200):
            if self._ask("select 1") == "1":
                break
            time.sleep(0.05)
        else:
            raise RuntimeError("the server did not start")
        self.sources = f"sources: {{ db: {{ type: postgres, hosts: ['127.0.0.1:{self.port}'], user: postgres }}, %s }}\n"

    @classmethod
    def template(cls):
        """Made once: a data folder takes a second, a copy of it none."""
        with cls._lock:
            if cls._template is None:
                cls._home = tempfile.mkdtemp(prefix="squall-kill-template-")
                give_to_postgres(cls._home)
                data = os.path.join(cls._home, "data")
                as_postgres("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--pgdata", data)
                with open(os.path.join(data, "postgresql.conf"), "a") as file:
                    file.write("fsync = off\nshared_buffers = 16MB\nmax_connections = 30\n")
                single = "create table orders (id int);\n"
                as_postgres("postgres", "--single", "-D", data, "postgres", input=single)
                cls._template = data
            return cls._template

    @classmethod
    def forget(cls):
        if cls._template:
            shutil.rmtree(cls._home, ignore_errors=True)
            cls._template = None

    def _ask(self, sql):
        argv = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-Atc", sql]
        ran = subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ, PGCONNECT_TIMEOUT="2", PGAPPNAME="oracle"))
        return ran.stdout.strip() if ran.returncode == 0 else None

    def fault_text(self):
        return f"{self.FAULTS[self.fault]}, target: {{ database: db, role: primary }}"

    def left(self, run, by_itself):
        sessions = self._ask("select count(*) from pg_stat_activity where application_name like 'squall\\_%'")
        if sessions is None:
            return [f"{self.fault}: the server does not answer"]
        found = [] if sessions == "0" else [f"{self.fault}: {sessions} sessions are there"]
        locks = self._ask("select count(*) from pg_locks where relation = 'orders'::regclass and granted")
        return found if locks == "0" else [*found, f"{self.fault}: {locks} locks are held"]

    def clean(self):
        # Squall may have started it again: the one that has the folder now.
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as file:
                kill_quietly(int(file.readline()), signal.SIGKILL)
        except (FileNotFoundError, ValueError):
            pass
        self.server.kill()
        self.server.wait()
        time.sleep(0.2)
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisPlace:
    FAULTS = {"r-pause": "pause", "r-slow": "slow, delay: 400ms", "r-readonly": "readonly"}
    EXPIRING = ("r-pause", "r-slow")
    SHELLS = ()
    #: s: what waits for the end of a pause waits for a second.
    HEALS = 4.0
    env = {}

    def __init__(self, fault, folder, label, victim, engines):
        self.fault = fault
        self.port = free_port()
        argv = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        self.server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True)
        self.sources = f"sources: {{ db: {{ type: redis, hosts: ['127.0.0.1:{self.port}'] }}, %s }}\n"
        for _ in range(200):
            if self._ask("PING") == "+PONG":
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def _ask(self, command, patience=2.0):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as caller:
                caller.settimeout(patience)
                caller.sendall(command.encode() + b"\r\n")
                return caller.recv(4096).decode().strip()
        except OSError:
            return None

    def fault_text(self):
        return f"{self.FAULTS[self.fault]}, target: {{ database: db, role: primary }}"

    def left(self, run, by_itself):
        for _ in range(4):
            if self._ask("PING", 0.25) != "+PONG":
                return [f"{self.fault}: it does not answer at once"]
            time.sleep(0.04)
        written = self._ask("SET a b")
        return [] if written == "+OK" else [f"{self.fault}: a write is answered by {written}"]

    def clean(self):
        self.server.kill()
        self.server.wait()


def give_to_postgres(folder):
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    os.chmod(folder, 0o711)


def as_postgres(program, *args, wait=True, input=None):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"))[-1]
    argv = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", found, *args]
    if wait:
        return subprocess.run(argv, check=True, capture_output=True, text=True, input=input, cwd="/")
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True)
