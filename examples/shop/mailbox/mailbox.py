#!/usr/bin/python3
"""A mail server for trying things out, and a gateway for SMS and push messages: keeps what it gets as files, shows it on a page.

Usage: mailbox.py --folder DIR [--smtp-port 0] [--http-port 0]

Prints one line of JSON when it is ready: {"smtp": "smtp://127.0.0.1:…", "http": "http://127.0.0.1:…", "folder": "…"}.
HTTP: `/` for people; `/messages` lists the mails, newest first, as JSON; `/messages?to=ADDRESS` those of one address, and with
`&count=N&wait=SECONDS` as soon as there are N; `/messages/N` one of them with its texts; `/messages/N.eml` as it came. POST `/sms` {to, text} and `/push` {device, title, text}
take a message once for its Idempotency-Key; `/texts` lists them, newest first, `/texts?to=…&count=N&wait=SECONDS` as above.
Listens on this machine only.
"""

import argparse
import email
import email.policy
import html
import http.server
import json
import os
import pathlib
import signal
import socketserver
import sys
import threading
import time
import urllib.parse

from aiosmtpd.controller import Controller


class Mailbox:
    """The folder of the mails: 000001.eml, 000002.eml, …"""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.changed = threading.Condition()
        # What was read already; a mail never changes.
        self.known = {}
        self.last = max([int(f.stem) for f in self.folder.glob("*.eml")], default=0)

    def add(self, content):
        with self.changed:
            self.last += 1
            part = self.folder / f"{self.last:06}.part"
            part.write_bytes(content)
            # A reader of the folder never sees half a mail.
            os.rename(part, part.with_suffix(".eml"))
            # Now, so that nobody who looks for one waits until thousands are read.
            self.read(part.with_suffix(".eml"))
            self.changed.notify_all()

    def files(self):
        return sorted(self.folder.glob("*.eml"), reverse=True)

    def list(self, to):
        mails = [self.known.get(f.name) or self.read(f) for f in self.files()]
        return [m for m in mails if to is None or m["to"] == to]

    def wait(self, to, count, seconds):
        """The mails to this address, once there are `count` or the time is over."""
        end = time.monotonic() + seconds
        with self.changed:
            while len(mails := self.list(to)) < count and (left := end - time.monotonic()) > 0:
                self.changed.wait(left)
        return mails

    def read(self, path):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        text, page = message.get_body(("plain",)), message.get_body(("html",))
        mail = {
            "number": int(path.stem),
            "to": str(message["To"] or "").strip("<>"),
            "from": str(message["From"] or ""),
            "subject": str(message["Subject"] or ""),
            "messageId": str(message["Message-ID"] or "").strip("<>"),
            "date": str(message["Date"] or ""),
            "text": text.get_content() if text else "",
            "html": page.get_content() if page else "",
        }
        self.known[path.name] = mail
        return mail


class Texts:
    """What came for telephones and devices: a line of JSON each in texts.jsonl."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "texts.jsonl"
        # A line that was cut off is not there.
        lines = self.path.read_text().split("\n")[:-1] if self.path.exists() else []
        self.path.write_text("".join(line + "\n" for line in lines))
        self.all = [json.loads(line) for line in lines]
        self.keys = {text["key"] for text in self.all}
        self.changed = threading.Condition()

    def add(self, text):
        with self.changed:
            if text["key"] and text["key"] in self.keys:
                return
            with self.path.open("a") as file:
                file.write(json.dumps(text, ensure_ascii=False) + "\n")
            self.all.append(text)
            self.keys.add(text["key"])
            self.changed.notify_all()

    def wait(self, to, count, seconds):
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = [t for t in reversed(self.all) if to is None or t["to"] == to]
                left = end - time.monotonic()
                if len(found) >= count or left <= 0:
                    return found
                self.changed.wait(left)


class SmtpHandler:
    def __init__(self, mailbox):
        self.mailbox = mailbox

    async def handle_RCPT(self, server, session, envelope, address, options):
        # So that a refusal for good and one for now can be tried out.
        if address.startswith("refused@"):
            return "550 5.1.1 No such user"
        if address.startswith("later@"):
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mailbox.add(envelope.original_content)
        return "250 OK"


class HttpHandler(http.server.BaseHTTPRequestHandler):
    mailbox = None
    texts = None

    def do_POST(self):
        kind = self.path.strip("/")
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            text = {"kind": kind, "to": body["to" if kind == "sms" else "device"], "title": body.get("title", ""), "text": body["text"]}
        except (ValueError, KeyError, TypeError):
            return self.answer(400, "text/plain", b"Expected JSON with an address and a text.\n")
        if kind not in ("sms", "push"):
            return self.answer(404, "text/plain", b"There is no such gateway.\n")
        # So that a refusal for good and one for now can be tried out.
        if text["to"].startswith(("+000", "refused")):
            return self.answer(422, "text/plain", b"There is no such number.\n")
        if text["to"].startswith(("+999", "later")):
            return self.answer(503, "text/plain", b"Try again later.\n")
        self.texts.add({**text, "key": self.headers.get("Idempotency-Key", "")})
        return self.answer(202, "application/json", b"{}")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        if parts == [""]:
            return self.answer(200, "text/html; charset=utf-8", self.page())
        if parts in (["messages"], ["texts"]):
            query = urllib.parse.parse_qs(url.query)
            count, seconds = query.get("count", ["0"])[0], query.get("wait", ["0"])[0]
            if not (count.isdigit() and seconds.isdigit()):
                return self.answer(400, "text/plain", b"Expected numbers for count and wait.\n")
            source = self.mailbox if parts == ["messages"] else self.texts
            return self.json(source.wait(query.get("to", [None])[0], int(count), min(int(seconds), 60)))
        if len(parts) == 2 and parts[0] == "messages":
            number = parts[1].removesuffix(".eml")
            path = self.mailbox.folder / f"{int(number):06}.eml" if number.isdigit() else None
            if path is not None and path.exists():
                if parts[1].endswith(".eml"):
                    return self.answer(200, "message/rfc822", path.read_bytes())
                return self.json(self.mailbox.read(path))
        return self.answer(404, "text/plain", b"There is no such mail.\n")

    def page(self):
        rows = []
        for text in self.texts.wait(None, 0, 0)[:20]:
            rows.append(
                f"<article><h2>{html.escape(text['kind'].upper())}: {html.escape(text['title'] or text['text'])}</h2>"
                f"<p>to {html.escape(text['to'])}</p><pre>{html.escape(text['text'])}</pre></article>"
            )
        for path in self.mailbox.files()[:100]:
            mail = self.mailbox.read(path)
            rows.append(
                f"<article><h2>{html.escape(mail['subject'])}</h2><p>to {html.escape(mail['to'])}, {html.escape(mail['date'])}"
                f" · <a href='/messages/{mail['number']}.eml'>as it came</a></p><pre>{html.escape(mail['text'])}</pre></article>"
            )
        body = "".join(rows) or "<p>No mail has arrived yet.</p>"
        return (
            "<!doctype html><html lang='en'><meta charset='utf-8'><meta http-equiv='refresh' content='5'><title>Mailbox</title>"
            "<style>body{font:16px/1.5 sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid #999}</style>"
            f"<h1>Mailbox</h1>{body}</html>"
        ).encode()

    def json(self, value):
        self.answer(200, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        # A mail's own markup stays harmless.
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class HttpServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class SmtpController(Controller):
    # aiosmtpd checks its server by a connection to the port that it was asked for, which may be 0.
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    options = parser.parse_args()

    mailbox = Mailbox(options.folder)
    smtp = SmtpController(SmtpHandler(mailbox), hostname="127.0.0.1", port=options.smtp_port)
    smtp.start()
    HttpHandler.mailbox = mailbox
    HttpHandler.texts = Texts(options.folder)
    web = HttpServer(("127.0.0.1", options.http_port), HttpHandler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    ready = {"smtp": f"smtp://127.0.0.1:{smtp.port}", "http": f"http://127.0.0.1:{web.server_address[1]}", "folder": str(mailbox.folder)}
    print(json.dumps(ready), flush=True)
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(0))
    signal.pause()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
