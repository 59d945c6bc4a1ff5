"""Whether a text declares that its call is closed, or was withdrawn: by a status field, or in a sentence.

Pure: no clock, no network, no database. May not conclude anything from a date, and believes a sentence only
where all of it says so, here and now: not 'the first round has closed', not 'once it is closed'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from feed.linked.told import NOTES
from storage.events import Evidence
from storage.plain import comparable, shorten

CLOSED = "declared.closed"
WITHDRAWN = "status.withdrawn"
READ_CHARACTERS = 20_000
SENTENCE_CHARACTERS = 200
TITLE_CHARACTERS = 500

_CALL = (
    r"(?:(?:funding|grant|research|open|current) )?(?:opportunity|call(?: for (?:proposals|applications))?"
    r"|competition|scheme|fund|grant|programme|program|challenge|application (?:window|period)|round"
    r"|solicitation|notice)"
)
_WHAT = r"(?:applications?|submissions?|proposals?|entries|bids|applicants|expressions of interest)"
_TO = rf"(?: (?:to|for) (?:all |any )?(?:new |further )?{_WHAT})?"
_DAY = (
    r"(?:[a-z]{6,9},? )?(?:\d{1,2}(?:st|nd|rd|th)? [a-z]{3,9}|[a-z]{3,9} \d{1,2}(?:st|nd|rd|th)?)"
    r"(?:,? \d{4})?|\d{4}-\d{2}-\d{2}"
)
_CLOCK = r"(?:at )?\d{1,2}(?:[:.]\d{2})? ?(?:am|pm)?(?: [a-z]{2,4})?"
_THEN = rf"(?:(?: {_CLOCK})? on)? (?:{_DAY})(?:,? {_CLOCK})?"
_LABEL = r"(?:(?:opportunity|call|competition|application|grant|current|funding|topic|submission) )*status"
_IS = r"(?:: ?| - )"
_BEFORE = rf"(?:{_LABEL}: ?|(?:please )?note(?: that)?:? |update:? |important:? )?"

_CLOSED = re.compile(
    rf"{_LABEL}{_IS}(?:now )?closed(?: and archived| to applications| for (?:submissions?|applications))?"
    rf"|{_BEFORE}(?:the|this) {_CALL} (?:is|has)(?: now| already)?(?: been)? closed(?: early)?{_TO}"
    rf"|{_BEFORE}(?:the |this )?{_CALL} (?:is )?(?:now )?closed{_TO}"
    rf"|{_BEFORE}{_WHAT}(?: (?:to|for) this {_CALL})? (?:(?:are|have) (?:now )?)?closed"
    rf"|{_BEFORE}{_WHAT}(?: (?:to|for) this {_CALL})? closed{_THEN}"
    rf"|{_BEFORE}the (?:application |submission )?(?:deadline|closing date)"
    rf"(?: (?:for (?:submitting )?(?:{_WHAT}|this {_CALL})|to apply))? (?:has|is) (?:now )?passed"
    rf"|{_BEFORE}(?:we are|we're|this {_CALL} is|the {_CALL} is) no longer"
    rf" (?:accepting|taking|open (?:to|for)) (?:any )?(?:new |further )?{_WHAT}(?: (?:to|for) this {_CALL})?"
    rf"|no longer (?:accepting|open (?:to|for)) (?:new )?{_WHAT}",
    re.IGNORECASE,
)
_CLOSED_TITLE = re.compile(
    rf"(?:[\[(](?:now )?closed{_TO}[\])]|(?:now )?closed ?[:|]|(?:now )?closed -) ?\S.*"
    rf"|.*\S ?(?:[\[(](?:now )?closed{_TO}[\])]|(?: -|[:|]) (?:now )?closed)",
    re.IGNORECASE,
)
"""A title that has the word set apart, in front or at the end: not 'closed-loop control'."""
_OPEN = re.compile(
    rf"{_LABEL}{_IS}(?:now )?open(?: to applications| for (?:submissions?|applications))?"
    rf"|{_BEFORE}(?:this |the )?{_CALL} (?:is |has )?(?:now )?(?:re-?)?open(?:ed)?{_TO}"
    rf"|{_BEFORE}{_WHAT} (?:are |have )?(?:now )?(?:re-?)?open(?:ed)?",
    re.IGNORECASE,
)
"""Beside which another round's end, on a page of several, ends nothing."""
_WITHDRAWN = re.compile(
    rf"{_LABEL}{_IS}(?:withdrawn|cancelled|canceled)"
    rf"|{_BEFORE}this {_CALL} (?:is|has been|was)(?: now)? (?:withdrawn|cancelled|canceled)",
    re.IGNORECASE,
)
_SIGN = re.compile(r"closed|no longer|passed|withdrawn|cancell?ed", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[.!?])\s+|\n")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a text declares of its call, in which words; None where it declares nothing."""

    closed: Evidence | None = None
    withdrawn: Evidence | None = None


NOTHING = Declared()


def declared(title: str, text: str) -> Declared:
    """What a title and a text declare; what stands below the text as notes tells of the past.

    A title that is marked as closed tells more than a sentence that still says that the call is open.
    """
    closed = withdrawn = None
    is_open = False
    if _SIGN.search(title) or _SIGN.search(text, 0, READ_CHARACTERS):
        for sentence in _sentences(f"{title}\n{text[:READ_CHARACTERS]}"):
            said = comparable(sentence).rstrip(" .!")
            is_open = is_open or bool(_OPEN.fullmatch(said))
            if closed is None and _CLOSED.fullmatch(said):
                closed = Evidence("closed", CLOSED, sentence)
            if withdrawn is None and _WITHDRAWN.fullmatch(said):
                withdrawn = Evidence("withdrawn", WITHDRAWN, sentence)
    return Declared(_closed_title(title) or (None if is_open else closed), withdrawn)


def _closed_title(title: str) -> Evidence | None:
    told = title.strip()
    if len(told) > TITLE_CHARACTERS or not _CLOSED_TITLE.fullmatch(comparable(told).rstrip(" .!")):
        return None
    return Evidence("closed", CLOSED, shorten(told, SENTENCE_CHARACTERS))


def _sentences(text: str) -> Iterator[str]:
    for sentence in _ENDS.split(text):
        if sentence.strip() == NOTES:
            return
        if len(sentence) <= SENTENCE_CHARACTERS:
            yield sentence.strip()
