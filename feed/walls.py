"""Pages that stand where a feed should be: bot walls and maintenance, told by their marks.

Pure: no clock, no network, no database. May not help to get around a wall: it names it, for the operator.
"""

from __future__ import annotations

import re
from html import unescape

from feed.errors import BotWall, NotAFeed, UnderMaintenance
from feed.text import plain
from storage.plain import line, shorten

LOOKED_AT_BYTES = 50_000

_WALLS = {
    "Cloudflare": r"cdn-cgi/challenge|cf[-_]chl|cf-error|<title>\s*(?:just a moment|attention required)",
    "Akamai": r"errors\.edgesuite\.net|permission to access .{0,2000}?reference #[0-9a-f]+\.[0-9a-f]",
    "F5": r"<title>\s*request rejected|the requested url was rejected\. please consult",
    "Imperva": r"_incapsula_resource|incapsula incident id",
    "AWS WAF": r"awswafintegration|awswaf\.com|aws-waf-token",
    "Sucuri": r"sucuri website firewall|sucuri_cloudproxy",
    "DataDome": r"captcha-delivery\.com|geo\.datadome",
    "HUMAN": r"px-captcha|perimeterx",
    "Anubis": r"<title>\s*making sure you.re not a bot",
    "": r"verify (?:that )?you are (?:a )?human|are you a robot\?|enable javascript and cookies to continue",
}
"""The marks of each maker's wall, and of one whose maker is not known."""

_MAINTENANCE = (
    r"<(?:title|h1|h2)[^>]{0,200}>[^<]{0,80}(?:maintenance|temporarily (?:unavailable|down|offline)|"
    r"be back (?:soon|shortly)|service (?:is )?(?:currently )?unavailable)"
)


def what_stands_there(page: bytes) -> NotAFeed | None:
    """The error that an HTML page in the place of a feed amounts to; None when it is no HTML page.

    Its message names the wall's maker, where the page gives it away, and the page's title.
    """
    text = unescape(page[:LOOKED_AT_BYTES].decode("utf-8", "replace"))
    if not re.search(r"<(?:!doctype\s+html|html|head|body|title)\b", text, re.IGNORECASE):
        return None
    title = _title(text)
    for maker, marks in _WALLS.items():
        if re.search(marks, text, re.IGNORECASE | re.DOTALL):
            by = f" ({maker})" if maker else ""
            return BotWall(
                f"a bot wall{by} answers instead of the feed{title}; ask the publisher to let feed readers in"
            )
    if re.search(_MAINTENANCE, text, re.IGNORECASE):
        return UnderMaintenance(f"the site is under maintenance{title}")
    return NotAFeed(f"the answer is an HTML page, not a feed{title}")


def _title(text: str) -> str:
    found = re.search(r"<title[^>]{0,200}>(.{0,500}?)</title>", text, re.IGNORECASE | re.DOTALL)
    title = shorten(line(plain(found[1])), 80) if found else ""
    return f": “{title}”" if title else ""
