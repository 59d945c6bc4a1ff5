"""From what an interface tells of a call to the entry of a feed.

Its facts become sentences with a label each, in words that the rules of feed.extract read.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from feed.errors import ShapeChanged
from feed.links import canonical, clean
from feed.parse import SUMMARY_CHARACTERS, TITLE_CHARACTERS, Entry, Feed
from storage.plain import line, shorten

MOST = 1_000
"""So many rows are read; no adapter asks for more than a few hundred."""
_GUID_CHARACTERS = 500
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
Row = TypeVar("Row")


def day(value: date | None) -> str:
    """A date as people write it: '9 September 2026'."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}" if value else ""


def money(value: Decimal | None, symbol: str) -> str:
    """A sum as people write it: '€20,000,000'."""
    return f"{symbol}{value:,f}" if value else ""


def facts(*told: tuple[str, str]) -> str:
    """One line of 'Label: value.'; a fact without a value is left out.

    A label bears capitals: so the summary of the call begins behind the facts, at the publisher's own words.
    """
    return " ".join(f"{label}: {value.rstrip('.')}." for label, value in told if value)


def entry(*, guid: str, url: str, title: str, told: str, text: str, published: date | None = None) -> Entry:
    """An entry of a feed. Raises ValueError where there is nothing that anyone could be told."""
    title = shorten(line(title), TITLE_CHARACTERS)
    if not guid or not title:
        raise ValueError("no id or no title")
    return Entry(
        guid=line(guid)[:_GUID_CHARACTERS],
        url=clean(url),
        link=canonical(url),
        title=title,
        summary=shorten(text or told, SUMMARY_CHARACTERS),
        text="\n".join(filter(None, (told, text))),
        published_at=published.isoformat() if published else None,
    )


def feed(
    title: str,
    rows: Iterable[Row],
    read: Callable[[Row], Entry | None],
    known: frozenset[str],
    note: str | None = None,
) -> Feed:
    """The rows that `read` makes entries of, but those that are known by their marks; None is no news.

    Raises ShapeChanged when there are rows, and none can be read.
    """
    found: list[Entry] = []
    count = unread = 0
    for row in islice(rows, MOST):
        count += 1
        try:
            made = read(row)
        except Exception:  # whatever the row brought to light: it must not keep us from the others
            unread += 1
            continue
        if made:
            found.append(made)
    if count and unread == count:
        raise ShapeChanged(f"none of the {count} entries in the answer can be read: its shape has changed")
    marks = [_mark(one) for one in found]
    new = tuple(one for one, mark in zip(found, marks, strict=True) if mark not in known)
    notes = [note] if note else []
    notes += [f"{unread} of {count} entries could not be read"] if unread else []
    return Feed(
        title=title,
        entries=new,
        note="; ".join(notes) or None,
        seen=len(found),
        # What could not be read is looked at again next time, with the rest.
        marks=() if unread else tuple(marks),
    )


def _mark(one: Entry) -> str:
    """How an entry is known again: the first half of the SHA-256 of all that it says."""
    told = "\0".join((one.guid or "", one.url, one.title, one.text, one.published_at or ""))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]
