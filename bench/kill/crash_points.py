"""Crash points, enumerated from outside: the guardian (or the runner) is killed, or its disk fails, at the K-th call of one kind, for every K.

A run without harm is traced first to count the calls; then each K is a run of its own, under strace's fault injection.
Usage: crash_points.py [--sample N] [--seed N] [--jobs N] [--only WORDS] [--faults a,b]
Exit 1 when anything was left behind, a journal was unreadable, a record missing, or a run did not end.
"""
import argparse
import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from case import AGAIN_AFTER, journal_of, run_id, wait_for  # noqa: E402
from journal import header, read_journal  # noqa: E402
from engine import Engines  # noqa: E402
from main import Server, Up  # noqa: E402
from processes import kill_quietly, stat  # noqa: E402
from world import World  # noqa: E402

ROOT = os.path.join(HERE, "../..")
NODE = shutil.which(os.environ.get("SQUALL_NODE", "node"))
FORKS = "clone,clone3,fork,vfork"
# Who is traced, which calls are counted, what happens at the K-th of them.
HARMS = (
    ("guardian", "fdatasync", "signal=SIGKILL"),
    ("guardian", "fdatasync", "error=EIO"),
    ("guardian", "fsync", "signal=SIGKILL"),
    ("guardian", "fsync", "error=EIO"),
    ("guardian", "pwrite64", "signal=SIGKILL"),
    ("guardian", "pwrite64", "error=EIO"),
    ("guardian", "pwrite64", "error=ENOSPC"),
    ("guardian", "unlink,rmdir,rename", "signal=SIGKILL"),
    ("guardian", FORKS, "signal=SIGKILL"),
    ("runner", "fdatasync", "signal=SIGKILL"),
    ("runner", "fsync", "signal=SIGKILL"),
    ("runner", "unlink,rename", "signal=SIGKILL"),
    ("runner", "pwrite64", "error=ENOSPC"),
    ("runner", FORKS, "signal=SIGKILL"),
)
# The guardian's program is exchanged for this one, which becomes strace and then the guardian, all with the same pid.
# One thread in the pool: strace counts for each thread by itself, and the journal's order is what is enumerated.
SHIM = """import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
const own = new URL('./guardian-real.js', import.meta.url)
const [mode, state] = process.argv.slice(2)
const orders = join(dirname(state), 'strace.json')
if (mode === 'own' && existsSync(orders)) {
  const argv = JSON.parse(readFileSync(orders, 'utf8'))
  process.execve(argv[0], [...argv, process.execPath, own.pathname, ...process.argv.slice(2)], { ...process.env, UV_THREADPOOL_SIZE: '1' })
}
await import(own.href)
"""


def package_with_shim(folder):
    for name in ("bin", "dist"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(folder, name), ignore=shutil.ignore_patterns("types"))
    shutil.copy(os.path.join(ROOT, "package.json"), folder)
    guardian = os.path.join(folder, "dist/guardian.js")
    os.rename(guardian, os.path.join(folder, "dist/guardian-real.js"))
    with open(guardian, "w") as file:
        file.write(SHIM)
    return os.path.join(folder, "bin/squall.js")


def strace(log, calls, harm, k):
    """-D: the traced program keeps its pid; -b execve: threads are followed, programs it starts are not."""
    inject = [] if harm is None else ["-e", f"inject={calls}:{harm}:when={k}{'+' if harm.startswith('error') else ''}"]
    return [shutil.which("strace"), "-D", "-f", "-b", "execve", "-o", log, "-e", f"trace={calls}", *inject]


class Point:
    def __init__(self, fault, who, calls, harm, k):
        self.fault, self.who, self.calls, self.harm, self.k = fault, who, calls, harm, k
        self.hit = False
        self.exit = None
        self.left, self.later = [], []
        self.problems = []
        self.injected = False
        self.counts = {}

    @property
    def bad(self):
        return bool(self.left or self.later or self.problems)


def try_point(squall, port, engines, fault, who, calls, harm, k, counted=None):
    """One run with harm at the K-th call; without harm it only counts `counted`."""
    point = Point(fault, who, calls, harm, k)
    world = World(fault, port, random.Random(k), False, engines=engines)
    log = os.path.join(world.folder, "strace.log")
    tracing = strace(log, counted or calls, harm, k)
    command = [NODE, squall, "run", world.document]
    if who == "guardian":
        with open(os.path.join(world.folder, "strace.json"), "w") as file:
            json.dump(tracing, file)
    else:
        command = [*tracing, *command]
    output = open(os.path.join(world.folder, "run.log"), "wb")
    runner = subprocess.Popen(command, env=world.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    run = None
    try:
        if wait_for(lambda: runner.poll() is not None, 60, 0.05) is not True:
            point.problems.append("the runner did not end")
        point.exit = runner.poll()
        run = run_id(world)
        point.injected = run is not None and any(record["is"] == "injecting" for record in read_journal(journal_of(world, run))[0])
        ended = time.monotonic()
        if who == "runner":
            wait_for(lambda: not world.left(run), world.heals, 0.05)
        point.left = world.left(run)
        point.hit = harm is None or bool(re.search(r"INJECTED|killed by SIGKILL", read(log)))
        point.counts = count_calls(read(log))
        if run and point.hit:
            check_papers(world, run, point)
        time.sleep(max(0.0, (AGAIN_AFTER if point.hit else 0.0) - (time.monotonic() - ended)))
        point.later = world.left(run)
        if point.bad:
            point.problems.append(read(os.path.join(world.folder, "run.log"))[-600:])
        return point
    except Exception as error:  # A defect of the harness must not look like a clean run.
        point.problems.append(repr(error))
        return point
    finally:
        if runner.poll() is None:
            runner.kill()
        runner.wait()
        output.close()
        end_guardian(world, run)
        world.clean(run)


def end_guardian(world, run):
    head = header(read_journal(journal_of(world, run))[0]) if run else None
    if head and (stat(head["guardian"]["pid"]) or ("", 0))[1] == head["guardian"]["start"]:
        kill_quietly(head["guardian"]["pid"], signal.SIGKILL)


def check_papers(world, run, point):
    """The journal can be read, and the run has an end in the index: at once or after the next command."""
    records, damaged = read_journal(journal_of(world, run))
    if records and (header(records) is None or damaged > 1):
        point.problems.append("the journal is unreadable")

    def recorded():
        try:
            with sqlite3.connect(f"file:{world.state}/index.db?mode=ro", uri=True) as index:
                row = index.execute("select outcome from run where id = ? and ended_at is not null", (run,)).fetchone()
        except sqlite3.Error:
            row = None
        return row

    if not wait_for(recorded, 5, 0.2):
        subprocess.run([NODE, os.path.join(ROOT, "bin/squall.js"), "history", "kill-campaign", "--json"], env=world.env, capture_output=True, timeout=60)
        # A run that died before it was entered anywhere has injected nothing and needs no record.
        if not recorded() and any(record["is"] == "injecting" for record in records):
            point.problems.append("the record is missing")


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def count_calls(text):
    """How often each call was made by the thread that made it most often: what `when` counts."""
    by_thread = {}
    for line in text.splitlines():
        found = re.match(r"(\d+) +(\w+)\(", line)
        if found:
            by_thread[found.groups()] = by_thread.get(found.groups(), 0) + 1
    most = {}
    for (_thread, call), number in by_thread.items():
        most[call] = max(most.get(call, 0), number)
    return most


def points(squall, port, engines, faults, only):
    """(fault, who, calls, harm, k) for every k that a run without harm reaches. The runner does the same whatever the fault: one is enough."""
    wanted = [entry for entry in HARMS if not only or any(word in " ".join(entry) for word in only)]
    found = []
    for fault, who in [(fault, who) for fault in faults for who in ("guardian", "runner") if who == "guardian" or fault == faults[0]]:
        harms = [entry for entry in wanted if entry[0] == who]
        if not harms:
            continue
        calls = ",".join(sorted({call for entry in harms for call in entry[1].split(",")}))
        quiet = try_point(squall, port, engines, fault, who, "", None, 0, counted=calls)
        if not quiet.injected:
            raise SystemExit(f"the run without harm injected nothing: exit {quiet.exit}")
        print(f"{fault}, {who}: " + ", ".join(f"{call} {number}×" for call, number in sorted(quiet.counts.items())), flush=True)
        for _, kinds, harm in harms:
            # Several kinds in one inject count together.
            most = sum(quiet.counts.get(call, 0) for call in kinds.split(","))
            found += [(fault, who, kinds, harm, k) for k in range(1, most + 1)]
    return found


def spread(every, number, rng):
    """`number` points, as evenly as can be over the kinds of harm."""
    kinds = {}
    for point in rng.sample(every, len(every)):
        kinds.setdefault(point[1:4], []).append(point)
    rounds = [point for turn in itertools.zip_longest(*kinds.values()) for point in turn if point]
    return rounds[:number]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="only so many of the points, chosen at random")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--faults", type=lambda text: text.split(","), default=["two", "kill", "own", "again"])
    options = parser.parse_args()
    if not shutil.which("strace"):
        print("strace is not installed: no crash point can be tried")
        return 2
    server = Server(("127.0.0.1", 0), Up)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    engines = Engines(0.0, [NODE, os.path.join(ROOT, "bin/squall.js")])
    with tempfile.TemporaryDirectory(prefix="squall-crash-") as folder, contextlib.closing(engines):
        squall = package_with_shim(folder)
        every = points(squall, server.server_port, engines, options.faults, options.only)
        rng = random.Random(options.seed)
        chosen = every if options.sample is None else spread(every, options.sample, rng)
        print(f"{len(chosen)} of {len(every)} points, seed {options.seed}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(lambda point: shown(try_point(squall, server.server_port, engines, *point)), chosen))
    table(results)
    hit = [result for result in results if result.hit]
    bad = [result for result in results if result.bad]
    print(f"{len(hit)} points reached, {sum(bool(result.left) for result in hit)} left something at once, {sum(bool(result.later) for result in hit)} after 10 s, {len(bad)} bad")
    return 1 if bad or not hit else 0


def shown(result):
    if result.bad:
        print(f"{result.fault}: {result.who} {result.calls} {result.harm} when={result.k}: exit {result.exit}, left {result.left}, after 10 s {result.later}, {' '.join(result.problems)}", flush=True)
    return result


def table(results):
    print(f"{'fault':13} {'victim':9} {'at each':26} {'harm':16} {'tried':>5} {'reached':>7} {'at once':>7} {'10 s':>5} {'bad':>4}  exits")
    rows = {}
    for result in results:
        rows.setdefault((result.fault, result.who, result.calls, result.harm), []).append(result)
    for (fault, who, calls, harm), some in sorted(rows.items()):
        exits = ",".join(str(code) for code in sorted({one.exit for one in some if one.hit}, key=str))
        print(f"{fault:13} {who:9} {calls:26} {harm:16} {len(some):5} {sum(one.hit for one in some):7} {sum(bool(one.left) for one in some):7} "
              f"{sum(bool(one.later) for one in some):5} {sum(one.bad for one in some):4}  {exits}")


if __name__ == "__main__":
    sys.exit(main())
