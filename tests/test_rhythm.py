"""When a source is asked again, and how much news its past explains."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import hints, rhythm
from feed.cut import cut
from feed.hints import Hints
from feed.parse import parse
from tests.installation import rss, visit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
NO_TIME = timedelta(0)
SAYS_NOTHING = Hints()


def minutes(until: datetime) -> float:
    return (until - NOW) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("header", "later"),
    [
        ("120", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("99999999999999999999", timedelta(days=7)),
        ("Mon, 23 Nov 2099 13:00:00 GMT", timedelta(days=7)),
        ("soon", None),
    ],
)
def test_retry_after_is_understood_in_both_forms_and_capped(header: str, later: timedelta | None) -> None:
    assert rhythm.retry_after(header, NOW) == (NOW + later if later is not None else None)


def test_a_failing_source_is_asked_ever_more_rarely_but_at_least_daily() -> None:
    waits = [rhythm.after_failure(30, failures, NOW) - NOW for failures in range(1, 12)]
    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert waits[-1] == timedelta(days=1)
    assert rhythm.after_failure(1, 1, NOW) - NOW == timedelta(minutes=1)
    assert rhythm.after_failure(30, 10_000, NOW) - NOW == timedelta(days=1)


def test_the_next_poll_is_an_interval_away_up_to_a_tenth_more() -> None:
    waits = {
        minutes(rhythm.after_success(f"source-{number}", 30, SAYS_NOTHING, NO_TIME, NOW))
        for number in range(100)
    }
    assert 30 <= min(waits) < max(waits) <= 33
    assert len(waits) > 50


@pytest.mark.parametrize(
    ("pace", "said", "fresh", "least"),
    [
        (30, SAYS_NOTHING, timedelta(minutes=5), 30),
        (30, SAYS_NOTHING, timedelta(hours=2), 120),
        (30, Hints(minutes=60), NO_TIME, 60),
        (30, Hints(minutes=60), timedelta(hours=2), 120),
        (300, Hints(minutes=60), timedelta(hours=2), 300),
        (30, SAYS_NOTHING, timedelta(days=400), 24 * 60),
        (30, Hints(minutes=525_600), NO_TIME, 24 * 60),
        (3 * 24 * 60, Hints(minutes=525_600), NO_TIME, 3 * 24 * 60),
    ],
)
def test_the_largest_wish_counts_but_a_servers_for_a_day_at_most(
    pace: float, said: Hints, fresh: timedelta, least: float
) -> None:
    assert least <= minutes(rhythm.after_success("s", pace, said, fresh, NOW)) <= least * 1.1


def test_no_poll_falls_into_hours_and_days_that_the_feed_skips() -> None:
    said = Hints(skip_hours=(12, 13, 14))
    assert rhythm.after_success("s", 30, said, NO_TIME, NOW) == NOW.replace(hour=15)
    said = Hints(skip_days=(0, 1))
    assert rhythm.after_success("s", 30, said, NO_TIME, NOW) == NOW.replace(day=25, hour=0)


def test_hints_that_leave_no_time_at_all_are_no_hints() -> None:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert hints.read({"hour": [str(hour) for hour in range(24)], "day": days}) == SAYS_NOTHING


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=300"}, 300),
        ({"cache-control": 'Max-Age="300"', "age": "100"}, 200),
        ({"cache-control": "max-age=100", "age": "300"}, 0),
        ({"cache-control": "no-cache, max-age=300"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "max-age=300", "expires": "Mon, 23 Nov 2026 14:00:00 GMT"}, 300),
        ({"expires": "Mon, 23 Nov 2026 13:00:00 GMT", "date": "Mon, 23 Nov 2026 12:30:00 GMT"}, 1800),
        ({"expires": "Mon, 23 Nov 2026 13:00:00 GMT"}, 3600),
        ({"expires": "Mon, 23 Nov 2020 13:00:00 GMT"}, 0),
        ({"expires": "0"}, 0),
        ({"cache-control": "max-age=soon", "age": "²"}, 0),
    ],
)
def test_freshness_is_what_the_headers_say(headers: dict[str, str], fresh: float) -> None:
    assert rhythm.freshness(headers, NOW) == timedelta(seconds=fresh)


HEAD = (
    b"<ttl>45</ttl><skipHours><hour>0</hour><hour> 23 </hour></skipHours>"
    b"<skipDays><day>Sunday</day><day>saturday</day></skipDays>"
    b"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>12</sy:updateFrequency>"
    b'<atom:link rel="hub" href="https://hub.example/"/>'
    b'<atom:link rel="self" href="https://gov.example/feed"/>'
)
NAMESPACES = (
    b'<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
)


def with_head(item: bytes) -> bytes:
    return rss(visit(1)).replace(b"<item>", HEAD + item, 1).replace(b"<rss", NAMESPACES)


def test_a_feeds_own_wishes_are_read_in_its_head() -> None:
    body = with_head(b"<item><ttl>7</ttl>")
    pieces = cut(body)
    assert pieces
    assert pieces.hints == Hints(
        120, (0, 23), (5, 6), hub="https://hub.example/", topic="https://gov.example/feed"
    )
    assert hints.from_text(pieces.hints.to_text()) == pieces.hints
    assert hints.from_text(SAYS_NOTHING.to_text()) == SAYS_NOTHING


def test_they_are_read_where_a_feed_is_not_well_formed() -> None:
    body = with_head(b"<item><title>&nbsp; &undeclared;</title>")
    assert cut(body) is None
    said = parse(body, url="https://gov.example/feed").hints
    assert said and (said.minutes, said.hub) == (120, "https://hub.example/")


@given(st.dictionaries(st.sampled_from(sorted(hints.ELEMENTS)), st.lists(st.text(max_size=12), max_size=3)))
def test_nonsense_in_the_head_says_nothing_that_breaks_the_rhythm(said: dict[str, list[str]]) -> None:
    read = hints.read(said)
    assert NOW <= rhythm.after_success("s", 30, read, NO_TIME, NOW) <= NOW + timedelta(days=9)
    assert hints.from_text(read.to_text()) == read


def test_a_gap_doubles_the_pace_down_to_the_floor_and_it_slows_down_again() -> None:
    paces = [30.0]
    for gap in [True] * 4 + [False] * 20:
        paces.append(rhythm.pace(None, paces[-1], 0.0, gap=gap))
    assert paces[:5] == [30, 15, 7.5, 5, 5]
    assert all(before <= after for before, after in pairwise(paces[4:]))
    assert paces[-1] == rhythm.CEILING_MINUTES


def test_an_interval_that_the_operator_set_is_kept_except_after_a_gap() -> None:
    assert rhythm.pace(90, None, 1000.0, gap=False) == 90
    assert rhythm.pace(90, 90, 0.0, gap=True) == 45
    assert rhythm.pace(2, 2, 0.0, gap=True) == 2


def test_a_lively_source_is_polled_often_and_a_quiet_one_rarely() -> None:
    busy = rhythm.lively_at_first([(NOW - timedelta(minutes=3 * n)).isoformat() for n in range(20)], NOW)
    for _ in range(100):  # as long as it goes on like this
        busy = rhythm.lively(busy, timedelta(minutes=60), 20)
    quiet = rhythm.lively_at_first(
        [(NOW - timedelta(days=20 * n)).date().isoformat() for n in range(20)], NOW
    )
    assert rhythm.pace(None, 30, busy, gap=False) == rhythm.FLOOR_MINUTES
    assert rhythm.pace(None, 60, quiet, gap=False) == rhythm.CEILING_MINUTES


def test_liveliness_tells_how_far_apart_announcements_are() -> None:
    steady = 0.0
    for _ in range(1000):
        steady = rhythm.lively(steady, timedelta(hours=6), 1)
    assert 330 <= rhythm.minutes_apart(steady) <= 375  # six hours
    assert rhythm.minutes_apart(0.0) == float("inf")


def test_twenty_new_entries_are_always_explained() -> None:
    assert rhythm.explained(0.0, 0, timedelta(minutes=30)) == 20


def test_a_source_that_was_not_asked_for_days_may_bring_what_it_publishes_in_days() -> None:
    daily = 20 / (1 - 0.5 ** (1 / 3))  # twenty a day, for ever
    assert rhythm.explained(daily, 0, timedelta(minutes=30)) == 20
    assert 120 <= rhythm.explained(daily, 0, timedelta(days=2)) <= 160


def test_a_source_that_comes_in_batches_may_bring_another() -> None:
    assert rhythm.explained(0.0, 60, timedelta(days=7)) == 120


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ('<https://h.example/>; rel="hub"', [("hub", "https://h.example/")]),
        ("<https://h.example/>;rel=hub,<https://g.example/f>;rel=self", ["hub", "self"]),
        ('<a>; REL="Hub  self"', [("hub", "a"), ("self", "a")]),
        ('<a,b>; title="x, <y>; rel=self"; rel=hub', [("hub", "a,b")]),
        (r'<a>; title="say \"hi\"; rel=self"; rel=hub', [("hub", "a")]),
        ("<a>; rel=hub; rel=self", [("hub", "a")]),
        ('<a>; rel=hub; anchor="#part"', []),
        ("<a>; rel*=UTF-8''hub", []),
        ("<a>", []),
        ("a; rel=hub", []),
        ("<a; rel=hub", []),
        ("", []),
    ],
)
def test_the_link_header_is_read_as_rfc_8288_has_it(header: str, links: list[tuple[str, str] | str]) -> None:
    found = hints.linked(header)
    assert (found if not links or isinstance(links[0], tuple) else [link[0] for link in found]) == links


@given(st.text(alphabet='<>;,="\\ \trelhubsf*/\xe9\n', max_size=200) | st.text())
def test_no_link_header_can_do_harm(header: str) -> None:
    said = hints.located(Hints(hub="/hub"), header, "https://gov.example/feed")
    assert hints.from_text(said.to_text()) == said
    assert all(relation and len(address) <= len(header) for relation, address in hints.linked(header))


@pytest.mark.parametrize("part", ["<", "<a>", " ", ";", "<a>;", '"', "\\", '<a>;x="', "<a>; ", "\t;"])
def test_a_long_link_header_is_read_in_no_time(part: str) -> None:
    start = time.process_time()
    hints.linked("<a>" + part * (60_000 // len(part)))
    assert time.process_time() - start < 1


def test_addresses_are_whole_and_the_header_counts_before_the_head() -> None:
    said = Hints(hub="/hub", topic="x")
    url = "https://gov.example/news/feed"
    assert hints.located(said, "", url) == Hints(
        hub="https://gov.example/hub", topic="https://gov.example/news/x"
    )
    assert hints.located(said, "<//h.example/>; rel=hub", url).hub == "https://h.example/"
    assert hints.located(said, f"<{'x' * 3000}>; rel=hub", url).hub == "https://gov.example/hub"
    assert hints.located(Hints(hub="http://[::1/"), "", url).hub is None
    assert hints.located(Hints(hub="http://h.example/\udcff"), "", url).hub is None


@pytest.mark.parametrize(("pace", "slow"), [(5, 30), (30, 180), (60, 360), (120, 360), (1440, 1440)])
def test_polling_beside_a_hub_is_six_times_slower_six_hours_at_most_and_never_faster(
    pace: float, slow: float
) -> None:
    assert rhythm.slowed(pace) == slow
