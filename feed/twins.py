"""Whether a new subject is one that another source has told of already: the same news told twice.

Pure: no clock, no network, no database; days are parameters. When in doubt there are two subjects: a link is
made for a reason that a person can read and judge, and can be undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from feed.extract import Found, places
from storage import wording
from storage.catalogue import Rival
from storage.events import Money
from storage.filters import Subject, words

WINDOW = timedelta(days=45)
"""How far apart the same news may be recorded and published; within it a deadline or a sum must agree."""
NEAR = timedelta(days=14)
"""How far apart it may be published where nothing as plain agrees."""

_SAME_TITLE = 0.8
_ALIKE = 0.6
_AKIN = 0.3
# What titles of announcements have in common, whatever they are about.
_COMMON = frozenset(
    """a an and at be by for from has have in into is its new of on or our the their this to under up us
    via we will with agree agreed agreement announce announced announces announcement apply
    application applications award backed billion bn call calls collaboration cooperation crore deal
    first fund funded funding government governments grant grants initiative initiatives invited
    invites joint landmark launch launched launches m million minister ministry next open opened
    opens opportunity partnership programme programs program project projects proposal proposals
    research sign signed signs support today two unveil unveiled unveils update""".split()  # noqa: SIM905 (a column of eighty strings reads worse)
)
# '6G' and 'Covid19' are names; what counts things, or is a year or a round, tells two things apart.
_NUMBER = re.compile(r"(?:[ivx]{1,5}|\d{1,4})")
_NUMBERED = frozenset(
    {"round", "phase", "stage", "part", "wave", "lot", "strand", "cohort", "cut", "batch", "edition"}
)
_SUMS = re.compile(
    r"[£€₹¥$]\s?\d[\d,.]*|\b(?:Rs\.?|INR|GBP|EUR|USD)\s?\d[\d,.]*"
    r"|\b\d[\d,.]*\s?(?:million|billion|crore|lakh)"
)


@dataclass(frozen=True, slots=True)
class Match:
    """The recorded subject that a new one is the same as, and why, in words."""

    rival: Rival
    reason: str


def match(facts: Found, day: str, rivals: Sequence[Rival], taken: set[str]) -> Match | None:
    """The likest of the recorded subjects that the new one is plainly the same as; None where there is none,
    or where two are equally like. `day` (UTC) is when the new one's announcement was published. `taken` are
    those that others of one decision were matched with; the one found is added: no two are the same."""
    scored = [
        (score, Match(rival, reason))
        for rival in rivals
        if rival.subject.id not in taken and (found := _likeness(facts, day, rival)) is not None
        for score, reason in (found,)
    ]
    scored.sort(key=lambda pair: -pair[0])
    if len(scored) > 1 and scored[0][0] == scored[1][0]:
        return None
    if not scored:
        return None
    best = scored[0][1]
    taken.add(best.rival.subject.id)
    return best


def _likeness(facts: Found, day: str, rival: Rival) -> tuple[float, str] | None:
    """How like the two are and in what; None where they are not plainly one."""
    other = rival.subject
    apart = abs(date.fromisoformat(day) - date.fromisoformat(rival.day))
    if apart > WINDOW or _conflict(facts, other):
        return None
    one, two = _telling(facts.title), _telling(other.title)
    common = one & two
    share = len(common) / min(len(one), len(two)) if one and two else 0.0
    whole = len(common) / len(one | two) if one or two else 0.0
    plain = [*_same_money(facts.money, other.money), *_same_deadline(facts.closes, other.closes)]
    if not plain and apart > NEAR:
        return None
    parties = _same_parties(facts, other)
    bodies = sorted(set(facts.bodies) & set(other.bodies))
    topics = set(facts.technologies) & set(other.technologies)
    reasons = list(plain)
    if parties:
        reasons.append(f"between {wording.countries(parties)}")
    if bodies:
        reasons.append(f"of {wording.listing(bodies)}")
    if topics and set(facts.technologies) == set(other.technologies):
        reasons.append(f"about {wording.technologies(sorted(topics))}")
    score = share + whole + 0.5 * len(plain) + 0.3 * len(reasons)
    if whole >= _SAME_TITLE and len(common) >= 3 and reasons:
        return score, _words("the same title", reasons)
    if share >= _ALIKE and len(common) >= 2 and (plain or parties or bodies):
        return score, _words("much the same title", reasons)
    supports = len(plain) + bool(parties) + (len(bodies) >= 2)
    about = bool(topics) and len(topics) * 2 >= len(set(facts.technologies) | set(other.technologies))
    if share >= _AKIN and common and supports >= 2 and about:
        return score, _words("a similar title", reasons)
    return None


def _words(first: str, reasons: Iterable[str]) -> str:
    return wording.listing([first, *reasons])


def _telling(title: str) -> frozenset[str]:
    """The words of a title that tell what it is about: no sums, no states, no words that all titles have."""
    found = words(_SUMS.sub(" ", title))
    common = _COMMON | _states()
    return frozenset(_stem(word) for word in found if word not in common and not _NUMBER.fullmatch(word))


@cache
def _states() -> frozenset[str]:
    """The words that states are named by: parties are compared by themselves."""
    named = (name for name, place in places.phrases() if place.form in ("name", "people", "capital"))
    return frozenset(word for name in named for word in words(name))


def _stem(word: str) -> str:
    """Singular and plural, 'telecoms' and 'telecommunications', count as one."""
    if word.startswith("telecom"):
        return "telecom"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _conflict(facts: Found, other: Subject) -> bool:
    """Whether what the two state cannot be said of one thing."""
    if facts.closes and other.closes and facts.closes[:10] != other.closes[:10]:
        return True
    if _numbers(facts.title) != _numbers(other.title):
        return True
    one, two = set(facts.countries), set(other.countries)
    if one and two and not (one <= two or two <= one):
        return True
    topics, others = set(facts.technologies), set(other.technologies)
    if topics and others and topics.isdisjoint(others):
        return True
    return any(
        mine.currency == theirs.currency
        and mine.role == theirs.role == "total"
        and mine.amount != theirs.amount
        for mine in facts.money
        for theirs in other.money
    ) and not list(_same_money(facts.money, other.money))


def _numbers(title: str) -> list[str]:
    """What counts in a title: 'round 2', '2025'."""
    found = words(_SUMS.sub(" ", title))
    return sorted(
        word
        for index, word in enumerate(found)
        if _NUMBER.fullmatch(word) and (word.isdigit() or (index > 0 and found[index - 1] in _NUMBERED))
    )


def _same_money(one: Sequence[Money], other: Sequence[Money]) -> Iterable[str]:
    same = {(money.amount, money.currency) for money in one} & {
        (money.amount, money.currency) for money in other
    }
    return [
        f"the same sum ({money.quote.strip()})" for money in one if (money.amount, money.currency) in same
    ][:1]


def _same_deadline(one: str | None, other: str | None) -> Iterable[str]:
    return [f"the same deadline ({wording.moment(one)})"] if one and other and one[:10] == other[:10] else []


def _same_parties(facts: Found, other: Subject) -> list[str]:
    """Two states or more, where both name the same."""
    one = set(facts.countries)
    return sorted(one) if len(one) > 1 and one == set(other.countries) else []
