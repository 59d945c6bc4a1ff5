"""JSON (RFC 8259) that a server sent, and that may hold anything in any place.

Pure: no clock, no network, no database. What is not of the type that was expected is not there.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from feed import walls
from feed.errors import NotAFeed, ShapeChanged, SourceError
from feed.parse import HTML_CHARACTERS
from feed.text import plain
from storage.plain import line, shorten

WORD_CHARACTERS = 2_000
"""So much of a title, a name or a date is read."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(2000, 2099)
"""Of dates that are meant: 2099 stands for none, and 0001 and 9999 for a mistake."""


def load(body: bytes) -> dict[str, Any]:
    """The object that the answer is. Raises SourceError for what is none, with the name of a wall."""
    if not body.strip():
        raise SourceError("the answer is empty")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:  # RecursionError: too many lists in lists
        reason = shorten(line(str(error)), 120)
        raise walls.what_stands_there(body) or NotAFeed(f"the answer is no JSON ({reason})") from error
    if not isinstance(document, dict):
        raise ShapeChanged("the answer is no JSON object: its shape has changed")
    return document


def at(value: Any, *names: str) -> Any:
    """What stands at the end of a path of names, or None."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def rows(found: Any, what: str, stated: Any) -> list[Any]:
    """The list that an answer is about. Raises ShapeChanged where none is, or where it is empty and the
    number that is `stated` is not zero."""
    if not isinstance(found, list):
        raise ShapeChanged(f"the list of {what} is not where it was")
    if not found and stated != 0:
        raise ShapeChanged(f"the list of {what} is empty, and the answer does not say that there are none")
    return found


def first(value: Any) -> Any:
    """The value, or the first of a list of them."""
    return (value[0] if value else None) if isinstance(value, list) else value


def word(value: Any) -> str:
    """A value on one line, its entities decoded; '' for what is neither text nor number."""
    return line(prose(value, WORD_CHARACTERS))


def prose(value: Any, limit: int = HTML_CHARACTERS) -> str:
    """A value as plain text, a block a line; '' for what is neither text nor number."""
    value = first(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return plain(str(value)[:limit])


def amount(value: Any) -> Decimal | None:
    """A sum of money above zero, however it is written: 20000000, 20000000.0, '20,000,000'."""
    value = first(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    digits = re.fullmatch(r"(\d{1,15})(?:\.(\d{1,2})\d{0,20})?", str(value).strip().replace(",", ""))
    if digits is None:
        return None
    cents = (digits[2] or "").rstrip("0")
    return Decimal(f"{digits[1]}.{cents}" if cents else digits[1]) or None


def moment(value: Any) -> datetime | None:
    """A time in ISO 8601, or in milliseconds since 1970; naive where it states no offset."""
    value = first(value)
    try:
        if isinstance(value, str) and not value.isdigit():
            found = datetime.fromisoformat(value.strip())
        elif isinstance(value, str | int) and not isinstance(value, bool):
            found = _EPOCH + timedelta(milliseconds=int(value))
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def days(value: Any) -> list[date]:
    """The days of one or several times, each once, in order."""
    values = value if isinstance(value, list) else [value]
    return sorted({found.date() for item in values[:100] if (found := moment(item))})
