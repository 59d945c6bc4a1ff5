"""From news of sources to a letter to the operator, in text and in HTML.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from notifier.message import Letterhead, addressed, written
from storage import source_wording, wording
from storage.clock import from_stamp
from storage.operator import Letter, News

_WHAT = {
    "failing": ("cannot be read", "cannot be read"),
    "ended": ("has ended", "have ended"),
    "held": ("is held for review", "are held for review"),
    "works": ("works again", "work again"),
    "resumed": ("is polled again", "are polled again"),
    "released": ("is released", "are released"),
    "removed": ("is not watched any more", "are not watched any more"),
}
"""What is told, of one source and of several, in the order in which it is told."""

NAMED = 10
"""So many sources are named in a command; more are all of them."""


def notice(letterhead: Letterhead, letter: Letter) -> EmailMessage:
    """The letter as a message. Its date is the letter's: sent again, it is the same."""
    parts = [(what, [item for item in letter.news if item.what == what]) for what in _WHAT]
    parts = [(what, news) for what, news in parts if news]
    title = wording.listing(_title(what, news) for what, news in parts)
    message = addressed(
        letterhead, letter.recipient, letter.id, f"Communiqué: {title}", from_stamp(letter.made_at)
    )
    return written(
        message,
        "notice",
        parts=[_part(what, news) for what, news in parts],
        sources_url=f"{letterhead.base_url}/sources",
        base_url=letterhead.base_url,
    )


def _title(what: str, news: Sequence[News]) -> str:
    one, several = _WHAT[what]
    return f"{news[0].name} {one}" if len(news) == 1 else f"{len(news)} sources {several}"


def _part(what: str, news: Sequence[News]) -> dict[str, Any]:
    """All news of one kind, as the templates show it."""
    return {
        "title": _title(what, news),
        "groups": [
            {"reason": reason, "items": [_item(item) for item in found]}
            for reason, found in source_wording.grouped(news, lambda item: item.reason)
        ],
        "todo": _todo(what, [item.source for item in news]),
    }


def _item(item: News) -> dict[str, str]:
    since = wording.moment(item.since)
    return {
        "name": item.name,
        "id": item.source,
        "url": item.url,
        "since": f"since {since}" if item.begins else f"was in trouble since {since}",
    }


def _todo(what: str, sources: Sequence[str]) -> list[tuple[str, str]]:
    """What there is to do, as (words, command)."""
    if what == "failing":
        named = f" {' '.join(sources)}" if len(sources) <= NAMED else ""
        return [
            (
                "Communiqué goes on trying. To ask once, without recording anything:",
                f"communique sources check{named}",
            )
        ]
    if what == "held":
        words = "Look at what is held; this tells it to the subscribers (with --quietly, to nobody):"
        return [
            (words if number == 0 else "", f"communique sources release {source}")
            for number, source in enumerate(sources)
        ]
    if what == "ended":
        return [("Take it out of the catalogue, or put its new address there.", "")]
    return []
