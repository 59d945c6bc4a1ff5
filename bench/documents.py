"""The feeds of the benchmark as documents: even numbers are Atom, odd ones RSS, 20 entries each.

Sizes are those that official feeds have: about 11 KB of Atom with summaries, about 62 KB of RSS with whole
texts as escaped HTML. Also the broken and the huge ones of rough weather.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from html import escape

from bench.conditions import ENTRIES
from bench.prose import Item, compose

HUGE = 5_000
SUMMARY, TEXT, HUGE_TEXT = 190, 2_220, 1_250
"""Characters of an entry's text in Atom, in RSS, and in the huge feeds."""


def feed(number: int, new: int = 0) -> bytes:
    """The document of a feed, after so many new entries have pushed as many out at its end."""
    places = range(new + ENTRIES - 1, new - 1, -1)
    if number % 2:
        return _rss(number, [compose(number, place, TEXT) for place in places])
    return _atom(number, [compose(number, place, SUMMARY) for place in places])


def huge(number: int) -> bytes:
    """An archive that somebody forgot to cut: about 10 MB of RSS."""
    return _rss(number, [compose(number, place, HUGE_TEXT) for place in range(HUGE - 1, -1, -1)])


def malformed(number: int, fault: int) -> bytes:
    """The document of a feed with one of the faults that feeds really have."""
    whole = feed(number)
    middle = whole.index(b"<title>", len(whole) // 2) + len(b"<title>")
    before, after = whole[:middle], whole[middle:]
    faults = (
        before,  # broken off
        before + b"Roads & bridges: " + after,  # an ampersand that was not escaped
        before + b"Roads&nbsp;and bridges: " + after,  # an entity of HTML
        before + b"Roads\x0b and bridges: " + after,  # a control character
        before + b"Roads <b>and bridges: " + after,  # a tag that nobody closes
    )
    return faults[fault % len(faults)]


def _atom(number: int, items: Sequence[Item]) -> bytes:
    site = f"https://news{number}.gov.example"
    entries = "".join(
        f"<entry><id>{site}/news/{item.key}</id><updated>{item.published.isoformat()}</updated>"
        f'<link rel="alternate" type="text/html" href="{site}/news/{item.key}"/>'
        f"<title>{escape(item.title)}</title><summary>{escape(' '.join(item.sentences))}</summary></entry>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f"<id>{site}/news.atom</id><title>Office {number}: news</title>"
        f'<link rel="self" type="application/atom+xml" href="{site}/news.atom"/>'
        f"<author><name>Office {number}</name></author><updated>{items[0].published.isoformat()}</updated>\n"
        f"{entries}</feed>\n"
    ).encode()


def _rss(number: int, items: Sequence[Item]) -> bytes:
    site = f"https://news{number}.gov.example"
    written = "".join(
        f"<item><title>{escape(item.title)}</title><link>{site}/news/{item.key}</link>"
        f'<guid isPermaLink="false">{item.key} at {site}</guid>'
        f"<pubDate>{format_datetime(item.published)}</pubDate><category>News</category>"
        f"<description>{escape(_html(item, site))}</description></item>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>Office {number}: news</title><link>{site}/</link><description>What is new</description>"
        f"<language>en</language><lastBuildDate>{format_datetime(items[0].published)}</lastBuildDate>\n"
        f"{written}</channel></rss>\n"
    ).encode()


def _html(item: Item, site: str) -> str:
    """Paragraphs of two sentences, a list, and a link: what a press office's CMS makes of a text."""
    told, listed = item.sentences[:-3], item.sentences[-3:]
    paragraphs = [escape(" ".join(told[start : start + 2])) for start in range(0, len(told), 2)]
    first, *others = paragraphs or [""]
    return (
        f'<p class="lead"><strong>{first}</strong></p>\n'
        + "".join(f"<p>{paragraph}</p>\n" for paragraph in others)
        + "<ul>"
        + "".join(f"<li>{escape(sentence)}</li>" for sentence in listed)
        + f'</ul>\n<p><a href="{site}/news/{item.key}#notes">Notes to editors</a>&nbsp;&ndash; press</p>'
    )
