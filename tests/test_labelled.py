"""The labelled announcements: that they can be trusted, and that the weights come from them alone."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from bench import extraction, labelled, weights
from bench.examples import of_facts, of_kinds
from feed.extract import weigh
from storage.events import MONEY_ROLES
from storage.terms import is_country, technologies

DEVELOP, KEPT = extraction.develop(), extraction.kept()
HALVES = pytest.mark.parametrize("cases", [DEVELOP, KEPT], ids=["develop", "kept"])
LABELS = {
    *("kind", "about", "technologies", "countries", "bodies", "money", "opens", "closes", "unsure"),
    *("title", "evidence", "status"),
}
SHARED = 8
"""So many words in a row that are the same are no accident."""


def subjects(case: dict[str, Any]) -> list[dict[str, Any]]:
    return list(case.get("subject", ()))


def stretches(case: dict[str, Any]) -> set[tuple[str, ...]]:
    told = case.get("text", "").casefold().split()
    return {tuple(told[at : at + SHARED]) for at in range(0, len(told) - SHARED)}


@HALVES
def test_a_half_is_large_and_has_the_hard_sorts(cases: list[dict[str, Any]]) -> None:
    assert len(cases) >= 100
    assert sum(not subjects(case) for case in cases) * 3 >= len(cases)
    assert sum(len(subjects(case)) > 1 for case in cases) * 10 >= len(cases)


def test_no_announcement_is_in_both_halves() -> None:
    ids = Counter(case["id"] for case in [*DEVELOP, *KEPT])
    assert [name for name, count in ids.items() if count > 1] == []
    known = {case["title"].casefold() for case in DEVELOP}
    assert [case["id"] for case in KEPT if case["title"].casefold() in known] == []


def test_the_kept_half_repeats_no_more_of_the_other_than_forms_do() -> None:
    known = set[tuple[str, ...]]().union(*(stretches(case) for case in DEVELOP))
    repeated = {case["id"]: len(own & known) / len(own) for case in KEPT if (own := stretches(case))}
    assert [name for name, share in repeated.items() if share > 0.35] == []


@HALVES
def test_labels_are_of_the_contract(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        if case.get("published"):
            datetime.fromisoformat(case["published"])
        for label in subjects(case):
            assert set(label) <= LABELS, case["id"]
            assert label["kind"] in ("call", "initiative")
            assert set(label.get("technologies", ())) <= set(technologies()), case["id"]
            assert all(is_country(code) for code in label.get("countries", ())), case["id"]
            for amount, currency, role in label.get("money", ()):
                assert Decimal(amount) > 0 and len(currency) == 3 and role in MONEY_ROLES, case["id"]
            for moment in (label.get("opens"), label.get("closes")):
                assert moment in (None, "none") or is_moment(moment), case["id"]


def is_moment(stamp: str) -> bool:
    return datetime.fromisoformat(stamp).date() > date(2000, 1, 1)


def test_the_weights_are_what_the_labelled_announcements_give() -> None:
    """`make weights` builds them all; here those of two questions again, so that nobody forgets it."""
    shipped = json.loads(files("feed.extract").joinpath("weights.json").read_text(encoding="utf-8"))
    cases = weights.learned_from()
    kinds = of_kinds(cases)
    assert set(shipped) == {*kinds, "technology", "country", "money"}
    for kind in ("call", "initiative"):
        known = {name for name, count in weights.counted(kinds[kind]).items() if count >= weights.LEAST}
        assert set(shipped[kind]) <= {weigh.BIAS, *known}, "run `make weights`"
    assert shipped["country"] == weights.fit(of_facts(cases)["country"]), "run `make weights`"


def test_the_kept_half_is_read_no_worse_than_the_documentation_says() -> None:
    """Bounds below the figures of docs/extraction.md, so that a change that spoils them is seen."""
    result = labelled.compare(KEPT)
    assert result.kinds["call"].f1 > 0.80
    assert result.kinds["initiative"].f1 > 0.70
    assert result.alarms / result.nothing < 0.15
    floors = {"technologies": 0.70, "countries": 0.88, "money": 0.80, "closes": 0.80}
    for field, floor in floors.items():
        assert result.fields[field].f1 > floor, field
