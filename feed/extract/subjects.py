"""Puts the rules together: from one announcement to its subjects.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from dataclasses import replace

from feed.extract import money
from feed.extract.drafts import by_nature, drafts, is_no_news, whole
from feed.extract.facts import Facts
from feed.extract.language import is_readable, language
from feed.extract.lines import page
from feed.extract.publishers import completed
from feed.extract.reading import Publisher, Reading

_MOST_SUBJECTS = 8
_UNKNOWN = Publisher()


def extract(
    title: str, text: str, *, url: str = "", published: str | None = None, publisher: Publisher = _UNKNOWN
) -> Reading:
    """The initiatives and calls that an announcement carries, each fact with the words it was read from.

    `text` is plain text, a block a line; `published` an ISO 8601 date, or date and time,
    or None. Never raises.
    """
    publisher = completed(publisher, url)
    sample = f"{title}\n{text[:2_000]}"
    spoken = language(sample, publisher.language)
    certain = by_nature(url, publisher)
    readable = is_readable(sample, spoken)
    if not certain and (not readable or is_no_news(title[:2_000].replace("\n", " "))):
        return Reading(language=spoken, subjects=())
    read = page(title, text, published, money.dollar_of(publisher.country))
    if not readable:
        facts = Facts(read, publisher)
        subjects = tuple(facts.bare(draft) for draft in certain if "call" in publisher.kinds)
        return Reading(language=spoken, subjects=subjects)
    found = [replace(draft, stretches=whole(read)) for draft in certain] or drafts(
        read, url, publisher.country
    )
    if not found:
        return Reading(language=spoken, subjects=())
    facts = Facts(read, publisher)
    return Reading(
        language=spoken, subjects=tuple(facts.found(draft, found) for draft in found[:_MOST_SUBJECTS])
    )
