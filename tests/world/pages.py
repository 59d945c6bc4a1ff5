"""The pages that the feeds link to, in the small government's own words, and its front page.

Pure: no clock, no network, no files. Each page has what the real ones have around the text too (a menu, a
footer, further links), since a reader of pages has to see past them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from html import escape

from tests.world.entries import Entry, long_date
from tests.world.feeds import FEEDS, Feed

_IST = timezone(timedelta(hours=5, minutes=30), "IST")
_STYLE = """
body { margin: 0; font: 18px/1.5 system-ui, sans-serif; color: #0b0c0c; background: #fff }
header, footer { padding: .8rem 1.2rem; background: #1d3557; color: #fff } header a, footer a { color: #fff }
footer { background: #eceff3; color: #333; font-size: .85rem } footer a { color: #333 }
nav a { margin-right: 1rem; font-size: .9rem }
main { max-width: 44rem; margin: 0 auto; padding: 1rem 1.2rem 3rem } h1 { line-height: 1.2 }
.lead { font-size: 1.15rem } .meta { color: #555; font-size: .9rem }
.notice { border-left: 6px solid #b00020; background: #fdecee; padding: .6rem 1rem }
dl { display: grid; grid-template-columns: minmax(9rem, 1fr) 2fr; gap: .3rem 1rem }
dt { font-weight: 600 } dd { margin: 0 } li { margin: .3rem 0 } code { font-size: .85rem }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .5rem } }
"""


def page(feed_id: str, entry: Entry) -> bytes:
    """The page of one announcement, as its publisher would lay it out."""
    write = {"ukri-opportunities": _ukri, "pib-delhi": _pib, "grants-gov": _grants_gov}.get(feed_id, _govuk)
    return write(entry).encode()


def front_page(base: str, latest: Mapping[str, Sequence[Entry]]) -> bytes:
    """What this server publishes: its feeds, and the latest of each."""
    parts = ["<h1>A small government</h1><p class=lead>Invented publications in the shapes of real feeds."]
    for feed_id, entries in latest.items():
        feed = FEEDS[feed_id]
        parts.append(f"<h2>{escape(feed.name)}</h2><p class=meta>Feed: ")
        parts.append(f'<a href="{escape(feed.path)}"><code>{escape(base + feed.path)}</code></a><ul>')
        parts += [_item(feed, entry) for entry in entries[:8]]
        parts.append("</ul>")
    return _layout("A small government", "".join(parts), site="All publishers").encode()


def missing_page(gone: bool) -> bytes:
    """What stands where no page is."""
    said = "This page was taken down." if gone else "There is no page at this address."
    return _layout("Page not found", f"<h1>Page not found</h1><p>{said}</p>", site="Publications").encode()


def _item(feed: Feed, entry: Entry) -> str:
    mark = "[Withdrawn] " if entry.withdrawn else ""
    return f'<li><a href="{escape(feed.page_path(entry))}">{mark}{escape(entry.title)}</a></li>'


def _govuk(entry: Entry) -> str:
    notice = ""
    if entry.withdrawn:
        when = long_date(entry.last.date())
        notice = (
            f'<section class="notice gem-c-notice"><h2>This page was withdrawn on {when}</h2>'
            f"<p>{escape(entry.withdrawn)}</p></section>"
        )
    changed = f"<br>Last updated {long_date(entry.last.date())}" if entry.updated else ""
    text = (
        f'{notice}<p class="meta">{escape(entry.kind)}</p><h1>{escape(entry.title)}</h1>'
        f'<p class="lead gem-c-lead-paragraph">{escape(entry.summary)}</p>'
        f'<p class="meta">From: Department for Science, Innovation and Technology<br>'
        f"Published {long_date(entry.first.date())}{changed}</p>"
        f'<div class="govspeak">{_table(entry)}{_paragraphs(entry)}</div>'
    )
    return _layout(entry.title, text, site="GOV.UK")


def _ukri(entry: Entry) -> str:
    text = (
        f'<p class="meta">Funding opportunity</p><h1 class="entry-title">{escape(entry.title)}</h1>'
        f'<dl class="opportunity__summary">{_rows(entry)}</dl>'
        f'<div class="entry-content"><p class="lead">{escape(entry.summary)}</p>{_paragraphs(entry)}</div>'
    )
    return _layout(entry.title, text, site="UK Research and Innovation")


def _pib(entry: Entry) -> str:
    posted = f"{entry.first.astimezone(_IST):%d %b %Y %I:%M%p} by PIB Delhi"
    label = "प्रविष्टि तिथि" if entry.language == "hi" else "Posted On"
    text = (
        f'<div class="MinistryNameSubhead"><b>{escape(entry.kind)}</b></div>'
        f"<h1>{escape(entry.title)}</h1>"
        f'<div class="ReleaseDateSubHeaddateTime meta">{label}: {posted}</div>'
        f'<div class="innner-page-main-about-us-content-right-part">{_paragraphs(entry)}'
        f"<p>***</p><p>(Release ID: {escape(entry.slug)})</p></div>"
    )
    return _layout(entry.title, text, site="Press Information Bureau", language=entry.language)


def _grants_gov(entry: Entry) -> str:
    text = (
        f'<p class="meta">View grant opportunity</p><h1>{escape(entry.title)}</h1>{_table(entry)}'
        f"<h2>Description</h2><p>{escape(entry.summary)}</p>{_paragraphs(entry)}"
    )
    return _layout(entry.title, text, site="Grants.gov")


def _table(entry: Entry) -> str:
    return f"<dl>{_rows(entry)}</dl>" if entry.details else ""


def _rows(entry: Entry) -> str:
    return "".join(f"<dt>{escape(k)}:</dt><dd>{escape(v)}</dd>" for k, v in entry.details.items())


def _paragraphs(entry: Entry) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in entry.body)


def _layout(title: str, text: str, site: str, language: str = "en") -> str:
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - {escape(site)}</title><style>{_STYLE}</style></head><body>"
        f'<header><strong>{escape(site)}</strong><nav><a href="/">Home</a> <a href="/">News</a> '
        f'<a href="/">Departments</a> <a href="/">Funding</a></nav></header>'
        f'<main id="content">{text}</main>'
        f'<footer><p>Related: <a href="/">Apply for funding</a> · <a href="/">Past events</a> · '
        f'<a href="/">Cookies</a></p><p>Part of a local demonstration: nothing here is a real '
        f"publication.</p></footer></body></html>"
    )
