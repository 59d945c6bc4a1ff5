"""The vocabulary of the log: one frozen dataclass for each thing that can happen.

Pure: no clock, no network, no database. Public facts only: an event never holds anything about a
subscriber. Its JSON is storage.encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that an announcement names.

    `amount` is a decimal string in whole currency units ("7000000"), `currency` an ISO 4217 code,
    `role` one of MONEY_ROLES, `quote` the words it was read from.
    """

    amount: str
    currency: str
    role: str
    quote: str


MONEY_ROLES = ("total", "award_max", "award_min", "other")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a fact is believed: the `field` it supports, the `rule` that read it, the words it read."""

    field: str
    rule: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What we recorded. Subclasses name what happened; `type` in the log is the class's name."""

    @property
    def stream(self) -> str:
        """The stream that the event belongs to: `source/<id>` or `subject/<id>`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEvent(Event):
    """Something that a source said, or that happened to it."""

    source: str

    @property
    def stream(self) -> str:
        """`source/<id>`."""
        return f"source/{self.source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementPublished(SourceEvent):
    """A source shows something new.

    `published_at` is what the source states: an ISO 8601 date, or a date and time with offset, or None.
    `text` is the SHA-256 digest of the full text, kept in the table `texts`, or None when the summary
    says it all; `page` the digest of what the linked page says, where it was read with it. `backfill`
    marks what a source already showed when we first looked, `held` what came in a flood that its past
    does not explain: told to nobody until it is released.
    """

    announcement: str
    title: str
    url: str
    summary: str
    published_at: str | None
    text: str | None
    backfill: bool
    held: bool = False
    page: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRead(SourceEvent):
    """The page that an announcement links to was read later than the announcement was recorded: `page` is the
    digest of what it says, `published_at` what it states where the announcement stated nothing."""

    announcement: str
    title: str
    url: str
    page: str
    published_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRevised(SourceEvent):
    """The content of an announcement, or of its page, changed. `changed` maps a field to its `from` and
    `to`; `reason` says in words what else there is to say: that what was withdrawn is back."""

    announcement: str
    title: str
    url: str
    changed: dict[str, dict[str, Any]]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementWithdrawn(SourceEvent):
    """The source took an announcement back; `evidence` holds the words that say so."""

    announcement: str
    title: str
    url: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailing(SourceEvent):
    """A source that answered before (or was never reached yet) can no longer be read."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecovered(SourceEvent):
    """A failing source can be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMoved(SourceEvent):
    """A source is polled at another address from now on, since it said so often enough (HTTP 301, 308)."""

    url: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEnded(SourceEvent):
    """A source said that it is over (HTTP 410, or a last entry that says so)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceGap(SourceEvent):
    """A poll shared no entry with the one before: what stood between them may be lost to us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHeld(SourceEvent):
    """A source showed `count` new entries at once, more than the `explained` that its past explains: they
    are recorded, but told to nobody until the operator releases them."""

    count: int
    explained: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReleased(SourceEvent):
    """The operator released `count` announcements of a source that were held: as news where `told`, else
    for the record only."""

    count: int
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRedacted(SourceEvent):
    """The payload of the event at `position` was taken out of the log, for the `reason` given. `digest` is
    what its data had; the row itself, its digest and its chain stand as before."""

    position: int
    digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectEvent(Event):
    """Something in the life of an initiative or a call."""

    KIND: ClassVar[str] = ""

    subject: str
    announcement: str
    source: str

    @property
    def stream(self) -> str:
        """`subject/<uuid>`."""
        return f"subject/{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAnnounced(SubjectEvent):
    """The facts read from an announcement about one subject.

    `technologies` are slugs of storage/technologies.toml, `countries` ISO 3166-1 alpha-2 codes (and
    "EU"), `bodies` canonical names. `opens` and `closes` are ISO 8601: a bare date where the source
    gives a date, with an offset where it gives a time, None where it gives neither. `zone` is the IANA name
    of the time zone in which a bare date is meant, None where nobody knows: then it is UTC. `backfill` and
    `held` are the announcement's.
    """

    title: str
    url: str
    summary: str
    technologies: tuple[str, ...]
    countries: tuple[str, ...]
    bodies: tuple[str, ...]
    money: tuple[Money, ...]
    opens: str | None
    closes: str | None
    backfill: bool
    evidence: tuple[Evidence, ...]
    held: bool = False
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeAnnounced(SubjectAnnounced):
    """Governments or public bodies launch, agree or sign something new."""

    KIND: ClassVar[str] = "initiative"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnnounced(SubjectAnnounced):
    """Someone can apply for public money, now or from a stated date."""

    KIND: ClassVar[str] = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChanged(SubjectEvent):
    """A later announcement or a revision moved facts. `changed` maps a field to its `from` and `to`."""

    title: str
    url: str
    changed: dict[str, dict[str, Any]]
    backfill: bool
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeChanged(SubjectChanged):
    """Facts of an initiative moved."""

    KIND: ClassVar[str] = "initiative"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged(SubjectChanged):
    """Facts of a call moved: its deadline, its money, its partners."""

    KIND: ClassVar[str] = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClosed(SubjectEvent):
    """A call can no longer be applied to; `reason` says why, in words, `evidence` what tells it: the words
    of its source, or BY_THE_CLOCK and the deadline.

    `backfill` marks one that was over before anybody was told of it.
    """

    KIND: ClassVar[str] = "call"

    title: str
    url: str
    reason: str
    backfill: bool = False
    evidence: tuple[Evidence, ...] = ()


BY_THE_CLOCK = "clock.deadline"
"""The rule in the evidence of a call that closed because its deadline passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLinked(SubjectEvent):
    """Another announcement tells of a subject that is recorded already: nothing is announced twice.

    `twin` is the id that the subject would have had of its own, `reason` says in words why the two are
    one. `changed` holds the facts that were not stated before, each with `from` and `to`; what the two
    announcements state differently stays as it was.
    """

    title: str
    url: str
    twin: str
    reason: str
    changed: dict[str, dict[str, Any]]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCorrected(SubjectEvent):
    """Better rules, or a person, read something that is recorded already in another way; nothing happened in
    the world. `changed` maps a field to its `from` and `to`; among the fields are `retracted` (there is
    no such subject) and `twin` (a link that is undone). `reason` says in words why."""

    title: str
    url: str
    changed: dict[str, dict[str, Any]]
    evidence: tuple[Evidence, ...]
    reason: str


TYPES: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        AnnouncementPublished,
        AnnouncementRead,
        AnnouncementRevised,
        AnnouncementWithdrawn,
        SourceFailing,
        SourceRecovered,
        SourceMoved,
        SourceEnded,
        SourceGap,
        SourceHeld,
        SourceReleased,
        EventRedacted,
        InitiativeAnnounced,
        CallAnnounced,
        InitiativeChanged,
        CallChanged,
        CallClosed,
        SubjectLinked,
        SubjectCorrected,
    )
}

ANNOUNCED: dict[str, type[SubjectAnnounced]] = {"initiative": InitiativeAnnounced, "call": CallAnnounced}
CHANGED: dict[str, type[SubjectChanged]] = {"initiative": InitiativeChanged, "call": CallChanged}
