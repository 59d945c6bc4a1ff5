"""An event as JSON: one canonical byte form (RFC 8785), and back.

Pure: no clock, no network, no database. May not know what an event means.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import rfc8785

from storage.errors import StorageError
from storage.events import TYPES, Event, Evidence, Money
from storage.upcasters import upcast

_NESTED: dict[str, type[Money] | type[Evidence]] = {"money": Money, "evidence": Evidence}


def canonical(value: Any) -> bytes:
    """The one byte form of a JSON value (RFC 8785, JSON Canonicalization Scheme).

    Raises StorageError for a value that has none (a float that is not finite, an unpaired surrogate).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise StorageError(f"this value cannot be written as canonical JSON: {error}") from error


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def to_data(event: Event) -> dict[str, Any]:
    """The event's `data` object, ready for JSON: tuples become lists, nested facts become objects. What is as
    it nearly always is (`held`: not) is left out."""
    found = {field: getattr(event, field.name) for field in dataclasses.fields(event)}
    return {field.name: _plain(value) for field, value in found.items() if value != field.default}


def from_data(type_name: str, data: dict[str, Any]) -> Event:
    """The event that `data` describes, whatever version wrote it; fields that this version does not know are
    left out.

    Raises StorageError for an unknown type or a missing field.
    """
    try:
        cls = TYPES[type_name]
    except KeyError:
        raise StorageError(f"the log holds an event of the unknown type {type_name!r}") from None
    known = {field.name for field in dataclasses.fields(cls)}
    try:
        now = upcast(type_name, data)
        return cls(**{name: _rich(name, value) for name, value in now.items() if name in known})
    except TypeError as error:
        raise StorageError(f"an event of type {type_name} is incomplete: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return value


def _rich(name: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    nested = _NESTED.get(name)
    return tuple(nested(**item) for item in value) if nested else tuple(value)
