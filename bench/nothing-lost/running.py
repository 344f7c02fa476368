"""One fault, by the real `squall run`, between two looks at the world; and with a user at work meanwhile."""
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
import time

from snapshot import compare, glance
from users import apply

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SQUALL = [os.environ.get("SQUALL_NODE", "node"), os.path.join(ROOT, "bin/squall.js")]
DOCUMENT = """name: nothing-lost
hypothesis: What was there before is there afterwards.
environment: production
sources: {{ app: {{ type: endpoint, url: 'http://127.0.0.1:{port}/' }} }}
measures: {{ up: {{ from: app, unit: count, min: {{ recovery: 0 }} }} }}
phases: {{ warmup: 0s, baseline: 1s, fault: {lasts}s, recovery: 1s }}
faults: [{fault}]
"""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"up":1}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Stage:
    """State folders of its own, and a service on this namespace's loopback that the document's measure asks."""

    def __init__(self, docker=None):
        self.folder = tempfile.mkdtemp(prefix="squall-nothing-lost-")
        self.state = os.path.join(self.folder, "state")
        self.env = dict(os.environ, SQUALL_STATE_DIR=self.state, SQUALL_MACHINE_DIR=os.path.join(self.folder, "machine"), NO_COLOR="1", CI="")
        os.mkdir(self.env["SQUALL_MACHINE_DIR"])
        if docker:
            self.env["DOCKER_HOST"] = docker
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def start(self, fault, lasts):
        """`fault`: one entry of `faults`, as YAML in a line."""
        path = os.path.join(self.folder, "experiment.yaml")
        with open(path, "w") as file:
            file.write(DOCUMENT.format(port=self.server.server_address[1], fault=fault, lasts=lasts))
        self.log = open(os.path.join(self.folder, "log"), "w+")
        return subprocess.Popen([*SQUALL, "run", path], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        self.server.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)


def try_when_free(stage, *args):
    """As try_fault; a part of this machine that another run holds is waited for."""
    for _ in range(6):
        wrong, seen = try_fault(stage, *args)
        if not any("resource-locked" in line for line in wrong):
            break
        time.sleep(5)
    return wrong, seen


def try_fault(stage, fault, look, changes, shows=True, lasts=8, again=1):
    """What is wrong, as lines (none: nothing was lost); and how many lines of the snapshot the fault changed."""
    before = look()
    apply(do for do, _ in changes)
    wanted = look()
    apply(undo for _, undo in reversed(changes))
    if shaky := compare(before, look()):
        return [f"the look itself is not steady: {line}" for line in shaky], 0
    glanced = glance()
    run = stage.start(fault, lasts)

    def different():
        """Of what the row names, where it names something."""
        if shows == "packets":
            return compare(glanced, glance())
        return [line for line in compare(before, look()) if shows is True or shows in line]

    try:
        seen = wait_for(different, run) if shows else wait_for_time(run, stage)
        if not seen:
            run.wait(60)
            return [f"the fault was not seen: exit {run.returncode}: {stage.said()[-1500:]}"], 0
        seen = compare(before, look())
        apply(do for do, _ in changes)
        if run.poll() is not None:
            apply(undo for _, undo in reversed(changes))
            return [f"the run was over before the user had changed anything: {stage.said()[-1500:]}"], 0
        run.wait(lasts + 60)
    finally:
        if run.poll() is None:
            run.terminate()
            run.wait(30)
    # 5 with these words: not all of it could be undone, since others had changed it, which is what is wanted here.
    fine = run.returncode in (0, 1, 2, 3) or (run.returncode == 5 and "changed by others meanwhile, left as it is" in stage.said())
    wrong = [] if fine else [f"squall run ended with {run.returncode}: {stage.said()[-1500:]}"]
    wrong += compare(wanted, look())
    if not wrong:
        time.sleep(again)
        wrong += [f"later: {line}" for line in compare(wanted, look())]
    apply(undo for _, undo in reversed(changes))
    return wrong, len(seen)


def wait_for(different, run, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and run.poll() is None:
        began = time.monotonic()
        if found := different():
            return found
        # A look keeps the one processor of a guest busy: the run needs its turn too.
        time.sleep(max(0.1, time.monotonic() - began))
    return []


def wait_for_time(run, stage):
    """A fault that no snapshot can see: its processes tell, or the time."""
    end = time.monotonic() + 60
    while time.monotonic() < end and run.poll() is None:
        if os.path.isdir(f"{stage.state}/runs"):
            time.sleep(3)
            return ["not to be seen"]
        time.sleep(0.1)
    return []
