"""Payloads of every version that ever wrote to the log, brought to today's shape when they are read.

Pure: no clock, no network, no database. The stored bytes stay as they are; this is the one place that knows
what earlier versions wrote otherwise, so that no reader has to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from storage.events import TYPES

Payload = dict[str, Any]


def upcast(type_name: str, data: Mapping[str, Any] | None) -> Payload:
    """The payload of an event of this type with all fields that the type has today. What a version did not
    know yet, and what is left out because it is as it nearly always is, gets its default.

    Empty where there is no `data` any more: the event was redacted. A type that is not known stays as it is.
    """
    return {} if data is None else {**_DEFAULTS.get(type_name, _NONE), **data}


_NONE: Payload = {}

_DEFAULTS: dict[str, Payload] = {
    name: {
        field.name: field.default
        for field in dataclasses.fields(cls)
        if field.default is not dataclasses.MISSING
    }
    for name, cls in TYPES.items()
}
"""What the fields are that a payload may lack; the values are shared, so none can be changed."""
