"""What the catalogue wants to know of a new source, guessed from its address, its title and its neighbours.

Pure: no clock, no network, no database. Guesses are shown to the operator, who may know better.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Container, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from feed.extract import bodies
from feed.extract.bodies import Candidate
from feed.extract.words import Phrases, words
from feed.known import Known
from feed.source import Source
from storage.plain import line, shorten
from storage.terms import is_country

NAME_CHARACTERS = 200
ID_CHARACTERS = 64

_COUNTRIES = {
    **{"gov": "US", "mil": "US", "uk": "GB", "scot": "GB", "wales": "GB", "cymru": "GB"},
    **{"un.org": "UN", "canada.ca": "CA", "europa.eu": "EU"},
}
"""Ends of host names that belong to one country, beside the countries' own."""

_SOLD = frozenset("ai cc cd co fm gg im io la ly me sh st tk to tv vc ws".split())  # noqa: SIM905
"""Countries' ends that anybody buys for their sound; below `gov` they are the country's all the same."""

_PUBLIC = frozenset({"gov", "gob", "gouv", "gouvernement", "govt", "go", "gc", "nic", "mil"})
_NO_SITE = _PUBLIC | {"www", "ac", "co", "com", "edu", "europa", "int", "net", "org", "rss", "feeds"}
_NO_WORDS = frozenset(
    {"a", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "s"}
    | {"aspx", "atom", "feed", "feeds", "html", "index", "php", "rdf", "rss", "rss2", "xml", "www"}
)


def completed(
    given: Mapping[str, Any], known: Known, taken: Container[str], *, title: str, author: str = ""
) -> dict[str, Any]:
    """The fields of a source, with guesses for those that have to be there and were not given; there is
    no country among them where nothing tells it. `taken` are ids that it may not get."""
    url = given["url"]
    home = given.get("country") or country(url, known)
    guessed = {
        "id": given.get("id") or key(url, title, taken),
        "name": name(given.get("name") or title, url),
        "body": given.get("body") or body(url, title, author, home, known),
    }
    return {**given, **guessed, **({"country": home} if home else {})}


def country(url: str, known: Known) -> str | None:
    """The publisher's country: from the end of the host's name, else from other sources at this host."""
    labels = _labels(url)
    if len(labels) < 2:
        return None
    top = labels[-1]
    found = _COUNTRIES.get(".".join(labels[-2:])) or _COUNTRIES.get(top)
    if not found and (top not in _SOLD or _PUBLIC.intersection(labels[:-1])) and is_country(top.upper()):
        found = top.upper()
    return found or _common([source.country for source in _neighbours(labels, url, known)])


def body(url: str, title: str, author: str, home: str | None, known: Known) -> str:
    """Who publishes: the first public body that the title names, or the author; else whom the other sources
    at this host have; else the author, else the title, else the host."""
    for text in (title, author):
        found = words(text)
        (hits,) = _bodies().find(found)
        if chosen := bodies.chosen(bodies.named(found, hits), {home or ""}, home):
            return next(iter(chosen))
    others = _common([source.body for source in _neighbours(_labels(url), url, known)])
    return others or name(author or title, url)


def name(title: str, url: str) -> str:
    """What to call the source: the feed's title, cleaned and shortened, else its host."""
    return shorten(line(title), NAME_CHARACTERS) or ".".join(_labels(url)) or "source"


def key(url: str, title: str, taken: Container[str]) -> str:
    """An id that is not taken: the site, and the words of the title, or where it has none, of the path."""
    labels = _labels(url)
    site = _site(labels)
    said = _telling(title) or _telling(unquote(urlsplit(url).path) if labels else "")
    found = [word for word in said if word not in site]
    slug = _cut("-".join((*site, *dict.fromkeys(found))) or "source", ID_CHARACTERS)
    if slug not in taken:
        return slug
    numbered = (f"{_cut(slug, ID_CHARACTERS - 2)}-{number}" for number in range(2, 10))
    marked = f"{_cut(slug, ID_CHARACTERS - 13)}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
    return next((candidate for candidate in numbered if candidate not in taken), marked)


def _labels(url: str) -> list[str]:
    """The labels of the host's name; an address of numbers is one label."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return []
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.split(".") if host else []
    return [host]


def _site(labels: list[str]) -> list[str]:
    """The words that name a site: of www.ukri.org "ukri", of ec.europa.eu "ec", of www.gov.uk "gov uk"."""
    telling = [label for label in labels[:-1] if label not in _NO_SITE] or [
        label for label in labels if label != "www"
    ]
    return [word for label in telling for word in _slug(label)]


def _neighbours(labels: list[str], url: str, known: Known) -> list[Source]:
    """The other sources of the same host; none for a number or a name without a dot, which name nobody."""
    return known.of_host(url) if len(labels) > 1 else []


def _telling(text: str) -> list[str]:
    return [word for word in _slug(text) if word not in _NO_WORDS]


def _slug(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain.replace("'", ""))


def _cut(slug: str, limit: int) -> str:
    return slug if len(slug) <= limit else (slug[:limit].rpartition("-")[0] or slug[:limit])


def _common(values: list[str]) -> str | None:
    return values[0] if len(set(values)) == 1 else None


@cache
def _bodies() -> Phrases[tuple[Candidate, ...]]:
    return Phrases(bodies.phrases())
