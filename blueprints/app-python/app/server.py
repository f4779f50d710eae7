"""Answers / with a greeting and a count, and /health with ok. Standard library only."""

import json
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8000


class Counter:
    """How often somebody asked, since this process started."""

    def __init__(self):
        self._lock = threading.Lock()
        self._count = 0

    def next(self):
        with self._lock:
            self._count += 1
            return self._count


class Server(ThreadingHTTPServer):
    """All addresses, IPv4 and IPv6, one thread for each connection."""

    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, greeting):
        self.greeting = greeting
        self.counter = Counter()
        super().__init__(("::", PORT), Handler)

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A connection that says nothing gives its thread back.
    timeout = 30

    def do_GET(self):
        path = self.path.split("?", 1)[0]
        if path == "/health":
            self.answer(200, "text/plain; charset=utf-8", "ok\n")
        elif path == "/":
            visit = {"message": self.server.greeting, "visit": self.server.counter.next()}
            self.answer(200, "application/json", json.dumps(visit) + "\n")
        else:
            self.answer(404, "text/plain; charset=utf-8", "not found\n")

    do_HEAD = do_GET

    def answer(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self):
        """Who asks need not learn which Python this is."""
        return "app"

    def log_request(self, code="-", size="-"):
        """Health checks every few seconds would drown everything else."""
        if self.path != "/health":
            super().log_request(code, size)


def main():
    server = Server(os.environ.get("GREETING", "Hello"))
    # shutdown() waits for the loop that the signal interrupts, so it needs a thread of its own.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on port {PORT}", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
