"""The pages of open calls are looked at again: when, at what cost, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feed import revisits, visits
from feed.damping import RESTLESS
from feed.revisits import Course, next_visit
from storage.clock import from_stamp, now, to_stamp
from storage.events import Event
from storage.rebuild import rebuild
from storage.redaction import redact
from storage.visits import Visit
from tests.installation import Installation, rss
from tests.test_visits import BARE, PAGE, asked, entry
from tests.world.government import Government
from tests.world.mailbox import Mailbox

END = datetime(2027, 5, 12, 16, tzinfo=UTC)
AHEAD = now() + timedelta(days=100)
CLOSES, LATER = (f"{AHEAD + timedelta(days=days):%-d %B %Y}" for days in (0, 50))
Wait = Callable[..., list[Event]]


@pytest.mark.parametrize(
    ("ahead", "least", "most"),
    [
        (timedelta(days=200), timedelta(days=6), timedelta(days=8)),
        (timedelta(days=30), timedelta(days=2.5), timedelta(days=3.5)),
        (timedelta(days=10), timedelta(hours=21), timedelta(hours=27)),
        (timedelta(days=2), timedelta(hours=5), timedelta(hours=7)),
        (timedelta(hours=20), timedelta(hours=1.5), timedelta(hours=2.5)),
        (timedelta(minutes=20), timedelta(minutes=50), timedelta(minutes=80)),
        (timedelta(days=-1), timedelta(days=6), timedelta(days=7)),
    ],
)
def test_a_page_is_looked_at_more_often_towards_the_deadline(
    ahead: timedelta, least: timedelta, most: timedelta
) -> None:
    moment = END - ahead
    for key in "abcdefgh":
        at = next_visit(key, Course(published=moment, deadline=END), moment)
        assert at is not None and least <= at - moment <= most


def test_a_series_of_visits_comes_to_an_end_a_week_after_the_deadline() -> None:
    for key in "abcdefgh":
        course = Course(published=END - timedelta(days=90), deadline=END)
        moment: datetime | None = course.published
        seen = []
        while moment := next_visit(key, course, moment):
            seen.append(moment)
        assert [one > END for one in seen[-3:]] == [False, True, True]
        assert seen[-2] - END < timedelta(hours=2) and timedelta(days=7) <= seen[-1] - END < timedelta(days=8)
        assert len(seen) < 70


def test_without_a_deadline_a_page_is_looked_at_weekly_for_half_a_year() -> None:
    moment: datetime | None = END
    seen = []
    while moment := next_visit("key", Course(published=END), moment):
        seen.append(moment)
    assert 23 <= len(seen) <= 30 and seen[-1] - END < timedelta(days=191)


def test_visits_are_spread_the_same_way_each_time() -> None:
    course = Course(published=END, deadline=END + timedelta(days=300))
    once, again = ({next_visit(str(key), course, END) for key in range(50)} for _ in range(2))
    assert once == again and len(once) == 50


@pytest.fixture
def agency(tmp_path: Path, government: Government, mailbox: Mailbox) -> Iterator[Installation]:
    """An installation that has told of one call with its page, as news."""
    installation = Installation(tmp_path, smtp_url=mailbox.smtp_url)
    installation.watch("agency", government.serve("/feed", rss(entry(0))), pages=True)
    installation.poll()
    show(government)
    government.serve("/feed", rss(entry(1, link=f"{government.url}/calls/1"), entry(0)))
    installation.poll()
    yield installation
    installation.close()


@pytest.fixture
def wait(agency: Installation, monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Lets time pass for the visits, and makes those that are due; their events."""
    passed = timedelta(0)

    def wait(**more: float) -> list[Event]:
        nonlocal passed
        passed += timedelta(**more)
        monkeypatch.setattr(visits, "now", lambda: now() + passed)
        return agency.visit(early=False)

    return wait


def show(government: Government, closes: str = CLOSES, *, more: str = "", **how: object) -> None:
    page = PAGE.replace("{closes}", closes).replace("1 March 2027", "1 March 2026")
    html = page.replace("</main>", f"<p>{more}</p></main>")
    government.serve("/calls/1", html.encode(), "text/html; charset=utf-8", **how)  # type: ignore[arg-type]


def planned(agency: Installation) -> Visit:
    with agency.log_db.read() as tx:
        row = tx.execute("SELECT * FROM visits WHERE url LIKE '%/calls/1'").fetchone()
    return Visit(**dict(row))


def types(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_deadline_that_moves_on_the_page_alone_is_told(
    agency: Installation, government: Government, mailbox: Mailbox, wait: Wait
) -> None:
    agency.subscribe("anna@example.org", "kind=call")
    assert wait() == []  # not yet
    show(government, LATER)
    assert types(wait(days=8)) == ["AnnouncementRevised", "CallChanged"]
    changed = agency.events("CallChanged")[-1].payload["changed"]
    assert changed["closes"]["to"].startswith(f"{AHEAD + timedelta(days=50):%Y-%m-%d}")
    agency.deliver()
    assert len(mailbox.to("anna@example.org")) == 1
    assert wait(days=8) == []


def test_a_call_from_the_archive_is_news_when_it_changes_while_it_is_open(
    tmp_path: Path, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(tmp_path)
    show(government)
    feed = government.serve("/feed", rss(entry(1, link=f"{government.url}/calls/1")))
    installation.watch("agency", feed, pages=True)
    installation.poll()
    installation.subscribe("anna@example.org", "kind=call")
    show(government, LATER)
    monkeypatch.setattr(visits, "now", lambda: now() + timedelta(days=8))
    assert types(installation.visit(early=False)) == ["AnnouncementRevised", "CallChanged"]
    assert installation.deliver()[0] == 1
    installation.close()


def test_noise_on_a_page_is_nothing(agency: Installation, government: Government, wait: Wait) -> None:
    for number in range(3):
        show(government, more=f"Page last updated: 12 March 2026, 10:0{number}. 1,23{number} views")
        if number:
            assert wait(days=8) == []
        else:
            wait(days=8)  # the paragraph itself is new
    assert planned(agency).streak <= 1


def test_a_page_that_is_the_same_is_not_sent_again(
    agency: Installation, government: Government, wait: Wait
) -> None:
    show(government, headers={"ETag": '"1"'})
    wait(days=8)
    assert planned(agency).etag == '"1"'
    government.serve("/calls/1", status=304)
    assert wait(days=8) == []
    assert government.requests[-1].headers.get("if-none-match") == '"1"'
    assert from_stamp(planned(agency).next_visit) > now() + timedelta(days=20)


@pytest.mark.parametrize("status", [500, 503, 403, 429])
def test_a_visit_that_fails_does_not_end_the_series(
    agency: Installation, government: Government, wait: Wait, status: int
) -> None:
    government.serve("/calls/1", status=status)
    for _ in range(12):
        assert wait(days=4) == []
    assert agency.events("AnnouncementWithdrawn") == []
    show(government, LATER)
    assert types(wait(days=8)) == ["AnnouncementRevised", "CallChanged"]


@pytest.mark.parametrize("kind", ["text/html", "application/pdf"])
@pytest.mark.parametrize("visits_before", [0, 1])
def test_a_visit_that_finds_no_page_does_not_end_the_series(
    agency: Installation, government: Government, wait: Wait, kind: str, visits_before: int
) -> None:
    for _ in range(visits_before):
        wait(days=8)
    shell = b'<html><body><div id="app"></div><script src="x.js"></script></body></html>'
    government.serve("/calls/1", shell, kind)
    assert wait(days=8) == []
    show(government, LATER)
    assert types(wait(days=8)) == ["AnnouncementRevised", "CallChanged"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_for_a_day_withdraws_its_announcement(
    agency: Installation, government: Government, wait: Wait, status: int
) -> None:
    government.serve("/calls/1", status=status)
    assert wait(days=8) == []
    assert wait(hours=13) == []
    events = wait(hours=13) + wait(hours=13)
    assert types(events) == ["AnnouncementWithdrawn", "CallClosed"]
    (evidence,) = agency.events("AnnouncementWithdrawn")[0].payload["evidence"]
    assert evidence["rule"] == "page.missing"
    assert f"/calls/1 answered {status}" in evidence["quote"] and "3 visits" in evidence["quote"]


def test_many_visits_within_a_day_do_not_make_a_page_gone(
    agency: Installation, government: Government, wait: Wait
) -> None:
    government.serve("/calls/1", status=404)
    wait(days=8)
    for _ in range(5):
        with agency.log_db.write() as tx:
            tx.execute("UPDATE visits SET next_visit = ?", (to_stamp(now()),))
        assert wait(hours=1) == []
    assert planned(agency).missing == 6


def test_a_page_that_was_gone_for_a_moment_is_nothing(
    agency: Installation, government: Government, wait: Wait
) -> None:
    for _ in range(4):
        government.serve("/calls/1", status=404)
        assert wait(days=8) == [] and wait(hours=13) == []
        show(government)
        assert wait(hours=13) == []
        assert planned(agency).missing == 0


def test_a_server_error_between_is_no_evidence(
    agency: Installation, government: Government, wait: Wait
) -> None:
    for status in (404, 503, 503, 503, 503):
        government.serve("/calls/1", status=status)
        assert wait(days=8) == []
    assert planned(agency).missing == 1


def test_a_page_that_is_there_again_brings_its_call_back(
    agency: Installation, government: Government, wait: Wait
) -> None:
    government.serve("/calls/1", status=404)
    wait(days=8)
    for _ in range(3):
        wait(hours=13)
    assert agency.events()[-1].type == "CallClosed"
    show(government)
    events = wait(days=8)
    assert types(events) == ["AnnouncementRevised", "CallChanged"]
    revised, changed = (event.payload for event in agency.events()[-2:])
    assert revised["reason"] == "it is back: its page can be read again"
    assert changed["changed"] == {"closed": {"from": True, "to": False}} and not changed.get("backfill")


def test_a_page_that_declares_its_call_closed_closes_it_and_may_open_it_again(
    agency: Installation, government: Government, wait: Wait
) -> None:
    show(government, more="This opportunity is now closed.")
    assert types(wait(days=8)) == ["AnnouncementRevised", "CallClosed"]
    show(government)
    assert types(wait(days=8)) == ["AnnouncementRevised", "CallChanged"]


def test_a_status_on_the_page_that_says_withdrawn_withdraws(
    agency: Installation, government: Government, wait: Wait
) -> None:
    show(government, more="Status: Withdrawn")
    assert types(wait(days=8))[-2:] == ["AnnouncementWithdrawn", "CallClosed"]
    assert wait(days=8) == []


def test_the_one_that_said_withdrawn_takes_it_back(
    agency: Installation, government: Government, wait: Wait
) -> None:
    state(government, f"{BARE['description']} Status: Withdrawn.")
    agency.poll()
    show(government, more="Please apply in time.")
    assert types(wait(days=8)) == ["AnnouncementRevised"]  # and no CallChanged: it is not back
    state(government, f"{BARE['description']} Status: Open.")
    agency.poll()
    assert agency.events("AnnouncementRevised")[-1].payload["reason"]
    show(government, more="Status: Withdrawn")
    wait(days=8)
    state(government, f"{BARE['description']} Apply now.")
    government.serve("/calls/1", status=503)
    agency.poll()
    assert not agency.events("AnnouncementRevised")[-1].payload["reason"]
    show(government, more="Status: Open")
    agency.visit()
    assert "on its page" in agency.events("AnnouncementRevised")[-1].payload["reason"]


def test_a_page_with_a_clock_in_it_is_damped_and_reported(
    agency: Installation, government: Government, wait: Wait
) -> None:
    told = []
    for number in range(8):
        show(government, more=f"Magic word of this moment: {'abcdefgh'[number] * 5}.")
        told += wait(days=8)
    assert types(told) == ["AnnouncementRevised"] * RESTLESS
    show(government, LATER, more="Magic word of this moment: zzzzz.")
    assert types(wait(days=8)) == ["AnnouncementRevised", "CallChanged"]
    agency.poll()
    assert "1 linked pages change at every visit" in agency.run("sources", "list", "--json").stdout


def test_calls_that_were_recorded_before_get_their_visits(agency: Installation, wait: Wait) -> None:
    with agency.log_db.write() as tx:
        tx.execute("DELETE FROM visits")
    assert visits.plan_unplanned(agency.log_db, agency.sources, now()) == 1
    assert visits.plan_unplanned(agency.log_db, agency.sources, now()) == 0
    at = from_stamp(planned(agency).next_visit)
    assert now() <= at <= now() + timedelta(days=8)


def test_pages_of_sources_without_pages_are_left_alone(
    tmp_path: Path, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(tmp_path)
    show(government)
    feed = government.serve("/feed", rss(entry(1, link=f"{government.url}/calls/1")))
    installation.watch("agency", feed)
    installation.poll()
    assert visits.plan_unplanned(installation.log_db, installation.sources, now()) == 0
    monkeypatch.setattr(visits, "now", lambda: now() + timedelta(days=8))
    assert installation.visit() == [] and asked(government, "/calls/1") == 0
    installation.close()


def test_a_deadline_that_moves_nearer_in_the_feed_brings_the_next_visit_nearer(
    agency: Installation, government: Government
) -> None:
    before = from_stamp(planned(agency).next_visit)
    soon = f"{now() + timedelta(days=2):%-d %B %Y}"
    show(government, soon)
    moved = entry(1, link=f"{government.url}/calls/1", description="Apply now. The deadline has moved.")
    government.serve("/feed", rss(moved, entry(0)))
    agency.poll()
    assert from_stamp(planned(agency).next_visit) < min(before, now() + timedelta(days=1))


def test_a_page_that_was_taken_out_of_the_log_is_not_brought_back(
    tmp_path: Path, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(tmp_path)
    government.serve("/calls/1", status=503)
    feed = government.serve("/feed", rss(entry(1, link=f"{government.url}/calls/1")))
    installation.watch("agency", feed, pages=True)
    installation.poll()
    show(government)
    installation.visit()
    (read,) = installation.events("AnnouncementRead")
    redact(installation.log_db, read.position, "a court says so", now())
    rebuild(installation.log_db)
    monkeypatch.setattr(visits, "now", lambda: now() + timedelta(days=8))
    assert installation.visit(early=False) == []
    assert asked(government, "/calls/1") == 2, "it is not asked for any more"
    installation.close()


def test_an_old_visits_table_says_nothing_of_a_page() -> None:
    assert revisits.first_visit("key", Course(published=END), END + timedelta(days=400)) is None


def test_an_entry_that_changes_at_every_poll_does_not_have_its_page_read_at_every_poll(
    agency: Installation, government: Government
) -> None:
    for number in range(10):
        words = f"Apply for funding to work on quantum networks. Word {number:b}."
        ticking = entry(1, link=f"{government.url}/calls/1", description=words)
        government.serve("/feed", rss(ticking, entry(0)))
        agency.poll()
        agency.visit(early=False)
    assert asked(government, "/calls/1") == 1 + RESTLESS


def test_noise_in_an_entry_does_not_have_its_page_read(agency: Installation, government: Government) -> None:
    for number in range(3):
        words = f"Apply for funding to work on quantum networks. 1,23{number} views"
        counted = entry(1, link=f"{government.url}/calls/1", description=words)
        government.serve("/feed", rss(counted, entry(0)))
        agency.poll()
        agency.visit(early=False)
    assert asked(government, "/calls/1") == 1


def test_what_is_known_of_one_address_is_not_told_to_another(
    agency: Installation, government: Government, wait: Wait
) -> None:
    show(government, headers={"ETag": '"1"'})
    wait(days=8)
    assert planned(agency).etag == '"1"'
    moved = entry(1, link=f"{government.url}/moved", description="It has moved to another place.")
    government.serve("/moved", status=503)
    government.serve("/feed", rss(moved, entry(0)))
    agency.poll()
    (left,) = [visit for visit in visits.due(agency.log_db, agency.sources, early=True) if visit.tries]
    assert (left.url, left.etag) == (f"{government.url}/moved", None)


def state(government: Government, words: str) -> None:
    """Show the entry of the call with these words."""
    link = f"{government.url}/calls/1"
    government.serve("/feed", rss(entry(1, link=link, description=words), entry(0)))


def closed_on(agency: Installation) -> list[str]:
    """The days that CallChanged moved the deadline to."""
    changed = [event.payload["changed"] for event in agency.events("CallChanged")]
    return [one["closes"]["to"][:10] for one in changed if "closes" in one]


@pytest.mark.parametrize("label", ["Closing date", "Deadline"])
def test_a_deadline_moves_with_the_page_though_the_entry_still_states_the_old_one(
    agency: Installation, government: Government, wait: Wait, label: str
) -> None:
    state(government, f"{BARE['description']} {label}: {CLOSES}.")
    agency.poll()
    days = [AHEAD + timedelta(days=more) for more in (50, 20, 70)]
    for day in days:
        show(government, f"{day:%-d %B %Y}")
        assert types(wait(days=8)) == ["AnnouncementRevised", "CallChanged"]
    assert closed_on(agency)[-3:] == [f"{day:%Y-%m-%d}" for day in days]


def test_a_deadline_moves_with_the_page_that_an_edit_of_other_words_has_read_again(
    agency: Installation, government: Government
) -> None:
    state(government, f"{BARE['description']} Closing date: {CLOSES}.")
    agency.poll()
    show(government, LATER)
    state(government, f"{BARE['description']} Closing date: {CLOSES}. Apply with your partners.")
    agency.poll()
    told = closed_on(agency)
    assert told[-1] == f"{AHEAD + timedelta(days=50):%Y-%m-%d}"
    state(government, f"{BARE['description']} Closing date: {CLOSES}. Apply with all your partners.")
    agency.poll()
    assert closed_on(agency) == told


def test_a_page_that_says_something_else_for_a_while_moves_no_deadline(
    agency: Installation, government: Government, wait: Wait
) -> None:
    state(government, f"{BARE['description']} Closing date: {CLOSES}.")
    agency.poll()
    show(government, LATER)
    wait(days=8)
    told = closed_on(agency)
    home = "<main><h1>Welcome</h1><p>We work for a better country. Read about our ministers here.</p></main>"
    government.serve("/calls/1", home.encode(), "text/html; charset=utf-8")
    wait(days=8)
    show(government, LATER)
    wait(days=8)
    assert closed_on(agency) == told
