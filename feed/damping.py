"""What is not worth telling of what a source has changed: noise, and what changes at every poll.

Pure: no clock, no network, no database. May not decide what a change means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feed.diff import Change, Renumbered, Revised
from feed.linked import Page
from feed.noise import essence, same
from storage.plain import joined

RESTLESS = 3
"""What changed at more polls in a row than this has a clock in it: its edits are told only where facts
changed."""
MANY, SHARE = 5, 0.8
"""A source that changes so many of its entries, and this share of them, at more than one poll in a row has
the clock in all of them."""


def settled(change: Change, texts: Mapping[str, str], pages: Mapping[str, Page]) -> Change:
    """The change, unless all that differs is noise: then only the entry's looks are to be noted. `texts` are
    the long texts that were shown before, by digest, `pages` what linked pages said, by announcement."""
    if not isinstance(change, Revised):
        return change
    entry, shown = change.entry, change.shown
    text = texts.get(shown["text"]) if shown["text"] else shown["summary"]
    if text is None or essence(shown["title"]) != essence(entry.title):
        return change
    if not same(joined(shown["summary"], text), entry.said):
        return change
    if page_moved(change, pages):
        return change
    return Renumbered(entry, change.announcement, shown)


def page_moved(change: Revised, pages: Mapping[str, Page]) -> bool:
    """Whether the page was read again and says something else, or was never read before."""
    page, before = change.entry.page, pages.get(change.announcement)
    return page is not None and (before is None or not same(before.text, page.text))


def worth_reading(changes: Sequence[Change], texts: Mapping[str, str], seen: int) -> list[Change]:
    """The changes whose pages may have something to tell: not noise, nor what changes at every poll."""
    calm = [settled(change, texts, {}) for change in changes]
    wild = restless(calm, seen)
    return [
        change for change in calm if not isinstance(change, Renumbered) and change.announcement not in wild
    ]


def restless(changes: Sequence[Change], seen: int) -> set[str]:
    """The announcements whose entries change at every poll. `seen` is how many entries the source shows, 0
    where that is not known."""
    revised = [change for change in changes if isinstance(change, Revised)]
    everything = seen > 0 and len(revised) >= max(MANY, SHARE * seen)
    limit = 1 if everything else RESTLESS
    return {change.announcement for change in revised if change.streak > limit}
