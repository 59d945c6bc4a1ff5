"""The prose of an announcement, behind the list of labels and values that some publishers put at its head.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

_READ = 4_000
_FEWEST = 3
# 'Close Date: ', 'Award Ceiling: ': at most six words, the first and the last of them with a capital.
_LABEL = re.compile(
    r"[A-Z][\w&/()'’.-]{1,24}(?: (?:[A-Z#&(][\w&/()'’.-]{0,24}|of|for|and|the|to|in|or)){0,6}:(?=\s|$)"
)
_TELLS = re.compile(
    r"(?:\b(?:description|synopsis|summary|overview|abstract|purpose|background|details|objectives?|scope)\s*:)$",
    re.IGNORECASE,
)
# A value that ends before the prose does begin: a date, a sum, a number, a single word.
_VALUE = re.compile(
    r"\s*(?:(?:[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4}|[£€$₹]?\s?\d[\d,./:-]*)"
    r"(?: ?(?:[ap]\.?m\.?|million|billion|[A-Z]{2,4}\b))*|yes|no|none|n/a|open|closed|grant)(?=\s|$)",
    re.IGNORECASE,
)
_FARTHEST = 220


def prose(text: str) -> str:
    """The text without the labels at its head, or all of it when it has none, or nothing else."""
    head = text[:_READ]
    labels = list(_LABEL.finditer(head))
    if len(labels) < _FEWEST or head[: labels[0].start()].strip(" \n\t-•*|"):
        return text
    last = labels[0]
    for label in labels[1:]:
        if label.start() - last.end() > _FARTHEST or _TELLS.search(last[0]):
            break
        last = label
    rest = text[_value_end(head, last) :].lstrip(" \n\t-–•*|")
    return rest if len(rest.split()) >= _FEWEST else text


def _value_end(head: str, label: re.Match[str]) -> int:
    """Where the prose begins: behind the label that tells it, or behind the last label's value."""
    if _TELLS.search(label[0]):
        return label.end()
    line_end = head.find("\n", label.end() + 1)
    if 0 <= line_end - label.end() <= _FARTHEST:
        return line_end
    value = _VALUE.match(head, label.end())
    return value.end() if value else label.start()
