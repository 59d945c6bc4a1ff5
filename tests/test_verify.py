"""Checking the log: what was changed is found and named, and a noted head is proved to be extended."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from storage import log
from storage.database import Database
from storage.events import AnnouncementPublished, EventRedacted
from storage.verify import NotExtended, extends, verify
from tests.appending import NOW, append, failing
from tests.installation import Installation
from tests.tampering import behind_the_triggers


@pytest.mark.parametrize(
    ("tamper", "position"),
    [
        ("UPDATE events SET data = replace(data, 'answer', 'banana') WHERE position = 2", 2),
        ("UPDATE events SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE position = 2", 2),
        ("UPDATE events SET type = 'SourceEnded' WHERE position = 3", 3),
        ("DELETE FROM events WHERE position = 1", 1),
        ("DELETE FROM events WHERE position = 2", 2),
    ],
)
def test_verify_finds_the_first_position_that_was_tampered_with(
    log_db: Database, tmp_path: Path, tamper: str, position: int
) -> None:
    append(log_db, failing(), failing(), failing())
    behind_the_triggers(tmp_path / "log.db", tamper)
    with pytest.raises(log.Broken) as broken:
        verify(log_db)
    assert broken.value.position == position


def test_verify_finds_a_missing_trigger(log_db: Database, tmp_path: Path) -> None:
    append(log_db, failing())
    with sqlite3.connect(tmp_path / "log.db") as stranger:
        stranger.execute("DROP TRIGGER events_no_delete")
    stranger.close()
    with pytest.raises(log.Broken, match="events_no_delete is missing"):
        verify(log_db)


def test_a_trigger_that_lost_its_teeth_is_found(log_db: Database, tmp_path: Path) -> None:
    append(log_db, failing())
    with sqlite3.connect(tmp_path / "log.db") as stranger:
        stranger.execute("DROP TRIGGER events_no_delete")
        stranger.execute("CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT 1; END")
    stranger.close()
    with pytest.raises(log.Broken, match="events_no_delete"):
        verify(log_db)


def published(text: str | None, page: str | None = None) -> AnnouncementPublished:
    return AnnouncementPublished(
        source="a",
        announcement="one",
        title="A call",
        url="https://gov.example/1",
        summary="",
        published_at=None,
        text=text,
        backfill=False,
        page=page,
    )


def with_texts(database: Database) -> str:
    """A log whose second event names a long text; the text's digest."""
    with database.write() as tx:
        key = log.keep_text(tx, "Applications close on 12 March.")
        log.append(tx, [failing(), published(key), published(key)], NOW)
    return key


def test_a_long_text_that_was_changed_is_found_with_the_first_event_that_names_it(
    log_db: Database, tmp_path: Path
) -> None:
    key = with_texts(log_db)
    assert verify(log_db).position == 3
    behind_the_triggers(tmp_path / "log.db", "UPDATE texts SET body = replace(body, '12', '21')")
    with pytest.raises(log.Broken, match=f"position 2: the text {key} was changed"):
        verify(log_db)


def test_a_text_may_be_missing(log_db: Database, tmp_path: Path) -> None:
    with_texts(log_db)
    behind_the_triggers(tmp_path / "log.db", "DELETE FROM texts")
    assert verify(log_db).position == 3


def redact(path: Path, position: int) -> None:
    behind_the_triggers(path, "UPDATE events SET data = 'null' WHERE position = ?", position)


def redaction(of: log.Recorded, **changes: str | int) -> EventRedacted:
    stated = {"position": of.position, "digest": of.digest, **changes}
    return EventRedacted(source="a", reason="by court order", **stated)  # type: ignore[arg-type]


def test_a_redacted_event_is_whole_and_has_an_empty_payload(log_db: Database, tmp_path: Path) -> None:
    recorded = append(log_db, failing(), failing("b"), failing())
    append(log_db, redaction(recorded[1]))
    redact(tmp_path / "log.db", 2)
    assert verify(log_db).position == 4
    with log_db.read() as tx:
        found = log.get(tx, 2)
    assert found is not None and found.payload == {}
    assert found.chain == recorded[1].chain


@pytest.mark.parametrize("changes", [{"position": 1}, {"position": 9}, {"digest": "0" * 64}])
def test_a_payload_may_only_be_gone_where_its_own_redaction_says_so(
    log_db: Database, tmp_path: Path, changes: dict[str, str | int]
) -> None:
    recorded = append(log_db, failing(), failing("b"), failing())
    append(log_db, redaction(recorded[1], **changes))
    redact(tmp_path / "log.db", 2)
    with pytest.raises(log.Broken, match="position 2: its data is gone"):
        verify(log_db)


def test_a_payload_that_is_gone_without_a_word_is_found(log_db: Database, tmp_path: Path) -> None:
    append(log_db, failing(), failing(), failing())
    redact(tmp_path / "log.db", 3)
    redact(tmp_path / "log.db", 2)
    with pytest.raises(log.Broken) as broken:
        verify(log_db)
    assert broken.value.position == 2


def test_a_redaction_in_front_of_an_event_does_not_account_for_it(log_db: Database, tmp_path: Path) -> None:
    """What is said of the future is no redaction: the digest could be anything."""
    (first,) = append(log_db, failing())
    (_, later) = append(log_db, redaction(first, position=3, digest=first.digest), failing())
    assert later.digest == first.digest
    redact(tmp_path / "log.db", 3)
    with pytest.raises(log.Broken, match="position 3"):
        verify(log_db)


def test_the_chain_of_a_redacted_event_is_checked_all_the_same(log_db: Database, tmp_path: Path) -> None:
    recorded = append(log_db, failing(), failing())
    append(log_db, redaction(recorded[1], digest="f" * 64))
    behind_the_triggers(
        tmp_path / "log.db", "UPDATE events SET data = 'null', digest = ? WHERE position = 2", "f" * 64
    )
    with pytest.raises(log.Broken, match="position 2: its chain"):
        verify(log_db)


def test_progress_is_told_of_events_and_texts_and_comes_to_its_end(log_db: Database) -> None:
    with_texts(log_db)
    told: list[tuple[int, int]] = []
    verify(log_db, lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)


def test_a_head_noted_earlier_is_extended(log_db: Database) -> None:
    recorded = append(log_db, failing(), failing(), failing())
    assert extends(log_db, recorded[1].chain, 2) == 2
    assert extends(log_db, recorded[1].chain) == 2
    assert extends(log_db, log.GENESIS, 0) == 0
    assert extends(log_db, log.GENESIS) == 0


@pytest.mark.parametrize(
    ("chain", "position", "words"),
    [
        ("f" * 64, None, "none of its 3 events has the chain ffff"),
        ("f" * 64, 2, "at position 2: its chain there is"),
        ("f" * 64, 0, "at position 0: its chain there is 0000"),
        (log.GENESIS, 1, "at position 1: its chain there is"),
        ("f" * 64, 4, "at position 4: it ends at position 3"),
    ],
)
def test_another_history_is_told_in_a_clear_line(
    log_db: Database, chain: str, position: int | None, words: str
) -> None:
    append(log_db, failing(), failing(), failing())
    with pytest.raises(NotExtended, match=words):
        extends(log_db, chain, position)


def test_the_command_proves_that_the_log_extends_a_head(here: Installation) -> None:
    with here.log_db.write() as tx:
        first, second = log.append(tx, [failing(), failing()], NOW)
    ok = f"ok 2 events, head {second.chain}\n"
    assert here.run("verify").stdout == ok
    for head in (f"1:{first.chain}", first.chain.upper()):
        done = here.run("verify", "--against", head)
        assert (done.returncode, done.stdout) == (0, f"{ok}extends the head noted at position 1\n")
        assert done.stderr == ""
    longer = here.run("verify", "--against", f"3:{first.chain}")
    assert (longer.returncode, longer.stdout) == (1, "")
    assert longer.stderr == (
        "Error: the log does not extend the head noted at position 3: it ends at position 2\n"
    )
    assert here.run("verify", "--against", "yesterday").returncode == 2


def test_a_broken_log_extends_nothing(here: Installation) -> None:
    with here.log_db.write() as tx:
        first, _ = log.append(tx, [failing(), failing()], NOW)
    behind_the_triggers(here.folder / "log.db", "UPDATE events SET type = 'SourceEnded' WHERE position = 2")
    done = here.run("verify", "--against", first.chain)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: the log is broken at position 2: its chain does not follow from the one before\n"
    )


def test_a_bar_is_shown_at_a_terminal_only(here: Installation) -> None:
    with here.log_db.write() as tx:
        log.append(tx, [failing()], NOW)
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).parent / "communique"), "verify"]
    done = subprocess.run(
        command,
        check=True,
        env={**here.environment, "TERM": "xterm"},
        cwd=here.folder,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.stdout.startswith(b"ok 1 events")
    assert "checking" in shown and "100%" in shown
