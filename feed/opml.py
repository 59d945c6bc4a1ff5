"""Lists of feeds as OPML 2.0 (opml.org/spec2.opml): ours for other programs, and those of other programs.

Pure: no clock, no network, no database. What OPML has no word for stands in attributes of our own
namespace, so that a list of ours reads back as it was. Never writes a password; refuses a document type,
whose entities could mean anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

from feed.source import Source
from storage.plain import line
from storage.terms import country_name

TITLE = "Communiqué: the watched sources"
MEDIA_TYPE = "text/x-opml"
NAMESPACE = "urn:communique:opml"
READ_BYTES = 10_000_000
READ_OUTLINES = 20_000

_STANDARD = {"name": "text", "url": "xmlUrl", "language": "language"}
"""The fields of a feed that OPML has a word for; in others' files in any case of its letters."""


class OpmlError(ValueError):
    """What was given is no OPML; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed in somebody's list. `fields` are those of feed.source, as far as the list has them."""

    fields: dict[str, Any]

    @property
    def name(self) -> str:
        """What the list calls it."""
        return str(self.fields.get("name", ""))

    @property
    def url(self) -> str:
        """Where it says that the feed is."""
        return str(self.fields.get("url", ""))


def render(sources: Iterable[Source], *, title: str, created: datetime) -> bytes:
    """The document, UTF-8: the sources by country, in the order of the catalogue."""
    root = ET.Element("opml", {"version": "2.0", "xmlns:communique": NAMESPACE})
    head = ET.SubElement(root, "head")
    for name, text in (
        ("title", line(title)),
        ("dateCreated", format_datetime(created)),
        ("docs", "http://opml.org/spec2.opml"),
    ):
        ET.SubElement(head, name).text = text
    body = ET.SubElement(root, "body")
    countries: dict[str, ET.Element] = {}
    for source in sources:
        if source.country not in countries:
            name = country_name(source.country)
            countries[source.country] = ET.SubElement(body, "outline", {"text": name, "title": name})
        ET.SubElement(countries[source.country], "outline", _attributes(source))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def read(document: bytes) -> tuple[Outline, ...]:
    """The feeds in the document, however deep they stand.

    Raises OpmlError for what is no OPML, is not well-formed, or holds more than is read.
    """
    if len(document) > READ_BYTES:
        raise OpmlError(f"it is larger than {READ_BYTES // 1_000_000} MB")
    reader = _Reader()
    try:
        reader.parser.Parse(document, True)
    except expat.ExpatError as error:
        raise OpmlError(f"it is not well-formed XML: {line(str(error))}") from error
    except (ValueError, LookupError) as error:
        if isinstance(error, OpmlError):
            raise
        raise OpmlError(f"its encoding cannot be read: {line(str(error))}") from error
    return tuple(reader.found)


def _attributes(source: Source) -> dict[str, str]:
    name = line(source.name)
    place = ("rss", "xmlUrl") if source.kind == "feed" else ("link", "url")  # no feed reader could read it
    given = {"type": place[0], "text": name, "title": name, place[1]: line(source.public_url)}
    for field in fields(source):
        value = getattr(source, field.name)
        if value in (None, ()) or field.name in ("name", "url"):
            continue
        given[_STANDARD.get(field.name, f"communique:{field.name}")] = _written(value)
    return given


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return " ".join(str(item) for item in value)
        case float():
            return f"{value:.0f}" if value.is_integer() else repr(value)
    return line(str(value))


class _Reader:
    """Collects the outlines that are feeds."""

    def __init__(self) -> None:
        self.found: list[Outline] = []
        self._depth = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._open
        self.parser.EndElementHandler = self._close

    def _refuse(self, *declaration: object) -> None:
        raise OpmlError("it declares a document type, which no OPML needs")

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if not self._depth and name != "opml":
            raise OpmlError(f"it is no OPML: it begins with <{line(name)[:80]}>")
        self._depth += 1
        attributes = {key if " " in key else key.lower(): value for key, value in attributes.items()}
        if name == "outline" and _is_source(attributes):
            if len(self.found) == READ_OUTLINES:
                raise OpmlError(f"it holds more than {READ_OUTLINES:,} feeds")
            self.found.append(_outline(attributes))

    def _close(self, name: str) -> None:
        self._depth -= 1


def _is_source(attributes: dict[str, str]) -> bool:
    """Whether it is a feed, or of ours, which is no feed where its kind says so."""
    ours = f"{NAMESPACE} id" in attributes
    return bool(ours or attributes.get("xmlurl") or attributes.get("type", "").lower() == "rss")


def _outline(attributes: dict[str, str]) -> Outline:
    given: dict[str, Any] = {}
    for field in fields(Source):
        standard = _STANDARD.get(field.name, "").lower()
        text = attributes.get(standard or f"{NAMESPACE} {field.name}", "")
        if field.name == "name":
            text = text or attributes.get("title", "")
        if field.name == "url" and f"{NAMESPACE} id" in attributes:
            text = text or attributes.get("url", "")
        if text := line(text):
            given[field.name] = _value(field.name, text)
    return Outline(given)


def _value(name: str, text: str) -> object:
    """The text as what the field holds. What it cannot hold stays as it is, for feed.source to refuse."""
    try:
        match name:
            case "interval_minutes":
                return float(text)
            case "pages":
                return {"true": True, "false": False}.get(text, text)
            case "kinds":
                return text.split()
            case "ports":
                return [int(port) for port in text.split()]
    except ValueError:
        pass
    return text
