"""Full disks and read-only folders, as real as the machine allows."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

WRITING = (
    ("poll", "--all"),
    ("rebuild",),
    ("subscribers", "add", "bert@example.org"),
    ("subscribers", "erase", "anna@example.org"),
    ("sources", "import", "--yes", "--country", "GB", "list.opml"),
)
"""Commands that write into the data folder; the last one reads the file that `write_list` makes."""


def write_list(folder: Path) -> None:
    """An OPML file with one feed that is not in the catalogue yet."""
    (folder / "list.opml").write_text(
        '<opml version="2.0"><body><outline type="rss" text="New" xmlUrl="https://new.example/feed"/></body>'
        "</opml>"
    )


def without_room(kilobytes: int = 0) -> tuple[str, ...]:
    """What to put before a command whose writes to files fail behind so many kilobytes of each."""
    return ("bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "-")


@contextmanager
def no_room_for(pid: int) -> Iterator[None]:
    """A process that runs, none of whose writes to files succeed for as long as the block lasts."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it may have ended meanwhile
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def ordinary_user() -> tuple[str, ...]:
    """What to put before a command that is to be stopped by the permissions of files."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root is stopped by no permission, and there is no setpriv to change that")
    allowed = "-dac_override,-dac_read_search,-fowner"
    command = ("setpriv", "--bounding-set", allowed, "--inh-caps", allowed)
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root is stopped by no permission, and may not change that here")
    return command


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nobody may write, as long as the block lasts."""
    kept = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    try:
        for path, mode in kept.items():
            path.chmod(mode & 0o555)
        yield
    finally:
        for path, mode in kept.items():
            if path.exists():
                path.chmod(mode)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own, of this size, at this folder; skips the test where that is not allowed."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that is left on a small disk; the file to remove to give it back."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1024 * 1024
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    return ballast


def whole(folder: Path) -> bool:
    """Whether SQLite finds both databases in order."""
    found = []
    for name in ("log.db", "people.db"):
        with closing(sqlite3.connect(folder / name)) as opened:
            found += [row[0] for row in opened.execute("PRAGMA integrity_check")]
    return found == ["ok", "ok"]
