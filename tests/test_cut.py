"""The first look at a feed finds the same entries as feedparser, and leaves out only what is the same."""

from __future__ import annotations

import io

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.cut import cut
from feed.parse import parse, parse_new
from tests.installation import Installation, call, rss, visit
from tests.test_captures import CAPTURES
from tests.world.feeds import FEEDS
from tests.world.government import Government

URL = "https://gov.example/feed"


@pytest.mark.parametrize("name", FEEDS)
def test_every_shape_of_feed_is_cut_where_feedparser_sees_entries(government: Government, name: str) -> None:
    with Government() as full:
        body = FEEDS[name].render(full.url, full.entries(name))
    pieces = cut(body)
    assert pieces is not None
    assert len(pieces.entries) == len(feedparser.parse(io.BytesIO(body)).entries)
    assert pieces.without(frozenset()) == body


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not beside this checkout")
def test_real_captures_are_cut_where_feedparser_sees_entries() -> None:
    for path in (*CAPTURES.glob("*.xml"), *CAPTURES.glob("*.atom")):
        body = path.read_bytes()
        pieces = cut(body)
        assert pieces is not None, path.name
        assert len(pieces.entries) == len(feedparser.parse(io.BytesIO(body)).entries), path.name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no feed",
        b"<rss><channel><item><title>cut off",
        b"<rss><channel></channel></rss>",
        b"<rss><channel><item/></channel></rss>",
        b'<!DOCTYPE rss [<!ENTITY x "y">]><rss><channel><item>&x;</item></channel></rss>',
        b"<rss><channel><item>&nbsp;</item></channel></rss>",
        rss(call()).decode().replace("utf-8", "utf-16").encode("utf-16"),
        rss(call()).replace(b'"utf-8"', b'"klingon-8"'),
    ],
)
def test_what_cannot_be_cut_safely_is_left_whole(body: bytes) -> None:
    assert cut(body) is None


def test_what_looks_like_an_entry_inside_an_entry_is_part_of_it() -> None:
    inner = "<![CDATA[<item>not an entry</item>]]><!-- <item> -->"
    body = rss(call()).replace(b"</item>", inner.encode() + b"<x><item>nor this</item></x></item>")
    pieces = cut(body)
    assert pieces is not None
    assert len(pieces.entries) == 1
    assert pieces.entries[0].endswith(b"</x></item>")


@given(st.sets(st.integers(0, 9)), st.sampled_from(["utf-8", "iso-8859-1"]))
def test_the_rest_reads_as_it_does_in_the_whole(known: set[int], encoding: str) -> None:
    """Namespaces, base addresses and encodings hold for the entries that are left."""
    text = rss(*(call(number, title=f"Größe {number}: quantum") for number in range(10))).decode()
    body = text.replace('encoding="utf-8"', f'encoding="{encoding}"').encode(encoding)
    pieces = cut(body)
    assert pieces is not None
    marks = frozenset(pieces.marks[number] for number in known)
    whole = parse(body, url=URL)
    feed = parse_new(body, marks, url=URL)
    assert feed.entries == tuple(entry for number, entry in enumerate(whole.entries) if number not in known)
    assert (feed.seen, len(feed.marks)) == (10, 10)


def test_an_unchanged_entry_is_not_read_again_and_a_changed_one_is(
    here: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.watch("dsit", government.serve("/feed", rss(call(1), visit(1))))
    here.poll()
    seen: list[int] = []
    original = feedparser.parse

    def counting(stream: io.BytesIO, **keywords: object) -> object:
        document = original(stream, **keywords)
        seen.append(len(document.entries))
        return document

    monkeypatch.setattr(feedparser, "parse", counting)
    government.serve("/feed", rss(call(1), visit(1)) + b"<!-- generated a moment later -->")
    here.poll()
    assert seen == []
    later = call(1)["description"].replace("12 March", "30 April")
    government.serve("/feed", rss(call(2), call(1, description=later), visit(1)))
    here.poll()
    assert seen == [2]
    assert [event.type for event in here.events()[3:]] == [
        *("AnnouncementPublished", "CallAnnounced", "AnnouncementRevised", "CallChanged"),
    ]
    assert here.cursor("dsit").seen == 3


def test_only_an_entry_that_stands_alone_ends_its_feed(here: Installation, government: Government) -> None:
    ended = {"title": "This feed has ended", "guid": "x", "link": "https://gov.example/"}
    here.watch("dsit", government.serve("/feed", rss(call(1), visit(1))))
    here.poll()
    government.serve("/feed", rss(ended, call(1), visit(1)))
    here.poll()
    assert here.cursor("dsit").health == "ok"
    government.serve("/feed", rss(ended))
    here.poll()
    assert here.cursor("dsit").health == "ended"


def test_a_head_that_goes_on_and_on_takes_no_time_that_grows_with_its_square() -> None:
    endless = b"<ttl>" + b"\n7" * 1_000_000 + b"</ttl>" + b"<ttl>5</ttl>" * 1000 + b'<link href="x"/>' * 1000
    pieces = cut(rss(call()).replace(b"<item>", endless + b"<item>", 1))
    assert pieces is not None
    assert pieces.hints.hub is None
