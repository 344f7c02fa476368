"""Nothing lost: a user's network, files, limits and containers before and after each fault, and with the user at work during it.

Usage: main.py [--quick] [WORD…]. Words pick rows by name. Each row is a real `squall run` in namespaces of its own; those that need netem run in
a guest with a stock Debian kernel. Exit 1 when something was lost or left, or when a control was not found.
"""
import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import controls
from running import ROOT, SQUALL, Stage, try_fault, try_when_free
from snapshot import take
from table import ROWS
from users import Machine, container_changes

sys.path.append(os.path.join(ROOT, "bench/kill"))
SELF = os.path.abspath(__file__)
INSIDE = ["unshare", "--mount", "--net", "--propagation", "private"]
#: s that a fault lasts: long enough for two looks and what the user does, and the guest has one processor for all of it.
LASTS = {"host": 5, "container": 5, "guest": 16}
QUICK = ("partition", "loss-both", "bandwidth-in-own-tree", "delay-in-own-tree", "container-limits", "container-disconnect")


def say(name, wrong, seen, seconds):
    print(f"{'lost  ' if wrong else 'ok    '}{name}: {f'{len(wrong)} lines differ' if wrong else f'nothing; {seen} lines were different during the fault'} ({seconds:.0f} s)", flush=True)
    for line in wrong[:12]:
        print(f"          {line}", flush=True)
    return bool(wrong)


def entry(row, target):
    kind, _, more = row.fault.partition(", ")
    return f"{{ type: {kind}, target: {{ {target} }}{', ' + more if more else ''} }}"


def on_host(names):
    """In namespaces of this process."""
    machine, bad = Machine(), False
    try:
        for row in (one for one in ROWS if one.name in names):
            stage, began = Stage(), time.monotonic()
            try:
                wrong, seen = try_when_free(stage, entry(row, row.target), lambda: take(stage.state, machine.groups), machine.changes(), row.shows, LASTS[row.where])
            finally:
                stage.close()
            bad |= say(row.name, wrong, seen, time.monotonic() - began)
    finally:
        machine.close()
    return bad


def in_containers(names):
    from engine import Engines
    machine, engines, bad = Machine(), Engines(0.0, SQUALL), False
    try:
        for row in (one for one in ROWS if one.name in names):
            # Two engines, with the image of helpers and without: so both ways inside are gone.
            engine = engines.get(aided=row.name.startswith("helper-"))
            if len(engine.networks) == 2:
                third = {"Name": "user-c", "IPAM": {"Config": [{"Subnet": f"10.{engine.net}.3.0/24"}]}}
                engine.networks.append(engine.ask("POST", "/networks/create", third)["Id"])
            stage, began, name = Stage(engine.address), time.monotonic(), f"victim-{row.name}"
            engine.start(name)
            engine.ask("POST", f"/containers/{name}/update", {"CpuShares": 512})
            try:
                changes = container_changes(engine, name)
                wrong, seen = try_when_free(stage, entry(row, f"container: {name}"), lambda: take(stage.state, (), engine, name, row.addresses), changes, row.shows, LASTS[row.where])
            finally:
                stage.close()
                engine.remove(name)
            bad |= say(row.name, wrong, seen, time.monotonic() - began)
    finally:
        engines.close()
        machine.close()
    return bad


def check_controls(_names):
    machine, bad = Machine(), False
    stage = Stage()
    try:
        missed = controls.unfound(machine, lambda: take(stage.state, machine.groups))
        print(f"{'missed' if missed else 'ok    '}controls: {', '.join(missed) or 'each thing left behind or taken away by hand was found'}", flush=True)
        bad |= bool(missed)
        for name, fault in controls.BAD.items():
            wrong, _ = try_fault(stage, fault.replace("%s", stage.folder), lambda: take(stage.state, machine.groups), machine.changes(), lasts=5)
            found = [line for line in wrong if line[:2] in ("- ", "+ ")]
            print(f"{'ok    ' if found else 'missed'}control, a fault that {name}: {found[0] if found else wrong}", flush=True)
            bad |= not found
    finally:
        stage.close()
        machine.close()
    return bad


PARTS = {"host": on_host, "guest": on_host, "container": in_containers, "controls": check_controls}


def run_part(part, names):
    """In a process of its own, in new namespaces, or in the guest."""
    own = ["python3", SELF, "--part", part, *names]
    guest = [os.environ.get("SQUALL_NODE", "node"), os.path.join(ROOT, "scripts/guest.ts"), "--"]
    ran = subprocess.run([*(guest if part == "guest" else []), *INSIDE, *own], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    print(f"── {part}\n{ran.stdout}", end="", flush=True)
    return part if ran.returncode != 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="some rows of each kind")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    if options.part:
        return 1 if PARTS[options.part](options.words) else 0
    wanted = [row for row in ROWS if (not options.words or any(word in row.name for word in options.words)) and (not options.quick or row.name in QUICK)]
    parts = [(part, names) for part in ("host", "guest", "container") if (names := [row.name for row in wanted if row.where == part])]
    if not options.words or "controls" in options.words:
        parts.append(("controls", []))
    # Most of the time each waits for its run.
    with ThreadPoolExecutor() as side_by_side:
        failed = [part for part in side_by_side.map(lambda one: run_part(*one), parts) if part]
    print(f"{len(wanted)} faults: {'nothing lost' if not failed else 'failed: ' + ', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
