"""The read model is what the log says, whenever it is computed; nobody has to wait for it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import effects, filters, listings, log, redaction
from storage.database import Database, Tx, open_database
from storage.errors import StorageError, Taken
from storage.events import Event, SourceFailing
from storage.rebuild import TABLES, bring_up_to_date, is_current, outdate, rebuild
from tests.histories import histories
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def record(database: Database, events: Sequence[Event]) -> None:
    for number, event in enumerate(events):
        with database.write() as tx:
            for recorded in log.append(tx, [event], NOW + timedelta(hours=number)):
                effects.apply(tx, recorded)


def model(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the read model, and what is found by its full-text search."""
    with database.read() as tx:
        rows = {name: sorted(map(repr, map(tuple, tx.execute(f"SELECT * FROM {name}")))) for name in TABLES}
        found = tx.execute("SELECT rowid FROM subjects_search WHERE subjects_search MATCH 'quantum'")
        return rows | {"found": sorted(row["rowid"] for row in found)}


@contextmanager
def fresh() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/log.db", "log")
        yield database
        database.close()


@settings(max_examples=60, deadline=None)
@given(histories())
def test_the_read_model_computed_anew_is_the_live_one(events: list[Event]) -> None:
    with fresh() as database:
        record(database, events)
        live = model(database)
        assert rebuild(database) == len(events)
        assert model(database) == live


@settings(max_examples=25, deadline=None)
@given(histories(most=12), st.data())
def test_what_was_taken_out_is_as_if_it_had_not_been_told(events: list[Event], data: st.DataObject) -> None:
    """And further events go on from there alike, in the log that was redacted and in its rebuilt model."""
    position = data.draw(st.integers(1, len(events)))
    with fresh() as database:
        record(database, events)
        redaction.redact(database, position, "a court said so", NOW)
        rebuild(database)
        once = model(database)
        rebuild(database)
        assert model(database) == once
        assert not any(f"'position', {position}" in row for row in once["announcements"])


@settings(max_examples=40, deadline=None)
@given(histories())
def test_the_counts_are_those_of_what_is_shown(events: list[Event]) -> None:
    with fresh() as database:
        record(database, events)
        with database.read() as tx:
            shown = "SELECT COUNT(*) AS n FROM subjects WHERE kind = ? AND NOT held AND retracted IS NULL"
            counted = {f"{kind}s": tx.execute(shown, (kind,)).fetchone()["n"] for kind in filters.KINDS}
            counted["announcements"] = tx.execute("SELECT COUNT(*) AS n FROM announcements").fetchone()["n"]
            assert listings.counts(tx) == counted


def test_readers_keep_the_old_model_until_the_new_one_is_there(log_db: Database, tmp_path: Path) -> None:
    here = Installation(tmp_path)
    _announce(here, 3)
    with log_db.write() as tx:
        tx.execute("DELETE FROM facets")
        tx.execute("UPDATE subjects SET title = 'as it was before'")
    seen: list[set[str]] = []

    def look(done: int, total: int) -> None:
        with log_db.read() as tx:
            seen.append({row["title"] for row in tx.execute("SELECT title FROM subjects")})

    rebuild(log_db, look)
    assert seen and all(titles == {"as it was before"} for titles in seen)
    with log_db.read() as tx:
        assert len(listings.entries(tx, filters.parse([("kind", "call")]), NOW)) == 3
    here.close()


def test_a_reader_in_the_middle_of_a_page_is_not_disturbed(here: Installation) -> None:
    _announce(here, 3)
    with here.log_db.read() as tx:
        before = _titles(tx)
        rebuild(here.log_db)
        assert _titles(tx) == before


def test_what_is_recorded_meanwhile_is_in_the_new_model(here: Installation, tmp_path: Path) -> None:
    _announce(here, 1)
    other = open_database(f"sqlite:///{tmp_path}/log.db", "log")
    late = [False]

    def write(done: int, total: int) -> None:
        if not late[0]:
            late[0] = True
            record(other, [_published("late")])

    rebuild(here.log_db, write)
    other.close()
    with here.log_db.read() as tx:
        assert tx.execute("SELECT COUNT(*) AS n FROM announcements WHERE id = 'late'").fetchone()["n"] == 1
        assert listings.counts(tx)["announcements"] == 3


def test_a_model_of_another_version_is_computed_again_at_the_next_command(here: Installation) -> None:
    _announce(here, 2)
    with here.log_db.write() as tx:
        tx.execute("UPDATE model SET value = value - 1 WHERE name = 'version'")
        tx.execute("DELETE FROM facets")
    assert here.run("poll").returncode == 0
    with here.log_db.read() as tx:
        assert is_current(tx)
        assert len(listings.entries(tx, filters.parse([("kind", "call")]), NOW)) == 2


def test_the_worker_computes_it_again_at_its_start_and_says_how_far_it_is(here: Installation) -> None:
    _announce(here, 2)
    with here.log_db.write() as tx:
        outdate(tx)
        tx.execute("DELETE FROM facets")
    command = [str(Path(sys.executable).parent / "communique"), "work"]
    said = []
    with subprocess.Popen(
        command, env=here.environment, cwd=here.folder, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stderr
        for line in worker.stderr:
            said.append(line)
            if "watching" in line:
                break
        worker.terminate()
        worker.communicate(timeout=60)
    assert "computing the read model again: 5 of 5 events" in said[0]
    with here.log_db.read() as tx:
        assert is_current(tx)
        assert len(listings.entries(tx, filters.parse([("kind", "call")]), NOW)) == 2


def test_a_model_of_this_version_is_left_alone(log_db: Database) -> None:
    with log_db.read() as tx:
        assert is_current(tx), "an empty log needs no computing"
    assert not bring_up_to_date(log_db)
    with log_db.write() as tx:
        outdate(tx)
    assert bring_up_to_date(log_db)


def test_two_do_not_compute_it_at_once_and_the_second_goes_on_with_the_old(
    log_db: Database, tmp_path: Path
) -> None:
    record(log_db, [SourceFailing(source="a", reason="x")])
    other = open_database(f"sqlite:///{tmp_path}/log.db", "log")
    with other.write() as tx:
        outdate(tx)
    with log_db.draft(TABLES):
        with pytest.raises(Taken, match="another process"):
            rebuild(other)
        assert not bring_up_to_date(other)
    assert bring_up_to_date(other)
    other.close()


def test_one_that_broke_off_changes_nothing_and_the_next_one_succeeds(
    here: Installation, tmp_path: Path
) -> None:
    _announce(here, 3)
    before = model(here.log_db)

    def die(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(here.log_db, die)
    (tmp_path / "log.db-draft").write_bytes(b"")  # as a killed process leaves it
    with sqlite3.connect(tmp_path / "log.db-draft") as left:
        left.execute("CREATE TABLE subjects (nonsense)")
    left.close()
    assert model(here.log_db) == before
    rebuild(here.log_db)
    assert model(here.log_db) == before
    assert not (tmp_path / "log.db-draft").exists()


def test_a_draft_that_cannot_be_written_is_a_clear_error(log_db: Database, tmp_path: Path) -> None:
    (tmp_path / "log.db-draft").mkdir()
    with pytest.raises(StorageError, match=r"log\.db-draft"):
        rebuild(log_db)


def _announce(here: Installation, calls: int) -> None:
    with Government(empty=True) as government:
        here.watch("dsit", government.serve("/feed", rss(visit(1))))
        here.poll()
        government.serve("/feed", rss(*(call(number + 2) for number in range(calls)), visit(1)))
        here.poll()


def _published(key: str) -> Event:
    from storage.events import AnnouncementPublished

    return AnnouncementPublished(
        source="s",
        announcement=key,
        title="t",
        url="u",
        summary="",
        published_at=None,
        text=None,
        backfill=False,
    )


def _titles(tx: Tx) -> list[str]:
    return [entry.subject.title for entry in listings.entries(tx, filters.EVERYTHING, NOW)]
