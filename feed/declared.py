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
from storage.plain import comparable

CLOSED = "declared.closed"
WITHDRAWN = "status.withdrawn"
READ_CHARACTERS = 20_000
SENTENCE_CHARACTERS = 200

_CALL = (
    r"(?:(?:funding|grant|research|open|current) )?(?:opportunity|call(?: for (?:proposals|applications))?"
    r"|competition|scheme|fund|grant|programme|program|challenge|application (?:window|period)|round"
    r"|solicitation|notice)"
)
_WHAT = r"(?:applications?|submissions?|proposals?|entries|bids|applicants|expressions of interest)"
_TO = rf"(?: (?:to|for) (?:all |any )?(?:new |further )?{_WHAT})?"
_LABEL = r"(?:(?:opportunity|call|competition|application|grant|current|funding|topic|submission) )*status"
_BEFORE = rf"(?:{_LABEL}: ?|(?:please )?note(?: that)?:? |update:? |important:? )?"

_CLOSED = re.compile(
    rf"{_LABEL}: ?(?:now )?closed(?: and archived| to applications| for (?:submissions?|applications))?"
    rf"|{_BEFORE}this {_CALL} (?:is|has)(?: now| already)?(?: been)? closed{_TO}"
    rf"|{_BEFORE}the {_CALL} (?:is|has) now(?: been)? closed{_TO}"
    rf"|{_BEFORE}(?:the |this )?{_CALL} (?:is )?(?:now )?closed{_TO}"
    rf"|{_BEFORE}{_WHAT}(?: (?:to|for) this {_CALL})? (?:are|have) (?:now )?closed"
    rf"|{_WHAT} closed"
    rf"|{_BEFORE}(?:we are|we're|this {_CALL} is|the {_CALL} is) no longer"
    rf" (?:accepting|taking|open (?:to|for)) (?:any )?(?:new |further )?{_WHAT}(?: (?:to|for) this {_CALL})?"
    rf"|no longer (?:accepting|open (?:to|for)) (?:new )?{_WHAT}",
    re.IGNORECASE,
)
_OPEN = re.compile(
    rf"{_LABEL}: ?(?:now )?open(?: to applications| for (?:submissions?|applications))?"
    rf"|{_BEFORE}(?:this |the )?{_CALL} (?:is |has )?(?:now )?(?:re-?)?open(?:ed)?{_TO}"
    rf"|{_BEFORE}{_WHAT} (?:are |have )?(?:now )?(?:re-?)?open(?:ed)?",
    re.IGNORECASE,
)
"""Beside which another round's end, on a page of several, ends nothing."""
_WITHDRAWN = re.compile(
    rf"{_LABEL}: ?(?:withdrawn|cancelled|canceled)"
    rf"|{_BEFORE}this {_CALL} (?:is|has been|was)(?: now)? (?:withdrawn|cancelled|canceled)",
    re.IGNORECASE,
)
_SIGN = re.compile(r"closed|no longer|withdrawn|cancell?ed", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[.!?])\s+|\n")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a text declares of its call, in which words; None where it declares nothing."""

    closed: Evidence | None = None
    withdrawn: Evidence | None = None


NOTHING = Declared()


def declared(title: str, text: str) -> Declared:
    """What a title and a text declare; what stands below the text as notes tells of the past."""
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
    return Declared(None if is_open else closed, withdrawn)


def _sentences(text: str) -> Iterator[str]:
    for sentence in _ENDS.split(text):
        if sentence.strip() == NOTES:
            return
        if len(sentence) <= SENTENCE_CHARACTERS:
            yield sentence.strip()
