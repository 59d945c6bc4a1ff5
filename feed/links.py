"""What is a web address, and when two of them are the same page.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|[gw]braid|msclkid|twclid|yclid|igsh(?:id)?|mc_[ce]id|mkt_tok|_hs(?:enc|mi)"
    r"|_ga|_gl|pk_\w+|mtm_\w+",
    re.IGNORECASE,
)
_VISIT = re.compile(
    rf"(?:{_TRACKING.pattern}|(?:j|php)?sess(?:ion)?id|sid(?==(?=.*[a-z])(?=.*\d)))(?:=.*)?", re.IGNORECASE
)
"""A parameter that says nothing of the page. `sid` is one where letters and digits follow: a number may be
that of the page."""
_PIB = re.compile(r"^/PressRelease(?:Iframe|Detail|Se)?(?:Page)?m?\.aspx$", re.IGNORECASE)


_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_KEPT = "/%:@!$&'()*+,;=~?"


def clean(url: str) -> str:
    """The address as a URI may be written (RFC 3986), or '' when it is no web address.

    What may not stand in a URI is percent-encoded, a stray percent sign too.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc):
        return ""
    path, query, fragment = (
        quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", part), safe=_KEPT)
        for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))


def public(url: str) -> str:
    """The address without a user and a password; '' when it cannot be told what they are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def canonical(url: str) -> str | None:
    """The form in which two addresses of one page are the same, or None when it is no web address.

    Scheme, `www.`, default ports, fragments, tracking parameters and a last slash make no difference;
    nor do India's PIB's several pages for one release number (PRID).
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    query = [(name, value) for name, value in query if not _TRACKING.fullmatch(name)]
    path = parts.path
    if _PIB.match(path):
        release = [(name.upper(), value) for name, value in query if name.upper() == "PRID"]
        path, query = ("/PressReleasePage.aspx", release) if release else (path, query)
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    return urlunsplit(("https", netloc, path.rstrip("/") or "/", urlencode(query), ""))


def without_tracking(url: str) -> str:
    """The address as it stands, without the parameters that only say who led there, and on which visit."""
    address, mark, fragment = url.partition("#")
    path, _, query = address.partition("?")
    kept = [pair for pair in re.split("&amp;|&", query) if not _VISIT.fullmatch(pair)]
    return f"{path}{'?' if kept else ''}{'&'.join(kept)}{mark}{fragment}"
