"""A database that is damaged, or busy for long: words that say what to do, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage import sqlite
from storage.database import open_database
from storage.errors import StorageError
from storage.faults import explained
from tests.disks import whole
from tests.installation import Installation, call, rss
from tests.world.government import Government


def not_a_database(file: Path) -> None:
    file.write_bytes(b"This was a database once. " * 1000)


def zeroed_in_the_middle(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    file.write_bytes(data)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 5 * 4096])


@pytest.fixture
def left(here: Installation, government: Government) -> Installation:
    """An installation that nobody works on just now."""
    here.watch("dsit", government.serve("/feed", rss(*(call(number) for number in range(1, 20)))))
    here.poll()
    here.subscribe("anna@example.org")
    here.close()
    return here


@pytest.mark.parametrize("damage", [not_a_database, zeroed_in_the_middle, cut_off])
@pytest.mark.parametrize("arguments", [("verify",), ("poll", "--all"), ("doctor",), ("backup", "copy")])
def test_a_damaged_log_is_one_line_that_names_the_backup(
    left: Installation, damage: Callable[[Path], None], arguments: tuple[str, ...]
) -> None:
    damage(left.folder / "log.db")
    done = left.run(*arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "log.db: is damaged" in done.stderr
    assert "docs/operations.md" in done.stderr
    assert not (left.folder / "copy").exists()


def test_a_damage_that_only_a_whole_look_finds_makes_no_backup(left: Installation) -> None:
    """A backup that is as damaged as what it was made of would push out the good one before it."""
    file = left.folder / "log.db"
    data = bytearray(file.read_bytes())
    with closing(open_database(left.settings.log_url, "log")) as opened, opened.read() as tx:
        row = tx.execute("SELECT rootpage FROM sqlite_master WHERE name = 'texts'").fetchone()
    start = (row["rootpage"] - 1) * 4096
    data[start : start + 4096] = b"\xff" * 4096
    file.write_bytes(data)
    done = left.run("backup", "copy")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "log.db: is damaged" in done.stderr
    assert not (left.folder / "copy").exists()


def test_pages_over_a_damaged_log_say_to_come_back(left: Installation) -> None:
    app = left.app()
    for database in app.extensions["databases"]:
        database.close()
    zeroed_in_the_middle(left.folder / "log.db")
    answer = app.test_client().get("/")
    assert (answer.status_code, "Please try again in a minute." in answer.text) == (503, True)
    assert str(left.folder) not in answer.text


def test_a_database_that_is_busy_for_long_says_so_and_can_be_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path}/people.db"
    with closing(open_database(url, "people")) as one, closing(open_database(url, "people")) as other:
        with one.write(), pytest.raises(StorageError, match="is busy: another program"), other.write():
            pass
        with other.write() as tx:
            tx.execute("INSERT INTO checkpoints (consumer, position) VALUES ('x', 1)")
        with one.read() as tx:
            assert tx.execute("SELECT position FROM checkpoints").fetchone()["position"] == 1


def test_a_restored_file_is_read_again_by_who_met_the_damaged_one(left: Installation) -> None:
    good = (left.folder / "log.db").read_bytes()
    with closing(open_database(left.settings.log_url, "log")) as opened:
        opened.close()
        zeroed_in_the_middle(left.folder / "log.db")
        with pytest.raises(StorageError, match="is damaged"), opened.read() as tx:
            tx.execute("SELECT * FROM events").fetchall()
        (left.folder / "log.db").write_bytes(good)
        with opened.read() as tx:
            assert tx.execute("SELECT COUNT(*) AS n FROM events").fetchone()["n"] > 0
    assert whole(left.folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "the disk is full"),
        ("SQLITE_IOERR_WRITE", "cannot be read or written"),
        ("SQLITE_CORRUPT", "is damaged"),
        ("SQLITE_CORRUPT_VTAB", "is damaged"),
        ("SQLITE_NOTADB", "is damaged"),
        ("SQLITE_BUSY_SNAPSHOT", "is busy"),
        ("SQLITE_READONLY_DBMOVED", "was moved or replaced"),
        ("SQLITE_CONSTRAINT", "the words of SQLite"),
    ],
)
def test_each_error_says_which_file_and_what_to_do(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / "log.db"
    path.touch()
    told = explained(path, name, "the words\nof SQLite")
    assert told.startswith(f"{path}: ") and words in told and "\n" not in told
