"""A hub that pushes: a real WebSub hub on 127.0.0.1, which verifies intent, signs and distributes.

    with Hub() as hub:
        …  # a feed that names hub.url; whoever subscribes is verified before the answer
        hub.push(topic, body)

What it was asked stands in `requests`, in order; what it answers to requests can be set.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode, urlsplit


class Reply(NamedTuple):
    """What a subscriber answered."""

    status: int
    body: bytes
    headers: dict[str, str]  # names in lower case


@dataclass(frozen=True)
class Subscriber:
    """Whom the hub pushes to, for how long, and with what key it signs."""

    callback: str
    lease_seconds: int
    secret: str | None


class Hub:
    """The hub: in a `with` block it listens and answers in threads of its own."""

    def __init__(self, *, lease_seconds: int | None = None, verifies: bool = True) -> None:
        """Grants the lease that it is asked for, or `lease_seconds`; unless it `verifies` by itself, a
        test says when."""
        self.requests: list[dict[str, str]] = []
        self.subscribers: dict[str, Subscriber] = {}  # by topic
        self.status = 202
        self.headers: Mapping[str, str] = {}
        self.lease_seconds = lease_seconds
        self.verifies = verifies
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), self)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, form: dict[str, str]) -> None:
        """A request of a subscriber."""
        self.requests.append(form)
        if self.verifies and self.status == 202:
            self.verify(form)
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, predicate: Callable[[Hub], bool], timeout: float = 20.0) -> bool:
        """Waits until something is so; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: predicate(self), timeout)

    def verify(self, form: Mapping[str, str], **changes: str) -> Reply:
        """Ask the subscriber whether it meant what it asked (WebSub, 5.3); do it, if so. `changes` to what it
        is asked: mode, topic, challenge, lease_seconds."""
        lease = str(self.lease_seconds or form.get("hub.lease_seconds", 864_000))
        asked = {"mode": form["hub.mode"], "topic": form["hub.topic"], "challenge": "c-4711"}
        asked |= {"lease_seconds": lease, **changes}
        reply = self.call(form["hub.callback"], asked)
        if reply.status == 200 and reply.body == asked["challenge"].encode():
            self.subscribers.pop(form["hub.topic"], None)
            if form["hub.mode"] == "subscribe":
                self.subscribers[form["hub.topic"]] = Subscriber(
                    form["hub.callback"], int(lease), form.get("hub.secret")
                )
        return reply

    def deny(self, form: Mapping[str, str], reason: str = "") -> Reply:
        """Tell the subscriber that it gets nothing (WebSub, 5.2)."""
        asked = {"mode": "denied", "topic": form["hub.topic"], "reason": reason}
        return self.call(form["hub.callback"], asked)

    def call(self, callback: str, asked: Mapping[str, str], method: str = "GET") -> Reply:
        """Ask the subscriber something."""
        query = urlencode({f"hub.{name}": value for name, value in asked.items()})
        return request(method, f"{callback}?{query}")

    def push(
        self, topic: str, body: bytes, *, algorithm: str = "sha256", signature: str | None = None
    ) -> Reply:
        """Distribute what is new under a topic (WebSub, 7), signed; or with this `signature` ('' is none)."""
        subscriber = self.subscribers[topic]
        if signature is None and subscriber.secret is not None:
            made = hmac.new(subscriber.secret.encode(), body, getattr(hashlib, algorithm))
            signature = f"{algorithm}={made.hexdigest()}"
        headers = {"Content-Type": "application/rss+xml"}
        headers["Link"] = f'<{self.url}>; rel="hub", <{topic}>; rel="self"'
        if signature:
            headers["X-Hub-Signature"] = signature
        return request("POST", subscriber.callback, body, headers)


def request(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One request to a server on this machine."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, answer.read(), found)
    finally:
        connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], hub: Hub) -> None:
        super().__init__(address, _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    timeout = 2
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.server.hub.take(dict(parse_qsl(body, keep_blank_values=True)))
        self.send_response(self.server.hub.status)
        for name, value in self.server.hub.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what was asked stands in `requests`."""
