"""A log as it is after years: `python -m bench.history FOLDER EVENTS` writes log.db with so many events.

Eighty sources that publish at one pace: a longer log is a longer time and not a denser one. The events go
through the product's own append and read model. The same number gives the same log, up to the day it ends.
"""

from __future__ import annotations

import heapq
import random
import sys
import uuid
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.prose import Item, compose
from storage import cursors, effects, log
from storage.cursors import Sighting
from storage.database import Database, open_database
from storage.encoding import digest
from storage.events import (
    AnnouncementPublished,
    AnnouncementRead,
    AnnouncementRevised,
    AnnouncementWithdrawn,
    CallAnnounced,
    CallChanged,
    CallClosed,
    Event,
    Evidence,
    InitiativeAnnounced,
    Money,
    SourceFailing,
    SourceRecovered,
    SubjectCorrected,
    SubjectLinked,
)

SOURCES = 80
APART = timedelta(seconds=126)
"""Between two events: a million of them fill four years."""
TEXT_CHARACTERS = 1_300
AT_ONCE = 2_000
"""So many events are written in one transaction."""

_TECHNOLOGIES = {
    "ai": 30, "quantum": 8, "semiconductors": 6, "telecoms": 5, "cyber": 9, "energy": 20, "space": 7,
    "biotech-health": 22, "advanced-materials": 6, "critical-minerals": 3, "climate": 12, "robotics": 4,
}  # fmt: skip
_COUNTRIES = {"GB": 40, "US": 30, "EU": 18, "IN": 12, "CA": 4, "JP": 3, "AU": 3, "KR": 1, "IS": 0.2}
_BODIES = [
    f"Agency for {name}" for name in ("Research", "Innovation", "Health", "Energy", "Science", "Space")
]
_REVISED, _READ, _CHANGED, _CORRECTED, _LINKED, _FAILS, _WITHDRAWN = 0.10, 0.05, 0.3, 0.03, 0.08, 0.01, 0.003
"""How often each follows: of announcements, the third, fourth and fifth of subjects."""


class Past:
    """Makes the events of a long time, poll by poll. Another `place` gives other events."""

    def __init__(self, begin: datetime, place: int = 0) -> None:
        self.moment = begin
        self._chance = random.Random(place)
        self._place = place
        self._closing: list[tuple[datetime, CallAnnounced]] = []
        self._lately: deque[CallAnnounced | InitiativeAnnounced] = deque(maxlen=400)

    def polls(self) -> Iterator[tuple[datetime, list[Event], list[str], list[Sighting]]]:
        """When a poll was, what it recorded, the long texts, and what was seen; without end."""
        while True:
            events: list[Event] = []
            texts: list[str] = []
            seen: list[Sighting] = []
            source = f"source-{self._chance.randrange(SOURCES)}"
            for _ in range(self._chance.choice((1, 1, 1, 2, 3, 6))):
                self._publish(source, events, texts, seen)
            while self._closing and self._closing[0][0] <= self.moment:
                events.append(_closed(heapq.heappop(self._closing)[1]))
            yield self.moment, events, texts, seen
            self.moment += APART * len(events)

    def _publish(self, source: str, events: list[Event], texts: list[str], seen: list[Sighting]) -> None:
        self._place += 1
        feed = int(source.removeprefix("source-"))
        item, chance = compose(feed, self._place, TEXT_CHARACTERS), self._chance
        text = "\n".join(item.sentences)
        published = _published(source, item, text, self.moment)
        events.append(published)
        texts.append(text)
        seen.append(_sighting(published, item))
        if chance.random() < _REVISED:
            events.append(self._revised(published, text, texts))
        if chance.random() < _READ:
            texts.append(f"{text}\nMore is told on the page.")
            events.append(_read(published, texts[-1]))
        if chance.random() < _WITHDRAWN:
            events.append(_withdrawn(published))
        if chance.random() < _FAILS:
            events += [SourceFailing(source=source, reason="no answer"), SourceRecovered(source=source)]
        if item.kind != "news" or feed % 20 == 0:  # some sources have nothing but calls
            self._announce(published, item, events)

    def _announce(self, published: AnnouncementPublished, item: Item, events: list[Event]) -> None:
        chance = self._chance
        if self._lately and chance.random() < _LINKED:
            events.append(_linked(chance.choice(self._lately), published))
            return
        kind = InitiativeAnnounced if item.kind == "initiative" else CallAnnounced
        subject = kind(**self._facts(published, item))
        events.append(subject)
        self._lately.append(subject)
        if isinstance(subject, CallAnnounced) and subject.closes:
            closes = datetime.fromisoformat(subject.closes)
            heapq.heappush(self._closing, (closes + timedelta(microseconds=self._place), subject))
            if chance.random() < _CHANGED:
                events.append(_moved(subject, closes + timedelta(days=7)))
        if chance.random() < _CORRECTED:
            events.append(_corrected(subject))

    def _facts(self, published: AnnouncementPublished, item: Item) -> dict[str, Any]:
        chance = self._chance
        closes = self.moment + timedelta(days=chance.randint(10, 120))
        amount = str(chance.randint(1, 250) * 100_000)
        quote = item.sentences[0][:200]
        return {
            "subject": str(uuid.UUID(int=chance.getrandbits(128))),
            "announcement": published.announcement,
            "source": published.source,
            "title": item.title,
            "url": published.url,
            "summary": " ".join(item.sentences[:2])[:600],
            "technologies": _some(chance, _TECHNOLOGIES),
            "countries": _some(chance, _COUNTRIES),
            "bodies": (chance.choice(_BODIES),),
            "money": (Money(amount, chance.choice(("GBP", "EUR", "USD")), "total", amount),),
            "opens": None,
            "closes": None if item.kind == "initiative" else closes.isoformat(timespec="seconds"),
            "backfill": False,
            "evidence": tuple(Evidence(field, "rule", quote) for field in ("kind", "money", "technologies")),
        }

    def _revised(self, published: AnnouncementPublished, text: str, texts: list[str]) -> Event:
        texts.append(text.replace(".", ", as was said before.", 1))
        return AnnouncementRevised(
            **_told_by(published),
            changed={"text": {"from": published.text, "to": digest(texts[-1].encode())}},
        )


def write(folder: Path, events: int, *, end: datetime, told: bool = False) -> Path:
    """A log.db with `events` events, the last of them recorded at about `end`; its path."""
    database = open_database(f"sqlite:///{folder / 'log.db'}", "log")
    polls = Past(end - APART * events).polls()
    with database.write() as tx:
        cursors.sync(
            tx, [(f"source-{n}", f"Source {n}", f"https://{n}.gov.example/feed") for n in range(SOURCES)]
        )
    written = 0
    while written < events:
        with database.write(durable=False) as tx:
            until = min(written + AT_ONCE, events)
            while written < until:
                moment, found, texts, seen = next(polls)
                for text in texts:
                    log.keep_text(tx, text)
                for recorded in log.append(tx, found[: events - written], moment):
                    effects.apply(tx, recorded)
                    written += 1
                for sighting in seen:
                    cursors.see(tx, sighting)
        if told and written % 100_000 < AT_ONCE:
            print(f"{written:,} events", file=sys.stderr, flush=True)
    _settle(database)
    return folder / "log.db"


def _settle(database: Database) -> None:
    database.forget()  # the write-ahead log goes into the file
    database.close()


def _published(source: str, item: Item, text: str, moment: datetime) -> AnnouncementPublished:
    return AnnouncementPublished(
        source=source,
        announcement=str(uuid.uuid5(uuid.NAMESPACE_URL, item.key)),
        title=item.title,
        url=f"https://{source}.gov.example/news/{item.key}",
        summary=" ".join(item.sentences)[:300],
        published_at=moment.isoformat(timespec="seconds"),
        text=digest(text.encode()),
        backfill=False,
    )


def _told_by(event: AnnouncementPublished | CallAnnounced | InitiativeAnnounced) -> dict[str, str]:
    """What the events that follow one say of its announcement, too."""
    return {name: getattr(event, name) for name in ("source", "announcement", "title", "url")}


def _sighting(published: AnnouncementPublished, item: Item) -> Sighting:
    shown = {name: getattr(published, name) for name in ("title", "url", "summary", "published_at", "text")}
    link = published.url.removesuffix("/")
    return Sighting(
        published.source, published.announcement, item.key, link, digest(item.key.encode()), shown
    )


def _read(published: AnnouncementPublished, text: str) -> Event:
    return AnnouncementRead(
        **_told_by(published),
        page=digest(text.encode()),
    )


def _withdrawn(published: AnnouncementPublished) -> Event:
    return AnnouncementWithdrawn(
        **_told_by(published),
        evidence=(Evidence("withdrawn", "page.gone", "410"),),
    )


def _closed(call: CallAnnounced) -> Event:
    return CallClosed(
        subject=call.subject,
        **_told_by(call),
        reason="its deadline has passed",
    )


def _moved(call: CallAnnounced, closes: datetime) -> Event:
    return CallChanged(
        subject=call.subject,
        **_told_by(call),
        changed={"closes": {"from": call.closes, "to": closes.isoformat(timespec="seconds")}},
        backfill=False,
        evidence=(),
    )


def _linked(subject: CallAnnounced | InitiativeAnnounced, published: AnnouncementPublished) -> Event:
    return SubjectLinked(
        subject=subject.subject,
        announcement=published.announcement,
        source=published.source,
        title=published.title,
        url=published.url,
        twin=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{published.announcement} twin")),
        reason="much the same title",
        changed={},
        evidence=(),
    )


def _corrected(subject: CallAnnounced | InitiativeAnnounced) -> Event:
    countries = sorted({*subject.countries, "GB"})
    return SubjectCorrected(
        subject=subject.subject,
        **_told_by(subject),
        changed={"countries": {"from": list(subject.countries), "to": countries}},
        evidence=(),
        reason="read again by better rules",
    )


def _some(chance: random.Random, weighed: dict[str, float]) -> tuple[str, ...]:
    """One or a few of these, the heavier the likelier."""
    count = chance.choice((1, 1, 2, 3))
    return tuple(sorted(set(chance.choices(list(weighed), list(weighed.values()), k=count))))


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    print(write(Path(sys.argv[1]), int(sys.argv[2]), end=datetime.now(UTC), told=True))
