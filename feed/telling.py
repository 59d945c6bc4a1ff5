"""From the facts that the rules read in one announcement to the events of its subjects.

Pure: no clock, no network, no database. May not decide what is new: that is feed.decide for a
poll, feed.later for a page that was read later, feed.corrections for better rules.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from feed.diff import NAMESPACE
from feed.extract import Found
from feed.twins import Match
from storage.events import (
    ANNOUNCED,
    CHANGED,
    Event,
    Money,
    SubjectLinked,
)
from storage.filters import Subject

FACTS = ("technologies", "countries", "bodies", "money", "opens", "closes")
"""What can change in the life of a subject, beside its name and whether it is open."""
LISTS = ("technologies", "countries", "bodies")
"""The facts of which there are several."""
BY_DEFAULT = ("publisher", "host")
"""The rules of evidence for what no words say: it is taken to be the publisher's."""


Opens = Callable[[Subject, Mapping[str, dict[str, Any]]], bool]
"""Says whether a closed call, of which these facts have changed, is open again."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells of a subject, and where: an announcement of a source, as it stands now. A bare date in it is
    meant in `zone` (an IANA name; None where nobody could tell)."""

    source: str
    announcement: str
    title: str
    url: str
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What keeps news from being told: that it is old, or that it came in a flood."""

    backfill: bool = False
    held: bool = False


def keyed(announcement: str, subjects: Sequence[Found]) -> dict[str, Found]:
    """The subjects of an announcement by id: its first call is its first call again after a revision."""
    found: dict[str, Found] = {}
    counted: Counter[str] = Counter()
    for facts in subjects:
        counted[facts.kind] += 1
        found[key_of(announcement, facts.kind, counted[facts.kind])] = facts
    return found


def key_of(announcement: str, kind: str, number: int) -> str:
    """The id of the subject that is the first, second … of its kind in an announcement."""
    return str(uuid.uuid5(NAMESPACE, f"{announcement}\n{kind}\n{number}"))


def announced(
    telling: Telling, key: str, facts: Found, status: Status, match: Match | None = None
) -> list[Event]:
    """What a subject that was not told before amounts to: one of its own, or another announcement of the
    one that it was found to be (`match`). Where that one was not news and this is, it is told now."""
    if match is None:
        return [_announced(telling, key, facts, status)]
    subject = match.rival.subject
    changed = {
        name: {"from": as_json(getattr(subject, name)), "to": as_json(getattr(facts, name))}
        for name in FACTS
        if getattr(facts, name) and not getattr(subject, name)
    }
    changed |= _zone_moved(telling, subject, changed)
    linked = SubjectLinked(
        subject=subject.id,
        announcement=telling.announcement,
        source=telling.source,
        title=facts.title,
        url=telling.url,
        twin=key,
        reason=match.reason,
        changed=changed,
        evidence=tuple(item for item in facts.evidence if item.field in changed),
    )
    if match.rival.told or status.backfill or status.held:
        return [linked]
    return [linked, _announced(telling, subject.id, facts, status)]


def _announced(telling: Telling, key: str, facts: Found, status: Status) -> Event:
    return ANNOUNCED[facts.kind](
        subject=key,
        announcement=telling.announcement,
        source=telling.source,
        title=facts.title,
        url=telling.url,
        summary=facts.summary,
        technologies=facts.technologies,
        countries=facts.countries,
        bodies=facts.bodies,
        money=facts.money,
        opens=facts.opens,
        closes=facts.closes,
        zone=telling.zone,
        evidence=facts.evidence,
        **asdict(status),
    )


def moved(
    telling: Telling,
    recorded: Subject,
    before: Found | None,
    after: Found | None,
    *,
    backfill: bool = False,
    opens: Opens = lambda call, changed: False,
    own: bool = True,
) -> list[Event]:
    """The facts that differ between two readings of one telling, and from what is recorded. A fact that is
    no longer stated stays: silence is no evidence; to a list, what is stated newly is added. `before` None
    says that nothing was read in it before, `after` None that nothing is now, or that there is nothing to
    compare it with; `opens` whether a closed call is open again. Where the subject is not the announcement's
    `own`, what it states for the first time fills gaps, and replaces nothing."""
    changed = _moved_facts(recorded, before, after, own=own) if after else {}
    changed |= _zone_moved(telling, recorded, changed)
    if opens(recorded, changed):
        changed["closed"] = {"from": True, "to": False}
    if not changed:
        return []
    # Its words go with the title, but are not worth a message by themselves.
    if after and "title" in changed and after.summary != recorded.summary:
        changed["summary"] = {"from": recorded.summary, "to": after.summary}
    return [
        CHANGED[recorded.kind](
            subject=recorded.id,
            announcement=telling.announcement,
            source=telling.source,
            title=after.title if after else recorded.title,
            url=telling.url or recorded.url,
            changed=changed,
            backfill=backfill,
            evidence=tuple(item for item in after.evidence if item.field in changed) if after else (),
        )
    ]


def _moved_facts(
    recorded: Subject, before: Found | None, after: Found, *, own: bool
) -> dict[str, dict[str, Any]]:
    changed: dict[str, dict[str, Any]] = {}
    if before and plain("title", before.title) != plain("title", after.title) != plain(
        "title", recorded.title
    ):
        changed["title"] = {"from": recorded.title, "to": after.title}
    for name in FACTS:
        old, new, known = getattr(before, name, None), getattr(after, name), getattr(recorded, name)
        if known and not old and not own:
            continue
        if name in LISTS:
            new = _with_what_is_new(name, known, old or (), after)
        if new and plain(name, new) not in (plain(name, old), plain(name, known)):
            changed[name] = {"from": as_json(known), "to": as_json(new)}
    return changed


def _with_what_is_new(
    name: str, known: tuple[str, ...], old: tuple[str, ...], after: Found
) -> tuple[str, ...]:
    """What is recorded, and what is stated now that was not before: by words, not by default."""
    stated = getattr(after, name)
    evidence = (item for item in after.evidence if item.field == name)  # one for each, in the same order
    by_default = {value for value, item in zip(stated, evidence, strict=False) if item.rule in BY_DEFAULT}
    added = [value for value in stated if value not in (*old, *known, *by_default)]
    return tuple(sorted((*known, *added))) if name == "countries" else (*known, *added)


def _zone_moved(
    telling: Telling, recorded: Subject, changed: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """A bare date among what changed is meant in the zone of who states it, and takes it along."""
    dates = [changed[name]["to"] for name in ("opens", "closes") if name in changed]
    if telling.zone in (None, recorded.zone) or not any(date and "T" not in date for date in dates):
        return {}
    return {"zone": {"from": recorded.zone, "to": telling.zone}}


def plain(name: str, value: Any) -> Any:
    """What counts when facts are compared: not the words that money was read from, nor any order."""
    if name == "money":
        return sorted((item.amount, item.currency, item.role) for item in value or ())
    return sorted(value) if isinstance(value, tuple) else value


def as_json(value: Any) -> Any:
    """A fact as it stands in an event."""
    if not isinstance(value, tuple):
        return value
    return [asdict(item) if isinstance(item, Money) else item for item in value]
