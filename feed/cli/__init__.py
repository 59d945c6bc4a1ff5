"""Wiring: the command `communique`, in modules by what the commands are about.

With app and worker the only modules that may import both feed and notifier. Only these print.
"""

from feed.cli import (
    adding,
    carrying,
    correcting,
    exchange,
    following,
    people,
    polling,
    reading,
    record,
    running,
    sources,
)
from feed.cli.shared import main

__all__ = [
    "adding",
    "carrying",
    "correcting",
    "exchange",
    "following",
    "main",
    "people",
    "polling",
    "reading",
    "record",
    "running",
    "sources",
]
