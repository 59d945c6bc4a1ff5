"""What the small government says: one Entry for each announcement, and how recorded ones are read.

Texts may hold dates in braces: `{2027-01-14}` becomes "14 January 2027", `{2027-01-14|us}` "01/14/2027".
A recording grows old; all of its dates can be moved together by whole weeks, so that a deadline that lay
ahead when it was written lies ahead whenever it is played.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded"
RECORDED_ON = date(2026, 11, 23)
_DATE = re.compile(r"\{(\d{4}-\d\d-\d\d)(\|us)?\}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One announcement: what its feed shows of it, and what its page says.

    `slug` is the last part of its address (PIB: the PRID; grants.gov: the opportunity's number there).
    `kind` is GOV.UK's document type, or the ministry that speaks in a PIB release. `details` is the table
    of facts on the page of a call, `body` the paragraphs below it.
    """

    title: str
    slug: str = ""
    summary: str = ""
    body: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    kind: str = "Press release"
    author: str = ""
    language: str = "en"
    published: datetime | None = None
    updated: datetime | None = None
    withdrawn: str = ""

    @property
    def first(self) -> datetime:
        """When it was published."""
        assert self.published is not None, "an entry gets its time when it is published"
        return self.published

    @property
    def last(self) -> datetime:
        """When it was last changed."""
        return self.updated or self.first


def slug_of(title: str) -> str:
    """The last part of an address, as a content management system would make it from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:140].strip("-")


def weeks_since_recorded(today: date) -> timedelta:
    """How far a recording has to be moved to look fresh: whole weeks, so that a Monday stays a Monday."""
    return timedelta(weeks=max(0, (today - RECORDED_ON).days // 7))


def long_date(day: date) -> str:
    """14 January 2027"""
    return f"{day.day} {day:%B %Y}"


def moved(text: str, by: timedelta) -> str:
    """The text with each date in braces moved and written out."""

    def written(match: re.Match[str]) -> str:
        day = date.fromisoformat(match[1]) + by
        return f"{day:%m/%d/%Y}" if match[2] else long_date(day)

    return _DATE.sub(written, text)


def read_entry(table: Mapping[str, Any], by: timedelta = timedelta(0)) -> Entry:
    """An Entry from one table of a recording."""
    known = dict(table)
    published = known.pop("published", None)
    body = moved(known.pop("body", ""), by).strip()
    details = {name: moved(value, by) for name, value in known.pop("details", {}).items()}
    texts: dict[str, Any] = {name: moved(value, by) for name, value in known.items()}
    entry = Entry(
        body=tuple(" ".join(part.split()) for part in body.split("\n\n") if part.strip()),
        details=details,
        published=published + by if published else None,
        **texts,
    )
    return entry if entry.slug else replace(entry, slug=slug_of(entry.title))


def read_recording(name: str, by: timedelta = timedelta(0)) -> list[Entry]:
    """The entries of one recorded feed, newest first; `shared` takes some over from another recording."""
    recording = read_toml(name)
    entries = [read_entry(table, by) for table in recording["entry"]]
    for other, slugs in recording.get("shared", {}).items():
        entries += [entry for entry in read_recording(other, by) if entry.slug in slugs]
    return sorted(entries, key=lambda entry: entry.first, reverse=True)


def read_toml(name: str) -> dict[str, Any]:
    """A file of recorded/, as it stands."""
    with (RECORDED / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def now() -> datetime:
    """The clock of this world, to the second, as feeds tell it."""
    return datetime.now(UTC).replace(microsecond=0)


def initiative_of_2024() -> dict[str, Entry]:
    """The UK-India Technology Security Initiative as told by `govuk`, `pib` and, in Hindi, `pib-hindi`."""
    return {name: read_entry(table) for name, table in read_toml("technology-security-initiative").items()}
