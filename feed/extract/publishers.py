"""Who publishes at an address, where nobody said: a government's host names its state, and often the body.

Pure: no clock, no network, no database; publishers.toml is read once.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

from feed.extract.reading import Publisher


@cache
def _data() -> tuple[dict[str, str], dict[str, str]]:
    """The state and the body of each host that is known."""
    data = tomllib.loads(files("feed.extract").joinpath("publishers.toml").read_text(encoding="utf-8"))
    countries = {host: code for code, hosts in data["countries"].items() for host in hosts}
    return countries, data["bodies"]


def completed(publisher: Publisher, url: str) -> Publisher:
    """The publisher with the state and the body of the address's host, where the operator told none."""
    if publisher.country:
        return publisher
    country, body, host = _at(url)
    return replace(publisher, country=country, body=publisher.body or body, host=host)


@lru_cache(maxsize=1_000)
def _at(url: str) -> tuple[str | None, str | None, str | None]:
    """State, body, and the host as the address has it."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        return None, None, None
    countries, bodies = _data()
    labels = host.casefold().split(".")
    names = [".".join(labels[index:]) for index in range(len(labels))]
    country = next((countries[name] for name in names if name in countries), None)
    if country is None:
        return None, None, None
    start = parts.netloc.casefold().find(host.casefold())
    body = next((bodies[name] for name in names if name in bodies), None)
    return country, body, parts.netloc[start : start + len(host)]
