"""What has happened and could not be written down yet, as on a full disk.

Held in memory only, by a process that goes on. May not hold what could be done again instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from storage.database import Database, Tx

Note = Callable[[Tx], object]
"""Writes down one thing, in a transaction of the database that it belongs to."""


class Notes:
    """Notes for one database, in the order in which they were made. Safe to use from several threads."""

    def __init__(self) -> None:
        self._waiting: deque[Note] = deque()

    def keep(self, note: Note) -> None:
        """Write this down with the next `write`."""
        self._waiting.append(note)

    def write(self, database: Database, *more: Note) -> None:
        """Write these down, and all that is kept, in one transaction.

        Raises StorageError when that cannot be; then all of it is kept for the next time.
        """
        self._waiting.extend(more)
        if not self._waiting:
            return
        taken: list[Note] = []
        try:
            with database.write() as tx:
                while self._waiting:
                    taken.append(self._waiting.popleft())
                    taken[-1](tx)
        except BaseException:
            self._waiting.extendleft(reversed(taken))
            raise
