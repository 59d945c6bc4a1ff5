"""India's Press Information Bureau: a press release (HTML).

One release has several addresses; all bear its number, and the one that is asked for has the release itself
and not a frame around it. In the release's part of the page stand the ministry, the title, at times a line
below it, when it was posted (Indian time), and the release, among links to its translations and the like.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from feed.adapters import markup
from feed.linked import Page, dates, told, trees
from feed.question import Question

_PART = f"//*[{trees.having('innner-page-main-about-us-content-right-part')}]"
_MINISTRY = f'.//*[@id="MinistryName" or {trees.having("MinistryNameSubhead")}]'
_POSTED = f'.//*[@id="PrDateTime" or {trees.having("ReleaseDateSubHeaddateTime")}]'
_TITLE = './/*[@id="Titleh2"] | .//h2'
_BESIDE = " | ".join(
    (
        *(
            f'.//*[@id="{name}"]'
            for name in ("ReleaseId", "lblViews", "lblRefPhoto", "RelLink", "lg_g", "reel_pic")
        ),
        *(
            f".//*[{trees.having(name)}]"
            for name in ("ReleaseLang", "RelTag", "BackgroundRelease", "socialShare")
        ),
    )
)
_WHEN = re.compile(
    r"(\d{1,2})\s+([A-Z]{3})[A-Z]*\s+(\d{4})(?:\s+(\d{1,2}):(\d{2})\s*([AP]M))?", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ASKED = {"PRID": "prid", "reg": "reg", "lang": "lang"}
_INDIA = timezone(timedelta(hours=5, minutes=30))


def question(url: str) -> Question:
    """The release itself, whichever of its pages the address is that of."""
    parts = urlsplit(url)
    asked = {name.casefold(): value for name, value in parse_qsl(parts.query)}
    if asked.get("prid", "").isdecimal():
        kept = {name: asked[key] for name, key in _ASKED.items() if key in asked}
        parts = parts._replace(path="/PressReleasePage.aspx", query=urlencode(kept))
    return Question(urlunsplit(parts._replace(fragment="")), accept="text/html")


def read(body: bytes, *, url: str, content_type: str = "") -> Page:
    """The release. Raises SourceError."""
    tree = trees.load(body, content_type)
    part = next(iter(tree.xpath(_PART)), None)
    headings = [] if part is None else [element for element in part.xpath(_TITLE) if trees.said(element)]
    if not headings:
        raise markup.not_there(tree, body, "the release")
    title, ministry, posted = trees.said(headings[0]), _first(part, _MINISTRY), _first(part, _POSTED)
    headings[0].drop_tree()
    trees.drop(part, f"{_MINISTRY} | {_POSTED} | {_BESIDE}")
    return told.page(
        title=title, pairs=[("Ministry", ministry)], prose=[trees.text(part)], published=_moment(posted)
    )


def _first(part: Any, path: str) -> str:
    return next(filter(None, map(trees.said, part.xpath(path)[:5])), "")


def _moment(stated: str) -> str | None:
    """'Posted On: 12 MAR 2026 5:31PM by PIB Delhi', in whatever language the words are."""
    told_of = _WHEN.search(stated)
    if told_of is None or told_of[2].casefold() not in _MONTHS:
        return None
    day, year, month = int(told_of[1]), int(told_of[3]), _MONTHS.index(told_of[2].casefold()) + 1
    try:
        if told_of[4] is None:
            return datetime(year, month, day, tzinfo=_INDIA).date().isoformat()
        hour = int(told_of[4]) % 12 + (12 if told_of[6].casefold() == "pm" else 0)
        return dates.stamp(datetime(year, month, day, hour, int(told_of[5]), tzinfo=_INDIA))
    except ValueError:
        return None
