"""Do faults do exactly what they were told? Judged from outside: by peers in Python with a clock of their own, and by what the kernel accounts.

Usage: main.py [--quick] [--lenient] [--only proxy|host] [--squall PROGRAM…]. Exit 1 when a target is missed. `host` needs root; what needs netem
is measured in a guest that has it, in the guest's time.
"""
import argparse
import os
import platform
import shutil
import sys
import time

import containers
import delays
import host
import kills
import resets
import streams
from proxy import Proxy
from table import Table

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="each measurement short, for a look")
    parser.add_argument("--lenient", action="store_true", help="what depends on how busy the machine is cannot miss")
    parser.add_argument("--only", choices=("proxy", "host"))
    parser.add_argument("--squall", nargs="+", default=[os.environ.get("SQUALL_NODE", "node"), os.path.join(ROOT, "bin/squall.js")])
    options = parser.parse_args()
    root = os.getuid() == 0
    own = resets.enter_own_network()
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} · {os.cpu_count()} cores · kernel {platform.release()} · Python {platform.python_version()} · load {os.getloadavg()[0]:.1f}")
    exact, timed = Table(), Table()
    if options.only != "host":
        measure_proxy(options, exact, timed, own)
    if options.only != "proxy" and not root:
        print("faults at a host need root: left out")
    elif options.only != "proxy":
        measure_host(options, exact, timed)
    missed = exact.missed() + ([] if options.lenient else timed.missed())
    print("ok" if not missed else f"missed: {', '.join(missed)}")
    return 1 if missed else 0


def measure_host(options, exact, timed):
    os.environ["SQUALL_NODE"] = options.squall[0]
    host.measure_disk(exact)
    host.measure_cpu(timed, options.quick)
    if shutil.which("dockerd"):
        containers.measure(exact, timed, options.squall, options.quick)
    else:
        print("dockerd is not installed: containers are left out")
    for where, what in (("here", "packets here"), ("guest", "packets in the guest")):
        missed = host.measure_packets(where, options.quick)
        timed.row(what, "see above", "each row", not missed)


def measure_proxy(options, exact, timed, own):
    proxy = Proxy(options.squall)
    try:
        delays.measure(proxy, timed, options.quick)
        delays.measure_jitter(proxy, timed, options.quick)
        streams.measure_rates(proxy, timed, options.quick)
        streams.measure_cuts(proxy, exact, options.quick)
        streams.measure_stall(proxy, exact, options.quick)
        resets.measure(proxy, exact, options.quick, own)
        kills.measure(options.squall[0], timed, options.quick)
    finally:
        proxy.end()


if __name__ == "__main__":
    sys.exit(main())
