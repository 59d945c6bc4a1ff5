"""One poll, from a real server to real files: what is recorded, what is not, and what a failure does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from feed import parse, poll
from storage import catalogue, cursors, holders, log, redaction
from storage.clock import from_stamp, now
from storage.verify import verify
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government


@pytest.fixture
def watched(tmp_path: Path, government: Government) -> Iterator[Installation]:
    """An installation that watches one feed, /feed, and has polled it once."""
    installation = Installation(tmp_path)
    installation.watch("dsit", government.serve("/feed", rss(call(1), visit(1))))
    installation.poll()
    yield installation
    installation.close()


def types(installation: Installation) -> list[str]:
    return [event.type for event in installation.events()]


def test_a_first_poll_is_backfill(watched: Installation) -> None:
    """Recorded and shown, never notified."""
    assert types(watched) == ["AnnouncementPublished", "CallAnnounced", "AnnouncementPublished"]
    assert all(event.payload["backfill"] for event in watched.events())


def test_what_appears_later_is_not(watched: Installation, government: Government) -> None:
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    outcome = watched.poll()["dsit"]
    assert [type(event).__name__ for event in outcome.events] == ["AnnouncementPublished", "CallAnnounced"]
    assert not any(event.payload["backfill"] for event in watched.events()[3:])


def test_a_call_carries_its_facts_and_their_evidence(watched: Installation) -> None:
    (event,) = watched.events("CallAnnounced")
    data = event.payload
    assert data["title"] == "Funding call 1: quantum networks"
    assert data["url"] == "https://gov.example/calls/1"
    assert data["technologies"] == ["quantum"]
    assert data["countries"] == ["GB"]
    assert data["closes"] == "2027-03-12"
    assert [(item["amount"], item["currency"]) for item in data["money"]] == [("1000000", "GBP")]
    assert {"kind", "technologies", "money", "closes"} <= {item["field"] for item in data["evidence"]}
    assert event.stream == f"subject/{data['subject']}"


def test_an_unchanged_feed_records_nothing(watched: Installation, government: Government) -> None:
    before = types(watched)
    assert watched.poll()["dsit"].status == "not_modified"
    government.serve("/feed", rss(call(1), visit(1)) + b"<!-- generated a moment later -->")
    assert watched.poll()["dsit"].events == ()
    assert types(watched) == before


def test_a_server_that_knows_validators_is_asked_conditionally(
    tmp_path: Path, government: Government
) -> None:
    installation = Installation(tmp_path)
    installation.watch("dsit", government.feed_url("dsit-news"))
    installation.poll()
    assert installation.poll()["dsit"].status == "not_modified"
    assert government.requests[-1].status == 304
    installation.close()


def test_a_revision_names_what_changed_and_a_moved_deadline_is_announced_once(
    watched: Installation, government: Government
) -> None:
    longer = call(1)["description"].replace("12 March", "30 April")
    government.serve("/feed", rss(call(1, description=longer), visit(1)))
    watched.poll()
    watched.poll()
    revised, changed = watched.events()[3:]
    assert (revised.type, changed.type) == ("AnnouncementRevised", "CallChanged")
    assert set(revised.payload["changed"]) == {"summary"}
    assert changed.payload["changed"] == {"closes": {"from": "2027-03-12", "to": "2027-04-30"}}
    assert changed.payload["backfill"] is False
    assert [subject.closes for subject in watched.subjects()] == ["2027-04-30"]


def test_a_fact_that_is_no_longer_stated_stays(watched: Installation, government: Government) -> None:
    government.serve("/feed", rss(call(1, description="Apply for funding for quantum networks."), visit(1)))
    watched.poll()
    assert [event.type for event in watched.events()[3:]] == ["AnnouncementRevised"]
    assert watched.subjects()[0].closes == "2027-03-12"


def test_a_withdrawal_is_recorded_on_its_notice_and_closes_the_call(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", rss(call(1, title="[Withdrawn] Funding call 1: quantum networks"), visit(1)))
    watched.poll()
    watched.poll()
    assert [event.type for event in watched.events()[3:]] == ["AnnouncementWithdrawn", "CallClosed"]
    assert watched.subjects()[0].closed


def test_a_withdrawal_is_seen_behind_the_document_type(watched: Installation, government: Government) -> None:
    title = "Press release: [Withdrawn] Funding call 1: quantum networks"
    government.serve("/feed", rss(call(1, title=title), visit(1)))
    watched.poll()
    assert [event.type for event in watched.events()[3:]] == ["AnnouncementWithdrawn", "CallClosed"]


def test_leaving_the_window_of_a_feed_is_no_withdrawal(watched: Installation, government: Government) -> None:
    before = types(watched)
    government.serve("/feed", rss(visit(1)))
    watched.poll()
    government.serve("/feed", rss(call(1), visit(1)))
    watched.poll()
    assert types(watched) == before


def test_regenerated_guids_announce_nothing(watched: Installation, government: Government) -> None:
    before = types(watched)
    government.serve("/feed", rss(call(1, guid="new-1"), visit(1, guid="new-2")))
    watched.poll()
    assert types(watched) == before


def test_one_page_on_two_feeds_is_one_announcement(watched: Installation, government: Government) -> None:
    title = "Press release: Funding call 1: quantum networks"
    watched.watch("other", government.serve("/other", rss(call(1, title=title, guid="elsewhere"))))
    watched.poll("other")
    watched.poll("other")
    assert len(watched.events("AnnouncementPublished")) == 2
    assert len(watched.events("CallAnnounced")) == 1


def test_two_feeds_polled_at_once_do_not_tell_one_page_twice(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    for number in range(6):
        installation.watch(f"s{number}", government.serve(f"/s{number}", rss(*map(call, range(1, 9)))))
    installation.poll()
    assert len(installation.events("AnnouncementPublished")) == 8
    assert len(installation.events("CallAnnounced")) == 8
    verify(installation.log_db)
    installation.close()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the answer is empty"),
        (b"<html><title>Access denied</title></html>", "HTML page, not a feed: “Access denied”"),
        (b"<rss><channel><item><title>cut", "not well-formed"),
        (b"nothing like a feed", "no RSS or Atom feed"),
    ],
)
def test_a_bad_answer_is_a_state_of_the_source_and_loses_nothing(
    watched: Installation, government: Government, body: bytes, reason: str
) -> None:
    before = types(watched)
    government.serve("/feed", body)
    for _ in range(3):
        assert watched.poll()["dsit"].status == "failed"
    cursor = watched.cursor("dsit")
    assert (cursor.health, cursor.failures) == ("failing", 3)
    assert reason in (cursor.reason or "")
    assert types(watched) == [*before, "SourceFailing"]
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    watched.poll()
    assert watched.cursor("dsit").health == "ok"
    assert types(watched)[len(before) + 1 :] == ["AnnouncementPublished", "CallAnnounced", "SourceRecovered"]
    assert not watched.events("CallAnnounced")[-1].payload["backfill"]


def test_a_feed_that_breaks_off_is_asked_again_in_whole(
    watched: Installation, government: Government
) -> None:
    """Half an entry is not recorded, and 'not modified' does not keep us from the rest."""
    body = rss(call(2), visit(1))
    government.serve("/feed", body[: body.rindex(b"<item>") + 40], headers={"ETag": '"x"'})
    watched.poll()
    cursor = watched.cursor("dsit")
    assert (cursor.health, cursor.etag, cursor.seen) == ("ok", None, 1)
    assert "not as it should be" in (cursor.reason or "")
    assert [event.payload["title"] for event in watched.events("CallAnnounced")[1:]] == [
        "Funding call 2: quantum networks"
    ]


def test_the_first_answer_after_failures_is_still_backfill(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    installation.watch("dsit", government.serve("/feed", b"", status=500))
    installation.poll()
    government.serve("/feed", rss(call(1)))
    installation.poll()
    assert installation.events("CallAnnounced")[0].payload["backfill"]
    installation.close()


def test_not_modified_as_the_first_answer_is_a_failure(tmp_path: Path, government: Government) -> None:
    """Otherwise everything the source shows later would be mailed as news."""
    installation = Installation(tmp_path)
    installation.watch("dsit", government.serve("/feed", b"", status=304))
    installation.poll()
    assert installation.cursor("dsit").health == "failing"
    assert installation.cursor("dsit").last_success is None
    installation.close()


def test_gone_is_for_good(watched: Installation, government: Government) -> None:
    government.serve("/feed", b"", status=410)
    watched.poll()
    assert watched.cursor("dsit").health == "ended"
    with watched.log_db.read() as tx:
        assert cursors.waiting(tx, now() + timedelta(days=400), due=False) == []
    assert types(watched)[-1] == "SourceEnded"


def test_retry_after_is_kept_even_when_everything_is_asked_for(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", b"", status=503, headers={"Retry-After": "3600"})
    watched.poll()
    with watched.log_db.read() as tx:
        assert cursors.waiting(tx, now(), due=False) == []
        assert cursors.waiting(tx, now() + timedelta(seconds=3601), due=False) == ["dsit"]


def test_a_failing_source_is_tried_again_later_and_later(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", b"", status=500)
    waits = []
    for _ in range(3):
        watched.poll()
        cursor = watched.cursor("dsit")
        assert cursor.next_poll and cursor.last_poll
        waits.append(from_stamp(cursor.next_poll) - from_stamp(cursor.last_poll))
    assert waits == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]


def test_one_failing_source_does_not_disturb_the_others(
    watched: Installation, government: Government
) -> None:
    watched.watch("broken", government.serve("/broken", status=0))
    watched.watch("good", government.serve("/good", rss(call(7))))
    outcomes = watched.poll()
    assert outcomes["broken"].status == "failed"
    assert outcomes["good"].status == "fetched"


def test_a_bug_that_one_feed_brings_to_light_is_that_feeds_failure(
    watched: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("a rule went wrong")

    monkeypatch.setattr("feed.decide.extract", broken)
    government.serve("/feed", rss(call(2)))
    outcome = watched.poll()["dsit"]
    assert outcome.status == "failed"
    assert "a rule went wrong" in (outcome.reason or "")


def test_a_source_that_somebody_else_polls_is_left_alone(watched: Installation) -> None:
    with watched.log_db.write() as tx:
        assert cursors.lease(tx, "dsit", now(), now() + timedelta(minutes=5), "elsewhere:1:abcd")
    assert watched.poll()["dsit"].status == "skipped"


def test_a_lease_that_ran_out_is_taken_over_and_the_late_one_writes_nothing(
    watched: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    government.serve("/feed", rss(call(2), call(1)))
    read_texts = poll.read_texts

    def taken_over(*arguments: object) -> object:
        with watched.log_db.write() as tx:
            cursors.lease(tx, "dsit", now() + timedelta(hours=1), now() + timedelta(hours=2), "other:1:abcd")
        return read_texts(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(poll, "read_texts", taken_over)
    before = types(watched)
    assert watched.poll()["dsit"].status == "skipped"
    assert types(watched) == before


def test_the_lease_of_a_process_that_died_here_is_given_back_at_once(watched: Installation) -> None:
    dead = holders.me().rsplit(":", 2)[0] + ":999999999:abcd"
    with watched.log_db.write() as tx:
        cursors.lease(tx, "dsit", now(), now() + timedelta(minutes=5), dead)
    assert watched.poll()["dsit"].status == "not_modified"


def test_a_new_address_is_polled_at_once_and_unconditionally(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", b"", status=410)
    watched.poll()
    watched.watch("dsit", government.serve("/moved", rss(call(1), call(2))))
    poll.prepare(watched.log_db, watched.sources.values())
    with watched.log_db.read() as tx:
        assert cursors.waiting(tx, now()) == ["dsit"]
    assert watched.poll()["dsit"].status == "fetched"


def test_a_source_that_left_the_catalogue_is_polled_no_more_and_keeps_its_past(watched: Installation) -> None:
    del watched.sources["dsit"]
    poll.prepare(watched.log_db, watched.sources.values())
    with watched.log_db.read() as tx:
        assert cursors.everything(tx) == []
        assert cursors.get(tx, "dsit") is not None


def test_a_rehearsal_says_what_would_be_recorded_and_writes_nothing(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", rss(call(2), call(1)))
    before = types(watched), watched.cursor("dsit")
    outcome = poll.rehearse(watched.log_db, watched.fetcher, watched.sources["dsit"])
    assert [type(event).__name__ for event in outcome.events] == ["AnnouncementPublished", "CallAnnounced"]
    assert (types(watched), watched.cursor("dsit")) == before


def test_long_texts_are_kept_beside_the_log(watched: Installation, government: Government) -> None:
    text = "A sentence about very little. " * 100
    government.serve("/feed", rss(visit(2, description=text)))
    watched.poll()
    event = watched.events("AnnouncementPublished")[-1]
    assert len(event.payload["summary"]) <= 1000
    with watched.log_db.read() as tx:
        assert log.text(tx, event.payload["text"]) == text.strip()


def test_two_feeds_that_show_one_edit_at_once_tell_it_once(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    for key in ("a", "b", "c", "d"):
        installation.watch(key, government.serve(f"/{key}", rss(call(1))))
    installation.poll()
    later = call(1)["description"].replace("12 March", "30 April")
    for key in installation.sources:
        government.serve(f"/{key}", rss(call(1, description=later)))
    installation.poll()
    assert len(installation.events("CallChanged")) == 1
    installation.close()


def test_an_edit_is_compared_with_what_the_same_source_said_before(
    watched: Installation, government: Government
) -> None:
    """A second feed tells less of the same page; its corrected typo moves no fact."""
    shorter = call(1, description="Apply for a share of £50,000 to bild quantum networks.")
    watched.watch("other", government.serve("/other", rss(shorter)))
    watched.poll("other")
    mended = call(1, description="Apply for a share of £50,000 to build quantum networks.")
    government.serve("/other", rss(mended))
    watched.poll("other")
    assert [event.type for event in watched.events()[3:]] == ["AnnouncementRevised"]


def test_a_second_feed_that_tells_more_brings_the_call(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    installation.watch("short", government.serve("/short", rss(visit(1))))
    installation.watch("long", government.serve("/long", rss(visit(2))))
    installation.poll()
    page = call(1, title="Quantum networks", description="News of the week.")
    government.serve("/short", rss(page, visit(1)))
    installation.poll("short")
    assert installation.events("CallAnnounced") == []
    government.serve("/long", rss(call(1, title="Quantum networks"), visit(2)))
    installation.poll("long")
    (announced,) = installation.events("CallAnnounced")
    assert announced.payload["backfill"] is False
    assert len(installation.events("AnnouncementPublished")) == 3
    installation.close()


def test_the_archive_of_a_new_source_does_not_swallow_the_news_of_an_old_one(
    watched: Installation, government: Government
) -> None:
    """What the new source shows at first is backfill there, and news where it was not before."""
    watched.watch("new", government.serve("/new", rss(call(2), call(3))))
    watched.poll("new")
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    watched.poll("dsit")
    watched.poll()
    announced = [event.payload for event in watched.events("CallAnnounced")]
    assert [(data["url"][-1], data["backfill"]) for data in announced] == [
        ("1", True),
        ("2", True),
        ("3", True),
        ("2", False),
    ]
    assert len(watched.subjects()) == 3


def test_what_an_old_source_takes_up_late_is_no_news(watched: Installation, government: Government) -> None:
    watched.watch("new", government.serve("/new", rss(call(2))))
    watched.poll("new")
    watched.poll("dsit")
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    watched.poll("dsit")
    assert [event.payload["backfill"] for event in watched.events("CallAnnounced")] == [True, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"guid": "https://gov.example/the-latest"},
        {"link": "https://gov.example/calls"},
        {"guid": "", "link": "https://gov.example/calls"},
    ],
    ids=["one guid for everything", "one page for everything", "one page and no guid"],
)
def test_a_feed_that_shows_one_thing_at_a_time_tells_each(
    tmp_path: Path, government: Government, changes: dict[str, str]
) -> None:
    titles = ["Grants for quantum networks", "Competition on tidal power", "Fellowships in marine biology"]
    installation = Installation(tmp_path)
    for number, title in enumerate(titles, 1):
        installation.watch("one", government.serve("/one", rss(call(number, title=title, **changes))))
        installation.poll()
    published = [event.payload["title"] for event in installation.events("AnnouncementPublished")]
    assert published == titles
    installation.close()


def test_two_entries_of_the_same_title_with_nothing_else_to_tell_them_apart_are_two(
    tmp_path: Path, government: Government
) -> None:
    first = {"title": "Call for proposals", "description": "On quantum networks, until 3 May 2027."}
    second = {"title": "Call for proposals", "description": "On tidal power, until 9 June 2027."}
    installation = Installation(tmp_path)
    installation.watch("one", government.serve("/one", rss(first, second)))
    installation.poll()
    installation.poll()
    assert len(installation.events("AnnouncementPublished")) == 2
    installation.close()


def test_the_rest_of_a_first_answer_that_broke_off_is_still_backfill(
    tmp_path: Path, government: Government
) -> None:
    body = rss(*map(call, range(1, 10)))
    installation = Installation(tmp_path)
    installation.watch("one", government.serve("/one", body[: len(body) // 3]))
    installation.poll()
    government.serve("/one", body)
    installation.poll()
    announced = installation.events("CallAnnounced")
    assert len(announced) == 9
    assert all(event.payload["backfill"] for event in announced)
    installation.close()


def test_what_a_new_address_shows_at_first_is_backfill(watched: Installation, government: Government) -> None:
    government.serve("/feed", b"", status=500)
    watched.poll()
    watched.watch("dsit", government.serve("/moved", rss(call(4), call(1))))
    watched.poll()
    assert watched.events("CallAnnounced")[-1].payload["backfill"]
    assert [event.type for event in watched.events()][-1] == "SourceRecovered"
    assert "if-none-match" not in government.requests[-1].headers


@pytest.mark.parametrize("header", ["²", "Mon, 23 Nov 2026 13:00:00 +99999999999999", "", "-5", "x" * 5000])
def test_a_hostile_retry_after_is_only_a_failure(
    watched: Installation, government: Government, header: str
) -> None:
    government.serve("/feed", b"", status=503, headers={"Retry-After": header.encode().decode("latin-1")})
    assert watched.poll()["dsit"].status == "failed"
    assert watched.cursor("dsit").lease_holder is None


def test_a_second_worker_keeps_retry_after_and_what_is_not_due(
    watched: Installation, government: Government
) -> None:
    count = len(government.requests)
    outcome = poll.poll(watched.log_db, watched.fetcher, watched.sources["dsit"], due=True)
    assert outcome.status == "skipped"
    government.serve("/feed", b"", status=503, headers={"Retry-After": "3600"})
    watched.poll()
    assert watched.poll()["dsit"].status == "skipped"
    assert len(government.requests) == count + 1


def test_one_bad_entry_does_not_keep_us_from_the_others(
    watched: Installation, government: Government
) -> None:
    """Left behind by a word processor, and enough to end the standard library's HTML parser."""
    bad = visit(8, description="<p>Words <![ endif]--> more</p>")
    government.serve("/feed", rss(bad, call(2), call(1), visit(1)))
    assert watched.poll()["dsit"].status == "fetched"
    assert len(watched.events("CallAnnounced")) == 2
    assert len(watched.events("AnnouncementPublished")) == 4


@pytest.mark.parametrize("status", [301, 308])
def test_a_moved_address_is_adopted_when_three_polls_in_a_row_have_met_it(
    watched: Installation, government: Government, status: int
) -> None:
    new = government.serve("/new-place", rss(call(2), call(1), visit(1)))
    government.serve("/feed", status=status, headers={"Location": "/new-place"})
    for _ in range(3):
        assert watched.cursor("dsit").adopted is None
        watched.poll()
    assert watched.cursor("dsit").adopted == new
    (moved,) = watched.events("SourceMoved")
    assert (moved.payload["url"], moved.payload["before"]) == (new, government.url + "/feed")
    before = len(government.requests)
    watched.poll()
    assert [request.path for request in government.requests[before:]] == ["/new-place"]
    assert len(watched.events("SourceMoved")) == 1
    assert len(watched.events("CallAnnounced")) == 2


def test_a_redirect_that_does_not_last_is_not_adopted(watched: Installation, government: Government) -> None:
    government.serve("/new-place", rss(call(1), visit(1)))
    for answers in ([301, 301, 200, 301, 301], [302] * 5, [307] * 5, [301, 301, 500, 301, 301]):
        for status in answers:
            if status in (200, 500):
                government.serve("/feed", rss(call(1), visit(1)), status=status)
            else:
                government.serve("/feed", status=status, headers={"Location": "/new-place"})
            watched.poll()
        government.serve("/feed", rss(call(1), visit(1)))
        watched.poll()
    assert watched.cursor("dsit").adopted is None
    assert watched.events("SourceMoved") == []


def test_where_an_adopted_address_fails_the_catalogues_is_asked_again(
    watched: Installation, government: Government
) -> None:
    government.serve("/new-place", rss(call(1), visit(1)))
    government.serve("/feed", status=301, headers={"Location": "/new-place"})
    for _ in range(3):
        watched.poll()
    government.serve("/new-place", status=404)
    government.serve("/feed", rss(call(1), visit(1)))
    assert watched.poll()["dsit"].status == "failed"
    assert watched.poll()["dsit"].status != "failed"
    assert watched.cursor("dsit").adopted is None


def test_a_withdrawn_call_that_comes_back_is_open_again(
    watched: Installation, government: Government
) -> None:
    title = call(1)["title"]
    government.serve("/feed", rss(call(1, title=f"[Withdrawn] {title}"), visit(1)))
    watched.poll()
    later = call(1)["description"].replace("12 March", "30 April")
    government.serve("/feed", rss(call(1, description=later), visit(1)))
    watched.poll()
    assert [event.type for event in watched.events()[-2:]] == ["AnnouncementRevised", "CallChanged"]
    assert watched.events()[-1].payload["changed"] == {
        "closed": {"from": True, "to": False},
        "closes": {"from": "2027-03-12", "to": "2027-04-30"},
    }
    (subject,) = watched.subjects()
    assert not subject.closed
    assert "withdrawn by its source" not in watched.browser().get(f"/subjects/{subject.id}").text


def test_a_subject_takes_the_new_name_of_its_announcement(
    watched: Installation, government: Government
) -> None:
    renamed = call(1, title="Funding call 1: quantum networks and sensors")
    government.serve("/feed", rss(renamed, visit(1)))
    watched.poll()
    changed = watched.events("CallChanged")[-1].payload
    assert changed["title"] == "Funding call 1: quantum networks and sensors"
    with watched.log_db.read() as tx:
        found = catalogue.subject(tx, changed["subject"])
    assert found and found.title == "Funding call 1: quantum networks and sensors"


def test_a_source_that_got_a_new_address_while_it_stood_in_line_is_not_polled_at_the_old_one(
    watched: Installation, government: Government
) -> None:
    old = watched.sources["dsit"]
    watched.watch("dsit", government.serve("/moved", rss(call(3))))
    poll.prepare(watched.log_db, watched.sources.values())
    count = len(government.requests)
    assert poll.poll(watched.log_db, watched.fetcher, old).status == "skipped"
    assert len(government.requests) == count


def test_a_feed_that_always_breaks_off_is_not_backfill_for_ever(
    tmp_path: Path, government: Government
) -> None:
    def cut_off(*items: dict[str, str]) -> bytes:
        body = rss(*items, visit(9))
        return body[: body.rindex(b"<item>") + 40]

    installation = Installation(tmp_path)
    installation.watch("one", government.serve("/one", cut_off(call(1))))
    installation.poll()
    installation.poll()
    government.serve("/one", cut_off(call(2), call(1)))
    installation.poll()
    assert [event.payload["backfill"] for event in installation.events("CallAnnounced")] == [True, False]
    installation.close()


def test_a_new_call_on_a_page_that_others_share_is_no_edit_of_one_of_them(
    tmp_path: Path, government: Government
) -> None:
    """The others have not changed, so that their bytes are not read again."""

    def item(title: str) -> dict[str, str]:
        return {"title": title, "link": "https://gov.example/news", "description": "Apply for £5 million."}

    first = [item("Call for proposals 2026: quantum"), item("Minister opens bridge")]
    installation = Installation(tmp_path)
    installation.watch("one", government.serve("/one", rss(*first)), kinds=("call",))
    installation.poll()
    government.serve("/one", rss(item("Call for proposals 2026: semiconductors"), *first))
    installation.poll()
    titles = [event.payload["title"] for event in installation.events("AnnouncementPublished")]
    assert titles[2:] == ["Call for proposals 2026: semiconductors"]
    assert installation.events("AnnouncementRevised") == []
    installation.close()


READ_IT_ALL = "UPDATE cursors SET body = NULL, marks = '', etag = NULL"


def beside(closes: str = "12 March 2027", more: str = "") -> bytes:
    """A feed with a call whose summary states the deadline, and whose longer content does not."""
    words = f"There is £4 million for hydrogen research. Apply with partners from all the world.{more}"
    item = call(1, description=f"A funding call for hydrogen research. Applications close on {closes}.")
    return (
        rss(item, visit(1))
        .replace(b"<rss ", b'<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" ')
        .replace(b"</item>", f"<content:encoded>{words}</content:encoded></item>".encode(), 1)
    )


def test_a_summary_beside_the_content_is_read_and_its_edit_is_told(
    watched: Installation, government: Government
) -> None:
    for body in (beside(), beside("30 April 2027")):
        government.serve("/feed", body)
        watched.poll()
    revised, changed = watched.events()[-2:]
    assert set(revised.payload["changed"]) == {"summary"}
    assert changed.payload["changed"]["closes"] == {"from": "2027-03-12", "to": "2027-04-30"}


def test_another_measure_of_what_an_entry_says_is_no_revision(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", beside())
    watched.poll()
    count = len(watched.events())
    with watched.log_db.write() as tx:
        tx.execute("UPDATE sightings SET fingerprint = 'measured by the text alone'")
        tx.execute(READ_IT_ALL)
    watched.poll()
    assert len(watched.events()) == count
    government.serve("/feed", beside(more=" Good luck."))
    watched.poll()
    assert types(watched)[count:] == ["AnnouncementRevised"]


def test_another_measure_does_not_bring_back_what_was_redacted(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", beside())
    watched.poll()
    for event in watched.events("AnnouncementPublished", "AnnouncementRevised"):
        redaction.redact(watched.log_db, event.position, "A court ordered it.", now())
    count = len(watched.events())
    entries = parse.parse(beside(), url=f"{government.url}/feed").entries
    with watched.log_db.write() as tx:
        for one in entries:
            tx.execute(
                "UPDATE sightings SET fingerprint = ? WHERE guid = ?",
                (parse.measure(one.title, one.text), one.guid),
            )
        tx.execute(READ_IT_ALL)
    watched.poll()
    assert types(watched)[count:] == []
