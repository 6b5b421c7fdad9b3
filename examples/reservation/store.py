#!/usr/bin/env python3
"""The service behind connectors/store.yaml: a shelf with two of each thing.

POST /reservations {"item": ...} gives {"id": ...}, or 409 when both are taken; DELETE /reservations/ID puts one back.
The second request with one Idempotency-Key gets the first one's answer.

    store.py [PORT]        8070; 0 takes a free one. Prints its address when it is ready.
"""
import http.server
import json
import sys
import threading

SHELF = 2
reserved = {}  # id -> item
answers = {}   # Idempotency-Key -> (status, body)
lock = threading.Lock()


def reserve(item):
    if sum(1 for taken in reserved.values() if taken == item) >= SHELF:
        return 409, {"message": f"Both of '{item}' are taken."}
    place = f"place-{len(answers) + 1}"
    reserved[place] = item
    return 201, {"id": place}


def release(place):
    reserved.pop(place, None)
    return 204, None


class Store(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def once(self, work):
        key = self.headers.get("Idempotency-Key", "")
        with lock:
            if not key or key not in answers:
                answers[key] = work()
            status, body = answers[key]
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if text:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.once(lambda: reserve(body["item"]))

    def do_DELETE(self):
        self.once(lambda: release(self.path.rsplit("/", 1)[1]))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8070), Store)
print(f"The store is ready at http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
