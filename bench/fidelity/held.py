"""A fault at this machine or at a container, injected on entering and rolled back on leaving."""
import json
import os
import subprocess

FOLDER = os.path.dirname(os.path.abspath(__file__))


class Held:
    """`before`: run in the child before the program starts, e.g. to enter a cgroup."""

    def __init__(self, kind, spec, narrowing=None, before=None, container=None):
        self.asked = json.dumps({"type": kind, "spec": spec, "narrowing": narrowing or {}, "container": container})
        self.before = before

    def __enter__(self):
        node = os.environ.get("SQUALL_NODE", "node")
        self.process = subprocess.Popen([node, "--disable-warning=ExperimentalWarning", os.path.join(FOLDER, "fault.ts"), self.asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=self.before)
        if self.process.stdout.readline() != b"injected\n":
            self.process.wait()
            raise RuntimeError(f"not injected: {self.asked}")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
