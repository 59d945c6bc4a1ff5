"""Calls end: when their deadline passes, or when their source says so; and what opens them again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from feed import closing, corrections
from feed.extract import extract
from storage import catalogue, effects, log
from storage import endings as ended
from storage.clock import now
from storage.database import open_database
from storage.events import BY_THE_CLOCK, SubjectCorrected
from tests.installation import Installation, call, rss
from tests.world.government import Government
from tests.world.mailbox import Mailbox

AHEAD = (now() + timedelta(days=100)).date()
WORDS = "Apply for a share of up to £1 million to build quantum networks."


def closes(day: object) -> dict[str, str]:
    return {"description": f"{WORDS} Applications close on {day:%-d %B %Y}."}


def late(day: object) -> datetime:
    """Two days after it: over wherever in the world."""
    return datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=2)


@pytest.fixture
def agency(tmp_path: Path, government: Government, mailbox: Mailbox) -> Iterator[Installation]:
    """An installation that has polled one source once, and then one call of it as news."""
    installation = Installation(tmp_path, smtp_url=mailbox.smtp_url)
    installation.watch("agency", government.serve("/feed", rss(call(9))))
    installation.poll()
    government.serve("/feed", rss(call(1, **closes(AHEAD)), call(9)))
    installation.poll()
    yield installation
    installation.close()


def ends(installation: Installation) -> list[dict[str, object]]:
    """The CallClosed of the call that is news."""
    subject = installation.events("CallAnnounced")[1].payload["subject"]
    return [
        event.payload for event in installation.events("CallClosed") if event.payload["subject"] == subject
    ]


def test_a_call_closes_once_when_its_deadline_has_passed(agency: Installation) -> None:
    closing.close_passed(agency.log_db, now())
    assert ends(agency) == []
    for _ in range(2):
        closing.close_passed(agency.log_db, late(AHEAD))
    (closed,) = ends(agency)
    assert closed["reason"] == "its deadline has passed" and not closed.get("backfill")
    assert closed["evidence"] == [{"field": "closed", "rule": BY_THE_CLOCK, "quote": AHEAD.isoformat()}]


def test_a_deadline_passes_with_the_day_of_its_publisher(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    for key, country in (("nsf", "US"), ("dst", "IN")):
        feed = rss(call(len(key) + ord(key[0]), **closes(AHEAD)))
        installation.watch(key, government.serve(f"/{key}", feed), country=country)
        installation.poll(key)
    midnight = datetime.fromisoformat(f"{AHEAD}T23:59:59+00:00")
    found = {}
    for hours in (-6, 0, 3, 6):  # midnight is 5½ hours earlier in India, and 4 or 5 later in Washington
        for event in closing.close_passed(installation.log_db, midnight + timedelta(hours=hours)):
            found[event.source] = hours
    assert found == {"dst": 0, "nsf": 6}
    installation.close()


def test_however_many_workers_there_are_it_closes_once(agency: Installation) -> None:
    barrier = threading.Barrier(4)

    def work() -> None:
        db = open_database(agency.settings.log_url, "log")
        barrier.wait()
        closing.close_passed(db, late(AHEAD))
        db.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends(agency)) == 1


def test_a_call_that_was_over_when_it_was_recorded_is_closed_for_the_record_alone(
    agency: Installation, government: Government
) -> None:
    past = (now() - timedelta(days=30)).date()
    government.serve("/feed", rss(call(2, **closes(past)), call(9)))
    agency.poll()
    listed = agency.browser().get("/feed.atom").text
    (closed,) = closing.close_passed(agency.log_db, now())
    assert closed.backfill is True  # type: ignore[attr-defined]
    assert agency.browser().get("/feed.atom").text.count("<entry>") == listed.count("<entry>")
    with agency.log_db.read() as tx:
        row = tx.execute("SELECT closed, latest, announced FROM subjects WHERE id = ?", (closed.subject,))  # type: ignore[attr-defined]
        closed_at, latest, announced = tuple(row.fetchone())
    assert closed_at is not None and latest == announced


def test_what_ended_long_before_anybody_watched_the_clock_is_no_news(agency: Installation) -> None:
    closing.close_passed(agency.log_db, late(AHEAD) + closing.LATE)
    (closed,) = ends(agency)
    assert closed["backfill"] is True


def test_a_closed_call_whose_deadline_moves_into_the_future_is_open_again(
    agency: Installation, government: Government
) -> None:
    soon, later = (now() - timedelta(days=3)).date(), AHEAD + timedelta(days=30)
    government.serve("/feed", rss(call(1, **closes(soon)), call(9)))
    agency.poll()
    closing.close_passed(agency.log_db, now())
    assert len(ends(agency)) == 1
    government.serve("/feed", rss(call(1, **closes(later)), call(9)))
    agency.poll()
    changed = agency.events("CallChanged")[-1].payload
    assert changed["changed"]["closed"] == {"from": True, "to": False}
    assert changed["changed"]["closes"]["to"] == later.isoformat()
    assert not next(one for one in agency.subjects() if one.id == changed["subject"]).closed
    closing.close_passed(agency.log_db, late(later))
    assert len(ends(agency)) == 2


def test_people_are_not_mailed_that_a_deadline_passed_unless_they_ask_for_what_is_closed(
    agency: Installation, mailbox: Mailbox
) -> None:
    agency.subscribe("all@example.org", "kind=call")
    agency.subscribe("closed@example.org", "status=closed")
    closing.close_passed(agency.log_db, late(AHEAD))
    agency.deliver()
    assert len(mailbox.to("closed@example.org")) == 1 and mailbox.to("all@example.org") == []


def test_what_is_held_closes_unheard_and_what_is_taken_back_not_at_all(
    agency: Installation, government: Government
) -> None:
    with agency.log_db.write() as tx:
        tx.execute("UPDATE subjects SET held = 1")
    closing.close_passed(agency.log_db, late(AHEAD))
    assert len(ends(agency)) == 1
    agency.subscribe("closed@example.org", "status=closed")
    assert agency.deliver()[0] == 0


def test_a_retracted_call_is_not_closed(agency: Installation) -> None:
    announced = agency.events("CallAnnounced")[1].payload
    taken_back = SubjectCorrected(
        **{name: announced[name] for name in ("subject", "announcement", "source", "title", "url")},
        changed={"retracted": {"from": False, "to": True}},
        evidence=(),
        reason="it is no call",
    )
    with agency.log_db.write() as tx:
        for recorded in log.append(tx, [taken_back], now()):
            effects.apply(tx, recorded)
    closing.close_passed(agency.log_db, late(AHEAD))
    assert ends(agency) == []


def test_the_command_closes_what_is_over(agency: Installation, government: Government) -> None:
    past = (now() - timedelta(days=2)).date()
    government.serve("/feed", rss(call(3, **closes(past)), call(9)))
    assert agency.run("poll", "--all").returncode == 0
    assert agency.events("CallClosed")[-1].payload["evidence"][0]["rule"] == BY_THE_CLOCK


def test_a_source_that_says_that_a_call_is_closed_closes_it_once_and_people_are_told(
    agency: Installation, government: Government, mailbox: Mailbox
) -> None:
    agency.subscribe("all@example.org", "kind=call")
    words = closes(AHEAD)["description"]
    for more in ("This opportunity is now closed.", "This opportunity is now closed. Thank you all."):
        government.serve("/feed", rss(call(1, description=f"{words} {more}"), call(9)))
        agency.poll()
    (closed,) = ends(agency)
    assert "This opportunity is now closed" in str(closed["reason"])
    agency.deliver()
    assert len(mailbox.to("all@example.org")) == 1
    closing.close_passed(agency.log_db, late(AHEAD))
    assert len(ends(agency)) == 1


def test_a_call_whose_source_no_longer_says_that_it_is_closed_is_open_again(
    agency: Installation, government: Government
) -> None:
    words = closes(AHEAD)["description"]
    for more in (" Applications are now closed.", ""):
        government.serve("/feed", rss(call(1, description=f"{words}{more}"), call(9)))
        agency.poll()
    changed = agency.events()[-1]
    assert changed.type == "CallChanged"
    assert changed.payload["changed"] == {"closed": {"from": True, "to": False}}


def test_a_status_of_the_entry_that_says_withdrawn_is_taken_back_by_the_entry(
    agency: Installation, government: Government
) -> None:
    words = closes(AHEAD)["description"]
    for status in ("Open", "Withdrawn", "Open"):
        government.serve("/feed", rss(call(1, description=f"{words} Status: {status}."), call(9)))
        agency.poll()
    ended, closed, revised, changed = agency.events()[-4:]
    assert (ended.type, closed.type) == ("AnnouncementWithdrawn", "CallClosed")
    assert "no longer says" in revised.payload["reason"]
    assert changed.payload["changed"] == {"closed": {"from": True, "to": False}}


def test_a_new_announcement_of_a_call_that_is_closed_already_says_so(
    agency: Installation, government: Government
) -> None:
    over = call(4, description=f"{WORDS} Applications are now closed.")
    government.serve("/feed", rss(over, call(9)))
    agency.poll()
    closed = agency.events()[-1]
    assert closed.type == "CallClosed" and closed.payload["backfill"] is True


def test_a_call_that_will_be_closed_is_open(agency: Installation, government: Government) -> None:
    words = f"{closes(AHEAD)['description']} This opportunity will be closed on {AHEAD:%-d %B %Y}."
    government.serve("/feed", rss(call(1, description=words), call(9)))
    agency.poll()
    assert agency.events("CallClosed") == []


def test_what_is_due_is_found_by_an_index(agency: Installation) -> None:
    """It is asked for every few seconds, however many calls there have been."""
    asked: list[str] = []

    class Listening:
        def execute(self, sql: str, params: tuple[object, ...] = ()) -> object:
            asked.extend(row["detail"] for row in tx.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
            return tx.execute(sql, params)

    with agency.log_db.read() as tx:
        ended.passed(Listening(), now(), limit=1)  # type: ignore[arg-type]
    assert "INDEX subjects_closes" in asked[0] and not any("TEMP B-TREE" in line for line in asked)


def test_better_rules_that_read_a_later_deadline_open_the_call_again(agency: Installation) -> None:
    closing.close_passed(agency.log_db, late(AHEAD))
    with agency.log_db.read() as tx:
        key = agency.events("CallAnnounced")[1].payload["announcement"]
        announcement = catalogue.announcement(tx, key)
        told = catalogue.told(tx, [key])[key]
    assert announcement is not None
    (facts,) = extract(call()["title"], f"{WORDS} Applications close on 12 March 2099.").subjects
    case = corrections.Case(announcement, told, {}, None, {told[0].subject.id}, now())
    (corrected,) = corrections.corrections(case, [facts], {})
    assert isinstance(corrected, SubjectCorrected)
    assert corrected.changed["closed"] == {"from": True, "to": False}
    assert corrected.changed["closes"]["to"] == "2099-03-12"
