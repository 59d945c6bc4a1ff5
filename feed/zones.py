"""The time zone in which a publisher means a date without a time.

Pure but for reading its packaged data file, once and when first asked. May not read a text: a zone that is
stated beside a time is the work of feed.extract.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from babel.core import get_global


def zone_of(country: str) -> str | None:
    """The IANA zone of a country (ISO 3166-1 alpha-2, or EU, UN); None where nobody could tell."""
    if country in _several():
        return _several()[country]
    # CLDR: the zones that lie in each territory.
    zones: list[str] = get_global("territory_zones").get(country, [])
    return zones[0] if len(zones) == 1 else None


@cache
def _several() -> Mapping[str, str]:
    return tomllib.loads(files("feed").joinpath("zones.toml").read_text(encoding="utf-8"))
