#!/usr/bin/python3
"""Two courier companies for trying things out, Stork and Turtle.

Usage: couriers.py [--port 0]

Prints one line of JSON when it is ready: {"service": "couriers", "url": "http://127.0.0.1:…"}. Listens on this machine only.
"""

import argparse
import datetime
import http.server
import json
import signal
import socketserver
import sys
import threading
import time
import urllib.parse

HOLD_SECONDS = 3600
WINDOWS = [("10:00", "14:00"), ("14:00", "18:00"), ("18:00", "22:00")]
ROOM_IN_A_WINDOW = 50


class Company:
    """What was asked of one company: reference -> parcel."""

    def __init__(self, price):
        self.base_price = price
        self.down = False
        self.parcels = {}

    def price(self, address):
        # Farther away is dearer, and the same address costs the same.
        return self.base_price + len(address) % 7 * 1000

    def serves(self, address):
        return bool(address.strip()) and "antarctica" not in address.lower() and "антарктида" not in address.lower()

    def live(self, parcel):
        return parcel["state"] == "booked" or (parcel["state"] == "reserved" and parcel["until"] > time.time())

    def reserve(self, reference, address, window):
        parcel = self.parcels.get(reference)
        if parcel and self.live(parcel):
            return parcel
        parcel = {"to": address, "window": window, "price": self.price(address), "state": "reserved", "until": time.time() + HOLD_SECONDS}
        self.parcels[reference] = parcel
        return parcel

    def book(self, reference):
        parcel = self.parcels.get(reference)
        if parcel is None or not self.live(parcel):
            return None
        parcel["state"] = "booked"
        return parcel

    def cancel(self, reference):
        if reference in self.parcels:
            self.parcels[reference]["state"] = "cancelled"

    def left(self, window):
        return ROOM_IN_A_WINDOW - sum(1 for p in self.parcels.values() if p["window"] == window and self.live(p))


def days(count):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return [today + datetime.timedelta(days=n) for n in range(1, count + 1)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    companies = {"stork": Company(29000), "turtle": Company(15050)}
    lock = threading.Lock()

    def do_GET(self):
        self.handle_request()

    do_POST = do_PUT = do_DELETE = do_GET

    def handle_request(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        parts = [urllib.parse.unquote(p) for p in url.path.strip("/").split("/")]
        with self.lock:
            if parts == ["switches"] and self.command == "POST":
                for name, state in json.loads(body).items():
                    self.companies[name].down = state == "down"
                return self.answer(200, {})
            if parts == ["books"]:
                return self.answer(200, {name: company.parcels for name, company in self.companies.items()})
            company = self.companies.get(parts[0])
            if company is None:
                return self.answer(404, {"error": "There is no such company"})
            if company.down:
                return self.answer(503, {"error": "Out of order"})
            if parts[0] == "stork":
                return self.stork(company, parts[1:], urllib.parse.parse_qs(url.query), body)
            return self.turtle(company, parts[1:], urllib.parse.parse_qs(body))

    def stork(self, company, parts, query, body):
        if parts == ["quote"] and self.command == "GET":
            address = query.get("to", [""])[0]
            if not company.serves(address):
                return self.answer(404, {"error": "We do not fly there"})
            windows = [
                {"id": f"{day}T{begin}", "day": str(day), "from": begin, "to": end, "left": company.left(f"{day}T{begin}")}
                for day in days(3)
                for begin, end in WINDOWS
            ]
            return self.answer(200, {"price": company.price(address), "windows": [w for w in windows if w["left"] > 0]})
        if len(parts) == 2 and parts[0] == "parcels" and self.command == "PUT":
            wish = json.loads(body)
            known = {f"{day}T{begin}" for day in days(3) for begin, _ in WINDOWS}
            if not company.serves(wish["to"]) or wish["window"] not in known:
                return self.answer(404, {"error": "There is no such window"})
            if company.left(wish["window"]) < 1:
                return self.answer(409, {"error": "This window is full"})
            return self.answer(201, {"price": company.reserve(parts[1], wish["to"], wish["window"])["price"]})
        if len(parts) == 3 and parts[0] == "parcels" and parts[2] == "book" and self.command == "POST":
            parcel = company.book(parts[1])
            return self.answer(200, {"price": parcel["price"]}) if parcel else self.answer(410, {"error": "It is not held any more"})
        if len(parts) == 2 and parts[0] == "parcels" and self.command == "DELETE":
            company.cancel(parts[1])
            return self.answer(200, {})
        return self.answer(404, {"error": "There is no such thing"})

    def turtle(self, company, parts, form):
        def field(name):
            return form.get(name, [""])[0]

        def good(parcel_price):
            return {"status": "OK", "tariff": f"{parcel_price // 100}.{parcel_price % 100:02}", "delivery": days(4)[-1].strftime("%d.%m.%Y")}

        if parts == ["tariff"]:
            if not company.serves(field("address")):
                return self.answer(200, {"status": "NO_SERVICE", "message": "Too far to walk"})
            return self.answer(200, good(company.price(field("address"))))
        if parts == ["order"] and field("do") == "reserve":
            if not company.serves(field("address")):
                return self.answer(200, {"status": "NO_SERVICE", "message": "Too far to walk"})
            return self.answer(200, good(company.reserve(field("reference"), field("address"), "")["price"]))
        if parts == ["order"] and field("do") == "confirm":
            parcel = company.book(field("reference"))
            return self.answer(200, good(parcel["price"]) if parcel else {"status": "EXPIRED", "message": "It is not held any more"})
        if parts == ["order"] and field("do") == "cancel":
            company.cancel(field("reference"))
            return self.answer(200, good(0))
        return self.answer(404, {"status": "ERROR", "message": "There is no such thing"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    print(json.dumps({"service": "couriers", "url": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(0))
    signal.pause()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
