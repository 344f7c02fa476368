"""Runs a program on a terminal of its own: on_terminal.py PROGRAM ARG... Reads orders on stdin, one a line:
`unread` (stop reading what it prints), `type HEX` (type these bytes), `close` (close the terminal).
Prints `exit CODE` when the program has ended; what it printed goes to stderr."""
import os
import pty
import select
import sys

pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

reading, orders = True, b""
while True:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        print("exit", os.waitstatus_to_exitcode(status), flush=True)
        break
    watched = [0] + ([master] if reading and master is not None else [])
    ready, _, _ = select.select(watched, [], [], 0.1)
    if master in ready:
        try:
            os.write(2, os.read(master, 65536))
        except OSError:
            reading = False
    if 0 in ready:
        chunk = os.read(0, 4096)
        if not chunk:
            os.kill(pid, 9)
            continue
        orders += chunk
        while b"\n" in orders:
            line, orders = orders.split(b"\n", 1)
            words = line.decode().split()
            if words == ["unread"]:
                reading = False
            elif words == ["close"]:
                os.close(master)
                master = None
            elif words[0] == "type":
                os.write(master, bytes.fromhex(words[1]))
