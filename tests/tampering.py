"""What somebody with the file and bad intentions would do to a log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def behind_the_triggers(path: Path, statement: str, *params: Any) -> None:
    """Lift the triggers, change something, put them back."""
    with closing(sqlite3.connect(path)) as stranger, stranger:
        kept = stranger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in kept:
            stranger.execute(f"DROP TRIGGER {name}")
        stranger.execute(statement, params)
        for _, sql in kept:
            stranger.execute(sql)
