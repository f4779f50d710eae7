"""The shop's application: / counts a visit in the database, /rate asks outside, /health answers by itself."""

import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rate import RateUnavailable, fetch_rate
from visits import DatabaseUnavailable, Visits

PORT = 9000


class Server(ThreadingHTTPServer):
    """All addresses, IPv4 and IPv6, one thread for each connection."""

    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, visits, rate_url):
        self.visits = visits
        self.rate_url = rate_url
        super().__init__(("::", PORT), Handler)

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request, client_address):
        """Who hangs up before having asked, as probes do, is nothing to tell of."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A connection that says nothing gives its thread back.
    timeout = 30
    # Head and body leave as one packet.
    wbufsize = -1

    def do_GET(self):
        path = self.path.split("?", 1)[0]
        if path == "/health":
            # About this process alone: a fresh instance would not mend an absent database.
            self.answer(200, {"health": "ok"})
        elif path == "/":
            self.answer_visit()
        elif path == "/rate":
            self.answer_rate()
        else:
            self.answer(404, {"error": "not found"})

    def answer_visit(self):
        try:
            here, everywhere = self.server.visits.add()
        except DatabaseUnavailable as error:
            # Who asks learns nothing about addresses and users.
            self.log_error("cannot reach the database: %s", error)
            self.answer(503, {"error": "cannot reach the database"})
        else:
            self.answer(200, {"instance": self.server.visits.instance, "here": here, "everywhere": everywhere})

    def answer_rate(self):
        try:
            self.answer(200, fetch_rate(self.server.rate_url))
        except RateUnavailable as error:
            self.answer(502, {"error": f"cannot ask {self.server.rate_url}: {error}"})

    def answer(self, status, value):
        body = (json.dumps(value) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self):
        """Who asks need not learn which Python this is."""
        return "app"

    def log_request(self, code="-", size="-"):
        """What went well would drown everything else."""
        if int(code) >= 500:
            super().log_request(code, size)


def main():
    visits = Visits(os.environ["DATABASE_HOST"], socket.gethostname())
    server = Server(visits, os.environ["RATE_URL"])
    # shutdown() waits for the loop that the signal interrupts, so it needs a thread of its own.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on port {PORT}", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
