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
from feed.links import clean, public
from feed.settings import SettingsError
from feed.zones import zone_of
from storage.terms import is_country

logger = logging.getLogger(__name__)

LEAST_MINUTES = 0.001
BUILT_IN = ""
"""The path that means the catalogue that comes with Communiqué."""

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
REQUIRED = ("id", "name", "url", "country", "body")


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
    def zone(self) -> str | None:
        """The IANA zone in which its publisher means a bare date, None where nobody could tell."""
        return zone_of(self.country)

    @property
    def public_url(self) -> str:
        """The address as it may be shown to anybody."""
        return public(self.url)

    @property
    def row(self) -> tuple[str, str, str]:
        """What storage.cursors.sync needs to know: no password, since log.db may be handed to anybody."""
        return (self.id, self.name, self.public_url)


class Catalogue:
    """The catalogue's files as they stand: read again when one of them has changed.

    A change that cannot be used is told to the operator's log, and the sources stay as they were.
    """

    def __init__(self, *paths: str) -> None:
        """Raises SettingsError when a file cannot be used at all."""
        self._paths = paths
        self._stamp = self._look()
        self._sources = load(*paths)

    def current(self) -> dict[str, Source]:
        """The sources by id; the same object as before when nothing has changed."""
        if (stamp := self._look()) != self._stamp:
            try:
                self._sources = load(*self._paths)
                logger.info("the catalogue has changed: %d sources", len(self._sources))
            except SettingsError as error:
                logger.error("%s; the sources stay as they were", error)
            self._stamp = stamp  # last: another thread that sees it must not find the sources of before
        return self._sources

    def _look(self) -> list[tuple[int, int] | None]:
        return [_stamp(path) for path in self._paths or (BUILT_IN,)]


def load(*paths: str) -> dict[str, Source]:
    """The catalogue by id, from the TOML files at `paths`; BUILT_IN is the built-in one, and the default.

    The first has to be there; those behind it are the operator's additions, which need not be.
    Raises SettingsError, naming the file and the source, for anything that cannot be used.
    """
    sources: dict[str, Source] = {}
    for number, path in enumerate(paths or (BUILT_IN,)):
        try:
            data = _file(path).read_bytes()
        except OSError as error:
            if number and isinstance(error, FileNotFoundError):
                continue
            raise SettingsError(f"cannot read the catalogue {path}: {error.strerror}") from error
        for source in read(data, path):
            if source.id in sources:
                raise SettingsError(
                    f"{path}: the id {source.id!r} is used twice: {shown(paths[0])} has it already"
                )
            sources[source.id] = source
    return sources


def read(data: bytes, path: str = BUILT_IN) -> list[Source]:
    """The sources in one file's text. Raises SettingsError, naming the file and the source."""
    where = path or "sources.toml"
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"the catalogue {where} is no valid TOML: {error}") from error
    tables = document.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError(f"{where}: each source stands under its own [[source]] heading")
    sources: dict[str, Source] = {}
    for number, table in enumerate(tables, 1):
        source = from_table(table, f"{where}, source {number}")
        if source.id in sources:
            raise SettingsError(f"{where}: the id {source.id!r} is used twice")
        sources[source.id] = source
    return list(sources.values())


def shown(path: str) -> str:
    """What people call one of the catalogue's files."""
    return path or "the built-in catalogue"


def _file(path: str) -> Path:
    return Path(path) if path else Path(__file__).parent / "sources.toml"


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = _file(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def from_table(table: dict[str, Any], where: str) -> Source:
    """The source that a [[source]] table describes. Raises SettingsError, which begins with `where`."""
    where = f"{where} ({table['id']})" if isinstance(table.get("id"), str) else where
    for name, value in table.items():
        if name not in _FIELDS:
            raise SettingsError(f"{where}: there is no field {name!r}; the fields are {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]):  # type: ignore[arg-type]
            raise SettingsError(f"{where}: {name} cannot be {value!r}")
    for name in REQUIRED:
        if not str(table.get(name, "")).strip():
            raise SettingsError(f"{where}: {name} is missing")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", table["id"]):
        raise SettingsError(f"{where}: an id has small letters, digits, '.', '-' and '_', at most 64")
    if not clean(public(table["url"])):
        shown = re.sub("//.*@", "//", table["url"])
        raise SettingsError(f"{where}: {shown!r} is no http or https address")
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
