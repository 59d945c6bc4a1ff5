"""The questions that feed.extract.weigh answers, as the labelled announcements put and answer them.

May not look at the announcements that are kept for the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench import labelled
from bench.extraction import develop
from feed.extract import money
from feed.extract.cues import cues
from feed.extract.drafts import signs
from feed.extract.lines import page
from feed.extract.publishers import completed
from feed.extract.subjects import candidates


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it was put once: its features, and the right answer (1 or 0)."""

    features: frozenset[str]
    answer: int


def examples(cases: Sequence[dict[str, Any]] | None = None) -> dict[str, list[Example]]:
    """The examples of each question, from these announcements (default: all that are there to develop on)."""
    found: dict[str, list[Example]] = {
        name: [] for name in ("call", "initiative", "technology", "country", "money")
    }
    for case in develop() if cases is None else cases:
        publisher = completed(labelled.publisher(case), case.get("url", ""))
        read = page(
            case["title"],
            case.get("text", ""),
            case.get("published"),
            money.dollar_of(publisher.country, case.get("text", "")),
        )
        features = signs(read, cues(read), case.get("url", ""), publisher.country).features
        kinds = {label["kind"] for label in case.get("subject", ())}
        for kind in ("call", "initiative"):
            found[kind].append(Example(features, int(kind in kinds)))
        _add_facts(found, case)
    return found


def _add_facts(found: dict[str, list[Example]], case: dict[str, Any]) -> None:
    """What is asked of the facts of those subjects that are found and labelled."""
    drafts, facts = candidates(
        case["title"],
        case.get("text", ""),
        url=case.get("url", ""),
        published=case.get("published"),
        publisher=labelled.publisher(case),
    )
    if facts is None:
        return
    read = [facts.found(draft, drafts) for draft in drafts]
    for one, label in labelled.pairs(read, case.get("subject", ())):
        draft = drafts[next(place for place, other in enumerate(read) if other is one)]
        asked = {
            "technology": {slug: item.features for slug, item in facts.topics(draft).items()},
            "country": {code: item.features for code, item in facts.parties(draft, drafts).items()},
            "money": {
                (item.fact.amount, item.fact.currency): item.features for item in facts.sums(draft, drafts)
            },
        }
        for question, field in (("technology", "technologies"), ("country", "countries"), ("money", "money")):
            if field in label and field not in label.get("unsure", ()):
                right = set(labelled.stated(label, field))
                found[question] += [
                    Example(features, int(key in right)) for key, features in asked[question].items()
                ]
