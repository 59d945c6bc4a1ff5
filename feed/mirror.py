"""Another installation's public log over HTTP, as a stream of lines: a first mirror may be gigabytes.

May not read what a line says, keep more than one in memory, or write anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import version
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions
from urllib3.util.request import ACCEPT_ENCODING

from feed import sockets
from feed.errors import AddressRefused, SourceError, TooLarge, TooSlow
from feed.fetch import SILENT_SECONDS, in_words, phrase
from feed.question import PRODUCT

NDJSON = "application/x-ndjson"
LINE_SECONDS = 300.0
"""So long may one line take: a server that drips keeps nobody waiting for ever."""


class Origin:
    """The installation that is mirrored. One thread at a time may ask it."""

    def __init__(
        self, url: str, *, contact: str, line_bytes: int, allow_private_networks: bool = False
    ) -> None:
        """`contact` is the operator's address, told to the server; `line_bytes` is the longest line that is
        read. Raises AddressRefused."""
        self.url = url.rstrip("/")
        self._line_bytes = line_bytes
        self._agent = f"{PRODUCT}/{version('communique')} (+{contact})"
        self._pools = sockets.open_pools(guarded=not allow_private_networks, connections=1)
        if not _is_base(url):
            raise AddressRefused(f"{url[:200]!r} is no address such as https://alerts.example.org")

    def lines(self, after: int) -> Iterator[bytes]:
        """The log from behind this position to its end, with texts, each line without its newline.

        Raises SourceError, also in the middle: what came before it is as good as any.
        """
        url = f"{self.url}/events.ndjson?after={after}&texts=1"
        answer = self._ask(url)
        try:
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if answer.status != 200 or kind != NDJSON:
                raise _refusal(answer, f"answers with {kind or 'nothing that it names'}, not with a log")
            yield from self._lines(answer, url)
        finally:
            # What nobody read makes the connection useless.
            answer.close()
            answer.release_conn()

    def event(self, position: int) -> bytes | None:
        """The line of one event, None where the log has no such position. Raises SourceError."""
        url = f"{self.url}/events/{position}.json"
        answer = self._ask(url)
        try:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise _refusal(answer, "")
            return b"\n".join(self._lines(answer, url, whole=False))
        finally:
            answer.close()
            answer.release_conn()

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _ask(self, url: str) -> urllib3.BaseHTTPResponse:
        try:
            return self._pools.request(
                "GET",
                url,
                headers={"User-Agent": self._agent, "Accept-Encoding": ACCEPT_ENCODING},
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=SILENT_SECONDS, read=SILENT_SECONDS),
            )
        except (exceptions.HTTPError, ValueError, OSError) as error:
            raise in_words(error, url) from error

    def _lines(self, answer: urllib3.BaseHTTPResponse, url: str, *, whole: bool = True) -> Iterator[bytes]:
        """The lines of a body; `whole`: the last one has to be ended, too."""
        parts: list[bytes] = []
        size, until = 0, time.monotonic() + LINE_SECONDS
        try:
            while chunk := answer.read1(65536, decode_content=True):
                *ended, rest = chunk.split(b"\n")
                for piece in ended:
                    yield b"".join((*parts, piece))
                    parts, size, until = [], 0, time.monotonic() + LINE_SECONDS
                parts.append(rest)
                size += len(rest)
                if time.monotonic() > until:
                    raise TooSlow(f"took more than {LINE_SECONDS:g} seconds for one line")
                if size > self._line_bytes:
                    raise TooLarge(f"sends a line of more than {self._line_bytes // 1_000_000} MB")
        except (exceptions.HTTPError, OSError) as error:
            raise in_words(error, url) from error
        if size and whole:
            raise SourceError("the connection broke off in the middle of a line")
        if size:
            yield b"".join(parts)


def _is_base(url: str) -> bool:
    """Whether other addresses can be made by adding a path."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and port != 0
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def _refusal(answer: urllib3.BaseHTTPResponse, otherwise: str) -> SourceError:
    if answer.status in (301, 302, 303, 307, 308):
        elsewhere = answer.headers.get("Location", "")
        return SourceError(f"redirects to {elsewhere[:200]!r}: follow that address")
    if answer.status == 200:
        return SourceError(otherwise)
    return SourceError(f"the server answered {answer.status} {phrase(answer.status)}".rstrip())
