"""The watched sources: what sources.toml says, checked line by line.

May not know how a source is doing: that is storage.cursors.
"""

from __future__ import annotations

import logging
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feed.adapters import KINDS
from feed.extract import Publisher
from feed.links import clean
from feed.settings import SettingsError
from storage.terms import is_country

logger = logging.getLogger(__name__)

LEAST_MINUTES = 0.001

_FIELDS = {
    "id": str,
    "name": str,
    "url": str,
    "country": str,
    "body": str,
    "interval_minutes": (int, float),
    "pages": bool,
    "kinds": list,
    "language": str,
    "kind": str,
    "ports": list,
}
_REQUIRED = ("id", "name", "url", "country", "body")


@dataclass(frozen=True, slots=True)
class Source:
    """A feed we watch. `country` is the publisher's, ISO 3166-1 alpha-2; `kinds` is what the feed carries
    by nature; `pages` whether linked pages are worth reading (None: the source does not say); `kind` how it
    is read (feed.adapters); `ports` where it may lead beside 80, 443 and its own port. Where
    `interval_minutes` is None, the source's own rhythm counts."""

    id: str
    name: str
    url: str
    country: str
    body: str
    interval_minutes: float | None = None
    pages: bool | None = None
    kinds: tuple[str, ...] = ()
    language: str | None = None
    kind: str = "feed"
    ports: tuple[int, ...] = ()

    @property
    def publisher(self) -> Publisher:
        """What extraction may take for granted about everything in this feed."""
        return Publisher(country=self.country, body=self.body, kinds=self.kinds, language=self.language)

    @property
    def row(self) -> tuple[str, str, str]:
        """What storage.cursors.sync needs to know."""
        return (self.id, self.name, self.url)


class Catalogue:
    """The catalogue file as it stands: read again when it has changed.

    A change that cannot be used is told to the operator's log, and the sources stay as they were.
    """

    def __init__(self, path: str = "") -> None:
        """Raises SettingsError when the file cannot be used at all."""
        self._path = path
        self._stamp = self._look()
        self._sources = load(path)

    def current(self) -> dict[str, Source]:
        """The sources by id; the same object as before when nothing has changed."""
        if (stamp := self._look()) != self._stamp:
            try:
                self._sources = load(self._path)
                logger.info("the catalogue has changed: %d sources", len(self._sources))
            except SettingsError as error:
                logger.error("%s; the sources stay as they were", error)
            self._stamp = stamp  # last: another thread that sees it must not find the sources of before
        return self._sources

    def _look(self) -> tuple[int, int] | None:
        try:
            found = _file(self._path).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def load(path: str = "") -> dict[str, Source]:
    """The catalogue by id: the TOML file at `path`, or the built-in one when it is empty.

    Raises SettingsError, naming the file and the source, for anything that cannot be used.
    """
    try:
        document = tomllib.loads(_file(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the catalogue {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the catalogue {path or 'sources.toml'} is no valid TOML: {error}") from error
    sources: dict[str, Source] = {}
    tables = document.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError(f"{path or 'sources.toml'}: each source stands under its own [[source]] heading")
    for number, table in enumerate(tables, 1):
        source = _source(table, f"{path or 'sources.toml'}, source {number}")
        if source.id in sources:
            raise SettingsError(f"{path or 'sources.toml'}: the id {source.id!r} is used twice")
        sources[source.id] = source
    return sources


def _file(path: str) -> Path:
    return Path(path) if path else Path(__file__).parent / "sources.toml"


def _source(table: dict[str, Any], where: str) -> Source:
    where = f"{where} ({table['id']})" if isinstance(table.get("id"), str) else where
    for name, value in table.items():
        if name not in _FIELDS:
            raise SettingsError(f"{where}: there is no field {name!r}; the fields are {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]):  # type: ignore[arg-type]
            raise SettingsError(f"{where}: {name} cannot be {value!r}")
    for name in _REQUIRED:
        if not str(table.get(name, "")).strip():
            raise SettingsError(f"{where}: {name} is missing")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", table["id"]):
        raise SettingsError(f"{where}: an id has small letters, digits, '.', '-' and '_', at most 64")
    if not clean(table["url"]):
        raise SettingsError(f"{where}: {table['url']!r} is no http or https address")
    if not is_country(table["country"]):
        raise SettingsError(f"{where}: {table['country']!r} is no ISO 3166-1 code such as GB or IN, nor EU")
    minutes = float(table["interval_minutes"]) if "interval_minutes" in table else None
    if minutes is not None and not LEAST_MINUTES <= minutes <= 7 * 24 * 60:
        raise SettingsError(f"{where}: interval_minutes must lie between {LEAST_MINUTES} and a week")
    kinds = tuple(table.get("kinds", ()))
    if any(kind not in ("call", "initiative") for kind in kinds):
        raise SettingsError(f"{where}: kinds can hold 'call' and 'initiative', not {list(kinds)!r}")
    kind = table.get("kind", "feed")
    if kind not in KINDS:
        raise SettingsError(f"{where}: there is no kind {kind!r}; the kinds are {', '.join(KINDS)}")
    ports = tuple(table.get("ports", ()))
    if any(not isinstance(port, int) or not 0 < port < 65536 for port in ports):
        raise SettingsError(f"{where}: ports are numbers from 1 to 65535, not {list(ports)!r}")
    return Source(**{**table, "kinds": kinds, "interval_minutes": minutes, "ports": ports})
