"""Where the feeds of a page are, and what can be guessed of a source: on paper."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import discover, guess, source
from feed.discover import Link
from feed.known import Known
from feed.source import Source

PAGE = "https://www.gov.example/news/index.html?page=2"
NONE = Known()


def found(html: str, url: str = PAGE, content_type: str = "") -> discover.Links:
    return discover.links(html.encode(), url=url, content_type=content_type)


def declared(html: str, url: str = PAGE) -> list[str]:
    return [link.url for link in found(html, url).declared]


def linked(html: str) -> list[str]:
    return [link.url for link in found(html).linked]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="/feed.xml">', "https://www.gov.example/feed.xml"),
        ("<LINK REL=ALTERNATE TYPE=Application/Atom+XML HREF=a.atom>", "https://www.gov.example/news/a.atom"),
        ('<link rel="home alternate" type="text/xml; charset=utf-8" href="//x.example/f">', "https://x.example/f"),
        ('<link rel="alternate" type="application/rss+xml" href=" /a?b=1&amp;c=2#top ">', "https://www.gov.example/a?b=1&c=2"),
        ('<link rel="alternate" type="application/rss+xml" href="feed:https://x.example/f">', "https://x.example/f"),
        ('<link rel="alternate" type="application/rss+xml" href="feed://x.example/f">', "https://x.example/f"),
        ('<link rel="alternate" type="application/rss+xml" href="/a b">', "https://www.gov.example/a%20b"),
        ('<base href="https://cdn.example/x/"><link rel=alternate type=application/rss+xml href=f>', "https://cdn.example/x/f"),
        ('<link rel=alternate type=application/rss+xml href=f><base href="/y/">', "https://www.gov.example/y/f"),
    ],
)  # fmt: skip
def test_a_declared_feed_is_found_wherever_it_leads(link: str, url: str) -> None:
    assert declared(f"<!doctype html><html><head><title>x</title>{link}</head><body></body></html>") == [url]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="stylesheet" type="text/css" href="/a.css">',
        '<link rel="alternate" hreflang="cy" href="/cy">',
        '<link rel="alternate" type="application/json+oembed" href="/o">',
        '<link rel="alternate" type="application/feed+json" href="/feed.json">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">',
        '<link rel="alternate" type="application/rss+xml" href="https://user:password@x.example/f">',
        '<link rel="alternate" type="application/rss+xml" href="http://[::1/">',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/feed"> -->',
        '<script>"<link rel=alternate type=application/rss+xml href=/f>"</script>',
    ],
)
def test_what_is_no_feed_that_can_be_read_is_none(link: str) -> None:
    assert declared(f"<html><head>{link}</head></html>") == []


def test_the_same_address_is_told_once_with_a_title_that_can_be_shown() -> None:
    link = '<link rel="alternate" type="application/rss+xml" title="{}" href="{}">'
    page = link.format("News\x1b[31m &amp; &#8238;more", "/f") + link.format("Again", "/f#x")
    assert found(page).declared == (Link("https://www.gov.example/f", "News [31m & more"),)


def test_links_that_look_like_feeds_are_a_handful() -> None:
    links = ["/a.rss", "/b.atom", "/news/feed/", "/c.xml", "/?feed=rss2", "/more.rss"]
    page = "".join(f'<a href="{link}">x</a>' for link in ["/about", "/sitemap.xml", "/feedback", *links])
    assert linked(page) == [f"https://www.gov.example{link}" for link in links[:5]]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/x">RSS</a>',
        '<a href="/x"><b>Subscribe by Atom feed</b></a>',
        '<a href="/x"><img src="i.png" alt="RSS feed"></a>',
        '<a href="/x" title="rss"></a>',
        '<p><a href="/x">RSS<a href="/about">About us</a>',
    ],
)
def test_a_link_that_is_called_a_feed_looks_like_one(link: str) -> None:
    assert linked(link) == ["https://www.gov.example/x"]


@pytest.mark.parametrize(
    "link", ['<a href="/x">Atomic energy</a>', '<a href="/x">Pressrss</a>', "<a>RSS</a>"]
)
def test_other_links_do_not(link: str) -> None:
    assert linked(link) == []


def test_the_usual_places_are_those_of_the_page_and_of_the_site() -> None:
    places = [link.url for link in discover.usual("https://www.ukri.org/opportunity/?x=1")]
    assert places == [
        "https://www.ukri.org/opportunity/feed/",
        *(f"https://www.ukri.org{path}" for path in ("/feed/", "/rss.xml", "/atom.xml")),
    ]
    assert len(discover.usual("https://www.ukri.org")) == 3
    office = "https://www.gov.uk/government/organisations/uk-space-agency"
    assert discover.usual(office)[0].url == f"{office}.atom"


@pytest.mark.parametrize(
    ("head", "content_type", "encoding"),
    [
        ("", "", "utf-8"),
        ("<meta charset=latin-1>", "", "latin-1"),
        ("<meta charset=latin-1>", "text/html; charset=UTF-8", "utf-8"),
        ('<meta http-equiv=content-type content="text/html; charset=windows-1252">', "", "cp1252"),
        ("", "text/html; charset=utf-16", "utf-16"),
        ("<meta charset=punycode>", "", "utf-8"),
        ("<meta charset=klingon>", "", "utf-8"),
        ("", "text/html; charset=unicode_escape", "utf-8"),
        ("", "text/html; charset=rot13", "utf-8"),
    ],
)
def test_a_page_is_read_in_its_encoding_or_in_utf_8(head: str, content_type: str, encoding: str) -> None:
    page = f'{head}<a href="/f">RSS é</a>'.encode(encoding)
    assert discover.links(page, url=PAGE, content_type=content_type).linked[0].title == "RSS é"


@given(page=st.binary() | st.text(alphabet="<>!-/='\" \n&#;abrselinkhft").map(str.encode))
def test_any_page_can_be_looked_through(page: bytes) -> None:
    for link in (*(read := discover.links(page, url=PAGE)).declared, *read.linked):
        assert re.match("https?://", link.url)


@pytest.mark.parametrize(
    "piece", [b"<!--", b"<a ", b"<a href=/feed>", b"</", b"<![CDATA[", b"<script></", b"<"]
)
def test_a_hostile_page_does_not_hold_us_up(piece: bytes) -> None:
    started = time.process_time()
    discover.links(piece * (3_000_000 // len(piece)), url=PAGE)
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("host", "country"),
    [
        ("www.gov.uk", "GB"), ("news.gov.scot", "GB"), ("pib.gov.in", "IN"), ("egazette.nic.in", "IN"),
        ("www.nsf.gov", "US"), ("www.darpa.mil", "US"), ("ec.europa.eu", "EU"), ("www.canada.ca", "CA"),
        ("ised-isde.gc.ca", "CA"), ("www.entreprises.gouv.fr", "FR"), ("www.meti.go.jp", "JP"),
        ("www.msit.go.kr", "KR"), ("business.gov.au", "AU"), ("www.bund.de", "DE"), ("www.mti.gov.sg", "SG"),
        ("news.un.org", "UN"), ("www.gov.ie.", "IE"), ("example.ai", None), ("www.gov.ai", "AI"),
        ("www.example.org", None), ("127.0.0.1", None), ("[::1]", None), ("localhost", None), ("in", None),
    ],
)  # fmt: skip
def test_the_end_of_a_host_tells_the_country(host: str, country: str | None) -> None:
    assert guess.country(f"https://{host}/feed", NONE) == country


def test_what_a_host_does_not_tell_its_other_sources_do() -> None:
    known = Known([Source("a", "A", "https://www.agency.org/a", "NL", "RVO")])
    assert guess.country("https://agency.org/b", known) == "NL"
    assert guess.body("https://agency.org/b", "Calls", "", "NL", known) == "RVO"
    known.take(Source("b", "B", "https://agency.org/c", "BE", "VLAIO"))
    assert guess.country("https://agency.org/b", known) is None
    assert guess.body("https://agency.org/b", "Calls", "", "NL", known) == "Calls"


@pytest.mark.parametrize(
    ("title", "author", "body"),
    [
        ("Department for Science, Innovation & Technology - Activity on GOV.UK", "HM Government",
         "Department for Science, Innovation and Technology"),
        ("Opportunities – UKRI", "", "UK Research and Innovation"),
        ("News", "Innovate UK", "Innovate UK"),
        ("Harbour news", "Harbour Office", "Harbour Office"),
        ("Harbour news", "", "Harbour news"),
        ("", "", "www.gov.uk"),
    ],
)  # fmt: skip
def test_the_body_is_the_one_that_is_named(title: str, author: str, body: str) -> None:
    assert guess.body("https://www.gov.uk/x.atom", title, author, "GB", NONE) == body


@pytest.mark.parametrize(
    ("url", "title", "key"),
    [
        ("https://www.ukri.org/opportunity/feed/", "Opportunity Archive – UKRI", "ukri-opportunity-archive"),
        ("https://www.gov.uk/search/news.atom", "News and communications", "gov-uk-news-communications"),
        ("https://pib.gov.in/RssMain.aspx", "PIB Delhi", "pib-delhi"),
        ("https://www.meti.go.jp/ml_index_release_atom.xml", "経済産業省", "meti-ml-release"),
        ("https://www.bmbf.de/feed", "Förderung für Übermorgen", "bmbf-forderung-fur-ubermorgen"),
        ("http://127.0.0.1:8027/feed", "", "127-0-0-1"),
        ("https://news.un.org/feed", "UN News", "news-un"),
    ],
)
def test_an_id_is_made_of_the_site_and_the_title(url: str, title: str, key: str) -> None:
    assert guess.key(url, title, ()) == key


@given(
    url=st.from_regex(r"https?://[a-z0-9.-]{0,20}(:[0-9]{0,6})?/[\w%/.]{0,80}", fullmatch=True),
    title=st.text(),
    taken=st.booleans(),
)
def test_whatever_is_guessed_can_be_used(url: str, title: str, taken: bool) -> None:
    first = guess.key(url, title, ())
    key = guess.key(url, title, {first}) if taken else first
    assert not (taken and key == first)
    table = guess.completed({"url": "https://x.example/"}, NONE, (), title=title)
    source.from_table({**table, "id": key, "country": "GB"}, "here")


def test_an_id_stays_free_however_many_are_taken() -> None:
    taken: set[str] = set()
    for number in range(40):
        taken.add(guess.key(f"https://gov.example/{number}", "A very long title " * 9, taken))
    assert len(taken) == 40 and max(map(len, taken)) <= 64
