"""The shared word lists: technologies, countries and public bodies.

Pure but for reading its two packaged data files, once and when first asked. It knows names, not texts:
finding them in an announcement is the work of feed.extract.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

# Territories of CLDR that are no country: "outlying Oceania", the euro zone, the unknown region,
# pseudo-locales, and islands that have no code of their own in ISO 3166-1.
_NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EZ", "IC", "QO", "TA", "XA", "XB", "XK", "ZZ"})
_MORE = MappingProxyType({"EU": "European Union", "UN": "United Nations"})


@dataclass(frozen=True, slots=True)
class Technology:
    """One entry of the taxonomy.

    `terms` name it; `weak` terms count only where other things speak for them, too; `listed` terms are weak
    but where they stand in one list with another technology; a `near` term counts only beside one of its
    neighbours.
    """

    slug: str
    label: str
    terms: tuple[str, ...]
    weak: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    near: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """A department, funder or agency.

    `shared` aliases mean it only where its country takes part. `topics` are the technologies that it is
    there for, where these are few.
    """

    name: str
    country: str
    aliases: tuple[str, ...]
    shared: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(files("storage").joinpath(name).read_text(encoding="utf-8"))


@cache
def _technology_data() -> dict[str, Any]:
    return _load("technologies.toml")


@cache
def technologies() -> Mapping[str, Technology]:
    """The taxonomy by slug, in the order in which it is shown."""
    found = {
        entry["slug"]: Technology(
            slug=entry["slug"],
            label=entry["label"],
            terms=tuple(entry["terms"]),
            weak=tuple(entry.get("weak", ())),
            listed=tuple(entry.get("listed", ())),
            near={term: tuple(words) for term, words in entry.get("near", {}).items()},
        )
        for entry in _technology_data()["technology"]
    }
    return MappingProxyType(found)


@cache
def ignored_terms() -> tuple[str, ...]:
    """Phrases that hold a technology's word and do not mean it."""
    return tuple(_technology_data().get("ignore", ()))


@cache
def _countries() -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415 - most commands name no country and need not wait for it

    territories = Locale("en").territories
    found = {
        code: str(name)
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }
    return MappingProxyType(found | _MORE)


def is_country(code: str) -> bool:
    """Whether `code` is an ISO 3166-1 alpha-2 code in capitals, or 'EU' or 'UN'."""
    return code in _countries()


def country_name(code: str) -> str:
    """The English name of a country, or the code itself when there is no such country."""
    return _countries().get(code, code)


@cache
def bodies() -> Mapping[str, Body]:
    """The register of public bodies by canonical name."""
    found = {
        entry["name"]: Body(
            name=entry["name"],
            country=entry["country"],
            aliases=tuple(entry.get("aliases", ())),
            shared=tuple(entry.get("with", ())),
            topics=tuple(entry.get("topics", ())),
        )
        for entry in _load("bodies.toml")["body"]
    }
    return MappingProxyType(found)


@cache
def _names() -> Mapping[str, str]:
    """Every name and alias, casefolded. A name wins over an alias, an alias over one that is shared."""
    found: dict[str, str] = {}
    register = bodies().values()
    for body in register:
        found.setdefault(body.name.casefold(), body.name)
    for body in register:
        for alias in body.aliases:
            found.setdefault(alias.casefold(), body.name)
    for body in register:
        for alias in body.shared:
            found.setdefault(alias.casefold(), body.name)
    return MappingProxyType(found)


def body_name(name_or_alias: str) -> str | None:
    """The canonical name of a body, in whatever case it is written, with or without its state in brackets.

    None if the register does not know it.
    """
    known = " ".join(name_or_alias.split()).casefold()
    return _names().get(known) or _names().get(re.sub(r" \([^()]+\)$", "", known))
