"""A source as the [[source]] table of a catalogue file, in TOML 1.0.

Pure: no clock, no network, no database. Writes what feed.source.from_table reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields

from feed.source import REQUIRED, Source

_SHORT = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def written(source: Source) -> str:
    """The table, with the fields that say more than the defaults."""
    lines = ["[[source]]"]
    for field in fields(source):
        value = getattr(source, field.name)
        if field.name in REQUIRED or value != field.default:
            lines.append(f"{field.name} = {_value(value)}")
    return "\n".join(lines) + "\n"


def appended(text: bytes, sources: Sequence[Source]) -> bytes:
    """The text of a catalogue file with these sources behind what stands there, which stays as it is."""
    between = b"" if not text else b"\n" if text.endswith(b"\n") else b"\n\n"
    return text + between + "\n".join(written(source) for source in sources).encode()


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:.0f}" if value.is_integer() else repr(value)
        case str():
            return _string(value)
        case tuple():
            return f"[{', '.join(_value(item) for item in value)}]"
    raise TypeError(f"no field of a source holds {value!r}")


def _string(text: str) -> str:
    """A basic string. What TOML does not take as it is, and what cannot be seen or turns the direction of
    the text around it, is escaped."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04X}"


_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')
