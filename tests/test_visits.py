"""The pages that announcements link to: read with the poll, or later, politely and once for each change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from feed import later, telling, visitor, visits
from feed.extract import extract
from feed.linked import Page
from storage import log
from storage.clock import from_stamp, now
from storage.events import CallAnnounced, CallChanged
from storage.visits import Visit
from tests.installation import Installation, rss
from tests.world.government import Government

BARE = {
    "title": "Funding opportunity: quantum networks",
    "description": "Apply for funding to work on quantum networks.",
    "guid": "call-1",
}
PAGE = """<!doctype html><html><head><title>Quantum networks - Agency</title></head><body>
<nav><a href="/">Home</a> <a href="/funding">Funding</a></nav>
<main><h1>Funding opportunity: quantum networks</h1>
<p>Apply for funding to work on quantum networks. Research organisations in the UK can lead a project, and
companies may join one. The programme builds on what the national laboratories have learnt so far.</p>
<dl><dt>Opening date:</dt><dd>1 March 2027</dd><dt>Closing date:</dt><dd>{closes} 4:00pm UK time</dd>
<dt>Total fund:</dt><dd>£7,000,000</dd></dl>
<p>The projects are expected to last for three years and to end with a working demonstration.</p></main>
<footer>Crown copyright</footer></body></html>"""


@pytest.fixture
def agency(tmp_path: Path, government: Government) -> Iterator[Installation]:
    """An installation that watches one feed with its pages and has polled it once, while it was empty."""
    installation = Installation(tmp_path)
    installation.watch("agency", government.serve("/feed", rss(entry(0))), pages=True)
    installation.poll()
    yield installation
    installation.close()


def entry(number: int, **changes: str) -> dict[str, str]:
    return {**BARE, "guid": f"call-{number}", "title": f"{BARE['title']} {number}", **changes}


def publish(government: Government, number: int = 1, *, page: str | None = PAGE, **changes: str) -> None:
    """An item of the feed that links to a page of the same server."""
    link = f"{government.url}/calls/{number}"
    government.serve("/feed", rss(entry(number, link=link, **changes), entry(0)))
    if page is None:
        government.serve(f"/calls/{number}", status=503)
    else:
        html = page.replace("{closes}", "12 May 2027").encode()
        government.serve(f"/calls/{number}", html, "text/html; charset=utf-8")


def asked(government: Government, path: str) -> int:
    return sum(request.path == path for request in government.requests)


def test_what_is_told_is_told_with_the_facts_of_its_page(
    agency: Installation, government: Government
) -> None:
    publish(government)
    agency.poll()
    published, announced = agency.events()[-2:]
    assert announced.type == "CallAnnounced"
    data = announced.payload
    assert data["opens"] == "2027-03-01" and data["closes"] == "2027-05-12T16:00:00+01:00"
    assert [(one["amount"], one["currency"], one["role"]) for one in data["money"]] == [
        ("7000000", "GBP", "total")
    ]
    with agency.log_db.read() as tx:
        text = log.text(tx, published.payload["page"])
    assert text and "Closing Date: 12 May 2027" in text and "Crown copyright" not in text
    assert all(
        item["quote"] in f"{published.payload['title']}\n{text}"
        for item in data["evidence"]
        if item["rule"] != "publisher"
    )


def test_a_page_is_read_once_for_each_change_of_its_announcement(
    agency: Installation, government: Government
) -> None:
    publish(government)
    agency.poll()
    agency.poll()
    government.serve("/feed", rss(entry(2), entry(1, link=f"{government.url}/calls/1"), entry(0)))
    agency.poll()
    assert asked(government, "/calls/1") == 1
    publish(government, description="Apply for funding to work on quantum networks. Now with more money.")
    agency.poll()
    assert asked(government, "/calls/1") == 2


def test_a_page_is_not_read_where_pages_is_off(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    for key, pages in (("off", False), ("unsaid", None)):
        publish(government)
        installation.watch(key, government.url + f"/feed?{key}", pages=pages)
        government.serve(f"/feed?{key}", rss(entry(1, link=f"{government.url}/calls/1")))
    installation.poll()
    assert asked(government, "/calls/1") == 0
    assert installation.visit() == []
    installation.close()


def test_a_page_that_cannot_be_had_leaves_the_feeds_own_words_and_is_read_later(
    agency: Installation, government: Government
) -> None:
    """What is found then is a change, never a second announcement."""
    publish(government, page=None)
    agency.poll()
    (announced,) = [event for event in agency.events("CallAnnounced") if event.payload["title"].endswith("1")]
    assert announced.payload["closes"] is None and announced.payload["technologies"] == ["quantum"]
    assert agency.visit(early=False) == []  # its time has not come
    publish(government)
    types = [type(event).__name__ for event in agency.visit()]
    assert types == ["AnnouncementRead", "CallChanged"]
    changed = agency.events("CallChanged")[-1].payload
    assert changed["subject"] == announced.payload["subject"]
    assert changed["changed"]["closes"] == {"from": None, "to": "2027-05-12T16:00:00+01:00"}
    assert {"closes", "money", "opens"} == set(changed["changed"])
    assert agency.visit() == []


def test_a_call_that_only_the_page_tells_is_announced_when_it_is_read(
    agency: Installation, government: Government
) -> None:
    publish(government, page=None, title="Networks of tomorrow", description="More on our website.")
    agency.poll()
    publish(government, title="Networks of tomorrow", description="More on our website.")
    types = [type(event).__name__ for event in agency.visit()]
    assert types == ["AnnouncementRead", "CallAnnounced"]
    assert agency.events()[-1].payload["backfill"] is False


def test_a_moved_deadline_on_the_page_of_a_revised_entry_is_a_change(
    agency: Installation, government: Government
) -> None:
    publish(government)
    agency.poll()
    publish(government, page=PAGE.replace("{closes}", "30 June 2027"), description="The deadline has moved.")
    agency.poll()
    revised, changed = agency.events()[-2:]
    assert revised.type == "AnnouncementRevised" and "page" in revised.payload["changed"]
    assert changed.type == "CallChanged"
    assert changed.payload["changed"]["closes"]["to"] == "2027-06-30T16:00:00+01:00"


def test_an_edit_whose_page_cannot_be_had_moves_no_fact(agency: Installation, government: Government) -> None:
    publish(government)
    agency.poll()
    publish(government, page=None, description="Apply for funding for networks that are quantum.")
    agency.poll()
    assert agency.events()[-1].type == "AnnouncementRevised"
    publish(government, description="Apply for funding for networks that are quantum.")
    assert agency.visit() == []  # it says what it said before


def test_what_the_robots_txt_forbids_is_not_read(agency: Installation, government: Government) -> None:
    publish(government)
    government.serve("/robots.txt", b"User-agent: *\nDisallow: /calls/", "text/plain")
    agency.visitor = visitor.Visitor(agency.fetcher)
    agency.poll()
    assert asked(government, "/calls/1") == 0
    assert agency.events()[-1].type == "CallAnnounced"
    (waiting,) = visits.due(agency.log_db, agency.sources, early=True)
    assert "robots.txt" in (waiting.reason or "")
    assert from_stamp(waiting.next_visit) > now() + timedelta(hours=12)


def test_what_is_no_page_is_given_up_and_a_page_that_fails_often_is_too(
    agency: Installation, government: Government
) -> None:
    publish(government)
    government.serve("/calls/1", b"%PDF-1.7 \x00\x01", "application/pdf")
    agency.poll()
    assert visits.due(agency.log_db, agency.sources, early=True) == []
    publish(government, 2, page=None)
    agency.poll()
    times = 0
    while visits.due(agency.log_db, agency.sources, early=True):
        agency.visit()
        times += 1
    assert times == len(visits.RETRIES)


def test_a_page_that_is_too_much_for_one_poll_is_read_a_moment_later(
    agency: Installation, government: Government
) -> None:
    items = []
    for number in range(1, visitor.AT_ONCE + 4):
        publish(government, number)
        items.append(entry(number, link=f"{government.url}/calls/{number}"))
    government.serve("/feed", rss(*items, entry(0)))
    with agency.log_db.write() as tx:
        tx.execute("UPDATE cursors SET largest = 100")
    agency.poll()
    left = visits.due(agency.log_db, agency.sources)
    assert len(left) == 3
    assert len([event for event in agency.visit(early=False) if type(event).__name__ == "CallChanged"]) == 3


def test_a_silent_host_does_not_keep_a_poll_waiting(
    agency: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one page that nobody answers for, the others of that host are left for later."""
    items = [entry(number, link=f"http://127.0.0.1:9/calls/{number}") for number in range(1, 5)]
    government.serve("/feed", rss(*items, entry(0)))
    asked_for: list[str] = []
    look = agency.visitor.look
    monkeypatch.setattr(
        agency.visitor, "look", lambda url, source: asked_for.append(url) or look(url, source)
    )
    agency.sources["agency"] = agency.sources["agency"].__class__(
        **{
            **{name: getattr(agency.sources["agency"], name) for name in agency.sources["agency"].__slots__},
            "ports": (9,),
        }
    )
    agency.poll()
    assert len(asked_for) == 1
    assert len(agency.events("CallAnnounced")) == 5


def test_two_workers_read_a_page_once(agency: Installation, government: Government) -> None:
    publish(government, page=None)
    agency.poll()
    publish(government)
    (due,) = visits.due(agency.log_db, agency.sources, early=True)
    source = agency.sources["agency"]
    first = visits.read_later(agency.log_db, agency.visitor, source, due)
    assert len(first) == 2
    assert visits.read_later(agency.log_db, agency.visitor, source, due) == ()


def test_a_notice_on_the_page_withdraws_the_announcement(
    agency: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(government)
    agency.poll()
    taken_back = Page(
        text="This call is no longer running.", withdrawn="This page was withdrawn on 1 March 2027"
    )
    monkeypatch.setattr(agency.visitor, "look", lambda *_, **__: visitor.Look(taken_back))
    publish(government, description="Edited.")
    agency.poll()
    assert [event.type for event in agency.events()[-2:]] == ["AnnouncementWithdrawn", "CallClosed"]
    assert agency.events()[-2].payload["evidence"][0]["quote"] == "This page was withdrawn on 1 March 2027"


def test_a_withdrawal_is_seen_although_the_words_of_the_page_stay(
    agency: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(government)
    agency.poll()
    url = f"{government.url}/calls/1"
    page = agency.visitor.look(url, agency.sources["agency"]).page
    assert page is not None
    publish(government, page=None, description="Edited.")
    agency.poll()
    taken_back = dataclasses.replace(page, withdrawn="This page was withdrawn on 1 March 2027")
    monkeypatch.setattr(agency.visitor, "look", lambda *_, **__: visitor.Look(taken_back))
    types = [type(event).__name__ for event in agency.visit()]
    assert types == ["AnnouncementWithdrawn", "CallClosed"]


def test_nobody_is_mailed_that_an_old_call_was_withdrawn_long_ago(
    tmp_path: Path, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(tmp_path)
    publish(government, page=None)
    installation.subscribe("anna@example.org", "kind=call")
    installation.watch("agency", government.url + "/feed", pages=True)
    installation.poll()
    gone = Page(text="This call is over.", withdrawn="This page was withdrawn on 3 May 2021")
    monkeypatch.setattr(installation.visitor, "look", lambda *_, **__: visitor.Look(gone))
    closed = installation.visit()[-1]
    assert type(closed).__name__ == "CallClosed"
    assert installation.deliver()[0] == 0
    installation.close()


def test_nobody_is_mailed_for_what_a_page_adds_to_an_announcement_of_long_ago(
    agency: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(government, page=None)
    agency.poll()
    publish(government)
    monkeypatch.setattr(visits, "now", lambda: now() + timedelta(days=400))
    changed = agency.visit()[-1]
    assert isinstance(changed, CallChanged) and changed.backfill


def test_a_page_that_makes_a_call_of_an_initiative_is_recorded_and_not_told_again(
    agency: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {
        "title": "UK and India launch partnership on future telecoms",
        "description": "The UK and India have launched a new partnership on future telecoms.",
    }
    publish(government, page=None, **words)
    agency.poll()
    announced = agency.events()[-1]
    assert announced.type == "InitiativeAnnounced"
    (call,) = extract("Apply now for telecoms funding", "Applications close on 12 May 2027.").subjects
    key = telling.key_of(announced.payload["announcement"], "call", 1)
    monkeypatch.setattr(later, "reading", lambda *_: later.Readings({}, {key: call}))
    publish(government, **words)
    told = agency.visit()[-1]
    assert isinstance(told, CallAnnounced) and told.backfill


def test_hosts_are_asked_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]

    class Time:
        """A clock that moves only when somebody waits."""

        @staticmethod
        def monotonic() -> float:
            return clock[0]

        @staticmethod
        def sleep(seconds: float) -> None:
            clock[0] += seconds

    monkeypatch.setattr(visitor, "time", Time)
    manners = visitor.Manners(5.0)
    for moment in (100.0, 105.0, 110.0):
        manners.wait("https://one.example/", None)
        assert clock[0] == moment
    manners.wait("https://two.example/", None)
    assert clock[0] == 110.0


def test_the_command_reads_pages_and_tries_again_those_it_could_not(
    agency: Installation, government: Government
) -> None:
    publish(government, page=None)
    assert agency.run("poll", "--all").returncode == 0
    publish(government)
    done = agency.run("poll", "--all", "--json")
    assert '"events": 2' in done.stdout.splitlines()[-1]
    assert agency.events()[-1].type == "CallChanged"


def test_another_source_that_reads_pages_adds_what_the_first_left_out(
    tmp_path: Path, government: Government
) -> None:
    installation = Installation(tmp_path)
    publish(government)
    installation.watch("plain", government.url + "/feed")
    installation.poll()
    assert installation.events()[-1].payload["closes"] is None
    government.serve("/other", rss(entry(1, link=f"{government.url}/calls/1")))
    installation.watch("thorough", government.url + "/other", pages=True)
    installation.poll()
    types = [type(event).__name__ for event in installation.visit()]
    assert types == ["AnnouncementRead", "CallChanged"]
    installation.close()


def test_a_visit_says_what_it_is_for() -> None:
    assert Visit("one", "agency", "https://gov.example/", "2027-01-01T00:00:00.000000Z").id == "one"
