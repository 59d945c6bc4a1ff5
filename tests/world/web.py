"""A small web server in threads of its own, which answers whatever a function says stands at a path.

Conditional requests are answered as good servers do: 304 where the client's ETag or date still holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

HTML = "text/html; charset=utf-8"


class Request(NamedTuple):
    """One request that was answered."""

    path: str
    headers: dict[str, str]  # names in lower case
    status: int
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What stands at one address."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


class Site:
    """The server: it holds its port from the start, and answers in a `with` block."""

    def __init__(
        self,
        answer: Callable[[str], Answer],
        note: Callable[[Request], None] = lambda request: None,
        port: int = 0,
    ) -> None:
        self._server = _Server(("127.0.0.1", port), answer, note)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        # Every stop waits for one round of this loop: a short one keeps tests fast.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for answers in hand, and no socket is left open

    def __init__(
        self, address: tuple[str, int], answer: Callable[[str], Answer], note: Callable[[Request], None]
    ) -> None:
        super().__init__(address, _Handler)
        self.answer = answer
        self.note = note
        self.closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of this server."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 2  # a connection that asks nothing must not hold up the end
    server: _Server

    def do_GET(self) -> None:
        answer = self.server.answer(self.path)
        if answer.delay:
            self.server.closing.wait(answer.delay)
        status = 304 if answer.status == 200 and self._has(answer.headers) else answer.status
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        # Logged before it is sent: whoever has the answer can rely on finding the request in the log.
        self.server.note(Request(self.path, headers, status, self.command, body))
        if status == 0:
            return
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if status != 304:
            if answer.content_type:
                self.send_header("Content-Type", answer.content_type)
            if "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if status != 304 and self.command != "HEAD":
            self.wfile.write(answer.body)

    do_HEAD = do_POST = do_GET

    def _has(self, headers: Mapping[str, str]) -> bool:
        """Whether the client already has this: If-None-Match decides, If-Modified-Since only without it."""
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        if tags := self.headers.get("If-None-Match"):
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return etag is not None and (etag.removeprefix("W/") in known or "*" in known)
        since = self.headers.get("If-Modified-Since")
        try:
            return bool(since and modified) and parsedate(modified) <= parsedate(since)
        except ValueError:
            return False

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: whoever wants the requests is told of them."""


def http_date(when: datetime) -> str:
    return format_datetime(when.astimezone(UTC), usegmt=True)


def parsedate(value: str | None) -> datetime:
    return parsedate_to_datetime(value or "")
