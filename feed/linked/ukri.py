"""UKRI's funding finder: the page of an opportunity (HTML).

The heading bears 'Funding opportunity:' before the title. Then stands a list of terms, which differs between
opportunities; what it is about; its sections, folded up; and, where there are some, its updates.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

from feed import moments
from feed.adapters import markup
from feed.linked import Page, fields, told, trees
from feed.question import Question

_TERMS = f".//dl[{trees.having('opportunity__summary')}]"
_UPDATES = f".//ul[{trees.having('opportunity-updates')}]"
_KIND = re.compile(r"^Funding opportunity\b:?\s*", re.IGNORECASE)
_BESIDE = f".//h1 | .//aside | .//form | .//button | .//a[{trees.having('govuk-button')}]"


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The opportunity. Raises SourceError."""
    tree = trees.load(body, content_type)
    part = trees.main(tree)
    terms, title = part.xpath(_TERMS), _KIND.sub("", trees.heading(tree))
    pairs = fields.defined(terms[0]) if terms else []
    if not pairs or not title:
        raise markup.not_there(tree, body, "the summary of the opportunity")
    updates = [trees.text(update) for update in part.xpath(_UPDATES)]
    published = next((value for label, value in pairs if label.casefold() == "publication date"), "")
    trees.drop(part, f"{_BESIDE} | {_TERMS} | {_UPDATES}/preceding-sibling::*[1][self::h2] | {_UPDATES}")
    return told.page(
        title=title,
        pairs=pairs,
        prose=[_KIND.sub("", trees.text(part))],
        notes=updates,
        published=moments.published(published, None),
    )
