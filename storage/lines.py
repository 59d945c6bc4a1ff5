"""A line of the log, as it is given out and taken in: one event, perhaps with the long texts that it brings.

Pure: no clock, no network, no database. May not believe a line: what it says is checked here as far as the
line alone tells; whether it follows from the log is the question of storage.carrying.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage import shapes
from storage.clock import from_stamp
from storage.encoding import canonical, digest
from storage.errors import StorageError
from storage.log import REDACTED, Recorded

LINE_BYTES = 64_000_000
"""The longest line that is taken in: a linked page has 20 MB at most, which JSON may double."""
DATA_BYTES = 1_000_000
"""The largest data of an event that is taken in."""


class BadLine(StorageError):
    """A line that is no event of a log; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """An event and the long texts that came with it, by their digests."""

    event: Recorded
    texts: Mapping[str, str]


def brought(event: Recorded) -> list[str]:
    """The digests of the long texts that an event brings: what an announcement says from now on, and its
    page."""
    payload = event.payload
    changed = payload.get("changed")
    sides = [changed.get(name) for name in _TEXTS] if isinstance(changed, dict) else []
    found = [payload.get(name) for name in _TEXTS] + [s.get("to") for s in sides if isinstance(s, dict)]
    digests = (item for item in found if isinstance(item, str) and _DIGEST.fullmatch(item))
    return list(dict.fromkeys(digests))


_TEXTS = ("text", "page")
_DIGEST = re.compile("[0-9a-f]{64}")


def write(event: Recorded, texts: Mapping[str, str] | None = None) -> str:
    """The event as a line, without a newline; the texts that it brings are a last member, `texts`."""
    line = event.line()
    return f"{line[:-1]}{_TEXTS_FOLLOW}{json.dumps(texts, ensure_ascii=False)}}}" if texts else line


_TEXTS_FOLLOW = ', "texts": '


def read(line: bytes) -> Line:
    """The event in a line without its newline.

    The line has to be the very bytes that `write` makes of it; the data has to be canonical JSON (RFC 8785)
    that fits the digest, and of the shape that its type asks for where we know the type; the texts have to
    fit theirs, and the event. Raises BadLine.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise BadLine("it is not UTF-8") from None
    if not (head := _HEAD.match(text)):
        raise BadLine("it does not begin as an event of a log does")
    data, end = _value(text, head.end())
    texts: Any = {}
    if text.startswith(_TEXTS_FOLLOW, end):
        texts, _ = _value(text, end + len(_TEXTS_FOLLOW))
    position, stream, version, type_name, recorded_at, stated, chain = head.groups()
    event = Recorded(
        *(int(position), stream, int(version), type_name, recorded_at),
        *(text[head.end() : end], stated, chain),
    )
    _check_data(event, data)
    _check_texts(event, texts)
    if write(event, texts) != text:
        raise BadLine("it is not written, byte for byte, as a line of a log is")
    return Line(event, texts)


_HEAD = re.compile(
    r'\{"position": ([1-9][0-9]{0,17}), "stream": "([a-z]+/[0-9A-Za-z._:-]{1,100})",'
    r' "version": ([1-9][0-9]{0,17}), "type": "([A-Z][A-Za-z]{0,99})",'
    r' "recorded_at": "([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)",'
    r' "digest": "([0-9a-f]{64})", "chain": "([0-9a-f]{64})", "data": '
)


def _value(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends."""
    try:
        return _JSON.raw_decode(text, start)
    except ValueError:
        raise BadLine("its JSON is broken, or breaks off") from None
    except RecursionError:
        raise BadLine(_TOO_DEEP) from None


_JSON = json.JSONDecoder()
_TOO_DEEP = "its JSON is nested too deeply"


def _check_data(event: Recorded, data: Any) -> None:
    try:
        from_stamp(event.recorded_at)
    except ValueError:
        raise BadLine(f"{event.recorded_at!r} is no moment") from None
    if event.data == REDACTED:
        return
    raw = event.data.encode()
    if len(raw) > DATA_BYTES:
        raise BadLine(f"its data is larger than {DATA_BYTES // 1_000_000} MB")
    if digest(raw) != event.digest:
        raise BadLine("its data does not fit its digest")
    try:
        if not isinstance(data, dict) or canonical(data) != raw:
            raise BadLine("its data is no canonical JSON object (RFC 8785)")
    except BadLine:
        raise
    except StorageError as error:
        raise BadLine(str(error)) from None
    except RecursionError:
        raise BadLine(_TOO_DEEP) from None
    if reason := shapes.complaint(event.type, event.stream, data):
        raise BadLine(f"{event.type}: {reason}")


def _check_texts(event: Recorded, texts: Any) -> None:
    if not isinstance(texts, dict) or not set(texts) <= set(brought(event)):
        raise BadLine("it comes with texts that it does not name")
    for key, body in texts.items():
        try:
            fits = isinstance(body, str) and digest(body.encode()) == key
        except UnicodeEncodeError:  # half a character
            fits = False
        if not fits:
            raise BadLine(f"the text {key} does not fit its digest")
