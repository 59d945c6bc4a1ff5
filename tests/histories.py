"""Histories of made-up events, as Hypothesis draws them: whatever can follow in a log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from storage.events import (
    ANNOUNCED,
    CHANGED,
    AnnouncementPublished,
    AnnouncementRead,
    AnnouncementRevised,
    AnnouncementWithdrawn,
    CallClosed,
    Event,
    Money,
    SourceReleased,
    SubjectCorrected,
    SubjectLinked,
)

SOURCES = ("ukri", "dst")
words = st.sampled_from(["Quantum call", "Télécoms research", "6G for farmers", ""])
zones = st.none() | st.sampled_from(["Europe/London", "America/New_York"])
dates = st.none() | st.sampled_from(["2026-01-31", "2026-12-01", "2027-03-01T16:00:00+00:00"])
money = st.lists(
    st.builds(
        Money, st.sampled_from(["7", "9000000"]), st.sampled_from(["GBP", "INR"]), st.just("total"), words
    ),
    max_size=2,
).map(tuple)
facts = st.fixed_dictionaries(
    {
        "technologies": st.lists(st.sampled_from(["ai", "quantum", "space"]), max_size=2).map(tuple),
        "countries": st.lists(st.sampled_from(["GB", "IN", "EU"]), max_size=3).map(tuple),
        "bodies": st.lists(st.sampled_from(["UKRI", "DST"]), max_size=2).map(tuple),
        "money": money,
        "opens": dates,
        "closes": dates,
        "zone": zones,
        "title": words,
        "summary": words,
    }
)


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Event]:
    """A list of events in an order in which they can happen."""
    world = _World(draw)
    steps: list[Callable[[], Event | None]] = [
        world.published,
        world.read,
        world.revised,
        world.withdrawn,
        world.announced,
        world.changed,
        world.closed,
        world.linked,
        world.corrected,
        world.released,
    ]
    chosen = draw(st.lists(st.sampled_from(steps), max_size=most))
    return [event for step in [world.published, world.announced, *chosen] if (event := step())]


class _World:
    """What has happened so far: announcements by their source, subjects by their kind."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._announcements: dict[str, str] = {}
        self._subjects: dict[str, str] = {}
        self._twins: list[tuple[str, str]] = []

    def published(self) -> Event:
        key, source = f"a{len(self._announcements)}", self._one(SOURCES)
        self._announcements[key] = source
        return AnnouncementPublished(
            source=source,
            announcement=key,
            title=self._draw(words),
            url=f"https://gov.example/{key}",
            summary=self._draw(words),
            published_at=self._draw(dates),
            text=None,
            backfill=self._draw(st.booleans()),
            held=self._draw(st.booleans()),
        )

    def read(self) -> Event:
        return AnnouncementRead(**self._of_announcement(), page="0" * 64, published_at=self._draw(dates))

    def revised(self) -> Event:
        changed = {"title": {"from": "", "to": self._draw(words)}}
        return AnnouncementRevised(**self._of_announcement(), changed=changed)

    def withdrawn(self) -> Event:
        return AnnouncementWithdrawn(**self._of_announcement(), evidence=())

    def announced(self) -> Event:
        """A new subject, or one that is told anew."""
        new = f"s{len(self._subjects)}"
        key = self._one([new, *self._subjects])
        kind = self._subjects.setdefault(key, self._one(["call", "initiative"]))
        return ANNOUNCED[kind](
            **self._of_subject(key) | self._draw(facts),
            backfill=self._draw(st.booleans()),
            held=self._draw(st.booleans()),
            evidence=(),
        )

    def changed(self) -> Event | None:
        key = self._known()
        return key and CHANGED[self._subjects[key]](
            **self._of_subject(key), changed=self._changes(), backfill=self._draw(st.booleans()), evidence=()
        )

    def closed(self) -> Event | None:
        key = self._known()
        return key and CallClosed(
            **self._of_subject(key), reason="it is over", backfill=self._draw(st.booleans())
        )

    def linked(self) -> Event | None:
        if (key := self._known()) is None:
            return None
        twin = f"t{len(self._twins)}"
        self._twins.append((twin, key))
        return SubjectLinked(
            **self._of_subject(key), twin=twin, reason="the same", changed=self._changes(), evidence=()
        )

    def corrected(self) -> Event | None:
        if (key := self._known()) is None:
            return None
        changed = self._changes()
        if self._draw(st.booleans()):
            to = self._draw(st.booleans())
            changed["retracted"] = {"from": not to, "to": to}
        if mine := [twin for twin, subject in self._twins if subject == key]:
            changed["twin"] = {"from": self._one(mine), "to": None}
        return SubjectCorrected(**self._of_subject(key), changed=changed, evidence=(), reason="better rules")

    def released(self) -> Event:
        return SourceReleased(source=self._one(SOURCES), count=1, told=self._draw(st.booleans()))

    def _changes(self) -> dict[str, dict[str, Any]]:
        new = self._draw(facts)
        names = self._draw(st.sets(st.sampled_from(sorted(new)), max_size=3))
        told = {
            name: [vars_of(item) for item in new[name]] if name == "money" else new[name] for name in names
        }
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
        changed = {name: {"from": None, "to": plain[name]} for name in sorted(names)}
        if self._draw(st.booleans()):
            changed["closed"] = {"from": True, "to": False}
        return changed

    def _of_announcement(self) -> dict[str, Any]:
        key = self._one(list(self._announcements))
        return {
            "announcement": key,
            "source": self._announcements[key],
            "title": "Title",
            "url": f"https://gov.example/{key}",
        }

    def _of_subject(self, key: str) -> dict[str, Any]:
        return {"subject": key, **self._of_announcement()}

    def _known(self) -> str | None:
        return self._one(list(self._subjects)) if self._subjects else None

    def _one(self, of: Any) -> Any:
        return self._draw(st.sampled_from(of))


def vars_of(money: Money) -> dict[str, str]:
    return {name: getattr(money, name) for name in ("amount", "currency", "role", "quote")}
