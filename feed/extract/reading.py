"""What reading an announcement takes and gives.

Pure: no clock, no network, no database. Only data, no rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.events import Evidence, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """What the operator's sources.toml says of who publishes.

    `kinds=("call",)` means that every item of the source is a call by nature.
    """

    country: str | None = None
    body: str | None = None
    kinds: tuple[str, ...] = ()
    language: str | None = None
    host: str | None = None
    """The host that told country and body, where the operator did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One initiative or call that an announcement carries, with the words that each fact was read from."""

    kind: str
    title: str
    summary: str
    technologies: tuple[str, ...]
    countries: tuple[str, ...]
    bodies: tuple[str, ...]
    money: tuple[Money, ...]
    opens: str | None
    closes: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an announcement says: its language, and the subjects in it."""

    language: str | None
    subjects: tuple[Found, ...]
