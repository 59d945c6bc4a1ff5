"""Computes the read model again from the log; readers go on with the old one until the new one is there.

May not know what an event does to it: that is storage.effects.
"""

from __future__ import annotations

from collections.abc import Callable

from storage import effects, log
from storage.database import Database, Tx
from storage.errors import Taken

TABLES = (
    *("model", "announcements", "subjects", "subject_events", "facets", "amounts", "twins"),
    "subjects_search",
)
"""The read model, each table behind those that it refers to."""
_INDEXES = (
    *("announcements_held", "subjects_held", "subject_events_subject", "facets_position", "amounts_subject"),
)
"""Those by which the effects find what an event changes; the others would only be in the way."""
SLICE = 5_000
"""So many events are read between two calls of a progress."""
SLICES = 20
"""So many slices are written in one transaction: with each, all that was touched goes to the disk once."""

Progress = Callable[[int, int], None]
"""Is told how many events of how many are read."""


def is_current(tx: Tx) -> bool:
    """Whether the read model was written by this version of the effects."""
    return _version(tx) == effects.VERSION


def outdate(tx: Tx) -> None:
    """The read model is to be computed again, at the next start at the latest."""
    tx.execute("DELETE FROM model WHERE name = 'version'")


def rebuild(db: Database, progress: Progress = lambda done, total: None, *, thorough: bool = False) -> int:
    """Compute the read model again and swap it in; how many events were read.

    `thorough`: nothing that the old one held alone is left in the file. Others read and write meanwhile;
    while it is swapped in, writers wait. Raises Taken while another process does the same.
    """
    with db.draft(TABLES, _INDEXES, thorough=thorough) as draft:
        with draft.write() as tx:
            _begin(tx)
            total = log.head(tx).position
        done, behind = 0, True
        while behind:
            with draft.write() as tx:
                for _ in range(SLICES):
                    read = _apply(tx, done)
                    behind, done = read == SLICE, done + read
                    progress(done, max(done, total))
                    if not behind:
                        break
        with draft.swap() as tx:
            while read := _apply(tx, done):
                done += read
    return done


def bring_up_to_date(db: Database, progress: Progress = lambda done, total: None) -> bool:
    """Compute the read model again where another version wrote it; whether that was done. Where another
    process is at it, the old one serves until that has finished."""
    with db.read() as tx:
        version = _version(tx)
    if version == effects.VERSION:
        return False
    try:
        rebuild(db, progress, thorough=version is None)  # it may hold what was redacted
    except Taken:
        return False
    return True


def _version(tx: Tx) -> int | None:
    row = tx.execute("SELECT value FROM model WHERE name = 'version'").fetchone()
    return row["value"] if row else None


def _begin(tx: Tx) -> None:
    for name, value in (("version", effects.VERSION), ("initiatives", 0), ("calls", 0)):
        tx.execute("INSERT INTO model (name, value) VALUES (?, ?)", (name, value))


def _apply(tx: Tx, after: int) -> int:
    """Apply the next slice of the log; how many events that were."""
    read = 0
    for event in log.read(tx, after=after, limit=SLICE):
        effects.apply(tx, event)
        read += 1
    return read
