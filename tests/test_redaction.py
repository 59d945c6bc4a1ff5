"""What the law forbids to keep can be taken out of the log: for good, openly, and the chain still holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage import filters, listings, log, redaction
from storage.clock import now
from storage.errors import StorageError
from storage.events import EventRedacted
from storage.verify import verify
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox

SECRET = "Zanzibar Quagmire"
LONG = (
    f"Apply for funding to work on quantum networks with {SECRET}. " + "More is said of this elsewhere. " * 50
)


@pytest.fixture
def told(here: Installation, government: Government) -> Installation:
    """A log of three events: a visit; an announcement with a name in it that must go, and its call."""
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.poll()
    secret = {"title": f"Funding call: {SECRET}", "description": LONG}
    government.serve("/feed", rss(call(2) | secret, visit(1)))
    here.poll()
    return here


def everything(here: Installation) -> bytes:
    """All bytes of the log's files."""
    return b"".join(path.read_bytes() for path in here.folder.glob("log.db*"))


def test_no_byte_of_a_redacted_event_stays_and_the_log_verifies(told: Installation) -> None:
    before = told.events()
    assert SECRET.encode() in everything(told)
    assert [event.type for event in before[1:]] == ["AnnouncementPublished", "CallAnnounced"]
    for event in before[1:]:
        done = told.run("redact", str(event.position), "--reason", "A court ordered it.")
        assert done.returncode == 0, done.stderr
    assert SECRET.encode() not in everything(told)
    verified = told.run("verify")
    assert verified.stdout.startswith("ok 5 events"), verified.stderr
    after = told.events()
    assert [(event.digest, event.chain) for event in after[:3]] == [
        (event.digest, event.chain) for event in before
    ]
    assert after[3].type == EventRedacted.__name__
    assert after[3].payload == {
        "digest": before[1].digest,
        "position": 2,
        "reason": "A court ordered it.",
        "source": "dsit",
    }


def test_it_is_named_what_else_tells_of_the_same(told: Installation) -> None:
    done = told.run("redact", "2", "--reason", "A court ordered it.")
    assert done.stdout == (
        "took out the payload of event 2; event 4 says so\n"
        "look at these, too, which are about the same announcement: 3\n"
    )


def test_what_was_taken_out_is_on_no_list_and_is_not_told(told: Installation, mailbox: Mailbox) -> None:
    told.subscribe("anna@example.org")
    with told.people_db.write() as tx:
        tx.execute("UPDATE subscriptions SET after = 0")
    from notifier import deliver

    assert deliver.match_new(told.log_db, told.people_db) == 1
    told.run("redact", "3", "--reason", "A court ordered it.")
    with told.log_db.read() as tx:
        assert listings.entries(tx, filters.EVERYTHING, now()) == []
        assert listings.counts(tx) == {"announcements": 2, "initiatives": 0, "calls": 0}
    assert told.deliver() == (0, 0, 1)
    assert told.deliver() == (0, 0, 0)
    assert not mailbox.messages


def test_the_source_that_still_shows_it_does_not_bring_it_back(told: Installation) -> None:
    for position in ("2", "3"):
        told.run("redact", position, "--reason", "A court ordered it.")
    told.cursor("dsit")
    with told.log_db.write() as tx:
        tx.execute("UPDATE cursors SET body = NULL, marks = '', etag = NULL")
    told.poll()
    assert len(told.events()) == 5
    assert SECRET.encode() not in everything(told)


def test_what_its_source_makes_of_it_later_is_not_read(told: Installation, government: Government) -> None:
    for position in ("2", "3"):
        told.run("redact", position, "--reason", "A court ordered it.")
    other = {"title": f"Funding call, edited: {SECRET}", "description": LONG.replace("quantum", "6G")}
    government.serve("/feed", rss(call(2) | other, call(3), visit(1)))
    told.poll()
    assert [event.type for event in told.events()[5:]] == ["AnnouncementPublished", "CallAnnounced"]
    assert SECRET.encode() not in everything(told)


def test_pages_over_a_redacted_log_can_be_read(told: Installation) -> None:
    subject = told.events("CallAnnounced")[0].payload["subject"]
    for position in ("2", "3"):
        told.run("redact", position, "--reason", "A court ordered it.")
    browser = told.browser()
    for path in ("/", "/events", "/events/2", "/events/3", "/events/4", "/events/2.json", "/feed.atom"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert SECRET not in answer.text
    assert browser.get(f"/subjects/{subject}").status_code == 404
    said = browser.get("/events/4").text
    assert "Reason: A court ordered it.</p>" in said and 'href="/events/2">event 2</a>' in said
    assert 'href="/events/4">Event 4</a> says why' in browser.get("/events/2").text


@pytest.mark.parametrize(
    ("position", "words"),
    [("9", "the log has no event 9; it ends at 4"), ("2", "was taken out before"), ("4", "it has to stay")],
)
def test_what_cannot_be_redacted_is_said_in_one_line(told: Installation, position: str, words: str) -> None:
    told.run("redact", "2", "--reason", "A court ordered it.")
    refused = told.run("redact", position, "--reason", "Once more.")
    assert refused.returncode == 1
    assert words in refused.stderr and refused.stderr.count("\n") == 1
    assert len(told.events()) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET data = 'null' WHERE position = 3",
        "UPDATE events SET data = '{}' WHERE position = 2",
        "UPDATE events SET data = 'null', digest = 'x' WHERE position = 2",
        "UPDATE events SET data = 'null', recorded_at = 'x' WHERE position = 2",
        "UPDATE events SET data = 'null' WHERE position = 4",
        "DELETE FROM events WHERE position = 2",
    ],
)
def test_no_stranger_can_take_out_what_no_event_says_is_taken_out(
    told: Installation, tmp_path: Path, statement: str
) -> None:
    told.run("redact", "2", "--reason", "A court ordered it.")
    stranger = sqlite3.connect(tmp_path / "log.db")
    with stranger, pytest.raises(sqlite3.DatabaseError, match="append-only"):
        stranger.execute(statement)
    stranger.close()
    assert verify(told.log_db).position == 4


def test_a_text_that_another_event_names_stays(told: Installation) -> None:
    published = told.events("AnnouncementPublished")[1]
    text = published.payload["text"]
    assert text
    with told.log_db.write() as tx:
        from storage.events import AnnouncementRevised

        log.append(
            tx,
            [
                AnnouncementRevised(
                    source="dsit",
                    announcement=published.payload["announcement"],
                    title="t",
                    url="u",
                    changed={"text": {"from": text, "to": None}},
                )
            ],
            now(),
        )
    redaction.redact(told.log_db, published.position, "no more", now())
    with told.log_db.read() as tx:
        assert log.text(tx, text) is not None
    redaction.redact(told.log_db, 4, "no more", now())
    with told.log_db.read() as tx:
        assert log.text(tx, text) is None


def test_nothing_is_redacted_where_it_cannot_be_said(told: Installation) -> None:
    with pytest.raises(StorageError):
        redaction.redact(told.log_db, 2, "a lone surrogate: \ud800", now())
    assert not told.events()[1].is_redacted
