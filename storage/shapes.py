"""What the data of an event has to look like, for events that were recorded elsewhere.

Pure: no clock, no network, no database. What our own events hold is right by their making; what comes in a
line could be anything, and has to be such that the read model and the pages can be made of it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from storage import plain
from storage.clock import to_stamp
from storage.events import TYPES, AnnouncementPublished, CallAnnounced, Evidence, Money, SubjectEvent
from storage.filters import first_moment, last_moment

Check = Callable[[Any], bool]


def complaint(type_name: str, stream: str, data: dict[str, Any]) -> str | None:
    """What is wrong with the data of an event of this type and stream, in words; None when nothing is.

    An unknown type, and fields that this version does not know, may be anything: they have no effect here.
    """
    if (cls := TYPES.get(type_name)) is None:
        return None
    for name, field in _FIELDS[cls].items():
        if name not in data:
            if field.default is dataclasses.MISSING:
                return f"{name!r} is missing"
        elif not _check(field)(data[name]):
            return f"{name!r} is not what it can be"
    about = "subject" if issubclass(cls, SubjectEvent) else "source"
    if stream != f"{about}/{data[about]}":
        return f"it stands in the stream {stream!r} of another {about}"
    # These become XML, where a control character may not stand.
    if about == "subject" and not _is_clean({name: data.get(name) for name in _FIELDS[cls]}):
        return "a control character stands in it"
    return None


def _check(field: dataclasses.Field[Any]) -> Check:
    """What a value of this field has to pass: by its name, else by its type as the class states it."""
    return _NAMED.get(field.name) or _TYPED[str(field.type)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _all(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_address(value: Any) -> bool:
    """An address may lead to the web, or be left out; `javascript:` is neither."""
    return isinstance(value, str) and (not value or re.match(r"https?://", value) is not None)


def _is_moment(value: Any) -> bool:
    try:
        to_stamp(first_moment(value, "Pacific/Kiritimati"))  # wherever a bare date is meant
        to_stamp(last_moment(value, "Etc/GMT+12"))
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _is_money(value: Any) -> bool:
    return (
        _has_texts(Money, value)
        and re.fullmatch(r"[0-9]{1,40}(\.[0-9]{1,40})?", value["amount"]) is not None
        and re.fullmatch("[A-Z]{3}", value["currency"]) is not None
    )


def _is_evidence(value: Any) -> bool:
    return _has_texts(Evidence, value)


def _has_texts(cls: type[Any], value: Any) -> bool:
    return (
        isinstance(value, dict) and value.keys() == _FIELDS[cls].keys() and _all(_is_text)([*value.values()])
    )


def _is_change(value: Any) -> bool:
    """`changed`: fields with their `from` and `to`. Of those that this version knows `to` has to be what the
    field can be, and `from` that or nothing."""
    return isinstance(value, dict) and all(_is_side(name, sides) for name, sides in value.items())


def _is_side(name: str, sides: Any) -> bool:
    if not isinstance(sides, dict) or not {"from", "to"} <= set(sides):
        return False
    check = _check(_CHANGING[name]) if name in _CHANGING else _is_plain
    return check(sides["to"]) and _or_none(check)(sides["from"])


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float) or _all(_is_text)(value)


def _is_clean(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_clean, value.values()))
    if isinstance(value, list):
        return all(map(_is_clean, value))
    return not isinstance(value, str) or plain.is_clean(value)


_FIELDS: dict[type[Any], dict[str, dataclasses.Field[Any]]] = {
    cls: {field.name: field for field in dataclasses.fields(cls)}
    for cls in (*TYPES.values(), Money, Evidence)
}
_CHANGING = _FIELDS[AnnouncementPublished] | _FIELDS[CallAnnounced]
_ID = r"[0-9A-Za-z._:-]{1,100}"
_NAMED: dict[str, Check] = {
    # Ids stand in commands that pages show for copying.
    "source": _matches(_ID),
    "announcement": _matches(_ID),
    "subject": _matches(_ID),
    "twin": _matches(_ID),
    "url": _is_address,
    "opens": _or_none(_is_moment),
    "closes": _or_none(_is_moment),
}
_TYPED: dict[str, Check] = {
    "str": _is_text,
    "str | None": _or_none(_is_text),
    "bool": lambda value: isinstance(value, bool),
    "int": _is_count,
    "tuple[str, ...]": _all(_is_text),
    "tuple[Money, ...]": _all(_is_money),
    "tuple[Evidence, ...]": _all(_is_evidence),
    "dict[str, dict[str, Any]]": _is_change,
}
