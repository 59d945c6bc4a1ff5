"""A backup: copies of the databases and of what belongs to them, whole or not at all.

May not change what is copied, nor what stands in the folder already.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.database import Database
from storage.errors import StorageError


def write(folder: Path, databases: Mapping[str, Database], files: Sequence[Path]) -> list[Path]:
    """Copy the databases, under these names, and the files into `folder`, while others go on working; where
    the copies are. The databases are copied in the order given.

    All is written to a folder of its own inside, `unfinished-…`, and comes to its place when it is on the
    disk, the last database last: where that stands, the backup is whole. Raises StorageError, and leaves
    nothing, when it cannot be, or when one of the names is taken.
    """
    names = [*(file.name for file in files), *databases]
    if taken := [name for name in names if (folder / name).exists()]:
        raise StorageError(f"{folder / taken[0]} is there already: choose an empty folder")
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder))
        try:
            _fill(unfinished, databases, files)
            for name in names:
                (unfinished / name).rename(folder / name)
            _to_disk(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
            if is_new and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise StorageError(f"cannot write the backup {folder}: {error.strerror or error}") from error
    return [folder / name for name in names]


def _fill(folder: Path, databases: Mapping[str, Database], files: Sequence[Path]) -> None:
    for name, database in databases.items():
        database.copy(folder / name)
    for file in files:
        shutil.copy2(file, folder / file.name)  # with its mode: some are private
    for copy in folder.iterdir():
        _to_disk(copy)
    _to_disk(folder)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
