"""One polite HTTP request: conditional, bounded, and never to a private address unless allowed.

May not read what it brings, beyond naming what stands where an answer should be, and may not write
anything.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Collection
from dataclasses import replace
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import urllib3
from urllib3 import exceptions
from urllib3.util import make_headers
from urllib3.util.request import ACCEPT_ENCODING

from feed import sockets, walls
from feed.errors import (
    AddressRefused,
    BotWall,
    HeadTooLarge,
    SourceBusy,
    SourceError,
    SourceGone,
    TooLarge,
    TooManyRedirects,
    TooSilent,
    TooSlow,
    UnderMaintenance,
)
from feed.question import PRODUCT, Question, Response

SILENT_SECONDS = 15.0
BODY_BYTES = 20_000_000
"""So much of a body is read, on the wire and when it is decompressed."""
HEAD_BYTES = 65_536
REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}


class Fetcher:
    """Keeps connections open between polls. Safe to use from several threads."""

    def __init__(self, *, contact: str, allow_private_networks: bool = False, threads: int = 8) -> None:
        """`contact` is the operator's address, told to the servers that we ask."""
        self._agent = f"{PRODUCT}/{version('communique')} (+{contact})"
        self._pools = sockets.open_pools(guarded=not allow_private_networks, connections=threads)

    def get(
        self, question: Question | str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Response:
        """The answer, or that it did not change since these validators (RFC 9110, 13.1), which count for a
        GET only.

        Raises SourceError (SourceGone on 410, SourceBusy on a Retry-After, a limit's own error) with one
        clear line.
        """
        question = Question(question) if isinstance(question, str) else question
        headers = {"User-Agent": self._agent, "Accept": question.accept, "Accept-Encoding": ACCEPT_ENCODING}
        if question.body is not None:
            headers["Content-Type"] = question.content_type
            return self._follow(question, headers)
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        return self._follow(question, headers)

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _follow(self, question: Question, headers: dict[str, str]) -> Response:
        """Ask, and go where redirects lead."""
        deadline = time.monotonic() + sockets.TOTAL_SECONDS
        url, user = _without_password(question.url)
        if user and not question.named:
            raise AddressRefused("the address has a password in it, which nobody here gave")
        home = _origin(url)
        ports = {*_PORTS.values(), *question.ports, *([home[2]] if question.named else [])}
        method, body = "GET" if question.body is None else "POST", question.body
        moves: list[int] = []
        for _ in range(REDIRECTS + 1):
            _check_port(url, ports)
            secret = make_headers(basic_auth=user) if user and _origin(url) == home else {}
            answer = self._ask(method, url, {**headers, **secret}, body)
            try:
                if not (location := _location(answer)):
                    found = _response(url, answer, deadline)
                    for_good = bool(moves) and question.body is None and {301, 308}.issuperset(moves)
                    return replace(found, moved=for_good)
                url = _redirected(url, location)
                moves.append(answer.status)
                if answer.status not in (307, 308):  # RFC 9110, 15.4: the others may turn into a GET
                    method, body = "GET", None
                    headers.pop("Content-Type", None)
            finally:
                answer.close()  # with a body that nobody read, the connection is of no more use
                answer.release_conn()
            if time.monotonic() > deadline:
                raise TooSlow(sockets.TOO_SLOW.format(sockets.TOTAL_SECONDS))
        raise TooManyRedirects(f"redirects more than {REDIRECTS} times")

    def _ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        try:
            answer = self._pools.request(
                method,
                url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=SILENT_SECONDS, read=SILENT_SECONDS),
            )
        except (exceptions.HTTPError, ValueError, OSError) as error:
            raise in_words(error, url) from error
        if sum(len(name) + len(value) for name, value in answer.headers.items()) > HEAD_BYTES:
            answer.close()
            raise HeadTooLarge(_HEAD_TOO_LARGE)
        return answer


def _response(url: str, answer: urllib3.BaseHTTPResponse, deadline: float) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if links := answer.headers.getlist("Link"):  # the one that is often said several times (RFC 9110, 5.3)
        headers["link"] = ", ".join(links)
    if answer.status == 304:
        answer.read()  # nothing: so that the connection can be used again
        return Response(url, None, headers)
    if not 200 <= answer.status < 300:
        error = _refusal(url, answer, deadline)
        error.status = answer.status
        raise error
    return Response(url, _body(url, answer, deadline), headers)


def _refusal(url: str, answer: urllib3.BaseHTTPResponse, deadline: float) -> SourceError:
    """What an answer that is none says, with the name of the wall that it comes from."""
    if answer.status == 410:
        return SourceGone("the server says that this feed is gone for good (410 Gone)")
    line = f"the server answered {answer.status} {phrase(answer.status)}".rstrip()
    try:
        page = walls.what_stands_there(_body(url, answer, deadline, walls.LOOKED_AT_BYTES))
    except SourceError:
        page = None
    if isinstance(page, BotWall | UnderMaintenance):
        page = type(page)(f"{line}: {page}")
    if retry_after := answer.headers.get("Retry-After"):
        return SourceBusy(str(page) if isinstance(page, BotWall | UnderMaintenance) else line, retry_after)
    return page if isinstance(page, BotWall | UnderMaintenance) else SourceError(line)


def _body(url: str, answer: urllib3.BaseHTTPResponse, deadline: float, enough: int | None = None) -> bytes:
    """The body; with `enough`, so much of it at least, if there is so much."""
    chunks, size = [], 0
    try:
        while chunk := answer.read1(65536, decode_content=True):
            size += len(chunk)
            if size > BODY_BYTES:
                raise TooLarge(f"sends more than {BODY_BYTES // 1_000_000} MB")
            if answer.tell() > BODY_BYTES:
                raise TooLarge(f"sends more than {BODY_BYTES // 1_000_000} MB of compressed data")
            if time.monotonic() > deadline:
                raise TooSlow(sockets.TOO_SLOW.format(sockets.TOTAL_SECONDS))
            chunks.append(chunk)
            if enough is not None and size >= enough:
                break
    except (exceptions.HTTPError, OSError) as error:
        raise in_words(error, url) from error
    return b"".join(chunks)


def _location(answer: urllib3.BaseHTTPResponse) -> str | None:
    return answer.headers.get("Location") if answer.status in (301, 302, 303, 307, 308) else None


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
    except ValueError:
        raise AddressRefused(f"redirects to {location[:200]!r}, which is no web address") from None
    if "@" in parts.netloc:
        raise AddressRefused("redirects to an address with a password in it")
    if parts.scheme not in _PORTS:
        raise AddressRefused(f"redirects to {location[:200]!r}, which is no web address")
    return target


def _check_port(url: str, ports: Collection[int]) -> None:
    port = _origin(url)[2]
    if port not in ports:
        raise AddressRefused(
            f"leads to port {port} of {urlsplit(url).hostname}, which is neither 80 nor 443; "
            "`ports` in the catalogue would allow that"
        )


def _without_password(url: str) -> tuple[str, str]:
    """The address without user and password, and these as `user:password`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(user)


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises AddressRefused for what is no http or https address."""
    try:
        parts = urlsplit(url)
        if parts.scheme in _PORTS and parts.hostname:
            return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
    except ValueError:
        pass  # such as a port that is no number
    raise AddressRefused(f"{url[:200]!r} is no http or https address")


def phrase(status: int) -> str:
    """What a status is called (RFC 9110, section 15); '' for one that has no name."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def in_words(error: Exception, url: str) -> SourceError:
    """What went wrong between us and the server of this address, as one clear line."""
    host = urlsplit(url).netloc
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, http.client.LineTooLong) or "more than 100 headers" in str(cause):
        return HeadTooLarge(_HEAD_TOO_LARGE)
    for kind, words, named in _WORDS:
        if isinstance(error, kind):
            reason = getattr(cause, "strerror", None) or cause
            return named(words.format(host=host, url=url, cause=reason))
    return SourceError(f"the request to {host} failed: {error}")


_HEAD_TOO_LARGE = f"the head of the answer is larger than {HEAD_BYTES // 1024} KB, or has more than 100 lines"

_WORDS: tuple[tuple[type[Exception], str, type[SourceError]], ...] = (
    (
        exceptions.NameResolutionError,
        "the name of the server {host} cannot be resolved (is there a network?)",
        SourceError,
    ),
    (exceptions.NewConnectionError, "the server {host} cannot be reached: {cause}", SourceError),
    (
        exceptions.ConnectTimeoutError,
        f"the server {{host}} did not answer within {SILENT_SECONDS:.0f} seconds",
        TooSilent,
    ),
    (
        exceptions.ReadTimeoutError,
        f"the server {{host}} fell silent for {SILENT_SECONDS:.0f} seconds",
        TooSilent,
    ),
    (exceptions.SSLError, "no secure connection to {host}: {cause}", SourceError),
    (exceptions.LocationValueError, "{url!r} is no address that can be asked", AddressRefused),
    (exceptions.DecodeError, "the answer of {host} is not compressed the way it says", SourceError),
    (
        exceptions.ProtocolError,
        "the connection to {host} broke off before the end of the answer",
        SourceError,
    ),
)
"""What went wrong, in words; a kind stands before those that it is one of."""
