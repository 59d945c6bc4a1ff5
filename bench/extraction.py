"""How well and how fast the rules read the labelled announcements of tests/announcements.

The set was written with the rules, so its figures show that nothing was broken, not how the rules do on
announcements that they have not met.
"""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

from bench.measure import table
from feed.extract import Publisher, extract

LABELLED = Path(__file__).parent.parent / "tests" / "announcements"
ROUNDS = 5


def main() -> None:
    """Print the table."""
    cases = _cases()
    counts = {"initiative": [0, 0, 0], "call": [0, 0, 0]}
    for case in cases:
        found = [subject.kind for subject in _read(case).subjects]
        stated = [label["kind"] for label in case.get("subject", [])]
        for kind, (hits, false_alarms, missed) in counts.items():
            right = min(found.count(kind), stated.count(kind))
            counts[kind] = [
                hits + right,
                false_alarms + found.count(kind) - right,
                missed + stated.count(kind) - right,
            ]
    rows = [[kind, *(str(count) for count in of)] for kind, of in counts.items()]
    head = ["kind", "right", "false alarms", "missed"]
    table(f"Kinds in {len(cases)} labelled announcements", head, rows)
    started = time.process_time()
    for _ in range(ROUNDS):
        for case in cases:
            _read(case)
    each = (time.process_time() - started) / (ROUNDS * len(cases))
    print(f"\n{each * 1000:.2f} ms of CPU an announcement, {each * 10_000:.1f} s for ten thousand")


def _cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    for path in sorted(LABELLED.glob("*.toml")):
        cases += tomllib.loads(path.read_text(encoding="utf-8"))["announcement"]
    return cases


def _read(case: dict[str, Any]) -> Any:
    return extract(
        case["title"],
        case.get("text", ""),
        url=case.get("url", ""),
        published=case.get("published"),
        publisher=Publisher(
            country=case.get("country"), body=case.get("body"), kinds=tuple(case.get("kinds", ()))
        ),
    )
