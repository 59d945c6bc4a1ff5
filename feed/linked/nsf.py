"""The United States' National Science Foundation: a program solicitation (HTML).

A long document, whose front tells when proposals are due, as a label on a line of its own and the dates below
it, among the names of directorates and what was revised. What it is about comes behind that: it is put first.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from feed import moments
from feed.adapters import markup
from feed.linked import Page, fields, told, trees
from feed.question import Question

_DUE = re.compile(
    r"((?:Letter of Intent|Preliminary Proposal|Full Proposal|Submission Window)"
    r" (?:Due |Target )?(?:Deadline|Date))(?:\(s\)|s)?(?: \([^)]{1,80}\)){0,2}:?$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\b(?:[A-Z][a-z]{2,8} \d{1,2}, \d{4}|Annually Thereafter|Accepted Anytime)\b", re.IGNORECASE
)
_POSTED = re.compile(r"(?:Date )?Posted:\s*([A-Z][a-z]{2,8} \d{1,2}, \d{4})")
_SYNOPSIS = re.compile(r"Synopsis of Program:?$", re.IGNORECASE)
_NUMBERED = re.compile(r"^NSF\s*\d{2}-\d{1,4}:\s*")
_READ = 400
_DATES = 6


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The solicitation. Raises SourceError."""
    tree = trees.load(body, content_type)
    part = trees.main(tree)
    title = trees.heading(part) or trees.heading(tree)
    trees.drop(part, ".//h1 | .//aside | .//form")
    lines = trees.text(part).splitlines()
    start = next((number for number, line in enumerate(lines) if _SYNOPSIS.match(line)), None)
    if not title or start is None:
        raise markup.not_there(tree, body, "the synopsis of the solicitation")
    posted = next(filter(None, map(_POSTED.match, lines[:_READ])), None)
    return told.page(
        title=_NUMBERED.sub("", title),
        pairs=_due(lines[:_READ]),
        prose=[*lines[start + 1 :], *lines[:start]],
        published=moments.published(posted[1], None) if posted else None,
    )


def _due(lines: Sequence[str]) -> list[fields.Pair]:
    """When what is due: the first time that it is told."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        label = _DUE.match(line)
        days = list(takewhile(_DATED.search, lines[number + 1 : number + 1 + _DATES])) if label else []
        if label and days:
            found.setdefault(label[1], "; ".join(days))
    return list(found.items())
