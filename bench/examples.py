"""The questions that feed.extract.weigh answers, as labelled announcements put and answer them.

May not choose the announcements: who asks, names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench import labelled
from feed.extract import money
from feed.extract.cues import cues
from feed.extract.drafts import Draft, signs
from feed.extract.facts import Facts
from feed.extract.lines import page
from feed.extract.publishers import completed
from feed.extract.subjects import candidates


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it was put once: its features, and the right answer (1 or 0)."""

    features: frozenset[str]
    answer: int


QUESTIONS = {"technologies": "technology", "countries": "country", "money": "money"}
"""What is asked of each fact of a field."""
Cases = Sequence[dict[str, Any]]
Examples = dict[str, list[Example]]


def of_kinds(cases: Cases) -> Examples:
    """Whether there is a call, and whether there is an initiative, for each of these announcements."""
    found: Examples = {"call": [], "initiative": []}
    for case in cases:
        publisher = completed(labelled.publisher(case), case.get("url", ""))
        read = page(
            case["title"],
            case.get("text", ""),
            case.get("published"),
            money.dollar_of(publisher.country, case.get("text", "")),
        )
        features = signs(read, cues(read), case.get("url", ""), publisher.country).features
        kinds = {label["kind"] for label in case.get("subject", ())}
        for kind in found:
            found[kind].append(Example(features, int(kind in kinds)))
    return found


def of_facts(cases: Cases) -> Examples:
    """Whether a technology, a country, a sum belongs to a subject, for all that may belong to it.

    The subjects are those that are found with the weights of kinds as they are.
    """
    found: Examples = {question: [] for question in QUESTIONS.values()}
    for case in cases:
        _add_facts(found, case)
    return found


def _add_facts(found: Examples, case: dict[str, Any]) -> None:
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
    put = {id(draft): _put(facts, draft, drafts) for draft in drafts}

    def common(draft: Draft, label: labelled.Label) -> int:
        return sum(
            len(asked.keys() & set(labelled.stated(label, field))) for field, asked in put[id(draft)].items()
        )

    for draft, label in labelled.pairs(drafts, case.get("subject", ()), common):
        for field, asked in put[id(draft)].items():
            if field in label and field not in label.get("unsure", ()):
                right = set(labelled.stated(label, field))
                found[QUESTIONS[field]] += [
                    Example(features, int(key in right)) for key, features in asked.items()
                ]


def _put(facts: Facts, draft: Draft, drafts: Sequence[Draft]) -> dict[str, dict[Any, frozenset[str]]]:
    """What may be a fact of a subject, with the features it would be weighed by, for each field."""
    return {
        "technologies": {slug: item.features for slug, item in facts.topics(draft).items()},
        "countries": {code: item.features for code, item in facts.parties(draft, drafts).items()},
        "money": {
            (item.fact.amount, item.fact.currency): item.features for item in facts.sums(draft, drafts)
        },
    }
