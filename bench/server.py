"""A local server for the benchmark, in a process of its own: `python -m bench.server`.

It says its port on standard output and then takes Conditions, a line of JSON each, on standard input; a line
comes back when they hold. It ends when its input does. Every answer is written beforehand and leaves in one
piece, so that two cores carry the server and the process that is measured.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import socket
import sys
from dataclasses import dataclass
from typing import IO

from bench import documents
from bench.conditions import Conditions

SLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Whole HTTP messages: the document, and what is said to who has it already (`etag` empty: nothing)."""

    whole: bytes
    unchanged: bytes = b""
    etag: bytes = b""
    delay: float = 0.0


def answers(conditions: Conditions) -> dict[bytes, Answer]:
    """What is said at each path."""
    return {b"/%d" % number: _answer(number, conditions) for number in range(conditions.feeds)}


def _answer(number: int, conditions: Conditions) -> Answer:
    slow = False
    body = _feed(number, conditions.new if number < conditions.changed else 0)
    if conditions.rough:
        # Odd and even numbers alike, so that Atom and RSS meet the same weather.
        match number % 40:
            case 0 | 1:
                return Answer(_message(b"500 Internal Server Error", b"Something went wrong.\n"))
            case 10 | 11:
                slow = True
            case 20 | 21:
                body = documents.malformed(number, number // 40)
        if number % 100 in (5, 55):
            body = _huge(number)
    delay = conditions.delay + (SLOW_SECONDS if slow else 0)
    if not conditions.validators:
        return Answer(_message(b"200 OK", body), delay=delay)
    etag = b'"' + hashlib.sha256(body).hexdigest()[:16].encode() + b'"'
    field = b"ETag: " + etag + b"\r\n"
    whole, unchanged = _message(b"200 OK", body, field), _message(b"304 Not Modified", b"", field)
    return Answer(whole, unchanged, etag, delay)


def _message(status: bytes, body: bytes, fields: bytes = b"") -> bytes:
    if not status.startswith(b"304"):
        fields += b"Content-Type: application/xml; charset=utf-8\r\nContent-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n" + body


_feed = functools.cache(documents.feed)
_huge = functools.cache(documents.huge)


class Connection(asyncio.Protocol):
    """One client, kept until it leaves. `shown` is shared: what holds now."""

    def __init__(self, shown: dict[str, dict[bytes, Answer]]) -> None:
        self._shown = shown
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once what is written: Nagle's algorithm would wait for the client's delayed ACK, 40 ms."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Answer each request whose head is complete; none has a body."""
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            found = self._shown["now"].get(head.split(b" ", 2)[1])
            if found is None:
                self._transport.write(_message(b"404 Not Found", b""))
                continue
            message = found.unchanged if found.etag and found.etag in head else found.whole
            if found.delay:
                asyncio.get_running_loop().call_later(found.delay, self._transport.write, message)
            else:
                self._transport.write(message)


def _steer(commands: IO[str], shown: dict[str, dict[bytes, Answer]]) -> None:
    """Follow the benchmark until it ends."""
    for line in commands:
        shown["now"] = answers(Conditions(**json.loads(line)))
        print("ready", flush=True)


async def serve() -> None:
    """Serve until standard input ends, which is read in a thread beside the loop."""
    shown: dict[str, dict[bytes, Answer]] = {"now": {}}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(shown), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(_steer, sys.stdin, shown)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
