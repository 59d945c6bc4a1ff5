"""How well and how fast the rules read the labelled announcements of tests/announcements.

The figures that count are those of the half that is kept: neither rules nor weights were made with it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.labelled import FIELDS, Result, Score, compare, load, read, stated
from bench.measure import table
from feed.extract.words import words

LABELLED = Path(__file__).parent.parent / "tests" / "announcements"
MANY = 10_000
FEED = 300
"""So many characters are what most feeds tell of an announcement."""
Cases = Sequence[dict[str, Any]]

_CALL = re.compile(r"call for|funding|apply|applications|competition|grant|proposals", re.IGNORECASE)
_INITIATIVE = re.compile(
    r"launch|sign(?:s|ed)|agreement|partnership|memorandum|new (?:programme|fund|centre)", re.IGNORECASE
)


def exact() -> list[dict[str, Any]]:
    """Those of them that tests/test_extract.py wants to be read just so."""
    return load(LABELLED.glob("*.toml"))


def develop() -> list[dict[str, Any]]:
    """The announcements that the rules and weights are made with."""
    return load([*LABELLED.glob("*.toml"), *LABELLED.glob("develop/*.toml")])


def kept() -> list[dict[str, Any]]:
    """The announcements that are kept for the figures."""
    return load(LABELLED.glob("kept/*.toml"))


def main() -> None:
    """Print the tables, and what was misread of the half that is kept."""
    halves = {"kept": kept(), "develop": develop()}
    results = {name: compare(cases) for name, cases in halves.items()}
    for name, result in results.items():
        _table(name, halves[name], result)
    _against_keywords(halves["kept"])
    _closing_dates(halves["kept"])
    _speed([*halves["kept"], *halves["develop"]])
    print(f"\nMisread of the half that is kept ({len(results['kept'].mistakes)}):\n")
    for mistake in results["kept"].mistakes:
        print(f"- {mistake}")


def _table(name: str, cases: Cases, result: Result) -> None:
    nothing = sum(not case.get("subject") for case in cases)
    several = sum(len(case.get("subject", ())) > 1 for case in cases)
    rows = [[kind, *_percent(score), ""] for kind, score in result.kinds.items()]
    for field in FIELDS:
        right, all_of = result.exact[field]
        exact = f"{right} of {all_of} ({right / max(1, all_of):.2f})"
        rows.append([field, *_percent(result.fields[field]), exact])
    head = ["", "precision", "recall", "F1", "exact, where stated"]
    print()
    table(
        f"{name}: {len(cases)} announcements, {nothing} carry nothing, {several} several subjects", head, rows
    )
    alarms = result.alarms / max(1, result.nothing)
    print(f"\nfalse alarms: {result.alarms} of the {result.nothing} that carry nothing ({alarms:.1%})")


def _percent(score: Score) -> list[str]:
    return [f"{score.precision:.2f}", f"{score.recall:.2f}", f"{score.f1:.3f}"]


def _against_keywords(cases: Cases) -> None:
    """Whether an announcement carries a kind at all: ours beside looking for words."""
    rows = []
    for kind, pattern in (("call", _CALL), ("initiative", _INITIATIVE)):
        ours, grep = Score(), Score()
        for case in cases:
            is_there = any(label["kind"] == kind for label in case.get("subject", ()))
            text = f"{case['title']}\n{case.get('text', '')}"
            for score, found in (
                (ours, any(one.kind == kind for one in read(case))),
                (grep, pattern.search(text) is not None),
            ):
                score.right += found and is_there
                score.wrong += found and not is_there
                score.missed += is_there and not found
        rows += [[kind, "rules and weights", *_percent(ours)], [kind, "words alone", *_percent(grep)]]
    print()
    table("Whether there is one at all (kept)", ["kind", "read by", "precision", "recall", "F1"], rows)


def _closing_dates(cases: Cases) -> None:
    """Our closing dates beside the last date that dateparser finds in a call of one subject."""
    from dateparser.search import search_dates

    calls = [
        case
        for case in cases
        if len(case.get("subject", ())) == 1
        and case["subject"][0]["kind"] == "call"
        and stated(case["subject"][0], "closes")
    ]

    def ours(case: dict[str, Any]) -> str:
        return next((one.closes[:10] for one in read(case) if one.kind == "call" and one.closes), "")

    def last(case: dict[str, Any]) -> str:
        found = search_dates(case["text"], languages=["en"]) or []
        return max((moment.date().isoformat() for _, moment in found), default="")

    rows = []
    for name, reader in (("rules", ours), ("dateparser, the last date", last)):
        started = time.process_time()
        right = sum(reader(case) == case["subject"][0]["closes"][:10] for case in calls)
        spent = time.process_time() - started
        rows.append([name, f"{right} of {len(calls)}", f"{1000 * spent / max(1, len(calls)):.1f}"])
    print()
    table("The closing day of announcements with one call (kept)", ["read by", "right", "CPU ms each"], rows)


def _speed(cases: Cases) -> None:
    """What ten thousand announcements take, beside cutting them into words only."""

    def spent(told: Cases, work: Callable[[dict[str, Any]], object]) -> float:
        started = time.process_time()
        for number in range(MANY):
            work(told[number % len(told)])
        return time.process_time() - started

    feed = [{**case, "text": case.get("text", "")[:FEED]} for case in cases]
    rows = []
    for name, told, work in (
        ("read", cases, read),
        (f"read, the first {FEED} characters of each", feed, read),
        ("cut into words (floor)", cases, lambda case: words(f"{case['title']}\n{case.get('text', '')}")),
    ):
        seconds = spent(told, work)
        size = sum(len(case.get("text", "")) for case in told) / len(told)
        rows.append([name, f"{size:.0f}", f"{seconds:.1f}", f"{1000 * seconds / MANY:.2f}"])
    print()
    table(f"Speed: {MANY:,} announcements", ["", "characters on average", "CPU seconds", "ms each"], rows)


if __name__ == "__main__":
    main()
