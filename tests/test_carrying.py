"""The log from one installation to another: byte for byte the same, and nothing taken in on faith."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.packing import zstd
from storage import carrying, encoding, lines, log
from storage.carrying import AnotherHistory, Intake, Refused
from storage.database import Database, open_database
from storage.events import TYPES, AnnouncementPublished, EventRedacted, SourceFailing
from storage.log import Recorded
from storage.shapes import complaint
from storage.verify import verify
from tests.installation import Installation, call, rss, visit
from tests.tampering import behind_the_triggers
from tests.world.government import Government

NOW = datetime(2024, 7, 24, 18, 5, 12, 345678, tzinfo=UTC)
LONG = " ".join(["The programme funds research into quantum networks and their industrial use."] * 20)


@pytest.fixture
def filled(here: Installation, government: Government) -> Installation:
    """An installation with an archive, news, a long text that was edited, and a source that fails."""
    here.watch("dsit", government.serve("/feed", rss(call(1))))
    here.watch("down", government.serve("/down", status=503))
    here.poll()
    long = call(2)["description"] + " " + LONG
    government.serve("/feed", rss(call(2, description=long), call(1), visit(1)))
    here.poll("dsit")
    later = long.replace("12 March", "30 April")
    government.serve("/feed", rss(call(2, description=later), call(1), visit(1)))
    here.poll("dsit")
    assert len(texts_of(here.log_db)) == 2
    return here


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Installation]:
    """Another installation, with nothing in it."""
    (tmp_path / "other").mkdir()
    installation = Installation(tmp_path / "other")
    yield installation
    installation.close()


def texts_of(database: Database) -> dict[str, str]:
    with database.read() as tx:
        return {row["digest"]: row["body"] for row in tx.execute("SELECT digest, body FROM texts")}


def read_model(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("announcements", "subjects", "facets", "amounts", "subject_events", "twins", "subjects_search")
    with database.read() as tx:
        return {name: [tuple(row) for row in tx.execute(f"SELECT * FROM {name}")] for name in tables}


def exported(database: Database, *, texts: bool = False) -> list[bytes]:
    """The lines, without their newlines."""
    slices = carrying.slices(database, texts=texts)
    return [line.removesuffix("\n").encode() for found in slices for line in found]


def take(database: Database, incoming: list[bytes], **said: Any) -> Intake:
    intake = Intake(database, **said)
    for _ in intake.take(incoming):
        pass
    intake.finish()
    return intake


@pytest.mark.parametrize("texts", [True, False])
@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz", "log.ndjson.zst"])
def test_an_imported_log_is_exported_as_the_same_bytes_and_served_as_the_same_pages(
    filled: Installation, other: Installation, tmp_path: Path, name: str, texts: bool
) -> None:
    flags = ["--texts"] if texts else []
    done = filled.run("export", *flags, str(tmp_path / name))
    assert done.returncode == 0, done.stderr
    assert (done.stderr == "left out the long texts: --texts adds them\n") is not texts
    done = other.run("import", str(tmp_path / name))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"imported {len(filled.events())} events, head {filled.events()[-1].chain}\n"
    assert other.events() == filled.events()
    assert texts_of(other.log_db) == (texts_of(filled.log_db) if texts else {})
    assert read_model(other.log_db) == read_model(filled.log_db)
    verify(other.log_db)
    other.run("export", *flags, str(tmp_path / f"again-{name}"))
    assert (tmp_path / f"again-{name}").read_bytes() == (tmp_path / name).read_bytes()


def test_an_export_is_what_the_log_and_the_page_print(filled: Installation) -> None:
    printed = filled.run("log", "--json").stdout
    assert filled.run("export", "-").stdout == printed
    browser = filled.browser()
    assert browser.get("/events.ndjson").text == printed
    with_texts = filled.run("export", "--texts", "-").stdout
    assert browser.get("/events.ndjson?texts=1").text == with_texts
    assert browser.get("/events.ndjson?texts=0&after=2").text == "".join(printed.splitlines(True)[2:])
    assert browser.get("/events.ndjson?texts=yes").status_code == 400


def test_a_line_carries_the_long_texts_that_its_event_brings(filled: Installation) -> None:
    found = [json.loads(line) for line in exported(filled.log_db, texts=True)]
    published, revised = (line for line in found if "texts" in line)
    assert [*published][-1] == "texts"
    assert published["texts"].keys() == {published["data"]["text"]}
    assert "12 March" in published["texts"][published["data"]["text"]]
    assert revised["type"] == "AnnouncementRevised"
    assert revised["texts"].keys() == {revised["data"]["changed"]["text"]["to"]}


def test_the_log_is_taken_from_standard_input(filled: Installation, other: Installation) -> None:
    done = other.run("import", "-", stdin=filled.run("export", "--texts", "-").stdout)
    assert done.returncode == 0, done.stderr
    assert other.events() == filled.events()


def test_what_is_here_already_is_compared_and_the_rest_added(
    filled: Installation, other: Installation
) -> None:
    known = exported(filled.log_db)
    assert take(other.log_db, known[:2]).new == 2
    intake = take(other.log_db, exported(filled.log_db, texts=True))
    assert (intake.known, intake.new) == (2, len(known) - 2)
    assert take(other.log_db, known).new == 0
    assert other.events() == filled.events()


def test_texts_can_be_brought_later(filled: Installation, other: Installation) -> None:
    take(other.log_db, exported(filled.log_db))
    assert texts_of(other.log_db) == {}
    take(other.log_db, exported(filled.log_db, texts=True))
    assert texts_of(other.log_db) == texts_of(filled.log_db)


def test_packed_files_hold_no_time_and_no_name(filled: Installation, tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        filled.run("export", str(tmp_path / name))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()).count(b"\n") == len(filled.events())


def test_an_export_that_fails_leaves_the_file_as_it_was(filled: Installation, tmp_path: Path) -> None:
    file = tmp_path / "kept.ndjson"
    file.write_text("as it was")
    behind_the_triggers(filled.folder / "log.db", "ALTER TABLE texts RENAME TO gone")
    done = filled.run("export", "--texts", str(file))
    assert done.returncode == 1
    assert file.read_text() == "as it was"
    assert list(tmp_path.glob("*.part")) == []


def rewritten(line: bytes, previous: str, **fields: Any) -> bytes:
    """An event of the forger's own that fits the log: digest and chain are right, `data` may be its text."""
    found = {**json.loads(line), **fields}
    found.pop("texts", None)
    if not isinstance(found["data"], str):
        found["data"] = encoding.canonical(found["data"]).decode()
    found["digest"] = encoding.digest(found["data"].encode())
    event = Recorded(**found)
    return replace(event, chain=log.link(previous, event)).line().encode()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[bytes]]:
    """Three lines: two failures and an announcement with a text."""
    database = open_database(f"sqlite:///{tmp_path}/three.db", "log")
    with database.write() as tx:
        key = log.keep_text(tx, "A long text.")
        published = AnnouncementPublished(
            source="a",
            announcement="one",
            title="Title",
            url="https://gov.example/1",
            summary="Ünïcode – “quoted”",
            published_at=None,
            text=key,
            backfill=False,
        )
        log.append(
            tx, [SourceFailing(source="a", reason="x"), SourceFailing(source="b", reason="y"), published], NOW
        )
    yield exported(database, texts=True)
    database.close()


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (lambda line: line.replace(b"Title", b"title"), "does not fit its digest"),
        (lambda line: line.replace(b"A long", b"A wrong"), "the text [0-9a-f]{64} does not fit its digest"),
        (lambda line: line[:-20], "broken, or breaks off"),
        (lambda line: line[:60], "does not begin as an event"),
        (lambda line: b"", "does not begin as an event"),
        (lambda line: b"\xff" + line, "not UTF-8"),
        (lambda line: b"[1]", "does not begin as an event"),
        (lambda line: b"<html>", "does not begin as an event"),
        (lambda line: line.replace(b'"data": ', b'"data":  '), "broken, or breaks off"),
        (lambda line: line + b" ", "byte for byte"),
        (lambda line: line[:-1] + b', "more": 1}', "byte for byte"),
        (lambda line: line.replace(b'"version": 2', b'"version": 2.0'), "does not begin"),
        (lambda line: line.replace(b'"version": 2', b'"version": true'), "does not begin"),
        (lambda line: line.replace(b'"version": 2', b'"version": "2"'), "does not begin"),
        (lambda line: line.replace(b"source/a", b"source/a\\n"), "does not begin"),
        (lambda line: line.replace(b"source/a", b"source/$(reboot)"), "does not begin"),
        (lambda line: line.replace(b"2024-07-24", b"2024-13-24"), "is no moment"),
        (lambda line: line.replace(b'"A long text."', b"7"), "does not fit its digest"),
        (lambda line: line.replace(b'"A long text."', b'"\\ud800"'), "does not fit its digest"),
        (lambda line: line.replace(b"A long text.", b"A l\\u006fng text."), "byte for byte"),
        (lambda line: line[:-2] + b', "%s": "x"}}' % (b"f" * 64), "does not name"),
        (lambda line: line.split(b', "texts": ')[0] + b', "texts": []}', "does not name"),
        (lambda line: line.split(b', "texts": ')[0] + b', "texts": {}}', "byte for byte"),
    ],
)
def test_a_line_that_is_not_what_it_should_be_is_refused(
    three: list[bytes], log_db: Database, forge: Callable[[bytes], bytes], words: str
) -> None:
    with pytest.raises(Refused, match=f"line 3: .*{words}"):
        take(log_db, [*three[:2], forge(three[2])])


PUBLISHED = {
    "announcement": "one",
    "backfill": False,
    "published_at": None,
    "source": "a",
    "summary": "",
    "text": None,
    "title": "Title",
    "url": "https://gov.example/1",
}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"data": '{"b":1,"a":2}'}, "no canonical JSON"),
        ({"data": '{"a":1,"a":1}'}, "no canonical JSON"),
        ({"data": '{"a":1.0}'}, "no canonical JSON"),
        ({"data": '{"a":NaN}'}, "cannot be written as canonical JSON"),
        ({"data": '{"a":9007199254740993}'}, "cannot be written as canonical JSON"),
        ({"data": '{"a":"\\ud800"}'}, "cannot be written as canonical JSON"),
        ({"data": "[]"}, "no canonical JSON object"),
        ({"data": "7"}, "no canonical JSON object"),
        ({"data": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"}, "nested too deeply"),
        ({"data": {**PUBLISHED, "title": "x" * 1_000_001}}, "larger than 1 MB"),
        ({"data": {}}, "AnnouncementPublished: 'source' is missing"),
        ({"data": {**PUBLISHED, "title": 5}}, "'title' is not what it can be"),
        ({"data": {**PUBLISHED, "url": "javascript:alert(1)"}}, "'url' is not what it can be"),
        ({"data": {**PUBLISHED, "backfill": 1}}, "'backfill' is not what it can be"),
        ({"data": {**PUBLISHED, "source": "$(reboot)"}}, "'source' is not what it can be"),
        ({"data": {**PUBLISHED, "source": "b"}}, "in the stream 'source/a' of another source"),
        ({"data": PUBLISHED, "version": 4}, "position 3: its version does not follow"),
        ({"data": PUBLISHED, "position": 4}, "position 4 comes where 3 would have to"),
    ],
)
def test_an_event_that_a_forger_made_to_fit_the_chain_is_refused_all_the_same(
    three: list[bytes], log_db: Database, fields: dict[str, Any], words: str
) -> None:
    chain = json.loads(three[1])["chain"]
    with pytest.raises(Refused, match=words):
        take(log_db, [*three[:2], rewritten(three[2], chain, **fields)])
    good = rewritten(three[2], chain, data=PUBLISHED)
    assert take(log_db, [*three[:2], good]).head.position == 3


def test_what_does_not_follow_from_the_chain_is_refused(three: list[bytes], log_db: Database) -> None:
    with pytest.raises(Refused, match="position 3: its chain does not follow from the one before"):
        take(log_db, [*three[:2], rewritten(three[2], "f" * 64, data=PUBLISHED)])


def test_another_history_is_named_with_its_first_position(three: list[bytes], log_db: Database) -> None:
    take(log_db, three[:1])
    forged = rewritten(three[0], log.GENESIS, data={"source": "a", "reason": "another"})
    with pytest.raises(AnotherHistory, match="another history: at position 1 its chain is"):
        take(log_db, [forged, three[1]])
    with log_db.read() as tx:
        assert log.head(tx).position == 1


def many(database: Database, count: int) -> list[bytes]:
    with database.write() as tx:
        log.append(tx, [SourceFailing(source="a", reason=str(number)) for number in range(count)], NOW)
    return exported(database)


def test_of_a_bad_slice_nothing_is_written_and_what_was_verified_before_stays(
    log_db: Database, other: Installation, tmp_path: Path
) -> None:
    found = many(log_db, 2500)
    found[2200] = found[2200].replace(b'"2200"', b'"9999"')
    (tmp_path / "bad.ndjson").write_bytes(b"\n".join(found) + b"\n")
    done = other.run("import", str(tmp_path / "bad.ndjson"))
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: {tmp_path}/bad.ndjson: line 2201: its data does not fit its digest; "
        "2000 events before that are imported, our log ends at position 2000\n"
    )
    assert verify(other.log_db).position == 2000


@pytest.mark.parametrize(
    ("name", "torn", "words"),
    [
        ("a.ndjson", lambda raw: raw[:-1], "breaks off in the middle of a line"),
        ("a.ndjson", lambda raw: raw[:-30], "breaks off in the middle of a line"),
        ("a.gz", lambda raw: gzip.compress(raw)[:-10], "breaks off in the middle"),
        ("a.zst", lambda raw: zstd.compress(raw)[:-10], "breaks off in the middle"),
        ("a.gz", lambda raw: raw, "damaged, or not packed as its name says"),
        ("a.zst", lambda raw: raw, "damaged, or not packed as its name says"),
        ("a.gz", lambda raw: gzip.compress(raw)[:-8] + bytes(8), "damaged"),
    ],
)
def test_a_torn_file_is_a_clear_error(
    three: list[bytes],
    here: Installation,
    tmp_path: Path,
    name: str,
    torn: Callable[[bytes], bytes],
    words: str,
) -> None:
    (tmp_path / name).write_bytes(torn(b"".join(line + b"\n" for line in three)))
    done = here.run("import", str(tmp_path / name))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr
    verify(here.log_db)


def test_a_line_without_end_is_not_read_into_memory(
    three: list[bytes], log_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feed.packing import Unpacked, Unreadable

    (tmp_path / "a.zst").write_bytes(zstd.compress(three[0] + b"\n" + b"x" * 50_000_000))
    with Unpacked(str(tmp_path / "a.zst"), 1_000_000) as unpacked:
        intake = Intake(log_db)
        with pytest.raises(Unreadable, match="longer than 1 MB"):
            list(intake.take(unpacked.lines()))
    assert intake.head.position == 1, "what came before is kept"


def test_an_event_of_a_later_version_is_kept_and_has_no_effect(
    three: list[bytes], here: Installation
) -> None:
    chain = json.loads(three[2])["chain"]
    odd = {"title": {"a": 1}, "changed": 5, "source": []}
    later = rewritten(three[2], chain, position=4, version=3, type="SourcePraised", data=odd)
    chain = json.loads(later)["chain"]
    moved = rewritten(
        three[2], chain, position=5, stream="planet/mars", version=1, type="PlanetSeen", data={}
    )
    take(here.log_db, [*three, later, moved])
    assert exported(here.log_db, texts=True) == [*three, later, moved]
    verify(here.log_db)
    browser = here.browser()
    for path in ("/", "/events", "/events/4", "/events/4.json", "/events/5", "/feed.atom", "/sources.atom"):
        assert browser.get(path).status_code == 200, path
    assert "SourcePraised" in browser.get("/events/4").text
    assert here.run("log").returncode == 0


def redacted(database: Database, path: Path, position: int) -> None:
    with database.write() as tx:
        named = log.get(tx, position)
        assert named is not None
        log.append(
            tx, [EventRedacted(source="a", position=position, digest=named.digest, reason="by order")], NOW
        )
    behind_the_triggers(path, "UPDATE events SET data = 'null' WHERE position = ?", position)


@pytest.fixture
def with_redaction(tmp_path: Path, three: list[bytes]) -> list[bytes]:
    """The three lines, the second of them redacted by a fourth."""
    path = tmp_path / "redacted.db"
    database = open_database(f"sqlite:///{path}", "log")
    take(database, three)
    redacted(database, path, 2)
    found = exported(database, texts=True)
    database.close()
    assert b'"data": null' in found[1]
    return found


@pytest.mark.parametrize("name", ["log.gz", "-"])
def test_a_redacted_event_is_taken_in_with_its_redaction(
    with_redaction: list[bytes], here: Installation, name: str
) -> None:
    raw = b"".join(line + b"\n" for line in with_redaction)
    (here.folder / "log.gz").write_bytes(gzip.compress(raw))
    done = here.run("import", name, stdin=raw)
    assert done.returncode == 0, done.stderr
    assert verify(here.log_db).position == 4
    assert exported(here.log_db, texts=True) == with_redaction


def test_data_that_is_gone_without_a_word_is_refused_from_a_file_at_once(
    with_redaction: list[bytes], here: Installation, tmp_path: Path
) -> None:
    (tmp_path / "cut.ndjson").write_bytes(b"".join(line + b"\n" for line in with_redaction[:3]))
    done = here.run("import", str(tmp_path / "cut.ndjson"))
    assert done.returncode == 1
    assert "position 2: its data is gone, and no later event says that it was redacted" in done.stderr
    assert here.events() == []


def test_data_that_is_gone_without_a_word_is_refused_from_a_stream_at_its_end(
    with_redaction: list[bytes], here: Installation
) -> None:
    raw = b"".join(line + b"\n" for line in with_redaction[:3])
    done = here.run("import", "-", stdin=raw)
    assert done.returncode == 1
    assert "the data of position 2 is gone, and no later event says" in done.stderr
    with here.log_db.read() as tx:
        assert set(carrying.unsettled(tx)) == {2}
    assert here.run("import", "-", stdin=b"".join(line + b"\n" for line in with_redaction)).returncode == 0
    with here.log_db.read() as tx:
        assert carrying.unsettled(tx) == {}


def test_a_redaction_that_comes_later_takes_our_payload_out_too(
    three: list[bytes], with_redaction: list[bytes], here: Installation
) -> None:
    take(here.log_db, three)
    with here.log_db.write() as tx:
        # The triggers that let a redaction pass are a matter of their own.
        tx.execute("DROP TRIGGER events_no_update")
    intake = take(here.log_db, with_redaction)
    assert (intake.known, intake.new) == (3, 1)
    assert exported(here.log_db, texts=True) == with_redaction


def test_a_redacted_payload_does_not_come_back_with_an_older_file(
    three: list[bytes], with_redaction: list[bytes], here: Installation
) -> None:
    take(here.log_db, with_redaction)
    take(here.log_db, three)
    assert exported(here.log_db, texts=True) == with_redaction


def test_every_field_of_every_event_has_a_check() -> None:
    """A new kind of field needs a line in storage.shapes."""
    from storage import shapes

    for stated in shapes._FIELDS.values():
        for field in stated.values():
            shapes._check(field)(None)


def test_what_we_record_ourselves_has_the_shape_that_we_ask_of_others(filled: Installation) -> None:
    for event in filled.events():
        assert complaint(event.type, event.stream, event.payload) is None


scalars = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "https://x", "1", "GB", "2026-01-01"])
)
names = st.sampled_from(["from", "to", "opens", "money", "amount", "nonsense"])
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner), max_leaves=8
)


@given(st.sampled_from(sorted(TYPES)), st.data())
def test_no_shape_is_a_crash(type_name: str, data: st.DataObject) -> None:
    names = [field.name for field in fields(TYPES[type_name])]
    found = data.draw(st.fixed_dictionaries(dict.fromkeys(names, anything)))
    complaint(type_name, "source/a", found)


def test_a_long_log_passes_in_constant_memory(tmp_path: Path) -> None:
    """Ten times the log is not ten times the memory."""
    peaks = []
    for count in (2_000, 20_000):
        database = open_database(f"sqlite:///{tmp_path}/{count}.db", "log")
        found = many(database, count)
        database.close()
        (tmp_path / f"{count}.ndjson").write_bytes(b"\n".join(found) + b"\n")
        script = (
            "import resource, sys\n"
            "from feed.packing import Unpacked\n"
            "from storage.carrying import Intake\n"
            "from storage.database import open_database\n"
            "intake = Intake(open_database(f'sqlite:///{sys.argv[1]}.new', 'log'))\n"
            "with Unpacked(sys.argv[1], 1_000_000) as file:\n"
            "    assert sum(1 for _ in intake.take(file.lines())) > 1\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / f"{count}.ndjson")], check=True, capture_output=True
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] * 1.5


def test_lines_are_read_as_they_were_written(filled: Installation) -> None:
    for event in filled.events():
        assert lines.read(lines.write(event).encode()).event == event
