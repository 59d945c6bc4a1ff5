"""Adds sources to the operator's catalogue file.

May not change what stands there, and may not leave half a file: the new one takes the old one's place whole.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from feed import source, table
from feed.known import Known
from feed.settings import SettingsError
from feed.source import Source


def watched(paths: Sequence[str]) -> dict[str, Source]:
    """What stands in the catalogue, also where its file is still to be made. Raises SettingsError."""
    there = [path for path in paths if not path or Path(path).exists()]
    return source.load(*there) if there else {}


def append(paths: Sequence[str], new: Sequence[Source]) -> None:
    """Add the sources to the last of the catalogue's files, which is made when it is not there.

    Raises SettingsError, and writes nothing, when one of them is there already or the file would not be
    a catalogue any more.
    """
    *others, path = paths
    file = Path(path).resolve()  # a link stays one
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file.parent):
            before = _text(file)
            after = table.appended(before or b"", new)
            _check(source.load(*others).values() if others else (), before or b"", after, path, new)
            _replace(file, after, is_new=before is None)
    except OSError as error:
        raise SettingsError(f"cannot write the catalogue {path}: {error.strerror or error}") from error


def _check(others: Iterable[Source], before: bytes, after: bytes, path: str, new: Sequence[Source]) -> None:
    there = source.read(before, path)
    known = Known([*others, *there])
    for item in new:
        if reason := known.clash(item):
            raise SettingsError(reason)
        known.take(item)
    try:
        sound = source.read(after, path) == [*there, *new]
    except SettingsError:  # what stands there is TOML, but nothing can follow it
        sound = False
    if not sound:
        raise SettingsError(f"{path} cannot be added to: its sources have to stand under [[source]] headings")


def _text(file: Path) -> bytes | None:
    try:
        with file.open("r+b") as there:  # which also fails where it may not be written
            return there.read()
    except FileNotFoundError:
        return None


def _replace(file: Path, text: bytes, *, is_new: bool) -> None:
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with made.open("xb") as fresh:
            if not is_new:
                _take_after(fresh.fileno(), file)
            fresh.write(text)
            fresh.flush()
            os.fsync(fresh.fileno())
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_after(descriptor: int, file: Path) -> None:
    """Give the new file the mode and, where we may, the owner of the old one."""
    old = file.stat()
    try:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    except PermissionError:
        pass  # it was somebody else's; it becomes ours
    os.fchmod(descriptor, old.st_mode & 0o7777)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep out others who add at the same time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
