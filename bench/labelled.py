"""Labelled announcements, and how a reading compares with its labels.

May not know any rule: it sees what `communique extract --batch` would print.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol, TypeVar

from feed.extract import Found, Publisher, extract
from storage.terms import body_name

FIELDS = ("technologies", "countries", "bodies", "money", "opens", "closes")
SETS = ("technologies", "countries", "bodies", "money")
_MOST_ORDERS = 5
Label = dict[str, Any]


class _OfKind(Protocol):
    @property
    def kind(self) -> str: ...


K = TypeVar("K", bound=_OfKind)
Common = Callable[[K, Label], int]


@dataclass
class Score:
    """What was right, what was found that is not there, what is there and was not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, found: Counter[Any], stated: Counter[Any]) -> None:
        """Compare two collections."""
        right = (found & stated).total()
        self.right += right
        self.wrong += found.total() - right
        self.missed += stated.total() - right

    @property
    def precision(self) -> float:
        """Of what was found, the share that is right; 1 where nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Of what is there, the share that was found; 1 where nothing is there."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0


@dataclass
class Result:
    """The scores of one set. `exact` counts the subjects whose field is just as labelled, of those where it
    is stated; `alarms` the announcements that carry nothing and in which something was found."""

    kinds: dict[str, Score] = field(default_factory=lambda: {"call": Score(), "initiative": Score()})
    fields: dict[str, Score] = field(default_factory=lambda: {name: Score() for name in FIELDS})
    exact: dict[str, list[int]] = field(default_factory=lambda: {name: [0, 0] for name in FIELDS})
    nothing: int = 0
    alarms: int = 0
    mistakes: list[str] = field(default_factory=list)


def load(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The announcements of these TOML files."""
    return [
        case
        for path in sorted(paths)
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["announcement"]
    ]


def read(case: dict[str, Any]) -> Sequence[Found]:
    """What the rules read in an announcement."""
    return extract(
        case["title"],
        case.get("text", ""),
        url=case.get("url", ""),
        published=case.get("published"),
        publisher=publisher(case),
    ).subjects


def publisher(case: dict[str, Any]) -> Publisher:
    """What the operator's catalogue would say of who publishes it."""
    return Publisher(
        country=case.get("country"),
        body=case.get("body"),
        kinds=tuple(case.get("kinds", ())),
        language=case.get("language"),
    )


def compare(cases: Sequence[dict[str, Any]]) -> Result:
    """How the readings of these announcements compare with their labels."""
    result = Result()
    for case in cases:
        found, stated = read(case), case.get("subject", [])
        for kind, score in result.kinds.items():
            score.add(
                Counter(one.kind for one in found if one.kind == kind),
                Counter(one["kind"] for one in stated if one["kind"] == kind),
            )
        if not stated:
            result.nothing += 1
            result.alarms += bool(found)
        if sorted(one.kind for one in found) != sorted(one["kind"] for one in stated):
            kinds = [_words([one.kind for one in found]), _words([one["kind"] for one in stated])]
            result.mistakes.append(f"{case['id']}: read {kinds[0]}, is {kinds[1]}")
        for one, label in pairs(found, stated, _common):
            _compare_facts(result, case["id"], one, label)
    return result


def _words(kinds: Sequence[str]) -> str:
    return " + ".join(sorted(kinds)) or "nothing"


def _compare_facts(result: Result, name: str, found: Found, label: dict[str, Any]) -> None:
    for fact in FIELDS:
        if fact in label.get("unsure", ()) or (fact not in label and "title" in label):
            continue
        one, other = facts(found, fact), stated(label, fact)
        result.fields[fact].add(Counter(one), Counter(other))
        if other:
            result.exact[fact][1] += 1
            result.exact[fact][0] += set(one) == set(other)
        if set(one) != set(other):
            result.mistakes.append(f"{name} ({found.kind}): {fact} read {_shown(one)}, is {_shown(other)}")


def _shown(values: Iterable[Any]) -> str:
    found = (" ".join(value) if isinstance(value, tuple) else str(value) for value in values)
    return ", ".join(sorted(found)) or "nothing"


def facts(found: Found, fact: str) -> list[Any]:
    """The values of a fact as they are compared: moments as moments, money without its words and role."""
    value = getattr(found, fact)
    if fact == "money":
        return list({(one.amount, one.currency) for one in value})
    if fact in ("opens", "closes"):
        return [_moment(value)] if value else []
    return list(value)


def stated(label: dict[str, Any], fact: str) -> list[Any]:
    """The same of a label."""
    value = label.get(fact)
    if fact == "money":
        return list({(str(one[0]), one[1]) for one in value or ()})
    if fact in ("opens", "closes"):
        return [_moment(value)] if value and value != "none" and len(value) >= 10 else []
    if fact == "bodies":
        return [body_name(name) or name for name in value or ()]
    return list(value or ())


def _moment(stamp: str) -> str:
    """One form for one moment, whatever its offset."""
    parsed = datetime.fromisoformat(stamp)
    return parsed.astimezone(UTC).isoformat() if parsed.tzinfo else stamp


def pairs(found: Sequence[K], labels: Sequence[Label], common: Common[K]) -> list[tuple[K, Label]]:
    """Which of the subjects found belongs to which label: of one kind, with as much in common as can be."""
    paired: list[tuple[K, Label]] = []
    for kind in ("call", "initiative"):
        ours = [one for one in found if one.kind == kind][:_MOST_ORDERS]
        theirs = [one for one in labels if one["kind"] == kind][:_MOST_ORDERS]
        if len(ours) <= len(theirs):
            orders = ([*zip(ours, order, strict=True)] for order in permutations(theirs, len(ours)))
        else:
            orders = ([*zip(order, theirs, strict=True)] for order in permutations(ours, len(theirs)))
        paired += max(orders, key=lambda order: sum(common(*pair) for pair in order), default=[])
    return paired


def _common(found: Found, label: Label) -> int:
    return sum(len(set(facts(found, fact)) & set(stated(label, fact))) for fact in FIELDS)
