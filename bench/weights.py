"""Fits the weights of feed.extract.weigh to the labelled announcements: `python -m bench.weights`.

Logistic regression with an L2 penalty, by gradient descent in plain Python: the same data give the same
weights. The announcements that are kept for the figures are not looked at.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.examples import Cases, Example, of_facts, of_kinds
from bench.extraction import develop, exact
from feed.extract import weigh

WEIGHTS = Path(__file__).parent.parent / "feed" / "extract" / "weights.json"
LEAST = 4
"""A feature that fewer examples have is not weighed."""
PENALTIES = {"call": 8.0, "initiative": 8.0}
PENALTY = 2.0
"""How much weights cost: more where there are many words among the features. Chosen by cross-validation."""
ROUNDS = 120
STEP = 0.1
SMALL = 0.02
"""What weighs less is left out."""


def fit(found: Sequence[Example], penalty: float = PENALTY) -> dict[str, float]:
    """The weights that tell the examples apart, by feature; '' is the bias."""
    known = sorted(feature for feature, count in counted(found).items() if count >= LEAST)
    place = {feature: index for index, feature in enumerate(known)}
    # In a fixed order: sums of floats depend on it, and that of a set changes from run to run.
    rows = [(sorted(place[name] for name in one.features & place.keys()), one.answer) for one in found]
    weights, moved = [0.0] * len(known), [1e-9] * len(known)
    bias, bias_moved = 0.0, 1e-9
    for _ in range(ROUNDS):
        slopes, bias_slope = [penalty * weight for weight in weights], 0.0
        for features, answer in rows:
            total = bias + sum(weights[index] for index in features)
            wrong = 1 / (1 + math.exp(-max(-30.0, min(30.0, total)))) - answer
            bias_slope += wrong
            for index in features:
                slopes[index] += wrong
        bias_moved += bias_slope * bias_slope
        bias -= STEP * bias_slope / math.sqrt(bias_moved)
        for index, slope in enumerate(slopes):
            moved[index] += slope * slope
            weights[index] -= STEP * slope / math.sqrt(moved[index])
    found_weights = {name: round(weights[place[name]], 3) for name in known}
    return {"": round(bias, 3)} | {
        name: value for name, value in found_weights.items() if abs(value) >= SMALL
    }


def counted(found: Sequence[Example]) -> Counter[str]:
    """How many examples have each feature."""
    return Counter(feature for one in found for feature in one.features)


def learned_from() -> Cases:
    """All that is there to develop on; what must be read just so counts four times."""
    return [*develop(), *exact() * 3]


def fit_all(cases: Cases) -> dict[str, dict[str, float]]:
    """The weights of every question, from these announcements. Writes them to WEIGHTS, too.

    The kinds come first: of which facts is asked depends on which subjects are found.
    """
    fitted: dict[str, dict[str, float]] = {}
    for put in (of_kinds, of_facts):
        for question, found in sorted(put(cases).items()):
            fitted[question] = fit(found, PENALTIES.get(question, PENALTY))
            print(f"{question}: {len(found)} examples, {len(fitted[question])} weights", file=sys.stderr)
        WEIGHTS.write_text(
            json.dumps(fitted, indent=0, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        weigh.read_again()
    return fitted


if __name__ == "__main__":
    fit_all(learned_from())
