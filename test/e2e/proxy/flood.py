"""Many callers that behave badly: connect and leave, end half, reset, send garbage, do not read. Prints how many connections there were.

Usage: flood.py HOST PORT SECONDS SEED
"""
import random
import socket
import struct
import sys
import threading
import time

host, port, seconds, seed = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
until = time.monotonic() + seconds
made = [0] * 16
BEGINNINGS = (b"", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffff\r\n", b"\x16\x03\x01", b"\0" * 9)


def misbehave(sock, dice):
    for _ in range(dice.randrange(6)):
        act = dice.randrange(6)
        if act == 0:
            sock.sendall(dice.choice(BEGINNINGS) + dice.randbytes(dice.randrange(2000)))
        elif act == 1:
            sock.sendall(dice.randbytes(dice.randrange(300000)))
        elif act == 2:
            sock.recv(dice.randrange(1, 70000))
        elif act == 3:
            sock.shutdown(dice.choice((socket.SHUT_WR, socket.SHUT_RD)))
        elif act == 4:
            time.sleep(dice.random() * 0.03)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def caller(number):
    dice = random.Random(seed + number)
    while time.monotonic() < until:
        sock = socket.socket()
        sock.settimeout(0.05)
        try:
            sock.connect((host, port))
            made[number] += 1
            misbehave(sock, dice)
        except OSError:
            time.sleep(0.001)
        finally:
            sock.close()


callers = [threading.Thread(target=caller, args=(number,)) for number in range(len(made))]
for thread in callers:
    thread.start()
for thread in callers:
    thread.join()
print(sum(made), flush=True)
