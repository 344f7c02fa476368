"""Negative controls: does the harness see what a broken guardian leaves behind?

Builds a copy of the package in which only the guardian is exchanged for one of test/controls/, and runs the campaign on it.
Usage: controls.py [--kills N] [--seed N] [--jobs N]
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
NODE = os.environ.get("SQUALL_NODE", "node")

# What each control must leave behind, at least, in percent; the faults and victims in which it shows.
CONTROLS = {
    "deaf": (30, ["--victims", "runner,group", "--states", "active", "--faults", "pause,kill,command,own,proxy"]),
    "fenceless": (10, ["--victims", "runner,group", "--faults", "command,own,two", "--states", "injecting", "--slow-max", "8"]),
}


def package_with(control, folder):
    """The package in `folder`, its guardian exchanged."""
    for name in ("bin", "dist"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(folder, name), ignore=shutil.ignore_patterns("types"))
    shutil.copy(os.path.join(ROOT, "package.json"), folder)
    source = os.path.join(ROOT, "test/controls", f"guardian-{control}.ts")
    target = os.path.join(folder, "dist/guardian.js")
    esbuild = os.path.join(ROOT, "node_modules/.bin/esbuild")
    subprocess.run([esbuild, source, "--bundle", "--platform=node", "--format=esm", "--target=node22.19", f"--outfile={target}", "--log-level=error"], check=True)
    return os.path.join(folder, "bin/squall.js")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=6)
    options = parser.parse_args()
    failed = 0
    for control, (least, more) in CONTROLS.items():
        with tempfile.TemporaryDirectory(prefix="squall-control-") as folder:
            squall = package_with(control, folder)
            print(f"── a guardian that is {control}", flush=True)
            command = [sys.executable, os.path.join(HERE, "main.py"), "--total", str(options.kills), "--seed", str(options.seed), "--jobs", str(options.jobs)]
            failed |= subprocess.run([*command, *more, "--expect-leaks", str(least), "--squall", NODE, squall]).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
