"""What a fault at a url acts on: a service of its own that counts who asks."""
import http.server
import threading
import time


class UrlPlace:
    FAULTS = {"u-load": "load, rate: 40/s"}
    EXPIRING = ("u-load",)
    SHELLS = ()
    HEALS = 2.0
    sources = ""
    env = {}

    def __init__(self, fault, folder, label, victim, engines):
        self.fault, self.asked = fault, 0
        place = self

        class Counted(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                place.asked += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # A killed sender resets its connections.

        self.server = Quiet(("127.0.0.1", 0), Counted)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fault_text(self):
        return f"{self.FAULTS[self.fault]}, target: {{ url: 'http://127.0.0.1:{self.server.server_port}/' }}"

    def left(self, run, by_itself):
        before = self.asked
        time.sleep(0.2)
        return [f"u-load: {self.asked - before} requests more in 0.2 s"] if self.asked > before else []

    def clean(self):
        self.server.shutdown()
        self.server.server_close()
