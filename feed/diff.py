"""What is new and what was revised, told apart by content, not by date or guid alone.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from feed.links import canonical
from feed.noise import essence
from feed.parse import Entry
from storage.cursors import Sighting
from storage.encoding import digest
from storage.filters import words

NAMESPACE = uuid.UUID("6f2d9a52-3c0e-5b7e-9d3f-0d7c1b5a4e21")
"""Of the ids of announcements and subjects: the same page has the same id in every installation."""

TELLING_CHARACTERS = 100
"""So many are not written twice on one day by chance."""


@dataclass(frozen=True, slots=True)
class New:
    """An entry that was not there before."""

    entry: Entry
    announcement: str


@dataclass(frozen=True, slots=True)
class Known:
    """An announcement that another source has told already: remembered, and read for what that one left
    out."""

    entry: Entry
    announcement: str


@dataclass(frozen=True, slots=True)
class Revised:
    """An entry whose content differs from what the source showed before (`shown`), field by field. `streak`
    counts the polls in a row that found it changed."""

    entry: Entry
    announcement: str
    changed: dict[str, dict[str, Any]]
    shown: dict[str, Any]
    streak: int = 1


@dataclass(frozen=True, slots=True)
class Renumbered:
    """An entry that says what the source said before, under another guid and address, or by another measure
    of what it says: a version of ours that knows more noise counts otherwise. `shown` is what it was shown to
    say, which stays in mind."""

    entry: Entry
    announcement: str
    shown: dict[str, Any]


Change = New | Known | Revised | Renumbered


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences, in the order of the entries. `strange` says that there are entries and that this
    source showed none of them before."""

    changes: list[Change]
    strange: bool


def compare(
    source: str,
    entries: Sequence[Entry],
    sightings: Sequence[Sighting],
    *,
    polled: str | None = None,
    whole: bool = True,
) -> Comparison:
    """The differences between what a source shows and what was seen of these entries before.

    An entry is recognised by its guid, else by its canonical link, else by its content and date; a guid or
    link that several entries share, in this document or over time, does not tell them apart. What did not
    change is left out. `polled` is the stamp of the poll before this one; `whole` says that these are all the
    entries that the source shows: only then can one be what another one was.
    """
    guids = Counter(entry.guid for entry in _distinct(entries))
    links = Counter(entry.link for entry in _distinct(entries))
    if not whole:  # what is shown besides is known only by what was seen of it
        before = [seen for seen in sightings if seen.source == source]
        guids |= Counter(seen.guid for seen in before)
        links |= Counter(seen.link for seen in before)
    known = _Known(source, sightings)
    gone: dict[str, list[Sighting]] = {}
    for seen in sightings if whole else ():
        if seen.source == source and seen.guid not in guids and seen.link not in links:
            gone.setdefault(seen.fingerprint, []).append(seen)
    changes: list[Change] = []
    taken: set[str] = set()
    recognised = 0
    for entry in _distinct(entries):
        shared = links[entry.link] > 1
        found = known.find(entry, guid_tells=guids[entry.guid] == 1, link_tells=not shared)
        found = found or _same_content(entry, gone.get(entry.fingerprint, ()))
        if found and found.announcement not in taken:
            taken.add(found.announcement)
            recognised += 1
            if found.shown.get("redacted"):
                continue  # the law forbids to keep what it says, in these words or in others
            if found.fingerprint == entry.fingerprint and (found.guid, found.link) != (
                entry.guid,
                entry.link,
            ):
                changes.append(Renumbered(entry, found.announcement, found.shown))
            if found.fingerprint != entry.fingerprint:
                if not (changed := changed_fields(found.shown, entry)):
                    changes.append(Renumbered(entry, found.announcement, found.shown))
                    continue
                streak = found.streak + 1 if polled and found.changed_at == polled else 1
                changes.append(Revised(entry, found.announcement, changed, found.shown, streak))
            continue
        elsewhere = None if shared else known.elsewhere(entry)
        announcement = elsewhere or identify(source, entry, by_link=not shared)
        if announcement in taken or (not elsewhere and announcement in known.announcements):
            announcement = identify(source, entry, by_link=False)
        if announcement not in taken:
            changes.append((Known if elsewhere else New)(entry, announcement))
            taken.add(announcement)
    return Comparison(changes, strange=bool(changes) and not recognised)


class _Known:
    """Sightings, found by guid and link."""

    def __init__(self, source: str, sightings: Sequence[Sighting]) -> None:
        self.announcements = {seen.announcement for seen in sightings}
        self._by_guid: dict[str | None, list[Sighting]] = {}
        self._by_link: dict[str | None, list[Sighting]] = {}
        self._elsewhere: dict[str | None, list[Sighting]] = {}
        for seen in sightings:
            if seen.source == source:
                self._by_guid.setdefault(seen.guid, []).append(seen)
                self._by_link.setdefault(seen.link, []).append(seen)
            else:
                self._elsewhere.setdefault(seen.link, []).append(seen)

    def find(self, entry: Entry, *, guid_tells: bool, link_tells: bool) -> Sighting | None:
        """What this source showed before as this entry."""
        if entry.guid and guid_tells:
            # Some feeds give everything one guid: another page *and* another title is another thing.
            same = [s for s in self._by_guid.get(entry.guid, ()) if s.link == entry.link or _alike(s, entry)]
            if same:
                return next((s for s in same if s.link == entry.link), same[0])
        same = [s for s in self._by_link.get(entry.link, ()) if self._same_page(s, entry, link_tells)]
        return same[0] if entry.link and len(same) == 1 else None

    def elsewhere(self, entry: Entry) -> str | None:
        """The announcement that another source told as this entry."""
        same = [s for s in self._elsewhere.get(entry.link, ()) if _alike(s, entry)] if entry.link else []
        return same[0].announcement if same else None

    def _same_page(self, seen: Sighting, entry: Entry, link_tells: bool) -> bool:
        """Whether one link means one thing: the guid is made of it, or the words agree. (Some feeds link
        all they say to one page.)"""
        if not link_tells:
            return seen.fingerprint == entry.fingerprint or seen.shown["title"] == entry.title
        return bool(entry.guid and canonical(entry.guid) == entry.link) or _alike(seen, entry)


def _same_content(entry: Entry, gone: Sequence[Sighting]) -> Sighting | None:
    """Which of those in the same words, that the source shows no more, has the same date: a publisher that
    renumbers. A few words on one day ("Minutes of the board") do not tell."""
    date, length = entry.published_at, len(entry.title) + len(entry.text)
    if date is None or ("T" not in date and length < TELLING_CHARACTERS):
        return None
    same = [s for s in gone if s.shown["published_at"] == date]
    return same[0] if len(same) == 1 else None


def _alike(seen: Sighting, entry: Entry) -> bool:
    """Whether the titles share at least half of their words, or the texts are the same."""
    one, other = set(words(seen.shown["title"])), set(words(entry.title))
    return len(one & other) * 2 >= len(one | other) or seen.fingerprint == entry.fingerprint


def identify(source: str, entry: Entry, *, by_link: bool) -> str:
    """The id of an announcement: of its page, or of what else tells it apart within its source."""
    if by_link and entry.link:
        return str(uuid.uuid5(NAMESPACE, entry.link))
    tells = entry.guid or entry.published_at or entry.fingerprint
    return str(uuid.uuid5(NAMESPACE, "\n".join((source, tells, entry.link or "", entry.title))))


def shown(entry: Entry) -> dict[str, Any]:
    """What a sighting remembers of an entry. `text` is the digest of the full text, None when the summary
    says it all."""
    return {
        "title": entry.title,
        "url": entry.url,
        "summary": entry.summary,
        "published_at": entry.published_at,
        "text": None if entry.text == entry.summary else digest(entry.text.encode()),
    }


def changed_fields(before: dict[str, Any], entry: Entry) -> dict[str, dict[str, Any]]:
    """The fields whose content differs, each with `from` and `to`."""
    after = shown(entry)
    return {
        name: {"from": before.get(name), "to": after[name]}
        for name in ("title", "summary", "text")
        if essence(before.get(name) or "") != essence(after[name] or "")
    }


def _distinct(entries: Sequence[Entry]) -> list[Entry]:
    return list(dict.fromkeys(entries))
