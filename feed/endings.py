"""How announcements are taken back and calls end, and what it takes for them to come back.

Pure: no clock, no network, no database; times are parameters. May not read a text: that is feed.declared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from feed import declared
from feed.declared import NOTHING, Declared
from feed.telling import Telling
from storage.catalogue import Told
from storage.clock import to_stamp
from storage.events import BY_THE_CLOCK, AnnouncementWithdrawn, CallAnnounced, CallClosed, Event, Evidence
from storage.filters import Subject, first_moment, last_moment, status

TITLE, NOTICE, MISSING = "title.withdrawn", "page.withdrawn", "page.missing"
STATUS, PAGE_STATUS, TOMBSTONE = declared.WITHDRAWN, "page.status", "atom.deleted-entry"
"""The rules of evidence for a withdrawal."""

BACK = {
    TITLE: "it is back: its title is no longer marked as withdrawn",
    NOTICE: "it is back: the notice of its withdrawal is gone from its page",
    MISSING: "it is back: its page can be read again",
    STATUS: "it is back: its status no longer says that it was withdrawn",
    PAGE_STATUS: "it is back: the status on its page no longer says that it was withdrawn",
    TOMBSTONE: "it is back: its source shows it again",
    "": "it is back: nothing says any more that it was withdrawn",
}
_ON_THE_PAGE = (NOTICE, MISSING, PAGE_STATUS, "")


def withdrawn(by: Telling, rule: str, quote: str) -> AnnouncementWithdrawn:
    """The source took the announcement back, in these words."""
    return AnnouncementWithdrawn(
        source=by.source,
        announcement=by.announcement,
        title=by.title,
        url=by.url,
        evidence=(Evidence("withdrawn", rule, quote),),
    )


def withdrawn_by_status(by: Telling, own: Declared, whole: Declared) -> AnnouncementWithdrawn | None:
    """That it was taken back, where its `own` words declare that, or else the `whole`, with its page."""
    if own.withdrawn:
        return withdrawn(by, STATUS, own.withdrawn.quote)
    return withdrawn(by, PAGE_STATUS, whole.withdrawn.quote) if whole.withdrawn else None


def is_back(rule: str, *, shown: bool, page: bool) -> bool:
    """Whether an announcement that was withdrawn by this rule is back, now that nothing that was read says
    so: what a page said, only the page can take back."""
    return page if rule in _ON_THE_PAGE else shown


def closed_with(
    withdrawal: AnnouncementWithdrawn, told: Sequence[Told], moment: datetime, *, backfill: bool = False
) -> list[Event]:
    """The calls that end with an announcement that is withdrawn: those that no other one tells of, and whose
    deadline has not passed."""
    evidence = tuple(Evidence("closed", item.rule, item.quote) for item in withdrawal.evidence)
    by = Telling(withdrawal.source, withdrawal.announcement, withdrawal.title, withdrawal.url)
    return [
        _closed(by, one.subject, "the announcement was withdrawn", evidence, backfill=backfill)
        for one in told
        if one.alone and is_open(one.subject, moment)
    ]


def declared_closed(
    by: Telling, told: Sequence[Told], before: Declared, now: Declared, moment: datetime, *, backfill: bool
) -> list[Event]:
    """The call that an announcement declares closed and did not before: its only one, before its deadline. On
    the day of a deadline that is a bare date, it closes as announced."""
    own = [one.subject for one in told if one.subject.kind == "call" and one.subject.id == one.key]
    if now.closed is None or before.closed is not None or len(own) != 1 or not is_open(own[0], moment):
        return []
    (call,) = own
    evidence: tuple[Evidence, ...] = (now.closed,)
    if call.closes and "T" not in call.closes and first_moment(call.closes, call.zone) <= moment:
        evidence = (now.closed, Evidence("closed", BY_THE_CLOCK, call.closes))
    return [_closed(by, call, said_closed(now.closed), evidence, backfill=backfill)]


def closed_already(call: CallAnnounced, found: Evidence) -> CallClosed:
    """A call that was closed when it was announced, as its source said: for the record."""
    return CallClosed(
        subject=call.subject,
        announcement=call.announcement,
        source=call.source,
        title=call.title,
        url=call.url,
        reason=said_closed(found),
        backfill=True,
        evidence=(found,),
    )


def said_closed(found: Evidence) -> str:
    """Why a call is closed whose source says so."""
    return f"its source says that it is closed: “{found.quote}”"


def passed(subject: Subject, *, backfill: bool) -> CallClosed:
    """The call ends with its deadline, by the clock."""
    by = Telling(subject.source, subject.announcement, subject.title, subject.url)
    evidence = (Evidence("closed", BY_THE_CLOCK, subject.closes or ""),)
    return _closed(by, subject, "its deadline has passed", evidence, backfill=backfill)


def _closed(
    by: Telling, call: Subject, reason: str, evidence: tuple[Evidence, ...], *, backfill: bool
) -> CallClosed:
    return CallClosed(
        subject=call.id,
        announcement=by.announcement,
        source=by.source,
        title=call.title,
        url=by.url or call.url,
        reason=reason,
        backfill=backfill,
        evidence=evidence,
    )


def is_open(subject: Subject, moment: datetime) -> bool:
    """Whether it is a call that one can apply for, now or later."""
    return not subject.retracted and status(subject, moment) in ("open", "upcoming")


@dataclass(frozen=True, slots=True)
class Reopening:
    """What speaks for and against it that a closed call is open again at `moment`: the rule that it was
    closed by ('': by a withdrawal), whether its announcement is `withdrawn`, or has come `back`, and what
    its words declared `before` and `now`."""

    moment: datetime
    rule: str = ""
    withdrawn: bool = False
    back: bool = False
    before: Declared = NOTHING
    now: Declared = NOTHING

    def opens(self, call: Subject, changed: Mapping[str, dict[str, Any]]) -> bool:
        """Whether the call, of which these facts have changed, is open again."""
        if not call.closed or self.withdrawn or self.now.closed is not None:
            return False
        closes, zone = (
            changed[name]["to"] if name in changed else getattr(call, name) for name in ("closes", "zone")
        )
        if closes and last_moment(closes, zone) < self.moment:
            return False
        if "closes" in changed:
            return True
        if self.rule == declared.CLOSED:
            return self.before.closed is not None
        return self.back and self.rule != BY_THE_CLOCK


def missing(url: str, status: int, visits: int, since: str, moment: datetime) -> str:
    """The words of the evidence that a page is gone; `since` is the UTC stamp of the first visit."""
    first, last = (stamp[:16].replace("T", " ") for stamp in (since, to_stamp(moment)))
    answer = f"{status} {HTTPStatus(status).phrase}"
    return f"{url} answered {answer} on {visits} visits, from {first} to {last} UTC"
