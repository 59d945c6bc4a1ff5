"""One polite HTTP request: conditional, bounded, and never to a private address unless allowed.

The only module of feed that opens sockets. May not read what it brings, and may not write anything.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from feed.errors import SourceBusy, SourceError, SourceGone

TOTAL_SECONDS = 30.0
SILENT_SECONDS = 15.0
BODY_BYTES = 20_000_000
REDIRECTS = 5
ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Response:
    """What a source answered. `body` is None when nothing changed (304); `url` is where it was found
    after redirects; `content_type` as the server says, which need not be true. `moved` says that it was
    found there by permanent redirects alone (301, 308)."""

    url: str
    body: bytes | None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    moved: bool = False


class Fetcher:
    """Keeps connections open between polls. Safe to use from several threads."""

    def __init__(self, *, contact: str, allow_private_networks: bool = False, threads: int = 8) -> None:
        """`contact` is the operator's address, told to the servers that we ask."""
        self._agent = f"Communique/{version('communique')} (+{contact})"
        self._pools = urllib3.PoolManager(num_pools=64, maxsize=threads, block=False)
        self._pools.pool_classes_by_scheme = (
            {"http": _HTTPPool, "https": _HTTPSPool}
            if allow_private_networks
            else {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}
        )

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        """What is at `url`, or that it did not change since these validators (RFC 9110, 13.1).

        Raises SourceError (SourceGone on 410, SourceBusy on a Retry-After) with one clear line.
        """
        headers = {"User-Agent": self._agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        deadline = time.monotonic() + TOTAL_SECONDS
        moves: list[int] = []
        for _ in range(REDIRECTS + 1):
            answer = self._ask(url, headers)
            try:
                location = answer.headers.get("Location")
                if answer.status in (301, 302, 303, 307, 308) and location:
                    url = _redirected(url, location)
                    moves.append(answer.status)
                    continue
                found = _response(url, answer, deadline)
                return dataclasses.replace(found, moved=bool(moves) and {301, 308}.issuperset(moves))
            finally:
                answer.close()  # with a body that nobody read, the connection is of no more use
                answer.release_conn()
        raise SourceError(f"redirects more than {REDIRECTS} times")

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _ask(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._pools.request(
                "GET",
                url,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=SILENT_SECONDS, read=SILENT_SECONDS),
            )
        except (exceptions.HTTPError, ValueError, OSError) as error:
            raise SourceError(_in_words(error, url)) from error


def _response(url: str, answer: urllib3.BaseHTTPResponse, deadline: float) -> Response:
    etag, last_modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if answer.status == 304:
        answer.read()  # nothing: so that the connection can be used again
        return Response(url, None, etag=etag, last_modified=last_modified)
    if answer.status == 410:
        raise SourceGone("the server says that this feed is gone for good (410 Gone)")
    if answer.status != 200:
        line = f"the server answered {answer.status} {_phrase(answer.status)}".rstrip()
        if retry_after := answer.headers.get("Retry-After"):
            raise SourceBusy(line, retry_after)
        raise SourceError(line)
    content_type = answer.headers.get("Content-Type", "")
    return Response(url, _body(url, answer, deadline), content_type, etag, last_modified)


def _body(url: str, answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    chunks, size = [], 0
    try:
        while chunk := answer.read1(65536, decode_content=True):
            size += len(chunk)
            if size > BODY_BYTES:
                raise SourceError(f"sends more than {BODY_BYTES // 1_000_000} MB")
            if time.monotonic() > deadline:
                raise SourceError(_TOO_LATE.format(TOTAL_SECONDS))
            chunks.append(chunk)
    except (exceptions.HTTPError, OSError) as error:
        raise SourceError(_in_words(error, url)) from error
    return b"".join(chunks)


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        if urlsplit(target).scheme in ("http", "https"):
            return target
    except ValueError:
        pass  # no address at all
    raise SourceError(f"redirects to {location[:200]!r}, which is no web address")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _in_words(error: Exception, url: str) -> str:
    host = urlsplit(url).netloc.rpartition("@")[2]
    for kind, words in _WORDS:
        if isinstance(error, kind):
            cause = error.__cause__ or error.__context__ or error
            return words.format(host=host, url=url, cause=getattr(cause, "strerror", None) or cause)
    return f"the request to {host} failed: {error}"


_WORDS = (
    (
        exceptions.NameResolutionError,
        "the name of the server {host} cannot be resolved (is there a network?)",
    ),
    (exceptions.NewConnectionError, "the server {host} cannot be reached: {cause}"),
    (
        exceptions.ConnectTimeoutError,
        f"the server {{host}} did not answer within {SILENT_SECONDS:.0f} seconds",
    ),
    (exceptions.ReadTimeoutError, f"the server {{host}} fell silent for {SILENT_SECONDS:.0f} seconds"),
    (exceptions.SSLError, "no secure connection to {host}: {cause}"),
    (exceptions.LocationValueError, "{url!r} is no address that can be asked"),
    (exceptions.DecodeError, "the answer of {host} is not compressed the way it says"),
    (exceptions.ProtocolError, "the connection to {host} broke off before the end of the answer"),
)
"""What went wrong, in words; a kind stands before those that it is one of."""


_TOO_LATE = "took more than {:g} seconds to answer"


class PrivateAddress(SourceError):
    """The connected socket leads to a private, loopback or otherwise not public address."""


def _guard(sock: socket.socket) -> socket.socket:
    """Refuse a socket that is connected to no public address; after DNS and redirects, so that neither
    can be used to go around it."""
    peer = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
    mapped = getattr(peer, "ipv4_mapped", None)
    if not (mapped or peer).is_global:
        sock.close()
        raise PrivateAddress(
            f"leads to the private address {peer}; COMMUNIQUE_ALLOW_PRIVATE_NETWORKS=1 would allow that"
        )
    return sock


def _in_time(connection: HTTPConnection, answer: Callable[[], HTTPResponse]) -> HTTPResponse:
    """The head of an answer within TOTAL_SECONDS, however slowly its bytes come in."""
    late = threading.Event()
    closing = threading.Timer(TOTAL_SECONDS, _hang_up, (connection.sock, late))
    closing.daemon = True
    closing.start()
    try:
        return answer()
    finally:
        closing.cancel()
        if late.is_set():
            raise SourceError(_TOO_LATE.format(TOTAL_SECONDS))


def _hang_up(sock: socket.socket | None, late: threading.Event) -> None:
    late.set()
    try:
        if sock:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already


class _HTTP(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        return _in_time(self, super().getresponse)


class _HTTPS(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        return _in_time(self, super().getresponse)


class _GuardedHTTP(_HTTP):
    def _new_conn(self) -> socket.socket:
        return _guard(super()._new_conn())


class _GuardedHTTPS(_HTTPS):
    def _new_conn(self) -> socket.socket:
        return _guard(super()._new_conn())


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS
