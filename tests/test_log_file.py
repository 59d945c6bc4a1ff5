"""log.db among other SQLite programs: documented, with keys and views, in Datasette, as a compact copy."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage import effects, log, sqlite
from storage.clock import now
from storage.database import Database, open_database
from storage.errors import StorageError
from storage.events import SourceRecovered
from storage.log import GENESIS, Recorded, link
from storage.rebuild import rebuild
from tests.installation import ROOT, Installation, call, rss, visit
from tests.test_golden import HEADS, golden
from tests.world.government import Government

DOCS = (ROOT / "docs" / "log.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### `(\w+)` – ([^\n]*)\n(.*?)(?=^##|\Z)", DOCS, re.DOTALL | re.MULTILINE)
EXAMPLES = re.findall(r"```sql\n(.*?)```", DOCS, re.DOTALL)
LONG = " ".join(f"Team {number} may bring a partner for networks." for number in range(60))


@pytest.fixture
def filled(here: Installation, government: Government) -> Installation:
    """An installation with calls, an initiative, a moved deadline in a long text, and a withdrawal."""
    pact = {
        "title": "UK and Japan launch a partnership on quantum networks",
        "link": "https://gov.example/pact",
        "guid": "pact",
        "description": "The UK and Japan today launched a partnership on quantum networks.",
    }
    first = call(1, description=f"{call(1)['description']} {LONG}")
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.poll()
    government.serve("/feed", rss(pact, call(3), call(2), first, visit(1)))
    here.poll()
    moved = {**first, "description": first["description"].replace("12 March", "30 April")}
    gone = call(2, title=f"Withdrawn: {call(2)['title']}")
    government.serve("/feed", rss(pact, call(3), gone, moved, visit(1)))
    here.poll()
    return here


@contextmanager
def stranger(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that opens the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def rows(path: Path, sql: str) -> list[dict[str, Any]]:
    with stranger(path) as connection:
        return [dict(row) for row in connection.execute(sql)]


def schema(path: Path) -> dict[str, set[str]]:
    """The tables and views with their columns, without what SQLite keeps for itself."""
    with stranger(path) as connection:
        names = [
            row["name"]
            for row in connection.execute("PRAGMA table_list")
            if row["schema"] == "main" and row["type"] != "shadow" and not row["name"].startswith("sqlite_")
        ]
        return {
            name: {row["name"] for row in connection.execute(f"PRAGMA table_info({name})")} for name in names
        }


def documented() -> dict[str, set[str]]:
    """What docs/log.md tells of: the words in code of the first cells of each table."""
    found = {}
    for name, _, text in SECTIONS:
        cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
        found[name] = {column for cell in cells for column in re.findall(r"`(\w+)`", cell)}
    return found


def test_every_table_view_and_column_is_documented(log_db: Database, tmp_path: Path) -> None:
    log_db.migrate()
    assert documented() == schema(tmp_path / "log.db")


def test_the_docs_say_what_is_bookkeeping() -> None:
    assert {name for name, sort, _ in SECTIONS if sort == "bookkeeping"} == set(sqlite.BOOKKEEPING)


@pytest.mark.parametrize("query", EXAMPLES)
def test_the_example_queries_of_the_docs_find_something(filled: Installation, query: str) -> None:
    assert rows(filled.folder / "log.db", query)


def test_there_are_examples_in_the_docs() -> None:
    assert any("MATCH" in query for query in EXAMPLES)


def test_a_call_is_a_readable_row(filled: Installation) -> None:
    path = filled.folder / "log.db"
    first, withdrawn, third = rows(path, "SELECT * FROM calls ORDER BY title")
    (subject,) = [item for item in filled.subjects() if item.title == first["title"]]
    assert first["title"] == "Funding call 1: quantum networks"
    assert first["closes"] == "2027-04-30"
    assert first["closes_at"].startswith("2027-04-30T")
    assert first["money"] == "GBP 1000000 (total)"
    assert first["technologies"] == "quantum"
    assert first["countries"] == "GB"
    assert first["bodies"] == "Department for Science, Innovation and Technology"
    assert first["url"] == "https://gov.example/calls/1"
    assert first["subject"] == subject.id
    assert (first["closed_at"], first["told_by"]) == (None, 1)
    assert withdrawn["closed_at"]
    assert third["closed_at"] is None
    (pact,) = rows(path, "SELECT * FROM initiatives")
    assert pact["countries"] == "GB, JP"


def test_what_is_held_or_taken_back_is_in_no_view(filled: Installation) -> None:
    path = filled.folder / "log.db"
    with filled.log_db.write() as tx:
        tx.execute("UPDATE subjects SET held = 1 WHERE title LIKE '%call 1%'")
        tx.execute("UPDATE subjects SET retracted = announced WHERE title LIKE '%call 3%' OR kind <> 'call'")
        tx.execute("UPDATE announcements SET held = 1")
    assert [row["title"] for row in rows(path, "SELECT title FROM calls")] == [
        "Funding call 2: quantum networks"
    ]
    assert rows(path, "SELECT * FROM initiatives") == []
    assert rows(path, "SELECT * FROM withdrawals") == []


def test_changes_and_withdrawals_are_rows(filled: Installation) -> None:
    path = filled.folder / "log.db"
    (moved,) = rows(path, "SELECT * FROM changes WHERE field = 'closes'")
    assert (moved["before"], moved["after"]) == ("2027-03-12", "2027-04-30")
    assert moved["type"] == "CallChanged"
    assert moved["subject"]
    (text,) = rows(path, "SELECT * FROM changes WHERE field = 'text'")
    assert (text["type"], text["subject"]) == ("AnnouncementRevised", None)
    (gone,) = rows(path, "SELECT * FROM withdrawals")
    assert gone["words"].startswith("Withdrawn: Funding call 2")
    assert gone["source"] == "dsit"


def test_the_keys_hold_and_say_what_refers_to_the_log(filled: Installation) -> None:
    path = filled.folder / "log.db"
    rebuild(filled.log_db)
    with stranger(path) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        keys = {
            (table, row["from"], row["table"])
            for table in ("announcements", "twins")
            for row in connection.execute(f"PRAGMA foreign_key_list({table})")
        }
    assert keys == {
        ("announcements", "position", "events"),
        ("twins", "position", "events"),
        ("twins", "subject", "subjects"),
    }


@pytest.mark.parametrize("name", HEADS)
def test_a_log_that_was_there_before_the_keys_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Rows, indexes and triggers are what they were."""
    whole = sqlite._migrations

    def earlier(schema: str) -> Any:
        migrations = whole(schema)
        migrations._migrations = [step for step in migrations._migrations if step.name < "0012"]
        return migrations

    monkeypatch.setattr(sqlite, "_migrations", earlier)
    path = tmp_path / "log.db"
    before = open_database(f"sqlite:///{path}", "log")
    with before.write() as tx:
        for event in golden(name):
            values = [getattr(event, field) for field in Recorded.__slots__]
            marks = ", ".join("?" * len(values))
            tx.execute(f"INSERT INTO events ({', '.join(Recorded.__slots__)}) VALUES ({marks})", values)
            effects.apply(tx, event)
    before.close()
    kept = {table: rows(path, f"SELECT * FROM {table} ORDER BY id") for table in ("announcements", "twins")}
    named = "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger') ORDER BY name"
    guards = {row["name"] for row in rows(path, named)}
    monkeypatch.undo()

    after = open_database(f"sqlite:///{path}", "log")
    for table, found in kept.items():
        assert rows(path, f"SELECT * FROM {table} ORDER BY id") == found
    assert guards <= {row["name"] for row in rows(path, named)}
    assert after.fallen_guards() == []
    assert rows(path, "PRAGMA foreign_key_check") == []
    after.close()


def test_a_compact_copy_has_the_record_and_no_bookkeeping(filled: Installation) -> None:
    copy = filled.folder / "public.db"
    done = filled.run("export", "--sqlite", str(copy))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"wrote {copy}, ")
    whole = schema(filled.folder / "log.db")
    assert schema(copy) == {name: whole[name] for name in whole.keys() - set(sqlite.BOOKKEEPING)}
    for table in ("events", "texts", "announcements", "subjects", "facets", "calls", "changes"):
        assert rows(copy, f"SELECT * FROM {table}") == rows(
            filled.folder / "log.db", f"SELECT * FROM {table}"
        )
    assert rows(copy, "SELECT * FROM subjects_search WHERE subjects_search MATCH 'quantum'")
    assert [path.name for path in filled.folder.glob("public*")] == ["public.db"], "one file, and no rest"


def test_a_compact_copy_can_be_checked_and_only_grows(filled: Installation) -> None:
    copy = filled.folder / "public.db"
    filled.log_db.compact(copy)
    chain = GENESIS
    for row in rows(copy, "SELECT * FROM events ORDER BY position"):
        chain = link(chain, Recorded(**row))
        assert row["chain"] == chain
    assert chain == filled.events()[-1].chain
    with stranger(copy) as connection, pytest.raises(sqlite3.DatabaseError, match="append-only"):
        connection.execute("DELETE FROM events WHERE position = 1")


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the sqlite3 command is not on this machine")
def test_the_commands_of_the_docs_check_an_event_of_a_compact_copy(filled: Installation) -> None:
    copy = filled.folder / "public.db"
    filled.log_db.compact(copy)
    (script,) = re.findall(r"```sh\n(db=.*?)```", DOCS, re.DOTALL)
    script = script.replace("db=data/log.db", f"db={copy}")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    digest, chain, stated = (line.split()[0] for line in done.stdout.splitlines())
    event = filled.events()[1]
    assert (digest, chain, stated) == (event.digest, event.chain, event.chain)


def test_a_compact_copy_takes_no_ones_place(filled: Installation) -> None:
    copy = filled.folder / "public.db"
    copy.write_text("mine")
    done = filled.run("export", "--sqlite", str(copy))
    assert done.returncode == 1
    assert "is there already" in done.stderr
    assert copy.read_text() == "mine"
    done = filled.run("export", "--sqlite", str(filled.folder / "nowhere" / "public.db"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert filled.run("export").returncode == 2


def test_what_is_private_has_no_copy_for_others(people_db: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is private"):
        people_db.compact(tmp_path / "public.db")
    assert not (tmp_path / "public.db").exists()


@contextmanager
def datasette(path: Path) -> Iterator[str]:
    """The address at which Datasette, a process of its own, shows a file."""
    command = [sys.executable, "-m", "datasette", "serve", str(path), "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        late = threading.Timer(60, process.kill)
        late.start()
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:  # it says on which port it answers, or why it ends
                said.append(line)
                if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", line):
                    yield found[1]
                    return
            pytest.fail(f"Datasette did not start: {''.join(said)}")
        finally:
            late.cancel()
            process.terminate()


def read(address: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=30) as answer:
        return str(answer.read().decode())


def test_datasette_opens_the_log_as_it_is_while_it_is_in_use(filled: Installation) -> None:
    path = filled.folder / "log.db"
    assert rows(path, "PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    with datasette(path) as url:
        assert "CallAnnounced" in read(f"{url}/log/events")
        found = json.loads(read(f"{url}/log/events.json?_shape=array&type=CallAnnounced&_json=data"))
        announced = filled.events("CallAnnounced")
        assert [row["position"] for row in found] == [event.position for event in announced]
        assert found[0]["data"]["countries"] == ["GB"]
        assert "Funding call 1: quantum networks" in read(f"{url}/log/calls")
        assert json.loads(read(f"{url}/log/withdrawals.json?_shape=array"))[0]["source"] == "dsit"
        assert 'href="/log/events/1"' in read(f"{url}/log/announcements"), "keys are links"
        with filled.log_db.write() as tx:  # it goes on meanwhile
            log.append(tx, [SourceRecovered(source="dsit")], now())
        newest = json.loads(read(f"{url}/log/events.json?_shape=array&_sort_desc=position"))[0]
        assert newest["type"] == "SourceRecovered"
