"""The kill campaign: runs are killed at every state; an oracle outside Squall says what is left.

Usage: main.py [--per-cell N] [--total N] [--seed N] [--jobs N] [--place NAME] [--faults a,b] [--victims a,b] [--squall PROGRAM…] [--expect-leaks PERCENT] [--slow-max S]
Exit 1 when anything was left behind, a journal was unreadable or a record missing (with --expect-leaks: when too little leaked).
"""
import argparse
import concurrent.futures
import contextlib
import http.server
import os
import random
import statistics
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from case import STATES, VICTIMS, kill_case  # noqa: E402
from database_place import PostgresPlace  # noqa: E402
from engine import Engines  # noqa: E402
from world import PLACES, World, place_of  # noqa: E402


class Up(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"up":1}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # Killed runners reset their connections: that is what they are here for.


# A machine's processors can't be shared by two cpu faults: the second run would rightly be refused.
processors = threading.Lock()
one_at_a_time = {"cpu": processors, "ramp": processors, "h-memory": threading.Lock()}


def case_alone(squall, fault, *more):
    with one_at_a_time.get(fault, contextlib.nullcontext()):
        return kill_case(squall, fault, *more)


def cells(options, rng):
    """Every (fault, state, victim), `per_cell` times; or `total` of them, spread evenly over the cells."""
    all_cells = [(fault, state, victim) for fault in options.faults for state in options.states for victim in options.victims]
    if options.total is None:
        chosen = all_cells * options.per_cell
    else:
        rounds = -(-options.total // len(all_cells))
        chosen = []
        for _ in range(rounds):
            rng.shuffle(all_cells)
            chosen += all_cells
        chosen = chosen[: options.total]
    rng.shuffle(chosen)
    return chosen


def table(results):
    rows = {}
    for result in results:
        rows.setdefault((result.victim, result.fault, result.hit), []).append(result)
    print(f"{'victim':9} {'fault':13} {'killed in':10} {'kills':>5} {'at once':>7} {'10 s':>5} {'healed p50':>10} {'max':>6}")
    for (victim, fault, hit), some in sorted(rows.items(), key=str):
        healed = [one.healed * 1000 for one in some if one.healed is not None]
        times = f"{statistics.median(healed):7.0f} ms {max(healed):6.0f}" if healed else f"{'-':>10} {'-':>6}"
        print(f"{victim:9} {fault:13} {str(hit):10} {len(some):5} {sum(bool(one.at_once) for one in some):7} {sum(bool(one.later) for one in some):5} {times}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-cell", type=int, default=10)
    parser.add_argument("--total", type=int)
    parser.add_argument("--quick", action="store_true", help="60 kills, as in CI")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--faults", type=lambda text: text.split(","), default=list(World.FAULTS))
    parser.add_argument("--place", choices=[*PLACES, "all"], help="the faults at one kind of place, or every fault there is")
    parser.add_argument("--slow-socket", type=float, default=0.0, help="s that each request takes to the engine, also when its sender is dead by then")
    parser.add_argument("--victims", type=lambda text: text.split(","), default=list(VICTIMS))
    parser.add_argument("--states", type=lambda text: text.split(","), default=list(STATES))
    parser.add_argument("--slow-max", type=float, default=2.0)
    parser.add_argument("--expect-leaks", type=float, help="negative control: at least this percentage must leak")
    parser.add_argument("--squall", nargs="+", default=[os.environ.get("SQUALL_NODE", "node"), os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bin/squall.js")])
    options = parser.parse_args()
    if options.quick and options.total is None:
        options.total = 60
    if options.place == "all":
        options.faults = [*World.FAULTS, *(fault for place in PLACES.values() for fault in place.FAULTS)]
    elif options.place:
        options.faults = list(PLACES[options.place].FAULTS)
    unknown = [fault for fault in options.faults if fault not in World.FAULTS and not place_of(fault)]
    if unknown:
        parser.error(f"no such fault: {', '.join(unknown)}")
    engines = Engines(options.slow_socket, options.squall)
    try:
        return campaign(options, engines)
    finally:
        engines.close()
        PostgresPlace.forget()


def campaign(options, engines):
    server = Server(("127.0.0.1", 0), Up)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = []
        for number, (fault, state, victim) in enumerate(cells(options, rng)):
            own = random.Random(f"{options.seed}-{number}")
            futures.append(pool.submit(case_alone, options.squall, fault, state, victim, server.server_port, own, own.random() < 0.5, options.slow_max, engines))
        for future in concurrent.futures.as_completed(futures):
            result = future.result()
            results.append(result)
            if result.leaked or result.unreadable or result.missing or result.problem:
                print(f"{result.victim} {result.fault} {result.hit}: at once {result.at_once}, after 10 s {result.later}, "
                      f"unreadable {result.unreadable}, record missing {result.missing}, {result.problem or ''}", flush=True)
            elif len(results) % 20 == 0:
                print(f"{len(results)} of {len(futures)}", file=sys.stderr, flush=True)
    table(results)
    leaks = sum(result.leaked for result in results)
    bad = sum(result.unreadable or result.missing or bool(result.problem) for result in results)
    print(f"{len(results)} kills, {leaks} left something behind, {sum(result.unreadable for result in results)} journals unreadable, "
          f"{sum(result.missing for result in results)} records missing, {sum(bool(result.problem) for result in results)} problems of the harness")
    if options.expect_leaks is not None:
        share = 100 * leaks / max(1, len(results))
        print(f"negative control: {share:.0f} % leaked, at least {options.expect_leaks:.0f} % expected")
        return 0 if share >= options.expect_leaks else 1
    return 1 if leaks or bad else 0


if __name__ == "__main__":
    sys.exit(main())
