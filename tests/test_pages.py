"""The public pages and the Atom feed: what a reader, a feed reader and a stranger see."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from urllib.parse import quote

import feedparser
import pytest

from storage.clock import from_stamp
from storage.wording import ago
from tests.installation import Installation, call, rss, visit
from tests.rfc4287 import complaints
from tests.world.government import Government

INITIATIVE = {
    "title": "UK and India launch Technology Security Initiative",
    "link": "https://gov.example/tsi",
    "guid": "tsi",
    "description": (
        "The UK and India today launched the Technology Security Initiative, agreed by the two National "
        "Security Advisers, on telecoms, critical minerals, AI, quantum, health and biotech, advanced "
        "materials and semiconductors."
    ),
}


@pytest.fixture
def filled(here: Installation, government: Government) -> Installation:
    """An installation with an archive (one call) and news (a call and an initiative)."""
    here.watch("dsit", government.serve("/feed", rss(call(1))))
    here.poll()
    government.serve("/feed", rss(INITIATIVE, call(2), call(1), visit(1)))
    here.poll()
    return here


def feed_of(here: Installation, query: str = "") -> Any:
    answer = here.browser().get(f"/feed.atom{query}")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/atom+xml"
    assert complaints(answer.data) == []
    parsed = feedparser.parse(io.BytesIO(answer.data))
    assert not parsed.bozo
    return parsed


def titles(here: Installation, query: str = "") -> set[str]:
    return {entry.title for entry in feed_of(here, query).entries}


def test_the_feed_is_valid_atom_even_when_there_is_nothing_in_it(here: Installation) -> None:
    assert feed_of(here).entries == []


def test_the_feed_tells_the_events_of_subjects_newest_first(filled: Installation) -> None:
    parsed = feed_of(filled)
    assert [entry.title for entry in parsed.entries][-1] == "New call: Funding call 1: quantum networks"
    assert len(parsed.entries) == 3
    positions = [int(entry.link.rsplit("/", 1)[1]) for entry in parsed.entries]
    assert positions == sorted(positions, reverse=True)
    assert parsed.feed.updated == parsed.entries[0].updated
    call_2 = next(entry for entry in parsed.entries if "call 2" in entry.title)
    assert {tag.term for tag in call_2.tags} >= {"call", "quantum", "GB"}
    assert "£2,000,000" in call_2.content[0].value
    assert {link.rel: link.href for link in call_2.links}["via"] == "https://gov.example/calls/2"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?kind=call", 2),
        ("?kind=initiative", 1),
        ("?technology=quantum", 3),
        ("?technology=semiconductors", 1),
        ("?country=IN", 1),
        ("?partners=GB-IN&kind=call", 0),
        ("?kind=call&kind=initiative", 3),
        ("?q=networks", 2),
        ("?source=dsit", 3),
        ("?kind=&technology=", 3),
    ],
)
def test_the_feed_takes_filters(filled: Installation, query: str, count: int) -> None:
    assert len(feed_of(filled, query).entries) == count


def test_a_filtered_feed_has_an_address_and_a_title_of_its_own(filled: Installation) -> None:
    parsed = feed_of(filled, "?technology=quantum&kind=call")
    assert parsed.feed.id == "http://communique.example/feed.atom?kind=call&technology=quantum"
    assert parsed.feed.title == "Communiqué: calls about Quantum technologies"


@pytest.mark.parametrize(
    "query", ["?kind=grant", "?technology=x", "?country=XX", "?source=nobody", "?nonsense=1", "?since=today"]
)
@pytest.mark.parametrize("path", ["/", "/feed.atom", "/events"])
def test_an_unknown_value_is_a_400_with_a_clear_line(filled: Installation, path: str, query: str) -> None:
    answer = filled.browser().get(path + query)
    assert answer.status_code == 400
    assert 'class="notice"' in answer.text


def test_an_unchanged_feed_is_not_sent_again(filled: Installation, government: Government) -> None:
    browser = filled.browser()
    etag = browser.get("/feed.atom").headers["ETag"]
    assert browser.get("/feed.atom", headers={"If-None-Match": etag}).status_code == 304
    government.serve("/feed", rss(call(3), INITIATIVE, call(2), call(1), visit(1)))
    filled.poll()
    assert browser.get("/feed.atom", headers={"If-None-Match": etag}).status_code == 200


def test_hostile_text_is_shown_as_words(here: Installation, government: Government) -> None:
    hostile = call(5, title='Funding call: quantum &lt;script&gt;alert("x")&lt;/script&gt; ]]&gt; &amp;amp;')
    here.watch("dsit", government.serve("/feed", rss(hostile)))
    here.poll()
    browser = here.browser()
    for path in ("/", "/events", "/events/1", "/events/2", "/sources"):
        answer = browser.get(path)
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert len(feed_of(here).entries) == 1


def test_the_front_page_says_what_is_happening_before_anything_has_happened(here: Installation) -> None:
    assert "0 sources watched" in here.browser().get("/").text


def test_the_front_page_names_each_source_that_cannot_be_read(
    filled: Installation, government: Government
) -> None:
    filled.watch("down", government.serve("/down", status=503), name="The silent ministry")
    filled.poll()
    page = filled.browser().get("/").text
    assert "2 sources watched" in page
    assert "1 cannot be read" in page
    assert "The silent ministry</strong>: the server answered 503 Service Unavailable" in page
    assert "503 Service Unavailable" in filled.browser().get("/sources").text


def test_the_front_page_shows_what_is_new_and_what_closes_soon(filled: Installation) -> None:
    page = filled.browser().get("/").text
    assert "Technology Security Initiative" in page
    assert "from the archive" in page
    closing = page.split('id="closing"')[1]
    assert "12 March 2027" in closing


def test_search_narrows_and_offers_to_go_on(filled: Installation) -> None:
    page = filled.browser().get("/?q=Security+initiative").text
    assert "Technology Security Initiative" in page
    assert "Funding call 2" not in page.split('id="closing"')[0]
    assert "/subscribe?q=security+initiative" in page


def test_a_subjects_page_tells_its_story_with_the_evidence(
    filled: Installation, government: Government
) -> None:
    longer = call(2)["description"].replace("12 March", "30 April")
    government.serve("/feed", rss(INITIATIVE, call(2, description=longer), call(1), visit(1)))
    filled.poll()
    (subject,) = [item for item in filled.subjects() if "call 2" in item.title]
    page = filled.browser().get(f"/subjects/{subject.id}").text
    for words in (
        "New call",
        "Call changed",
        "<del>12 March 2027</del>",
        "<ins>30 April 2027</ins>",
        "Why we think so",
    ):
        assert words in page


def test_an_events_page_shows_its_place_in_the_chain(filled: Installation) -> None:
    second = filled.events()[1]
    page = filled.browser().get("/events/2").text
    assert second.chain in page and second.digest in page and filled.events()[0].chain in page


def test_the_raw_log_is_served_as_it_is(filled: Installation) -> None:
    browser = filled.browser()
    lines = browser.get("/events.ndjson?after=1").text.splitlines()
    assert lines == [event.line() for event in filled.events()[1:]]
    assert browser.get("/events/3.json").text == filled.events()[2].line()
    assert json.loads(lines[0])["position"] == 2
    assert browser.get("/events.ndjson?after=999").text == ""
    assert browser.get("/events.ndjson?after=x").status_code == 400


def test_long_lists_go_on_on_further_pages(here: Installation, government: Government) -> None:
    here.watch("dsit", government.serve("/feed", rss(*map(call, range(1, 61)))))
    here.poll()
    browser = here.browser()
    first = browser.get("/").text
    assert first.count('<article class="entry">') == 50
    older = first.split('<p class="more"><a href="')[1].split('"')[0]
    assert browser.get(older).text.count('<article class="entry">') == 10
    assert 'class="more"' not in browser.get(older).text


@pytest.mark.parametrize(
    "path", ["/events/999", "/events/0", "/subjects/nothing", "/nowhere", "/events/99999999999999999999.json"]
)
def test_what_is_not_there_is_a_404_in_words(here: Installation, path: str) -> None:
    answer = here.browser().get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_wrong_method_is_refused_with_the_right_ones(here: Installation) -> None:
    answer = here.browser().post("/feed.atom")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_health_names_the_head_of_the_log(filled: Installation) -> None:
    answer = filled.browser().get("/healthz").json
    last = filled.events()[-1]
    assert answer == {"status": "ok", "position": last.position, "chain": last.chain}


def test_a_database_that_cannot_be_read_is_said_without_its_path(
    filled: Installation,
) -> None:
    browser = filled.browser()
    with filled.log_db.write() as tx:
        tx.execute("ALTER TABLE events RENAME TO lost")
    answer = browser.get("/events")
    assert answer.status_code == 503
    assert str(filled.folder) not in answer.text


def test_any_words_can_be_searched(filled: Installation) -> None:
    for words in ('"', "a OR b", "NEAR(", "*", "ऊर्जा", "x" * 500, "-"):
        assert filled.browser().get(f"/?q={quote(words)}").status_code == 200


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("2026-11-23T11:59:59.000000Z", "1 second ago"),
        ("2026-11-23T11:00:00.000000Z", "1 hour ago"),
        ("2026-11-20T12:00:00.000000Z", "3 days ago"),
        ("2026-11-23T12:30:00.000000Z", "in 30 minutes"),
        ("2026-11-23T12:00:00.000000Z", "just now"),
        (None, "never"),
    ],
)
def test_times_are_told_as_people_tell_them(stamp: str | None, words: str) -> None:
    assert ago(stamp, from_stamp("2026-11-23T12:00:00.000000Z")) == words


@pytest.mark.parametrize(
    "link",
    [
        "https://gov.example/a b",
        'https://gov.example/"quoted"<tag>',
        "https://gov.example/{curly}|pipe^caret",
        "https://gov.example/100%zz",
        "https://gov.example/x#a#b",
        "https://gov.example/ऊर्जा?q=ü",
        "https://gov.example/\u202egnp.exe",
        "https://bad host.example/",
        "https://user:pass@gov.example/",
        "//gov.example/no-scheme",
        "https://gov.example/[x]",
    ],
)
def test_every_address_in_the_feed_is_one(here: Installation, government: Government, link: str) -> None:
    here.watch("dsit", government.serve("/feed", rss(call(1, link=link.replace("<", "&lt;"), guid="x"))))
    here.poll()
    for entry in feed_of(here).entries:
        for found in entry.links:
            assert re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*", found.href)


@pytest.mark.parametrize("query", ["?body=%01", "?body=%EF%BF%BE", "?q=%00", "?min_amount=5ZZZ"])
def test_what_cannot_be_written_into_a_feed_is_refused(filled: Installation, query: str) -> None:
    assert filled.browser().get(f"/feed.atom{query}").status_code == 400


@pytest.mark.parametrize("path", ["/events.ndjson?after=%C2%B2", "/?before=%C2%B2", "/events?before=-1"])
def test_only_digits_are_a_position(filled: Installation, path: str) -> None:
    assert filled.browser().get(path).status_code == 400
