"""Puts the rules together: from one announcement to its subjects.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from dataclasses import replace

from feed.extract import money
from feed.extract.cues import cues
from feed.extract.drafts import Draft, by_nature, drafts, is_no_news, whole
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
    if not is_readable(sample, spoken):
        certain = by_nature(url, publisher) if "call" in publisher.kinds else []
        facts = Facts(
            page(title, text, published, money.dollar_of(publisher.country, f"{title}\n{text}")),
            publisher,
            (),
        )
        return Reading(language=spoken, subjects=tuple(facts.bare(draft) for draft in certain))
    found, facts_of = candidates(title, text, url=url, published=published, publisher=publisher)
    if facts_of is None:
        return Reading(language=spoken, subjects=())
    return Reading(language=spoken, subjects=tuple(facts_of.found(draft, found) for draft in found))


def candidates(
    title: str, text: str, *, url: str, published: str | None, publisher: Publisher
) -> tuple[list[Draft], Facts | None]:
    """The subjects before their facts are read, and what reads them; nothing where there is no subject."""
    publisher = completed(publisher, url)
    certain = by_nature(url, publisher)
    if not certain and is_no_news(title[:2_000].replace("\n", " ")):
        return [], None
    read = page(title, text, published, money.dollar_of(publisher.country, f"{title}\n{text}"))
    noticed = cues(read)
    found = [replace(draft, stretches=whole(read)) for draft in certain] or drafts(
        read, noticed, url, publisher.country
    )
    return found[:_MOST_SUBJECTS], Facts(read, publisher, noticed) if found else None
