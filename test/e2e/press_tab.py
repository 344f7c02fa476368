"""Presses Tab in a real shell on a terminal of its own. Reads one JSON document on stdin:
{"argv": [program, ...], "setup": "command line that prints READY and binds Ctrl-X b to print <<<the line>>>", "lines": ["squall ru\\t", ...]}.
For each line: types it, asks what became of it, clears it. Prints a JSON list: [what stood on the screen, the line] each."""
import json
import os
import pty
import re
import select
import sys
import time

order = json.load(sys.stdin)
pid, master = pty.fork()
if pid == 0:
    os.execvp(order["argv"][0], order["argv"])


def read_until(pattern):
    seen, end = "", time.monotonic() + 30
    while not re.search(pattern, seen):
        if time.monotonic() > end:
            sys.exit(f"waited 30 s for {pattern}, got {seen!r}")
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536).decode(errors="replace")
    return seen


try:
    # In two parts, so that the echo of the typed line is not taken for its output.
    os.write(master, (order["setup"] + "; printf '%s\\n' REA''DY\n").encode())
    read_until("READY")
    results = []
    for line in order["lines"]:
        os.write(master, line.encode() + b"\x18b")
        screen = read_until(r"<<<.*>>>")
        results.append([screen, re.findall(r"<<<(.*)>>>", screen)[-1]])
        os.write(master, b"\x15")  # Ctrl-U: the line is empty again
    print(json.dumps(results))
finally:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
