"""The log: what goes in stays in, in order, and can be checked."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import encoding, events, log
from storage.database import Database, open_database
from storage.errors import StorageError
from storage.events import AnnouncementPublished, CallAnnounced, Evidence, Money
from storage.verify import verify
from tests.appending import NOW, append, failing
from tests.tampering import behind_the_triggers


def test_positions_follow_each_other_and_versions_count_within_their_stream(log_db: Database) -> None:
    recorded = append(log_db, failing("a"), failing("b"), failing("a"))
    assert [(event.position, event.stream, event.version) for event in recorded] == [
        (1, "source/a", 1),
        (2, "source/b", 1),
        (3, "source/a", 2),
    ]
    assert [event.position for event in append(log_db, failing("b"))] == [4]


def test_what_was_appended_is_read_back_the_same(log_db: Database) -> None:
    recorded = append(log_db, failing(), failing(reason="पता नहीं – ✓"))
    with log_db.read() as tx:
        assert list(log.read(tx)) == recorded
        assert list(log.read(tx, after=1)) == recorded[1:]
        assert log.get(tx, 2) == recorded[1]
        assert log.head(tx) == log.Head(2, recorded[1].chain, "2024-07-24T18:05:12.345678Z")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET data = '{}' WHERE position = 1",
        "UPDATE OR REPLACE events SET position = 2 WHERE position = 1",
        "DELETE FROM events WHERE position = 2",
        "INSERT OR REPLACE INTO events SELECT position, stream, version, 'X', recorded_at, data, digest,"
        " chain FROM events WHERE position = 1",
        "INSERT OR REPLACE INTO events SELECT 3, stream, version, type, recorded_at, data, digest, chain"
        " FROM events WHERE position = 1",
        "REPLACE INTO events SELECT 3, stream, 9, type, recorded_at, data, digest, chain FROM events LIMIT 1",
        "INSERT OR IGNORE INTO events SELECT 7, stream, 3, type, recorded_at, data, digest, chain"
        " FROM events",
        "INSERT INTO events SELECT NULL, stream, 3, type, recorded_at, data, digest, chain"
        " FROM events LIMIT 1",
    ],
)
def test_sqlite_itself_refuses_to_change_what_is_recorded(
    log_db: Database, tmp_path: Path, statement: str
) -> None:
    """Even to a program that is not ours and knows nothing of our rules."""
    recorded = append(log_db, failing(), failing())
    stranger = sqlite3.connect(tmp_path / "log.db")
    with stranger, pytest.raises(sqlite3.DatabaseError, match="append-only"):
        stranger.execute(statement)
    stranger.close()
    with log_db.read() as tx:
        assert list(log.read(tx)) == recorded
    verify(log_db)


def test_a_failed_transaction_leaves_nothing_behind(log_db: Database) -> None:
    append(log_db, failing())
    with pytest.raises(RuntimeError), log_db.write() as tx:
        log.append(tx, [failing(), failing()], NOW)
        raise RuntimeError
    assert verify(log_db).position == 1


def test_a_reader_cannot_write(log_db: Database) -> None:
    with pytest.raises(StorageError, match="readonly"), log_db.read() as tx:
        log.append(tx, [failing()], NOW)


def test_the_chain_can_be_checked_by_hand(log_db: Database) -> None:
    """As docs/log.md tells: seven lines, each ended by a newline, through SHA-256."""
    first, second = append(log_db, failing(), failing("b"))
    lines = [first.chain, "2", "source/b", "1", "SourceFailing", "2024-07-24T18:05:12.345678Z", second.digest]
    assert second.chain == hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    assert second.digest == hashlib.sha256(second.data.encode()).hexdigest()
    assert second.data == '{"reason":"no answer","source":"b"}'


def test_a_line_of_the_log_carries_the_very_bytes_that_were_digested(log_db: Database) -> None:
    (event,) = append(log_db, failing(reason="“quoted”, ünïcode, \\ and /"))
    line = json.loads(event.line())
    assert set(line) == {"position", "stream", "version", "type", "recorded_at", "digest", "chain", "data"}
    assert line["data"] == {"source": "a", "reason": "“quoted”, ünïcode, \\ and /"}
    assert f'"data": {event.data}}}' in event.line()


def test_a_trigger_that_does_not_belong_there_is_found_and_loses_nothing(
    log_db: Database, tmp_path: Path
) -> None:
    append(log_db, failing())
    with sqlite3.connect(tmp_path / "log.db") as stranger:
        stranger.execute("CREATE TRIGGER evil BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END")
    stranger.close()
    with pytest.raises(StorageError, match="did not take an event"):
        append(log_db, failing())
    with pytest.raises(log.Broken, match="the trigger evil does not belong there"):
        verify(log_db)


def test_a_table_that_was_made_anew_is_found(log_db: Database, tmp_path: Path) -> None:
    append(log_db, failing())
    with sqlite3.connect(tmp_path / "log.db") as stranger:
        kept = stranger.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        stranger.execute("PRAGMA legacy_alter_table = ON")
        stranger.execute("CREATE TABLE copy AS SELECT * FROM events")
        stranger.execute("DROP TABLE events")
        stranger.execute("ALTER TABLE copy RENAME TO events")
        for (sql,) in kept:
            stranger.execute(sql)
    stranger.close()
    with pytest.raises(log.Broken, match="the table events is missing or was altered"):
        verify(log_db)


def test_a_row_that_cannot_be_read_is_told_by_its_position(log_db: Database, tmp_path: Path) -> None:
    append(log_db, failing(), failing(), failing())
    behind_the_triggers(
        tmp_path / "log.db", "UPDATE events SET stream = CAST(x'7bff7d' AS TEXT) WHERE position = 3"
    )
    with pytest.raises(log.Broken) as broken:
        verify(log_db)
    assert broken.value.position == 3


def test_writers_from_two_connections_take_turns(log_db: Database, tmp_path: Path) -> None:
    """A reading writer does not fail behind another one, and no position is lost or doubled."""
    other = open_database(f"sqlite:///{tmp_path}/log.db", "log")

    def write(database: Database, source: str) -> None:
        for _ in range(25):
            with database.write() as tx:
                log.head(tx)
                log.append(tx, [failing(source)], NOW)

    threads = [threading.Thread(target=write, args=(db, name)) for db, name in ((log_db, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert verify(log_db).position == 50


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    opened: list[Database] = []
    threads = [
        threading.Thread(
            target=lambda: opened.append(open_database(f"sqlite:///{tmp_path}/new/log.db", "log"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for database in opened:
        database.close()


def test_long_texts_are_kept_once_and_found_by_their_digest(log_db: Database) -> None:
    with log_db.write() as tx:
        key = log.keep_text(tx, "a long text")
        assert log.keep_text(tx, "a long text") == key
    with log_db.read() as tx:
        assert log.text(tx, key) == "a long text"
        assert log.text(tx, "nothing") is None


@pytest.mark.parametrize("url", ["", "log.db", "sqlite:///", "postgresql://x/y", "sqlite:////proc/no/log.db"])
def test_an_address_that_cannot_be_opened_is_a_clear_error(url: str) -> None:
    with pytest.raises(StorageError):
        open_database(url, "log")


texts = st.text(st.characters(codec="utf-8"), max_size=30)
moneys = st.builds(Money, st.just("7000000"), st.just("GBP"), st.sampled_from(events.MONEY_ROLES), texts)
evidences = st.builds(Evidence, texts, texts, texts)


@given(
    st.builds(
        CallAnnounced,
        subject=texts,
        announcement=texts,
        source=texts,
        title=texts,
        url=texts,
        summary=texts,
        technologies=st.lists(texts).map(tuple),
        countries=st.lists(texts).map(tuple),
        bodies=st.lists(texts).map(tuple),
        money=st.lists(moneys).map(tuple),
        opens=st.none() | texts,
        closes=st.none() | texts,
        backfill=st.booleans(),
        evidence=st.lists(evidences).map(tuple),
    )
)
def test_an_event_survives_its_journey_through_json(event: CallAnnounced) -> None:
    data = json.loads(encoding.canonical(encoding.to_data(event)))
    assert encoding.from_data("CallAnnounced", data) == event


def test_fields_of_later_versions_are_left_out_and_unknown_types_refused() -> None:
    data = {"source": "a", "reason": "x", "colour": "red"}
    assert encoding.from_data("SourceFailing", data) == failing(reason="x")
    with pytest.raises(StorageError, match="unknown type 'Nonsense'"):
        encoding.from_data("Nonsense", {})
    with pytest.raises(StorageError, match="incomplete"):
        encoding.from_data("SourceFailing", {})


def test_the_shape_of_a_published_announcement_is_the_contracts() -> None:
    event = AnnouncementPublished(
        source="s",
        announcement="a",
        title="t",
        url="u",
        summary="",
        published_at=None,
        text=None,
        backfill=True,
    )
    expected = {"announcement", "source", "title", "url", "summary", "published_at", "backfill"}
    assert expected <= set(encoding.to_data(event))
    assert event.stream == "source/s"


@pytest.mark.parametrize("schema", ["log", "people"])
def test_a_program_that_looks_and_leaves_does_not_split_the_file(tmp_path: Path, schema: str) -> None:
    """Two connections here, another process that opens and closes: what is written afterwards is there."""
    path = tmp_path / f"{schema}.db"
    database = open_database(f"sqlite:///{path}", schema)
    with database.write() as tx:
        tx.execute("CREATE TABLE seen (number INTEGER)")
    with database.read(), database.read() as other:  # so that this process has a second connection
        other.execute("SELECT * FROM seen").fetchall()
    look = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "print(*c.execute('SELECT * FROM seen')); c.close()"
    )
    subprocess.run([sys.executable, "-c", look, str(path)], check=True)
    with database.write() as tx:
        tx.execute("INSERT INTO seen VALUES (1)")
    told = subprocess.run([sys.executable, "-c", look, str(path)], check=True, capture_output=True, text=True)
    assert told.stdout == "(1,)\n"
    database.close()
