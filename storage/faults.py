"""What a database's errors mean to people: what happened, to which file, what to do.

May not know a driver: an error comes in by the name that SQLite gives it (https://sqlite.org/rescode.html).
"""

from __future__ import annotations

import os
from pathlib import Path

LEAST_BYTES = 256 * 1024
"""A disk with less room than this is full: SQLite needs some for its files beside the database, too."""


def explained(path: Path, name: str, words: str) -> str:
    """One line about the error `name`, which SQLite tells as `words`, of the database at `path`."""
    kind, words = name.removeprefix("SQLITE_").partition("_")[0], " ".join(words.split())
    if kind == "FULL" or (kind in ("IOERR", "CANTOPEN") and _is_full(path)):
        return (
            f"{path}: the disk is full: nothing of this was written. Make room; the worker then goes on by "
            "itself, and a command can be said again"
        )
    if kind == "IOERR":
        return (
            f"{path}: cannot be read or written ({words}, {name}): nothing of this was written. Look whether "
            "the disk is healthy and no limit on the size of files (ulimit -f) is in the way"
        )
    if kind in ("READONLY", "CANTOPEN", "PERM"):
        return _closed(path, name, words)
    if kind in ("CORRUPT", "NOTADB"):
        return (
            f"{path}: is damaged ({words}): stop web and worker and restore a backup, as docs/operations.md "
            "tells"
        )
    if kind in ("BUSY", "LOCKED"):
        return f"{path}: is busy: another program has been writing to it for long; try again when it is done"
    return f"{path}: {words}"


def _closed(path: Path, name: str, words: str) -> str:
    """What keeps us from a file that cannot be written, or not even opened."""
    if name == "SQLITE_READONLY_DBMOVED":
        return f"{path}: was moved or replaced while it was open: stop web and worker, then start them again"
    if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK):
        return f"{path}: {words}"
    if has_log(path) and not os.access(path.parent, os.W_OK):
        return (
            f"{path}: cannot be read here: {path.name}-wal beside it holds what was written last, and the "
            "folder is read-only. Copy both files to a folder that can be written, and read them there"
        )
    return (
        f"{path}: is read-only here: give this user the right to write to the file and to its folder, and "
        "see that the file system is not mounted read-only"
    )


def has_log(path: Path) -> bool:
    """Whether the database's write-ahead log may hold what the file itself does not."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _is_full(path: Path) -> bool:
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < LEAST_BYTES or (found.f_files > 0 and found.f_favail == 0)
