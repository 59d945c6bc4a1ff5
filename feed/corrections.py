"""What better rules, or a person, make of announcements that are recorded already.

Pure: no clock, no network, no database. Nothing here is news: it changes what we say of the past.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feed import telling, twins
from feed.endings import Reopening
from feed.extract import Found
from feed.telling import FACTS, Status, Telling
from storage.catalogue import Announcement, Rival, Told, Twin
from storage.events import Event, SubjectCorrected
from storage.filters import Subject, words
from storage.log import Recorded

RULES = "read again by better rules"
_NAMED = (*FACTS, "title", "summary")
_PAST = Status(backfill=True)


@dataclass(frozen=True, slots=True)
class Case:
    """One announcement as it is recorded, with the subjects that it told of and the story of each, by id.
    Its source means bare dates in `zone`; `passed` are the ids of the calls that the clock closed before
    `moment`."""

    announcement: Announcement
    told: Sequence[Told]
    stories: Mapping[str, Sequence[Recorded]]
    zone: str | None = None
    passed: Set[str] = frozenset()
    moment: datetime | None = None

    @property
    def own(self) -> list[Subject]:
        """The subjects that it was the first to tell of."""
        return [one.subject for one in self.told if one.key == one.subject.id]


def corrections(case: Case, found: Sequence[Found], rivals: Mapping[str, Sequence[Rival]]) -> list[Event]:
    """The events that make the record say what the rules read now. `rivals` by the new subject's id."""
    by = _by(case)
    pairs, new = _aligned(case, found)
    events: list[Event] = []
    for one in case.told:
        if one.key == one.subject.id:
            events += _corrected(by, case, one, pairs.get(one.key))
    taken = set[str]()
    for key, facts in new.items():
        match = twins.match(facts, case.announcement.day, rivals.get(key, ()), taken)
        events += telling.announced(by, key, facts, _PAST, match)
    return events


def undone(case: Case, twin: Twin, subject: Subject, found: Sequence[Found], reason: str) -> list[Event]:
    """The events that part an announcement from the subject it was linked to: the facts that came with it go,
    and what it tells becomes a subject of its own."""
    by = _by(case)
    changed: dict[str, dict[str, Any]] = {"twin": {"from": twin.id, "to": None}}
    for event in reversed(case.stories[subject.id]):
        if not _came_with(event, twin):
            continue
        for name, sides in event.payload["changed"].items():
            if name == "closed":  # what is over without the link, the clock will see
                continue
            was = telling.as_json(getattr(subject, name))
            if changed.get(name, {"to": was})["to"] == sides["to"]:
                changed[name] = {"from": was, "to": sides["from"]}
    parted = SubjectCorrected(
        subject=subject.id,
        announcement=by.announcement,
        source=by.source,
        title=subject.title,
        url=subject.url,
        changed=changed,
        evidence=(),
        reason=reason,
    )
    facts = telling.keyed(by.announcement, found).get(twin.id)
    return [parted, *(telling.announced(by, twin.id, facts, _PAST) if facts else [])]


def _came_with(event: Recorded, twin: Twin) -> bool:
    """Whether an event of the subject is the link itself, or a change that the linked announcement made."""
    if event.type == "SubjectLinked":
        return bool(event.payload.get("twin") == twin.id)
    moved = event.type in ("CallChanged", "InitiativeChanged")
    return moved and bool(event.payload.get("announcement") == twin.announcement)


def candidates(case: Case, found: Sequence[Found]) -> dict[str, Found]:
    """The subjects that the rules read now and that the announcement told nothing of before, by id."""
    return _aligned(case, found)[1]


def _by(case: Case) -> Telling:
    one = case.announcement
    return Telling(one.source, one.id, one.title, one.url, case.zone)


def _aligned(case: Case, found: Sequence[Found]) -> tuple[dict[str, Found], dict[str, Found]]:
    """Which reading is of which recorded subject, by its id there; and the readings that are of none."""
    pairs: dict[str, Found] = {}
    new: dict[str, Found] = {}
    taken = {one.key for one in case.told}
    for kind in ("call", "initiative"):
        told = [one for one in case.told if one.subject.kind == kind]
        ours = [facts for facts in found if facts.kind == kind]
        while told and ours:
            one, facts = max(((one, facts) for one in told for facts in ours), key=lambda pair: _alike(*pair))
            pairs[one.key] = facts
            told.remove(one)
            ours.remove(facts)
        numbers = itertools.count(1)
        names = (telling.key_of(case.announcement.id, kind, number) for number in numbers)
        new |= dict(zip((name for name in names if name not in taken), ours, strict=False))
    return pairs, new


def _alike(one: Told, facts: Found) -> int:
    return len(set(words(one.subject.title)) & set(words(facts.title)))


def _corrected(by: Telling, case: Case, one: Told, facts: Found | None) -> list[Event]:
    subject = one.subject
    changed: dict[str, dict[str, Any]] = {}
    if facts is None:
        if one.alone and not subject.retracted:
            changed["retracted"] = {"from": False, "to": True}
    else:
        if subject.retracted:
            changed["retracted"] = {"from": True, "to": False}
        ours = _ours(case, subject)
        for name in _NAMED:
            known, now = getattr(subject, name), getattr(facts, name)
            if name in ours and telling.plain(name, known) != telling.plain(name, now):
                changed[name] = {"from": telling.as_json(known), "to": telling.as_json(now)}
        changed |= _zone_corrected(case, facts, ours, subject)
        if subject.id in case.passed and case.moment and Reopening(case.moment).opens(subject, changed):
            changed["closed"] = {"from": True, "to": False}
        if changed.keys() == {"summary"}:  # a sentence more or less is no correction
            return []
    if not changed:
        return []
    return [
        SubjectCorrected(
            subject=subject.id,
            announcement=by.announcement,
            source=by.source,
            title=facts.title if facts else subject.title,
            url=subject.url,
            changed=changed,
            evidence=tuple(item for item in facts.evidence if item.field in changed) if facts else (),
            reason=RULES,
        )
    ]


def _zone_corrected(case: Case, facts: Found, ours: set[str], subject: Subject) -> dict[str, dict[str, Any]]:
    """The zone of its bare dates, which was not always recorded."""
    bare = any(
        getattr(facts, name) and "T" not in getattr(facts, name) for name in ours & {"opens", "closes"}
    )
    if not bare or case.zone in (None, subject.zone):
        return {}
    return {"zone": {"from": subject.zone, "to": case.zone}}


def _ours(case: Case, subject: Subject) -> set[str]:
    """The facts that were read in this announcement: neither another one moved them since, nor a person."""
    ours = set(_NAMED)
    for event in case.stories.get(subject.id, ()):
        if not (data := event.payload):
            continue
        mine = data["announcement"] == case.announcement.id
        if event.type == "SubjectCorrected":
            mine = data["reason"] == RULES
        for name in data.get("changed", {}):
            (ours.add if mine else ours.discard)(name)
    return ours & set(_NAMED)
