"""Our server, as a client of Toxiproxy sees it, and pairs of sockets that are connected through it."""
import json
import socket
import subprocess
import time
import urllib.request


class Proxy:
    """`squall proxy` with one proxy whose service is a listener of ours."""

    def __init__(self, squall):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen([*squall, "proxy", "-host", "127.0.0.1", "-port", str(self.port)], stdout=subprocess.DEVNULL)
        try:
            self.wait()
            service = f"127.0.0.1:{self.listener.getsockname()[1]}"
            created = self.call("POST", "/proxies", {"name": "bench", "listen": "127.0.0.1:0", "upstream": service})
        except BaseException:
            self.end()
            raise
        host, port = created["listen"].rsplit(":", 1)
        self.address = (host, int(port))

    def wait(self):
        end = time.monotonic() + 20
        while True:
            try:
                return self.call("GET", "/version")
            except OSError:
                if self.server.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def add(self, kind, stream="upstream", **attributes):
        self.call("POST", "/proxies/bench/toxics", {"name": kind, "type": kind, "stream": stream, "attributes": attributes})

    def remove(self, kind):
        self.call("DELETE", f"/proxies/bench/toxics/{kind}")

    def pair(self):
        """A caller's socket, and the service's end of the same connection."""
        caller = socket.create_connection(self.address, timeout=30)
        service, _ = self.listener.accept()
        for one in (caller, service):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.settimeout(30)
        return caller, service

    def end(self):
        self.server.kill()
        self.server.wait()
        self.listener.close()


def ends(stream, pair):
    """The sending and the receiving one for a toxic in this stream."""
    return pair if stream == "upstream" else pair[::-1]


def receive_all(connection):
    """Everything until the end, and how it ended."""
    parts = []
    try:
        while part := connection.recv(1 << 20):
            parts.append(part)
        return b"".join(parts), "end"
    except ConnectionResetError:
        return b"".join(parts), "reset"
