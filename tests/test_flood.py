"""The flood guard, gaps, feeds that never rest: what a source's past does not explain is told to nobody."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from storage.clock import from_stamp
from storage.rebuild import rebuild
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox


@pytest.fixture
def watched(here: Installation, government: Government) -> Iterator[Installation]:
    """An installation with one subscriber to everything, which has polled one feed of 25 calls once."""
    here.watch("dsit", government.serve("/feed", rss(*map(call, range(1, 26)))))
    here.poll()
    here.subscribe("anna@example.org")
    here.deliver()
    return here


def strangers(count: int, since: int = 100) -> list[dict[str, str]]:
    return [call(number) for number in range(since, since + count)]


def mailed(mailbox: Mailbox) -> int:
    return len(mailbox.messages)


def test_a_flood_is_recorded_held_and_mailed_to_nobody(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(*strangers(21)))
    watched.poll()
    assert watched.deliver() == (0, 0, 0)
    assert mailed(mailbox) == 0
    announced = watched.events("CallAnnounced")[25:]
    assert len(announced) == 21
    assert all(event.payload["held"] and not event.payload["backfill"] for event in announced)
    (held,) = watched.events("SourceHeld")
    assert (held.payload["count"], held.payload["explained"]) == (21, 20)
    cursor = watched.cursor("dsit")
    assert (cursor.health, cursor.held) == ("held", 21)
    assert "21 new entries are held back" in (cursor.reason or "")
    assert "communique sources release dsit" in (cursor.reason or "")


def test_twenty_new_entries_at_once_are_never_held(watched: Installation, government: Government) -> None:
    government.serve("/feed", rss(*strangers(20)))
    watched.poll()
    assert watched.deliver()[0] == 20
    assert watched.cursor("dsit").health == "ok"


def test_what_is_held_stands_in_no_feed_and_on_no_list_until_it_is_released(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", rss(*strangers(21)))
    watched.poll()
    browser = watched.browser()
    for address in ("/", "/feed.atom", "/events?kind=call"):
        assert "Funding call 100" not in browser.get(address).text
    assert "held for review" in browser.get("/sources").text
    watched.run("sources", "release", "dsit")
    for address in ("/", "/feed.atom", "/events?kind=call"):
        assert "Funding call 100" in browser.get(address).text


def test_the_operator_releases_it_and_each_subscriber_is_told_once(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    watched.deliver()
    done = watched.run("sources", "release", "dsit")
    assert done.stdout == "released 30 announcements of dsit\n"
    assert watched.deliver() == (30, 30, 0)
    assert watched.deliver() == (0, 0, 0)
    assert mailed(mailbox) == 1
    assert (watched.cursor("dsit").health, watched.cursor("dsit").held) == ("ok", 0)
    again = watched.run("sources", "release", "dsit")
    assert (again.returncode, again.stderr) == (1, "Error: nothing of dsit is held back\n")
    assert watched.run("sources", "release", "nobody").returncode == 2


def test_it_can_be_released_without_telling_anyone(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    watched.run("sources", "release", "dsit", "--quietly")
    watched.deliver()
    assert mailed(mailbox) == 0
    assert watched.cursor("dsit").health == "ok"
    government.serve("/feed", rss(*strangers(30, since=200)))
    watched.poll()
    assert watched.cursor("dsit").held == 30  # nothing was learnt from it


def test_what_comes_while_something_is_held_is_told_as_ever(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    government.serve("/feed", rss(call(7000), *strangers(30)))
    watched.poll()
    assert watched.deliver()[0] == 1
    assert watched.cursor("dsit").held == 30
    assert len(watched.events("SourceHeld")) == 1


def test_the_past_explains_as_much_again_as_the_operator_released(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    watched.run("sources", "release", "dsit")
    government.serve("/feed", rss(*strangers(40, since=200)))
    watched.poll()
    assert watched.cursor("dsit").held == 0


def test_a_held_source_that_fails_and_recovers_is_still_held(
    watched: Installation, government: Government
) -> None:
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    government.serve("/feed", b"", status=500)
    watched.poll()
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    assert watched.cursor("dsit").health == "held"
    assert [event.type for event in watched.events()][-2:] == ["SourceFailing", "SourceRecovered"]


def test_a_page_of_a_flood_that_another_source_tells_as_news_is_told(
    watched: Installation, government: Government
) -> None:
    watched.watch("other", government.serve("/other", rss(visit(1))))
    watched.poll("other")
    government.serve("/feed", rss(*strangers(30)))
    watched.poll("dsit")
    government.serve("/other", rss(call(105), visit(1)))
    watched.poll("other")
    assert watched.deliver()[0] == 1
    watched.run("sources", "release", "dsit")
    assert watched.deliver()[0] == 29


def test_the_read_model_computed_anew_holds_the_same(watched: Installation, government: Government) -> None:
    government.serve("/feed", rss(*strangers(30)))
    watched.poll()
    rebuild(watched.log_db)
    assert len(watched.subjects()) == 25
    watched.run("sources", "release", "dsit")
    rebuild(watched.log_db)
    assert len(watched.subjects()) == 55
    assert watched.deliver()[0] == 30


def test_what_changed_while_it_was_held_is_told_as_it_stands_on_release(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    items = strangers(30)
    government.serve("/feed", rss(*items))
    watched.poll()
    items[0]["description"] = items[0]["description"].replace("12 March", "30 April")
    items[1]["title"] = f"[Withdrawn] {items[1]['title']}"
    government.serve("/feed", rss(*items))
    watched.poll()
    assert watched.deliver() == (0, 0, 0)
    watched.run("sources", "release", "dsit")
    assert watched.deliver()[0] == 29
    text = str(mailbox.messages[0].get_body(("plain",)).get_content())
    assert "30 April 2027" in text
    assert "Funding call 101:" not in text


def test_a_call_that_a_held_announcement_gains_is_held_too(
    watched: Installation, government: Government
) -> None:
    items = [visit(number) for number in range(100, 130)]
    government.serve("/feed", rss(*items))
    watched.poll()
    items[0] = call(100, link=items[0]["link"], guid=items[0]["guid"], title=items[0]["title"])
    government.serve("/feed", rss(*items))
    watched.poll()
    assert watched.deliver() == (0, 0, 0)


def test_what_one_other_source_told_no_third_one_tells_again(
    watched: Installation, government: Government
) -> None:
    for key in ("b", "c"):
        watched.watch(key, government.serve(f"/{key}", rss(visit(1))))
    watched.poll("b", "c")
    government.serve("/feed", rss(*strangers(30)))
    watched.poll("dsit")
    for key in ("b", "c"):
        government.serve(f"/{key}", rss(call(105), visit(1)))
        watched.poll(key)
    assert watched.deliver()[0] == 1


def test_a_flood_of_what_others_told_is_not_told_and_hides_nothing(
    watched: Installation, government: Government
) -> None:
    watched.watch("b", government.serve("/b", rss(visit(1))))
    watched.poll("b")
    watched.watch("a", government.serve("/a", rss(*strangers(30))))
    watched.poll("a")
    government.serve("/b", rss(*strangers(30), visit(1)))
    watched.poll("b")
    assert watched.deliver() == (0, 0, 0)
    assert len(watched.subjects()) == 55
    assert watched.cursor("b").health == "ok"


def test_two_announcements_in_the_same_words_on_one_day_are_two(
    here: Installation, government: Government
) -> None:
    words = {"title": "Call for proposals", "description": "", "pubDate": "Mon, 23 Nov 2026 00:00:00 GMT"}
    first = {**words, "link": "https://gov.example/c/1", "guid": "g1"}
    second = {**words, "link": "https://gov.example/c/2", "guid": "g2"}
    for items in ((first, visit(1)), (second, first, visit(1))):
        body = rss(*items).replace(b"<rss", b"<!DOCTYPE rss><rss")  # which cannot be cut
        here.watch("dsit", government.serve("/feed", body))
        here.poll()
    told = [event.payload["url"][-3:] for event in here.events("AnnouncementPublished")]
    assert (told.count("c/1"), told.count("c/2")) == (1, 1)


def test_a_page_that_was_renumbered_and_then_edited_is_an_edit(
    here: Installation, government: Government
) -> None:
    date = {"pubDate": "Mon, 23 Nov 2026 10:00:00 GMT"}
    moved = {**date, "guid": "n1", "link": "https://gov.example/cms/1"}
    here.watch("dsit", government.serve("/feed", rss(call(1, **date))))
    here.poll()
    government.serve("/feed", rss(call(1, **moved)))
    here.poll()
    later = call(1)["description"].replace("12 March", "30 April")
    government.serve("/feed", rss(call(1, **moved, description=later)))
    here.poll()
    assert len(here.events("CallAnnounced")) == 1
    assert len(here.events("CallChanged")) == 1


CHURNS = {
    "guids": lambda n, item: {**item, "guid": f"{n}-{item['guid']}"},
    "tracking parameters": lambda n, item: {
        **item, "link": f"{item['link']}?utm_source=x{n}", "guid": f"{n}-{item['guid']}",
    },
    "http and https": lambda n, item: {
        **item, "link": item["link"].replace("https", "http"), "guid": f"{n}-{item['guid']}",
    },
    "addresses and guids": lambda n, item: {
        **item, "link": f"https://gov.example/cms/{n}/{item['link'][-2:]}", "guid": f"{n}-{item['guid']}",
        "pubDate": "Mon, 23 Nov 2026 10:00:00 GMT",
    },
}  # fmt: skip


@pytest.mark.parametrize("churn", CHURNS.values(), ids=CHURNS)
@pytest.mark.parametrize("size", [5, 20, 40])
def test_a_source_that_churns_mails_nobody(
    here: Installation, government: Government, mailbox: Mailbox, churn: object, size: int
) -> None:
    """The same content under new identities, again and again."""
    items = [call(number) for number in range(10, 10 + size)]
    here.watch("dsit", government.serve("/feed", rss(*(churn(0, item) for item in items))))  # type: ignore[operator]
    here.poll()
    here.subscribe("anna@example.org")
    for round in range(1, 4):
        government.serve("/feed", rss(*(churn(round, item) for item in items)))  # type: ignore[operator]
        here.poll()
        here.deliver()
    assert mailed(mailbox) == 0
    assert len(here.events("AnnouncementPublished")) == size


def test_a_source_that_renumbers_and_rewords_everything_mails_nobody(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    """Nothing tells that these are the same: only that they are too many."""
    for round in range(1, 4):
        items = [
            call(
                number,
                guid=f"{round}-{number}",
                link=f"https://gov.example/{round}/{number}",
                title=f"Call no. {round}{number} for quantum",
            )
            for number in range(1, 26)
        ]
        government.serve("/feed", rss(*items))
        watched.poll()
        watched.deliver()
    assert mailed(mailbox) == 0
    assert watched.cursor("dsit").held == 75


def test_few_words_that_are_said_again_on_another_page_are_another_announcement(
    here: Installation, government: Government
) -> None:
    minutes = {"title": "Minutes of the board", "description": ""}
    here.watch("dsit", government.serve("/feed", rss({**minutes, "link": "https://gov.example/m/1"})))
    here.poll()
    government.serve("/feed", rss({**minutes, "link": "https://gov.example/m/2"}))
    here.poll()
    assert len(here.events("AnnouncementPublished")) == 2


def test_a_poll_that_shares_nothing_with_the_last_one_is_a_gap_and_speeds_polling_up(
    watched: Installation, government: Government
) -> None:
    assert watched.events("SourceGap") == []
    waits = []
    for since in (100, 110, 120):
        cursor = watched.cursor("dsit")
        waits.append(from_stamp(cursor.next_poll or "") - from_stamp(cursor.last_poll or ""))
        government.serve("/feed", rss(*strangers(8, since=since)))
        watched.poll()
    assert len(watched.events("SourceGap")) == 1  # a transition, not one a poll
    assert waits[0] >= timedelta(minutes=30)
    assert waits[1] < timedelta(minutes=20)
    assert waits[2] < timedelta(minutes=10)
    government.serve("/feed", rss(*strangers(8, since=121)))
    watched.poll()
    government.serve("/feed", rss(*strangers(8, since=300)))
    watched.poll()
    assert len(watched.events("SourceGap")) == 2


@pytest.mark.parametrize("items", [[call(300), call(25)], [call(25, description="Edited.")], []])
def test_a_poll_that_shares_one_entry_or_has_none_is_no_gap(
    watched: Installation, government: Government, items: list[dict[str, str]]
) -> None:
    government.serve("/feed", rss(*items))
    watched.poll()
    watched.poll()
    assert watched.events("SourceGap") == []


def test_the_first_poll_is_no_gap(here: Installation, government: Government) -> None:
    here.watch("dsit", government.serve("/feed", rss(call(1))))
    here.poll()
    assert here.events("SourceGap") == []


def test_a_feed_with_a_clock_in_its_text_is_told_of_only_where_facts_change(
    here: Installation, government: Government, mailbox: Mailbox
) -> None:
    seconds = itertools.count(10)

    def ticking(closes: str = "12 March 2027") -> bytes:
        text = f"Apply for £5 million for quantum networks until {closes}. Now it is 10:{{}} o'clock."
        return rss(*(call(n, description=text.format(next(seconds))) for n in range(1, 6)))

    here.watch("dsit", government.serve("/feed", ticking()))
    here.poll()
    here.subscribe("anna@example.org")
    for _ in range(10):
        government.serve("/feed", ticking())
        here.poll()
    assert (
        len(here.events("AnnouncementRevised")) == 5
    )  # all of them at once: that is soon known for what it is
    assert "5 entries change at every poll" in (here.cursor("dsit").reason or "")
    government.serve("/feed", ticking("30 April 2027"))
    here.poll()
    assert len(here.events("CallChanged")) == 5
    here.deliver()
    assert mailed(mailbox) == 1


def test_a_source_that_revises_everything_at_every_poll_is_damped_and_reported(
    here: Installation, government: Government
) -> None:
    words = itertools.count()

    def restless() -> bytes:
        return rss(*(visit(n, description=f"The word is {next(words):b}.") for n in range(20)))

    here.watch("dsit", government.serve("/feed", restless()))
    for _ in range(10):
        here.poll()
        government.serve("/feed", restless())
    assert len(here.events("AnnouncementRevised")) == 20  # the first time it is news
    (line,) = here.run("sources", "list", "--json").stdout.splitlines()
    assert "20 entries change at every poll: only changed facts are told" in json.loads(line)["reason"]


def test_an_entry_that_rests_again_is_watched_as_before(here: Installation, government: Government) -> None:
    def say(words: str) -> None:
        government.serve("/feed", rss(visit(1, description=words)))
        here.poll()

    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    for number in range(6):
        say(f"Words number {number}.")
    here.poll()
    before = len(here.events("AnnouncementRevised"))
    say("Other words.")
    assert len(here.events("AnnouncementRevised")) == before + 1
