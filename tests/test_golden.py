"""Events of every version that was ever written can be read, applied, shown and mailed."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from feed.worker import letterhead
from notifier import message
from storage import catalogue, log
from storage.encoding import canonical, digest, from_data, to_data
from storage.events import TYPES
from storage.log import GENESIS, Recorded, link
from storage.outbox import Batch
from storage.people import Subscription
from storage.rebuild import rebuild
from storage.upcasters import upcast
from tests.installation import Installation
from tests.rfc4287 import complaints

FOLDER = Path(__file__).parent / "golden"
HEADS = {
    "01-first": (13, "4dba7256abc9a5c2e9245fa7d4d256f3e76c2cc8e80d71848cef33b17658ee1e"),
    "02-moved-sources": (14, "07a752c19d7c016284a2f69dc362ba78d9b5c9a5bff6c8f3bbeddfbfc3db0812"),
    "03-floods-held": (19, "372ded0b9fad849985d44a9a8d4bfbcf0b1c6f23dd84e435f615b3f5cfe637fc"),
    "04-pages-and-twins": (23, "481072121e908dc7074f7e53a13b79a456820d62bbf5072dff98e327a855cab7"),
    "05-closed-in-the-past": (24, "ea5662bae39228b5245d82d1802edbba830fbdb3d4258a4566aec9387ba10b4f"),
    "06-zones-and-redaction": (26, "aaa4d5ad2270fe1a2d0948e4c200724dd504154c97cb035a2f1747ed3d76462f"),
}
"""Where each golden log ends. A file is never changed; a new one is added here."""
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def golden(name: str) -> list[Recorded]:
    """The events of a golden log."""
    found = []
    for text in (FOLDER / f"{name}.ndjson").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        found.append(Recorded(**{**line, "data": canonical(line["data"]).decode()}))
        assert found[-1].line() == text, "a line holds the very bytes that were digested"
    return found


every_log = pytest.mark.parametrize("name", HEADS)


@pytest.fixture
def filled(here: Installation, name: str) -> Installation:
    """An installation whose log holds a golden log, with the read model computed from it."""
    with here.log_db.write() as tx:
        for event in golden(name):
            row = dataclasses.asdict(event)
            tx.execute(
                f"INSERT INTO events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                list(row.values()),
            )
    rebuild(here.log_db)
    return here


@every_log
def test_a_golden_log_is_what_that_version_wrote(name: str) -> None:
    events = golden(name)
    redacted = {event.payload["digest"] for event in events if event.type == "EventRedacted"}
    chain = GENESIS
    for number, event in enumerate(events, start=1):
        assert event.position == number
        assert digest(event.data.encode()) == event.digest or (
            event.data == "null" and event.digest in redacted
        )
        chain = link(chain, event)
        assert event.chain == chain
    assert (len(events), chain) == HEADS[name]


def test_every_golden_log_is_held_to_its_head() -> None:
    assert {path.stem for path in FOLDER.glob("*.ndjson")} == set(HEADS)


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_and_field_of_today_is_in_a_golden_log(type_name: str) -> None:
    """Who adds one adds a golden log that shows it: then later versions are held to reading it."""
    shown = set()
    for name in HEADS:
        events = [event for event in golden(name) if event.type == type_name]
        shown |= {field for event in events for field in json.loads(event.data) or {}}
    assert {field.name for field in dataclasses.fields(TYPES[type_name])} <= shown


@every_log
def test_an_event_of_any_version_is_one_of_todays(name: str) -> None:
    for event in golden(name):
        if payload := event.payload:
            known = from_data(event.type, json.loads(event.data))
            assert payload.keys() == {field.name for field in dataclasses.fields(known)}
            assert known.stream == event.stream
            assert to_data(known).items() <= payload.items()


@pytest.mark.parametrize("type_name", TYPES)
def test_what_an_old_payload_lacks_is_what_it_always_was(type_name: str) -> None:
    lacked = {field.name: field.default for field in dataclasses.fields(TYPES[type_name])}
    lacked = {name: value for name, value in lacked.items() if value is not dataclasses.MISSING}
    assert upcast(type_name, {"source": "a"}) == {**lacked, "source": "a"}
    assert upcast(type_name, dict.fromkeys(lacked, "said")) == dict.fromkeys(lacked, "said")


def test_reading_changes_no_payload_that_it_is_given() -> None:
    given = {"source": "a"}
    upcast("CallClosed", given)["title"] = "new"
    assert given == {"source": "a"}
    assert "title" not in upcast("CallClosed", given)


def test_a_payload_that_was_taken_out_is_empty_and_one_of_a_later_version_stays() -> None:
    assert upcast("CallClosed", None) == {}
    assert upcast("SomethingLater", {"source": "a"}) == {"source": "a"}


@every_log
def test_the_read_model_stands_over_every_version(filled: Installation, name: str) -> None:
    """A call whose deadline moved and which was then withdrawn, and an initiative: in all of them."""
    with filled.log_db.read() as tx:
        calls = [
            catalogue.subject(tx, event.payload["subject"])
            for event in golden(name)
            if event.type == "CallAnnounced"
        ]
        first = calls[0]
        assert first is not None
        announcement = catalogue.announcement(tx, first.announcement)
    assert (first.closes, first.closed, first.money[0].amount) == ("2027-04-30", True, "4000000")
    assert announcement is not None
    assert announcement.withdrawn
    assert not announcement.held


@every_log
def test_every_page_and_feed_shows_every_version(filled: Installation, name: str) -> None:
    browser = filled.browser()

    def page(path: str) -> str:
        answer = browser.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        text: str = answer.text
        return text

    assert "quantum sensors for tidal power" in page("/")
    page("/events")
    subjects = set()
    for event in golden(name):
        text = page(f"/events/{event.position}")
        assert ("was taken out" in text) == (event.data == "null")
        subjects |= {event.payload["subject"]} if event.stream.startswith("subject/") else set()
    for subject in subjects:
        page(f"/subjects/{subject}")
    for path in ("/feed.atom", "/sources.atom"):
        body = page(path)
        assert complaints(body.encode()) == []
        assert feedparser.parse(io.BytesIO(body.encode())).entries
    lines = page("/events.ndjson").splitlines()
    assert lines == (FOLDER / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()


@every_log
def test_a_mail_tells_of_every_version(filled: Installation, name: str) -> None:
    told = []
    for event in golden(name):
        with filled.log_db.read() as tx:
            entry = catalogue.entry(tx, event)
        if entry:
            mail = message.alert(letterhead(filled.settings), _reader(), _batch(event), [entry], NOW)
            body = mail.get_body(("plain",))
            assert body is not None
            told.append(body.get_content())
    assert any("£4,000,000" in text for text in told)
    assert any("30 April 2027" in text for text in told)


def _reader() -> Subscription:
    known: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Subscription))
    return Subscription(
        **{**known, "id": "s", "email": "anna@example.org", "filter": "", "cadence": "immediate"}
    )


def _batch(event: Recorded) -> Batch:
    known: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Batch))
    return Batch(**{**known, "id": "b", "positions": (event.position,)})


def redact(here: Installation, position: int) -> None:
    """Take a payload out of the log, behind the triggers."""
    with here.log_db.write() as tx:
        guard = tx.execute("SELECT sql FROM sqlite_master WHERE name = 'events_no_update'").fetchone()["sql"]
        tx.execute("DROP TRIGGER events_no_update")
        tx.execute("UPDATE events SET data = 'null' WHERE position = ?", (position,))
        tx.execute(guard)


@pytest.mark.parametrize("name", ["06-zones-and-redaction"])
@pytest.mark.parametrize("rebuilt", [True, False], ids=["rebuilt", "as it was"])
def test_nothing_stumbles_over_a_payload_that_was_taken_out(
    filled: Installation, name: str, rebuilt: bool
) -> None:
    """Whichever event it is of, and whether the read model still knows what it said."""
    browser = filled.browser()
    for event in golden(name):
        redact(filled, event.position)
    if rebuilt:
        rebuild(filled.log_db)
    for event in golden(name):
        answer = browser.get(f"/events/{event.position}")
        assert answer.status_code == 200
        assert "Its payload was taken out of the log" in answer.text
        with filled.log_db.read() as tx:
            found = log.get(tx, event.position)
            entry = catalogue.entry(tx, found) if found else None
        if entry:
            message.alert(letterhead(filled.settings), _reader(), _batch(event), [entry], NOW)
            page = browser.get(f"/subjects/{entry.subject.id}").text
            assert "Its payload was taken out of the log" in page
    for path in ("/", "/events", "/feed.atom", "/sources.atom"):
        assert browser.get(path).status_code == 200
    assert "its payload was taken out of the log" in filled.run("log").stdout
