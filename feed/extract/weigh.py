"""Weighs what the rules found where they do not agree: a sum of weights, one for each feature.

The weights were fitted to the labelled announcements by `make weights` and stand in weights.json. A feature
bears the words for what it is. Pure: no clock, no network, no database; weights.json is read once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import repeat

BIAS = ""
"""The name under which the weight of nothing at all stands."""


@cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(
        files("feed.extract").joinpath("weights.json").read_text(encoding="utf-8")
    )
    return found


def score(question: str, features: Iterable[str]) -> float:
    """The log-odds that the answer is yes: above 0 for a yes. No weights at all give a no."""
    weights = _weights().get(question)
    if weights is None:
        return -1.0
    return weights.get(BIAS, 0.0) + sum(map(weights.get, features, repeat(0.0)))


def weight(question: str, feature: str) -> float:
    """What one feature adds."""
    return _weights().get(question, {}).get(feature, 0.0)


def read_again() -> None:
    """Forget the weights that were read: weights.json was written anew."""
    _weights.cache_clear()
