"""The questions that feed.extract.weigh answers, as the labelled announcements put and answer them.

May not look at the announcements that are kept for the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import labelled
from feed.extract import money
from feed.extract.drafts import signs
from feed.extract.lines import page
from feed.extract.publishers import completed

DEVELOP = Path(__file__).parent.parent / "tests" / "announcements"


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it was put once: its features, and the right answer (1 or 0)."""

    features: frozenset[str]
    answer: int


def examples(cases: Sequence[dict[str, Any]] | None = None) -> dict[str, list[Example]]:
    """The examples of each question, from these announcements (default: all that are there to develop on)."""
    found: dict[str, list[Example]] = {"call": [], "initiative": []}
    for case in labelled.load(DEVELOP.glob("*.toml")) if cases is None else cases:
        publisher = completed(labelled.publisher(case), case.get("url", ""))
        read = page(
            case["title"], case.get("text", ""), case.get("published"), money.dollar_of(publisher.country)
        )
        features = signs(read, case.get("url", ""), publisher.country).features
        kinds = {label["kind"] for label in case.get("subject", ())}
        for kind in ("call", "initiative"):
            found[kind].append(Example(features, int(kind in kinds)))
    return found
