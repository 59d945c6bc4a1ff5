"""Innovate UK's competitions: the list of the Innovation Funding Service (HTML).

Ten on a page, those that open last first; the catalogue's address may bear `keywords`, `innovationAreaId` and
`page` (from 0). A competition is a heading that links to its page, what it is about, who is eligible, and a
list of two dates. Its page's address ends with a key; the number before that names it.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from feed.adapters import entries, markup
from feed.parse import Entry, Feed
from feed.question import Question
from storage.plain import line

_LINK = './/h2//a[contains(@href, "/competition/")]'
_LISTED = f'//ul[contains(concat(" ", normalize-space(@class), " "), " govuk-list ")]/li[{_LINK}]'
_ABOUT = './div[contains(@class, "wysiwyg-styles")]'
_NUMBER = re.compile(r"/competition/(\d{1,12})/")
_COUNT = re.compile(r"([\d,]{1,12}) competitions?")


def question(url: str) -> Question:
    """The page at the address."""
    return Question(url, accept="text/html")


def read(body: bytes, known: frozenset[str], *, url: str, content_type: str = "") -> Feed:
    """The competitions that are open or will be. Raises SourceError."""
    tree = markup.page(body)
    items = tree.xpath(_LISTED)
    if not items and "0" not in _counts(tree):
        raise markup.not_there(tree, body, "the list of competitions")
    return entries.feed("Innovate UK", items, lambda item: _entry(item, url), known)


def _counts(tree: Any) -> list[str]:
    """What the page says of how many there are: '37 competitions'."""
    headings = [line(markup.text(heading)) for heading in tree.xpath("//h2")[:100]]
    return [found[1] for heading in headings if (found := _COUNT.fullmatch(heading))]


def _entry(item: Any, url: str) -> Entry:
    link = item.xpath(_LINK)[0]
    page = urljoin(url, link.get("href"))
    number = _NUMBER.search(page)
    if number is None:
        raise ValueError("a competition without a number")
    opens, closes = _dates(item)
    about, eligible, *_ = [*map(markup.text, item.xpath(_ABOUT)), "", ""]
    told = entries.facts(("Opening Date", opens), ("Closing Date", closes), ("Competition Number", number[1]))
    text = "\n".join(filter(None, (about, eligible and f"Eligibility\n{eligible}")))
    guid = urljoin(url, f"/competition/{number[1]}/overview")
    return entries.entry(guid=guid, url=page, title=markup.text(link), told=told, text=text)


def _dates(item: Any) -> tuple[str, str]:
    """When it opens and closes, in the page's words: some have no deadline. Raises ValueError where the dates
    are not where they were."""
    found = {
        line(markup.text(term)).casefold()[:4]: line(markup.text(value))
        for term in item.xpath(".//dl/dt")
        if (value := term.getnext()) is not None and value.tag == "dd"
    }
    if "open" not in found or "clos" not in found:
        raise ValueError("a competition without dates")
    return found["open"], found["clos"]
