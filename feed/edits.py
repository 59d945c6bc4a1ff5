"""What an announcement and its page have edited: each in its own telling.

Read together, the older words of one hide what the other has changed; so each is read by itself, too, as it
was and as it is. What neither has edited has not moved, whatever the two come to together.

Pure: no clock, no network, no database. May not decide what an edit comes to: that is feed.telling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from feed.extract import Found
from feed.linked import Page, together
from feed.telling import FACTS, LISTS, keyed, plain

Read = Callable[[str, str, str, str | None], tuple[Found, ...]]
"""What the rules read: from title, text, address and publication date to the subjects."""

_TOLD = ("title", *FACTS)


@dataclass(frozen=True, slots=True)
class Words:
    """What an announcement says, with what its page says, where that was read."""

    title: str
    text: str
    url: str
    published_at: str | None
    page: Page | None = None

    @property
    def all(self) -> str:
        """All its words."""
        return together(self.text, self.page) if self.page else self.text

    @property
    def date(self) -> str | None:
        """When it was published, as far as either says."""
        return self.published_at or (self.page.published_at if self.page else None)


@dataclass(frozen=True, slots=True)
class Readings:
    """The subjects by id, as they were read before, and as they are read now."""

    before: Mapping[str, Found]
    now: Mapping[str, Found]


def readings(announcement: str, read: Read, before: Words, now: Words) -> Readings:
    """What is read in all the words, with the facts as the announcement's own words, or its page, give them
    that has edited them. Where both have, the page counts: it is the fuller one. A subject that neither gives
    by itself is read in both."""

    def found(words: Words, text: str) -> dict[str, Found]:
        return keyed(announcement, read(words.title, text, words.url, words.date))

    whole = Readings(found(before, before.all), found(now, now.all))
    if before.page is None or now.page is None:
        return whole
    own = Readings(found(before, before.text), found(now, now.text))
    page = Readings(found(before, before.page.text), found(now, now.page.text))
    all_before, all_now = dict(whole.before), dict(whole.now)
    for key in whole.before.keys() & whole.now.keys():
        sides = [_page_side(key, whole, own, page)]
        if key in own.before and key in own.now:
            sides.append((own.before[key], own.now[key]))
        if pairs := [side for side in sides if side]:
            all_before[key], all_now[key] = _edited(whole.before[key], whole.now[key], pairs)
    return Readings(all_before, all_now)


def _page_side(key: str, whole: Readings, own: Readings, page: Readings) -> tuple[Found, Found] | None:
    """The subject as the page told and tells it; None where it tells it no more. Where it takes the
    announcement's words to see what the page is about, what those say themselves is no edit of the page."""
    if key in page.before:
        return (page.before[key], page.now[key]) if key in page.now else None
    before, now = whole.before[key], whole.now[key]
    if key in own.now:
        said = {name: getattr(own.now[key], name) for name in _TOLD}
        same = [name for name in _TOLD if plain(name, said[name]) == plain(name, getattr(now, name))]
        now = _with(now, {name: getattr(before, name) for name in same}, before)
    return before, now


def _edited(before: Found, now: Found, pairs: list[tuple[Found, Found]]) -> tuple[Found, Found]:
    for name in _TOLD:
        was, is_now = next((pair for pair in pairs if _differs(name, *pair)), pairs[-1])
        before = _with(before, {name: getattr(was, name)}, was)
        now = _with(now, {name: getattr(is_now, name)}, is_now)
    return before, now


def _differs(name: str, before: Found, now: Found) -> bool:
    was, stated = getattr(before, name), getattr(now, name)
    if name in LISTS:
        return not set(stated) <= set(was)
    return bool(stated) and plain(name, stated) != plain(name, was)


def _with(facts: Found, changed: Mapping[str, Any], words: Found) -> Found:
    """The facts, some of them as they were read in other words, with their evidence."""
    kept = [item for item in facts.evidence if item.field not in changed]
    taken = [item for item in words.evidence if item.field in changed]
    return replace(facts, **changed, evidence=(*kept, *taken))
