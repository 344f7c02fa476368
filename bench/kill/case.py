"""One kill: start a run, wait for a state, kill a victim, look at once and again after 10 s."""
import contextlib
import os
import signal
import sqlite3
import subprocess
import time

from journal import furthest, header, read_journal
from processes import kill_quietly
from world import World, standbys_of

STATES = ("armed", "injecting", "active", "undoing")
#: `both`: runner and guardian, whose standby takes over; `all`: the standby too.
VICTIMS = ("runner", "guardian", "both", "all", "group")
AGAIN_AFTER = 10.0


class Result:
    def __init__(self, fault, state, victim):
        self.fault, self.state, self.victim = fault, state, victim
        self.hit = None
        self.at_once, self.later = [], []
        self.healed = None
        self.unreadable = self.missing = False
        self.problem = None

    @property
    def leaked(self):
        return bool(self.at_once or self.later)


def run_id(world):
    try:
        names = os.listdir(os.path.join(world.state, "runs"))
    except FileNotFoundError:
        return None
    return names[0] if names else None


def journal_of(world, run):
    return os.path.join(world.state, "runs", run, "journal")


def wait_for(condition, limit, step=0.005):
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def kill_case(squall, fault, state, victim, port, rng, slow, slow_max=2.0, engines=None):
    result = Result(fault, state, victim)
    world = World(fault, port, rng, slow, slow_max, engines)
    slower = world.slower
    run = None
    log = open(os.path.join(world.folder, "run.log"), "wb")
    runner = subprocess.Popen([*squall, "run", world.document], env=world.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        run = wait_for(lambda: run_id(world), 15)
        if not run:
            result.problem = "no run was started"
            return result

        def reached():
            if runner.poll() is not None:
                return "ended"
            now = furthest(read_journal(journal_of(world, run))[0])
            return now if now == state or STATES.index(state) < (*STATES, "settled").index(now if now != "none" else "armed") else None

        wait_for(reached, 20 + 8 * slower)
        time.sleep(rng.uniform(0, {"armed": 1.0, "injecting": 0.05 + world.delay, "active": 1.2, "undoing": 1.6}[state]) + (rng.choice((0.0, World.EVERY)) if fault == "again" else 0.0))
        records = read_journal(journal_of(world, run))[0]
        head = header(records)
        result.hit = "ended" if runner.poll() is not None else furthest(records)
        if result.hit == "ended" and head is None:
            # A refused run proves nothing, and must not pass for a survived kill.
            result.problem = f"the run was refused: {said(world)}"
            return result
        guardian = head["guardian"]["pid"] if head else None
        strike(world, runner, guardian, victim)
        follow(squall, world, run, runner, victim, result, world.heals)
        check_papers(squall, world, run, result, 6 + 12 * slower)
        return result
    except Exception as error:  # A defect of the harness must not look like a clean run.
        result.problem = repr(error)
        return result
    finally:
        if runner.poll() is None:
            runner.kill()
        runner.wait()
        log.close()
        world.clean(run)


def said(world):
    with open(os.path.join(world.folder, "run.log"), errors="replace") as log:
        return " | ".join(log.read().strip().splitlines()[-4:])


def strike(world, runner, guardian, victim):
    if victim == "group":
        kill_group(runner.pid, signal.SIGTERM)
        time.sleep(0.1)
        kill_group(runner.pid, signal.SIGKILL)
        return
    if victim == "all":
        for pid in standbys_of(world.state):
            kill_quietly(pid, signal.SIGKILL)
    if victim in ("guardian", "both", "all") and guardian:
        kill_quietly(guardian, signal.SIGKILL)
    if victim in ("runner", "both", "all"):
        kill_quietly(runner.pid, signal.SIGKILL)


def kill_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


def follow(squall, world, run, runner, victim, result, limit):
    struck = time.monotonic()
    if victim == "guardian":
        # The runner notices, sweeps and ends by itself.
        wait_for(lambda: runner.poll() is not None, 40 + limit, 0.05)
        if runner.poll() is None:
            result.problem = f"the runner did not end: {said(world)}"
        result.at_once = world.left(run)
    elif victim == "all":
        runner.wait()
        expiring = [part for part in world.parts if world.expires(part)]
        if expiring:
            wait_for(lambda: not world.left(run, expiring), World.LASTS + 5 + 3 + (8 if world.slower else 0), 0.1)
            result.at_once = [f"no expiry: {what}" for what in world.left(run, expiring)]
        if any(not world.expires(part) or world.leaves_shell(part) for part in world.parts):
            subprocess.run([*squall, "rollback"], env=world.env, capture_output=True, timeout=120)
            result.at_once += world.left(run)
    else:
        runner.wait()
        clean = wait_for(lambda: not world.left(run), limit, 0.02)
        result.healed = time.monotonic() - struck
        if not clean:
            result.at_once = world.left(run)
    time.sleep(max(0.0, AGAIN_AFTER - (time.monotonic() - struck)))
    result.later = world.left(run)


def check_papers(squall, world, run, result, limit):
    if result.victim == "all":
        subprocess.run([*squall, "rollback"], env=world.env, capture_output=True, timeout=120)
    records, damaged = read_journal(journal_of(world, run))
    result.unreadable = header(records) is None or damaged > 1  # One torn tail is what a kill in the middle of a write leaves.

    def recorded():
        try:
            with contextlib.closing(sqlite3.connect(f"file:{world.state}/index.db?mode=ro", uri=True)) as index:
                return index.execute("select outcome from run where id = ? and ended_at is not null", (run,)).fetchone()
        except sqlite3.Error:
            return None

    # Closed by the guardian; where that had gone already, by the next command.
    if wait_for(recorded, limit, 0.2) is None:
        subprocess.run([*squall, "history"], env=world.env, capture_output=True, timeout=60)
    result.missing = recorded() is None
